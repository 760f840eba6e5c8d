/* SPDX-License-Identifier: BSD-3-Clause */
/* Sockets: addresses of the families that there are, options, messages. */
#include "kernel/syscall/strace_line.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/socket.h"

static const struct strace_name families[] = {{0, "AF_UNSPEC"}, {1, "AF_UNIX"}, {2, "AF_INET"}, {10, "AF_INET6"}, {16, "AF_NETLINK"}, {17, "AF_PACKET"}, {38, "AF_ALG"}, {40, "AF_VSOCK"}, {0, NULL}};
static const struct strace_name types[] = {{1, "SOCK_STREAM"}, {2, "SOCK_DGRAM"}, {3, "SOCK_RAW"}, {4, "SOCK_RDM"}, {5, "SOCK_SEQPACKET"}, {10, "SOCK_PACKET"}, {0, NULL}};
static const struct strace_name type_flags[] = {{LINUX_SOCK_CLOEXEC, "SOCK_CLOEXEC"}, {LINUX_SOCK_NONBLOCK, "SOCK_NONBLOCK"}, {0, NULL}};
static const struct strace_name protocols[] = {{0, "IPPROTO_IP"}, {1, "IPPROTO_ICMP"}, {6, "IPPROTO_TCP"}, {17, "IPPROTO_UDP"}, {41, "IPPROTO_IPV6"}, {58, "IPPROTO_ICMPV6"}, {255, "IPPROTO_RAW"}, {0, NULL}};
static const struct strace_name levels[] = {{0, "SOL_IP"}, {1, "SOL_SOCKET"}, {6, "SOL_TCP"}, {17, "SOL_UDP"}, {41, "SOL_IPV6"}, {58, "SOL_ICMPV6"}, {255, "SOL_RAW"}, {263, "SOL_PACKET"}, {270, "SOL_NETLINK"}, {0, NULL}};
static const struct strace_name shutdowns[] = {{0, "SHUT_RD"}, {1, "SHUT_WR"}, {2, "SHUT_RDWR"}, {0, NULL}};
static const struct strace_name message_flags[] = {{1, "MSG_OOB"}, {2, "MSG_PEEK"}, {4, "MSG_DONTROUTE"}, {8, "MSG_CTRUNC"}, {0x20, "MSG_TRUNC"}, {0x40, "MSG_DONTWAIT"}, {0x80, "MSG_EOR"},
    {0x100, "MSG_WAITALL"}, {0x2000, "MSG_ERRQUEUE"}, {0x4000, "MSG_NOSIGNAL"}, {0x8000, "MSG_MORE"}, {0x10000, "MSG_WAITFORONE"}, {0x20000000, "MSG_FASTOPEN"}, {0x40000000, "MSG_CMSG_CLOEXEC"}, {0, NULL}};
static const struct strace_name socket_options[] = {{1, "SO_DEBUG"}, {2, "SO_REUSEADDR"}, {3, "SO_TYPE"}, {4, "SO_ERROR"}, {5, "SO_DONTROUTE"}, {6, "SO_BROADCAST"}, {7, "SO_SNDBUF"}, {8, "SO_RCVBUF"},
    {9, "SO_KEEPALIVE"}, {10, "SO_OOBINLINE"}, {12, "SO_PRIORITY"}, {13, "SO_LINGER"}, {15, "SO_REUSEPORT"}, {16, "SO_PASSCRED"}, {17, "SO_PEERCRED"}, {18, "SO_RCVLOWAT"}, {19, "SO_SNDLOWAT"},
    {20, "SO_RCVTIMEO_OLD"}, {21, "SO_SNDTIMEO_OLD"}, {25, "SO_BINDTODEVICE"}, {26, "SO_ATTACH_FILTER"}, {27, "SO_DETACH_FILTER"}, {29, "SO_TIMESTAMP_OLD"}, {30, "SO_ACCEPTCONN"}, {31, "SO_PEERSEC"},
    {32, "SO_SNDBUFFORCE"}, {33, "SO_RCVBUFFORCE"}, {36, "SO_MARK"}, {38, "SO_PROTOCOL"}, {39, "SO_DOMAIN"}, {46, "SO_BUSY_POLL"}, {49, "SO_INCOMING_CPU"}, {60, "SO_ZEROCOPY"}, {0, NULL}};
static const struct strace_name tcp_options[] = {{1, "TCP_NODELAY"}, {2, "TCP_MAXSEG"}, {3, "TCP_CORK"}, {4, "TCP_KEEPIDLE"}, {5, "TCP_KEEPINTVL"}, {6, "TCP_KEEPCNT"}, {7, "TCP_SYNCNT"}, {8, "TCP_LINGER2"},
    {9, "TCP_DEFER_ACCEPT"}, {10, "TCP_WINDOW_CLAMP"}, {11, "TCP_INFO"}, {12, "TCP_QUICKACK"}, {13, "TCP_CONGESTION"}, {18, "TCP_USER_TIMEOUT"}, {23, "TCP_FASTOPEN"}, {30, "TCP_FASTOPEN_CONNECT"}, {0, NULL}};
