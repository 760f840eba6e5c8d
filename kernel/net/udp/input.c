/* SPDX-License-Identifier: BSD-3-Clause */
/* Datagrams that come: to the socket that fits best, or, of a group or broadcast, to all that fit. */
#include "kernel/net/udp/internal.h"

/* 0: does not fit; more for each thing that is the same (as Linux scores). */
static int score(const struct udp_socket *udp, const struct net_flow *flow, uint16_t local_port, uint16_t remote_port)
{
	int points = 1;

	if (udp->local_port != local_port || (udp->settings.bound && udp->settings.bound != flow->interface))
		return 0;
	if (!net_address_is_any(&udp->bound_address)) {
		if (!net_address_equal(&udp->bound_address, &flow->local))
			return 0;
		points += 4;
	} else if (net_address_is_ip4(&udp->bound_address) != net_address_is_ip4(&flow->local)) {
		if (!net_address_is_ip4(&flow->local) || udp->settings.ip6_only)
			return 0;
	} else {
		points += 1;
	}
	if (udp->remote_port) {
		if (udp->remote_port != remote_port || !net_address_equal(&udp->flow.remote, &flow->remote))
			return 0;
		points += 4;
	}
	return points + (udp->settings.bound ? 4 : 0);
}

static struct udp_socket *find(struct net_stack *stack, const struct net_flow *flow, uint16_t local_port, uint16_t remote_port)
{
	struct udp_socket *udp, *best = NULL;
	uint64_t best_hash = 0, hash;
	int best_score = 0, points;

	list_for_each(udp, &udp_of(stack)->ports[local_port % UDP_PORTS], port_link) {
		struct {
			struct net_address remote;
			uint64_t port, socket;
		} key = {flow->remote, remote_port, (uintptr_t)udp};

		points = score(udp, flow, local_port, remote_port);
		if (!points || points < best_score)
			continue;
		hash = udp->settings.reuse_port ? net_hash(stack, &key, sizeof(key)) : 0;
		if (points > best_score || hash > best_hash) {
			best = udp;
			best_score = points;
			best_hash = hash;
		}
	}
	return best;
}

/* The payload; the addresses stand in front of it, where the headers were, or where there is room. */
static bool keep_addresses(struct net_packet *packet, const struct net_flow *flow)
{
	struct udp_arrival arrival = {flow->local, flow->remote};

	if ((size_t)(packet->data - packet->buffer) < sizeof(arrival))
		return false;
	memcpy(packet->data - sizeof(arrival), &arrival, sizeof(arrival));
	return true;
}

static void queue(struct udp_socket *udp, const struct net_flow *flow, struct net_packet *packet, uint16_t remote_port)
{
	size_t size = packet->len + UDP_OVERHEAD;

	if (udp->queued + size > udp->settings.receive_buffer + (size_t)UDP_OVERHEAD || (udp->queued && net_memory_is_short(udp->stack))) {
		net_drop(packet, NET_COUNT_UDP_QUEUE_FULL);
		return;
	}
	if (!keep_addresses(packet, flow)) {
		struct net_packet *roomy = net_packet_copy_part(packet, 0, packet->len); /* its head room is longer */

		if (roomy) {
			roomy->interface = packet->interface;
			roomy->ttl = packet->ttl;
			roomy->traffic_class = packet->traffic_class;
			keep_addresses(roomy, flow);
		}
		net_packet_free(packet);
		packet = roomy;
		if (!packet) {
			net_count(udp->stack, NET_COUNT_UDP_QUEUE_FULL);
			return;
		}
	}
	packet->mark[2] = remote_port;
	packet->mark[3] = packet->interface->index;
	udp->queued += size;
	udp->stack->memory += size;
	list_push_back(&udp->queue, &packet->link);
	net_count(udp->stack, NET_COUNT_UDP_IN);
	if (udp->event)
		udp->event(udp->owner, UDP_READABLE);
}

static void deliver_to_all(struct net_stack *stack, const struct net_flow *flow, struct net_packet *packet, uint16_t local_port, uint16_t remote_port)
{
	struct udp_socket *udp;

	list_for_each(udp, &udp_of(stack)->ports[local_port % UDP_PORTS], port_link) {
		struct net_packet *copy;

		if (!score(udp, flow, local_port, remote_port))
			continue;
		copy = net_packet_copy_part(packet, 0, packet->len);
		if (!copy)
			break;
		copy->interface = packet->interface;
		copy->ttl = packet->ttl;
		copy->traffic_class = packet->traffic_class;
		queue(udp, flow, copy, remote_port);
	}
	net_packet_free(packet);
}

/* The reason to drop, 0: none. */
static enum net_counter check(struct net_packet *packet, const struct net_flow *flow)
{
	const uint8_t *h = net_packet_head(packet, UDP_HEADER);
	uint16_t len;

	if (!h)
		return NET_COUNT_UDP_BAD;
	len = wire_get16(h + 4);
	if (len < UDP_HEADER || len > packet->len || !wire_get16(h + 2))
		return NET_COUNT_UDP_BAD;
	net_packet_trim(packet, len);
	if (packet->flags & NET_PACKET_CHECKED || (wire_get16(h + 6) == 0 && net_address_is_ip4(&flow->remote)))
		return 0;
	if (checksum_fold(net_packet_sum(packet, 0, net_pseudo_sum(flow, NET_PROTOCOL_UDP, len))))
		return NET_COUNT_UDP_BAD_CHECKSUM;
	return 0;
}

void udp_input(struct net_stack *stack, const struct net_flow *flow, struct net_packet *packet)
{
	enum net_counter reason = check(packet, flow);
	const struct net_network *network;
	uint16_t local_port, remote_port;
	struct udp_socket *udp;

	if (reason) {
		net_drop(packet, reason);
		return;
	}
	remote_port = wire_get16(packet->data);
	local_port = wire_get16(packet->data + 2);
	if (packet->flags & (NET_PACKET_BROADCAST | NET_PACKET_MULTICAST)) {
		net_packet_pull(packet, UDP_HEADER);
		deliver_to_all(stack, flow, packet, local_port, remote_port);
		return;
	}
	udp = find(stack, flow, local_port, remote_port);
	if (udp) {
		net_packet_pull(packet, UDP_HEADER);
		queue(udp, flow, packet, remote_port);
		return;
	}
	network = net_network_of(stack, &flow->local);
	if (network->refuse)
		network->refuse(stack, packet);
	net_drop(packet, NET_COUNT_UDP_NO_PORT);
}

/* Connected sockets hear of errors, others would not know of whom (RFC 1122 §4.1.3.3, as Linux without IP_RECVERR). */
bool udp_error_input(struct net_stack *stack, const struct net_flow *flow, const uint8_t *header, size_t len, const struct net_error *error)
{
	struct udp_socket *udp = find(stack, flow, wire_get16(header), wire_get16(header + 2));

	if (!udp)
		return false;
	if (udp->remote_port && (error->is_hard || (error->error == EMSGSIZE && udp->settings.dont_fragment))) {
		udp->error = error->error;
		if (udp->event)
			udp->event(udp->owner, UDP_ERROR | UDP_READABLE);
	}
	return true;
}
