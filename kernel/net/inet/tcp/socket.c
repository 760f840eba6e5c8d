/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP sockets (tcp(7)): making, connecting, accepting, closing, polling. */
#include "kernel/net/inet/tcp/socket.h"
#include "kernel/mem/heap.h"
#include "kernel/net/system/system.h"
#include "kernel/platform/platform.h"
#include "kernel/process/credentials.h"
#include "kernel/process/process.h"
#include "kernel/uapi/poll.h"
#include "kernel/uapi/sock_diag.h"
#include "kernel/uapi/time.h"
#include "kernel/vm/user_memory.h"

enum { IOCTL_FIONREAD = 0x541b, IOCTL_SIOCOUTQ = 0x5411, IOCTL_SIOCOUTQNSD = 0x894b, IOCTL_SIOCATMARK = 0x8905 };

/* ---- Events and polling ---- */

static unsigned poll_bits(unsigned ready)
{
	unsigned bits = 0;

	if (ready & TCP_READABLE)
		bits |= POLLIN | POLLRDNORM;
	if (ready & TCP_WRITABLE)
		bits |= POLLOUT | POLLWRNORM;
	if (ready & TCP_READ_CLOSED)
		bits |= POLLIN | POLLRDNORM | POLLRDHUP;
	if (ready & TCP_ERROR)
		bits |= POLLERR;
	if (ready & TCP_HANGUP)
		bits |= POLLHUP;
	return bits | (ready & TCP_URGENT ? POLLPRI : 0);
}

/* Under the stack's lock. Each acknowledgment makes room, but it is news only for those who found none. */
static void on_event(void *owner, unsigned events)
{
	struct tcp_socket *t = owner;

	if (events == TCP_WRITABLE) {
		if (!__atomic_load_n(&t->wants_room, __ATOMIC_RELAXED) || !(tcp_poll(t->tcp) & TCP_WRITABLE))
			return;
	}
	if (events & TCP_WRITABLE)
		__atomic_store_n(&t->wants_room, false, __ATOMIC_RELAXED);
	wait_wake(&t->inet.wait, tcp_state(t->tcp) == TCP_LISTEN ? 1 : ~0u, poll_bits(events));
}

unsigned tcp_socket_ready(struct tcp_socket *t)
{
	unsigned ready = tcp_poll(t->tcp);

	if (ready & TCP_WRITABLE || tcp_state(t->tcp) == TCP_LISTEN)
		return ready;
	__atomic_store_n(&t->wants_room, true, __ATOMIC_SEQ_CST); /* before looking again */
	return tcp_poll(t->tcp);
}

static unsigned tcp_socket_poll(struct socket *socket, struct poll_table *table)
{
	struct tcp_socket *t = tcp_socket_of(socket);
	unsigned ready;

	if (table)
		table->add(table, &t->inet.wait);
	ready = tcp_socket_ready(t);
	if (ready & TCP_READABLE && t->inet.set.receive_low > 1 && !(ready & (TCP_READ_CLOSED | TCP_ERROR)) &&
	    tcp_readable(t->tcp) < (size_t)t->inet.set.receive_low)
		ready &= ~(unsigned)TCP_READABLE;
	return poll_bits(ready);
}

int tcp_socket_wait(struct tcp_socket *t, unsigned bits, uint64_t deadline_ns, uint64_t timeout_ns)
{
	struct waiter waiter;
	int ret = 0;

	wait_begin(&waiter, &t->inet.wait);
	while (!(tcp_socket_ready(t) & bits) && !ret)
		ret = wait_sleep(deadline_ns, WAIT_INTERRUPTIBLE);
	wait_end(&waiter);
	return tcp_poll(t->tcp) & bits ? 0 : inet_wait_result(ret, timeout_ns);
}

/* ---- Making ---- */

static struct tcp_socket *tcp_socket_new(const struct inet_protocol *protocol, int type, int number)
{
	struct tcp_socket *t = heap_alloc_zero(sizeof(*t));

