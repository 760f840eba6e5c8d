/* SPDX-License-Identifier: BSD-3-Clause */
/* Which way to a destination: longest prefix, lowest metric, a router that answers. A host, not a router: nothing is forwarded. */
#include "kernel/net/ip6/internal.h"

/* RFC 4861 §6.3.4: a router may tell less than the link has. */
uint32_t ip6_mtu(struct ip6 *ip, const struct net_interface *interface)
{
	const struct ip6_interface *i = ip6_interface_find(ip, interface);

	return i && i->mtu ? (uint32_t)min_u64(i->mtu, interface->mtu) : interface->mtu;
}

static bool is_usable(const struct ip6_route *route, const struct net_address *destination, const struct net_interface *bound)
{
	return ip6_prefix_equal(destination, &route->destination, route->prefix) && (!bound || route->interface == bound) &&
	       route->interface->flags & NET_IS_UP;
}

static bool is_silent(const struct ip6_route *route)
{
	const struct net_link *link = route->interface->link_ops;

	return !ip6_is_unspecified(&route->gateway) && link->is_silent && link->is_silent(route->interface, &route->gateway);
}

/* A router that does not answer is only asked again if there is no other for as long a prefix (RFC 4861 §6.3.6). */
struct ip6_route *ip6_route_find(struct ip6 *ip, const struct net_address *destination, const struct net_interface *bound)
{
	struct ip6_route *route, *silent = NULL;

	list_for_each(route, &ip->routes, link) {
		if (!is_usable(route, destination, bound))
			continue;
		if (silent && route->prefix < silent->prefix)
			break;
		if (!is_silent(route))
			return route;
		if (!silent)
			silent = route;
	}
	return silent;
}

static bool goes_before(const struct ip6_route *a, const struct ip6_route *b)
{
	if (a->prefix != b->prefix)
		return a->prefix > b->prefix;
	return a->metric != b->metric ? a->metric < b->metric : a->preference > b->preference;
}

static bool is_same(const struct ip6_route *a, const struct ip6_route *b)
{
	return net_address_equal(&a->destination, &b->destination) && a->prefix == b->prefix && a->metric == b->metric &&
	       a->interface == b->interface && net_address_equal(&a->gateway, &b->gateway);
}

static bool is_gateway_near(struct ip6 *ip, const struct ip6_route *route)
{
	struct ip6_route *r;

	if (ip6_is_unspecified(&route->gateway) || ip6_is_link_local(&route->gateway))
		return true;
	r = ip6_route_find(ip, &route->gateway, route->interface);
	return r && ip6_is_unspecified(&r->gateway);
}

static bool has_bits_behind(const struct net_address *a, unsigned prefix)
{
	for (unsigned i = 0; i < 16; i++) {
		unsigned kept = prefix > i * 8 ? (unsigned)min_u64(prefix - i * 8, 8) : 0;

		if (a->byte[i] & 0xff >> kept)
			return true;
	}
	return false;
}

