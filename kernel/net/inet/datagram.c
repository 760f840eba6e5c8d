/* SPDX-License-Identifier: BSD-3-Clause */
/* What sockets of datagrams share: where to (sendmsg(2)), and what is told of what came (ip(7), ipv6(7)). */
#include "kernel/net/inet/inet.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/resource.h"
#include "kernel/uapi/time.h"

/* IP_PKTINFO and IPV6_PKTINFO to send: the source, and the interface. */
static int read_info(const struct control_message *c, struct inet_route *route)
{
	struct linux_in_pktinfo info4;
	struct linux_in6_pktinfo info6;

	if (c->level == LINUX_IPPROTO_IP) {
		if (c->len != sizeof(info4))
			return -EINVAL;
		memcpy(&info4, c->data, sizeof(info4));
		route->interface_index = (unsigned)info4.index;
		route->source = net_address_of_ip4(wire_get32(info4.local));
		return 0;
	}
	if (c->len < sizeof(info6))
		return -EINVAL;
	memcpy(&info6, c->data, sizeof(info6));
	route->interface_index = info6.index;
	memcpy(route->source.byte, info6.address, sizeof(info6.address));
	return 0;
}

/* A byte that is given as a number. -1, where it is allowed: the socket's own hop limit; of the class, as Linux does, all bits. */
static int read_byte(const struct control_message *c, int min, uint8_t *to)
{
	int v;

	if (inet_option_int(c->data, c->len, &v) || v < min || v > 255)
		return -EINVAL;
	if (v >= 0 || c->type == LINUX_IPV6_TCLASS)
		*to = (uint8_t)v;
	return 0;
}

static int read_control(const struct inet_socket *s, const struct control_message *c, struct inet_route *route)
{
	if (c->level == LINUX_IPPROTO_IP) {
		switch (c->type) {
		case LINUX_IP_PKTINFO:
			return read_info(c, route);
		case LINUX_IP_TTL:
			return c->len == sizeof(int) ? read_byte(c, 1, &route->ttl) : -EINVAL;
		case LINUX_IP_TOS:
			return read_byte(c, 0, &route->traffic_class);
		default:
			return -EINVAL;
		}
	}
	if (c->level != LINUX_IPPROTO_IPV6 || !s->is_ip6)
		return 0;
	switch (c->type) {
	case LINUX_IPV6_PKTINFO:
		return read_info(c, route);
	case LINUX_IPV6_HOPLIMIT:
		return c->len == sizeof(int) ? read_byte(c, -1, &route->ttl) : -EINVAL;
	case LINUX_IPV6_TCLASS:
		return c->len == sizeof(int) ? read_byte(c, -1, &route->traffic_class) : -EINVAL;
	default:
		return -EINVAL;
	}
}

int inet_route_read(const struct inet_socket *s, const struct socket_message *message, struct inet_route *route)
{
	struct control_message c;
	int ret;

	*route = (struct inet_route){.traffic_class = s->set.traffic_class};
	for (size_t at = 0; control_message_next(message, &at, &c);) {
		ret = read_control(s, &c, route);
		if (ret)
			return ret;
	}
	return 0;
}

int inet_destination_read(const struct inet_socket *s, const struct socket_message *message, struct inet_end *end, bool *is_given)
{
	uint16_t family = inet_family_of(message->name, message->name_len);
	struct inet_socket as4 = {.is_ip6 = false};
	struct linux_sockaddr_in plain;

	*is_given = message->name_len != 0;
	if (!*is_given)
		return 0;
	if (s->is_ip6 && family == LINUX_AF_UNSPEC) {
		*is_given = false; /* as if there were none */
		return 0;
	}
	if (s->is_ip6 && family == LINUX_AF_INET)
		return s->set.ip6_only ? -ENETUNREACH : inet_address_read(&as4, message->name, message->name_len, end);
	if (!s->is_ip6 && family == LINUX_AF_UNSPEC && message->name_len >= sizeof(plain)) { /* old programs leave it away */
		memcpy(&plain, message->name, sizeof(plain));
		plain.family = LINUX_AF_INET;
		return inet_address_read(s, &plain, sizeof(plain), end);
	}
	if (s->is_ip6 && s->set.ip6_only && !inet_address_read(s, message->name, message->name_len, end) && net_address_is_ip4(&end->address))
		return -ENETUNREACH;
	return inet_address_read(s, message->name, message->name_len, end);
}