	if (!t)
		return NULL;
	inet_init(&t->inet, protocol, type, number);
	mutex_init(&t->read_lock);
	return t;
}

static void show_buffers(struct tcp_socket *t)
{
	t->inet.socket.send_buffer = (uint32_t)tcp_get(t->tcp, TCP_SET_SEND_BUFFER);
	t->inet.socket.receive_buffer = (uint32_t)tcp_get(t->tcp, TCP_SET_RECEIVE_BUFFER);
}

static int tcp_create(const struct inet_protocol *protocol, int type, int number, struct inet_socket **socket)
{
	struct tcp_socket *t = tcp_socket_new(protocol, type, number);

	if (!t)
		return -ENOMEM;
	t->inet.stack = net_enter();
	t->tcp = tcp_new(t->inet.stack, on_event, t);
	if (t->tcp)
		show_buffers(t);
	net_leave();
	if (!t->tcp) {
		heap_free(t);
		return -ENOMEM;
	}
	*socket = &t->inet;
	return 0;
}

static int tcp_do_bind(struct inet_socket *s, const struct inet_end *end)
{
	return tcp_bind(tcp_socket_of(&s->socket)->tcp, &end->address, end->port);
}

static void tcp_ends(struct inet_socket *s, struct inet_end *local, struct inet_end *remote)
{
	struct tcp_connection *tcp = tcp_socket_of(&s->socket)->tcp;
	enum tcp_state state = tcp_state(tcp);

	tcp_local(tcp, &local->address, &local->port);
	tcp_remote(tcp, &remote->address, &remote->port);
	local->scope = remote->scope = tcp_interface_index(tcp);
	/* What is just being accepted has a peer, even if it is gone again. */
	if ((state == TCP_CLOSED && s->socket.file) || state == TCP_SYN_SENT)
		remote->port = 0;
}

static uint32_t tcp_mtu(struct inet_socket *s)
{
	return tcp_path_mtu(tcp_socket_of(&s->socket)->tcp);
}

/* ---- connect(2) ---- */

static void disconnect(struct tcp_socket *t)
{
	mutex_lock(&t->read_lock);
	net_enter();
	tcp_disconnect(t->tcp);
	t->phase = TCP_PHASE_NEW;
	t->inet.socket.is_listening = false;
	net_leave();
	mutex_unlock(&t->read_lock);
	wait_wake_all(&t->inet.wait, POLLIN | POLLOUT | POLLHUP);
}

static bool may_go_to(const struct inet_socket *s, const struct net_address *address)
{
	if (net_address_is_ip4(address))
		return !s->set.ip6_only && address->byte[12] >> 4 != 0xe && net_address_ip4(address) != 0xffffffff;
	return address->byte[0] != 0xff;
}

/* What the socket is bound to, else the link of the address. */
static struct net_interface *bound_interface(struct inet_socket *s, uint32_t scope)
{
	unsigned index = s->set.bound_index ? s->set.bound_index : scope;

	return index ? net_interface_by_index(s->stack, index) : NULL;
}

static int begin_connect(struct tcp_socket *t, const struct inet_end *end)
{
	int ret;

	if (t->phase == TCP_PHASE_CONNECTED || tcp_state(t->tcp) == TCP_LISTEN)
		return -EISCONN;
	if (!may_go_to(&t->inet, &end->address))
		return -ENETUNREACH;
	tcp_bind_interface(t->tcp, bound_interface(&t->inet, end->scope));
	ret = tcp_connect(t->tcp, &end->address, end->port);
	if (!ret)
		t->phase = TCP_PHASE_CONNECTING;
	return ret;
}

