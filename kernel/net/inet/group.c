/* SPDX-License-Identifier: BSD-3-Clause */
/* Multicast groups that a socket has joined (ip(7), ipv6(7)); it leaves them when it closes. */
#include "kernel/net/inet/inet.h"
#include "kernel/net/system/system.h"

struct request {
	struct net_address group;
	struct net_interface *interface; /* NULL: by route */
};

/* struct sockaddr_in or sockaddr_in6 in a struct group_req. */
static int read_group_address(const uint8_t *address, struct net_address *group)
{
	uint16_t family;

	memcpy(&family, address, sizeof(family));
	if (family == LINUX_AF_INET) {
		*group = net_address_of_ip4(wire_get32(address + offsetof(struct linux_sockaddr_in, address)));
		return 0;
	}
	if (family != LINUX_AF_INET6)
		return -EADDRNOTAVAIL;
	memcpy(group->byte, address + offsetof(struct linux_sockaddr_in6, address), sizeof(group->byte));
	return 0;
}

static int read_group_request(struct net_stack *stack, const void *value, size_t len, struct request *request)
{
	struct linux_group_req from;
	static const uint8_t none[4];
	int ret;

	if (len < sizeof(from))
		return -EINVAL;
	memcpy(&from, value, sizeof(from));
	ret = read_group_address(from.group, &request->group);
	if (!ret)
		request->interface = inet_interface_for_group(stack, none, (int)from.index, &ret);
	return ret;
}

static int read_request4(struct net_stack *stack, const void *value, size_t len, struct request *request)
{
	struct linux_ip_mreqn from = {0};
	int ret;

	if (len < offsetof(struct linux_ip_mreqn, index))
		return -EINVAL;
	memcpy(&from, value, len < sizeof(from) ? offsetof(struct linux_ip_mreqn, index) : sizeof(from));
	request->group = net_address_of_ip4(wire_get32(from.group));
	request->interface = inet_interface_for_group(stack, from.address, from.index, &ret);
	return ret;
}

static int read_request6(struct net_stack *stack, const void *value, size_t len, struct request *request)
{
	static const uint8_t none[4];
	struct linux_ipv6_mreq from;
	int ret;

	if (len < sizeof(from))
		return -EINVAL;
	memcpy(&from, value, sizeof(from));
	memcpy(request->group.byte, from.group, sizeof(from.group));
	request->interface = inet_interface_for_group(stack, none, from.index, &ret);
	return ret;
}

static struct inet_group *find(struct inet_socket *s, const struct request *request)
{
	struct inet_group *g;

	list_for_each(g, &s->groups, link)
		if (net_address_equal(&g->group, &request->group) && g->interface == request->interface)
			return g;
	return NULL;
}

static int join(struct inet_socket *s, const struct request *request)
{
	const struct net_network *network = net_network_of(s->stack, &request->group);
	struct inet_group *g;
	int ret;

	if (!network || !network->group_join)
		return -EINVAL;
	if (find(s, request))
		return -EADDRINUSE;
	g = net_alloc_zero(s->stack, sizeof(*g));
	if (!g)
		return -ENOBUFS;
	g->group = request->group;
	g->interface = request->interface;
	ret = network->group_join(s->stack, g->interface, &g->group);
	if (ret)
		net_free(s->stack, g);
	else
		list_push_back(&s->groups, &g->link);
	return ret;
}

static void leave(struct inet_socket *s, struct inet_group *g)
{
	(void)net_network_of(s->stack, &g->group)->group_leave(s->stack, g->interface, &g->group);
	list_remove(&g->link);
	net_free(s->stack, g);
}

void inet_groups_leave(struct inet_socket *s)
{
	struct inet_group *g, *next;

	list_for_each_safe(g, next, &s->groups, link)
		leave(s, g);
}

static int change(struct inet_socket *s, const struct request *request, bool is_join)
{
	struct inet_group *g;

	if (is_join)
		return join(s, request);
	g = find(s, request);
	if (!g)
		return -EADDRNOTAVAIL;
	leave(s, g);
	return 0;
}

static const struct {
	int level, option;
	bool is_join;
	int (*read)(struct net_stack *stack, const void *value, size_t len, struct request *request);
} calls[] = {
	{LINUX_IPPROTO_IP, LINUX_IP_ADD_MEMBERSHIP, true, read_request4},
	{LINUX_IPPROTO_IP, LINUX_IP_DROP_MEMBERSHIP, false, read_request4},
	{LINUX_IPPROTO_IP, LINUX_MCAST_JOIN_GROUP, true, read_group_request},
	{LINUX_IPPROTO_IP, LINUX_MCAST_LEAVE_GROUP, false, read_group_request},
	{LINUX_IPPROTO_IPV6, LINUX_IPV6_ADD_MEMBERSHIP, true, read_request6},
	{LINUX_IPPROTO_IPV6, LINUX_IPV6_DROP_MEMBERSHIP, false, read_request6},
	{LINUX_IPPROTO_IPV6, LINUX_MCAST_JOIN_GROUP, true, read_group_request},
	{LINUX_IPPROTO_IPV6, LINUX_MCAST_LEAVE_GROUP, false, read_group_request},
};

int inet_group_option(struct inet_socket *s, int level, int option, const void *value, size_t len)
{
	struct request request = {0};
	int ret = -ENOPROTOOPT;

	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		if (calls[i].level != level || calls[i].option != option)
			continue;
		if (s->socket.type == LINUX_SOCK_STREAM && calls[i].read != read_group_request)
			return -EPROTO; /* as Linux: of the older options */
		net_enter();
		ret = calls[i].read(s->stack, value, len, &request);
		if (!ret)
			ret = change(s, &request, calls[i].is_join);
		net_leave();
		return ret;
	}
	return ret;
}
