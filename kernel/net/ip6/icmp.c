/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMPv6 (RFC 4443): echo is answered, errors go to the transport that they are about, and errors of ours are limited in number.
 *
 *	0 type | 1 code | 2 checksum, with the pseudo-header | 4 rest, by type | 8 data: of an error, the packet it is about
 */
#include "kernel/net/ip6/internal.h"

enum { ICMP_HEADER = 8, ICMP_ERROR_MAX = IP6_MTU_MIN - IP6_HEADER, ICMP_FIRST_INFORMATION = 128 };

#define ERRORS_PER_SECOND 1000
#define ERRORS_AT_ONCE 50

void ip6_icmp_checksum(const struct net_flow *flow, struct net_packet *packet)
{
	wire_put16(packet->data + 2, 0);
	checksum_store(packet->data + 2, checksum_fold(net_packet_sum(packet, 0, net_pseudo_sum(flow, NET_PROTOCOL_ICMP6, packet->len))));
}

/* To whom sent us something, from where it was sent to if that is ours alone. */
static void answer(struct ip6 *ip, struct net_packet *message, struct net_interface *interface, const struct ip6_header *to)
{
	struct net_flow flow = {.remote = to->source, .may_fragment = true};

	if (ip6_is_local_at(ip, interface, &to->destination))
		flow.local = to->destination;
	if (ip6_is_link_local(&flow.remote) || ip6_is_link_local(&flow.local))
		flow.bound = interface;
	if (ip6_route(ip->stack, &flow)) {
		net_drop(message, NET_COUNT_IP_NO_ROUTE);
		return;
	}
	ip6_icmp_checksum(&flow, message);
	net_count(ip->stack, NET_COUNT_ICMP_OUT);
	(void)ip6_send(ip->stack, &flow, message, NET_PROTOCOL_ICMP6);
}

/* §2.4 (e): never about errors and redirects, nor to nobody; about what came to a group only where the sender must learn of it. */
static bool may_answer(const struct net_packet *packet, const uint8_t *about, size_t len, const struct ip6_header *h, uint8_t type, uint8_t code)
{
	bool is_shared = ip6_is_multicast(&h->destination) || packet->flags & (NET_PACKET_BROADCAST | NET_PACKET_MULTICAST);
	uint8_t protocol = 0;
	size_t at = ip6_find_transport(about, len, &protocol);

	if (is_shared && type != ICMP6_TOO_BIG && !(type == ICMP6_BAD_PARAMETER && code == ICMP6_CODE_OPTION))
		return false;
	if (ip6_is_unspecified(&h->source) || ip6_is_multicast(&h->source))
		return false;
	return protocol != NET_PROTOCOL_ICMP6 || (at && at < len && about[at] >= ICMP_FIRST_INFORMATION && about[at] != ND_REDIRECT);
}

/* As much of the packet as the smallest link takes: its headers, which are pulled, and the rest. */
static struct net_packet *quote(struct ip6 *ip, const struct net_packet *packet, const uint8_t *about)
{
	size_t headers = (size_t)(packet->data - about), len = min_u64(headers + packet->len, ICMP_ERROR_MAX - ICMP_HEADER), copied = min_u64(headers, len);
	struct net_packet *message = net_packet_new(ip->stack, NET_HEAD_ROOM, ICMP_HEADER + len, 0);
	uint8_t *icmp;

	if (!message)
		return NULL;
	icmp = net_packet_append(message, ICMP_HEADER + len);
	memcpy(icmp + ICMP_HEADER, about, copied);
	net_packet_copy(packet, 0, icmp + ICMP_HEADER + copied, len - copied);
	return message;
}

void ip6_icmp_error(struct ip6 *ip, struct net_packet *packet, uint8_t type, uint8_t code, uint32_t pointer)
{
	const uint8_t *about = packet->buffer + packet->network_offset;
	size_t len = (size_t)(packet->data + packet->linear - about);
	struct net_packet *message;
	struct ip6_header h;

	if (!ip6_header_parse(about, len, &h) || !may_answer(packet, about, len, &h, type, code))
		return;
	if (!net_limit_take(ip->stack, &ip->errors, ERRORS_PER_SECOND, ERRORS_AT_ONCE)) {
		net_count(ip->stack, NET_COUNT_ICMP_LIMITED);
		return;
	}
	message = quote(ip, packet, about);
	if (!message)
		return;
	message->data[0] = type;
	message->data[1] = code;
	wire_put32(message->data + 4, pointer);
	answer(ip, message, packet->interface, &h);
}

/* A group is answered for as well (§4.2), though not to many. */
static void answer_echo(struct ip6 *ip, struct net_packet *packet, const struct ip6_header *h)
{
	struct net_packet *message;
	bool is_shared = packet->flags & (NET_PACKET_BROADCAST | NET_PACKET_MULTICAST);

	if (ip6_is_unspecified(&h->source) || (is_shared && !net_limit_take(ip->stack, &ip->errors, ERRORS_PER_SECOND, ERRORS_AT_ONCE))) {
		net_drop(packet, NET_COUNT_ICMP_LIMITED);
		return;
	}
	net_count(ip->stack, NET_COUNT_ICMP_ECHO);
	message = net_packet_copy_part(packet, 0, packet->len);
	if (message) {
		message->data[0] = ICMP6_ECHO_REPLY;
		answer(ip, message, packet->interface, h);
	}
	net_packet_free(packet);
}