/* The attempt under way is over; 0: it succeeded. */
static int end_connect(struct tcp_socket *t)
{
	int error = 0;

	net_enter();
	if (tcp_state(t->tcp) == TCP_CLOSED) {
		error = tcp_error(t->tcp);
		error = error ? -error : -ECONNABORTED;
	} else {
		t->phase = TCP_PHASE_CONNECTED;
	}
	net_leave();
	if (error)
		disconnect(t);
	return error;
}

static bool is_on_its_way(const struct tcp_socket *t)
{
	return tcp_state(t->tcp) == TCP_SYN_SENT || tcp_state(t->tcp) == TCP_SYN_RECEIVED;
}

static int wait_for_connection(struct tcp_socket *t)
{
	uint64_t timeout = t->inet.socket.send_timeout_ns, deadline = inet_deadline(timeout);
	struct waiter waiter;
	int ret = 0;

	wait_begin(&waiter, &t->inet.wait);
	while (is_on_its_way(t) && !ret)
		ret = wait_sleep(deadline, WAIT_INTERRUPTIBLE);
	wait_end(&waiter);
	if (!is_on_its_way(t))
		return end_connect(t);
	return ret == -ETIMEDOUT ? -EINPROGRESS : inet_wait_result(ret, timeout);
}

static int tcp_socket_connect(struct socket *socket, const void *address, size_t len)
{
	struct tcp_socket *t = tcp_socket_of(socket);
	struct inet_end end;
	bool is_new;
	int ret;

	if (len < sizeof(uint16_t))
		return -EINVAL;
	if (inet_family_of(address, len) == LINUX_AF_UNSPEC) {
		disconnect(t);
		return 0;
	}
	is_new = t->phase != TCP_PHASE_CONNECTING;
	if (is_new) {
		ret = inet_address_read(&t->inet, address, len, &end);
		if (ret)
			return t->phase == TCP_PHASE_CONNECTED ? -EISCONN : ret;
		net_enter();
		ret = begin_connect(t, &end);
		net_leave();
		if (ret)
			return ret;
	}
	/* As Linux: an attempt that has just begun is not yet over, however near the other end. */
	if (socket_is_nonblocking(socket, 0) && is_new)
		return -EINPROGRESS;
	if (!is_on_its_way(t))
		return end_connect(t);
	return socket_is_nonblocking(socket, 0) ? -EALREADY : wait_for_connection(t);
}

/* ---- listen(2), accept(2) ---- */

static int tcp_socket_listen(struct socket *socket, int backlog)
{
	struct tcp_socket *t = tcp_socket_of(socket);
	int ret = 0;

	net_enter();
	if (t->phase != TCP_PHASE_NEW || (tcp_state(t->tcp) != TCP_CLOSED && tcp_state(t->tcp) != TCP_LISTEN))
		ret = -EINVAL;
	if (!ret)
		ret = inet_bind_automatically(&t->inet);
	if (!ret) {
		tcp_bind_interface(t->tcp, bound_interface(&t->inet, t->inet.bound_scope));
		ret = tcp_listen(t->tcp, (unsigned)min_u64((unsigned)backlog, socket_limits.backlog));
	}
	if (!ret)
		socket->is_listening = true;
	net_leave();
	return ret;
}

/* Takes a connection that is ready; *accepted NULL: there is none. */
static int take_ready(struct tcp_socket *t, struct tcp_socket **accepted)
{
	struct tcp_socket *child;

	*accepted = NULL;
	if (!(tcp_poll(t->tcp) & TCP_READABLE))
		return 0;
	child = tcp_socket_new(t->inet.protocol, t->inet.socket.type, t->inet.socket.protocol);
	if (!child)
		return -ENOMEM;
	inet_inherit(&child->inet, &t->inet);
	child->phase = TCP_PHASE_CONNECTED;
	net_enter();
	child->tcp = t->inet.socket.is_listening ? tcp_accept(t->tcp) : NULL;
	if (child->tcp)
		tcp_set_owner(child->tcp, on_event, child);
	net_leave();
	if (!child->tcp) {
		heap_free(child);
		return 0;
	}
	*accepted = child;
	return 0;
}

