/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv6 as a part of the stack: start and end, of it and of interfaces. */
#include "kernel/net/core/library.h"
#include "kernel/net/ip6/internal.h"

#define REASSEMBLY_TIME (60 * NET_SECOND) /* RFC 8200 §4.5 */
#define ASK_INTERVAL (4 * NET_SECOND)	  /* RFC 4861 §10 */
#define GATEWAY_METRIC 1024		  /* as that of routers that advertise themselves */

const struct net_address ip6_all_nodes = {.byte = {0xff, 2, [15] = 1}}, ip6_all_routers = {.byte = {0xff, 2, [15] = 2}};

static bool is_local(struct net_stack *stack, const struct net_address *address)
{
	return ip6_is_local_at(ip6_of(stack), NULL, address);
}

/* Something came to a port without a listener (RFC 4443 §3.1). */
static void refuse(struct net_stack *stack, struct net_packet *packet)
{
	ip6_icmp_error(ip6_of(stack), packet, ICMP6_UNREACHABLE, ICMP6_CODE_PORT, 0);
}

struct ip6_interface *ip6_interface_find(struct ip6 *ip, const struct net_interface *interface)
{
	struct ip6_interface *i;

	list_for_each(i, &ip->interfaces, link)
		if (i->interface == interface)
			return i;
	return NULL;
}

/* All that belongs to the interface and is not of the kinds that stay. */
static void drop_all(struct ip6 *ip, struct net_interface *interface, bool keeps_static)
{
	struct ip6_name_server *s, *next_server;
	struct ip6_address *a, *next_address;
	struct ip6_route *r, *next_route;

	list_for_each_safe(a, next_address, &ip->addresses, link)
		if (a->interface == interface && !(keeps_static && a->origin == IP6_STATIC))
			ip6_address_free(ip, a);
	list_for_each_safe(r, next_route, &ip->routes, link)
		if (r->interface == interface && !(keeps_static && !r->is_advertised))
			ip6_route_free(ip, r);
	list_for_each_safe(s, next_server, &ip->name_servers, link) {
		if (s->interface == interface) {
			list_remove(&s->link);
			net_free(ip->stack, s);
			ip6_tell(ip, IP6_NAME_SERVERS_CHANGED, interface, NULL);
		}
	}
}

void ip6_interface_down(struct net_interface *interface)
{
	struct ip6 *ip = ip6_of(interface->stack);
	struct ip6_interface *i = ip6_interface_find(ip, interface);

	if (!i)
		return;
	drop_all(ip, interface, true);
	net_timer_cancel(ip->stack, &i->ask_timer);
	list_remove(&i->link);
	net_free(ip->stack, i);
	ip6_lifetimes_update(ip);
}

static void detach(struct net_interface *interface)
{
	ip6_interface_down(interface);
	drop_all(ip6_of(interface->stack), interface, false);
	net_groups_forget(interface, NET_IP6);
	ip6_lifetimes_update(ip6_of(interface->stack));
}

/* RFC 8200 §4.5: told only if the first part has come, since without it nobody knows what it was. */
static void reassembly_expired(struct net_stack *stack, struct net_packet *first)
{
	ip6_icmp_error(ip6_of(stack), first, ICMP6_TIME_EXCEEDED, ICMP6_CODE_REASSEMBLY, 0);
}

static void lifetime_is_over(struct net_timer *timer)
{
	ip6_lifetimes_update(container_of(timer, struct ip6, lifetime_timer));
}

static int make_first_address(struct ip6 *ip, struct net_interface *interface)
{
	static const struct net_address link_local = {.byte = {0xfe, 0x80}};
	struct ip6_address a = {.interface = interface, .prefix = 64, .origin = IP6_LINK_LOCAL, .valid_until_ns = NET_NEVER, .preferred_until_ns = NET_NEVER};

	if (interface->flags & NET_IS_LOOPBACK) {
		a.address.byte[15] = 1;
		a.prefix = 128;
	} else if (interface->link_ops->learn) {
		a.address = ip6_of_hardware(&link_local, interface->hardware);
	} else {
		return 0; /* without a hardware address there is none to make one of */
	}
	return ip6_address_make(ip, &a, 0);
}

int ip6_interface_up(struct net_interface *interface)
{
	struct ip6 *ip = ip6_of(interface->stack);
	struct ip6_interface *i;
	int error;

	if (ip6_interface_find(ip, interface))
		return 0;
	if (interface->mtu < IP6_MTU_MIN)
		return -EINVAL;
	i = net_alloc_zero(ip->stack, sizeof(*i));
	if (!i)
		return -ENOMEM;
	*i = (struct ip6_interface){.ip = ip, .interface = interface, .ask_interval_ns = ASK_INTERVAL, .ask_timer.fire = ip6_router_ask};
	list_push_back(&ip->interfaces, &i->link);
	error = make_first_address(ip, interface);
	if (error && error != -EEXIST) {
		ip6_interface_down(interface);
		return error;
	}
	if (!(interface->flags & NET_IS_LOOPBACK) && interface->flags & NET_HAS_MULTICAST)
		ip6_router_ask(&i->ask_timer);
	return 0;
}

