/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv4's routes: RTM_GETROUTE, RTM_NEWROUTE, RTM_DELROUTE. The stack has one table, shown as "main"; that packets to its own addresses stay here, which needs no
 * routes in it, is shown as the table "local" that programs know.
 */
#include "kernel/net/ip4/ip4.h"
#include "kernel/net/netlink/netlink.h"

/* 127/8 is the host's own, and no way to anywhere. */
static bool is_own(const struct ip4_route *r)
{
	return r->is_connected && r->interface->flags & NET_IS_LOOPBACK;
}

static void describe(const struct ip4_route *r, struct netlink_route *route)
{
	*route = (struct netlink_route){
	    .family = LINUX_AF_INET, .prefix = (uint8_t)r->prefix, .protocol = r->is_connected ? LINUX_RTPROT_KERNEL : LINUX_RTPROT_BOOT,
	    .scope = r->gateway ? LINUX_RT_SCOPE_UNIVERSE : LINUX_RT_SCOPE_LINK, .type = LINUX_RTN_UNICAST, .table = LINUX_RT_TABLE_MAIN, .metric = r->metric,
	    .has_metric = r->metric, .mtu = r->mtu, .interface = r->interface, .has_gateway = r->gateway, .has_source = r->source,
	};
	wire_put32(route->destination, r->destination);
	wire_put32(route->gateway, r->gateway);
	wire_put32(route->source, r->source);
	if (!is_own(r))
		return;
	route->type = LINUX_RTN_LOCAL;
	route->scope = LINUX_RT_SCOPE_HOST;
	route->table = LINUX_RT_TABLE_LOCAL;
}

static void put_route(struct netlink_writer *writer, uint16_t type, const void *object)
{
	struct netlink_route route;

	describe(object, &route);
	netlink_put_route(writer, type, &route);
}

/* What follows from an address: itself, and the broadcast of its network. */
static void dump_own(struct netlink_request *request, const struct ip4_address *a)
{
	struct netlink_route route = {
	    .family = LINUX_AF_INET, .prefix = 32, .protocol = LINUX_RTPROT_KERNEL, .scope = LINUX_RT_SCOPE_HOST, .type = LINUX_RTN_LOCAL, .table = LINUX_RT_TABLE_LOCAL,
	    .interface = a->interface, .has_source = true,
	};

	wire_put32(route.destination, a->address);
	wire_put32(route.source, a->address);
	netlink_dump_route(request, &route);
	if (a->prefix > 30)
		return;
	wire_put32(route.destination, a->address | ~ip4_mask(a->prefix));
	route.type = LINUX_RTN_BROADCAST;
	route.scope = LINUX_RT_SCOPE_LINK;
	netlink_dump_route(request, &route);
}

static int dump_routes(struct netlink_request *request)
{
	const struct ip4_route *r;
	const struct ip4_address *a;
	struct netlink_route route;

	for (unsigned own = 0; own < 2; own++) {
		list_for_each(r, ip4_routes(request->stack), link) {
			if (is_own(r) != own || !(r->interface->flags & NET_IS_UP))
				continue;
			describe(r, &route);
			netlink_dump_route(request, &route);
		}
	}
	list_for_each(a, ip4_addresses(request->stack), link)
		if (a->interface->flags & NET_IS_UP)
			dump_own(request, a);
	return 0;
}

/* The interface of the network that the gateway is in. */
static struct net_interface *interface_of_gateway(struct net_stack *stack, uint32_t gateway)
{
	const struct ip4_route *r;

	list_for_each(r, ip4_routes(stack), link)
		if ((gateway & ip4_mask(r->prefix)) == r->destination && r->interface->flags & NET_IS_UP)
			return r->gateway ? NULL : r->interface;
	return NULL;
}

