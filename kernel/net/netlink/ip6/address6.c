/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv6's addresses: RTM_GETADDR, RTM_NEWADDR, RTM_DELADDR. */
#include "kernel/net/ip6/ip6.h"
#include "kernel/net/netlink/netlink.h"

static uint8_t scope_of(const struct net_address *address)
{
	if (ip6_is_loopback(address))
		return LINUX_RT_SCOPE_HOST;
	return ip6_is_link_local(address) ? LINUX_RT_SCOPE_LINK : LINUX_RT_SCOPE_UNIVERSE;
}

static uint8_t flags_of(const struct ip6_address *a)
{
	static const uint8_t of_state[] = {
	    [IP6_TENTATIVE] = LINUX_IFA_F_TENTATIVE, [IP6_OPTIMISTIC] = LINUX_IFA_F_TENTATIVE | LINUX_IFA_F_OPTIMISTIC, [IP6_DEPRECATED] = LINUX_IFA_F_DEPRECATED,
	    [IP6_DUPLICATE] = LINUX_IFA_F_TENTATIVE | LINUX_IFA_F_DADFAILED,
	};

	return of_state[a->state] | (a->valid_until_ns == NET_NEVER ? LINUX_IFA_F_PERMANENT : 0);
}

static uint32_t seconds_until(const struct net_stack *stack, uint64_t at_ns)
{
	if (at_ns == NET_NEVER)
		return ~0u;
	return at_ns > stack->now_ns ? (uint32_t)((at_ns - stack->now_ns) / NET_SECOND) : 0;
}

static void put_address(struct netlink_writer *writer, uint16_t type, const void *object)
{
	const struct ip6_address *a = object;
	struct netlink_address address = {
	    .family = LINUX_AF_INET6, .prefix = (uint8_t)a->prefix, .scope = scope_of(&a->address), .flags = flags_of(a), .interface = a->interface,
	    .preferred = seconds_until(a->interface->stack, a->preferred_until_ns), .valid = seconds_until(a->interface->stack, a->valid_until_ns),
	};

	memcpy(address.address, a->address.byte, 16);
	netlink_put_address(writer, type, &address);
}

static int dump_addresses(struct netlink_request *request)
{
	const struct ip6_address *a;

	list_for_each(a, ip6_addresses(request->stack), link)
		if (!netlink_filters_address(request, a->interface))
			put_address(request->reply, LINUX_RTM_NEWADDR, a);
	return 0;
}

static int new_address(struct netlink_request *request)
{
	struct netlink_address given;
	int error = netlink_get_address(request, &given);
	struct net_address address;

	if (error)
		return error;
	address = netlink_to_net_address(LINUX_AF_INET6, given.address);
	error = ip6_address_add(request->stack, given.interface, &address, given.prefix, given.flags & LINUX_IFA_F_NODAD ? IP6_NO_PROBE : 0);
	return error == -EEXIST && request->flags & LINUX_NLM_F_REPLACE ? 0 : error;
}

static int delete_address(struct netlink_request *request)
{
	struct netlink_address given;
	int error = netlink_get_address(request, &given);
	struct net_address address;

	if (error)
		return error;
	address = netlink_to_net_address(LINUX_AF_INET6, given.address);
	return ip6_address_remove(request->stack, given.interface, &address);
}

#define HANDLER .protocol = LINUX_NETLINK_ROUTE, .family = LINUX_AF_INET6, .header_len = sizeof(struct linux_ifaddrmsg)
NETLINK_HANDLER(address6_get) = {HANDLER, .type = LINUX_RTM_GETADDR, .all = dump_addresses};
NETLINK_HANDLER(address6_new) = {HANDLER, .type = LINUX_RTM_NEWADDR, .one = new_address};
NETLINK_HANDLER(address6_delete) = {HANDLER, .type = LINUX_RTM_DELADDR, .one = delete_address};
NETLINK_NOTICE(address6) = {
    .object = NET_ADDRESS, .version = NET_IP6, .group = LINUX_RTNLGRP_IPV6_IFADDR, .type_new = LINUX_RTM_NEWADDR, .type_removed = LINUX_RTM_DELADDR, .write = put_address,
};