static const struct strace_name ip6_options[] = {{16, "IPV6_UNICAST_HOPS"}, {17, "IPV6_MULTICAST_IF"}, {18, "IPV6_MULTICAST_HOPS"}, {20, "IPV6_ADD_MEMBERSHIP"}, {25, "IPV6_RECVERR"}, {26, "IPV6_V6ONLY"},
    {49, "IPV6_RECVPKTINFO"}, {67, "IPV6_TCLASS"}, {0, NULL}};
static const struct strace_name ip_options[] = {{1, "IP_TOS"}, {2, "IP_TTL"}, {3, "IP_HDRINCL"}, {8, "IP_PKTINFO"}, {10, "IP_MTU_DISCOVER"}, {11, "IP_RECVERR"}, {12, "IP_RECVTTL"}, {32, "IP_MULTICAST_IF"},
    {33, "IP_MULTICAST_TTL"}, {34, "IP_MULTICAST_LOOP"}, {35, "IP_ADD_MEMBERSHIP"}, {0, NULL}};

static void show_type(struct strace_line *line, const struct strace_value *v)
{
	strace_add_name(line, v->value & LINUX_SOCK_TYPE_MASK, types);
	if (v->value & ~(uint64_t)LINUX_SOCK_TYPE_MASK) {
		strace_add(line, "|");
		strace_add_flags(line, v->value & ~(uint64_t)LINUX_SOCK_TYPE_MASK, type_flags, "0");
	}
}

static void show_protocol(struct strace_line *line, const struct strace_value *v)
{
	if (v->a->v[0] == LINUX_AF_INET || v->a->v[0] == LINUX_AF_INET6)
		strace_add_name(line, v->value, protocols);
	else
		strace_show_int(line, v);
}

static void add_inet(struct strace_line *line, const uint8_t *bytes)
{
	strace_add(line, "sin_port=htons(%u), sin_addr=inet_addr(\"%u.%u.%u.%u\")", bytes[2] << 8 | bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]);
}

/* RFC 5952 as far as one run of zeros goes: the longest. */
static void add_inet6(struct strace_line *line, const uint8_t *bytes)
{
	unsigned best = 8, best_len = 1, run = 0;

	for (unsigned i = 0; i < 8; i++) {
		run = bytes[8 + 2 * i] || bytes[9 + 2 * i] ? 0 : run + 1;
		if (run > best_len) {
			best_len = run;
			best = i + 1 - run;
		}
	}
	strace_add(line, "sin6_port=htons(%u), sin6_flowinfo=htonl(%u), inet_pton(AF_INET6, \"", bytes[2] << 8 | bytes[3],
	    (unsigned)bytes[4] << 24 | (unsigned)bytes[5] << 16 | (unsigned)bytes[6] << 8 | bytes[7]);
	for (unsigned i = 0; i < 8; i++) {
		if (i == best) {
			strace_add(line, "::");
			i += best_len - 1;
			continue;
		}
		strace_add(line, i && i != best + best_len ? ":%x" : "%x", bytes[8 + 2 * i] << 8 | bytes[9 + 2 * i]);
	}
	strace_add(line, "\", &sin6_addr), sin6_scope_id=%u", bytes[24] | (unsigned)bytes[25] << 8 | (unsigned)bytes[26] << 16 | (unsigned)bytes[27] << 24);
}

static void add_address(struct strace_line *line, uint64_t address, size_t len)
{
	uint8_t bytes[LINUX_SOCKADDR_MAX + 1] = {0};
	unsigned family;

	len = min_u64(len, LINUX_SOCKADDR_MAX);
	if (!address || len < 2 || user_copy_in(bytes, address, len)) {
		strace_add(line, address ? "%#llx" : "NULL", (unsigned long long)address);
		return;
	}
	family = bytes[0] | bytes[1] << 8;
	strace_add(line, "{sa_family=");
	strace_add_name(line, family, families);
	if (family == LINUX_AF_INET && len >= 8) {
		strace_add(line, ", ");
		add_inet(line, bytes);
	} else if (family == LINUX_AF_INET6 && len >= 24) {
		strace_add(line, ", ");
		add_inet6(line, bytes);
	} else if (family == LINUX_AF_UNIX && len > 2) {
		strace_add(line, bytes[2] ? ", sun_path=\"%s\"" : ", sun_path=@\"%s\"", (const char *)bytes + (bytes[2] ? 2 : 3));
	} else if (len > 2) {
		strace_add(line, ", sa_data=");
		strace_add_bytes(line, address + 2, len - 2);
	}
	strace_add(line, "}");
}