struct meaning {
	uint8_t error;
	bool is_hard;
};

/* By code of destination unreachable, as Linux has them. */
static const struct meaning unreachable[] = {
	{ENETUNREACH, false}, {EACCES, true}, {EHOSTUNREACH, false}, {EHOSTUNREACH, false}, {ECONNREFUSED, true}, {EACCES, true}, {EACCES, true},
};

static bool find_meaning(const uint8_t *icmp, struct net_error *error)
{
	static const struct meaning by_type[] = {
		[ICMP6_TOO_BIG] = {EMSGSIZE, false}, [ICMP6_TIME_EXCEEDED] = {EHOSTUNREACH, false}, [ICMP6_BAD_PARAMETER] = {EPROTO, true},
	};
	bool is_unreachable = icmp[0] == ICMP6_UNREACHABLE;
	const struct meaning *meaning;

	if (icmp[0] == 0 || icmp[0] >= ARRAY_SIZE(by_type) || (is_unreachable && icmp[1] >= ARRAY_SIZE(unreachable)))
		return false;
	meaning = is_unreachable ? &unreachable[icmp[1]] : &by_type[icmp[0]];
	*error = (struct net_error){.type = icmp[0], .code = icmp[1], .error = meaning->error, .is_hard = meaning->is_hard};
	if (icmp[0] == ICMP6_TOO_BIG) /* RFC 8201 §4: no path is narrower than the smallest link */
		error->mtu = (uint32_t)max_u64(wire_get32(icmp + 4), IP6_MTU_MIN);
	return true;
}

/* To the transport of the packet that about[0..len) is the beginning of. It must know of it; then the path is believed to be as narrow as was told. */
static void tell(struct ip6 *ip, struct net_interface *interface, const uint8_t *about, size_t len, const struct net_error *error)
{
	const struct net_transport *transport;
	struct ip6_header h;
	struct net_flow flow;
	uint8_t protocol;
	size_t at = ip6_header_parse(about, len, &h) ? ip6_find_transport(about, len, &protocol) : 0;

	if (!at || len - at < 8) {
		net_count(ip->stack, NET_COUNT_ICMP_BAD);
		return;
	}
	flow = (struct net_flow){.local = h.source, .remote = h.destination, .interface = interface};
	transport = net_transport_find(ip->stack, protocol);
	if (!transport || !transport->error || !ip6_is_local_at(ip, interface, &h.source) || net_address_is_ip4(&h.destination))
		return;
	if (transport->error(ip->stack, &flow, about + at, len - at, error) && error->mtu)
		net_path_set(ip->stack, &ip->paths, &h.destination, error->mtu);
}

static void take_error(struct ip6 *ip, struct net_packet *packet, const struct net_error *error)
{
	size_t len = min_u64(packet->len, ICMP_ERROR_MAX);
	const uint8_t *icmp = net_packet_head(packet, len);

	if (icmp)
		tell(ip, packet->interface, icmp + ICMP_HEADER, len - ICMP_HEADER, error);
	else
		net_count(ip->stack, NET_COUNT_ICMP_BAD);
}

/* As if a router had said so (RFC 4861 §7.2.2). */
void ip6_give_up(struct net_stack *stack, struct net_interface *interface, struct net_packet *packet)
{
	static const struct net_error error = {.error = EHOSTUNREACH, .type = ICMP6_UNREACHABLE, .code = 3};
	size_t len = min_u64(packet->len, ICMP_ERROR_MAX);
	const uint8_t *about = net_packet_head(packet, len);

	if (about)
		tell(ip6_of(stack), interface, about, len, &error);
}

static void dispatch(struct ip6 *ip, struct net_packet *packet, const struct ip6_header *header)
{
	uint8_t type = packet->data[0];
	struct net_error error;

	if (type >= ND_RS && type <= ND_REDIRECT) {
		ip6_nd_input(ip, packet, header);
	} else if (type == MLD_QUERY) {
		ip6_mld_input(ip, packet, header);
	} else if (type == ICMP6_ECHO) {
		answer_echo(ip, packet, header);
	} else {
		if (find_meaning(packet->data, &error))
			take_error(ip, packet, &error);
		net_packet_free(packet);
	}
}

void ip6_icmp_input(struct ip6 *ip, struct net_packet *packet, const struct ip6_header *header)
{
	struct net_flow flow = {.local = header->destination, .remote = header->source};

	net_count(ip->stack, NET_COUNT_ICMP_IN);
	if (!net_packet_head(packet, ICMP_HEADER))
		net_drop(packet, NET_COUNT_ICMP_BAD);
	else if (checksum_fold(net_packet_sum(packet, 0, net_pseudo_sum(&flow, NET_PROTOCOL_ICMP6, packet->len))))
		net_drop(packet, NET_COUNT_ICMP_BAD_CHECKSUM);
	else
		dispatch(ip, packet, header);
}
