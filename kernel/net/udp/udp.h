/* SPDX-License-Identifier: BSD-3-Clause */
/* UDP of a stack, for both versions of IP. All under the lock of the stack; nothing waits. Ports are in the machine's byte order. */
#pragma once
#include "kernel/net/core/net.h"

struct udp_socket;

enum { UDP_READABLE = 1, UDP_ERROR = 2 };
typedef void udp_event_fn(void *owner, unsigned events);

int udp_init(struct net_stack *stack) must_check; /* -ENOMEM */
void udp_fini(struct net_stack *stack);		  /* owners have closed their sockets before */

struct udp_socket *udp_new(struct net_stack *stack, udp_event_fn *event, void *owner); /* NULL: no memory */
void udp_close(struct udp_socket *udp);
/* port 0: any that is free. An address may be a group or broadcast too. -EADDRINUSE, -EADDRNOTAVAIL, -EINVAL. */
int udp_bind(struct udp_socket *udp, const struct net_address *address, uint16_t port);
/* Sets the one remote end; NULL takes it away. Errors of routing. */
int udp_connect(struct udp_socket *udp, const struct net_address *address, uint16_t port);

struct udp_message {
	struct net_address remote, local; /* received: both; to send: remote, and local unless it is all zero */
	uint16_t remote_port;
	unsigned interface_index; /* received through; to send through, 0: as the route says */
	uint8_t ttl, traffic_class;
};
/*
 * Sends a packet that udp_packet_new made; takes it. message NULL: to the connected end. -EDESTADDRREQ, -EISCONN never (as Linux), -EMSGSIZE,
 * -EACCES (broadcast), errors of routing, or the pending one.
 */
int udp_send(struct udp_socket *udp, const struct udp_message *message, struct net_packet *packet);
/* A packet whose bytes [0, len) at ->data are to be filled. NULL: no memory. */
struct net_packet *udp_packet_new(struct net_stack *stack, size_t len);
/* The next datagram: the payload is the packet, which the caller frees. NULL: none. */
struct net_packet *udp_receive(struct udp_socket *udp, struct udp_message *message);
/* The datagram with byte *offset of what waits, borrowed; *offset becomes that in it. NULL: so much does not wait. */
struct net_packet *udp_look(struct udp_socket *udp, struct udp_message *message, size_t *offset);
unsigned udp_poll(const struct udp_socket *udp);
int udp_error(struct udp_socket *udp); /* positive errno, 0: none; takes it away */
/* The last error that came back, of settings.wants_errors; false: none. Takes it away. */
struct udp_error {
	struct net_error error;
	struct net_address remote; /* what was sent to, and its port */
	uint16_t remote_port;
};
bool udp_error_report(struct udp_socket *udp, struct udp_error *report);
uint32_t udp_path_mtu(const struct udp_socket *udp); /* 0: not connected */
void udp_local(const struct udp_socket *udp, struct net_address *address, uint16_t *port);
bool udp_remote(const struct udp_socket *udp, struct net_address *address, uint16_t *port); /* false: not connected */
size_t udp_first_len(const struct udp_socket *udp); /* of the next datagram, 0: none (SIOCINQ) */

struct udp_settings {
	bool reuse_address, reuse_port, may_broadcast, ip6_only, dont_fragment, free_bind;
	bool wants_errors; /* also of what was sent unconnected, and kept for udp_error_report */
	bool no_multicast_loop; /* groups of ours do not hear us */
	uint8_t ttl, multicast_ttl, traffic_class; /* 0: the default */
	uint32_t receive_buffer;
	struct net_interface *bound, *multicast_interface;
};
struct udp_settings *udp_settings(struct udp_socket *udp); /* to read and change */
/* Calls visit for each socket that has a port. */
typedef void udp_visit_fn(void *context, const struct udp_socket *udp, void *owner);
void udp_visit(struct net_stack *stack, udp_visit_fn *visit, void *context);
size_t udp_queued(const struct udp_socket *udp); /* bytes that the receive buffer holds */
udp_event_fn *udp_event_of(const struct udp_socket *udp); /* who hears of events: the kind of owner */
