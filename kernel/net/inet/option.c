/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of SOL_SOCKET, IPPROTO_IP and IPPROTO_IPV6 that all protocols have (socket(7), ip(7), ipv6(7)). */
#include "kernel/net/inet/inet.h"
#include "kernel/net/system/system.h"
#include "kernel/process/credentials.h"
#include "kernel/process/process.h"

#define TTL_DEFAULT 64

int inet_option_int(const void *value, size_t len, int *to)
{
	uint8_t byte;

	if (!len)
		return -EINVAL;
	if (len >= sizeof(*to)) {
		memcpy(to, value, sizeof(*to));
	} else {
		memcpy(&byte, value, 1);
		*to = byte;
	}
	return 0;
}

long inet_option_give_int(void *value, size_t size, int from)
{
	if (size && size < sizeof(from) && from >= 0 && from <= 255) {
		*(uint8_t *)value = (uint8_t)from;
		return 1;
	}
	memcpy(value, &from, min_u64(size, sizeof(from)));
	return (long)min_u64(size, sizeof(from));
}

/* ---- Settings: a number of a few bytes in struct inet_settings ---- */

enum { FLAG, BYTE, WORD };

static const struct setting {
	int level, option;
	uint16_t offset;
	uint8_t kind;
	int16_t min, max, at_default; /* what -1 stands for, where min is -1, and what 0 is told as (TTL) */
	bool not_of_streams;
} settings[] = {
#define AT(field) offsetof(struct inet_settings, field)
	{LINUX_IPPROTO_IP, LINUX_IP_TOS, AT(traffic_class), BYTE, 0, 255, 0, false},
	{LINUX_IPPROTO_IP, LINUX_IP_TTL, AT(ttl), BYTE, -1, 255, TTL_DEFAULT, false},
	{LINUX_IPPROTO_IP, LINUX_IP_MTU_DISCOVER, AT(mtu_discover), BYTE, 0, 5, 0, false},
	{LINUX_IPPROTO_IP, LINUX_IP_RECVERR, AT(gives_errors), FLAG, 0, 0, 0, false},
	{LINUX_IPPROTO_IP, LINUX_IP_RECVTTL, AT(gives_ttl), FLAG, 0, 0, 0, false},
	{LINUX_IPPROTO_IP, LINUX_IP_RECVTOS, AT(gives_traffic_class), FLAG, 0, 0, 0, false},
	{LINUX_IPPROTO_IP, LINUX_IP_RECVOPTS, AT(gives_options), FLAG, 0, 0, 0, false},
	{LINUX_IPPROTO_IP, LINUX_IP_RETOPTS, AT(gives_options_back), FLAG, 0, 0, 0, false},
	{LINUX_IPPROTO_IP, LINUX_IP_PKTINFO, AT(gives_info), FLAG, 0, 0, 0, false},
	{LINUX_IPPROTO_IP, LINUX_IP_FREEBIND, AT(free_bind), FLAG, 0, 0, 0, false},
	{LINUX_IPPROTO_IP, LINUX_IP_BIND_ADDRESS_NO_PORT, AT(binds_late), FLAG, 0, 0, 0, false},
	{LINUX_IPPROTO_IP, LINUX_IP_MULTICAST_TTL, AT(multicast_ttl), BYTE, -1, 255, 1, true},
	{LINUX_IPPROTO_IP, LINUX_IP_MULTICAST_LOOP, AT(loops_multicast), FLAG, 0, 0, 0, false},
	{LINUX_IPPROTO_IP, LINUX_IP_MULTICAST_ALL, AT(gives_all_groups), FLAG, 0, 0, 0, false},
	{LINUX_IPPROTO_IPV6, LINUX_IPV6_UNICAST_HOPS, AT(ttl), BYTE, -1, 255, TTL_DEFAULT, false},
	{LINUX_IPPROTO_IPV6, LINUX_IPV6_MULTICAST_HOPS, AT(multicast_ttl), BYTE, -1, 255, 1, true},
	{LINUX_IPPROTO_IPV6, LINUX_IPV6_MULTICAST_LOOP, AT(loops_multicast), FLAG, 0, 0, 0, false},
	{LINUX_IPPROTO_IPV6, LINUX_IPV6_MTU_DISCOVER, AT(mtu_discover), BYTE, 0, 5, 0, false},
	{LINUX_IPPROTO_IPV6, LINUX_IPV6_RECVERR, AT(gives_errors), FLAG, 0, 0, 0, false},
	{LINUX_IPPROTO_IPV6, LINUX_IPV6_RECVPKTINFO, AT(gives_info6), FLAG, 0, 0, 0, false},
	{LINUX_IPPROTO_IPV6, LINUX_IPV6_RECVHOPLIMIT, AT(gives_hop_limit), FLAG, 0, 0, 0, false},
	{LINUX_IPPROTO_IPV6, LINUX_IPV6_RECVTCLASS, AT(gives_traffic_class6), FLAG, 0, 0, 0, false},
	{LINUX_IPPROTO_IPV6, LINUX_IPV6_TCLASS, AT(traffic_class), BYTE, -1, 255, 0, false},
	{LINUX_IPPROTO_IPV6, LINUX_IPV6_FREEBIND, AT(free_bind), FLAG, 0, 0, 0, false},
	{LINUX_IPPROTO_IPV6, LINUX_IPV6_V6ONLY, AT(ip6_only), FLAG, 0, 0, 0, false},
	{LINUX_IPPROTO_IPV6, LINUX_IPV6_DONTFRAG, AT(dont_fragment6), FLAG, 0, 0, 0, false},
	{LINUX_SOL_SOCKET, LINUX_SO_PRIORITY, AT(priority), WORD, 0, 0, 0, false},
	{LINUX_SOL_SOCKET, LINUX_SO_MARK, AT(mark), WORD, 0, 0, 0, false},
	{LINUX_SOL_SOCKET, LINUX_SO_RCVLOWAT, AT(receive_low), WORD, 0, 0, 0, false},
	{LINUX_SOL_SOCKET, LINUX_SO_TIMESTAMP, AT(gives_time), FLAG, 0, 0, 0, false},
	{LINUX_SOL_SOCKET, LINUX_SO_TIMESTAMPNS, AT(gives_time_ns), FLAG, 0, 0, 0, false},
	{LINUX_SOL_SOCKET, LINUX_SO_BUSY_POLL, AT(busy_poll), WORD, 0, 0, 0, false},
	{LINUX_SOL_SOCKET, LINUX_SO_INCOMING_CPU, AT(incoming_cpu), WORD, 0, 0, 0, false},
	{LINUX_SOL_SOCKET, LINUX_SO_PEEK_OFF, AT(peek_offset), WORD, 0, 0, 0, false},
#undef AT
};

