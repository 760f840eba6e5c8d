/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Neighbour Discovery's messages (RFC 4861 §4): who has an address, and is it free. The neighbours themselves are the link's.
 *
 *	0 type | 1 code 0 | 2 checksum | 4 flags of NA: router, solicited, override | 8 target | 24 options: type | length in 8 bytes | ...
 */
#include "kernel/net/ip6/internal.h"

enum { ND_HEADER = 24, ND_HOP_LIMIT = 255, ND_MESSAGE_MAX = 1500, NA_ROUTER = 0x80, NA_SOLICITED = 0x40, NA_OVERRIDE = 0x20 };

void ip6_nd_options(const uint8_t *options, size_t len, ip6_nd_option_fn *each, void *context)
{
	for (size_t at = 0; at < len; at += options[at + 1] * 8u)
		each(context, options + at, options[at + 1] * 8u);
}

const uint8_t *ip6_nd_option(const uint8_t *options, size_t len, uint8_t type)
{
	for (size_t at = 0; at < len; at += options[at + 1] * 8u)
		if (options[at] == type)
			return options + at;
	return NULL;
}

static bool are_options_good(const uint8_t *options, size_t len)
{
	size_t at = 0;

	while (at < len) {
		if (len - at < 8 || !options[at + 1] || options[at + 1] * 8u > len - at)
			return false;
		at += options[at + 1] * 8u;
	}
	return true;
}

void ip6_nd_send(struct ip6 *ip, const struct net_flow *flow, const uint8_t *message, size_t len, uint8_t link_option)
{
	bool has_option = link_option && flow->interface->link_ops->learn;
	struct net_packet *packet = net_packet_new(ip->stack, NET_HEAD_ROOM, len + 8, 0);
	struct net_flow at = *flow;
	uint8_t *p;

	if (!packet)
		return;
	p = net_packet_append(packet, len + (has_option ? 8 : 0));
	memcpy(p, message, len);
	if (has_option) {
		p[len] = link_option;
		p[len + 1] = 1;
		memcpy(p + len + 2, flow->interface->hardware, 6);
	}
	at.next_hop = at.remote;
	at.ttl = ND_HOP_LIMIT;
	at.no_multicast_loop = true;
	ip6_icmp_checksum(&at, packet);
	net_count(ip->stack, NET_COUNT_ICMP_OUT);
	(void)ip6_send_at(ip, &at, packet, NET_PROTOCOL_ICMP6);
}

/* From an address of the interface; without one nobody can be asked yet (§7.2.2). */
void ip6_ask(struct net_interface *interface, const struct net_address *address, bool is_known)
{
	struct ip6 *ip = ip6_of(interface->stack);
	const struct ip6_address *source = ip6_choose_source(ip, interface, address);
	struct net_flow flow = {.interface = interface, .remote = is_known ? *address : ip6_solicited_node(address)};
	uint8_t message[ND_HEADER] = {ND_NS};

	if (!source || source->interface != interface)
		source = ip6_link_local(ip, interface);
	if (!source)
		return;
	flow.local = source->address;
	memcpy(message + 8, address, 16);
	/* Nobody's table is changed for an address that may be another's (RFC 4429 §3.2). */
	ip6_nd_send(ip, &flow, message, sizeof(message), ip6_is_probing(source) ? 0 : ND_SOURCE_LINK);
}

/* RFC 4862 §5.4.2, with a nonce by which it is told from another's if the link sends it back to us (RFC 7527). */
void ip6_probe(struct ip6 *ip, struct ip6_address *address)
{
	struct net_flow flow = {.interface = address->interface, .remote = ip6_solicited_node(&address->address)};
	uint8_t message[ND_HEADER + 8] = {ND_NS, [ND_HEADER] = ND_NONCE, 1};
	uint64_t nonce = ip->stack->environment->random();

	memcpy(address->nonce, &nonce, sizeof(address->nonce));
	memcpy(message + 8, &address->address, 16);
	memcpy(message + ND_HEADER + 2, address->nonce, sizeof(address->nonce));
	ip6_nd_send(ip, &flow, message, sizeof(message), 0);
}

static void advertise(struct ip6 *ip, const struct ip6_address *target, const struct net_address *to)
{
	bool is_for_all = ip6_is_unspecified(to);
	struct net_flow flow = {.interface = target->interface, .local = target->address, .remote = is_for_all ? ip6_all_nodes : *to};
	uint8_t message[ND_HEADER] = {ND_NA, [4] = (uint8_t)((ip6_is_probing(target) ? 0 : NA_OVERRIDE) | (is_for_all ? 0 : NA_SOLICITED))};

	memcpy(message + 8, &target->address, 16);
	ip6_nd_send(ip, &flow, message, sizeof(message), ND_TARGET_LINK);
}

struct message {
	struct net_interface *interface;
	const uint8_t *bytes;
	size_t len;
	const struct ip6_header *header;
};

