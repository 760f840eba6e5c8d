/* SPDX-License-Identifier: BSD-3-Clause */
/* Private to the protocol. */
#pragma once
#include "kernel/net/vsock/vsock.h"
#include "kernel/uapi/errno.h"
#include "lib/string.h"

enum { RECEIVED_MAX = 32768 /* packets of one socket: messages may be empty */, MERGE_CAPACITY = 512, BUFFER_DEFAULT = 256u << 10 };

static inline void tell(struct vsock_socket *s, unsigned events)
{
	if (s->event)
		s->event(s, events);
}

/* table.c */
/* The connection between the two, NULL: there is none. */
struct vsock_socket *vsock_find_connection(struct vsock *vsock, const struct vsock_header *header);
struct vsock_socket *vsock_find_listener(struct vsock *vsock, const struct vsock_header *header);
int vsock_bind_any(struct vsock_socket *s) must_check; /* -EADDRINUSE: no port is free */
void vsock_socket_free(struct vsock_socket *s);
/* connection.c */
void vsock_send_control(struct vsock_socket *s, enum vsock_operation operation, uint32_t flags);
void vsock_send_packet(struct vsock_socket *s, struct vsock_packet *packet, enum vsock_operation operation, uint32_t flags);
void vsock_send_raw(struct vsock *vsock, struct vsock_packet *packet); /* along the way that its address asks for */
/* The connection is over for both. */
void vsock_finish(struct vsock_socket *s);
/* transfer.c */
bool vsock_has_room(const struct vsock_socket *s); /* as the peer told last */
