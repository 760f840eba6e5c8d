/* SPDX-License-Identifier: BSD-3-Clause */
/* AF_VSOCK (vsock(7)): making, connecting, closing, polling. */
#include "kernel/mem/heap.h"
#include "kernel/net/vsock/file.h"
#include "kernel/platform/platform.h"
#include "kernel/process/credentials.h"
#include "kernel/process/process.h"
#include "kernel/uapi/poll.h"

enum { BACKLOG_MAX = 4096 };

static const struct socket_ops vsock_ops;
static const struct socket_family socket_family_vsock; /* what SOCKET_FAMILY(vsock) below defines */

/* In a turn. */
static void happened(struct vsock_socket *s, unsigned events)
{
	struct vsock_file *f = s->owner;
	unsigned poll = 0;

	if (s->error) {
		__atomic_store_n(&f->socket.error, s->error, __ATOMIC_RELAXED);
		s->error = 0;
	}
	if (events & VSOCK_EVENT_READABLE)
		poll |= POLLIN | POLLRDNORM;
	if (events & VSOCK_EVENT_WRITABLE)
		poll |= POLLOUT | POLLWRNORM;
	if (events & VSOCK_EVENT_ENDED)
		poll |= POLLIN | POLLOUT | POLLHUP | POLLRDHUP | POLLERR;
	wait_wake_all(&f->wait, poll);
}

static struct vsock_file *file_new_for(int type)
{
	struct vsock_file *f = heap_alloc_zero(sizeof(*f));

	if (!f)
		return NULL;
	socket_init(&f->socket, &vsock_ops, &socket_family_vsock, type, 0);
	mutex_init(&f->read_lock);
	mutex_init(&f->write_lock);
	wait_queue_init(&f->wait);
	f->buffer_size = f->buffer_max = 256u << 10;
	f->buffer_min = 128;
	f->connect_timeout_ns = VSOCK_CONNECT_NS;
	return f;
}

static void attach(struct vsock_file *f, struct vsock_socket *s)
{
	f->vsock = s;
	s->owner = f;
	s->event = happened;
}

static int create(int type, int protocol, struct socket **socket)
{
	struct vsock_socket *s;
	struct vsock_file *f;

	if (protocol && protocol != LINUX_AF_VSOCK)
		return -EPROTONOSUPPORT;
	if (type == LINUX_SOCK_DGRAM) /* no device has them */
		return -ENODEV;
	if (type != LINUX_SOCK_STREAM && type != LINUX_SOCK_SEQPACKET)
		return -ESOCKTNOSUPPORT;
	f = file_new_for(type);
	if (!f)
		return -ENOMEM;
	s = vsock_socket_new(vsock_enter(), type == LINUX_SOCK_STREAM ? VSOCK_STREAM : VSOCK_SEQPACKET);
	if (s)
		attach(f, s);
	vsock_leave();
	if (!s) {
		heap_free(f);
		return -ENOMEM;
	}
	*socket = &f->socket;
	return 0;
}

static void release(struct socket *socket)
{
	struct vsock_file *f = vsock_file_of(socket);

	vsock_enter();
	vsock_socket_release(f->vsock);
	vsock_leave();
	heap_free(f);
}

/* ---- Waiting ---- */

uint64_t vsock_deadline(uint64_t timeout_ns)
{
	return timeout_ns == WAIT_FOREVER ? WAIT_FOREVER : clock_monotonic_ns() + timeout_ns;
}

static bool ask(struct vsock_file *f, bool (*is_ready)(struct vsock_socket *))
{
	bool ready;

	vsock_enter();
	ready = is_ready(f->vsock);
	vsock_leave();
	return ready;
}

int vsock_wait(struct vsock_file *f, bool (*is_ready)(struct vsock_socket *), bool is_nonblocking, uint64_t deadline)
{
	struct waiter waiter;
	int ret = 0;

	if (ask(f, is_ready))
		return 0;
	if (is_nonblocking)
		return -EAGAIN;
	wait_begin(&waiter, &f->wait);
	while (!ask(f, is_ready) && !ret)
		ret = wait_sleep(deadline, WAIT_INTERRUPTIBLE);
	wait_end(&waiter);
	return ret == -ETIMEDOUT ? -EAGAIN : ret == -EINTR ? -ERESTART_SYS : ret;
}

/* ---- Addresses ---- */

static int read_address(const void *address, size_t len, struct vsock_address *to)
{
	struct linux_sockaddr_vm name;

	if (len < sizeof(name))
		return -EINVAL;
	memcpy(&name, address, sizeof(name));
	if (name.family != LINUX_AF_VSOCK || name.flags & ~LINUX_VMADDR_FLAG_TO_HOST)
		return -EINVAL;
	*to = (struct vsock_address){.cid = name.cid, .port = name.port};
	return 0;
}

static int bind(struct socket *socket, const void *address, size_t len)
{
	struct vsock_file *f = vsock_file_of(socket);
	struct vsock_address to;
	int error = read_address(address, len, &to);

	if (error)
		return error;
	if (to.port <= VSOCK_PORT_RESERVED && !task_is_capable(CAPABILITY_NET_BIND_SERVICE))
		return -EACCES;
	vsock_enter();
	error = vsock_bind(f->vsock, to);
	vsock_leave();
	return error;
}