int ip6_route_add(struct net_stack *stack, const struct ip6_route *route)
{
	struct ip6 *ip = ip6_of(stack);
	struct list *before = &ip->routes;
	struct ip6_route *r, *copy;

	if (route->prefix > 128 || !route->interface || has_bits_behind(&route->destination, route->prefix))
		return -EINVAL;
	if (!is_gateway_near(ip, route))
		return -ENETUNREACH;
	list_for_each(r, &ip->routes, link) {
		if (is_same(r, route))
			return -EEXIST;
		if (before == &ip->routes && goes_before(route, r))
			before = &r->link;
	}
	copy = net_alloc(stack, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	*copy = *route;
	if (!copy->until_ns)
		copy->until_ns = NET_NEVER;
	list_push_back(before, &copy->link);
	ip6_tell(ip, IP6_ROUTES_CHANGED, route->interface, NULL);
	net_tell(stack, NET_ROUTE, NET_IP6, copy, false);
	return 0;
}

void ip6_route_free(struct ip6 *ip, struct ip6_route *route)
{
	struct net_interface *interface = route->interface;

	net_tell(ip->stack, NET_ROUTE, NET_IP6, route, true);
	list_remove(&route->link);
	net_free(ip->stack, route);
	ip6_tell(ip, IP6_ROUTES_CHANGED, interface, NULL);
}

void ip6_route_drop(struct net_stack *stack, struct ip6_route *route)
{
	ip6_route_free(ip6_of(stack), route);
}

int ip6_route_remove(struct net_stack *stack, const struct net_address *destination, unsigned prefix, const struct net_address *gateway)
{
	struct ip6_route *r, *next;

	list_for_each_safe(r, next, &ip6_of(stack)->routes, link) {
		if (!net_address_equal(&r->destination, destination) || r->prefix != prefix || (gateway && !net_address_equal(&r->gateway, gateway)))
			continue;
		ip6_route_free(ip6_of(stack), r);
		return 0;
	}
	return -ESRCH;
}

static int route_to_self(struct net_stack *stack, struct net_flow *flow)
{
	flow->interface = net_loopback_find(stack);
	if (!flow->interface)
		return -ENETUNREACH;
	if (net_address_is_any(&flow->local))
		flow->local = flow->remote;
	flow->next_hop = flow->remote;
	flow->mtu = flow->interface->mtu;
	return 0;
}

/* What has no route of its own: a link's neighbours, and groups, where the interface is told, or follows from our address. */
static struct net_interface *interface_without_route(struct ip6 *ip, const struct net_flow *flow)
{
	const struct ip6_address *a;
	struct net_interface *i;

	if (flow->bound)
		return flow->bound;
	a = net_address_is_any(&flow->local) ? NULL : ip6_address_find(ip, NULL, &flow->local);
	if (a)
		return a->interface;
	if (!ip6_is_multicast(&flow->remote))
		return NULL;
	list_for_each(i, &ip->stack->interfaces, link)
		if (i->flags & NET_IS_UP && i->flags & NET_HAS_MULTICAST && !(i->flags & NET_IS_LOOPBACK))
			return i;
	return NULL;
}

static int find_interface(struct ip6 *ip, struct net_flow *flow, const struct ip6_route **route)
{
	bool is_group = ip6_is_multicast(&flow->remote), is_near = is_group || ip6_is_link_local(&flow->remote);

	*route = is_near && !is_group ? NULL : ip6_route_find(ip, &flow->remote, flow->bound);
	if (is_group && *route && (*route)->prefix == 0)
		*route = NULL; /* the way to routers is none to groups */
	flow->interface = *route ? (*route)->interface : is_near ? interface_without_route(ip, flow) : NULL;
	if (!flow->interface)
		return ip6_is_link_local(&flow->remote) ? -EINVAL : -ENETUNREACH;
	return flow->interface->flags & NET_IS_UP ? 0 : -ENETUNREACH;
}

static int route_out(struct ip6 *ip, struct net_flow *flow)
{
	const struct ip6_address *source;
	const struct ip6_route *route;
	int error = find_interface(ip, flow, &route);

	if (error)
		return error;
	if (net_address_is_any(&flow->local)) {
		source = route && !ip6_is_unspecified(&route->source) ? ip6_address_find(ip, NULL, &route->source) : NULL;
		if (!source || !ip6_is_usable(source))
			source = ip6_choose_source(ip, flow->interface, &flow->remote);
		if (!source)
			return -EADDRNOTAVAIL;
		flow->local = source->address;
	}
	flow->next_hop = route && !ip6_is_unspecified(&route->gateway) && !ip6_is_multicast(&flow->remote) ? route->gateway : flow->remote;
	flow->mtu = (uint32_t)min_u64(ip6_mtu(ip, flow->interface), net_path_mtu(ip->stack, &ip->paths, &flow->remote));
	if (route && route->mtu)
		flow->mtu = (uint32_t)min_u64(flow->mtu, route->mtu);
	return 0;
}

int ip6_route(struct net_stack *stack, struct net_flow *flow)
{
	static const struct net_address self = {.byte = {[15] = 1}};
	struct ip6 *ip = ip6_of(stack);
	int error;

	if (flow->generation == stack->route_generation)
		return 0;
	if (ip6_is_unspecified(&flow->remote)) /* as Linux: this host */
		flow->remote = self;
	if (ip6_is_local_at(ip, flow->bound, &flow->remote))
		error = route_to_self(stack, flow);
	else
		error = ip6_is_loopback(&flow->remote) ? -ENETUNREACH : route_out(ip, flow);
	if (!error)
		flow->generation = stack->route_generation;
	return error;
}
