/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses from their probe to their end (RFC 4862 §5.4, §5.5.4). */
#include "kernel/net/ip6/internal.h"

/* §5.4.2 allows up to a second before the first probe; a machine's start does not wait that long. */
#define PROBE_DELAY_MAX (100 * NET_MILLISECOND)
#define PROBE_TIME NET_SECOND
#define CONNECTED_METRIC 256 /* Linux's */

struct ip6_address *ip6_address_find(struct ip6 *ip, const struct net_interface *interface, const struct net_address *address)
{
	struct ip6_address *a;

	list_for_each(a, &ip->addresses, link)
		if (net_address_equal(&a->address, address) && (!interface || a->interface == interface))
			return a;
	return NULL;
}

bool ip6_is_local_at(struct ip6 *ip, const struct net_interface *interface, const struct net_address *address)
{
	bool is_any = !interface || interface->flags & NET_IS_LOOPBACK || !ip6_is_link_local(address);
	struct ip6_address *a;

	list_for_each(a, &ip->addresses, link)
		if (net_address_equal(&a->address, address) && ip6_is_usable(a) && (is_any || a->interface == interface))
			return true;
	return false;
}

struct ip6_address *ip6_link_local(struct ip6 *ip, const struct net_interface *interface)
{
	struct ip6_address *a;

	list_for_each(a, &ip->addresses, link)
		if (a->interface == interface && ip6_is_link_local(&a->address) && ip6_is_usable(a))
			return a;
	return NULL;
}

/* RFC 4291 §2.7.1 */
struct net_address ip6_solicited_node(const struct net_address *address)
{
	struct net_address group = {.byte = {0xff, 2, [11] = 1, 0xff}};

	memcpy(group.byte + 13, address->byte + 13, 3);
	return group;
}

/* The interface identifier of RFC 4291, appendix A. */
struct net_address ip6_of_hardware(const struct net_address *prefix, const uint8_t hardware[6])
{
	struct net_address address = *prefix;

	memcpy(address.byte + 8, hardware, 3);
	memcpy(address.byte + 11, "\xff\xfe", 2);
	memcpy(address.byte + 13, hardware + 3, 3);
	address.byte[8] ^= 2;
	return address;
}

static struct net_address prefix_of(const struct ip6_address *a)
{
	struct net_address prefix = a->address;

	for (unsigned i = 0; i < 16; i++)
		prefix.byte[i] &= (uint8_t)~(0xff >> (a->prefix > i * 8 ? min_u64(a->prefix - i * 8, 8) : 0));
	return prefix;
}

static bool has_network(const struct ip6_address *a)
{
	return a->prefix < 128 && a->origin != IP6_ADVERTISED; /* whether an advertised prefix is on the link, its router tells */
}

static int connect_network(struct ip6 *ip, const struct ip6_address *a)
{
	struct ip6_route route = {.destination = prefix_of(a), .prefix = a->prefix, .interface = a->interface, .metric = CONNECTED_METRIC, .is_connected = true};
	int error = has_network(a) ? ip6_route_add(ip->stack, &route) : 0;

	return error == -EEXIST ? 0 : error;
}

/* The network stays as long as another address is on it. */
static void disconnect_network(struct ip6 *ip, const struct ip6_address *gone)
{
	struct ip6_route *r, *next;
	struct ip6_address *a;

	list_for_each(a, &ip->addresses, link)
		if (a != gone && a->interface == gone->interface && has_network(a) && a->prefix == gone->prefix &&
		    ip6_prefix_equal(&a->address, &gone->address, a->prefix))
			return;
	list_for_each_safe(r, next, &ip->routes, link)
		if (r->is_connected && r->interface == gone->interface && r->prefix == gone->prefix &&
		    ip6_prefix_equal(&r->destination, &gone->address, r->prefix))
			ip6_route_free(ip, r);
}

void ip6_address_free(struct ip6 *ip, struct ip6_address *address)
{
	struct net_address group = ip6_solicited_node(&address->address);

	if (has_network(address))
		disconnect_network(ip, address);
	if (!(address->interface->flags & NET_IS_LOOPBACK))
		(void)net_group_leave(address->interface, &group);
	net_timer_cancel(ip->stack, &address->probe_timer);
	list_remove(&address->link);
	ip6_tell(ip, IP6_ADDRESS_REMOVED, address->interface, address);
	net_free(ip->stack, address);
}

