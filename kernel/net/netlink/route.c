/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages of routes, as both versions of IP use them, and of the rules that choose among tables. */
#include "kernel/net/netlink/netlink.h"

static void put_metrics(struct netlink_writer *writer, uint32_t mtu)
{
	size_t nest;

	if (!mtu)
		return;
	nest = netlink_nest(writer, LINUX_RTA_METRICS);
	netlink_put_u32(writer, LINUX_RTAX_MTU, mtu);
	netlink_unnest(writer, nest);
}

void netlink_put_route(struct netlink_writer *writer, uint16_t type, const struct netlink_route *route)
{
	static const uint32_t cache_info[8];
	size_t len = netlink_address_len(route->family);
	struct linux_rtmsg *body = netlink_begin(writer, type, sizeof(*body));

	*body = (struct linux_rtmsg){
	    .family = route->family, .dst_len = route->prefix, .table = (uint8_t)route->table, .protocol = route->protocol, .scope = route->scope,
	    .type = route->type, .flags = route->flags,
	};
	netlink_put_u32(writer, LINUX_RTA_TABLE, route->table);
	if (route->prefix)
		netlink_put(writer, LINUX_RTA_DST, route->destination, len);
	if (route->has_metric)
		netlink_put_u32(writer, LINUX_RTA_PRIORITY, route->metric);
	if (route->interface)
		netlink_put_u32(writer, LINUX_RTA_OIF, route->interface->index);
	if (route->has_source)
		netlink_put(writer, LINUX_RTA_PREFSRC, route->source, len);
	if (route->has_gateway)
		netlink_put(writer, LINUX_RTA_GATEWAY, route->gateway, len);
	put_metrics(writer, route->mtu);
	if (route->is_answer) {
		netlink_put_u32(writer, LINUX_RTA_UID, 0);
		netlink_put(writer, LINUX_RTA_CACHEINFO, cache_info, sizeof(cache_info));
	}
	netlink_end(writer);
}

/* An address if the attribute is there. */
static int get_bytes(const struct netlink_attribute *attribute, size_t len, uint8_t *to, bool *is_there)
{
	*is_there = attribute->data != NULL;
	if (!*is_there)
		return 0;
	if (attribute->len < len)
		return -EINVAL;
	memcpy(to, attribute->data, len);
	return 0;
}

static int get_metrics(const struct netlink_attribute *metrics, struct netlink_route *route)
{
	struct netlink_attribute table[LINUX_RTAX_MAX + 1];
	int error;

	if (!metrics->data)
		return 0;
	error = netlink_parse(metrics->data, metrics->len, table, LINUX_RTAX_MAX);
	if (!error)
		route->mtu = netlink_get_u32(&table[LINUX_RTAX_MTU], 0, &error);
	return error;
}

static int get_interface(const struct netlink_request *request, const struct netlink_attribute *attribute, struct netlink_route *route)
{
	int error = 0;
	uint32_t index = netlink_get_u32(attribute, 0, &error);

	if (error || !index)
		return error;
	route->interface = net_interface_by_index(request->stack, index);
	return route->interface ? 0 : -ENODEV;
}

int netlink_get_route(const struct netlink_request *request, struct netlink_route *route)
{
	struct netlink_attribute table[LINUX_RTA_MAX + 1];
	struct linux_rtmsg body;
	int error = netlink_read(request, &body, sizeof(body), table, LINUX_RTA_MAX);
	size_t len = netlink_address_len(body.family);
	bool has_destination = false;

	*route = (struct netlink_route){.family = body.family, .prefix = body.dst_len, .protocol = body.protocol, .scope = body.scope, .type = body.type, .flags = body.flags};
	if (error)
		return error;
	if (body.dst_len > len * 8 || body.src_len || table[LINUX_RTA_MULTIPATH].data)
		return body.dst_len > len * 8 ? -EINVAL : -EOPNOTSUPP;
	error = get_bytes(&table[LINUX_RTA_DST], len, route->destination, &has_destination);
	if (!error && !has_destination && body.dst_len)
		error = -EINVAL;
	if (!error)
		error = get_bytes(&table[LINUX_RTA_GATEWAY], len, route->gateway, &route->has_gateway);
	if (!error)
		error = get_bytes(&table[LINUX_RTA_PREFSRC], len, route->source, &route->has_source);
	if (!error)
		error = get_metrics(&table[LINUX_RTA_METRICS], route);
	route->has_metric = table[LINUX_RTA_PRIORITY].data != NULL;
	route->metric = netlink_get_u32(&table[LINUX_RTA_PRIORITY], 0, &error);
	route->table = netlink_get_u32(&table[LINUX_RTA_TABLE], body.table, &error);
	return error ? error : get_interface(request, &table[LINUX_RTA_OIF], route);
}