static void note_info(struct socket_message *message, const struct inet_arrival *a, bool is_ip6)
{
	struct linux_in_pktinfo info4 = {.index = (int32_t)a->interface_index};
	struct linux_in6_pktinfo info6 = {.index = a->interface_index};

	if (is_ip6) {
		memcpy(info6.address, a->local.byte, sizeof(info6.address));
		socket_note(message, LINUX_IPPROTO_IPV6, LINUX_IPV6_PKTINFO, &info6, sizeof(info6));
		return;
	}
	memcpy(info4.local, a->local.byte + 12, sizeof(info4.local));
	memcpy(info4.destination, a->local.byte + 12, sizeof(info4.destination));
	socket_note(message, LINUX_IPPROTO_IP, LINUX_IP_PKTINFO, &info4, sizeof(info4));
}

static void note_time(struct inet_socket *s, struct socket_message *message)
{
	uint64_t now = clock_realtime_ns();
	struct linux_timespec ns = {.seconds = (int64_t)(now / NS_PER_SECOND), .nanoseconds = (int64_t)(now % NS_PER_SECOND)};
	struct linux_timeval us = {.seconds = ns.seconds, .microseconds = ns.nanoseconds / 1000};

	if (s->set.gives_time_ns)
		socket_note(message, LINUX_SOL_SOCKET, LINUX_SCM_TIMESTAMPNS, &ns, sizeof(ns));
	else if (s->set.gives_time)
		socket_note(message, LINUX_SOL_SOCKET, LINUX_SCM_TIMESTAMP, &us, sizeof(us));
}

void inet_note_arrival(struct inet_socket *s, struct socket_message *message, const struct inet_arrival *arrival)
{
	bool is_ip4 = net_address_is_ip4(&arrival->local);
	int ttl = arrival->ttl, traffic_class = arrival->traffic_class;

	if (!message->notes)
		return;
	note_time(s, message);
	if (s->set.gives_info6 && s->is_ip6)
		note_info(message, arrival, true);
	if (s->set.gives_hop_limit && !is_ip4)
		socket_note(message, LINUX_IPPROTO_IPV6, LINUX_IPV6_HOPLIMIT, &ttl, sizeof(ttl));
	if (s->set.gives_traffic_class6 && !is_ip4)
		socket_note(message, LINUX_IPPROTO_IPV6, LINUX_IPV6_TCLASS, &traffic_class, sizeof(traffic_class));
	if (s->set.gives_info && is_ip4)
		note_info(message, arrival, false);
	if (s->set.gives_ttl && is_ip4)
		socket_note(message, LINUX_IPPROTO_IP, LINUX_IP_TTL, &ttl, sizeof(ttl));
	if (s->set.gives_traffic_class && is_ip4)
		socket_note(message, LINUX_IPPROTO_IP, LINUX_IP_TOS, &arrival->traffic_class, 1);
}

long inet_give_error(struct inet_socket *s, struct socket_message *message, const struct net_error *error, const struct inet_end *to)
{
	bool is_ip6 = s->is_ip6 && !net_address_is_ip4(&to->address);
	struct {
		struct linux_sock_extended_err error;
		uint8_t offender[sizeof(struct linux_sockaddr_in6)];
	} note = {.error = {.error = (uint32_t)error->error, .origin = is_ip6 ? LINUX_SO_EE_ORIGIN_ICMP6 : LINUX_SO_EE_ORIGIN_ICMP, .type = error->type,
			    .code = error->code, .info = error->mtu}};
	struct inet_socket as = {.is_ip6 = is_ip6};
	struct inet_end offender = {.address = to->address};
	size_t len = inet_address_write(&as, &offender, note.offender);

	message->flags_out |= LINUX_MSG_ERRQUEUE;
	message->name_len = inet_address_write(s, to, message->name);
	socket_note(message, is_ip6 ? LINUX_IPPROTO_IPV6 : LINUX_IPPROTO_IP, is_ip6 ? LINUX_IPV6_RECVERR : LINUX_IP_RECVERR, &note, sizeof(note.error) + len);
	return 0;
}
