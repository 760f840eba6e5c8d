/* SPDX-License-Identifier: BSD-3-Clause */
/* Unix sockets: making, connecting, closing, polling (unix(7)). */
#include "kernel/net/socket/unix.h"
#include "kernel/mem/heap.h"
#include "kernel/process/process.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/poll.h"
#include "kernel/vm/user_memory.h"
#include "lib/string.h"

enum { IOCTL_FIONREAD = 0x541b, IOCTL_TIOCOUTQ = 0x5411 };

static const struct socket_ops unix_ops;

struct unix_socket *unix_of(struct socket *socket)
{
	return container_of(socket, struct unix_socket, socket);
}

struct unix_socket *unix_of_file(struct file *file)
{
	struct socket *socket = socket_of(file);

	return socket && socket->ops == &unix_ops ? unix_of(socket) : NULL;
}

void unix_get(struct unix_socket *s)
{
	__atomic_fetch_add(&s->references, 1, __ATOMIC_RELAXED);
}

void unix_put(struct unix_socket *s)
{
	struct list *node;

	if (!s || __atomic_sub_fetch(&s->references, 1, __ATOMIC_ACQ_REL))
		return;
	while ((node = list_pop_front(&s->packets)) != NULL)
		unix_packet_free(container_of(node, struct unix_packet, node));
	unix_list_remove(s);
	unix_name_put(s->name);
	heap_free(s);
}

struct unix_socket *unix_peer_get(struct unix_socket *s)
{
	struct unix_socket *peer;

	spin_lock(&s->lock);
	peer = s->peer;
	if (peer)
		unix_get(peer);
	spin_unlock(&s->lock);
	return peer;
}

static struct linux_ucred own_cred(void)
{
	const struct credentials *own = credentials_current();

	return (struct linux_ucred){.pid = process_current()->pid, .uid = own->euid, .gid = own->egid};
}

/* Sets s's peer, to which the caller gives a reference. */
static void set_peer(struct unix_socket *s, struct unix_socket *peer)
{
	struct unix_socket *old;

	spin_lock(&s->lock);
	old = s->peer;
	s->peer = peer;
	s->was_connected = peer != NULL;
	spin_unlock(&s->lock);
	unix_put(old);
}

static const struct socket_family socket_family_unix; /* what SOCKET_FAMILY(unix) below defines */

static int unix_create(int type, int protocol, struct socket **socket)
{
	struct unix_socket *s;

	if (protocol && protocol != LINUX_AF_UNIX)
		return -EPROTONOSUPPORT;
	if (type == LINUX_SOCK_RAW)
		type = LINUX_SOCK_DGRAM;
	if (type != LINUX_SOCK_STREAM && type != LINUX_SOCK_DGRAM && type != LINUX_SOCK_SEQPACKET)
		return -ESOCKTNOSUPPORT;
	s = heap_alloc_zero(sizeof(*s));
	if (!s)
		return -ENOMEM;
	socket_init(&s->socket, &unix_ops, &socket_family_unix, type, 0);
	s->references = 1;
	mutex_init(&s->read_lock);
	list_init(&s->packets);
	list_init(&s->pending);
	list_init(&s->pending_node);
	list_init(&s->flight_node);
	list_init(&s->visit_node);
	wait_queue_init(&s->wait);
	wait_queue_init(&s->room);
	s->cred = own_cred();
	s->peek_offset = -1;
	unix_list_add(s);
	*socket = &s->socket;
	return 0;
}

static int unix_pair(struct socket *a, struct socket *b)
{
	unix_get(unix_of(a));
	unix_get(unix_of(b));
	set_peer(unix_of(a), unix_of(b));
	set_peer(unix_of(b), unix_of(a));
	return 0;
}

static int unix_bind(struct socket *socket, const void *address, size_t len)
{
	return unix_name_bind(unix_of(socket), address, len);
}

static int unix_listen(struct socket *socket, int backlog)
{
	struct unix_socket *s = unix_of(socket);

	if (socket->type == LINUX_SOCK_DGRAM)
		return -EOPNOTSUPP;
	if (!s->name || s->was_connected)
		return -EINVAL;
	s->backlog = (unsigned)min_u64((unsigned)backlog, socket_limits.backlog);
	s->cred = own_cred();
	socket->is_listening = true;
	wait_wake_all(&s->room, POLLOUT);
	return 0;
}

static int connect_datagram(struct unix_socket *s, const void *address, size_t len)
{
	struct unix_socket *to;
	int ret;

	if (len >= 2 && *(const uint16_t *)address == LINUX_AF_UNSPEC) {
		set_peer(s, NULL);
		return 0;
	}
	ret = unix_name_find(address, len, LINUX_SOCK_DGRAM, &to);
	if (!ret)
		set_peer(s, to);
	return ret;
}

