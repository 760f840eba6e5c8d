/* SPDX-License-Identifier: BSD-3-Clause */
/* Connections: asked for, taken, shut down, closed (virtio 1.2 §5.10.6.5 and .6.6). */
#include "kernel/net/vsock/internal.h"

/* ---- Packets out ---- */

void vsock_send_raw(struct vsock *vsock, struct vsock_packet *packet)
{
	if (vsock_is_loopback(vsock, packet->header.to.cid))
		list_push_back(&vsock->looped, &packet->link);
	else if (vsock->transmit)
		vsock->transmit(vsock, packet);
	else
		vsock_packet_free(vsock, packet);
}

/* Every packet tells of our buffer. */
void vsock_send_packet(struct vsock_socket *s, struct vsock_packet *packet, enum vsock_operation operation, uint32_t flags)
{
	packet->header = (struct vsock_header){
	    .from = s->local, .to = s->remote, .len = packet->end - packet->start, .type = (uint16_t)s->type, .operation = (uint16_t)operation, .flags = flags,
	    .buffer = s->buffer, .taken = s->taken,
	};
	s->told_taken = s->taken;
	if ((int32_t)(s->taken + s->buffer - s->edge) > 0)
		s->edge = s->taken + s->buffer;
	vsock_send_raw(s->vsock, packet);
}

/* Without memory nothing is sent: the peer finds out in time, or never needed to know. */
void vsock_send_control(struct vsock_socket *s, enum vsock_operation operation, uint32_t flags)
{
	struct vsock_packet *packet = vsock_packet_new(s->vsock, 0);

	if (packet)
		vsock_send_packet(s, packet, operation, flags);
}

/* ---- Connecting ---- */

int vsock_listen(struct vsock_socket *s, unsigned backlog)
{
	if (!s->is_bound || (s->state != VSOCK_IDLE && s->state != VSOCK_LISTENING))
		return -EINVAL;
	s->state = VSOCK_LISTENING;
	s->backlog = backlog;
	return 0;
}

static bool is_reachable(const struct vsock *vsock, uint32_t cid, enum vsock_type type)
{
	return vsock_is_loopback(vsock, cid) || (vsock->transmit && cid != VSOCK_CID_HYPERVISOR && (type == VSOCK_STREAM || vsock->has_seqpacket));
}

int vsock_connect(struct vsock_socket *s, struct vsock_address to)
{
	int error;

	if (s->state != VSOCK_IDLE)
		return s->state == VSOCK_CONNECTING ? -EALREADY : s->state == VSOCK_LISTENING ? -EINVAL : -EISCONN;
	if (to.cid == VSOCK_ANY || to.port == VSOCK_ANY)
		return -EINVAL;
	if (!is_reachable(s->vsock, to.cid, s->type))
		return -ENODEV;
	error = vsock_bind_any(s);
	if (error)
		return error;
	s->local.cid = vsock_is_loopback(s->vsock, to.cid) ? to.cid : s->vsock->cid;
	s->remote = to;
	s->error = 0;
	s->state = VSOCK_CONNECTING;
	s->end_at_ns = s->vsock->now_ns + s->connect_ns;
	vsock_send_control(s, VSOCK_REQUEST, 0);
	return 0;
}

void vsock_connect_abort(struct vsock_socket *s, int error)
{
	if (s->state != VSOCK_CONNECTING)
		return;
	vsock_send_control(s, VSOCK_RST, 0);
	s->state = VSOCK_IDLE;
	s->error = error;
	tell(s, VSOCK_EVENT_ENDED);
}

struct vsock_socket *vsock_accept(struct vsock_socket *s)
{
	struct list *node = list_pop_front(&s->pending);

	if (!node)
		return NULL;
	s->nr_pending--;
	return container_of(node, struct vsock_socket, pending_link);
}

/* ---- Ending ---- */