static void show_address_given(struct strace_line *line, const struct strace_value *v)
{
	add_address(line, v->value, v->index < 5 ? (uint32_t)v->a->v[v->index + 1] : 0);
}

/* Its length is where the next argument points. */
static void show_address_filled(struct strace_line *line, const struct strace_value *v)
{
	uint32_t len;

	if (v->result >= 0 && v->value && v->index < 5 && !user_copy_in(&len, v->a->v[v->index + 1], sizeof(len)))
		add_address(line, v->value, len);
	else
		strace_show_address(line, v);
}

static void show_option(struct strace_line *line, const struct strace_value *v)
{
	static const struct {
		uint64_t level;
		const struct strace_name *names;
	} tables[] = {{0, ip_options}, {1, socket_options}, {6, tcp_options}, {41, ip6_options}};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		if (tables[i].level == v->a->v[1]) {
			strace_add_name(line, v->value, tables[i].names);
			return;
		}
	}
	strace_show_int(line, v);
}

static void show_option_value(struct strace_line *line, const struct strace_value *v)
{
	uint64_t len = v->a->v[4];

	if (len == sizeof(int))
		strace_show_int_at(line, v);
	else
		strace_add_bytes(line, v->value, len);
}

static void add_message(struct strace_line *line, uint64_t address, int64_t left, bool is_filled)
{
	struct linux_msghdr header;
	struct syscall_arguments a = {{0}};
	struct strace_value vector = {.a = &a, .result = left};

	if (user_copy_in(&header, address, sizeof(header))) {
		strace_add(line, address ? "%#llx" : "NULL", (unsigned long long)address);
		return;
	}
	strace_add(line, "{msg_name=");
	add_address(line, header.name, header.name ? header.namelen : 0);
	strace_add(line, ", msg_namelen=%u, msg_iov=", header.namelen);
	a.v[1] = header.iovlen;
	vector.value = header.iov;
	(is_filled ? strace_show_filled_vector : strace_show_vector)(line, &vector);
	strace_add(line, ", msg_iovlen=%llu, msg_controllen=%llu, msg_flags=", (unsigned long long)header.iovlen, (unsigned long long)header.controllen);
	strace_add_flags(line, header.flags, message_flags, "0");
	strace_add(line, "}");
}

static void show_message(struct strace_line *line, const struct strace_value *v)
{
	add_message(line, v->value, 0, false);
}

static void show_message_filled(struct strace_line *line, const struct strace_value *v)
{
	if (v->result >= 0)
		add_message(line, v->value, v->result, true);
	else
		strace_show_address(line, v);
}

STRACE(socket, NAME(families), {.show = show_type}, {.show = show_protocol});
STRACE(socketpair, NAME(families), {.show = show_type}, {.show = show_protocol}, FILLED(strace_show_two_ints_at));
STRACE(bind, INT, {.show = show_address_given}, UNSIGNED);
STRACE(connect, INT, {.show = show_address_given}, UNSIGNED);
STRACE(accept, INT, FILLED(show_address_filled), FILLED(strace_show_int_at));
STRACE(accept4, INT, FILLED(show_address_filled), FILLED(strace_show_int_at), FLAGS(type_flags));
STRACE(getsockname, INT, FILLED(show_address_filled), FILLED(strace_show_int_at));
STRACE(getpeername, INT, FILLED(show_address_filled), FILLED(strace_show_int_at));
STRACE(shutdown, INT, NAME(shutdowns));
STRACE(setsockopt, INT, NAME(levels), {.show = show_option}, {.show = show_option_value}, UNSIGNED);
STRACE(getsockopt, INT, NAME(levels), {.show = show_option}, FILLED(strace_show_int_at), FILLED(strace_show_int_at));
STRACE(sendto, INT, BUFFER, UNSIGNED, FLAGS(message_flags), {.show = show_address_given}, UNSIGNED);
STRACE(recvfrom, INT, FILLED(strace_show_filled), UNSIGNED, FLAGS(message_flags), FILLED(show_address_filled), FILLED(strace_show_int_at));
STRACE(sendmsg, INT, {.show = show_message}, FLAGS(message_flags));
STRACE(recvmsg, INT, FILLED(show_message_filled), FLAGS(message_flags));
STRACE(sendmmsg, INT, ADDRESS, UNSIGNED, FLAGS(message_flags));
STRACE(recvmmsg, INT, ADDRESS, UNSIGNED, FLAGS(message_flags), TIME);