/* Waits until the listener takes another connection. */
static int wait_for_backlog(struct unix_socket *s, struct unix_socket *listener)
{
	struct waiter waiter;
	int ret = 0;

	wait_begin(&waiter, &listener->room);
	while (!ret && listener->nr_pending > listener->backlog && !listener->is_closed) {
		if (socket_is_nonblocking(&s->socket, 0))
			ret = -EAGAIN;
		else
			ret = wait_sleep(WAIT_FOREVER, WAIT_INTERRUPTIBLE);
	}
	wait_end(&waiter);
	return ret == -EINTR ? -ERESTART_SYS : ret;
}

static int enqueue_connection(struct unix_socket *s, struct unix_socket *listener)
{
	struct socket *socket;
	struct unix_socket *server;
	int ret = unix_create(s->socket.type, 0, &socket);

	if (ret)
		return ret;
	server = unix_of(socket);
	server->cred = listener->cred;
	server->name = listener->name;
	__atomic_fetch_add(&server->name->references, 1, __ATOMIC_RELAXED);
	unix_pair(&s->socket, socket);
	spin_lock(&listener->lock);
	if (listener->is_closed || !listener->socket.is_listening) {
		ret = -ECONNREFUSED;
	} else {
		list_push_back(&listener->pending, &server->pending_node); /* the list has the first reference, until accept */
		listener->nr_pending++;
	}
	spin_unlock(&listener->lock);
	if (ret) {
		set_peer(s, NULL);
		set_peer(server, NULL);
		unix_put(server);
		return ret;
	}
	s->cred = own_cred();
	wait_wake(&listener->wait, 1, POLLIN | POLLRDNORM);
	return 0;
}

static int unix_connect(struct socket *socket, const void *address, size_t len)
{
	struct unix_socket *s = unix_of(socket), *listener;
	int ret;

	if (socket->type == LINUX_SOCK_DGRAM)
		return connect_datagram(s, address, len);
	if (socket->is_listening)
		return -EINVAL;
	if (s->was_connected)
		return -EISCONN;
	ret = unix_name_find(address, len, socket->type, &listener);
	if (ret)
		return ret;
	ret = listener->socket.is_listening ? wait_for_backlog(s, listener) : -ECONNREFUSED;
	if (!ret)
		ret = enqueue_connection(s, listener);
	unix_put(listener);
	return ret;
}

static struct unix_socket *take_pending(struct unix_socket *s)
{
	struct list *node;

	spin_lock(&s->lock);
	node = list_pop_front(&s->pending);
	if (node)
		s->nr_pending--;
	spin_unlock(&s->lock);
	return node ? container_of(node, struct unix_socket, pending_node) : NULL;
}

static int unix_accept(struct socket *socket, bool nonblocking, struct socket **accepted)
{
	struct unix_socket *s = unix_of(socket), *server;
	struct waiter waiter;
	int ret = 0;

	if (socket->type == LINUX_SOCK_DGRAM)
		return -EOPNOTSUPP;
	if (!socket->is_listening)
		return -EINVAL;
	wait_begin_exclusive(&waiter, &s->wait);
	while (!(server = take_pending(s)) && !ret) {
		if (s->read_shut)
			ret = -EINVAL;
		else if (nonblocking)
			ret = -EAGAIN;
		else
			ret = wait_sleep(WAIT_FOREVER, WAIT_INTERRUPTIBLE);
	}
	wait_end(&waiter);
	if (!server)
		return ret == -EINTR ? -ERESTART_SYS : ret;
	wait_wake_all(&s->room, POLLOUT);
	*accepted = &server->socket;
	return 0;
}

static void wake_both(struct unix_socket *s)
{
	struct unix_socket *peer = unix_peer_get(s);
	unsigned all = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM | POLLHUP | POLLRDHUP;

	wait_wake_all(&s->wait, all);
	wait_wake_all(&s->room, all);
	if (peer) {
		wait_wake_all(&peer->wait, all);
		wait_wake_all(&peer->room, all);
	}
	unix_put(peer);
}

static int unix_shutdown(struct socket *socket, int how)
{
	struct unix_socket *s = unix_of(socket), *peer = unix_peer_get(s);

	if (!peer && !socket->is_listening) {
		unix_put(peer);
		return -ENOTCONN;
	}
	if (how != LINUX_SHUT_WR) {
		s->read_shut = true;
		if (peer && socket->type != LINUX_SOCK_DGRAM)
			peer->write_shut = true;
	}
	if (how != LINUX_SHUT_RD)
		s->write_shut = true;
	unix_put(peer);
	wake_both(s);
	return 0;
}

static void drop_pending(struct unix_socket *s)
{
	struct unix_socket *server;

	while ((server = take_pending(s)) != NULL) {
		server->is_closed = true;
		wake_both(server);
		set_peer(server, NULL);
		unix_put(server);
	}
}

