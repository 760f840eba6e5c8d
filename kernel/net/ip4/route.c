/* SPDX-License-Identifier: BSD-3-Clause */
/* Which way to a destination: longest prefix, then lowest metric (RFC 1122 §3.3.1). A host, not a router: nothing is forwarded. */
#include "kernel/net/ip4/internal.h"

static bool is_assigned(struct ip4 *ip, uint32_t address)
{
	struct ip4_address *a;

	list_for_each(a, &ip->addresses, link)
		if (a->address == address)
			return true;
	return false;
}

bool ip4_is_local_address(struct ip4 *ip, uint32_t address)
{
	return ip4_is_loopback(address) || is_assigned(ip, address);
}

/* The limited one, or all ones on the network of the interface (RFC 1122 §3.2.1.3). */
bool ip4_is_broadcast(struct ip4 *ip, const struct net_interface *interface, uint32_t address)
{
	struct ip4_address *a;

	if (address == IP4_BROADCAST)
		return true;
	list_for_each(a, &ip->addresses, link)
		if (a->interface == interface && a->prefix < 31 && address == (a->address | ~ip4_mask(a->prefix)))
			return true;
	return false;
}

struct ip4_route *ip4_route_find(struct ip4 *ip, uint32_t destination, const struct net_interface *bound)
{
	struct ip4_route *route;

	list_for_each(route, &ip->routes, link)
		if ((destination & ip4_mask(route->prefix)) == route->destination && (!bound || route->interface == bound) &&
		    route->interface->flags & NET_IS_UP)
			return route;
	return NULL;
}

static bool goes_before(const struct ip4_route *a, const struct ip4_route *b)
{
	return a->prefix != b->prefix ? a->prefix > b->prefix : a->metric < b->metric;
}

int ip4_route_add(struct net_stack *stack, const struct ip4_route *route)
{
	struct ip4 *ip = ip4_of(stack);
	struct ip4_route *r, *copy;
	struct list *before = &ip->routes;

	if (route->prefix > 32 || !route->interface || route->destination & ~ip4_mask(route->prefix))
		return -EINVAL;
	if (route->gateway) {
		r = ip4_route_find(ip, route->gateway, route->interface);
		if (!r || r->gateway)
			return -ENETUNREACH;
	}
	list_for_each(r, &ip->routes, link) {
		if (r->destination == route->destination && r->prefix == route->prefix && r->metric == route->metric && r->interface == route->interface)
			return -EEXIST;
		if (before == &ip->routes && goes_before(route, r))
			before = &r->link;
	}
	copy = net_alloc(stack, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	*copy = *route;
	list_push_back(before, &copy->link);
	net_routes_changed(stack);
	net_tell(stack, NET_ROUTE, NET_IP4, copy, false);
	return 0;
}

void ip4_route_drop(struct net_stack *stack, struct ip4_route *route)
{
	net_tell(stack, NET_ROUTE, NET_IP4, route, true);
	list_remove(&route->link);
	net_free(stack, route);
	net_routes_changed(stack);
}

int ip4_route_remove(struct net_stack *stack, uint32_t destination, unsigned prefix, uint32_t gateway)
{
	struct ip4_route *r, *next;

	list_for_each_safe(r, next, &ip4_of(stack)->routes, link) {
		if (r->destination != destination || r->prefix != prefix || (gateway && r->gateway != gateway))
			continue;
		ip4_route_drop(stack, r);
		return 0;
	}
	return -ESRCH;
}

/* The address to send from: the one on the network of the next hop, otherwise any of the interface (RFC 1122 §3.3.4.3). */
static uint32_t choose_source(struct ip4 *ip, const struct net_interface *interface, uint32_t next_hop)
{
	uint32_t first = 0;
	struct ip4_address *a;

	list_for_each(a, &ip->addresses, link) {
		if (a->interface != interface)
			continue;
		if (!((a->address ^ next_hop) & ip4_mask(a->prefix)))
			return a->address;
		if (!first)
			first = a->address;
	}
	return first;
}

/* To one of our addresses from itself; to others of 127/8 from that which the interface has. */
static int route_to_self(struct net_stack *stack, struct net_flow *flow)
{
	uint32_t remote = net_address_ip4(&flow->remote), source;

	flow->interface = net_loopback_find(stack);
	if (!flow->interface)
		return -ENETUNREACH;
	source = is_assigned(ip4_of(stack), remote) ? remote : choose_source(ip4_of(stack), flow->interface, remote);
	if (net_address_is_any(&flow->local))
		flow->local = net_address_of_ip4(source ? source : remote);
	flow->next_hop = flow->remote;
	flow->mtu = (uint32_t)min_u64(flow->interface->mtu, IP4_MTU_MAX);
	return 0;
}

/* Broadcast and multicast need no route if the interface is known. */
static int route_out(struct ip4 *ip, struct net_flow *flow, uint32_t remote)
{
	struct ip4_route *route = ip4_route_find(ip, remote, flow->bound);
	struct net_interface *interface = route ? route->interface : flow->bound;
	uint32_t next_hop = route && route->gateway && !ip4_is_multicast(remote) && remote != IP4_BROADCAST ? route->gateway : remote, source;

	if (!interface || !(interface->flags & NET_IS_UP))
		return -ENETUNREACH;
	if (!flow->is_broadcast_allowed && ip4_is_broadcast(ip, interface, remote))
		return -EACCES;
	source = route && route->source ? route->source : choose_source(ip, interface, next_hop);
	if (net_address_is_any(&flow->local))
		flow->local = net_address_of_ip4(source);
	flow->interface = interface;
	flow->next_hop = net_address_of_ip4(next_hop);
	flow->mtu = (uint32_t)min_u64(min_u64(interface->mtu, IP4_MTU_MAX), net_path_mtu(ip->stack, &ip->paths, &flow->remote));
	if (route && route->mtu)
		flow->mtu = (uint32_t)min_u64(flow->mtu, route->mtu);
	return 0;
}

int ip4_route(struct net_stack *stack, struct net_flow *flow)
{
	struct ip4 *ip = ip4_of(stack);
	uint32_t remote = net_address_ip4(&flow->remote);
	int error;

	if (flow->generation == stack->route_generation)
		return 0;
	if (remote == 0) { /* as Linux: this host */
		remote = 0x7f000001;
		flow->remote = net_address_of_ip4(remote);
	}
	if (ip4_is_local_address(ip, remote))
		error = route_to_self(stack, flow);
	else
		error = route_out(ip, flow, remote);
	if (!error)
		flow->generation = stack->route_generation;
	return error;
}