/* The link is there (again): who is at it may be others than before. */
static void up(struct net_interface *interface)
{
	struct ip6_interface *i = ip6_interface_find(ip6_of(interface->stack), interface);

	if (!i) {
		(void)ip6_interface_up(interface);
	} else if (interface->flags & NET_HAS_MULTICAST && !(interface->flags & NET_IS_LOOPBACK)) {
		i->ask_interval_ns = ASK_INTERVAL;
		ip6_router_ask(&i->ask_timer);
	}
}

/* An address that was told is used at once, though it is probed: a server's start does not wait. */
static int configure(struct net_interface *interface, const struct net_address *address, unsigned prefix, const struct net_address *gateway)
{
	int error = ip6_address_add(interface->stack, interface, address, prefix, IP6_USE_MEANWHILE);
	struct ip6_route route = {.interface = interface, .metric = GATEWAY_METRIC};

	if (error || !gateway)
		return error;
	route.gateway = *gateway;
	return ip6_route_add(interface->stack, &route);
}

/* Those of the link mean nothing without it, and old ones are for nobody new. */
static bool address_at(const struct net_interface *interface, unsigned i, struct net_address *address)
{
	struct ip6_address *a;

	list_for_each(a, &ip6_of(interface->stack)->addresses, link) {
		if (a->interface != interface || !ip6_is_usable(a) || a->state == IP6_DEPRECATED || ip6_is_link_local(&a->address) || i-- != 0)
			continue;
		*address = a->address;
		return true;
	}
	return false;
}

static const struct net_network network = {
	.header_len = IP6_HEADER, .ethertype = NET_ETHERTYPE_IP6, .tso_offload = NET_OFFLOAD_TSO6, .route = ip6_route, .send = ip6_send,
	.is_local = is_local, .input = ip6_input, .refuse = refuse, .give_up = ip6_give_up, .detach = detach, .ask = ip6_ask,
	.up = up, .configure = configure, .address_at = address_at,
};

int ip6_init(struct net_stack *stack)
{
	struct ip6 *ip = net_alloc_zero(stack, sizeof(*ip));

	if (!ip)
		return -ENOMEM;
	ip->stack = stack;
	list_init(&ip->addresses);
	list_init(&ip->routes);
	list_init(&ip->interfaces);
	list_init(&ip->name_servers);
	net_paths_init(&ip->paths);
	net_reassembler_init(stack, &ip->reassembler, REASSEMBLY_TIME);
	ip->reassembler.expired = reassembly_expired;
	ip->lifetime_timer.fire = lifetime_is_over;
	stack->module[NET_MODULE_IP6] = ip;
	stack->report_group[NET_IP6] = ip6_mld_report;
	net_network_add(stack, NET_IP6, &network);
	return 0;
}

void ip6_fini(struct net_stack *stack)
{
	struct ip6 *ip = ip6_of(stack);
	struct net_interface *interface;

	if (!ip)
		return;
	list_for_each(interface, &stack->interfaces, link)
		detach(interface);
	net_reassembler_fini(&ip->reassembler);
	net_paths_fini(stack, &ip->paths);
	net_timer_cancel(stack, &ip->lifetime_timer);
	stack->report_group[NET_IP6] = NULL;
	net_network_add(stack, NET_IP6, NULL);
	stack->module[NET_MODULE_IP6] = NULL;
	net_free(stack, ip);
}

void ip6_set_event(struct net_stack *stack, ip6_event_fn *event, void *owner)
{
	ip6_of(stack)->event = event;
	ip6_of(stack)->owner = owner;
}

static struct net_interface *interface_for_group(struct ip6 *ip, struct net_interface *interface, const struct net_address *group)
{
	struct net_flow flow = {.remote = *group};

	if (interface)
		return interface;
	return ip6_route(ip->stack, &flow) ? NULL : flow.interface;
}

int ip6_group_join(struct net_stack *stack, struct net_interface *interface, const struct net_address *group)
{
	if (!ip6_is_multicast(group))
		return -EINVAL;
	interface = interface_for_group(ip6_of(stack), interface, group);
	return interface ? net_group_join(interface, group) : -ENODEV;
}

int ip6_group_leave(struct net_stack *stack, struct net_interface *interface, const struct net_address *group)
{
	interface = interface_for_group(ip6_of(stack), interface, group);
	return interface ? net_group_leave(interface, group) : -EADDRNOTAVAIL;
}

NET_LIBRARY(ip6) = {.name = "ip6", .order = NET_ORDER_NETWORK, .init = ip6_init};
