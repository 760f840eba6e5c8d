/* SPDX-License-Identifier: BSD-3-Clause */
/* Interfaces, and the one without a device: loopback. */
#include "kernel/net/core/group.h"

void net_interface_add(struct net_stack *stack, struct net_interface *interface)
{
	interface->stack = stack;
	interface->index = stack->next_index++;
	list_init(&interface->groups);
	if (!interface->mtu_max)
		interface->mtu_max = interface->mtu;
	if (!(interface->flags & NET_IS_UP))
		interface->flags |= NET_HAS_NO_CABLE;
	list_push_back(&stack->interfaces, &interface->link);
	net_groups_tell_device(interface);
	net_routes_changed(stack);
	net_tell(stack, NET_LINK, 0, interface, false);
}

void net_interface_remove(struct net_interface *interface)
{
	struct net_stack *stack = interface->stack;
	struct net_packet *packet, *next;

	interface->flags &= ~(uint32_t)NET_IS_UP;
	for (unsigned i = 0; i < NET_NR_NETWORKS; i++)
		if (stack->network[i] && stack->network[i]->detach)
			stack->network[i]->detach(interface);
	if (interface->link_ops->detach)
		interface->link_ops->detach(interface);
	list_for_each_safe(packet, next, &stack->looped, link)
		if (packet->interface == interface)
			net_packet_free(packet);
	net_tell(stack, NET_LINK, 0, interface, true);
	list_remove(&interface->link);
	net_routes_changed(stack);
}

/* Sets or clears one of the reasons not to be up. */
static void set_reason(struct net_interface *interface, uint32_t reason, bool is_set)
{
	struct net_stack *stack = interface->stack;
	uint32_t flags = is_set ? interface->flags | reason : interface->flags & ~reason;
	bool is_up = !(flags & (NET_IS_DISABLED | NET_HAS_NO_CABLE)), was_up = interface->flags & NET_IS_UP;

	flags = is_up ? flags | NET_IS_UP : flags & ~(uint32_t)NET_IS_UP;
	if (flags == interface->flags)
		return;
	interface->flags = flags;
	net_routes_changed(stack);
	for (unsigned i = 0; is_up && !was_up && i < NET_NR_NETWORKS; i++) {
		net_group_query(interface, i, NULL, NET_SECOND, false); /* other routers may be there than before */
		if (stack->network[i] && stack->network[i]->up)
			stack->network[i]->up(interface);
	}
	net_tell(stack, NET_LINK, 0, interface, false);
}

void net_interface_set_up(struct net_interface *interface, bool is_up)
{
	set_reason(interface, NET_HAS_NO_CABLE, !is_up);
}

void net_interface_set_enabled(struct net_interface *interface, bool is_enabled)
{
	set_reason(interface, NET_IS_DISABLED, !is_enabled);
}

int net_interface_set_mtu(struct net_interface *interface, uint32_t mtu)
{
	if (mtu < NET_MTU_MIN || mtu > interface->mtu_max)
		return -EINVAL;
	if (mtu == interface->mtu)
		return 0;
	interface->mtu = mtu;
	net_routes_changed(interface->stack);
	net_tell(interface->stack, NET_LINK, 0, interface, false);
	return 0;
}

struct net_interface *net_interface_find(struct net_stack *stack, const char *name)
{
	struct net_interface *interface;

	list_for_each(interface, &stack->interfaces, link)
		if (strncmp(interface->name, name, sizeof(interface->name)) == 0)
			return interface;
	return NULL;
}

struct net_interface *net_loopback_find(struct net_stack *stack)
{
	struct net_interface *interface;

	list_for_each(interface, &stack->interfaces, link)
		if (interface->flags & NET_IS_LOOPBACK)
			return interface;
	return NULL;
}

struct net_interface *net_interface_by_index(struct net_stack *stack, unsigned index)
{
	struct net_interface *interface;

	list_for_each(interface, &stack->interfaces, link)
		if (interface->index == index)
			return interface;
	return NULL;
}

static void show_taps(struct net_interface *interface, const struct net_packet *packet, bool is_outgoing)
{
	struct net_tap *tap;

	list_for_each(tap, &interface->stack->taps, link)
		tap->see(tap, interface, packet, is_outgoing);
}

void net_interface_input(struct net_interface *interface, struct net_packet *packet)
{
	if (!(interface->flags & NET_IS_UP)) {
		net_drop(packet, NET_COUNT_LINK_DOWN);
		return;
	}
	packet->interface = interface;
	interface->count.packets_in++;
	interface->count.bytes_in += packet->len;
	if (unlikely(!list_empty(&interface->stack->taps)))
		show_taps(interface, packet, false);
	interface->link_ops->input(interface, packet);
}

int net_interface_transmit(struct net_interface *interface, struct net_packet *packet)
{
	uint32_t len = packet->len;
	int error;

	if (!(interface->flags & NET_IS_UP)) {
		net_drop(packet, NET_COUNT_LINK_DOWN);
		return -ENETDOWN;
	}
	packet->interface = interface;
	if (!(interface->offloads & NET_OFFLOAD_CHECKSUM))
		net_packet_finish_checksum(packet);
	if (unlikely(!list_empty(&interface->stack->taps)))
		show_taps(interface, packet, true);
	error = interface->transmit(interface, packet);
	if (error) {
		interface->count.drops_out++;
		return error;
	}
	interface->count.packets_out++;
	interface->count.bytes_out += len;
	return 0;
}

static void deliver(struct net_interface *interface, struct net_packet *packet, uint16_t ethertype)
{
	for (unsigned i = 0; i < NET_NR_NETWORKS; i++) {
		if (interface->stack->network[i] && interface->stack->network[i]->ethertype == ethertype) {
			interface->stack->network[i]->input(interface, packet);
			return;
		}
	}
	net_drop(packet, NET_COUNT_LINK_UNKNOWN_TYPE);
}

/* The version is in the first four bits of both IPs, so that no header is needed. */
static void raw_input(struct net_interface *interface, struct net_packet *packet)
{
	const uint8_t *head = net_packet_head(packet, 1);

	if (!head) {
		net_drop(packet, NET_COUNT_LINK_SHORT);
		return;
	}
	deliver(interface, packet, head[0] >> 4 == 6 ? NET_ETHERTYPE_IP6 : NET_ETHERTYPE_IP4);
}

static int raw_output(struct net_interface *interface, struct net_packet *packet, uint16_t ethertype, const struct net_address *next_hop)
{
	return net_interface_transmit(interface, packet);
}

static int loopback_transmit(struct net_interface *interface, struct net_packet *packet)
{
	packet->flags = NET_PACKET_CHECKED;
	packet->segment_size = 0;
	list_push_back(&interface->stack->looped, &packet->link);
	return 0;
}

const struct net_link net_raw_link = {.input = raw_input, .output = raw_output};

void net_loopback_init(struct net_stack *stack, struct net_interface *interface)
{
	memset(interface, 0, sizeof(*interface));
	memcpy(interface->name, "lo", 3);
	interface->mtu = 65536; /* as Linux; IPv4's longest packet has a byte less */
	interface->flags = NET_IS_UP | NET_IS_LOOPBACK | NET_HAS_MULTICAST;
	interface->offloads = NET_OFFLOAD_CHECKSUM | NET_OFFLOAD_TSO4 | NET_OFFLOAD_TSO6 | NET_OFFLOAD_TSO_ECN;
	interface->link_ops = &net_raw_link;
	interface->transmit = loopback_transmit;
	net_interface_add(stack, interface);
}