/* Without rules of a user's, Linux too says of what is local that it stands in "main". */
static void describe_way(const struct net_network *network, const struct net_flow *flow, struct netlink_route *route)
{
	bool is_local = network->is_local(flow->interface->stack, &flow->remote);
	uint8_t family = route->family;
	size_t len = netlink_address_len(family), at = 16 - len;

	*route = (struct netlink_route){
	    .family = family, .prefix = (uint8_t)(len * 8), .type = is_local ? LINUX_RTN_LOCAL : LINUX_RTN_UNICAST, .interface = flow->interface,
	    .table = LINUX_RT_TABLE_MAIN, .flags = LINUX_RTM_F_CLONED | (is_local ? (uint32_t)LINUX_RTCF_LOCAL : 0), .has_source = true, .is_answer = true,
	    .has_gateway = !net_address_equal(&flow->next_hop, &flow->remote),
	};
	memcpy(route->destination, flow->remote.byte + at, len);
	memcpy(route->gateway, flow->next_hop.byte + at, len);
	memcpy(route->source, flow->local.byte + at, len);
}

int netlink_lookup_route(struct netlink_request *request)
{
	struct netlink_route route;
	int error = netlink_get_route(request, &route);
	struct net_flow flow = {.remote = netlink_to_net_address(route.family, route.destination), .bound = route.interface, .is_broadcast_allowed = true};
	const struct net_network *network = net_network_of(request->stack, &flow.remote);

	if (error)
		return error;
	if (!network)
		return -EAFNOSUPPORT;
	error = network->route(request->stack, &flow);
	if (error)
		return error;
	describe_way(network, &flow, &route);
	netlink_put_route(request->reply, LINUX_RTM_NEWROUTE, &route);
	return 0;
}

void netlink_dump_route(struct netlink_request *request, const struct netlink_route *route)
{
	struct netlink_attribute table[LINUX_RTA_MAX + 1];
	struct linux_rtmsg body;
	int error = netlink_read(request, &body, sizeof(body), table, LINUX_RTA_MAX);
	uint32_t wanted_table, wanted_interface;

	if (!error && request->is_strict) {
		wanted_table = netlink_get_u32(&table[LINUX_RTA_TABLE], body.table, &error);
		wanted_interface = netlink_get_u32(&table[LINUX_RTA_OIF], 0, &error);
		if ((wanted_table && wanted_table != route->table) || (wanted_interface && wanted_interface != route->interface->index) ||
		    (body.protocol && body.protocol != route->protocol) || (body.type && body.type != route->type))
			return;
	}
	netlink_put_route(request->reply, LINUX_RTM_NEWROUTE, route);
}

static void put_rule(struct netlink_request *request, uint8_t family, uint8_t table, uint32_t priority)
{
	struct linux_fib_rule_hdr *body = netlink_begin(request->reply, LINUX_RTM_NEWRULE, sizeof(*body));

	*body = (struct linux_fib_rule_hdr){.family = family, .table = table, .action = LINUX_FR_ACT_TO_TBL};
	netlink_put_u32(request->reply, LINUX_FRA_TABLE, table);
	netlink_put_u32(request->reply, LINUX_FRA_SUPPRESS_PREFIXLEN, ~0u);
	netlink_put_u8(request->reply, LINUX_FRA_PROTOCOL, LINUX_RTPROT_KERNEL);
	if (priority)
		netlink_put_u32(request->reply, LINUX_FRA_PRIORITY, priority);
	netlink_end(request->reply);
}

void netlink_put_rules(struct netlink_request *request, uint8_t family)
{
	put_rule(request, family, LINUX_RT_TABLE_LOCAL, 0);
	put_rule(request, family, LINUX_RT_TABLE_MAIN, 32766);
	put_rule(request, family, LINUX_RT_TABLE_DEFAULT, 32767);
}
