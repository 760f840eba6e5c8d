/* SPDX-License-Identifier: BSD-3-Clause */
/* Sending and receiving over Unix sockets: packets queued at the receiver. */
#include "kernel/mem/heap.h"
#include "kernel/net/socket/unix.h"
#include "kernel/platform/platform.h"
#include "kernel/process/process.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/poll.h"
#include "lib/string.h"

#define STREAM_CHUNK 32768u /* bytes of a stream's packet at the most */

struct unix_packet *unix_packet_new(size_t len)
{
	struct unix_packet *packet = heap_alloc(sizeof(*packet) + len);

	if (!packet)
		return NULL;
	memset(packet, 0, sizeof(*packet));
	packet->len = len;
	return packet;
}

void unix_packet_free(struct unix_packet *packet)
{
	if (packet->files)
		unix_flight_end(packet->files);
	socket_files_release(packet->files);
	unix_name_put(packet->from);
	heap_free(packet);
}

bool unix_has_room(struct unix_socket *receiver, uint32_t limit)
{
	return __atomic_load_n(&receiver->queued, __ATOMIC_RELAXED) < limit;
}

/* ---- Sending ---- */

static bool can_send_now(struct unix_socket *s, struct unix_socket *to)
{
	return unix_has_room(to, s->socket.send_buffer) || to->is_closed || to->read_shut || s->write_shut;
}

static int wait_for_room(struct unix_socket *s, struct unix_socket *to, int flags, uint64_t deadline)
{
	struct waiter waiter;
	int ret = 0;

	if (can_send_now(s, to))
		return 0;
	if (socket_is_nonblocking(&s->socket, flags))
		return -EAGAIN;
	wait_begin(&waiter, &to->room);
	while (!ret && !can_send_now(s, to))
		ret = wait_sleep(deadline, WAIT_INTERRUPTIBLE);
	wait_end(&waiter);
	return ret == -ETIMEDOUT ? -EAGAIN : ret == -EINTR ? -ERESTART_SYS : ret;
}

static void describe_sender(struct unix_packet *packet, struct unix_socket *s, struct socket_message *message)
{
	const struct credentials *own = credentials_current();

	packet->cred = (struct linux_ucred){.pid = process_current()->pid, .uid = own->uid, .gid = own->gid};
	if (message->has_cred)
		packet->cred = message->cred;
	packet->files = message->files;
	message->files = NULL;
	if (s->name) {
		packet->from = s->name;
		__atomic_fetch_add(&s->name->references, 1, __ATOMIC_RELAXED);
	}
}

/* Puts the packet into the receiver's queue, which owns it then; -EPIPE or -ECONNREFUSED if it is gone. */
static int deliver(struct unix_socket *to, struct unix_packet *packet, int gone_error)
{
	if (packet->files)
		unix_flight_begin(packet->files);
	spin_lock(&to->lock);
	if (to->is_closed || to->read_shut) {
		spin_unlock(&to->lock);
		unix_packet_free(packet);
		return gone_error;
	}
	list_push_back(&to->packets, &packet->node);
	to->queued += packet->len + sizeof(*packet);
	spin_unlock(&to->lock);
	wait_wake(&to->wait, 1, POLLIN | POLLRDNORM);
	return 0;
}

/* Sends one packet of `len` bytes of the message. */
static int send_packet(struct unix_socket *s, struct unix_socket *to, struct socket_message *message, size_t len, uint64_t deadline, int gone_error)
{
	struct unix_packet *packet;
	int ret = wait_for_room(s, to, message->flags, deadline);

	if (ret)
		return ret;
	if (s->write_shut)
		return -EPIPE;
	packet = unix_packet_new(len);
	if (!packet)
		return -ENOBUFS;
	if (io_vector_get(message->io, packet->data, len) != len) {
		unix_packet_free(packet);
		return -EFAULT;
	}
	describe_sender(packet, s, message);
	return deliver(to, packet, gone_error);
}

static long send_stream(struct unix_socket *s, struct unix_socket *to, struct socket_message *message, uint64_t deadline)
{
	long sent = 0;

	while (message->io->left) {
		size_t len = min_u64(message->io->left, STREAM_CHUNK);
		int ret = send_packet(s, to, message, len, deadline, -EPIPE);

		if (ret)
			return sent ? sent : ret;
		sent += (long)len;
	}
	return sent;
}

