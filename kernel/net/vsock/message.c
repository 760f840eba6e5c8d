/* SPDX-License-Identifier: BSD-3-Clause */
/* Sending and receiving: user memory is copied outside of turns, from and to packets. */
#include "kernel/net/vsock/file.h"

/* ---- Sending ---- */

static int sending_error(const struct vsock_socket *s)
{
	if (s->own_shutdown & VSOCK_NO_SEND || s->peer_shutdown & VSOCK_NO_RECEIVE)
		return -EPIPE;
	return s->state == VSOCK_CONNECTED ? 0 : -ENOTCONN;
}

static bool may_send(struct vsock_socket *s)
{
	return sending_error(s) || vsock_room(s);
}

static struct vsock_packet *packet_from(struct io_vector *io, int *error)
{
	size_t len = min_u64(io->left, VSOCK_PAYLOAD_MAX);
	struct vsock_packet *packet = vsock_packet_new(vsock_enter(), len);

	vsock_leave();
	if (!packet) {
		*error = -ENOBUFS;
		return NULL;
	}
	packet->end = (uint32_t)io_vector_get(io, packet->data, len);
	if (packet->end == len)
		return packet;
	vsock_packet_free(vsock_enter(), packet);
	vsock_leave();
	*error = -EFAULT;
	return NULL;
}

/* As much as there is room for of the next packet; what it could not take goes back to the vector. */
static long send_part(struct vsock_file *f, struct io_vector *io, uint32_t last_flags)
{
	int error = 0;
	struct vsock_packet *packet = packet_from(io, &error);
	uint32_t len, sent = 0;

	if (!packet)
		return error;
	len = packet->end;
	vsock_enter();
	error = sending_error(f->vsock);
	if (error)
		vsock_packet_free(f->vsock->vsock, packet);
	else
		sent = vsock_send(f->vsock, packet, io->left ? 0 : last_flags);
	vsock_leave();
	io_vector_back(io, len - sent);
	return error ? error : (long)sent;
}

static long send_all(struct vsock_file *f, struct socket_message *message, uint32_t last_flags)
{
	bool is_nonblocking = socket_is_nonblocking(&f->socket, message->flags);
	uint64_t deadline = vsock_deadline(f->socket.send_timeout_ns);
	long sent = 0;

	do {
		long ret = vsock_wait(f, may_send, is_nonblocking, deadline);

		if (!ret)
			ret = send_part(f, message->io, last_flags);
		if (ret < 0)
			return sent ? sent : ret;
		sent += ret;
	} while (message->io->left);
	return sent;
}

static int check_message(struct vsock_file *f, const struct socket_message *message)
{
	int error;

	if (message->flags & LINUX_MSG_OOB)
		return -EOPNOTSUPP;
	vsock_enter();
	error = sending_error(f->vsock);
	if (message->name_len)
		error = f->vsock->state == VSOCK_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	else if (!error && f->socket.type == LINUX_SOCK_SEQPACKET && message->io->left > f->vsock->peer_buffer)
		error = -EMSGSIZE;
	vsock_leave();
	return error;
}

long vsock_file_send(struct socket *socket, struct socket_message *message)
{
	struct vsock_file *f = vsock_file_of(socket);
	bool is_stream = socket->type == LINUX_SOCK_STREAM;
	long ret = check_message(f, message);

	if (ret || (is_stream && !message->io->left))
		return ret;
	mutex_lock(&f->write_lock);
	ret = send_all(f, message, is_stream ? 0 : VSOCK_END_OF_MESSAGE | (message->flags & LINUX_MSG_EOR ? VSOCK_END_OF_RECORD : 0));
	mutex_unlock(&f->write_lock);
	return ret;
}

/* ---- Receiving ---- */

static bool is_over(const struct vsock_socket *s)
{
	return s->state == VSOCK_ENDED || s->own_shutdown & VSOCK_NO_RECEIVE || s->peer_shutdown & VSOCK_NO_SEND;
}