/* Of IPPROTO_IPV6 a socket of IPv4 has nothing. */
static bool has_level(const struct inet_socket *s, int level)
{
	return level == LINUX_SOL_SOCKET || level == LINUX_IPPROTO_IP || (level == LINUX_IPPROTO_IPV6 && s->is_ip6);
}

static const struct setting *setting_find(const struct inet_socket *s, int level, int option)
{
	if (!has_level(s, level))
		return NULL;
	for (unsigned i = 0; i < ARRAY_SIZE(settings); i++)
		if (settings[i].level == level && settings[i].option == option)
			return &settings[i];
	return NULL;
}

static int check(const struct inet_socket *s, const struct setting *setting, int *v)
{
	if (setting->not_of_streams && s->socket.type == LINUX_SOCK_STREAM)
		return setting->level == LINUX_IPPROTO_IP ? -EINVAL : -ENOPROTOOPT;
	if (setting->kind == BYTE && (*v < setting->min || *v > setting->max))
		return setting->option == LINUX_IP_TOS && setting->level == LINUX_IPPROTO_IP ? 0 : -EINVAL;
	if (setting->option == LINUX_IP_TTL && setting->level == LINUX_IPPROTO_IP && *v == 0)
		return -EINVAL;
	if (setting->kind == BYTE && *v == -1)
		*v = setting->at_default == TTL_DEFAULT ? 0 : setting->at_default;
	if (setting->level == LINUX_IPPROTO_IPV6)
		return setting->option == LINUX_IPV6_V6ONLY && s->is_bound ? -EINVAL : 0;
	if (setting->level != LINUX_SOL_SOCKET)
		return 0;
	if (setting->option == LINUX_SO_RCVLOWAT)
		*v = *v < 0 ? INT32_MAX : *v ? *v : 1;
	if (setting->option == LINUX_SO_PEEK_OFF)
		return s->socket.type == LINUX_SOCK_RAW ? -EOPNOTSUPP : 0;
	if (setting->option == LINUX_SO_MARK)
		return task_is_capable(CAPABILITY_NET_ADMIN) ? 0 : -EPERM;
	if (setting->option == LINUX_SO_PRIORITY)
		return (*v >= 0 && *v <= 6) || task_is_capable(CAPABILITY_NET_ADMIN) ? 0 : -EPERM;
	return setting->option == LINUX_SO_BUSY_POLL && *v < 0 ? -EINVAL : 0;
}

