/* SPDX-License-Identifier: BSD-3-Clause */
/* UDP sockets (udp(7)), private to this folder. */
#pragma once
#include "kernel/net/inet/inet.h"
#include "kernel/net/udp/udp.h"

struct datagram_socket {
	struct inet_socket inet;
	struct udp_socket *udp;
	bool is_connected, read_shut, write_shut, is_corked;
	struct mutex cork_lock;
	uint8_t *corked; /* what waits for the rest of its datagram (MSG_MORE, UDP_CORK); NULL: nothing */
	size_t corked_len;
	struct udp_message corked_to;
	bool corked_has_end;
};

static inline struct datagram_socket *datagram_of(struct socket *socket)
{
	return container_of(inet_of(socket), struct datagram_socket, inet);
}

/* transfer.c */
long datagram_send(struct socket *socket, struct socket_message *message);
long datagram_receive(struct socket *socket, struct socket_message *message);
/* Sends what was corked. */
long datagram_uncork(struct datagram_socket *d);