static int find_receiver(struct unix_socket *s, struct socket_message *message, struct unix_socket **to)
{
	if (message->name_len && s->socket.type == LINUX_SOCK_DGRAM)
		return unix_name_find(message->name, message->name_len, LINUX_SOCK_DGRAM, to);
	if (message->name_len && s->socket.type == LINUX_SOCK_STREAM)
		return s->was_connected ? -EISCONN : -EOPNOTSUPP;
	*to = unix_peer_get(s);
	if (*to)
		return 0;
	if (s->write_shut || s->was_connected)
		return -EPIPE;
	return -ENOTCONN;
}

long unix_send(struct socket *socket, struct socket_message *message)
{
	struct unix_socket *s = unix_of(socket), *to;
	uint64_t deadline = WAIT_FOREVER;
	size_t len = message->io->left;
	long ret;

	if (message->flags & LINUX_MSG_OOB)
		return -EOPNOTSUPP;
	ret = find_receiver(s, message, &to);
	if (ret)
		return ret;
	if (socket->send_timeout_ns != WAIT_FOREVER)
		deadline = clock_monotonic_ns() + socket->send_timeout_ns;
	if (s->write_shut)
		ret = -EPIPE;
	else if (socket->type == LINUX_SOCK_STREAM)
		ret = send_stream(s, to, message, deadline);
	else if (len > socket->send_buffer)
		ret = -EMSGSIZE;
	else
		ret = send_packet(s, to, message, len, deadline, socket->type == LINUX_SOCK_DGRAM ? -ECONNREFUSED : -EPIPE);
	unix_put(to);
	return ret ? ret : socket->type == LINUX_SOCK_STREAM ? 0 : (long)len;
}

/* ---- Receiving ---- */

static bool peer_sends_no_more(struct unix_socket *s)
{
	struct unix_socket *peer;
	bool is_over;

	if (s->socket.type == LINUX_SOCK_DGRAM)
		return false;
	peer = unix_peer_get(s);
	is_over = !peer || peer->is_closed || peer->write_shut;
	unix_put(peer);
	return is_over;
}

/* The packet in which the byte behind `offset` unread ones is, which *skip of the packet's own stand before; NULL: it has not come. */
static struct unix_packet *packet_at(struct unix_socket *s, size_t offset, size_t *skip)
{
	struct unix_packet *packet, *found = NULL;

	spin_lock(&s->lock);
	list_for_each(packet, &s->packets, node) {
		size_t len = packet->len - packet->start;

		if (offset < len || (!len && !offset)) {
			found = packet;
			break;
		}
		offset -= len;
	}
	spin_unlock(&s->lock);
	*skip = offset;
	return found;
}

/* SO_PEEK_OFF: where the next peek begins, and how reading moves that. */
static size_t peek_offset(const struct unix_socket *s, const struct socket_message *message)
{
	return message->flags & LINUX_MSG_PEEK && s->peek_offset > 0 ? (size_t)s->peek_offset : 0;
}

static void move_peek_offset(struct unix_socket *s, const struct socket_message *message, size_t len)
{
	if (s->peek_offset < 0)
		return;
	if (message->flags & LINUX_MSG_PEEK)
		s->peek_offset += (int)len;
	else
		s->peek_offset -= (int)min_u64((uint64_t)s->peek_offset, len);
}

