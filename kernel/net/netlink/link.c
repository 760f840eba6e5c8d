/* SPDX-License-Identifier: BSD-3-Clause */
/* Interfaces: RTM_GETLINK, RTM_NEWLINK, RTM_SETLINK (rtnetlink(7)). */
#include "kernel/net/core/interface_flags.h"
#include "kernel/net/netlink/netlink.h"

static uint8_t operational_state(const struct net_interface *interface)
{
	if (interface->flags & NET_IS_LOOPBACK && !(interface->flags & NET_IS_DISABLED))
		return LINUX_IF_OPER_UNKNOWN;
	return interface->flags & NET_IS_UP ? LINUX_IF_OPER_UP : LINUX_IF_OPER_DOWN;
}

static void put_statistics(struct netlink_writer *writer, const struct net_interface_count *count)
{
	struct linux_rtnl_link_stats64 stats = {
	    .rx_packets = count->packets_in, .tx_packets = count->packets_out, .rx_bytes = count->bytes_in, .tx_bytes = count->bytes_out,
	    .tx_errors = count->errors_out, .rx_dropped = count->drops_in, .tx_dropped = count->drops_out,
	};
	const uint64_t *wide = &stats.rx_packets;
	uint32_t narrow[LINUX_LINK_STATS32];

	for (unsigned i = 0; i < LINUX_LINK_STATS32; i++)
		narrow[i] = (uint32_t)wide[i];
	netlink_put(writer, LINUX_IFLA_STATS64, &stats, sizeof(stats));
	netlink_put(writer, LINUX_IFLA_STATS, narrow, sizeof(narrow));
}

static void put_hardware(struct netlink_writer *writer, const struct net_interface *interface)
{
	uint8_t broadcast[6];

	if (net_interface_linux_type(interface) == LINUX_ARPHRD_NONE)
		return;
	memset(broadcast, interface->flags & NET_IS_LOOPBACK ? 0 : 0xff, sizeof(broadcast));
	netlink_put(writer, LINUX_IFLA_ADDRESS, interface->hardware, sizeof(interface->hardware));
	netlink_put(writer, LINUX_IFLA_BROADCAST, broadcast, sizeof(broadcast));
}

static void put_link(struct netlink_writer *writer, uint16_t type, const void *object)
{
	const struct net_interface *interface = object;
	struct linux_ifinfomsg *body = netlink_begin(writer, type, sizeof(*body));

	*body = (struct linux_ifinfomsg){.type = (uint16_t)net_interface_linux_type(interface), .index = (int32_t)interface->index, .flags = net_interface_linux_flags(interface)};
	netlink_put_text(writer, LINUX_IFLA_IFNAME, interface->name);
	netlink_put_u32(writer, LINUX_IFLA_TXQLEN, 1000);
	netlink_put_u8(writer, LINUX_IFLA_OPERSTATE, operational_state(interface));
	netlink_put_u8(writer, LINUX_IFLA_LINKMODE, 0);
	netlink_put_u32(writer, LINUX_IFLA_MTU, interface->mtu);
	netlink_put_u32(writer, LINUX_IFLA_MIN_MTU, interface->flags & NET_IS_LOOPBACK ? 0 : NET_MTU_MIN);
	netlink_put_u32(writer, LINUX_IFLA_MAX_MTU, interface->flags & NET_IS_LOOPBACK ? 0 : interface->mtu_max);
	netlink_put_u32(writer, LINUX_IFLA_GROUP, 0);
	netlink_put_u32(writer, LINUX_IFLA_PROMISCUITY, 0);
	netlink_put_u32(writer, LINUX_IFLA_NUM_TX_QUEUES, 1);
	netlink_put_u32(writer, LINUX_IFLA_NUM_RX_QUEUES, 1);
	netlink_put_u8(writer, LINUX_IFLA_CARRIER, !(interface->flags & NET_HAS_NO_CABLE));
	put_hardware(writer, interface);
	put_statistics(writer, &interface->count);
	netlink_put_text(writer, LINUX_IFLA_QDISC, "noqueue");
	netlink_end(writer);
}

