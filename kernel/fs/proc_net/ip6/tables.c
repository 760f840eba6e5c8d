/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/net/if_inet6 and ipv6_route (proc(5)); and that IPv6 is there, in /proc/sys/net. Each line is copied in a turn of its own, then printed. */
#include "kernel/fs/proc/proc.h"
#include "kernel/net/ip6/ip6.h"
#include "kernel/net/system/system.h"

enum { FLAG_TENTATIVE = 0x40, FLAG_DEPRECATED = 0x20, FLAG_DUPLICATE = 8, FLAG_OPTIMISTIC = 4, FLAG_PERMANENT = 0x80 }; /* IFA_F_* */
enum { ROUTE_UP = 1, ROUTE_GATEWAY = 2, ROUTE_HOST = 4, ROUTE_ADVERTISED = 0x40000 | 0x10000 };

struct line {
	char name[16];
	unsigned index;
	union {
		struct ip6_address address;
		struct ip6_route route;
	};
};

static void print_address(struct proc_text *to, const struct net_address *a)
{
	for (unsigned i = 0; i < sizeof(a->byte); i++)
		proc_print(to, "%02x", a->byte[i]);
}

static bool address_at(unsigned position, struct line *line)
{
	struct net_stack *stack = net_enter();
	const struct ip6_address *a;
	bool found = false;

	list_for_each(a, ip6_addresses(stack), link) {
		if (position-- != 0)
			continue;
		line->address = *a;
		line->index = a->interface->index;
		memcpy(line->name, a->interface->name, sizeof(line->name));
		found = true;
		break;
	}
	net_leave();
	return found;
}

static unsigned scope_shown(const struct net_address *a)
{
	unsigned scope = ip6_scope(a);

	return ip6_is_loopback(a) ? 0x10 : scope == 2 ? 0x20 : scope == 5 ? 0x40 : 0;
}

static unsigned flags_shown(const struct ip6_address *a)
{
	static const uint8_t of_state[] = {[IP6_TENTATIVE] = FLAG_TENTATIVE, [IP6_OPTIMISTIC] = FLAG_TENTATIVE | FLAG_OPTIMISTIC, [IP6_PREFERRED] = 0,
					   [IP6_DEPRECATED] = FLAG_DEPRECATED, [IP6_DUPLICATE] = FLAG_TENTATIVE | FLAG_DUPLICATE};

	return of_state[a->state] | (a->valid_until_ns == NET_NEVER ? FLAG_PERMANENT : 0u);
}

static void show_addresses(struct proc_text *to)
{
	struct line line;

	for (unsigned i = 0; address_at(i, &line); i++) {
		print_address(to, &line.address.address);
		proc_print(to, " %02x %02x %02x %02x %8s\n", line.index, line.address.prefix, scope_shown(&line.address.address), flags_shown(&line.address),
		    line.name);
	}
}
PROC_FILE(net_if_inet6) = {.path = "PID/net/if_inet6", .mode = 0444, .show = show_addresses};

static bool route_at(unsigned position, struct line *line)
{
	struct net_stack *stack = net_enter();
	const struct ip6_route *r;
	bool found = false;

	list_for_each(r, ip6_routes(stack), link) {
		if (position-- != 0)
			continue;
		line->route = *r;
		memcpy(line->name, r->interface->name, sizeof(line->name));
		found = true;
		break;
	}
	net_leave();
	return found;
}

static void show_routes(struct proc_text *to)
{
	static const struct net_address none;
	struct line line;

	for (unsigned i = 0; route_at(i, &line); i++) {
		const struct ip6_route *r = &line.route;
		unsigned flags = ROUTE_UP | (ip6_is_unspecified(&r->gateway) ? 0u : ROUTE_GATEWAY) | (r->prefix == 128 ? ROUTE_HOST : 0u) |
				 (r->is_advertised ? ROUTE_ADVERTISED : 0u);

		print_address(to, &r->destination);
		proc_print(to, " %02x ", r->prefix);
		print_address(to, &none);
		proc_print(to, " 00 ");
		print_address(to, &r->gateway);
		proc_print(to, " %08x %08x %08x %08x %8s\n", r->metric, 1, 0, flags, line.name);
	}
}
PROC_FILE(net_ipv6_route) = {.path = "PID/net/ipv6_route", .mode = 0444, .show = show_routes};

static void show_zero(struct proc_text *to)
{
	proc_print(to, "0\n");
}
PROC_FILE(sys_net_disable_ipv6) = {.path = "sys/net/ipv6/conf/all/disable_ipv6", .mode = 0444, .show = show_zero};
PROC_FILE(sys_net_disable_ipv6_default) = {.path = "sys/net/ipv6/conf/default/disable_ipv6", .mode = 0444, .show = show_zero};
PROC_FILE(sys_net_bindv6only) = {.path = "sys/net/ipv6/bindv6only", .mode = 0444, .show = show_zero};