static void tell_protocol(struct inet_socket *s)
{
	net_enter();
	s->protocol->apply(s);
	net_leave();
}

static int set_setting(struct inet_socket *s, const struct setting *setting, const void *value, size_t len)
{
	uint8_t *at = (uint8_t *)&s->set + setting->offset;
	int v, ret;

	if (setting->level != LINUX_IPPROTO_IP && len < sizeof(int))
		return -EINVAL;
	ret = inet_option_int(value, len, &v);
	if (!ret)
		ret = check(s, setting, &v);
	if (ret)
		return ret;
	if (setting->kind == WORD)
		memcpy(at, &v, sizeof(v));
	else
		*at = setting->kind == FLAG ? v != 0 : (uint8_t)v;
	tell_protocol(s);
	return 0;
}

static int get_setting(const struct inet_socket *s, const struct setting *setting)
{
	const uint8_t *at = (const uint8_t *)&s->set + setting->offset;
	int v;

	if (setting->kind == WORD) {
		memcpy(&v, at, sizeof(v));
		return v;
	}
	return *at ? *at : setting->at_default == TTL_DEFAULT ? TTL_DEFAULT : 0;
}

/* ---- Interfaces by name and number ---- */

static int bind_to_index(struct inet_socket *s, unsigned index)
{
	int ret = 0;

	if (s->set.bound_index && !task_is_capable(CAPABILITY_NET_RAW))
		return -EPERM;
	net_enter();
	if (index && !net_interface_by_index(s->stack, index))
		ret = -ENODEV;
	if (!ret) {
		s->set.bound_index = index;
		s->protocol->apply(s);
	}
	net_leave();
	return ret;
}

static int bind_to_device(struct inet_socket *s, const void *value, size_t len)
{
	struct net_interface *interface;
	unsigned index = 0;
	char name[16] = "";

	memcpy(name, value, min_u64(len, sizeof(name) - 1));
	if (name[0]) {
		net_enter();
		interface = net_interface_find(s->stack, name);
		index = interface ? interface->index : 0;
		net_leave();
		if (!index)
			return -ENODEV;
	}
	return bind_to_index(s, index);
}

static long get_device(struct inet_socket *s, char *value, size_t size)
{
	struct net_interface *interface;
	size_t len = 0;

	if (!s->set.bound_index)
		return 0;
	if (size < 16)
		return -EINVAL;
	net_enter();
	interface = net_interface_by_index(s->stack, s->set.bound_index);
	if (interface) {
		len = strlen(interface->name) + 1;
		memcpy(value, interface->name, len);
	}
	net_leave();
	return interface ? (long)len : -ENODEV;
}

