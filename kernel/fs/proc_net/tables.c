/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /proc/net/dev, route, arp, if_inet6, pnp (proc(5)). Printing allocates, which is no work for a turn of the stack: each line's contents are copied
 * first, one turn a line; so a table that changes meanwhile may be seen as partly old.
 */
#include "kernel/fs/proc/proc.h"
#include "kernel/net/core/address_text.h"
#include "kernel/net/ethernet/ethernet.h"
#include "kernel/net/ip4/ip4.h"
#include "kernel/net/core/interface_flags.h"
#include "kernel/net/system/system.h"

static struct net_interface *interface_at(struct net_stack *stack, unsigned position)
{
	struct net_interface *interface;

	list_for_each(interface, &stack->interfaces, link)
		if (position-- == 0)
			return interface;
	return NULL;
}

/* ---- dev ---- */

static void show_dev(struct proc_text *to)
{
	proc_print(to, "Inter-|   Receive                                                |  Transmit\n"
		       " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n");
	for (unsigned i = 0;; i++) {
		struct net_interface *interface = interface_at(net_enter(), i);
		struct net_interface_count c;
		char name[16];

		if (interface) {
			c = interface->count;
			memcpy(name, interface->name, sizeof(name));
		}
		net_leave();
		if (!interface)
			return;
		proc_print(to, "%6s: %7llu %7llu %4llu %4llu    0     0          0         0 %8llu %7llu %4llu %4llu    0     0       0          0\n", name,
		    (unsigned long long)c.bytes_in, (unsigned long long)c.packets_in, (unsigned long long)c.errors_in, (unsigned long long)c.drops_in,
		    (unsigned long long)c.bytes_out, (unsigned long long)c.packets_out, (unsigned long long)c.errors_out, (unsigned long long)c.drops_out);
	}
}
PROC_FILE(net_dev) = {.path = "PID/net/dev", .mode = 0444, .show = show_dev};

/* ---- route ---- */

struct route_line {
	struct ip4_route route;
	char name[16];
	bool is_up;
};

/* The i-th that Linux shows here: those of the loopback network are in a table of their own. */
static bool route_at(unsigned position, struct route_line *line)
{
	struct net_stack *stack = net_enter();
	struct ip4_route *r;
	bool found = false;

	list_for_each(r, ip4_routes(stack), link) {
		if (r->interface->flags & NET_IS_LOOPBACK || position-- != 0)
			continue;
		line->route = *r;
		line->is_up = r->interface->flags & NET_IS_UP;
		memcpy(line->name, r->interface->name, sizeof(line->name));
		found = true;
		break;
	}
	net_leave();
	return found;
}

/* As the bytes lie in memory. */
static uint32_t in_memory(uint32_t address)
{
	uint32_t word;
	uint8_t bytes[4];

	wire_put32(bytes, address);
	memcpy(&word, bytes, sizeof(word));
	return word;
}

static void show_route(struct proc_text *to)
{
	struct route_line line;

	proc_print(to, "%-127s\n", "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT");
	for (unsigned i = 0; route_at(i, &line); i++) {
		unsigned flags = (line.is_up ? LINUX_RTF_UP : 0) | (line.route.gateway ? LINUX_RTF_GATEWAY : 0) | (line.route.prefix == 32 ? LINUX_RTF_HOST : 0);

		proc_print(to, "%s\t%08X\t%08X\t%04X\t0\t0\t%u\t%08X\t%u\t0\t0\n", line.name, in_memory(line.route.destination), in_memory(line.route.gateway),
		    flags, line.route.metric, in_memory(ip4_mask(line.route.prefix)), line.route.mtu);
	}
}
PROC_FILE(net_route) = {.path = "PID/net/route", .mode = 0444, .show = show_route};

/* ---- arp ---- */

static bool neighbour_at(unsigned position, struct ethernet_neighbour *neighbour, char name[16])
{
	struct net_stack *stack = net_enter();
	struct net_interface *interface;
	bool found = false;

	list_for_each(interface, &stack->interfaces, link) {
		for (unsigned i = 0; !found && interface->link_ops->header_len && ethernet_neighbour_get(interface, i, neighbour); i++)
			found = net_address_is_ip4(&neighbour->address) && position-- == 0;
		if (found) {
			memcpy(name, interface->name, 16);
			break;
		}
	}
	net_leave();
	return found;
}

static void show_arp(struct proc_text *to)
{
	char address[NET_ADDRESS_TEXT], name[16];
	struct ethernet_neighbour n;

	proc_print(to, "IP address       HW type     Flags       HW address            Mask     Device\n");
	for (unsigned i = 0; neighbour_at(i, &n, name); i++) {
		net_address_format(&n.address, address, sizeof(address));
		proc_print(to, "%-16s 0x1         0x%x         %02x:%02x:%02x:%02x:%02x:%02x     *        %s\n", address, n.is_permanent ? 6 : n.is_known ? 2 : 0,
		    n.hardware[0], n.hardware[1], n.hardware[2], n.hardware[3], n.hardware[4], n.hardware[5], name);
	}
}
PROC_FILE(net_arp) = {.path = "PID/net/arp", .mode = 0444, .show = show_arp};

/* ---- pnp: the names that were told (Linux: of ip=) ---- */

static void show_pnp(struct proc_text *to)
{
	char address[NET_ADDRESS_TEXT];
	struct net_names names;

	net_enter();
	names = *net_names();
	net_leave();
	if (names.domain[0])
		proc_print(to, "domain %s\n", names.domain);
	for (unsigned i = 0; i < names.nr; i++) {
		net_address_format(&names.server[i], address, sizeof(address));
		proc_print(to, "nameserver %s\n", address);
	}
}
PROC_FILE(net_pnp) = {.path = "PID/net/pnp", .mode = 0444, .show = show_pnp};