/* Waits for the packet at the offset with read_lock held, released while sleeping. 0 with *packet NULL: end of file. */
static int wait_for_packet(struct unix_socket *s, int flags, uint64_t deadline, size_t offset, struct unix_packet **packet, size_t *skip)
{
	struct waiter waiter;
	int ret = 0;

	wait_begin_exclusive(&waiter, &s->wait);
	for (;;) {
		*packet = packet_at(s, offset, skip);
		if (*packet || ret)
			break;
		if (s->socket.error) {
			ret = -__atomic_exchange_n(&s->socket.error, 0, __ATOMIC_RELAXED);
			break;
		}
		if (s->read_shut || peer_sends_no_more(s))
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
	if (*packet)
		return 0;
	return ret == -ETIMEDOUT ? -EAGAIN : ret == -EINTR ? -ERESTART_SYS : ret;
}

static void remove_packet(struct unix_socket *s, struct unix_packet *packet)
{
	struct unix_socket *peer;

	spin_lock(&s->lock);
	list_remove(&packet->node);
	s->queued -= packet->len + sizeof(*packet);
	spin_unlock(&s->lock);
	unix_packet_free(packet);
	wait_wake_all(&s->room, POLLOUT);
	peer = unix_peer_get(s);
	if (peer)
		wait_wake_all(&peer->wait, POLLOUT | POLLWRNORM);
	unix_put(peer);
}

/* Takes the files out of a packet, whose place in the queue others look at too. */
static struct socket_files *take_files(struct unix_socket *s, struct unix_packet *packet)
{
	struct socket_files *files;

	spin_lock(&s->lock);
	files = packet->files;
	packet->files = NULL;
	spin_unlock(&s->lock);
	unix_flight_end(files);
	return files;
}

static void describe_packet(struct unix_packet *packet, struct unix_socket *s, struct socket_message *message)
{
	if (s->socket.passes_credentials) {
		message->cred = packet->cred;
		message->has_cred = true;
	}
	if (packet->files && !(message->flags & LINUX_MSG_PEEK))
		message->files = take_files(s, packet);
	if (packet->from && s->socket.type != LINUX_SOCK_STREAM) {
		message->name_len = packet->from->len;
		memcpy(message->name, &packet->from->address, packet->from->len);
	}
}

static long receive_packet(struct unix_socket *s, struct socket_message *message, uint64_t deadline)
{
	struct unix_packet *packet;
	size_t room = message->io->left, skip, len;
	long ret = wait_for_packet(s, message->flags, deadline, peek_offset(s, message), &packet, &skip);

	if (ret || !packet)
		return ret;
	len = min_u64(room, packet->len - skip);
	if (io_vector_put(message->io, packet->data + skip, len) != len)
		return -EFAULT;
	if (packet->len - skip > room)
		message->flags_out |= LINUX_MSG_TRUNC;
	ret = (long)(message->flags & LINUX_MSG_TRUNC ? packet->len - skip : len);
	describe_packet(packet, s, message);
	move_peek_offset(s, message, message->flags & LINUX_MSG_PEEK ? len : packet->len);
	if (!(message->flags & LINUX_MSG_PEEK))
		remove_packet(s, packet);
	return ret;
}

/* Copies from the first packet on. A packet with descriptors ends the transfer, so that they arrive with their bytes. */
static long receive_stream(struct unix_socket *s, struct socket_message *message, uint64_t deadline)
{
	bool peeks = message->flags & LINUX_MSG_PEEK;
	size_t offset = peek_offset(s, message), skip;
	long got = 0;

	while (message->io->left) {
		int flags = got && !(message->flags & LINUX_MSG_WAITALL) ? message->flags | LINUX_MSG_DONTWAIT : message->flags;
		struct unix_packet *packet;
		int ret = wait_for_packet(s, flags, deadline, offset + (peeks ? (size_t)got : 0), &packet, &skip);
		size_t len;
		bool had_files;

		if (ret || !packet)
			return got ? got : ret;
		if (got && packet->files)
			return got;
		len = min_u64(message->io->left, packet->len - packet->start - skip);
		if (io_vector_put(message->io, packet->data + packet->start + skip, len) != len)
			return got ? got : -EFAULT;
		had_files = packet->files != NULL;
		describe_packet(packet, s, message);
		got += (long)len;
		move_peek_offset(s, message, len);
		if (!peeks)
			packet->start += len;
		if (packet->start == packet->len)
			remove_packet(s, packet);
		if (had_files)
			return got;
	}
	return got;
}

long unix_receive(struct socket *socket, struct socket_message *message)
{
	struct unix_socket *s = unix_of(socket);
	uint64_t deadline = WAIT_FOREVER;
	long ret;

	message->name_len = 0;
	if (message->flags & LINUX_MSG_OOB)
		return -EOPNOTSUPP;
	if (socket->is_listening || (socket->type != LINUX_SOCK_DGRAM && !s->was_connected))
		return socket->type == LINUX_SOCK_STREAM ? -EINVAL : -ENOTCONN;
	if (socket->receive_timeout_ns != WAIT_FOREVER)
		deadline = clock_monotonic_ns() + socket->receive_timeout_ns;
	mutex_lock(&s->read_lock);
	ret = socket->type == LINUX_SOCK_STREAM ? receive_stream(s, message, deadline) : receive_packet(s, message, deadline);
	mutex_unlock(&s->read_lock);
	return ret;
}
