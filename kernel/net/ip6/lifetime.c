/* SPDX-License-Identifier: BSD-3-Clause */
/* The end of what routers told only for a while: one timer for the next of all. */
#include "kernel/net/ip6/internal.h"

/* Passes the end; the next one of this address. */
static uint64_t update_address(struct ip6 *ip, struct ip6_address *a)
{
	bool is_preferred = a->preferred_until_ns > ip->stack->now_ns;

	if (ip6_is_usable(a) && !ip6_is_probing(a) && is_preferred != (a->state == IP6_PREFERRED)) {
		a->state = is_preferred ? IP6_PREFERRED : IP6_DEPRECATED;
		ip6_tell(ip, IP6_ADDRESS_CHANGED, a->interface, a);
	}
	return is_preferred ? min_u64(a->preferred_until_ns, a->valid_until_ns) : a->valid_until_ns;
}

static uint64_t update_addresses(struct ip6 *ip, uint64_t next)
{
	struct ip6_address *a, *after;

	list_for_each_safe(a, after, &ip->addresses, link) {
		if (a->valid_until_ns <= ip->stack->now_ns)
			ip6_address_free(ip, a);
		else
			next = min_u64(next, update_address(ip, a));
	}
	return next;
}

static uint64_t update_routes(struct ip6 *ip, uint64_t next)
{
	struct ip6_route *r, *after;

	list_for_each_safe(r, after, &ip->routes, link) {
		if (r->until_ns <= ip->stack->now_ns)
			ip6_route_free(ip, r);
		else
			next = min_u64(next, r->until_ns);
	}
	return next;
}

static uint64_t update_name_servers(struct ip6 *ip, uint64_t next)
{
	struct ip6_name_server *s, *after;

	list_for_each_safe(s, after, &ip->name_servers, link) {
		if (s->until_ns > ip->stack->now_ns) {
			next = min_u64(next, s->until_ns);
			continue;
		}
		list_remove(&s->link);
		ip6_tell(ip, IP6_NAME_SERVERS_CHANGED, s->interface, NULL);
		net_free(ip->stack, s);
	}
	return next;
}

void ip6_lifetimes_update(struct ip6 *ip)
{
	uint64_t next = update_name_servers(ip, update_routes(ip, update_addresses(ip, NET_NEVER)));

	if (next == NET_NEVER)
		net_timer_cancel(ip->stack, &ip->lifetime_timer);
	else
		net_timer_set(ip->stack, &ip->lifetime_timer, next);
}
