/* SPDX-License-Identifier: BSD-3-Clause */
/* Raw and echo sockets: making, binding, connecting, options. */
#include "kernel/mem/heap.h"
#include "kernel/net/inet/raw/raw.h"
#include "kernel/net/system/system.h"
#include "kernel/process/credentials.h"
#include "kernel/uapi/poll.h"
#include "kernel/vm/user_memory.h"

enum { IOCTL_FIONREAD = 0x541b, IOCTL_SIOCOUTQ = 0x5411 };
enum { SOL_RAW = 255, ICMP_FILTER = 1, SOL_ICMPV6 = 58, ICMPV6_FILTER = 1 };

static int raw_create(const struct inet_protocol *protocol, int type, int number, struct inet_socket **socket)
{
	struct raw_socket *r;

	if (type == LINUX_SOCK_RAW && !task_is_capable(CAPABILITY_NET_RAW))
		return -EPERM;
	r = heap_alloc_zero(sizeof(*r));
	if (!r)
		return -ENOMEM;
	inet_init(&r->inet, protocol, type, number);
	r->inet.socket.receive_buffer = 212992;
	r->number = (uint8_t)number;
	r->is_echo = type == LINUX_SOCK_DGRAM;
	r->inet.set.has_header = !r->is_echo && number == LINUX_IPPROTO_RAW;
	list_init(&r->queue);
	list_init(&r->link);
	r->inet.stack = net_enter();
	raw_add(r);
	net_leave();
	*socket = &r->inet;
	return 0;
}

static int raw_bind(struct inet_socket *s, const struct inet_end *end)
{
	struct raw_socket *r = raw_of(&s->socket);
	int ret = r->is_echo ? r->local.port ? -EINVAL : raw_take_identifier(r, end->port) : 0;

	if (!ret)
		r->local.address = end->address;
	return ret;
}

static void raw_ends(struct inet_socket *s, struct inet_end *local, struct inet_end *remote)
{
	struct raw_socket *r = raw_of(&s->socket);

	*local = r->local;
	*remote = r->remote;
	local->scope = remote->scope = s->set.bound_index;
	if (!r->is_echo)
		local->port = r->number;
}

/* Nothing is the library's: input and output look at the settings themselves. */
static void raw_apply(struct inet_socket *s)
{
}

static uint32_t raw_mtu(struct inet_socket *s)
{
	struct raw_socket *r = raw_of(&s->socket);
	const struct net_network *network = net_network_of(s->stack, &r->remote.address);
	struct net_flow flow = {.remote = r->remote.address};

	return r->remote.port && network && !network->route(s->stack, &flow) ? flow.mtu : 0;
}

static int connect_in_turn(struct raw_socket *r, const struct inet_end *end)
{
	const struct net_network *network = net_network_of(r->inet.stack, &end->address);
	unsigned index = r->inet.set.bound_index ? r->inet.set.bound_index : end->scope;
	struct net_flow flow = {.remote = end->address, .is_broadcast_allowed = r->inet.socket.broadcast};
	int ret;

	flow.bound = index ? net_interface_by_index(r->inet.stack, index) : NULL;
	ret = network ? network->route(r->inet.stack, &flow) : -ENETUNREACH;
	if (!ret && r->is_echo && !r->local.port)
		ret = raw_take_identifier(r, 0);
	if (ret)
		return ret;
	r->remote = *end;
	r->remote.address = flow.remote;
	r->remote.port = r->is_echo && end->port ? end->port : 1;
	if (net_address_is_any(&r->local.address))
		r->local.address = flow.local;
	return 0;
}

static int raw_connect(struct socket *socket, const void *address, size_t len)
{
	struct raw_socket *r = raw_of(socket);
	struct inet_end end;
	int ret = 0;

	if (inet_family_of(address, len) == LINUX_AF_UNSPEC && len >= sizeof(uint16_t)) {
		net_enter();
		memset(&r->remote, 0, sizeof(r->remote));
		net_leave();
		return 0;
	}
	ret = inet_address_read(&r->inet, address, len, &end);
	if (ret)
		return ret;
	net_enter();
	ret = connect_in_turn(r, &end);
	net_leave();
	return ret;
}

