/* SPDX-License-Identifier: BSD-3-Clause */
/* UDP sockets: making, connecting, closing, polling, options. */
#include "kernel/net/inet/udp/socket.h"
#include "kernel/mem/heap.h"
#include "kernel/net/system/system.h"
#include "kernel/uapi/poll.h"
#include "kernel/vm/user_memory.h"

enum { IOCTL_FIONREAD = 0x541b, IOCTL_SIOCOUTQ = 0x5411 };

/* Under the stack's lock. One datagram is for one reader. */
static void on_event(void *owner, unsigned events)
{
	struct datagram_socket *d = owner;

	if (events & UDP_ERROR)
		wait_wake_all(&d->inet.wait, POLLERR | POLLIN | POLLRDNORM | POLLOUT);
	else
		wait_wake(&d->inet.wait, 1, POLLIN | POLLRDNORM);
}

static int datagram_create(const struct inet_protocol *protocol, int type, int number, struct inet_socket **socket)
{
	struct datagram_socket *d = heap_alloc_zero(sizeof(*d));

	if (!d)
		return -ENOMEM;
	inet_init(&d->inet, protocol, type, number);
	mutex_init(&d->cork_lock);
	d->inet.stack = net_enter();
	d->udp = udp_new(d->inet.stack, on_event, d);
	if (d->udp)
		d->inet.socket.receive_buffer = udp_settings(d->udp)->receive_buffer;
	net_leave();
	if (!d->udp) {
		heap_free(d);
		return -ENOMEM;
	}
	*socket = &d->inet;
	return 0;
}

static int datagram_bind(struct inet_socket *s, const struct inet_end *end)
{
	return udp_bind(datagram_of(&s->socket)->udp, &end->address, end->port);
}

static void datagram_ends(struct inet_socket *s, struct inet_end *local, struct inet_end *remote)
{
	struct udp_socket *udp = datagram_of(&s->socket)->udp;

	udp_local(udp, &local->address, &local->port);
	local->scope = remote->scope = s->set.bound_index ? s->set.bound_index : s->bound_scope;
	if (!udp_remote(udp, &remote->address, &remote->port))
		remote->port = 0;
}

static void datagram_apply(struct inet_socket *s)
{
	struct udp_settings *u = udp_settings(datagram_of(&s->socket)->udp);

	u->reuse_address = s->socket.reuse_address;
	u->reuse_port = s->socket.reuse_port;
	u->may_broadcast = s->socket.broadcast;
	u->receive_buffer = s->socket.receive_buffer;
	u->ip6_only = s->set.ip6_only;
	u->free_bind = inet_may_bind_any(s);
	u->wants_errors = s->set.gives_errors;
	u->no_multicast_loop = !s->set.loops_multicast;
	u->dont_fragment = s->set.mtu_discover == LINUX_IP_PMTUDISC_DO || s->set.mtu_discover == LINUX_IP_PMTUDISC_PROBE || s->set.dont_fragment6;
	u->ttl = s->set.ttl;
	u->multicast_ttl = s->set.multicast_ttl;
	u->traffic_class = s->set.traffic_class;
	u->bound = s->set.bound_index ? net_interface_by_index(s->stack, s->set.bound_index) : NULL;
	u->multicast_interface = s->set.multicast_index ? net_interface_by_index(s->stack, s->set.multicast_index) : NULL;
}

static uint32_t datagram_mtu(struct inet_socket *s)
{
	return udp_path_mtu(datagram_of(&s->socket)->udp);
}

static int connect_to(struct datagram_socket *d, const struct inet_end *end)
{
	int ret;

	if (d->inet.set.ip6_only && net_address_is_ip4(&end->address))
		return -ENETUNREACH;
	ret = inet_bind_automatically(&d->inet);
	if (!ret && end->scope && !d->inet.set.bound_index) { /* as Linux: it is bound to the link from now on */
		d->inet.set.bound_index = end->scope;
		d->inet.protocol->apply(&d->inet);
	}
	if (!ret)
		ret = udp_connect(d->udp, &end->address, end->port);
	d->is_connected = !ret;
	return ret;
}

static int datagram_connect(struct socket *socket, const void *address, size_t len)
{
	struct datagram_socket *d = datagram_of(socket);
	struct inet_end end;
	int ret;

	if (inet_family_of(address, len) == LINUX_AF_UNSPEC && len >= sizeof(uint16_t)) {
		net_enter();
		ret = udp_connect(d->udp, NULL, 0);
		d->is_connected = d->read_shut = d->write_shut = false;
		net_leave();
		return ret;
	}
	ret = inet_address_read(&d->inet, address, len, &end);
	if (ret)
		return ret;
	net_enter();
	ret = connect_to(d, &end);
	net_leave();
	return ret;
}

