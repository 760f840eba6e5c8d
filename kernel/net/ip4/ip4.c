/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv4 as a part of the stack: addresses, groups, start and end. */
#include "kernel/net/core/library.h"
#include "kernel/net/ip4/internal.h"

#define REASSEMBLY_TIME (30 * NET_SECOND)

static bool is_local(struct net_stack *stack, const struct net_address *address)
{
	return ip4_is_local_address(ip4_of(stack), net_address_ip4(address));
}

/* Something came to a port without a listener (RFC 1122 §3.2.2.1). */
static void refuse(struct net_stack *stack, struct net_packet *packet)
{
	ip4_icmp_error(ip4_of(stack), packet, 3, 3, 0);
}

static void detach(struct net_interface *interface)
{
	struct ip4 *ip = ip4_of(interface->stack);
	struct ip4_address *a, *next_address;
	struct ip4_route *r, *next_route;

	list_for_each_safe(a, next_address, &ip->addresses, link)
		if (a->interface == interface)
			ip4_address_remove(ip->stack, interface, a->address);
	list_for_each_safe(r, next_route, &ip->routes, link)
		if (r->interface == interface)
			ip4_route_drop(ip->stack, r);
	net_groups_forget(interface, NET_IP4);
}

static int configure(struct net_interface *interface, const struct net_address *address, unsigned prefix, const struct net_address *gateway)
{
	int error = ip4_address_add(interface->stack, interface, net_address_ip4(address), prefix);
	struct ip4_route route = {.interface = interface};

	if (error || !gateway)
		return error;
	route.gateway = net_address_ip4(gateway);
	return ip4_route_add(interface->stack, &route);
}

static bool address_at(const struct net_interface *interface, unsigned i, struct net_address *address)
{
	struct ip4_address *a;

	list_for_each(a, &ip4_of(interface->stack)->addresses, link) {
		if (a->interface != interface || i-- != 0)
			continue;
		*address = net_address_of_ip4(a->address);
		return true;
	}
	return false;
}

static int group_join(struct net_stack *stack, struct net_interface *interface, const struct net_address *group)
{
	return ip4_group_join(stack, interface, net_address_ip4(group));
}

static int group_leave(struct net_stack *stack, struct net_interface *interface, const struct net_address *group)
{
	return ip4_group_leave(stack, interface, net_address_ip4(group));
}

static const struct net_network network = {
	.header_len = IP4_HEADER, .ethertype = NET_ETHERTYPE_IP4, .tso_offload = NET_OFFLOAD_TSO4, .route = ip4_route, .send = ip4_send,
	.is_local = is_local, .input = ip4_input, .refuse = refuse, .give_up = ip4_give_up, .detach = detach,
	.configure = configure, .address_at = address_at, .group_join = group_join, .group_leave = group_leave,
};

int ip4_init(struct net_stack *stack)
{
	struct ip4 *ip = net_alloc_zero(stack, sizeof(*ip));

	if (!ip)
		return -ENOMEM;
	ip->stack = stack;
	list_init(&ip->addresses);
	list_init(&ip->routes);
	net_paths_init(&ip->paths);
	net_reassembler_init(stack, &ip->reassembler, REASSEMBLY_TIME);
	ip->next_id = (uint32_t)stack->environment->random();
	stack->module[NET_MODULE_IP4] = ip;
	net_network_add(stack, NET_IP4, &network);
	return 0;
}

void ip4_fini(struct net_stack *stack)
{
	struct ip4 *ip = ip4_of(stack);
	struct net_interface *interface;

	if (!ip)
		return;
	list_for_each(interface, &stack->interfaces, link)
		detach(interface);
	net_reassembler_fini(&ip->reassembler);
	net_paths_fini(stack, &ip->paths);
	net_network_add(stack, NET_IP4, NULL);
	stack->module[NET_MODULE_IP4] = NULL;
	net_free(stack, ip);
}

int ip4_address_add(struct net_stack *stack, struct net_interface *interface, uint32_t address, unsigned prefix)
{
	struct ip4 *ip = ip4_of(stack);
	struct ip4_route route = {.destination = address & ip4_mask(prefix), .prefix = prefix, .interface = interface, .source = address, .is_connected = true};
	struct net_address told = net_address_of_ip4(address);
	struct ip4_address *a;
	int error;

	if (prefix > 32 || !address || address == IP4_BROADCAST || ip4_is_multicast(address))
		return -EINVAL;
	list_for_each(a, &ip->addresses, link)
		if (a->address == address && a->interface == interface)
			return -EEXIST;
	a = net_alloc_zero(stack, sizeof(*a));
	if (!a)
		return -ENOMEM;
	error = ip4_route_add(stack, &route);
	if (error && error != -EEXIST) {
		net_free(stack, a);
		return error;
	}
	*a = (struct ip4_address){.interface = interface, .address = address, .prefix = prefix};
	list_push_back(&ip->addresses, &a->link);
	net_routes_changed(stack);
	net_tell(stack, NET_ADDRESS, NET_IP4, a, false);
	if (interface->link_ops->announce)
		interface->link_ops->announce(interface, &told);
	return 0;
}

int ip4_address_remove(struct net_stack *stack, struct net_interface *interface, uint32_t address)
{
	struct ip4 *ip = ip4_of(stack);
	struct ip4_address *a, *next;
	struct ip4_route *r, *next_route;

	list_for_each_safe(a, next, &ip->addresses, link) {
		if (a->address != address || a->interface != interface)
			continue;
		list_for_each_safe(r, next_route, &ip->routes, link)
			if (r->is_connected && r->interface == interface && r->source == address)
				ip4_route_drop(stack, r);
		net_tell(stack, NET_ADDRESS, NET_IP4, a, true);
		list_remove(&a->link);
		net_free(stack, a);
		net_routes_changed(stack);
		return 0;
	}
	return -EADDRNOTAVAIL;
}

const struct list *ip4_addresses(struct net_stack *stack)
{
	return &ip4_of(stack)->addresses;
}

const struct list *ip4_routes(struct net_stack *stack)
{
	return &ip4_of(stack)->routes;
}

static struct net_interface *interface_for_group(struct ip4 *ip, struct net_interface *interface, uint32_t group)
{
	struct ip4_route *route;

	if (interface)
		return interface;
	route = ip4_route_find(ip, group, NULL);
	return route ? route->interface : NULL;
}

int ip4_group_join(struct net_stack *stack, struct net_interface *interface, uint32_t group)
{
	struct net_address address = net_address_of_ip4(group);

	if (!ip4_is_multicast(group))
		return -EINVAL;
	interface = interface_for_group(ip4_of(stack), interface, group);
	return interface ? net_group_join(interface, &address) : -ENODEV;
}

int ip4_group_leave(struct net_stack *stack, struct net_interface *interface, uint32_t group)
{
	struct net_address address = net_address_of_ip4(group);

	interface = interface_for_group(ip4_of(stack), interface, group);
	return interface ? net_group_leave(interface, &address) : -EADDRNOTAVAIL;
}

NET_LIBRARY(ip4) = {.name = "ip4", .order = NET_ORDER_NETWORK, .init = ip4_init};