static struct net_interface *interface_of_address(struct net_stack *stack, const uint8_t address[4])
{
	struct net_address wanted = net_address_of_ip4(wire_get32(address)), address_i;
	const struct net_network *ip4 = stack->network[NET_IP4];
	struct net_interface *interface;

	if (!ip4)
		return NULL;
	list_for_each(interface, &stack->interfaces, link)
		for (unsigned i = 0; ip4->address_at(interface, i, &address_i); i++)
			if (net_address_equal(&address_i, &wanted))
				return interface;
	return NULL;
}

struct net_interface *inet_interface_for_group(struct net_stack *stack, const uint8_t address[4], int index, int *error)
{
	struct net_interface *interface = NULL;

	*error = 0;
	if (index)
		interface = net_interface_by_index(stack, (unsigned)index);
	else if (wire_get32(address))
		interface = interface_of_address(stack, address);
	if (!interface && (index || wire_get32(address)))
		*error = -ENODEV;
	return interface;
}

/* IP_MULTICAST_IF: an address, struct ip_mreq or struct ip_mreqn. */
static int set_multicast_interface(struct inet_socket *s, const void *value, size_t len)
{
	struct linux_ip_mreqn request = {0};
	struct net_interface *interface;
	int error;

	if (s->socket.type == LINUX_SOCK_STREAM)
		return -EINVAL;
	if (len >= sizeof(request))
		memcpy(&request, value, sizeof(request));
	else if (len >= offsetof(struct linux_ip_mreqn, index))
		memcpy(&request, value, offsetof(struct linux_ip_mreqn, index));
	else if (len >= sizeof(request.address))
		memcpy(request.address, value, sizeof(request.address));
	else
		return -EINVAL;
	net_enter();
	interface = inet_interface_for_group(s->stack, request.address, request.index, &error);
	if (!error) {
		s->set.multicast_index = interface ? interface->index : 0;
		memcpy(s->set.multicast_address, request.address, sizeof(request.address));
		s->protocol->apply(s);
	}
	net_leave();
	return error == -ENODEV ? -EADDRNOTAVAIL : error;
}

static int set_multicast_interface6(struct inet_socket *s, const void *value, size_t len)
{
	bool is_there;
	int index;

	if (len < sizeof(index))
		return -EINVAL;
	if (s->socket.type == LINUX_SOCK_STREAM)
		return -ENOPROTOOPT;
	memcpy(&index, value, sizeof(index));
	net_enter();
	is_there = !index || net_interface_by_index(s->stack, (unsigned)index);
	if (is_there) {
		s->set.multicast_index = (unsigned)index;
		s->protocol->apply(s);
	}
	net_leave();
	return is_there ? 0 : -ENODEV;
}

/* ---- The calls ---- */

