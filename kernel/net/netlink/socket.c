/* SPDX-License-Identifier: BSD-3-Clause */
/* AF_NETLINK (netlink(7)): what programs send is handled at once, in a turn of the stack; the answers wait in the socket's queue. */
#include "kernel/mem/heap.h"
#include "kernel/net/netlink/internal.h"
#include "kernel/net/system/system.h"
#include "kernel/platform/platform.h"
#include "kernel/process/process.h"
#include "kernel/uapi/poll.h"
#include "kernel/vm/user_memory.h"

static const struct socket_ops netlink_ops;
static const struct socket_family socket_family_netlink; /* what SOCKET_FAMILY(netlink) below defines */

/* Which protocols there are. Programs open that of kernel events to wait for devices: none come. */
static bool has_protocol(int protocol)
{
	return protocol == LINUX_NETLINK_KOBJECT_UEVENT || netlink_has_protocol(protocol);
}

static int create(int type, int protocol, struct socket **socket)
{
	struct netlink_socket *s;

	if (type != LINUX_SOCK_RAW && type != LINUX_SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	if (!has_protocol(protocol))
		return -EPROTONOSUPPORT;
	s = heap_alloc_zero(sizeof(*s));
	if (!s)
		return -ENOMEM;
	socket_init(&s->socket, &netlink_ops, &socket_family_netlink, type, protocol);
	mutex_init(&s->read_lock);
	wait_queue_init(&s->wait);
	list_init(&s->pieces);
	netlink_table_add(s);
	netlink_listen_to_stack();
	*socket = &s->socket;
	return 0;
}

static void free_pieces(struct list *pieces)
{
	struct list *node;

	while ((node = list_pop_front(pieces)))
		heap_free(container_of(node, struct netlink_piece, link));
}

static void release(struct socket *socket)
{
	struct netlink_socket *s = netlink_of(socket);

	netlink_table_remove(s);
	free_pieces(&s->pieces);
	heap_free(s);
}

/* ---- The queue ---- */

static bool has_room(const struct netlink_socket *s, const struct netlink_piece *piece)
{
	return !s->queued || s->queued + piece->len + sizeof(*piece) <= s->socket.receive_buffer;
}

/* A dump always has room: there is at most one of them. */
void netlink_enqueue(struct netlink_socket *s, struct netlink_piece *piece)
{
	bool is_taken;

	spin_lock(&s->lock);
	is_taken = piece->is_dump || has_room(s, piece);
	if (is_taken) {
		list_push_back(&s->pieces, &piece->link);
		s->queued += piece->len + sizeof(*piece);
	}
	spin_unlock(&s->lock);
	if (!is_taken) {
		heap_free(piece);
		if (s->ignores_overruns)
			return;
		__atomic_store_n(&s->socket.error, ENOBUFS, __ATOMIC_RELAXED);
	}
	wait_wake(&s->wait, 1, is_taken ? POLLIN | POLLRDNORM : POLLIN | POLLERR);
}

static int deliver(struct socket *socket, const void *bytes, size_t len)
{
	struct netlink_piece *piece = heap_alloc_zero(sizeof(*piece) + len);

	if (!piece)
		return -ENOMEM;
	piece->len = piece->capacity = (uint32_t)len;
	memcpy(piece->data, bytes, len);
	netlink_enqueue(netlink_of(socket), piece);
	return 0;
}

static void enqueue_all(struct netlink_socket *s, struct list *pieces)
{
	struct list *node;

	while ((node = list_pop_front(pieces)))
		netlink_enqueue(s, container_of(node, struct netlink_piece, link));
}

static bool is_dumping(struct netlink_socket *s)
{
	const struct netlink_piece *piece;
	bool found = false;

	spin_lock(&s->lock);
	list_for_each(piece, &s->pieces, link)
		found |= piece->is_dump;
	spin_unlock(&s->lock);
	return found;
}

/* ---- Sending ---- */

static int send_to_kernel(struct netlink_socket *s, const uint8_t *bytes, size_t len)
{
	const struct netlink_session session = {
	    .protocol = (uint8_t)s->socket.protocol, .port = s->port, .may_change = task_is_capable(CAPABILITY_NET_ADMIN), .is_strict = s->is_strict,
	    .caps_acks = s->caps_acks, .is_dumping = is_dumping(s),
	    .piece_size = max_u64(NETLINK_PIECE_MIN, min_u64(s->read_size, NETLINK_PIECE_MAX)),
	};
	struct list pieces = LIST_INIT(pieces);
	int error;

	if (s->socket.protocol == LINUX_NETLINK_KOBJECT_UEVENT)
		return -ECONNREFUSED;
	error = netlink_handle(net_enter(), &session, bytes, len, &pieces);
	net_leave();
	enqueue_all(s, &pieces);
	return error == -ENOMEM ? -ENOBUFS : error;
}

static int send_to_port(struct netlink_socket *s, uint32_t port, const uint8_t *bytes, size_t len)
{
	struct netlink_piece *piece = heap_alloc(sizeof(*piece) + len);

	if (!piece)
		return -ENOBUFS;
	*piece = (struct netlink_piece){.len = (uint32_t)len, .capacity = (uint32_t)len, .sender = s->port};
	list_init(&piece->link);
	memcpy(piece->data, bytes, len);
	return netlink_send_to_port(s->socket.protocol, port, piece);
}

/* The port that a message goes to, 0: the kernel. Groups are for the kernel to send to. */
static int find_destination(struct netlink_socket *s, const struct socket_message *message, uint32_t *port)
{
	struct linux_sockaddr_nl name;

	*port = s->to_port;
	if (!message->name_len)
		return 0;
	if (message->name_len < sizeof(name))
		return -EINVAL;
	memcpy(&name, message->name, sizeof(name));
	if (name.family != LINUX_AF_NETLINK)
		return -EINVAL;
	*port = name.pid;
	return (name.pid || name.groups) && !task_is_capable(CAPABILITY_NET_ADMIN) ? -EPERM : 0;
}

static long send(struct socket *socket, struct socket_message *message)
{
	struct netlink_socket *s = netlink_of(socket);
	size_t len = message->io->left;
	uint32_t port;
	uint8_t *bytes;
	int error;

	if (message->flags & LINUX_MSG_OOB)
		return -EOPNOTSUPP;
	if (!len)
		return -ENODATA;
	error = find_destination(s, message, &port);
	if (!error && !s->port)
		error = netlink_bind_port(s, 0);
	if (!error && len > socket->send_buffer - 32)
		error = -EMSGSIZE;
	if (error)
		return error;
	bytes = heap_alloc(len);
	if (!bytes)
		return -ENOBUFS;
	if (io_vector_get(message->io, bytes, len) != len)
		error = -EFAULT;
	else
		error = port ? send_to_port(s, port, bytes, len) : send_to_kernel(s, bytes, len);
	heap_free(bytes);
	return error ? error : (long)len;
}

/* ---- Receiving ---- */

static struct netlink_piece *first_piece(struct netlink_socket *s)
{
	struct netlink_piece *piece;

	spin_lock(&s->lock);
	piece = list_empty(&s->pieces) ? NULL : container_of(s->pieces.next, struct netlink_piece, link);
	spin_unlock(&s->lock);
	return piece;
}

/* With read_lock held, released while it sleeps. */
static int wait_for_piece(struct netlink_socket *s, int flags, uint64_t deadline, struct netlink_piece **piece)
{
	struct waiter waiter;
	int ret = 0;

	wait_begin_exclusive(&waiter, &s->wait);
	for (;;) {
		int error = __atomic_exchange_n(&s->socket.error, 0, __ATOMIC_RELAXED);

		*piece = error ? NULL : first_piece(s);
		ret = error ? -error : *piece ? 0 : ret;
		if (*piece || ret)
			break;
		if (socket_is_nonblocking(&s->socket, flags)) {
			ret = -EAGAIN;
			break;
		}
		mutex_unlock(&s->read_lock);
		ret = wait_sleep(deadline, WAIT_INTERRUPTIBLE);
		mutex_lock(&s->read_lock);
	}
	wait_end(&waiter);
	return ret == -ETIMEDOUT ? -EAGAIN : ret == -EINTR ? -ERESTART_SYS : ret;
}

static void remove_piece(struct netlink_socket *s, struct netlink_piece *piece)
{
	spin_lock(&s->lock);
	list_remove(&piece->link);
	s->queued -= piece->len + sizeof(*piece);
	spin_unlock(&s->lock);
	heap_free(piece);
}

static void describe(const struct netlink_socket *s, const struct netlink_piece *piece, struct socket_message *message)
{
	const struct linux_sockaddr_nl from = {
	    .family = LINUX_AF_NETLINK, .pid = piece->sender, .groups = piece->group && piece->group <= 32 ? 1u << (piece->group - 1) : 0,
	};

	memcpy(message->name, &from, sizeof(from));
	message->name_len = sizeof(from);
	if (s->wants_info)
		socket_note(message, LINUX_SOL_NETLINK, LINUX_NETLINK_PKTINFO, &piece->group, sizeof(piece->group));
	message->has_cred = s->socket.passes_credentials; /* of the kernel: all zero */
	memset(&message->cred, 0, sizeof(message->cred));
}

static long receive_locked(struct netlink_socket *s, struct socket_message *message, uint64_t deadline)
{
	struct netlink_piece *piece;
	size_t room = message->io->left, len;
	long ret = wait_for_piece(s, message->flags, deadline, &piece);

	if (ret)
		return ret;
	s->read_size = max_u64(s->read_size, room);
	len = min_u64(room, piece->len);
	if (io_vector_put(message->io, piece->data, len) != len)
		return -EFAULT;
	if (piece->len > room)
		message->flags_out |= LINUX_MSG_TRUNC;
	ret = (long)(message->flags & LINUX_MSG_TRUNC ? piece->len : len);
	describe(s, piece, message);
	if (!(message->flags & LINUX_MSG_PEEK))
		remove_piece(s, piece);
	return ret;
}

static long receive(struct socket *socket, struct socket_message *message)
{
	struct netlink_socket *s = netlink_of(socket);
	uint64_t deadline = WAIT_FOREVER;
	long ret;

	message->name_len = 0;
	if (message->flags & LINUX_MSG_OOB)
		return -EOPNOTSUPP;
	if (socket->receive_timeout_ns != WAIT_FOREVER)
		deadline = clock_monotonic_ns() + socket->receive_timeout_ns;
	mutex_lock(&s->read_lock);
	ret = receive_locked(s, message, deadline);
	mutex_unlock(&s->read_lock);
	return ret;
}

static unsigned poll(struct socket *socket, struct poll_table *table)
{
	struct netlink_socket *s = netlink_of(socket);
	unsigned events = POLLOUT | POLLWRNORM;

	if (table)
		table->add(table, &s->wait);
	if (!list_empty(&s->pieces))
		events |= POLLIN | POLLRDNORM;
	return socket->error ? events | POLLERR : events;
}

/* ---- Options ---- */

/* The one behind an option that is on or off; NULL: it is none. */
static bool *flag_of(struct netlink_socket *s, int option)
{
	switch (option) {
	case LINUX_NETLINK_PKTINFO:
		return &s->wants_info;
	case LINUX_NETLINK_BROADCAST_ERROR:
		return &s->tells_broadcast_errors;
	case LINUX_NETLINK_NO_ENOBUFS:
		return &s->ignores_overruns;
	case LINUX_NETLINK_CAP_ACK:
		return &s->caps_acks;
	case LINUX_NETLINK_EXT_ACK:
		return &s->wants_messages;
	case LINUX_NETLINK_GET_STRICT_CHK:
		return &s->is_strict;
	default:
		return NULL;
	}
}

static int set_option(struct socket *socket, int level, int option, const void *value, size_t len)
{
	struct netlink_socket *s = netlink_of(socket);
	bool *flag = flag_of(s, option);
	uint32_t number = 0;

	if (level != LINUX_SOL_NETLINK)
		return -ENOPROTOOPT;
	if (len >= sizeof(number))
		memcpy(&number, value, sizeof(number));
	if (option == LINUX_NETLINK_ADD_MEMBERSHIP || option == LINUX_NETLINK_DROP_MEMBERSHIP)
		return netlink_join(s, number, option == LINUX_NETLINK_ADD_MEMBERSHIP);
	if (!flag)
		return -ENOPROTOOPT;
	*flag = number;
	return 0;
}

static long get_option(struct socket *socket, int level, int option, void *value, size_t size)
{
	struct netlink_socket *s = netlink_of(socket);
	const bool *flag = flag_of(s, option);
	int number = flag ? *flag : 0;

	if (level != LINUX_SOL_NETLINK)
		return -ENOPROTOOPT;
	if (option == LINUX_NETLINK_LIST_MEMBERSHIPS) { /* whole words of the bits */
		size = min_u64(align_down(size, 4), sizeof(s->groups));
		memcpy(value, &s->groups, size);
		return (long)size;
	}
	if (!flag)
		return -ENOPROTOOPT;
	if (size < sizeof(number))
		return -EINVAL;
	memcpy(value, &number, sizeof(number));
	return sizeof(number);
}

static const struct socket_ops netlink_ops = {
    .bind = netlink_bind, .connect = netlink_connect, .send = send, .receive = receive, .name = netlink_get_name, .poll = poll,
    .set_option = set_option, .get_option = get_option, .deliver = deliver, .release = release,
};

SOCKET_FAMILY(netlink) = {.family = LINUX_AF_NETLINK, .create = create};