static int tcp_socket_accept(struct socket *socket, bool nonblocking, struct socket **accepted)
{
	struct tcp_socket *t = tcp_socket_of(socket), *child = NULL;
	uint64_t timeout = socket->receive_timeout_ns, deadline;
	struct waiter waiter;
	int ret = socket->is_listening ? take_ready(t, &child) : -EINVAL, slept = 0;

	if (!ret && !child && nonblocking)
		ret = -EAGAIN;
	if (!ret && !child) {
		deadline = inet_deadline(timeout);
		wait_begin_exclusive(&waiter, &t->inet.wait);
		for (;;) {
			ret = socket->is_listening ? take_ready(t, &child) : -EINVAL;
			if (ret || child || slept)
				break;
			slept = wait_sleep(deadline, WAIT_INTERRUPTIBLE);
		}
		wait_end(&waiter);
	}
	if (ret)
		return ret;
	if (!child)
		return inet_wait_result(slept, timeout);
	*accepted = &child->inet.socket;
	return 0;
}

/* ---- Ends ---- */

static int tcp_socket_shutdown(struct socket *socket, int how)
{
	struct tcp_socket *t = tcp_socket_of(socket);
	enum tcp_state state;
	int ret = 0;

	net_enter();
	state = tcp_state(t->tcp);
	if (state == TCP_CLOSED)
		ret = -ENOTCONN;
	else if (state != TCP_LISTEN && state != TCP_SYN_SENT)
		ret = tcp_shutdown(t->tcp, how != LINUX_SHUT_WR, how != LINUX_SHUT_RD);
	net_leave();
	if ((state == TCP_LISTEN && how != LINUX_SHUT_WR) || state == TCP_SYN_SENT)
		disconnect(t);
	return ret;
}

/* SO_LINGER: until what was sent has arrived, the time is over or a signal comes (socket(7)). */
static void linger(struct tcp_socket *t)
{
	uint64_t deadline = clock_monotonic_ns() + (uint64_t)t->inet.socket.linger.linger * NS_PER_SECOND;
	struct waiter waiter;
	bool waits;
	int ret = 0;

	net_enter();
	waits = !tcp_readable(t->tcp) && tcp_state(t->tcp) >= TCP_ESTABLISHED && !tcp_shutdown(t->tcp, false, true);
	net_leave();
	if (!waits)
		return;
	wait_begin(&waiter, &t->inet.wait);
	while (!tcp_is_sent(t->tcp) && !ret) {
		__atomic_store_n(&t->wants_room, true, __ATOMIC_SEQ_CST); /* acknowledgments are what it waits for */
		ret = tcp_is_sent(t->tcp) ? 0 : wait_sleep(deadline, WAIT_INTERRUPTIBLE);
	}
	wait_end(&waiter);
}

/* Who exits does not wait, as in Linux. */
static bool is_exiting(void)
{
	const struct process *process = process_current();

	return !process || process->is_exiting;
}

static void tcp_socket_release(struct socket *socket)
{
	struct tcp_socket *t = tcp_socket_of(socket);

	if (socket->linger.onoff && socket->linger.linger > 0 && !is_exiting())
		linger(t);
	net_enter();
	if (socket->linger.onoff && socket->linger.linger == 0)
		(void)tcp_set(t->tcp, TCP_SET_LINGER_ABORT, 1);
	inet_groups_leave(&t->inet);
	tcp_close(t->tcp);
	net_leave();
	heap_free(t);
}

static int tcp_socket_take_error(struct socket *socket)
{
	int error;

	net_enter();
	error = tcp_error(tcp_socket_of(socket)->tcp);
	net_leave();
	return error;
}

