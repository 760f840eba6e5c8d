/* SPDX-License-Identifier: BSD-3-Clause */
/* Sockets of an instance and their addresses. */
#include "kernel/net/vsock/internal.h"

void vsock_init(struct vsock *vsock, const struct vsock_environment *environment)
{
	memset(vsock, 0, sizeof(*vsock));
	vsock->environment = environment;
	vsock->cid = VSOCK_ANY;
	list_init(&vsock->sockets);
	list_init(&vsock->looped);
	vsock->next_port = (uint32_t)(environment->random() >> 33); /* half of all numbers are left before it wraps */
}

bool vsock_is_loopback(const struct vsock *vsock, uint32_t cid)
{
	return cid == VSOCK_CID_LOCAL || (cid == vsock->cid && cid != VSOCK_ANY);
}

struct vsock_packet *vsock_packet_new(struct vsock *vsock, size_t capacity)
{
	struct vsock_packet *packet = vsock->environment->alloc(sizeof(*packet) + capacity);

	if (!packet)
		return NULL;
	memset(packet, 0, sizeof(*packet));
	list_init(&packet->link);
	packet->capacity = (uint32_t)capacity;
	return packet;
}

void vsock_packet_free(struct vsock *vsock, struct vsock_packet *packet)
{
	vsock->environment->free(packet);
}

struct vsock_socket *vsock_socket_new(struct vsock *vsock, enum vsock_type type)
{
	struct vsock_socket *s = vsock->environment->alloc(sizeof(*s));

	if (!s)
		return NULL;
	memset(s, 0, sizeof(*s));
	s->vsock = vsock;
	s->type = type;
	s->local = s->remote = (struct vsock_address){.cid = VSOCK_ANY, .port = VSOCK_ANY};
	s->buffer = BUFFER_DEFAULT;
	s->connect_ns = VSOCK_CONNECT_NS;
	list_init(&s->received);
	list_init(&s->pending);
	list_init(&s->pending_link);
	list_push_back(&vsock->sockets, &s->link);
	return s;
}

void vsock_socket_free(struct vsock_socket *s)
{
	struct list *node;

	while ((node = list_pop_front(&s->received)))
		vsock_packet_free(s->vsock, container_of(node, struct vsock_packet, link));
	list_remove(&s->pending_link);
	list_remove(&s->link);
	s->vsock->environment->free(s);
}

static bool is_same(struct vsock_address a, struct vsock_address b)
{
	return a.cid == b.cid && a.port == b.port;
}

struct vsock_socket *vsock_find_connection(struct vsock *vsock, const struct vsock_header *header)
{
	struct vsock_socket *s;

	list_for_each(s, &vsock->sockets, link)
		if ((s->state == VSOCK_CONNECTING || s->state == VSOCK_CONNECTED || s->state == VSOCK_CLOSING) && s->type == header->type &&
		    is_same(s->local, header->to) && is_same(s->remote, header->from))
			return s;
	return NULL;
}

struct vsock_socket *vsock_find_listener(struct vsock *vsock, const struct vsock_header *header)
{
	struct vsock_socket *s;

	list_for_each(s, &vsock->sockets, link)
		if (s->state == VSOCK_LISTENING && s->type == header->type && s->local.port == header->to.port &&
		    (s->local.cid == VSOCK_ANY || s->local.cid == header->to.cid))
			return s;
	return NULL;
}

/* A connection that a listener made does not take its port. */
static bool is_in_use(struct vsock *vsock, struct vsock_address address)
{
	struct vsock_socket *s;

	list_for_each(s, &vsock->sockets, link)
		if (s->is_bound && s->local.port == address.port &&
		    (s->local.cid == address.cid || s->local.cid == VSOCK_ANY || address.cid == VSOCK_ANY))
			return true;
	return false;
}

static bool choose_port(struct vsock *vsock, struct vsock_address *address)
{
	for (unsigned tries = 0; tries < 4096; tries++) {
		address->port = vsock->next_port++;
		if (address->port > VSOCK_PORT_RESERVED && address->port != VSOCK_ANY && !is_in_use(vsock, *address))
			return true;
	}
	return false;
}

int vsock_bind(struct vsock_socket *s, struct vsock_address to)
{
	if (s->is_bound)
		return -EINVAL;
	if (to.cid != VSOCK_ANY && !vsock_is_loopback(s->vsock, to.cid))
		return -EADDRNOTAVAIL;
	if (to.port == VSOCK_ANY ? !choose_port(s->vsock, &to) : is_in_use(s->vsock, to))
		return -EADDRINUSE;
	s->local = to;
	s->is_bound = true;
	return 0;
}

int vsock_bind_any(struct vsock_socket *s)
{
	return s->is_bound ? 0 : vsock_bind(s, (struct vsock_address){.cid = VSOCK_ANY, .port = VSOCK_ANY});
}
