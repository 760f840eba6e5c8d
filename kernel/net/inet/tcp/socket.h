/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP sockets (tcp(7)), private to this folder. The connection is the same object from the socket's making to its end. */
#pragma once
#include "kernel/net/inet/inet.h"
#include "kernel/net/tcp/tcp.h"

/* What connect(2) has come to, as far as its next call should know. */
enum tcp_phase { TCP_PHASE_NEW, TCP_PHASE_CONNECTING, TCP_PHASE_CONNECTED };

struct tcp_socket {
	struct inet_socket inet;
	struct tcp_connection *tcp;
	struct mutex read_lock; /* who reads: what it has seen stays until it takes it away */
	enum tcp_phase phase;   /* guarded by the stack's lock */
	bool wants_room;	/* somebody was told that there is no room to write: the next to come is news; atomic */
	int linger2_s, window_clamp, not_sent_low, fast_open; /* told back only */
};

static inline struct tcp_socket *tcp_socket_of(struct socket *socket)
{
	return container_of(inet_of(socket), struct tcp_socket, inet);
}

/* What tcp_poll says now; who finds no room will hear of it. Without the lock. */
unsigned tcp_socket_ready(struct tcp_socket *t);
/* Waits until one of the TCP_* bits is there, or the time is over: as inet_wait_result. */
int tcp_socket_wait(struct tcp_socket *t, unsigned bits, uint64_t deadline_ns, uint64_t timeout_ns);

/* transfer.c */
long tcp_socket_send(struct socket *socket, struct socket_message *message);
long tcp_socket_send_pages(struct socket *socket, struct page **pages, size_t offset, size_t len, bool more);
long tcp_socket_receive(struct socket *socket, struct socket_message *message);
/* option.c */
uint8_t tcp_linux_state(enum tcp_state state);
const char *tcp_fill_info(const struct tcp_connection *tcp, struct linux_tcp_info *info); /* in a turn; its congestion control */
void tcp_socket_apply(struct inet_socket *s);
int tcp_socket_set_option(struct inet_socket *s, int level, int option, const void *value, size_t len);
long tcp_socket_get_option(struct inet_socket *s, int level, int option, void *value, size_t size);
