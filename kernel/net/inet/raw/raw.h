/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Raw sockets, which hear all packets of a protocol and send their own, and sockets of ICMP echo (SOCK_DGRAM), which hear the answers to what they asked:
 * the identifier is their port. Private to this folder. The stack's lock guards all of a socket that the stack's input touches.
 */
#pragma once
#include "kernel/net/inet/inet.h"

enum { ICMP_REPLY = 0, ICMP_REQUEST = 8, ICMP6_REQUEST = 128, ICMP6_REPLY = 129, ICMP_HEADER_LEN = 8, IP4_HEADER_LEN = 20 };

struct raw_socket {
	struct inet_socket inet;
	struct list link; /* among all of them */
	uint8_t number;	  /* the protocol */
	bool is_echo, is_shut;
	struct inet_end local, remote; /* echo: ports are the identifier; remote.port of raw ones: 1 if connected */
	struct list queue;	       /* packets, a struct raw_arrival in front of each */
	size_t queued;
	uint32_t filter4;   /* ICMP_FILTER: types that are not wanted */
	uint8_t filter6[32]; /* ICMP6_FILTER: bit set: not wanted */
};

/* Stands in front of a queued packet's bytes. */
struct raw_arrival {
	struct net_address local, remote;
	uint32_t interface_index;
	uint8_t ttl, traffic_class;
};

static inline struct raw_socket *raw_of(struct socket *socket)
{
	return container_of(inet_of(socket), struct raw_socket, inet);
}

/* input.c: all in a turn but raw_receive */
void raw_add(struct raw_socket *r);
void raw_remove(struct raw_socket *r);
/* Gives an echo socket its identifier; 0: one that is free. -EADDRINUSE. */
int raw_take_identifier(struct raw_socket *r, uint16_t wanted);
void raw_visit(inet_list_fn *give, void *context, bool is_echo);
long raw_receive(struct socket *socket, struct socket_message *message);
/* output.c */
long raw_send(struct socket *socket, struct socket_message *message);