static const uint8_t *option_of(const struct message *m, uint8_t type)
{
	return ip6_nd_option(m->bytes + ND_HEADER, m->len - ND_HEADER, type);
}

/* §7.1.1 */
static bool is_solicitation_good(const struct message *m)
{
	static const struct net_address prefix = {.byte = {0xff, 2, [11] = 1, 0xff}};

	if (!ip6_is_unspecified(&m->header->source))
		return true;
	return ip6_prefix_equal(&m->header->destination, &prefix, 104) && !option_of(m, ND_SOURCE_LINK);
}

/* Somebody else wants the address, or tests it as we do (RFC 4862 §5.4.3): unless it is our own probe. */
static void take_other_probe(struct ip6 *ip, struct ip6_address *a, const struct message *m)
{
	const uint8_t *nonce = option_of(m, ND_NONCE);
	bool is_ours = nonce && a->is_probe_sent && memcmp(nonce + 2, a->nonce, sizeof(a->nonce)) == 0;

	if (ip6_is_unspecified(&m->header->source) && !is_ours)
		ip6_address_duplicate(ip, a);
}

static bool solicitation_input(struct ip6 *ip, const struct message *m)
{
	const struct net_address *from = &m->header->source;
	struct net_address target;
	struct ip6_address *a;
	const uint8_t *link;

	memcpy(&target, m->bytes + 8, 16);
	if (ip6_is_multicast(&target) || !is_solicitation_good(m))
		return false;
	a = ip6_address_find(ip, m->interface, &target);
	if (a && ip6_is_probing(a))
		take_other_probe(ip, a, m);
	if (!a || !ip6_is_usable(a) || (ip6_is_probing(a) && ip6_is_unspecified(from)))
		return true;
	link = option_of(m, ND_SOURCE_LINK);
	if (link && m->interface->link_ops->learn)
		m->interface->link_ops->learn(m->interface, from, link + 2, NET_LEARN_CREATE | NET_LEARN_OVERRIDE);
	advertise(ip, a, from);
	return true;
}

static bool advertisement_input(struct ip6 *ip, const struct message *m)
{
	uint8_t flags = m->bytes[4];
	struct net_address target;
	struct ip6_address *a;
	const uint8_t *link;
	unsigned how = (flags & NA_SOLICITED ? NET_LEARN_CONFIRMED : 0) | (flags & NA_OVERRIDE ? NET_LEARN_OVERRIDE : 0);

	memcpy(&target, m->bytes + 8, 16);
	if (ip6_is_multicast(&target) || (flags & NA_SOLICITED && ip6_is_multicast(&m->header->destination)))
		return false;
	a = ip6_address_find(ip, m->interface, &target);
	if (a) {
		if (ip6_is_probing(a))
			ip6_address_duplicate(ip, a);
		return true;
	}
	link = option_of(m, ND_TARGET_LINK);
	if (m->interface->link_ops->learn)
		m->interface->link_ops->learn(m->interface, &target, link ? link + 2 : NULL, how);
	if (!(flags & NA_ROUTER))
		ip6_router_is_gone(ip, m->interface, &target);
	return true;
}

static bool router_input(struct ip6 *ip, const struct message *m)
{
	ip6_router_input(ip, m->interface, m->bytes, m->len, m->header);
	return true;
}

/* Redirects are not followed: they spare a hop, and serve attacks. Solicitations of hosts are for routers. */
static bool ignore(struct ip6 *ip, const struct message *m)
{
	net_count(ip->stack, NET_COUNT_ND_IGNORED);
	return true;
}

static const struct {
	size_t header_len;
	bool (*input)(struct ip6 *ip, const struct message *message); /* false: it is not as it must be */
} kinds[] = {
	[ND_RS - ND_RS] = {8, ignore},		     [ND_RA - ND_RS] = {16, router_input},
	[ND_NS - ND_RS] = {ND_HEADER, solicitation_input}, [ND_NA - ND_RS] = {ND_HEADER, advertisement_input},
	[ND_REDIRECT - ND_RS] = {40, ignore},
};

/* Nothing from beyond the link has hop limit 255 (§3.1). */
void ip6_nd_input(struct ip6 *ip, struct net_packet *packet, const struct ip6_header *header)
{
	struct message m = {.interface = packet->interface, .bytes = net_packet_head(packet, packet->len), .len = packet->len, .header = header};
	unsigned kind = packet->data[0] - (unsigned)ND_RS;

	net_count(ip->stack, NET_COUNT_ND_IN);
	if (m.bytes && m.len >= kinds[kind].header_len && m.len <= ND_MESSAGE_MAX && header->hop_limit == ND_HOP_LIMIT && !m.bytes[1] &&
	    are_options_good(m.bytes + kinds[kind].header_len, m.len - kinds[kind].header_len) && kinds[kind].input(ip, &m))
		net_packet_free(packet);
	else
		net_drop(packet, NET_COUNT_ND_BAD);
}
