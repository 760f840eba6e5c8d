/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages of addresses, as both versions of IP use them. */
#include "kernel/net/netlink/netlink.h"

size_t netlink_address_len(uint8_t family)
{
	return family == LINUX_AF_INET ? 4 : 16;
}

struct net_address netlink_to_net_address(uint8_t family, const uint8_t *bytes)
{
	struct net_address address;

	if (family == LINUX_AF_INET)
		return net_address_of_ip4(wire_get32(bytes));
	memcpy(address.byte, bytes, sizeof(address.byte));
	return address;
}

void netlink_put_address(struct netlink_writer *writer, uint16_t type, const struct netlink_address *address)
{
	const struct linux_ifa_cacheinfo times = {.preferred = address->preferred, .valid = address->valid};
	size_t len = netlink_address_len(address->family);
	struct linux_ifaddrmsg *body = netlink_begin(writer, type, sizeof(*body));

	*body = (struct linux_ifaddrmsg){
	    .family = address->family, .prefixlen = address->prefix, .flags = address->flags, .scope = address->scope, .index = address->interface->index,
	};
	netlink_put(writer, LINUX_IFA_ADDRESS, address->address, len);
	if (address->family == LINUX_AF_INET)
		netlink_put(writer, LINUX_IFA_LOCAL, address->address, len);
	if (address->has_broadcast)
		netlink_put(writer, LINUX_IFA_BROADCAST, address->broadcast, len);
	if (address->has_label)
		netlink_put_text(writer, LINUX_IFA_LABEL, address->interface->name);
	netlink_put_u32(writer, LINUX_IFA_FLAGS, address->flags);
	netlink_put(writer, LINUX_IFA_CACHEINFO, &times, sizeof(times));
	netlink_end(writer);
}

int netlink_get_address(const struct netlink_request *request, struct netlink_address *address)
{
	struct netlink_attribute table[LINUX_IFA_MAX + 1], *given;
	struct linux_ifaddrmsg body;
	int error = netlink_read(request, &body, sizeof(body), table, LINUX_IFA_MAX);
	size_t len = netlink_address_len(body.family);

	if (error)
		return error;
	given = table[LINUX_IFA_LOCAL].data ? &table[LINUX_IFA_LOCAL] : &table[LINUX_IFA_ADDRESS];
	if (!given->data || given->len < len || body.prefixlen > len * 8)
		return -EINVAL;
	memset(address, 0, sizeof(*address));
	address->family = body.family;
	address->prefix = body.prefixlen;
	address->flags = body.flags;
	memcpy(address->address, given->data, len);
	address->interface = net_interface_by_index(request->stack, body.index);
	return address->interface ? 0 : -ENODEV;
}

bool netlink_filters_address(const struct netlink_request *request, const struct net_interface *interface)
{
	struct linux_ifaddrmsg body = {0};

	if (!request->is_strict)
		return false;
	memcpy(&body, request->body, min_u64(sizeof(body), request->len));
	return body.index && body.index != interface->index;
}