static int raw_shutdown(struct socket *socket, int how)
{
	return raw_of(socket)->remote.port ? 0 : -ENOTCONN;
}

static unsigned raw_poll(struct socket *socket, struct poll_table *table)
{
	struct raw_socket *r = raw_of(socket);

	if (table)
		table->add(table, &r->inet.wait);
	return POLLOUT | POLLWRNORM | (list_empty(&r->queue) ? 0u : POLLIN | POLLRDNORM);
}

static long raw_ioctl(struct inet_socket *s, unsigned command, uint64_t argument)
{
	struct raw_socket *r = raw_of(&s->socket);
	int value = 0;

	if (command != IOCTL_FIONREAD && command != IOCTL_SIOCOUTQ)
		return -ENOTTY;
	net_enter();
	if (command == IOCTL_FIONREAD && !list_empty(&r->queue))
		value = (int)container_of(r->queue.next, struct net_packet, link)->len;
	net_leave();
	return copy_to_user(argument, &value, sizeof(value));
}

static int set_filter(void *filter, size_t size, const void *value, size_t len)
{
	net_enter();
	memcpy(filter, value, min_u64(size, len));
	net_leave();
	return 0;
}

static int raw_set_option(struct inet_socket *s, int level, int option, const void *value, size_t len)
{
	struct raw_socket *r = raw_of(&s->socket);
	int v, ret;

	if (level == SOL_RAW && option == ICMP_FILTER && r->number == NET_PROTOCOL_ICMP)
		return set_filter(&r->filter4, sizeof(r->filter4), value, len);
	if (level == SOL_ICMPV6 && option == ICMPV6_FILTER && r->number == NET_PROTOCOL_ICMP6)
		return set_filter(r->filter6, sizeof(r->filter6), value, len);
	if (level != LINUX_IPPROTO_IP || option != LINUX_IP_HDRINCL || r->is_echo || s->is_ip6)
		return -ENOPROTOOPT;
	ret = inet_option_int(value, len, &v);
	if (!ret)
		s->set.has_header = v != 0;
	return ret;
}

static long raw_get_option(struct inet_socket *s, int level, int option, void *value, size_t size)
{
	struct raw_socket *r = raw_of(&s->socket);

	if (level == LINUX_IPPROTO_IP && option == LINUX_IP_HDRINCL && !r->is_echo)
		return inet_option_give_int(value, size, s->set.has_header);
	if (level != SOL_RAW || option != ICMP_FILTER || r->number != NET_PROTOCOL_ICMP)
		return -ENOPROTOOPT;
	memcpy(value, &r->filter4, min_u64(size, sizeof(r->filter4)));
	return (long)min_u64(size, sizeof(r->filter4));
}

static void list_raw(struct net_stack *stack, inet_list_fn *give, void *context)
{
	raw_visit(give, context, false);
}

static void raw_release(struct socket *socket)
{
	struct raw_socket *r = raw_of(socket);

	net_enter();
	inet_groups_leave(&r->inet);
	raw_remove(r);
	net_leave();
	heap_free(r);
}

static const struct socket_ops raw_ops = {
	.bind = inet_bind, .connect = raw_connect, .send = raw_send, .receive = raw_receive, .shutdown = raw_shutdown, .name = inet_name, .poll = raw_poll,
	.ioctl = inet_ioctl, .set_option = inet_set_option, .get_option = inet_get_option, .option_changed = inet_option_changed, .release = raw_release,
};

#define RAW_COMMON                                                                                                     \
	.ops = &raw_ops, .create = raw_create, .bind = raw_bind, .ends = raw_ends, .apply = raw_apply, .set_option = raw_set_option, \
	.get_option = raw_get_option, .ioctl = raw_ioctl, .mtu = raw_mtu

INET_PROTOCOL(raw) = {.type = LINUX_SOCK_RAW, .families = INET_FOR_BOTH, .list = list_raw, RAW_COMMON};
INET_PROTOCOL(echo) = {.type = LINUX_SOCK_DGRAM, .protocol = LINUX_IPPROTO_ICMP, .families = INET_FOR_4, RAW_COMMON};
INET_PROTOCOL(echo6) = {.type = LINUX_SOCK_DGRAM, .protocol = LINUX_IPPROTO_ICMPV6, .families = INET_FOR_6, RAW_COMMON};
