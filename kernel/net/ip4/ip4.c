/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv4 as a part of the stack: addresses, groups, start and end. */
#include "kernel/net/core/library.h"
#include "kernel/net/ip4/internal.h"

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
	struct ip4_group *g, *next_group;

	list_for_each_safe(a, next_address, &ip->addresses, link)
		if (a->interface == interface)
			ip4_address_remove(ip->stack, interface, a->address);
	list_for_each_safe(r, next_route, &ip->routes, link) {
		if (r->interface == interface) {
			list_remove(&r->link);
			net_free(ip->stack, r);
		}
	}
	list_for_each_safe(g, next_group, &ip->groups, link) {
		if (g->interface == interface) {
			list_remove(&g->link);
			net_free(ip->stack, g);
		}
	}
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
	.is_local = is_local, .input = ip4_input, .refuse = refuse, .detach = detach,
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
	list_init(&ip->groups);
	list_init(&ip->paths);
	ip4_reassembly_init(ip);
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
	ip4_reassembly_fini(ip);
	ip4_paths_fini(ip);
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
		list_for_each_safe(r, next_route, &ip->routes, link) {
			if (r->is_connected && r->interface == interface && r->source == address) {
				list_remove(&r->link);
				net_free(stack, r);
			}
		}
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

static struct ip4_group *find_group(struct ip4 *ip, const struct net_interface *interface, uint32_t group)
{
	struct ip4_group *g;

	list_for_each(g, &ip->groups, link)
		if (g->group == group && g->interface == interface)
			return g;
	return NULL;
}

bool ip4_is_joined(struct ip4 *ip, const struct net_interface *interface, uint32_t group)
{
	return group == 0xe0000001 || find_group(ip, interface, group); /* all hosts (RFC 1112 §4) */
}

/* RFC 1112 §6.4: the low 23 bits. */
static void tell_device(struct ip4 *ip, struct net_interface *interface)
{
	uint8_t hardware[32][6];
	struct ip4_group *g;
	size_t nr = 0;

	if (!interface->set_groups)
		return;
	list_for_each(g, &ip->groups, link) {
		if (g->interface != interface || nr == ARRAY_SIZE(hardware))
			continue;
		memcpy(hardware[nr], "\x01\x00\x5e", 3);
		hardware[nr][3] = g->group >> 16 & 0x7f;
		wire_put16(hardware[nr] + 4, (uint16_t)g->group);
		nr++;
	}
	interface->set_groups(interface, (const uint8_t (*)[6])hardware, nr);
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
	struct ip4 *ip = ip4_of(stack);
	struct ip4_group *g;

	if (!ip4_is_multicast(group))
		return -EINVAL;
	interface = interface_for_group(ip, interface, group);
	if (!interface)
		return -ENODEV;
	g = find_group(ip, interface, group);
	if (!g) {
		g = net_alloc_zero(stack, sizeof(*g));
		if (!g)
			return -ENOMEM;
		g->interface = interface;
		g->group = group;
		list_push_back(&ip->groups, &g->link);
		tell_device(ip, interface);
	}
	g->users++;
	return 0;
}

int ip4_group_leave(struct net_stack *stack, struct net_interface *interface, uint32_t group)
{
	struct ip4 *ip = ip4_of(stack);
	struct ip4_group *g;

	interface = interface_for_group(ip, interface, group);
	g = find_group(ip, interface, group);
	if (!g)
		return -EADDRNOTAVAIL;
	if (--g->users)
		return 0;
	list_remove(&g->link);
	net_free(stack, g);
	tell_device(ip, interface);
	return 0;
}

NET_LIBRARY(ip4) = {.name = "ip4", .order = NET_ORDER_NETWORK, .init = ip4_init};