static void unix_release(struct socket *socket)
{
	struct unix_socket *s = unix_of(socket), *peer = unix_peer_get(s);
	bool had_unread;

	unix_name_release(s);
	spin_lock(&s->lock);
	s->is_closed = true;
	had_unread = !list_empty(&s->packets);
	spin_unlock(&s->lock);
	if (peer && had_unread && socket->type != LINUX_SOCK_DGRAM)
		peer->socket.error = ECONNRESET;
	drop_pending(s);
	wake_both(s);
	set_peer(s, NULL);
	unix_put(peer);
	unix_put(s);
	unix_flight_closed();
}

static long unix_get_name(struct socket *socket, bool of_peer, void *address)
{
	struct unix_socket *s = unix_of(socket), *of = of_peer ? unix_peer_get(s) : s;
	uint16_t family = LINUX_AF_UNIX;
	long len = sizeof(family);

	if (!of)
		return -ENOTCONN;
	memcpy(address, &family, sizeof(family));
	if (of->name) {
		memcpy(address, &of->name->address, of->name->len);
		len = (long)of->name->len;
	}
	if (of_peer)
		unix_put(of);
	return len;
}

static unsigned unix_poll(struct socket *socket, struct poll_table *table)
{
	struct unix_socket *s = unix_of(socket), *peer;
	unsigned events = 0;

	if (table)
		table->add(table, &s->wait);
	if (socket->is_listening)
		return s->nr_pending ? POLLIN | POLLRDNORM : 0;
	peer = unix_peer_get(s);
	if (!list_empty(&s->packets))
		events |= POLLIN | POLLRDNORM;
	if (socket->error)
		events |= POLLERR;
	if (socket->type != LINUX_SOCK_DGRAM) {
		bool is_over = s->was_connected && (!peer || peer->is_closed);

		if (is_over || s->read_shut || (peer && peer->write_shut))
			events |= POLLIN | POLLRDNORM | POLLRDHUP;
		if (is_over || (s->read_shut && s->write_shut) || !s->was_connected)
			events |= POLLHUP;
	}
	if (!peer || unix_has_room(peer, socket->send_buffer))
		events |= POLLOUT | POLLWRNORM;
	unix_put(peer);
	return events;
}

static long unix_ioctl(struct socket *socket, unsigned command, uint64_t argument)
{
	struct unix_socket *s = unix_of(socket);
	struct unix_packet *packet;
	int bytes = 0;

	if (command != IOCTL_FIONREAD && command != IOCTL_TIOCOUTQ)
		return -ENOTTY;
	if (command == IOCTL_FIONREAD) {
		spin_lock(&s->lock);
		list_for_each(packet, &s->packets, node) {
			bytes += (int)(packet->len - packet->start);
			if (socket->type == LINUX_SOCK_DGRAM)
				break;
		}
		spin_unlock(&s->lock);
	}
	return copy_to_user(argument, &bytes, sizeof(bytes));
}

static int unix_set_option(struct socket *socket, int level, int option, const void *value, size_t len)
{
	struct unix_socket *s = unix_of(socket);

	if (level != LINUX_SOL_SOCKET || option != LINUX_SO_PEEK_OFF)
		return -ENOPROTOOPT;
	if (len < sizeof(s->peek_offset))
		return -EINVAL;
	mutex_lock(&s->read_lock);
	memcpy(&s->peek_offset, value, sizeof(s->peek_offset));
	mutex_unlock(&s->read_lock);
	return 0;
}

static long unix_get_option(struct socket *socket, int level, int option, void *value, size_t size)
{
	struct unix_socket *s = unix_of(socket), *peer;
	struct linux_ucred cred = {.pid = 0, .uid = ~0u, .gid = ~0u};

	if (level == LINUX_SOL_SOCKET && option == LINUX_SO_PEEK_OFF) {
		memcpy(value, &s->peek_offset, min_u64(size, sizeof(s->peek_offset)));
		return (long)min_u64(size, sizeof(s->peek_offset));
	}
	if (level != LINUX_SOL_SOCKET || option != LINUX_SO_PEERCRED)
		return -ENOPROTOOPT;
	peer = unix_peer_get(s);
	if (peer)
		cred = peer->cred;
	unix_put(peer);
	memcpy(value, &cred, min_u64(size, sizeof(cred)));
	return (long)min_u64(size, sizeof(cred));
}

static const struct socket_ops unix_ops = {
    .bind = unix_bind,
    .connect = unix_connect,
    .listen = unix_listen,
    .accept = unix_accept,
    .send = unix_send,
    .receive = unix_receive,
    .shutdown = unix_shutdown,
    .name = unix_get_name,
    .poll = unix_poll,
    .ioctl = unix_ioctl,
    .set_option = unix_set_option,
    .get_option = unix_get_option,
    .release = unix_release,
};

SOCKET_FAMILY(unix) = {.family = LINUX_AF_UNIX, .create = unix_create, .pair = unix_pair};
