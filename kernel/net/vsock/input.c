/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets in. The peer may send anything: what does not belong is answered with a reset, or dropped. */
#include "kernel/net/vsock/internal.h"

/* Answers a packet of no connection. Takes it. */
static void refuse(struct vsock *vsock, struct vsock_packet *packet)
{
	const struct vsock_header got = packet->header;

	if (got.operation == VSOCK_RST || got.from.cid == VSOCK_ANY) {
		vsock_packet_free(vsock, packet);
		return;
	}
	packet->start = packet->end = 0;
	packet->header = (struct vsock_header){.from = got.to, .to = got.from, .type = got.type, .operation = VSOCK_RST};
	vsock_send_raw(vsock, packet);
}

/* Only room that is new to the sender is news. That there is none yet is no reason to ask again: the peer tells when it has read a part. */
static void note_credit(struct vsock_socket *s, const struct vsock_header *header)
{
	bool had_room = vsock_has_room(s);

	s->peer_buffer = header->buffer;
	s->peer_taken = header->taken;
	if (had_room || !vsock_has_room(s))
		return;
	s->is_credit_asked = false;
	tell(s, VSOCK_EVENT_WRITABLE);
}

/* A listener is asked: the connection is there at once, and waits to be accepted. False: refused. */
static bool take_request(struct vsock_socket *listener, const struct vsock_header *header)
{
	struct vsock_socket *s;

	if (listener->nr_pending > listener->backlog)
		return false;
	s = vsock_socket_new(listener->vsock, listener->type);
	if (!s)
		return false;
	s->local = header->to;
	s->remote = header->from;
	s->buffer = listener->buffer;
	s->state = VSOCK_CONNECTED;
	note_credit(s, header);
	list_push_back(&listener->pending, &s->pending_link);
	listener->nr_pending++;
	vsock_send_control(s, VSOCK_RESPONSE, 0);
	tell(listener, VSOCK_EVENT_READABLE);
	return true;
}

static void input_connecting(struct vsock_socket *s, const struct vsock_header *header)
{
	if (header->operation == VSOCK_RESPONSE) {
		s->state = VSOCK_CONNECTED;
		note_credit(s, header);
		tell(s, VSOCK_EVENT_WRITABLE);
		return;
	}
	if (header->operation != VSOCK_RST)
		vsock_send_control(s, VSOCK_RST, 0);
	s->state = VSOCK_IDLE;
	s->error = ECONNRESET;
	tell(s, VSOCK_EVENT_ENDED);
}

/* Small pieces of a stream share memory, so that what is queued takes little more than it counts. */
static bool merge(struct vsock_socket *s, const struct vsock_packet *packet)
{
	struct vsock_packet *last = list_empty(&s->received) ? NULL : container_of(s->received.prev, struct vsock_packet, link);
	uint32_t len = packet->end - packet->start;

	if (s->type != VSOCK_STREAM || !last || last->capacity - last->end < len)
		return false;
	memcpy(last->data + last->end, packet->data + packet->start, len);
	last->end += len;
	return true;
}

/* A small one with more room behind; the packet itself where there is no memory. */
static struct vsock_packet *with_room(struct vsock_socket *s, struct vsock_packet *packet)
{
	uint32_t len = packet->end - packet->start;
	struct vsock_packet *roomy;

	if (s->type != VSOCK_STREAM || len > MERGE_CAPACITY / 4 || packet->capacity - packet->end >= MERGE_CAPACITY / 2)
		return packet;
	roomy = vsock_packet_new(s->vsock, MERGE_CAPACITY);
	if (!roomy)
		return packet;
	roomy->header = packet->header;
	roomy->end = len;
	memcpy(roomy->data, packet->data + packet->start, len);
	vsock_packet_free(s->vsock, packet);
	return roomy;
}

/* Takes the packet. False: it breaks the flow control; there is no saying what was lost, and the connection ends. */
static bool take_data(struct vsock_socket *s, struct vsock_packet *packet)
{
	uint32_t len = packet->end - packet->start;
	bool is_end = s->type == VSOCK_SEQPACKET && packet->header.flags & VSOCK_END_OF_MESSAGE;

	if (len > s->edge - (s->taken + s->queued) || s->nr_received >= RECEIVED_MAX || s->own_shutdown & VSOCK_NO_RECEIVE) {
		vsock_packet_free(s->vsock, packet);
		return false;
	}
	if ((!len && !is_end) || merge(s, packet)) {
		vsock_packet_free(s->vsock, packet);
	} else {
		packet = with_room(s, packet);
		list_push_back(&s->received, &packet->link);
		s->nr_received++;
	}
	s->queued += len;
	s->nr_messages += is_end;
	tell(s, VSOCK_EVENT_READABLE);
	return true;
}

static void take_shutdown(struct vsock_socket *s, uint32_t flags)
{
	s->peer_shutdown |= flags & (VSOCK_NO_RECEIVE | VSOCK_NO_SEND);
	if (s->peer_shutdown == (VSOCK_NO_RECEIVE | VSOCK_NO_SEND)) {
		vsock_send_control(s, VSOCK_RST, 0); /* the agreement that the peer waits for */
		vsock_finish(s);
		return;
	}
	tell(s, VSOCK_EVENT_READABLE | VSOCK_EVENT_WRITABLE);
}

static void input_data(struct vsock_socket *s, struct vsock_packet *packet)
{
	if (s->state == VSOCK_CLOSING || s->peer_shutdown & VSOCK_NO_SEND) {
		vsock_packet_free(s->vsock, packet);
		return;
	}
	if (take_data(s, packet))
		return;
	s->error = ECONNRESET;
	vsock_send_control(s, VSOCK_RST, 0);
	vsock_finish(s);
}

static void input_connected(struct vsock_socket *s, struct vsock_packet *packet)
{
	const struct vsock_header header = packet->header;

	note_credit(s, &header);
	if (header.operation == VSOCK_RW) {
		input_data(s, packet);
		return;
	}
	vsock_packet_free(s->vsock, packet);
	switch (header.operation) {
	case VSOCK_RST:
		vsock_finish(s);
		break;
	case VSOCK_SHUTDOWN:
		take_shutdown(s, header.flags);
		break;
	case VSOCK_CREDIT_REQUEST:
		vsock_send_control(s, VSOCK_CREDIT_UPDATE, 0);
		break;
	default: /* an update is noted; a second answer or request means nothing */
		break;
	}
}

void vsock_input(struct vsock *vsock, struct vsock_packet *packet)
{
	struct vsock_socket *s = NULL, *listener;

	if (vsock_is_loopback(vsock, packet->header.to.cid))
		s = vsock_find_connection(vsock, &packet->header);
	if (!s) {
		listener = packet->header.operation == VSOCK_REQUEST ? vsock_find_listener(vsock, &packet->header) : NULL;
		if (listener && take_request(listener, &packet->header))
			vsock_packet_free(vsock, packet);
		else
			refuse(vsock, packet);
	} else if (s->state == VSOCK_CONNECTING) {
		input_connecting(s, &packet->header);
		vsock_packet_free(vsock, packet);
	} else {
		input_connected(s, packet);
	}
}
