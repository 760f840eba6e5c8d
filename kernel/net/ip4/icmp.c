/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP (RFC 792, RFC 1122 §3.2.2): echo is answered, errors go to the transport that they are about, and errors of ours are limited in number.
 *
 *	0 type | 1 code | 2 checksum | 4 rest, by type | 8 data: of an error, the header of the packet it is about and its first bytes
 */
#include "kernel/net/ip4/internal.h"

enum { ICMP_HEADER = 8, ICMP_ECHO_REPLY = 0, ICMP_UNREACHABLE = 3, ICMP_ECHO = 8, ICMP_TIME_EXCEEDED = 11, ICMP_BAD_PARAMETER = 12 };
enum { ICMP_CODE_NEEDS_FRAGMENTS = 4, ICMP_ERROR_MAX = 576 - IP4_HEADER, ICMP_MTU_MIN = 552, ICMP_QUOTED_MAX = 60 + 40 };

#define ERRORS_PER_SECOND 1000
#define ERRORS_AT_ONCE 50

static void send_icmp(struct ip4 *ip, struct net_packet *packet, uint32_t from, uint32_t to)
{
	struct net_flow flow = {.local = net_address_of_ip4(from), .remote = net_address_of_ip4(to), .may_fragment = true};
	uint8_t *icmp = packet->data;

	wire_put16(icmp + 2, 0);
	checksum_store(icmp + 2, checksum_fold(net_packet_sum(packet, 0, 0)));
	if (ip4_route(ip->stack, &flow)) {
		net_drop(packet, NET_COUNT_IP_NO_ROUTE);
		return;
	}
	net_count(ip->stack, NET_COUNT_ICMP_OUT);
	(void)ip4_send(ip->stack, &flow, packet, NET_PROTOCOL_ICMP);
}

/* Never about broadcasts, multicasts, later fragments or ICMP errors (RFC 1122 §3.2.2). */
void ip4_icmp_error(struct ip4 *ip, struct net_packet *packet, uint8_t type, uint8_t code, uint32_t rest)
{
	const uint8_t *about = packet->buffer + packet->network_offset;
	size_t len = min_u64((size_t)(packet->data + packet->linear - about), ICMP_ERROR_MAX - ICMP_HEADER);
	struct ip4_header h;
	struct net_packet *answer;
	uint8_t *icmp;

	if (packet->flags & (NET_PACKET_BROADCAST | NET_PACKET_MULTICAST) || !ip4_header_parse(about, len, &h) || h.protocol == NET_PROTOCOL_ICMP)
		return;
	if (!h.source || !net_limit_take(ip->stack, &ip->errors, ERRORS_PER_SECOND, ERRORS_AT_ONCE)) {
		net_count(ip->stack, NET_COUNT_ICMP_LIMITED);
		return;
	}
	answer = net_packet_new(ip->stack, NET_HEAD_ROOM, ICMP_HEADER + len, 0);
	if (!answer)
		return;
	icmp = net_packet_append(answer, ICMP_HEADER + len);
	icmp[0] = type;
	icmp[1] = code;
	wire_put32(icmp + 4, rest);
	memcpy(icmp + ICMP_HEADER, about, len);
	send_icmp(ip, answer, h.destination, h.source);
}

static void answer_echo(struct ip4 *ip, struct net_packet *packet, const struct ip4_header *h)
{
	struct net_packet *answer;

	if (packet->flags & (NET_PACKET_BROADCAST | NET_PACKET_MULTICAST)) { /* may be ignored (RFC 1122 §3.2.2.6); it serves attacks */
		net_drop(packet, NET_COUNT_ICMP_LIMITED);
		return;
	}
	net_count(ip->stack, NET_COUNT_ICMP_ECHO);
	answer = net_packet_copy_part(packet, 0, packet->len);
	net_packet_free(packet);
	if (!answer)
		return;
	answer->data[0] = ICMP_ECHO_REPLY;
	send_icmp(ip, answer, h->destination, h->source);
}

struct meaning {
	uint8_t error;
	bool is_hard;
};

/* By code of destination unreachable, as icmp(7) and Linux have them. */
static const struct meaning unreachable[] = {
	{ENETUNREACH, false}, {EHOSTUNREACH, false}, {ENOPROTOOPT, true}, {ECONNREFUSED, true}, {EMSGSIZE, false}, {EOPNOTSUPP, false},
	{ENETUNREACH, true}, {EHOSTDOWN, true}, {ENONET, true}, {ENETUNREACH, true}, {EHOSTUNREACH, true}, {ENETUNREACH, false},
	{EHOSTUNREACH, false}, {EHOSTUNREACH, true}, {EHOSTUNREACH, true}, {EHOSTUNREACH, true},
};

