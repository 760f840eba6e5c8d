/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets that go out: the header, and fragments where the packet is longer than the path takes and may be cut (RFC 8200 §4.5). */
#include "kernel/net/ip6/internal.h"

static uint8_t hop_limit(struct ip6 *ip, const struct net_flow *flow)
{
	const struct ip6_interface *i;

	if (flow->ttl)
		return flow->ttl;
	if (ip6_is_multicast(&flow->remote))
		return 1;
	i = ip6_interface_find(ip, flow->interface);
	return i && i->hop_limit ? i->hop_limit : IP6_HOP_LIMIT;
}

static int hand_to_link(struct ip6 *ip, const struct net_flow *flow, struct net_packet *packet)
{
	net_count(ip->stack, NET_COUNT_IP_OUT);
	if (ip6_is_multicast(&flow->remote))
		net_group_loop(flow, packet);
	return flow->interface->link_ops->output(flow->interface, packet, NET_ETHERTYPE_IP6, &flow->next_hop);
}

int ip6_send_at(struct ip6 *ip, const struct net_flow *flow, struct net_packet *packet, uint8_t next)
{
	size_t len = packet->len;
	uint8_t *h = net_packet_push(packet, IP6_HEADER);

	if (!h) {
		net_drop(packet, NET_COUNT_IP_NO_MEMORY);
		return -ENOBUFS;
	}
	wire_put32(h, 6u << 28 | (uint32_t)flow->traffic_class << 20);
	wire_put16(h + 4, (uint16_t)min_u64(len, 65535)); /* longer only to be cut by the device */
	h[6] = next;
	h[7] = hop_limit(ip, flow);
	memcpy(h + 8, &flow->local, 16);
	memcpy(h + 24, &flow->remote, 16);
	return hand_to_link(ip, flow, packet);
}

static int send_fragment(struct ip6 *ip, const struct net_flow *flow, struct net_packet *part, const uint8_t *fragment_header)
{
	uint8_t *h = part ? net_packet_push(part, IP6_FRAGMENT_HEADER) : NULL;

	if (!h) {
		net_packet_free(part);
		return -ENOBUFS;
	}
	memcpy(h, fragment_header, IP6_FRAGMENT_HEADER);
	net_count(ip->stack, NET_COUNT_IP_FRAGMENTS_OUT);
	return ip6_send_at(ip, flow, part, IP6_FRAGMENT);
}

/* The identification cannot be foretold (RFC 7739). */
static int send_fragments(struct ip6 *ip, const struct net_flow *flow, struct net_packet *packet, uint8_t protocol)
{
	size_t room = (flow->mtu - IP6_HEADER - IP6_FRAGMENT_HEADER) & ~7u, total = packet->len;
	uint8_t h[IP6_FRAGMENT_HEADER] = {protocol};
	int error = 0;

	net_packet_finish_checksum(packet);
	wire_put32(h + 4, (uint32_t)ip->stack->environment->random());
	for (size_t offset = 0; offset < total && !error; offset += room) {
		size_t len = min_u64(room, total - offset);

		wire_put16(h + 2, (uint16_t)(offset | (offset + len < total)));
		error = send_fragment(ip, flow, net_packet_copy_part(packet, offset, len), h);
	}
	net_packet_free(packet);
	return error;
}

int ip6_send(struct net_stack *stack, const struct net_flow *flow, struct net_packet *packet, uint8_t protocol)
{
	struct ip6 *ip = ip6_of(stack);
	bool fits = packet->segment_size || packet->len + IP6_HEADER <= flow->mtu;

	if ((packet->len > 65535 && !packet->segment_size) || (!fits && (!flow->may_fragment || flow->mtu < IP6_MTU_MIN))) {
		net_drop(packet, NET_COUNT_IP_TOO_BIG);
		return -EMSGSIZE;
	}
	return fits ? ip6_send_at(ip, flow, packet, protocol) : send_fragments(ip, flow, packet, protocol);
}