static long get_name(struct socket *socket, bool of_peer, void *address)
{
	struct vsock_file *f = vsock_file_of(socket);
	struct linux_sockaddr_vm name = {.family = LINUX_AF_VSOCK};
	struct vsock_address of;
	bool is_connected;

	vsock_enter();
	is_connected = f->vsock->state == VSOCK_CONNECTED;
	of = of_peer ? f->vsock->remote : f->vsock->local;
	vsock_leave();
	if (of_peer && !is_connected)
		return -ENOTCONN;
	name.cid = of.cid;
	name.port = of.port;
	memcpy(address, &name, sizeof(name));
	return sizeof(name);
}

/* ---- Connecting ---- */

static int listen(struct socket *socket, int backlog)
{
	struct vsock_file *f = vsock_file_of(socket);
	int error;

	vsock_enter();
	error = vsock_listen(f->vsock, backlog < 0 || backlog > BACKLOG_MAX ? BACKLOG_MAX : (unsigned)backlog);
	socket->is_listening |= !error;
	vsock_leave();
	return error;
}

static bool is_answered(struct vsock_socket *s)
{
	return s->state != VSOCK_CONNECTING;
}

static int begin_connecting(struct vsock_file *f, struct vsock_address to)
{
	int error;

	vsock_enter();
	f->vsock->connect_ns = f->connect_timeout_ns;
	error = vsock_connect(f->vsock, to);
	vsock_leave();
	return error;
}

static void give_up(struct vsock_file *f)
{
	vsock_enter();
	vsock_connect_abort(f->vsock, 0);
	vsock_leave();
}

static int connect(struct socket *socket, const void *address, size_t len)
{
	struct vsock_file *f = vsock_file_of(socket);
	struct vsock_address to;
	int error = read_address(address, len, &to);

	if (!error)
		error = begin_connecting(f, to);
	if (error)
		return error;
	error = vsock_wait(f, is_answered, socket_is_nonblocking(socket, 0), WAIT_FOREVER);
	if (error == -EAGAIN)
		return -EINPROGRESS;
	if (error) {
		give_up(f);
		return error;
	}
	return -__atomic_exchange_n(&socket->error, 0, __ATOMIC_RELAXED);
}

static bool has_pending(struct vsock_socket *s)
{
	return s->nr_pending;
}

static int accept(struct socket *socket, bool nonblocking, struct socket **accepted)
{
	struct vsock_file *f = vsock_file_of(socket), *made;
	struct vsock_socket *s = NULL;
	int error = 0;

	if (!socket->is_listening)
		return -EINVAL;
	made = file_new_for(socket->type);
	if (!made)
		return -ENOMEM;
	while (!s && !error) { /* another thread may be faster */
		error = vsock_wait(f, has_pending, nonblocking, vsock_deadline(socket->receive_timeout_ns));
		if (error)
			break;
		vsock_enter();
		s = vsock_accept(f->vsock);
		if (s)
			attach(made, s);
		vsock_leave();
	}
	if (error) {
		heap_free(made);
		return error;
	}
	made->buffer_size = f->buffer_size;
	*accepted = &made->socket;
	return 0;
}

static int shutdown(struct socket *socket, int how)
{
	struct vsock_file *f = vsock_file_of(socket);
	int error;

	vsock_enter();
	error = vsock_shutdown(f->vsock, how == LINUX_SHUT_RD ? VSOCK_NO_RECEIVE : how == LINUX_SHUT_WR ? VSOCK_NO_SEND : VSOCK_NO_RECEIVE | VSOCK_NO_SEND);
	vsock_leave();
	return error;
}

static unsigned events_of(struct vsock_socket *s)
{
	const unsigned both = VSOCK_NO_RECEIVE | VSOCK_NO_SEND;
	bool is_over = s->own_shutdown & VSOCK_NO_RECEIVE || s->peer_shutdown & VSOCK_NO_SEND, may_send = !(s->own_shutdown & VSOCK_NO_SEND);
	unsigned events = 0;

	if (s->state == VSOCK_LISTENING)
		return s->nr_pending ? POLLIN | POLLRDNORM : 0;
	if (s->own_shutdown == both || (!may_send && s->peer_shutdown & VSOCK_NO_SEND))
		events |= POLLHUP;
	if (is_over)
		events |= POLLRDHUP;
	if (is_over || vsock_is_readable(s))
		events |= POLLIN | POLLRDNORM;
	if (may_send && s->state != VSOCK_CONNECTING && (s->state != VSOCK_CONNECTED || vsock_room(s)))
		events |= POLLOUT | POLLWRNORM;
	return events;
}

static unsigned poll(struct socket *socket, struct poll_table *table)
{
	struct vsock_file *f = vsock_file_of(socket);
	unsigned events;

	if (table)
		table->add(table, &f->wait);
	vsock_enter();
	events = events_of(f->vsock);
	vsock_leave();
	return socket->error ? events | POLLERR : events;
}

static const struct socket_ops vsock_ops = {
    .bind = bind, .connect = connect, .listen = listen, .accept = accept, .send = vsock_file_send, .receive = vsock_file_receive, .shutdown = shutdown, .name = get_name, .poll = poll,
    .ioctl = vsock_file_ioctl, .set_option = vsock_file_set_option, .get_option = vsock_file_get_option, .release = release,
};

SOCKET_FAMILY(vsock) = {.family = LINUX_AF_VSOCK, .create = create};
