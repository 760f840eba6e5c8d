/* SPDX-License-Identifier: BSD-3-Clause */
/* The ioctls of interfaces and routes (netdevice(7), route(7)), of IPv4. */
#include "kernel/net/inet/inet.h"
#include "kernel/net/ip4/ip4.h"
#include "kernel/net/core/interface_flags.h"
#include "kernel/net/system/system.h"
#include "kernel/process/credentials.h"
#include "kernel/uapi/net_interface.h"
#include "kernel/vm/user_memory.h"

#define INTERFACES_MAX 64
#define QUEUE_LEN 1000 /* as Linux has it for devices; nothing waits here */

/* The interface's first address, NULL: none. */
static struct ip4_address *address_of(struct net_interface *interface)
{
	struct ip4_address *a;

	list_for_each(a, ip4_addresses(interface->stack), link)
		if (a->interface == interface)
			return a;
	return NULL;
}

static void put_address(struct linux_ifreq *request, uint32_t address)
{
	struct linux_sockaddr_in to = {.family = LINUX_AF_INET};

	wire_put32(to.address, address);
	memset(request->room, 0, sizeof(request->room));
	memcpy(request->address, &to, sizeof(to));
}

static uint32_t take_address(const uint8_t from[16])
{
	return wire_get32(from + offsetof(struct linux_sockaddr_in, address));
}

/* ---- Reading ---- */

static int get_flags(struct net_interface *interface, struct linux_ifreq *request)
{
	request->flags = (int16_t)net_interface_linux_flags(interface);
	return 0;
}

static int get_address(struct net_interface *interface, struct linux_ifreq *request)
{
	struct ip4_address *a = address_of(interface);

	if (!a)
		return -EADDRNOTAVAIL;
	put_address(request, a->address);
	return 0;
}

static int get_mask(struct net_interface *interface, struct linux_ifreq *request)
{
	struct ip4_address *a = address_of(interface);

	if (!a)
		return -EADDRNOTAVAIL;
	put_address(request, ip4_mask(a->prefix));
	return 0;
}

static int get_broadcast(struct net_interface *interface, struct linux_ifreq *request)
{
	struct ip4_address *a = address_of(interface);

	if (!a)
		return -EADDRNOTAVAIL;
	put_address(request, interface->flags & NET_IS_LOOPBACK ? 0 : a->address | ~ip4_mask(a->prefix));
	return 0;
}

static int get_mtu(struct net_interface *interface, struct linux_ifreq *request)
{
	request->number = (int32_t)interface->mtu;
	return 0;
}

static int get_hardware(struct net_interface *interface, struct linux_ifreq *request)
{
	uint16_t type = (uint16_t)net_interface_linux_type(interface);

	memset(request->room, 0, sizeof(request->room));
	memcpy(request->address, &type, sizeof(type));
	memcpy(request->address + 2, interface->hardware, sizeof(interface->hardware));
	return 0;
}

static int get_index(struct net_interface *interface, struct linux_ifreq *request)
{
	request->number = (int32_t)interface->index;
	return 0;
}

static int get_queue_len(struct net_interface *interface, struct linux_ifreq *request)
{
	request->number = QUEUE_LEN;
	return 0;
}

static int get_metric(struct net_interface *interface, struct linux_ifreq *request)
{
	request->number = 0;
	return 0;
}

static int get_map(struct net_interface *interface, struct linux_ifreq *request)
{
	memset(request->room, 0, sizeof(request->room));
	return 0;
}

/* ---- Changing ---- */

static int set_flags(struct net_interface *interface, struct linux_ifreq *request)
{
	net_interface_set_enabled(interface, request->flags & LINUX_IFF_UP);
	return 0;
}

static unsigned prefix_of_mask(uint32_t mask)
{
	unsigned prefix = 0;

	while (prefix < 32 && mask & 0x80000000u >> prefix)
		prefix++;
	return prefix;
}

/* By class, as when nothing else is said. */
static unsigned prefix_of_class(uint32_t address)
{
	return !(address >> 31) ? 8 : address >> 30 == 2 ? 16 : 24;
}