static void become_usable(struct ip6 *ip, struct ip6_address *a)
{
	a->state = a->preferred_until_ns > ip->stack->now_ns ? IP6_PREFERRED : IP6_DEPRECATED;
	ip6_tell(ip, IP6_ADDRESS_CHANGED, a->interface, a);
}

/* First the probe is due, then its time is over: nobody has answered. */
static void probe(struct net_timer *timer)
{
	struct ip6_address *a = container_of(timer, struct ip6_address, probe_timer);
	struct ip6 *ip = ip6_of(a->interface->stack);

	if (a->is_probe_sent) {
		become_usable(ip, a);
		return;
	}
	a->is_probe_sent = true;
	ip6_probe(ip, a);
	net_timer_set(ip->stack, timer, ip->stack->now_ns + PROBE_TIME);
}

void ip6_address_duplicate(struct ip6 *ip, struct ip6_address *address)
{
	net_count(ip->stack, NET_COUNT_ND_DUPLICATE);
	net_timer_cancel(ip->stack, &address->probe_timer);
	address->state = IP6_DUPLICATE;
	ip6_tell(ip, IP6_ADDRESS_CHANGED, address->interface, address);
}

static void start(struct ip6 *ip, struct ip6_address *a, bool is_probed)
{
	ip6_tell(ip, IP6_ADDRESS_ADDED, a->interface, a);
	if (is_probed && a->interface->flags & NET_HAS_MULTICAST && !(a->interface->flags & NET_IS_LOOPBACK))
		net_timer_set(ip->stack, &a->probe_timer, ip->stack->now_ns + 1 + ip->stack->environment->random() % PROBE_DELAY_MAX);
	else
		become_usable(ip, a);
}

int ip6_address_make(struct ip6 *ip, const struct ip6_address *like, unsigned flags)
{
	struct net_address group = ip6_solicited_node(&like->address);
	struct ip6_address *a;
	int error;

	if (ip6_address_find(ip, like->interface, &like->address))
		return -EEXIST;
	a = net_alloc(ip->stack, sizeof(*a));
	if (!a)
		return -ENOMEM;
	*a = *like;
	a->state = flags & IP6_USE_MEANWHILE ? IP6_OPTIMISTIC : IP6_TENTATIVE;
	a->probe_timer.fire = probe;
	error = connect_network(ip, a);
	if (!error && !(a->interface->flags & NET_IS_LOOPBACK))
		error = net_group_join(a->interface, &group);
	if (error) {
		if (has_network(a))
			disconnect_network(ip, a);
		net_free(ip->stack, a);
		return error;
	}
	list_push_back(&ip->addresses, &a->link);
	start(ip, a, !(flags & IP6_NO_PROBE));
	return 0;
}

int ip6_address_add(struct net_stack *stack, struct net_interface *interface, const struct net_address *address, unsigned prefix, unsigned flags)
{
	struct ip6_address a = {.interface = interface, .address = *address, .prefix = prefix, .origin = IP6_STATIC, .valid_until_ns = NET_NEVER,
				.preferred_until_ns = NET_NEVER};

	if (prefix > 128 || ip6_is_unspecified(address) || ip6_is_multicast(address) || net_address_is_ip4(address))
		return -EINVAL;
	return ip6_address_make(ip6_of(stack), &a, flags);
}

int ip6_address_remove(struct net_stack *stack, struct net_interface *interface, const struct net_address *address)
{
	struct ip6_address *a = ip6_address_find(ip6_of(stack), interface, address);

	if (!a)
		return -EADDRNOTAVAIL;
	ip6_address_free(ip6_of(stack), a);
	return 0;
}

const struct list *ip6_addresses(struct net_stack *stack)
{
	return &ip6_of(stack)->addresses;
}

const struct list *ip6_routes(struct net_stack *stack)
{
	return &ip6_of(stack)->routes;
}

const struct list *ip6_name_servers(struct net_stack *stack)
{
	return &ip6_of(stack)->name_servers;
}
