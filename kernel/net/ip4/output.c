/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets that go out: the header, and fragments where the packet is longer than the path takes and may be cut (RFC 791 §3.2). */
#include "kernel/net/ip4/internal.h"

static void header_put(uint8_t *h, const struct net_flow *flow, size_t len, uint16_t id, uint16_t fragment, uint8_t protocol)
{
	h[0] = 4 << 4 | IP4_HEADER / 4;
	h[1] = flow->traffic_class;
	wire_put16(h + 2, (uint16_t)len);
	wire_put16(h + 4, id);
	wire_put16(h + 6, fragment);
	h[8] = flow->ttl ? flow->ttl : ip4_is_multicast(net_address_ip4(&flow->remote)) ? 1 : IP4_TTL;
	h[9] = protocol;
	wire_put16(h + 10, 0);
	memcpy(h + 12, flow->local.byte + 12, 4);
	memcpy(h + 16, flow->remote.byte + 12, 4);
	checksum_store(h + 10, checksum_fold(checksum_add(0, h, IP4_HEADER)));
}

static int hand_to_link(struct net_stack *stack, const struct net_flow *flow, struct net_packet *packet)
{
	net_count(stack, NET_COUNT_IP_OUT);
	return flow->interface->link_ops->output(flow->interface, packet, NET_ETHERTYPE_IP4, &flow->next_hop);
}

static int send_fragments(struct net_stack *stack, const struct net_flow *flow, struct net_packet *packet, uint16_t id, uint8_t protocol)
{
	size_t room = (flow->mtu - IP4_HEADER) & ~7u, total = packet->len;
	int error = 0;

	net_packet_finish_checksum(packet);
	for (size_t offset = 0; offset < total && !error; offset += room) {
		size_t len = min_u64(room, total - offset);
		struct net_packet *part = net_packet_copy_part(packet, offset, len);
		uint8_t *h = part ? net_packet_push(part, IP4_HEADER) : NULL;

		if (!h) {
			net_packet_free(part);
			error = -ENOBUFS;
			break;
		}
		header_put(h, flow, part->len, id, (uint16_t)(offset / 8 | (offset + len < total ? IP4_MF : 0)), protocol);
		net_count(stack, NET_COUNT_IP_FRAGMENTS_OUT);
		error = hand_to_link(stack, flow, part);
	}
	net_packet_free(packet);
	return error;
}

/* A group's member hears what it sends itself (RFC 1112 §7.1). */
static void loop_multicast(struct net_stack *stack, const struct net_flow *flow, struct net_packet *packet)
{
	struct net_packet *copy;

	if (!ip4_is_multicast(net_address_ip4(&flow->remote)) || flow->loops_not || flow->interface->flags & NET_IS_LOOPBACK)
		return;
	if (!ip4_is_joined(ip4_of(stack), flow->interface, net_address_ip4(&flow->remote)))
		return;
	copy = net_packet_copy_part(packet, 0, packet->len);
	if (!copy)
		return;
	copy->interface = ip4_loopback(stack);
	copy->flags = NET_PACKET_CHECKED;
	if (copy->interface)
		list_push_back(&stack->looped, &copy->link);
	else
		net_packet_free(copy);
}

int ip4_send(struct net_stack *stack, const struct net_flow *flow, struct net_packet *packet, uint8_t protocol)
{
	struct ip4 *ip = ip4_of(stack);
	uint8_t *h;

	if (packet->len > 65535 - IP4_HEADER && !packet->segment_size) {
		net_drop(packet, NET_COUNT_IP_TOO_BIG);
		return -EMSGSIZE;
	}
	if (packet->len + IP4_HEADER > flow->mtu && !packet->segment_size) {
		if (flow->may_fragment && flow->mtu >= IP4_MTU_MIN)
			return send_fragments(stack, flow, packet, (uint16_t)ip->next_id++, protocol);
		net_drop(packet, NET_COUNT_IP_TOO_BIG);
		return -EMSGSIZE;
	}
	h = net_packet_push(packet, IP4_HEADER);
	if (!h) {
		net_drop(packet, NET_COUNT_IP_NO_MEMORY);
		return -ENOBUFS;
	}
	/* With DF the identification has no meaning (RFC 6864 §4.1). */
	header_put(h, flow, min_u64(packet->len, 65535), flow->may_fragment ? (uint16_t)ip->next_id++ : 0, flow->may_fragment ? 0 : IP4_DF, protocol);
	loop_multicast(stack, flow, packet);
	return hand_to_link(stack, flow, packet);
}