static int read_route(struct netlink_request *request, struct netlink_route *given, struct ip4_route *route)
{
	int error = netlink_get_route(request, given);

	if (error)
		return error;
	if (given->table && given->table != LINUX_RT_TABLE_MAIN)
		return -EOPNOTSUPP;
	*route = (struct ip4_route){
	    .destination = wire_get32(given->destination), .prefix = given->prefix, .gateway = given->has_gateway ? wire_get32(given->gateway) : 0,
	    .interface = given->interface, .metric = given->metric, .mtu = given->mtu, .source = given->has_source ? wire_get32(given->source) : 0,
	};
	return route->destination & ~ip4_mask(route->prefix) ? -EINVAL : 0;
}

/* The route of the same destination that a change is about; what is not given fits any. */
static struct ip4_route *find(struct net_stack *stack, const struct ip4_route *like, bool has_metric, bool by_way)
{
	struct ip4_route *r;

	list_for_each(r, ip4_routes(stack), link) {
		if (is_own(r) || r->destination != like->destination || r->prefix != like->prefix || (has_metric && r->metric != like->metric))
			continue;
		if (!by_way || ((!like->gateway || r->gateway == like->gateway) && (!like->interface || r->interface == like->interface)))
			return r;
	}
	return NULL;
}

static int replace_route(struct net_stack *stack, struct ip4_route *old, const struct ip4_route *route)
{
	const struct ip4_route saved = *old;
	int error;

	ip4_route_drop(stack, old);
	error = ip4_route_add(stack, route);
	if (error)
		(void)!ip4_route_add(stack, &saved);
	return error;
}

static int new_route(struct netlink_request *request)
{
	struct netlink_route given;
	struct ip4_route route, *old;
	int error = read_route(request, &given, &route);

	if (error)
		return error;
	if (given.type != LINUX_RTN_UNICAST && given.type != LINUX_RTN_UNSPEC)
		return -EOPNOTSUPP;
	if (!route.interface)
		route.interface = route.gateway ? interface_of_gateway(request->stack, route.gateway) : NULL;
	if (!route.interface)
		return route.gateway ? -ENETUNREACH : -ENODEV;
	if (!(route.interface->flags & NET_IS_UP))
		return -ENETDOWN;
	old = find(request->stack, &route, true, false);
	if (old && request->flags & LINUX_NLM_F_EXCL)
		return -EEXIST;
	if (!old && !(request->flags & LINUX_NLM_F_CREATE))
		return -ENOENT;
	return old && request->flags & LINUX_NLM_F_REPLACE ? replace_route(request->stack, old, &route) : ip4_route_add(request->stack, &route);
}

static int delete_route(struct netlink_request *request)
{
	struct netlink_route given;
	struct ip4_route like, *route;
	int error = read_route(request, &given, &like);

	if (error)
		return error;
	route = find(request->stack, &like, given.has_metric, true);
	if (!route)
		return -ESRCH;
	ip4_route_drop(request->stack, route);
	return 0;
}

static int dump_rules(struct netlink_request *request)
{
	netlink_put_rules(request, LINUX_AF_INET);
	return 0;
}

#define HANDLER .protocol = LINUX_NETLINK_ROUTE, .family = LINUX_AF_INET, .header_len = sizeof(struct linux_rtmsg)
NETLINK_HANDLER(route4_get) = {HANDLER, .type = LINUX_RTM_GETROUTE, .one = netlink_lookup_route, .all = dump_routes};
NETLINK_HANDLER(route4_new) = {HANDLER, .type = LINUX_RTM_NEWROUTE, .one = new_route};
NETLINK_HANDLER(route4_delete) = {HANDLER, .type = LINUX_RTM_DELROUTE, .one = delete_route};
NETLINK_HANDLER(rule4_get) = {HANDLER, .type = LINUX_RTM_GETRULE, .all = dump_rules};
NETLINK_NOTICE(route4) = {
    .object = NET_ROUTE, .version = NET_IP4, .group = LINUX_RTNLGRP_IPV4_ROUTE, .type_new = LINUX_RTM_NEWROUTE, .type_removed = LINUX_RTM_DELROUTE, .write = put_route,
};
