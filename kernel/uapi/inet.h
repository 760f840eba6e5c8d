/* SPDX-License-Identifier: BSD-3-Clause */
/* ip(7), ipv6(7), tcp(7), udp(7), raw(7): addresses, options and what they carry. */
#pragma once
#include <stdint.h>

enum { LINUX_IPPROTO_IP = 0, LINUX_IPPROTO_ICMP = 1, LINUX_IPPROTO_TCP = 6, LINUX_IPPROTO_UDP = 17, LINUX_IPPROTO_IPV6 = 41, LINUX_IPPROTO_ICMPV6 = 58, LINUX_IPPROTO_RAW = 255, LINUX_IPPROTO_MAX = 256 };

struct linux_sockaddr_in {
	uint16_t family;
	uint8_t port[2]; /* network order, as the address */
	uint8_t address[4], zero[8];
};

struct linux_sockaddr_in6 {
	uint16_t family;
	uint8_t port[2];
	uint32_t flow;
	uint8_t address[16];
	uint32_t scope;
};
enum { LINUX_SOCKADDR_IN6_MIN = 24 }; /* RFC 2133's, without the scope */

enum { /* of IPPROTO_IP */
	LINUX_IP_TOS = 1, LINUX_IP_TTL, LINUX_IP_HDRINCL, LINUX_IP_OPTIONS, LINUX_IP_RECVOPTS = 6, LINUX_IP_RETOPTS, LINUX_IP_PKTINFO, LINUX_IP_MTU_DISCOVER = 10, LINUX_IP_RECVERR, LINUX_IP_RECVTTL,
	LINUX_IP_RECVTOS, LINUX_IP_MTU, LINUX_IP_FREEBIND, LINUX_IP_TRANSPARENT = 19, LINUX_IP_RECVORIGDSTADDR, LINUX_IP_MINTTL, LINUX_IP_CHECKSUM = 23, LINUX_IP_BIND_ADDRESS_NO_PORT,
	LINUX_IP_RECVFRAGSIZE, LINUX_IP_MULTICAST_IF = 32, LINUX_IP_MULTICAST_TTL, LINUX_IP_MULTICAST_LOOP, LINUX_IP_ADD_MEMBERSHIP, LINUX_IP_DROP_MEMBERSHIP, LINUX_IP_MULTICAST_ALL = 49, LINUX_IP_UNICAST_IF,
};
enum { LINUX_MCAST_JOIN_GROUP = 42, LINUX_MCAST_LEAVE_GROUP = 45 }; /* of both levels */
enum { LINUX_IP_PMTUDISC_DONT, LINUX_IP_PMTUDISC_WANT, LINUX_IP_PMTUDISC_DO, LINUX_IP_PMTUDISC_PROBE, LINUX_IP_PMTUDISC_INTERFACE, LINUX_IP_PMTUDISC_OMIT };

enum { /* of IPPROTO_IPV6 */
	LINUX_IPV6_ADDRFORM = 1, LINUX_IPV6_CHECKSUM = 7, LINUX_IPV6_UNICAST_HOPS = 16, LINUX_IPV6_MULTICAST_IF, LINUX_IPV6_MULTICAST_HOPS, LINUX_IPV6_MULTICAST_LOOP, LINUX_IPV6_ADD_MEMBERSHIP,
	LINUX_IPV6_DROP_MEMBERSHIP, LINUX_IPV6_MTU_DISCOVER = 23, LINUX_IPV6_MTU, LINUX_IPV6_RECVERR, LINUX_IPV6_V6ONLY, LINUX_IPV6_AUTOFLOWLABEL = 70, LINUX_IPV6_RECVPKTINFO = 49, LINUX_IPV6_PKTINFO,
	LINUX_IPV6_RECVHOPLIMIT, LINUX_IPV6_HOPLIMIT, LINUX_IPV6_RECVTCLASS = 66, LINUX_IPV6_TCLASS, LINUX_IPV6_DONTFRAG = 62, LINUX_IPV6_FREEBIND = 78, LINUX_IPV6_ADDR_PREFERENCES = 72,
};

enum { /* of IPPROTO_TCP */
	LINUX_TCP_NODELAY = 1, LINUX_TCP_MAXSEG, LINUX_TCP_CORK, LINUX_TCP_KEEPIDLE, LINUX_TCP_KEEPINTVL, LINUX_TCP_KEEPCNT, LINUX_TCP_SYNCNT, LINUX_TCP_LINGER2, LINUX_TCP_DEFER_ACCEPT, LINUX_TCP_WINDOW_CLAMP,
	LINUX_TCP_INFO, LINUX_TCP_QUICKACK, LINUX_TCP_CONGESTION, LINUX_TCP_USER_TIMEOUT = 18, LINUX_TCP_FASTOPEN = 23, LINUX_TCP_TIMESTAMP, LINUX_TCP_NOTSENT_LOWAT, LINUX_TCP_FASTOPEN_CONNECT = 30,
};

enum { LINUX_UDP_CORK = 1, LINUX_UDP_SEGMENT = 103, LINUX_UDP_GRO = 104 }; /* of IPPROTO_UDP */

struct linux_ip_mreqn {
	uint8_t group[4], address[4];
	int32_t index; /* absent in struct ip_mreq */
};

struct linux_ipv6_mreq {
	uint8_t group[16];
	int32_t index;
};

struct linux_group_req {
	uint32_t index, pad;
	uint8_t group[128]; /* struct sockaddr_storage */
};

struct linux_in_pktinfo {
	int32_t index;
	uint8_t local[4], destination[4];
};

struct linux_in6_pktinfo {
	uint8_t address[16];
	uint32_t index;
};

struct linux_sock_extended_err {
	uint32_t error;
	uint8_t origin, type, code, pad;
	uint32_t info, data;
};
enum { LINUX_SO_EE_ORIGIN_LOCAL = 1, LINUX_SO_EE_ORIGIN_ICMP, LINUX_SO_EE_ORIGIN_ICMP6 };

struct linux_tcp_info {
	uint8_t state, ca_state, retransmits, probes, backoff, options, scales, limited;
	uint32_t rto, ato, snd_mss, rcv_mss, unacked, sacked, lost, retrans, fackets;
	uint32_t last_data_sent, last_ack_sent, last_data_recv, last_ack_recv;
	uint32_t pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering, rcv_rtt, rcv_space, total_retrans;
	uint64_t pacing_rate, max_pacing_rate, bytes_acked, bytes_received;
	uint32_t segs_out, segs_in, notsent_bytes, min_rtt, data_segs_in, data_segs_out;
	uint64_t delivery_rate, busy_time, rwnd_limited, sndbuf_limited;
	uint32_t delivered, delivered_ce;
	uint64_t bytes_sent, bytes_retrans;
	uint32_t dsack_dups, reord_seen, rcv_ooopack, snd_wnd;
};
enum { LINUX_TCPI_OPT_TIMESTAMPS = 1, LINUX_TCPI_OPT_SACK = 2, LINUX_TCPI_OPT_WSCALE = 4, LINUX_TCPI_OPT_ECN = 8 };
