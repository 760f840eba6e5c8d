/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv4's addresses: RTM_GETADDR, RTM_NEWADDR, RTM_DELADDR. */
#include "kernel/net/ip4/ip4.h"
#include "kernel/net/netlink/netlink.h"

static uint8_t scope_of(uint32_t address)
{
	if (ip4_is_loopback(address))
		return LINUX_RT_SCOPE_HOST;
	return address >> 16 == 0xa9fe ? LINUX_RT_SCOPE_LINK : LINUX_RT_SCOPE_UNIVERSE; /* 169.254/16: RFC 3927 */
}

static void put_address(struct netlink_writer *writer, uint16_t type, const void *object)
{
	const struct ip4_address *a = object;
	struct netlink_address address = {
	    .family = LINUX_AF_INET, .prefix = (uint8_t)a->prefix, .scope = scope_of(a->address), .flags = LINUX_IFA_F_PERMANENT, .interface = a->interface,
	    .has_label = true, .has_broadcast = a->prefix < 31 && a->interface->flags & NET_HAS_BROADCAST, .preferred = ~0u, .valid = ~0u,
	};

	wire_put32(address.address, a->address);
	wire_put32(address.broadcast, a->address | ~ip4_mask(a->prefix));
	netlink_put_address(writer, type, &address);
}

static int dump_addresses(struct netlink_request *request)
{
	const struct ip4_address *a;

	list_for_each(a, ip4_addresses(request->stack), link)
		if (!netlink_filters_address(request, a->interface))
			put_address(request->reply, LINUX_RTM_NEWADDR, a);
	return 0;
}

static int new_address(struct netlink_request *request)
{
	struct netlink_address address;
	int error = netlink_get_address(request, &address);

	if (error)
		return error;
	error = ip4_address_add(request->stack, address.interface, wire_get32(address.address), address.prefix);
	return error == -EEXIST && request->flags & LINUX_NLM_F_REPLACE ? 0 : error;
}

static int delete_address(struct netlink_request *request)
{
	struct netlink_address address;
	int error = netlink_get_address(request, &address);

	return error ? error : ip4_address_remove(request->stack, address.interface, wire_get32(address.address));
}

#define HANDLER .protocol = LINUX_NETLINK_ROUTE, .family = LINUX_AF_INET, .header_len = sizeof(struct linux_ifaddrmsg)
NETLINK_HANDLER(address4_get) = {HANDLER, .type = LINUX_RTM_GETADDR, .all = dump_addresses};
NETLINK_HANDLER(address4_new) = {HANDLER, .type = LINUX_RTM_NEWADDR, .one = new_address};
NETLINK_HANDLER(address4_delete) = {HANDLER, .type = LINUX_RTM_DELADDR, .one = delete_address};
NETLINK_NOTICE(address4) = {
    .object = NET_ADDRESS, .version = NET_IP4, .group = LINUX_RTNLGRP_IPV4_IFADDR, .type_new = LINUX_RTM_NEWADDR, .type_removed = LINUX_RTM_DELADDR, .write = put_address,
};