static bool find_meaning(const uint8_t *icmp, struct net_error *error)
{
	*error = (struct net_error){.type = icmp[0], .code = icmp[1]};
	switch (icmp[0]) {
	case ICMP_UNREACHABLE:
		if (icmp[1] >= ARRAY_SIZE(unreachable))
			return false;
		error->error = unreachable[icmp[1]].error;
		error->is_hard = unreachable[icmp[1]].is_hard;
		return true;
	case ICMP_TIME_EXCEEDED:
		error->error = EHOSTUNREACH;
		return true;
	case ICMP_BAD_PARAMETER:
		error->error = EPROTO;
		error->is_hard = true;
		return true;
	default:
		return false;
	}
}

/* RFC 1191 §5: routers of old tell no MTU; the next lower plateau of what we sent is tried. Less than 552 is more likely an attack than a link. */
static uint32_t told_mtu(uint16_t told, uint32_t sent)
{
	static const uint16_t plateaus[] = {32000, 17914, 8166, 4352, 2002, 1492, 1006, ICMP_MTU_MIN};

	if (told)
		return (uint32_t)max_u64(told, ICMP_MTU_MIN);
	for (unsigned i = 0; i < ARRAY_SIZE(plateaus); i++)
		if (plateaus[i] < sent)
			return plateaus[i];
	return ICMP_MTU_MIN;
}

/* To the transport of the packet that about[0..len) is the beginning of. */
static void tell(struct ip4 *ip, struct net_interface *interface, const struct ip4_header *h, const uint8_t *about, size_t len, const struct net_error *error)
{
	const struct net_transport *transport = net_transport_find(ip->stack, h->protocol);
	struct net_flow flow = {.local = net_address_of_ip4(h->source), .remote = net_address_of_ip4(h->destination), .interface = interface};

	if (!transport || !transport->error || !ip4_is_local_address(ip, h->source))
		return;
	if (transport->error(ip->stack, &flow, about + h->header_len, len - h->header_len, error) && error->mtu)
		net_path_set(ip->stack, &ip->paths, &flow.remote, error->mtu);
}

static bool names_transport(const uint8_t *about, size_t len, struct ip4_header *h)
{
	return ip4_header_parse(about, len, h) && len >= h->header_len + 8u && !(h->fragment & IP4_OFFSET);
}

/* What is quoted may lie in fragments: it is copied out. */
static void take_error(struct ip4 *ip, struct net_packet *packet, const struct net_error *meaning)
{
	size_t len = min_u64(packet->len, ICMP_HEADER + ICMP_QUOTED_MAX);
	uint8_t icmp[ICMP_HEADER + ICMP_QUOTED_MAX], *about = icmp + ICMP_HEADER;
	struct net_error error = *meaning;
	struct ip4_header h;

	if (!net_packet_copy(packet, 0, icmp, len) || !names_transport(about, len - ICMP_HEADER, &h)) {
		net_count(ip->stack, NET_COUNT_ICMP_BAD);
		return;
	}
	if (error.error == EMSGSIZE)
		error.mtu = told_mtu(wire_get16(icmp + 6), h.len);
	tell(ip, packet->interface, &h, about, len - ICMP_HEADER, &error);
}

/* As if a router had said so (RFC 1122 §2.3.2.2, §3.3.2). */
void ip4_give_up(struct net_stack *stack, struct net_interface *interface, struct net_packet *packet)
{
	static const struct net_error error = {.error = EHOSTUNREACH, .type = ICMP_UNREACHABLE, .code = 1};
	size_t len = min_u64(packet->len, ICMP_QUOTED_MAX);
	uint8_t about[ICMP_QUOTED_MAX];
	struct ip4_header h;

	if (net_packet_copy(packet, 0, about, len) && names_transport(about, len, &h))
		tell(ip4_of(stack), interface, &h, about, len, &error);
}

void ip4_icmp_input(struct ip4 *ip, struct net_packet *packet, const struct ip4_header *header)
{
	uint8_t *icmp = net_packet_head(packet, ICMP_HEADER);
	struct net_error error;

	net_count(ip->stack, NET_COUNT_ICMP_IN);
	if (!icmp) {
		net_drop(packet, NET_COUNT_ICMP_BAD);
		return;
	}
	if (checksum_fold(net_packet_sum(packet, 0, 0))) {
		net_drop(packet, NET_COUNT_ICMP_BAD_CHECKSUM);
		return;
	}
	if (icmp[0] == ICMP_ECHO) {
		answer_echo(ip, packet, header);
		return;
	}
	if (find_meaning(icmp, &error))
		take_error(ip, packet, &error);
	net_packet_free(packet);
}