static int replace_address(struct net_interface *interface, uint32_t address, unsigned prefix)
{
	struct ip4_address *a = address_of(interface);

	if (a)
		(void)ip4_address_remove(interface->stack, interface, a->address);
	return address ? ip4_address_add(interface->stack, interface, address, prefix) : 0;
}

static int set_address(struct net_interface *interface, struct linux_ifreq *request)
{
	uint32_t address = take_address(request->address);
	int ret = replace_address(interface, address, prefix_of_class(address));

	if (!ret && address && !(interface->flags & NET_IS_UP))
		net_interface_set_enabled(interface, true); /* as Linux: an address brings it up */
	return ret;
}

static int set_mask(struct net_interface *interface, struct linux_ifreq *request)
{
	uint32_t mask = take_address(request->address);
	unsigned prefix = prefix_of_mask(mask);
	struct ip4_address *a = address_of(interface);

	if (!a)
		return -EADDRNOTAVAIL;
	return mask == ip4_mask(prefix) ? replace_address(interface, a->address, prefix) : -EINVAL;
}

static int set_mtu(struct net_interface *interface, struct linux_ifreq *request)
{
	return request->number < 0 ? -EINVAL : net_interface_set_mtu(interface, (uint32_t)request->number);
}

/* The broadcast address follows from the network. */
static int set_broadcast(struct net_interface *interface, struct linux_ifreq *request)
{
	return 0;
}

/* Settings of hardware (ethtool(8)): programs such as tcpdump ask, and go on without. */
static int refuse(struct net_interface *interface, struct linux_ifreq *request)
{
	return -EOPNOTSUPP;
}

static const struct interface_call {
	unsigned command;
	int (*run)(struct net_interface *interface, struct linux_ifreq *request); /* in a turn */
	bool is_change;
} interface_calls[] = {
	{LINUX_SIOCGIFFLAGS, get_flags, false}, {LINUX_SIOCGIFADDR, get_address, false}, {LINUX_SIOCGIFDSTADDR, get_address, false},
	{LINUX_SIOCGIFNETMASK, get_mask, false}, {LINUX_SIOCGIFBRDADDR, get_broadcast, false}, {LINUX_SIOCGIFMTU, get_mtu, false},
	{LINUX_SIOCGIFHWADDR, get_hardware, false}, {LINUX_SIOCGIFINDEX, get_index, false}, {LINUX_SIOCGIFTXQLEN, get_queue_len, false},
	{LINUX_SIOCGIFMETRIC, get_metric, false}, {LINUX_SIOCGIFMAP, get_map, false}, {LINUX_SIOCSIFFLAGS, set_flags, true},
	{LINUX_SIOCSIFADDR, set_address, true}, {LINUX_SIOCSIFNETMASK, set_mask, true}, {LINUX_SIOCSIFMTU, set_mtu, true},
	{LINUX_SIOCSIFBRDADDR, set_broadcast, true}, {LINUX_SIOCETHTOOL, refuse, false},
};

static int run_interface_call(struct net_stack *stack, const struct interface_call *call, uint64_t argument)
{
	struct net_interface *interface;
	struct linux_ifreq request;
	int ret;

	if (copy_from_user(&request, argument, sizeof(request)))
		return -EFAULT;
	request.name[sizeof(request.name) - 1] = '\0';
	if (call->is_change && !task_is_capable(CAPABILITY_NET_ADMIN))
		return -EPERM;
	net_enter();
	interface = net_interface_find(stack, request.name);
	ret = interface ? call->run(interface, &request) : -ENODEV;
	net_leave();
	return ret || call->is_change ? ret : copy_to_user(argument, &request, sizeof(request));
}

/* ---- Of all interfaces ---- */

static int get_name(struct net_stack *stack, uint64_t argument)
{
	struct net_interface *interface;
	struct linux_ifreq request;

	if (copy_from_user(&request, argument, sizeof(request)))
		return -EFAULT;
	net_enter();
	interface = net_interface_by_index(stack, (unsigned)request.number);
	if (interface)
		memcpy(request.name, interface->name, sizeof(request.name));
	net_leave();
	return interface ? copy_to_user(argument, &request, sizeof(request)) : -ENODEV;
}

