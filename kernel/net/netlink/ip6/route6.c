/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6's routes: RTM_GETROUTE, RTM_NEWROUTE, RTM_DELROUTE. As with IPv4, that packets to our own addresses stay here is shown as the table "local". Routes
 * always have a metric: 1024, if nothing is said.
 */
#include "kernel/net/ip6/ip6.h"
#include "kernel/net/netlink/netlink.h"

enum { METRIC_DEFAULT = 1024 };

/* ::1/128 is ourselves, and no way to anywhere. */
static bool is_own(const struct ip6_route *r)
{
	return r->is_connected && r->interface->flags & NET_IS_LOOPBACK;
}

static void describe(const struct ip6_route *r, struct netlink_route *route)
{
	*route = (struct netlink_route){
	    .family = LINUX_AF_INET6, .prefix = (uint8_t)r->prefix, .protocol = r->is_advertised ? LINUX_RTPROT_RA : r->is_connected ? LINUX_RTPROT_KERNEL : LINUX_RTPROT_BOOT,
	    .scope = LINUX_RT_SCOPE_UNIVERSE, .type = LINUX_RTN_UNICAST, .table = LINUX_RT_TABLE_MAIN, .metric = r->metric, .has_metric = true, .mtu = r->mtu,
	    .interface = r->interface, .has_gateway = !ip6_is_unspecified(&r->gateway), .has_source = !r->is_connected && !ip6_is_unspecified(&r->source),
	};
	memcpy(route->destination, r->destination.byte, 16);
	memcpy(route->gateway, r->gateway.byte, 16);
	memcpy(route->source, r->source.byte, 16);
}

static void put_route(struct netlink_writer *writer, uint16_t type, const void *object)
{
	struct netlink_route route;

	if (is_own(object))
		return;
	describe(object, &route);
	netlink_put_route(writer, type, &route);
}

static void dump_own(struct netlink_request *request, const struct ip6_address *a)
{
	struct netlink_route route = {
	    .family = LINUX_AF_INET6, .prefix = 128, .protocol = LINUX_RTPROT_KERNEL, .scope = LINUX_RT_SCOPE_UNIVERSE, .type = LINUX_RTN_LOCAL, .table = LINUX_RT_TABLE_LOCAL,
	    .interface = a->interface, .has_metric = true,
	};

	memcpy(route.destination, a->address.byte, 16);
	netlink_dump_route(request, &route);
}

static int dump_routes(struct netlink_request *request)
{
	const struct ip6_route *r;
	const struct ip6_address *a;
	struct netlink_route route;

	list_for_each(r, ip6_routes(request->stack), link) {
		if (is_own(r) || !(r->interface->flags & NET_IS_UP))
			continue;
		describe(r, &route);
		netlink_dump_route(request, &route);
	}
	list_for_each(a, ip6_addresses(request->stack), link)
		if (a->interface->flags & NET_IS_UP && a->state != IP6_TENTATIVE && a->state != IP6_DUPLICATE)
			dump_own(request, a);
	return 0;
}

static int read_route(struct netlink_request *request, struct netlink_route *given, struct ip6_route *route)
{
	int error = netlink_get_route(request, given);

	if (error)
		return error;
	if (given->table && given->table != LINUX_RT_TABLE_MAIN)
		return -EOPNOTSUPP;
	*route = (struct ip6_route){
	    .destination = netlink_to_net_address(LINUX_AF_INET6, given->destination), .prefix = given->prefix, .interface = given->interface,
	    .gateway = netlink_to_net_address(LINUX_AF_INET6, given->gateway), .source = netlink_to_net_address(LINUX_AF_INET6, given->source),
	    .metric = given->metric ? given->metric : METRIC_DEFAULT, .mtu = given->mtu,
	};
	return 0;
}

/* The interface of the network that the gateway is in; link-local ones say nothing of it. */
static struct net_interface *interface_of_gateway(struct net_stack *stack, const struct net_address *gateway)
{
	const struct ip6_route *r;