static int datagram_shutdown(struct socket *socket, int how)
{
	struct datagram_socket *d = datagram_of(socket);

	d->read_shut |= how != LINUX_SHUT_WR;
	d->write_shut |= how != LINUX_SHUT_RD;
	wait_wake_all(&d->inet.wait, POLLIN | POLLRDNORM | POLLRDHUP | POLLHUP);
	return d->is_connected ? 0 : -ENOTCONN;
}

static unsigned datagram_poll(struct socket *socket, struct poll_table *table)
{
	struct datagram_socket *d = datagram_of(socket);
	unsigned ready, bits = POLLOUT | POLLWRNORM;

	if (table)
		table->add(table, &d->inet.wait);
	ready = udp_poll(d->udp);
	if (ready & UDP_ERROR)
		bits |= POLLERR;
	if ((ready & (UDP_READABLE | UDP_ERROR)) == UDP_READABLE || d->read_shut || udp_first_len(d->udp))
		bits |= POLLIN | POLLRDNORM;
	if (d->read_shut)
		bits |= POLLRDHUP;
	return bits | (d->read_shut && d->write_shut ? POLLHUP : 0);
}

static int datagram_take_error(struct socket *socket)
{
	int error;

	net_enter();
	error = udp_error(datagram_of(socket)->udp);
	net_leave();
	return error;
}

static long datagram_ioctl(struct inet_socket *s, unsigned command, uint64_t argument)
{
	int value = 0;

	if (command != IOCTL_FIONREAD && command != IOCTL_SIOCOUTQ)
		return -ENOTTY;
	if (command == IOCTL_FIONREAD) {
		net_enter();
		value = (int)udp_first_len(datagram_of(&s->socket)->udp);
		net_leave();
	}
	return copy_to_user(argument, &value, sizeof(value));
}

static int datagram_set_option(struct inet_socket *s, int level, int option, const void *value, size_t len)
{
	struct datagram_socket *d = datagram_of(&s->socket);
	long ret = 0;
	int v;

	if (level != LINUX_IPPROTO_UDP)
		return -ENOPROTOOPT;
	if (len < sizeof(v))
		return -EINVAL;
	memcpy(&v, value, sizeof(v));
	if (option != LINUX_UDP_CORK)
		return -ENOPROTOOPT; /* segments of one send (UDP_SEGMENT, UDP_GRO): programs do without */
	d->is_corked = v != 0;
	if (!v)
		ret = datagram_uncork(d);
	return ret < 0 ? (int)ret : 0;
}

static long datagram_get_option(struct inet_socket *s, int level, int option, void *value, size_t size)
{
	if (level != LINUX_IPPROTO_UDP || option != LINUX_UDP_CORK)
		return -ENOPROTOOPT;
	return inet_option_give_int(value, size, datagram_of(&s->socket)->is_corked);
}

struct listing_context {
	inet_list_fn *give;
	void *context;
};

static void list_one(void *context, const struct udp_socket *udp, void *owner)
{
	const struct listing_context *c = context;
	struct inet_listing l = {.state = 7, .unread = (uint32_t)udp_queued(udp)};

	udp_local(udp, &l.local.address, &l.local.port);
	if (udp_remote(udp, &l.remote.address, &l.remote.port))
		l.state = 1;
	l.is_ip6 = !net_address_is_ip4(&l.local.address);
	if (udp_event_of(udp) == on_event)
		inet_listing_of(&((struct datagram_socket *)owner)->inet, &l);
	c->give(c->context, &l);
}

static void datagram_list(struct net_stack *stack, inet_list_fn *give, void *context)
{
	struct listing_context c = {give, context};

	udp_visit(stack, list_one, &c);
}

static void datagram_release(struct socket *socket)
{
	struct datagram_socket *d = datagram_of(socket);

	net_enter();
	inet_groups_leave(&d->inet);
	udp_close(d->udp);
	net_leave();
	heap_free(d->corked);
	heap_free(d);
}

static const struct socket_ops datagram_ops = {
	.bind = inet_bind, .connect = datagram_connect, .send = datagram_send, .receive = datagram_receive, .shutdown = datagram_shutdown, .name = inet_name,
	.poll = datagram_poll, .ioctl = inet_ioctl, .set_option = inet_set_option, .get_option = inet_get_option, .option_changed = inet_option_changed,
	.take_error = datagram_take_error, .release = datagram_release,
};

INET_PROTOCOL(udp) = {
	.type = LINUX_SOCK_DGRAM, .protocol = LINUX_IPPROTO_UDP, .is_default = true, .families = INET_FOR_BOTH, .ops = &datagram_ops, .create = datagram_create,
	.bind = datagram_bind, .ends = datagram_ends, .apply = datagram_apply, .set_option = datagram_set_option, .get_option = datagram_get_option,
	.ioctl = datagram_ioctl, .list = datagram_list, .mtu = datagram_mtu,
};