static long tcp_socket_ioctl(struct inet_socket *s, unsigned command, uint64_t argument)
{
	struct tcp_socket *t = tcp_socket_of(&s->socket);
	int value;

	net_enter();
	switch (command) {
	case IOCTL_FIONREAD:
		value = tcp_state(t->tcp) == TCP_LISTEN ? -EINVAL : (int)tcp_readable(t->tcp);
		break;
	case IOCTL_SIOCOUTQ:
	case IOCTL_SIOCOUTQNSD:
		value = tcp_state(t->tcp) == TCP_LISTEN ? -EINVAL : (int)tcp_unsent(t->tcp);
		break;
	case IOCTL_SIOCATMARK:
		value = tcp_reading_is_at_mark(t->tcp);
		break;
	default:
		value = -ENOTTY;
	}
	net_leave();
	return value < 0 ? value : copy_to_user(argument, &value, sizeof(value));
}

/* ---- Listing ---- */

struct listing_context {
	inet_list_fn *give;
	void *context;
};

static void list_one(void *context, const struct tcp_connection *tcp, void *owner)
{
	const struct listing_context *c = context;
	struct inet_listing l = {.state = tcp_linux_state(tcp_state(tcp)), .unsent = (uint32_t)tcp_unsent(tcp), .unread = (uint32_t)tcp_readable(tcp), .object = tcp};
	unsigned nr_ready;

	l.backlog = tcp_backlog(tcp, &nr_ready);
	l.unread += nr_ready;
	tcp_local(tcp, &l.local.address, &l.local.port);
	tcp_remote(tcp, &l.remote.address, &l.remote.port);
	l.is_ip6 = !net_address_is_ip4(&l.local.address);
	if (owner)
		inet_listing_of(&((struct tcp_socket *)owner)->inet, &l);
	c->give(c->context, &l);
}

static void list_record(void *context, const struct tcp_record *record)
{
	const struct listing_context *c = context;
	struct inet_listing l = {
		.local = {.address = record->local, .port = record->local_port}, .remote = {.address = record->remote, .port = record->remote_port},
		.is_ip6 = !net_address_is_ip4(&record->local), .state = record->state == TCP_TIME_WAIT ? LINUX_TCP_TIME_WAIT : LINUX_TCP_SYN_RECV,
	};

	c->give(c->context, &l);
}

static void tcp_socket_list(struct net_stack *stack, inet_list_fn *give, void *context)
{
	struct listing_context c = {give, context};

	tcp_visit(stack, list_one, &c);
	tcp_visit_records(stack, list_record, &c);
}

static bool tcp_socket_report(const struct inet_listing *listing, struct linux_tcp_info *info, const char **congestion)
{
	if (!listing->object)
		return false;
	*congestion = tcp_fill_info(listing->object, info);
	return true;
}

static const struct socket_ops tcp_socket_ops = {
	.bind = inet_bind, .connect = tcp_socket_connect, .listen = tcp_socket_listen, .accept = tcp_socket_accept, .send = tcp_socket_send,
	.send_pages = tcp_socket_send_pages, .receive = tcp_socket_receive, .shutdown = tcp_socket_shutdown, .name = inet_name, .poll = tcp_socket_poll, .ioctl = inet_ioctl,
	.set_option = inet_set_option, .get_option = inet_get_option, .option_changed = inet_option_changed, .take_error = tcp_socket_take_error,
	.release = tcp_socket_release,
};

INET_PROTOCOL(tcp) = {
	.type = LINUX_SOCK_STREAM, .protocol = LINUX_IPPROTO_TCP, .is_default = true, .families = INET_FOR_BOTH, .ops = &tcp_socket_ops, .create = tcp_create,
	.bind = tcp_do_bind, .ends = tcp_ends, .apply = tcp_socket_apply, .set_option = tcp_socket_set_option, .get_option = tcp_socket_get_option,
	.ioctl = tcp_socket_ioctl, .list = tcp_socket_list, .report = tcp_socket_report, .mtu = tcp_mtu,
};