static bool may_receive(struct vsock_socket *s)
{
	return vsock_is_readable(s) || is_over(s) || (s->state != VSOCK_CONNECTED && s->state != VSOCK_CONNECTING);
}

/* The first packet and how many bytes of it there are; NULL: the end. */
static struct vsock_packet *first_packet(struct vsock_file *f, uint32_t *len)
{
	struct vsock_packet *packet;

	vsock_enter();
	packet = vsock_is_readable(f->vsock) && !(f->vsock->own_shutdown & VSOCK_NO_RECEIVE) ? vsock_first(f->vsock) : NULL;
	*len = packet ? packet->end - packet->start : 0;
	vsock_leave();
	return packet;
}

static void take(struct vsock_file *f, uint32_t len)
{
	vsock_enter();
	vsock_take(f->vsock, len);
	vsock_leave();
}

static long receive_stream(struct vsock_file *f, struct socket_message *message)
{
	uint64_t deadline = vsock_deadline(f->socket.receive_timeout_ns);
	long got = 0;

	while (message->io->left) {
		bool must_wait = !got || message->flags & LINUX_MSG_WAITALL;
		long ret = vsock_wait(f, may_receive, !must_wait || socket_is_nonblocking(&f->socket, message->flags), deadline);
		struct vsock_packet *packet;
		uint32_t len;

		if (ret)
			return got ? got : ret;
		packet = first_packet(f, &len);
		if (!packet)
			break;
		len = (uint32_t)min_u64(len, message->io->left);
		if (io_vector_put(message->io, packet->data + packet->start, len) != len)
			return got ? got : -EFAULT;
		got += len;
		if (message->flags & LINUX_MSG_PEEK)
			break;
		take(f, len);
	}
	return got;
}

/* A whole message; what there is no room for is dropped. */
static long receive_message(struct vsock_file *f, struct socket_message *message)
{
	long whole = 0, got = 0, ret = vsock_wait(f, may_receive, socket_is_nonblocking(&f->socket, message->flags), vsock_deadline(f->socket.receive_timeout_ns));
	struct vsock_packet *packet;
	uint32_t len, flags = 0;

	if (ret)
		return ret;
	while (!(flags & VSOCK_END_OF_MESSAGE) && (packet = first_packet(f, &len)) != NULL) {
		uint32_t part = (uint32_t)min_u64(len, message->io->left);

		flags = packet->header.flags;
		if (!ret && io_vector_put(message->io, packet->data + packet->start, part) != part)
			ret = -EFAULT; /* the message goes all the same */
		whole += len;
		got += part;
		take(f, len);
	}
	if (whole > got)
		message->flags_out |= LINUX_MSG_TRUNC;
	if (flags & VSOCK_END_OF_RECORD)
		message->flags_out |= LINUX_MSG_EOR;
	return ret ? ret : message->flags & LINUX_MSG_TRUNC ? whole : got;
}

static int receiving_error(struct vsock_file *f)
{
	enum vsock_state state;

	vsock_enter();
	state = f->vsock->state;
	vsock_leave();
	if (state == VSOCK_CONNECTED)
		return 0;
	return state == VSOCK_ENDED ? -__atomic_exchange_n(&f->socket.error, 0, __ATOMIC_RELAXED) : -ENOTCONN;
}

long vsock_file_receive(struct socket *socket, struct socket_message *message)
{
	struct vsock_file *f = vsock_file_of(socket);
	bool is_stream = socket->type == LINUX_SOCK_STREAM;
	long ret = receiving_error(f);

	message->name_len = 0;
	if (ret)
		return ret;
	if (message->flags & LINUX_MSG_OOB || (!is_stream && message->flags & LINUX_MSG_PEEK))
		return -EOPNOTSUPP;
	mutex_lock(&f->read_lock);
	ret = is_stream ? receive_stream(f, message) : receive_message(f, message);
	mutex_unlock(&f->read_lock);
	return ret;
}
