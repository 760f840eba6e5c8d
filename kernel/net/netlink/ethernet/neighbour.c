/* SPDX-License-Identifier: BSD-3-Clause */
/* Neighbours of both versions of IP: RTM_GETNEIGH, RTM_NEWNEIGH, RTM_DELNEIGH. */
#include "kernel/net/ethernet/ethernet.h"
#include "kernel/net/netlink/netlink.h"

static uint16_t state_of(const struct ethernet_neighbour *n)
{
	if (n->is_permanent)
		return LINUX_NUD_PERMANENT;
	if (n->is_failed)
		return LINUX_NUD_FAILED;
	if (!n->is_known)
		return LINUX_NUD_INCOMPLETE;
	return n->is_reachable ? LINUX_NUD_REACHABLE : LINUX_NUD_STALE;
}

static uint8_t family_of(const struct net_address *address)
{
	return net_address_is_ip4(address) ? LINUX_AF_INET : LINUX_AF_INET6;
}

static void put_neighbour(struct netlink_writer *writer, const struct net_interface *interface, const struct ethernet_neighbour *n)
{
	uint8_t family = family_of(&n->address);
	size_t len = netlink_address_len(family);
	struct linux_ndmsg *body = netlink_begin(writer, LINUX_RTM_NEWNEIGH, sizeof(*body));

	*body = (struct linux_ndmsg){.family = family, .index = (int32_t)interface->index, .state = state_of(n), .type = LINUX_RTN_UNICAST};
	netlink_put(writer, LINUX_NDA_DST, n->address.byte + 16 - len, len);
	if (n->is_known)
		netlink_put(writer, LINUX_NDA_LLADDR, n->hardware, sizeof(n->hardware));
	netlink_end(writer);
}

static int dump_neighbours(struct netlink_request *request)
{
	struct netlink_attribute table[LINUX_NDA_MAX + 1];
	struct net_interface *interface;
	struct ethernet_neighbour n;
	struct linux_ndmsg body;
	int error = netlink_read(request, &body, sizeof(body), table, LINUX_NDA_MAX);
	uint32_t wanted = netlink_get_u32(&table[LINUX_NDA_IFINDEX], 0, &error);

	if (error)
		return error;
	if (request->len >= sizeof(body) && body.flags & LINUX_NTF_PROXY) /* we answer for nobody else */
		return 0;
	list_for_each(interface, &request->stack->interfaces, link) {
		if (!ethernet_is_link(interface) || (wanted && wanted != interface->index))
			continue;
		for (unsigned i = 0; ethernet_neighbour_get(interface, i, &n); i++)
			if (!request->family || request->family == family_of(&n.address))
				put_neighbour(request->reply, interface, &n);
	}
	return 0;
}

/* The interface and address that a change is about. */
static int read_neighbour(const struct netlink_request *request, struct netlink_attribute table[LINUX_NDA_MAX + 1], struct net_interface **interface,
			  struct net_address *address)
{
	struct linux_ndmsg body;
	int error = netlink_read(request, &body, sizeof(body), table, LINUX_NDA_MAX);

	if (error)
		return error;
	if (!table[LINUX_NDA_DST].data || table[LINUX_NDA_DST].len < netlink_address_len(body.family) || body.index <= 0)
		return -EINVAL;
	*interface = net_interface_by_index(request->stack, (unsigned)body.index);
	if (!*interface)
		return -ENODEV;
	*address = netlink_to_net_address(body.family, table[LINUX_NDA_DST].data);
	return ethernet_is_link(*interface) ? 0 : -EINVAL;
}

static int new_neighbour(struct netlink_request *request)
{
	struct netlink_attribute table[LINUX_NDA_MAX + 1];
	struct net_interface *interface;
	struct net_address address;
	int error = read_neighbour(request, table, &interface, &address);

	if (error)
		return error;
	if (table[LINUX_NDA_LLADDR].len < 6)
		return -EINVAL;
	return ethernet_neighbour_set(interface, &address, table[LINUX_NDA_LLADDR].data);
}

static int delete_neighbour(struct netlink_request *request)
{
	struct netlink_attribute table[LINUX_NDA_MAX + 1];
	struct net_interface *interface;
	struct net_address address;
	int error = read_neighbour(request, table, &interface, &address);

	return error ? error : ethernet_neighbour_remove(interface, &address);
}

#define HANDLER .protocol = LINUX_NETLINK_ROUTE, .header_len = sizeof(struct linux_ndmsg)
NETLINK_HANDLER(neighbour_get) = {HANDLER, .type = LINUX_RTM_GETNEIGH, .all = dump_neighbours};
NETLINK_HANDLER(neighbour_new) = {HANDLER, .type = LINUX_RTM_NEWNEIGH, .one = new_neighbour};
NETLINK_HANDLER(neighbour_delete) = {HANDLER, .type = LINUX_RTM_DELNEIGH, .one = delete_neighbour};