void vsock_finish(struct vsock_socket *s)
{
	if (s->state == VSOCK_CLOSING) {
		vsock_socket_free(s);
		return;
	}
	s->state = VSOCK_ENDED;
	s->peer_shutdown = VSOCK_NO_RECEIVE | VSOCK_NO_SEND;
	tell(s, VSOCK_EVENT_ENDED | VSOCK_EVENT_READABLE | VSOCK_EVENT_WRITABLE);
}

int vsock_shutdown(struct vsock_socket *s, unsigned flags)
{
	if (s->state != VSOCK_CONNECTED && s->state != VSOCK_ENDED)
		return -ENOTCONN;
	if ((s->own_shutdown | flags) != s->own_shutdown && s->state == VSOCK_CONNECTED)
		vsock_send_control(s, VSOCK_SHUTDOWN, s->own_shutdown | flags);
	s->own_shutdown |= (uint8_t)flags;
	tell(s, VSOCK_EVENT_READABLE | VSOCK_EVENT_WRITABLE);
	return 0;
}

static void refuse_pending(struct vsock_socket *s)
{
	struct vsock_socket *waiting;

	while ((waiting = vsock_accept(s)) != NULL)
		vsock_socket_release(waiting);
}

static void drop_received(struct vsock_socket *s)
{
	struct list *node;

	while ((node = list_pop_front(&s->received)))
		vsock_packet_free(s->vsock, container_of(node, struct vsock_packet, link));
	s->nr_received = s->nr_messages = s->queued = 0;
}

/* A connection waits, nobody's, for the peer's agreement, so that its port is not used again before. */
void vsock_socket_release(struct vsock_socket *s)
{
	s->event = NULL;
	refuse_pending(s);
	if (s->state == VSOCK_CONNECTING)
		vsock_send_control(s, VSOCK_RST, 0);
	if (s->state != VSOCK_CONNECTED) {
		vsock_socket_free(s);
		return;
	}
	drop_received(s);
	vsock_send_control(s, VSOCK_SHUTDOWN, VSOCK_NO_RECEIVE | VSOCK_NO_SEND);
	s->state = VSOCK_CLOSING;
	s->end_at_ns = s->vsock->now_ns + VSOCK_CLOSE_NS;
}

static void end_waiting(struct vsock_socket *s)
{
	if (s->state == VSOCK_CONNECTING) {
		vsock_connect_abort(s, ETIMEDOUT);
		return;
	}
	vsock_send_control(s, VSOCK_RST, 0);
	vsock_socket_free(s);
}

/* Whoever waited long enough for the peer; when the next has. */
static uint64_t end_all_waiting(struct vsock *vsock)
{
	uint64_t next = UINT64_MAX;
	struct vsock_socket *s, *following;

	list_for_each_safe(s, following, &vsock->sockets, link) {
		if (s->state != VSOCK_CLOSING && s->state != VSOCK_CONNECTING)
			continue;
		if (s->end_at_ns > vsock->now_ns)
			next = min_u64(next, s->end_at_ns);
		else
			end_waiting(s);
	}
	return next;
}

uint64_t vsock_end(struct vsock *vsock)
{
	uint64_t next;
	struct list *node;

	do {
		while ((node = list_pop_front(&vsock->looped)))
			vsock_input(vsock, container_of(node, struct vsock_packet, link));
		next = end_all_waiting(vsock);
	} while (!list_empty(&vsock->looped));
	return next;
}

void vsock_reset_transport(struct vsock *vsock, uint32_t cid)
{
	struct vsock_socket *s, *following;

	list_for_each_safe(s, following, &vsock->sockets, link) {
		if (vsock_is_loopback(vsock, s->remote.cid))
			continue;
		if (s->state == VSOCK_CONNECTING) {
			s->state = VSOCK_IDLE;
			s->error = ECONNRESET;
			tell(s, VSOCK_EVENT_ENDED);
		} else if (s->state == VSOCK_CONNECTED || s->state == VSOCK_CLOSING) {
			s->error = ECONNRESET;
			vsock_finish(s);
		}
	}
	vsock->cid = cid;
}
