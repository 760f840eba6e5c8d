/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes out and in, within what the receiver has room for (virtio 1.2 §5.10.6.3). */
#include "kernel/net/vsock/internal.h"

static uint32_t room(const struct vsock_socket *s)
{
	uint32_t under_way = s->sent - s->peer_taken;

	return under_way < s->peer_buffer ? s->peer_buffer - under_way : 0;
}

bool vsock_has_room(const struct vsock_socket *s)
{
	return room(s) != 0;
}

uint32_t vsock_room(struct vsock_socket *s)
{
	uint32_t free = room(s);

	if (!free && s->state == VSOCK_CONNECTED && !s->is_credit_asked) {
		s->is_credit_asked = true;
		vsock_send_control(s, VSOCK_CREDIT_REQUEST, 0);
	}
	return free;
}

uint32_t vsock_send(struct vsock_socket *s, struct vsock_packet *packet, uint32_t flags)
{
	uint32_t len = packet->end - packet->start, sent = (uint32_t)min_u64(len, room(s));

	if (s->state != VSOCK_CONNECTED || (len && !sent)) {
		vsock_packet_free(s->vsock, packet);
		return 0;
	}
	packet->end = packet->start + sent;
	s->sent += sent;
	vsock_send_packet(s, packet, VSOCK_RW, sent == len ? flags : 0);
	return sent;
}

bool vsock_is_readable(const struct vsock_socket *s)
{
	return s->type == VSOCK_SEQPACKET ? s->nr_messages != 0 : s->queued != 0;
}

struct vsock_packet *vsock_first(const struct vsock_socket *s)
{
	return list_empty(&s->received) ? NULL : container_of(s->received.next, struct vsock_packet, link);
}

/* The peer is told when it matters to it: a quarter of the buffer is free again, or a message is gone, the next of which might need all of it. */
static void tell_credit(struct vsock_socket *s, bool is_message_gone)
{
	uint32_t untold = s->taken - s->told_taken;

	if (s->state == VSOCK_CONNECTED && untold && (untold >= s->buffer / 4 || is_message_gone))
		vsock_send_control(s, VSOCK_CREDIT_UPDATE, 0);
}

void vsock_take(struct vsock_socket *s, uint32_t n)
{
	struct vsock_packet *packet = vsock_first(s);
	bool is_gone = false;

	packet->start += n;
	s->queued -= n;
	s->taken += n;
	if (packet->start == packet->end) {
		is_gone = s->type == VSOCK_SEQPACKET && packet->header.flags & VSOCK_END_OF_MESSAGE;
		s->nr_messages -= is_gone;
		s->nr_received--;
		list_remove(&packet->link);
		vsock_packet_free(s->vsock, packet);
	}
	tell_credit(s, is_gone);
}

void vsock_set_buffer(struct vsock_socket *s, uint32_t bytes)
{
	bool is_larger = bytes > s->buffer;

	s->buffer = bytes;
	if (is_larger && s->state == VSOCK_CONNECTED)
		vsock_send_control(s, VSOCK_CREDIT_UPDATE, 0);
}
