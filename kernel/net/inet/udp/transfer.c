/* SPDX-License-Identifier: BSD-3-Clause */
/* Sending and receiving datagrams: user memory is copied outside of the stack's lock, one turn each. */
#include "kernel/mem/heap.h"
#include "kernel/net/inet/udp/socket.h"
#include "kernel/net/system/system.h"
#include "kernel/vm/user_memory.h"

#define DATAGRAM_MAX (65535u - 8)

/* ---- Sending ---- */

static long hand_over(struct datagram_socket *d, const struct udp_message *to, struct net_packet *packet, size_t len)
{
	int ret;

	net_enter();
	ret = inet_bind_automatically(&d->inet);
	if (ret)
		net_packet_free(packet);
	else
		ret = udp_send(d->udp, to, packet);
	net_leave();
	return ret ? ret == -EADDRINUSE ? -EAGAIN : ret : (long)len;
}

/* Appends to what is corked. With cork_lock held. */
static long add_to_cork(struct datagram_socket *d, struct io_vector *io)
{
	size_t len = io->left;
	uint8_t *larger;

	if (d->corked_len + len > DATAGRAM_MAX)
		return -EMSGSIZE;
	larger = heap_resize(d->corked, d->corked_len + len + 1);
	if (!larger)
		return -ENOBUFS;
	d->corked = larger;
	if (io_vector_get(io, larger + d->corked_len, len) != len)
		return -EFAULT;
	d->corked_len += len;
	return (long)len;
}

/* With cork_lock held. */
static long send_corked(struct datagram_socket *d)
{
	struct net_packet *packet;
	size_t len = d->corked_len;

	if (!d->corked)
		return 0;
	packet = udp_packet_new(d->inet.stack, len);
	if (packet)
		memcpy(packet->data, d->corked, len);
	heap_free(d->corked);
	d->corked = NULL;
	d->corked_len = 0;
	return packet ? hand_over(d, d->corked_has_end ? &d->corked_to : NULL, packet, len) : -ENOBUFS;
}

long datagram_uncork(struct datagram_socket *d)
{
	long ret;

	mutex_lock(&d->cork_lock);
	ret = send_corked(d);
	mutex_unlock(&d->cork_lock);
	return ret;
}

/* The parts of one datagram; the first says where to. */
static long send_part(struct datagram_socket *d, struct socket_message *message, const struct udp_message *to)
{
	long ret, sent;

	mutex_lock(&d->cork_lock);
	if (!d->corked) {
		d->corked_has_end = to != NULL;
		if (to)
			d->corked_to = *to;
	}
	ret = add_to_cork(d, message->io);
	if (ret >= 0 && !d->is_corked && !(message->flags & LINUX_MSG_MORE)) {
		sent = send_corked(d);
		ret = sent < 0 ? sent : ret;
	}
	mutex_unlock(&d->cork_lock);
	return ret;
}

static long send_whole(struct datagram_socket *d, struct io_vector *io, const struct udp_message *to)
{
	size_t len = io->left;
	struct net_packet *packet = udp_packet_new(d->inet.stack, len);

	if (!packet)
		return -ENOBUFS;
	if (io_vector_get(io, packet->data, len) != len) {
		net_packet_free(packet); /* nobody else knows it */
		return -EFAULT;
	}
	return hand_over(d, to, packet, len);
}

/* Where to; *has_end false: to the connected one. */
static int find_end(struct datagram_socket *d, const struct socket_message *message, struct udp_message *to, bool *has_end)
{
	struct inet_route route;
	struct inet_end end;
	int ret = inet_destination_read(&d->inet, message, &end, has_end);

	if (!ret)
		ret = inet_route_read(&d->inet, message, &route);
	if (ret)
		return ret;
	if (!*has_end && !d->is_connected)
		return -EDESTADDRREQ;
	if (!*has_end && message->control_len) { /* a way of its own to the connected end */
		net_enter();
		(void)udp_remote(d->udp, &end.address, &end.port);
		net_leave();
		*has_end = true;
	}
	if (*has_end && !end.port)
		return -EINVAL;
	*to = (struct udp_message){.remote = end.address, .remote_port = end.port, .local = route.source, .interface_index = route.interface_index ? route.interface_index : *has_end ? end.scope : 0,
				   .ttl = route.ttl, .traffic_class = route.traffic_class};
	return 0;
}

long datagram_send(struct socket *socket, struct socket_message *message)
{
	struct datagram_socket *d = datagram_of(socket);
	struct udp_message to;
	bool has_end;
	int ret;

	if (message->io->left > 65535)
		return -EMSGSIZE;
	if (message->flags & LINUX_MSG_OOB)
		return -EOPNOTSUPP;
	ret = find_end(d, message, &to, &has_end);
	if (ret)
		return ret;
	if (d->write_shut)
		return -EPIPE;
	if (message->io->left > DATAGRAM_MAX)
		return -EMSGSIZE;
	if (d->corked || d->is_corked || message->flags & LINUX_MSG_MORE)
		return send_part(d, message, has_end ? &to : NULL);
	return send_whole(d, message->io, has_end ? &to : NULL);
}