	if (ip6_is_link_local(gateway))
		return NULL;
	list_for_each(r, ip6_routes(stack), link)
		if (ip6_prefix_equal(gateway, &r->destination, r->prefix) && r->interface->flags & NET_IS_UP)
			return ip6_is_unspecified(&r->gateway) ? r->interface : NULL;
	return NULL;
}

/* The route of the same destination that a change is about; what is not given fits any. */
static struct ip6_route *find(struct net_stack *stack, const struct ip6_route *like, bool has_metric, bool by_way)
{
	struct ip6_route *r;

	list_for_each(r, ip6_routes(stack), link) {
		if (is_own(r) || !net_address_equal(&r->destination, &like->destination) || r->prefix != like->prefix || (has_metric && r->metric != like->metric))
			continue;
		if (!by_way || ((ip6_is_unspecified(&like->gateway) || net_address_equal(&r->gateway, &like->gateway)) && (!like->interface || r->interface == like->interface)))
			return r;
	}
	return NULL;
}

static int replace_route(struct net_stack *stack, struct ip6_route *old, const struct ip6_route *route)
{
	const struct ip6_route saved = *old;
	int error;

	ip6_route_drop(stack, old);
	error = ip6_route_add(stack, route);
	if (error)
		(void)!ip6_route_add(stack, &saved);
	return error;
}

static int new_route(struct netlink_request *request)
{
	struct netlink_route given;
	struct ip6_route route, *old;
	int error = read_route(request, &given, &route);

	if (error)
		return error;
	if (given.type != LINUX_RTN_UNICAST && given.type != LINUX_RTN_UNSPEC)
		return -EOPNOTSUPP;
	if (!route.interface)
		route.interface = given.has_gateway ? interface_of_gateway(request->stack, &route.gateway) : NULL;
	if (!route.interface)
		return given.has_gateway ? -EHOSTUNREACH : -ENODEV;
	if (!(route.interface->flags & NET_IS_UP))
		return -ENETDOWN;
	old = find(request->stack, &route, true, false);
	if (old && request->flags & LINUX_NLM_F_EXCL)
		return -EEXIST;
	if (!old && !(request->flags & LINUX_NLM_F_CREATE))
		return -ENOENT;
	return old && request->flags & LINUX_NLM_F_REPLACE ? replace_route(request->stack, old, &route) : ip6_route_add(request->stack, &route);
}

static int delete_route(struct netlink_request *request)
{
	struct netlink_route given;
	struct ip6_route like, *route;
	int error = read_route(request, &given, &like);

	if (error)
		return error;
	route = find(request->stack, &like, given.has_metric, true);
	if (!route)
		return -ESRCH;
	ip6_route_drop(request->stack, route);
	return 0;
}

static int dump_rules(struct netlink_request *request)
{
	netlink_put_rules(request, LINUX_AF_INET6);
	return 0;
}

#define HANDLER .protocol = LINUX_NETLINK_ROUTE, .family = LINUX_AF_INET6, .header_len = sizeof(struct linux_rtmsg)
NETLINK_HANDLER(route6_get) = {HANDLER, .type = LINUX_RTM_GETROUTE, .one = netlink_lookup_route, .all = dump_routes};
NETLINK_HANDLER(route6_new) = {HANDLER, .type = LINUX_RTM_NEWROUTE, .one = new_route};
NETLINK_HANDLER(route6_delete) = {HANDLER, .type = LINUX_RTM_DELROUTE, .one = delete_route};
NETLINK_HANDLER(rule6_get) = {HANDLER, .type = LINUX_RTM_GETRULE, .all = dump_rules};
NETLINK_NOTICE(route6) = {
    .object = NET_ROUTE, .version = NET_IP6, .group = LINUX_RTNLGRP_IPV6_ROUTE, .type_new = LINUX_RTM_NEWROUTE, .type_removed = LINUX_RTM_DELROUTE, .write = put_route,
};