static int dump_links(struct netlink_request *request)
{
	struct net_interface *interface;

	list_for_each(interface, &request->stack->interfaces, link)
		put_link(request->reply, LINUX_RTM_NEWLINK, interface);
	return 0;
}

/* The interface that a name names, which need not end with a NUL; NULL: none. */
static struct net_interface *find_name(struct net_stack *stack, const struct netlink_attribute *name)
{
	char text[sizeof(((struct net_interface *)0)->name)] = {0};

	if (name->len > sizeof(text) || (name->len == sizeof(text) && name->data[name->len - 1]))
		return NULL;
	memcpy(text, name->data, name->len);
	return net_interface_find(stack, text);
}

/* The one that is meant, by index or name. -EINVAL: nothing is said. */
static int find_link(const struct netlink_request *request, const struct linux_ifinfomsg *body, const struct netlink_attribute *table,
		     struct net_interface **interface)
{
	const struct netlink_attribute *name = table[LINUX_IFLA_IFNAME].data ? &table[LINUX_IFLA_IFNAME] : &table[LINUX_IFLA_ALT_IFNAME];

	if (body->index > 0)
		*interface = net_interface_by_index(request->stack, (unsigned)body->index);
	else if (name->data)
		*interface = find_name(request->stack, name);
	else
		return -EINVAL;
	return *interface ? 0 : -ENODEV;
}

static int get_link(struct netlink_request *request)
{
	struct netlink_attribute table[LINUX_IFLA_MAX + 1];
	struct net_interface *interface;
	struct linux_ifinfomsg body;
	int error = netlink_read(request, &body, sizeof(body), table, LINUX_IFLA_MAX);

	if (!error)
		error = find_link(request, &body, table, &interface);
	if (!error)
		put_link(request->reply, LINUX_RTM_NEWLINK, interface);
	return error;
}

static int change_link(struct netlink_request *request)
{
	struct netlink_attribute table[LINUX_IFLA_MAX + 1];
	struct net_interface *interface;
	struct linux_ifinfomsg body;
	uint32_t mtu;
	int error = netlink_read(request, &body, sizeof(body), table, LINUX_IFLA_MAX);

	if (!error)
		error = find_link(request, &body, table, &interface);
	if (error == -ENODEV && request->type == LINUX_RTM_NEWLINK && request->flags & LINUX_NLM_F_CREATE)
		return -EOPNOTSUPP; /* no kind of interface can be made */
	if (error)
		return error;
	if (request->type == LINUX_RTM_NEWLINK && request->flags & LINUX_NLM_F_EXCL)
		return -EEXIST;
	mtu = netlink_get_u32(&table[LINUX_IFLA_MTU], interface->mtu, &error);
	if (!error)
		error = net_interface_set_mtu(interface, mtu);
	if (!error && (body.change & LINUX_IFF_UP || (!body.change && body.flags)))
		net_interface_set_enabled(interface, body.flags & LINUX_IFF_UP);
	return error;
}

NETLINK_HANDLER(link_get) = {.protocol = LINUX_NETLINK_ROUTE, .type = LINUX_RTM_GETLINK, .header_len = sizeof(struct linux_ifinfomsg), .one = get_link, .all = dump_links};
NETLINK_HANDLER(link_new) = {.protocol = LINUX_NETLINK_ROUTE, .type = LINUX_RTM_NEWLINK, .header_len = sizeof(struct linux_ifinfomsg), .one = change_link};
NETLINK_HANDLER(link_set) = {.protocol = LINUX_NETLINK_ROUTE, .type = LINUX_RTM_SETLINK, .header_len = sizeof(struct linux_ifinfomsg), .one = change_link};
NETLINK_NOTICE(link) = {
    .object = NET_LINK, .group = LINUX_RTNLGRP_LINK, .type_new = LINUX_RTM_NEWLINK, .type_removed = LINUX_RTM_DELLINK, .write = put_link,
};