static int set_of_socket_level(struct inet_socket *s, int option, const void *value, size_t len)
{
	int index;

	switch (option) {
	case LINUX_SO_BINDTODEVICE:
		return bind_to_device(s, value, len);
	case LINUX_SO_BINDTOIFINDEX:
		if (len < sizeof(index))
			return -EINVAL;
		memcpy(&index, value, sizeof(index));
		return index < 0 ? -EINVAL : bind_to_index(s, (unsigned)index);
	case LINUX_SO_MAX_PACING_RATE:
		return len < sizeof(int) ? -EINVAL : 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int set_of_ip(struct inet_socket *s, int level, int option, const void *value, size_t len)
{
	if (level == LINUX_IPPROTO_IP && option == LINUX_IP_MULTICAST_IF)
		return set_multicast_interface(s, value, len);
	if (level == LINUX_IPPROTO_IPV6 && option == LINUX_IPV6_MULTICAST_IF)
		return set_multicast_interface6(s, value, len);
	if (level == LINUX_IPPROTO_IP && option == LINUX_IP_TRANSPARENT) {
		s->set.free_bind = task_is_capable(CAPABILITY_NET_ADMIN) || s->set.free_bind;
		return task_is_capable(CAPABILITY_NET_ADMIN) ? 0 : -EPERM;
	}
	return inet_group_option(s, level, option, value, len);
}

int inet_set_option(struct socket *socket, int level, int option, const void *value, size_t len)
{
	struct inet_socket *s = inet_of(socket);
	const struct setting *setting;
	int ret = s->protocol->set_option ? s->protocol->set_option(s, level, option, value, len) : -ENOPROTOOPT;

	if (ret != -ENOPROTOOPT)
		return ret;
	setting = setting_find(s, level, option);
	if (setting)
		return set_setting(s, setting, value, len);
	if (level == LINUX_SOL_SOCKET)
		return set_of_socket_level(s, option, value, len);
	return has_level(s, level) ? set_of_ip(s, level, option, value, len) : -ENOPROTOOPT;
}

static long get_mtu(struct inet_socket *s, void *value, size_t size)
{
	uint32_t mtu;

	net_enter();
	mtu = s->protocol->mtu(s);
	net_leave();
	return mtu ? inet_option_give_int(value, size, (int)mtu) : -ENOTCONN;
}

static long get_of_socket_level(struct inet_socket *s, int option, void *value, size_t size)
{
	struct linux_ucred nobody = {.pid = 0, .uid = ~0u, .gid = ~0u};

	switch (option) {
	case LINUX_SO_BINDTODEVICE:
		return get_device(s, value, size);
	case LINUX_SO_BINDTOIFINDEX:
		return inet_option_give_int(value, size, (int)s->set.bound_index);
	case LINUX_SO_PEERCRED:
		memcpy(value, &nobody, min_u64(size, sizeof(nobody)));
		return (long)min_u64(size, sizeof(nobody));
	case LINUX_SO_COOKIE:
		if (size < sizeof(s->cookie))
			return -EINVAL;
		memcpy(value, &s->cookie, sizeof(s->cookie));
		return sizeof(s->cookie);
	default:
		return -ENOPROTOOPT;
	}
}

long inet_get_option(struct socket *socket, int level, int option, void *value, size_t size)
{
	struct inet_socket *s = inet_of(socket);
	const struct setting *setting;
	long ret = s->protocol->get_option ? s->protocol->get_option(s, level, option, value, size) : -ENOPROTOOPT;

	if (ret != -ENOPROTOOPT)
		return ret;
	setting = setting_find(s, level, option);
	if (setting && setting->level == LINUX_SOL_SOCKET && option == LINUX_SO_PEEK_OFF && s->socket.type == LINUX_SOCK_RAW)
		return -EOPNOTSUPP;
	if (setting)
		return inet_option_give_int(value, size, get_setting(s, setting));
	if (level == LINUX_SOL_SOCKET)
		return get_of_socket_level(s, option, value, size);
	if (!has_level(s, level))
		return level == s->socket.protocol ? -ENOPROTOOPT : -EOPNOTSUPP;
	if (level == LINUX_IPPROTO_IP ? option == LINUX_IP_MTU : option == LINUX_IPV6_MTU)
		return get_mtu(s, value, size);
	if (level == LINUX_IPPROTO_IP && option == LINUX_IP_MULTICAST_IF) {
		memcpy(value, s->set.multicast_address, min_u64(size, 4));
		return (long)min_u64(size, 4);
	}
	if (level == LINUX_IPPROTO_IPV6 && option == LINUX_IPV6_MULTICAST_IF)
		return inet_option_give_int(value, size, (int)s->set.multicast_index);
	return -ENOPROTOOPT;
}

int inet_option_changed(struct socket *socket, int option)
{
	tell_protocol(inet_of(socket));
	return 0;
}