/* Those that have an address: one entry each, as many as there is room for. */
static int get_configuration(struct net_stack *stack, uint64_t argument)
{
	struct linux_ifreq all[INTERFACES_MAX];
	struct linux_ifconf conf;
	struct ip4_address *a;
	int32_t nr = 0;

	if (copy_from_user(&conf, argument, sizeof(conf)))
		return -EFAULT;
	memset(all, 0, sizeof(all));
	net_enter();
	list_for_each(a, ip4_addresses(stack), link) {
		if (nr == INTERFACES_MAX)
			break;
		memcpy(all[nr].name, a->interface->name, sizeof(all[nr].name));
		put_address(&all[nr++], a->address);
	}
	net_leave();
	if (conf.requests)
		nr = (int32_t)min_u64((uint64_t)nr, conf.len < 0 ? 0 : (uint64_t)conf.len / sizeof(all[0]));
	conf.len = nr * (int32_t)sizeof(all[0]);
	if (conf.requests && nr && copy_to_user(conf.requests, all, (size_t)conf.len))
		return -EFAULT;
	return copy_to_user(argument, &conf, sizeof(conf));
}

/* ---- Routes ---- */

static int read_route(const struct linux_rtentry *from, struct ip4_route *route)
{
	uint32_t mask = from->flags & LINUX_RTF_HOST ? ~0u : take_address(from->mask);

	*route = (struct ip4_route){.destination = take_address(from->destination), .prefix = prefix_of_mask(mask),
				    .gateway = from->flags & LINUX_RTF_GATEWAY ? take_address(from->gateway) : 0,
				    .metric = from->metric > 0 ? (uint32_t)from->metric - 1 : 0};
	return mask != ip4_mask(route->prefix) || route->destination & ~mask ? -EINVAL : 0;
}

static struct net_interface *interface_towards(struct net_stack *stack, uint32_t gateway)
{
	struct ip4_route *r;

	list_for_each(r, ip4_routes(stack), link)
		if (!r->gateway && (gateway & ip4_mask(r->prefix)) == r->destination)
			return r->interface;
	return NULL;
}

static int change_route(struct net_stack *stack, struct ip4_route *route, const char *device, bool is_new)
{
	if (!is_new)
		return ip4_route_remove(stack, route->destination, route->prefix, route->gateway);
	if (device[0]) {
		route->interface = net_interface_find(stack, device);
		if (!route->interface)
			return -ENODEV;
	} else {
		route->interface = interface_towards(stack, route->gateway ? route->gateway : route->destination);
		if (!route->interface)
			return -ENETUNREACH;
	}
	return ip4_route_add(stack, route);
}

static int run_route_call(struct net_stack *stack, uint64_t argument, bool is_new)
{
	struct linux_rtentry entry;
	struct ip4_route route;
	char device[16] = "";
	int ret;

	if (!task_is_capable(CAPABILITY_NET_ADMIN))
		return -EPERM;
	if (copy_from_user(&entry, argument, sizeof(entry)))
		return -EFAULT;
	if (entry.device && copy_from_user(device, entry.device, sizeof(device) - 1))
		return -EFAULT;
	ret = read_route(&entry, &route);
	if (ret)
		return ret;
	net_enter();
	ret = change_route(stack, &route, device, is_new);
	net_leave();
	return ret;
}

static bool is_ours(unsigned command)
{
	return command >= LINUX_SIOCADDRT && command <= LINUX_SIOCGIFMAP;
}

static long interface_ioctl(unsigned command, uint64_t argument)
{
	struct net_stack *stack;

	if (!is_ours(command))
		return -ENOTTY;
	stack = net_enter();
	net_leave();
	for (unsigned i = 0; i < ARRAY_SIZE(interface_calls); i++)
		if (interface_calls[i].command == command)
			return run_interface_call(stack, &interface_calls[i], argument);
	switch (command) {
	case LINUX_SIOCGIFNAME:
		return get_name(stack, argument);
	case LINUX_SIOCGIFCONF:
		return get_configuration(stack, argument);
	case LINUX_SIOCADDRT:
	case LINUX_SIOCDELRT:
		return run_route_call(stack, argument, command == LINUX_SIOCADDRT);
	default:
		return -ENOTTY;
	}
}

SOCKET_IOCTL(interfaces) = {.run = interface_ioctl};