/* ---- Receiving ---- */

/* A copy of the datagram to look at, from where the look begins, with the number of bytes before that as its mark. *error: -ENOBUFS. */
static struct net_packet *look(struct datagram_socket *d, struct udp_message *from, int *error)
{
	size_t offset = inet_peek_offset(&d->inet, LINUX_MSG_PEEK);
	struct net_packet *packet = udp_look(d->udp, from, &offset);

	if (packet) {
		packet = net_packet_copy_part(packet, offset, packet->len - offset);
		*error = packet ? 0 : -ENOBUFS;
	}
	if (packet)
		packet->mark[0] = (uint32_t)offset;
	return packet;
}

/* A datagram with what is known of it. NULL: there is none. *error: of the socket. */
static struct net_packet *take(struct datagram_socket *d, bool is_look_only, struct udp_message *from, int *error)
{
	struct net_packet *packet = NULL;

	*error = 0;
	if (!udp_poll(d->udp)) /* without the lock: an event corrects it */
		return NULL;
	net_enter();
	*error = -udp_error(d->udp);
	if (!*error)
		packet = is_look_only ? look(d, from, error) : udp_receive(d->udp, from);
	net_leave();
	return packet;
}

static struct net_packet *wait_for_one(struct datagram_socket *d, const struct socket_message *message, struct udp_message *from, int *error)
{
	struct socket *socket = &d->inet.socket;
	bool is_look_only = message->flags & LINUX_MSG_PEEK;
	struct net_packet *packet = take(d, is_look_only, from, error);
	struct waiter waiter;
	uint64_t deadline;
	int slept = 0;

	if (packet || *error || d->read_shut)
		return packet;
	if (socket_is_nonblocking(socket, message->flags)) {
		*error = -EAGAIN;
		return NULL;
	}
	deadline = inet_deadline(socket->receive_timeout_ns);
	wait_begin_exclusive(&waiter, &d->inet.wait);
	while (!(packet = take(d, is_look_only, from, error)) && !*error && !d->read_shut && !slept)
		slept = wait_sleep(deadline, WAIT_INTERRUPTIBLE);
	wait_end(&waiter);
	if (!packet && !*error && !d->read_shut)
		*error = inet_wait_result(slept, socket->receive_timeout_ns);
	return packet;
}

static void packet_free(struct net_packet *packet)
{
	bool is_shared = packet->nr_fragments != 0;

	if (is_shared)
		net_enter();
	net_packet_free(packet);
	if (is_shared)
		net_leave();
}

static bool copy_out(const struct net_packet *packet, struct io_vector *io, size_t len)
{
	for (size_t at = 0; at < len;) {
		uint8_t *bytes;
		size_t part = min_u64(net_packet_piece(packet, at, &bytes), len - at);

		if (io_vector_put(io, bytes, part) != part)
			return false;
		at += part;
	}
	return true;
}

static void describe(struct datagram_socket *d, struct socket_message *message, const struct udp_message *from)
{
	const struct inet_end end = {.address = from->remote, .port = from->remote_port, .scope = from->interface_index};
	const struct inet_arrival arrival = {.local = from->local, .interface_index = from->interface_index, .ttl = from->ttl,
					     .traffic_class = from->traffic_class};

	message->name_len = inet_address_write(&d->inet, &end, message->name);
	inet_note_arrival(&d->inet, message, &arrival);
}

static long receive_error(struct datagram_socket *d, struct socket_message *message)
{
	struct udp_error report;
	struct inet_end to;
	bool is_there;

	net_enter();
	is_there = udp_error_report(d->udp, &report);
	if (is_there)
		(void)udp_error(d->udp);
	net_leave();
	if (!is_there)
		return -EAGAIN;
	to = (struct inet_end){.address = report.remote, .port = report.remote_port};
	return inet_give_error(&d->inet, message, &report.error, &to);
}

long datagram_receive(struct socket *socket, struct socket_message *message)
{
	struct datagram_socket *d = datagram_of(socket);
	struct udp_message from;
	struct net_packet *packet;
	size_t len, whole, room = message->io->left;
	bool is_good;
	int error;

	message->name_len = 0;
	if (message->flags & LINUX_MSG_ERRQUEUE)
		return receive_error(d, message);
	if (message->flags & LINUX_MSG_OOB)
		return -EOPNOTSUPP;
	packet = wait_for_one(d, message, &from, &error);
	if (!packet)
		return error;
	whole = packet->len + (message->flags & LINUX_MSG_PEEK ? packet->mark[0] : 0);
	len = min_u64(packet->len, room);
	if (room <= packet->len && len < whole) /* as Linux: also where a look ends with the datagram */
		message->flags_out |= LINUX_MSG_TRUNC;
	is_good = copy_out(packet, message->io, len);
	packet_free(packet);
	if (!is_good)
		return -EFAULT;
	describe(d, message, &from);
	if (message->flags & LINUX_MSG_TRUNC)
		len = whole;
	inet_peek_moved(&d->inet, message->flags, len);
	return (long)len;
}
