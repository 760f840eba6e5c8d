/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP of a stack, for both versions of IP. All calls, and the events, come under the lock of the stack. Nothing here waits: who has to, waits for an event
 * and calls again. Ports are in the machine's byte order.
 *
 * A connection belongs to its owner from tcp_new or tcp_accept until tcp_close, after which it lives on by itself as long as the protocol needs.
 */
#pragma once
#include "kernel/net/core/net.h"

struct tcp_connection;

enum tcp_state {
	TCP_CLOSED, TCP_LISTEN, TCP_SYN_SENT, TCP_SYN_RECEIVED, TCP_ESTABLISHED, TCP_FIN_WAIT_1, TCP_FIN_WAIT_2, TCP_CLOSE_WAIT, TCP_CLOSING,
	TCP_LAST_ACK, TCP_TIME_WAIT,
};

/* Events, and what tcp_poll answers. */
enum {
	TCP_READABLE = 1,   /* data, or the end of them; of a listener: a connection to accept */
	TCP_WRITABLE = 2,   /* a third of the send buffer is free (the event: is so, and more was acknowledged), or writing fails at once */
	TCP_ERROR = 4,	    /* tcp_error has one */
	TCP_READ_CLOSED = 8, /* the peer sent its FIN, or shutdown */
	TCP_HANGUP = 16,    /* both directions are closed */
	TCP_URGENT = 32,    /* urgent data has come */
	TCP_CONNECTED = 64, /* event only */
};

typedef void tcp_event_fn(void *owner, unsigned events);

int tcp_init(struct net_stack *stack) must_check; /* -ENOMEM */
void tcp_fini(struct net_stack *stack);		  /* resets and frees all connections */

struct tcp_connection *tcp_new(struct net_stack *stack, tcp_event_fn *event, void *owner); /* NULL: no memory */
/* Says who hears of events from now on: after tcp_accept. */
void tcp_set_owner(struct tcp_connection *tcp, tcp_event_fn *event, void *owner);
/* port 0: any that is free. -EADDRINUSE, -EADDRNOTAVAIL, -EINVAL (bound already). */
int tcp_bind(struct tcp_connection *tcp, const struct net_address *address, uint16_t port);
/* Sends the SYN. -EISCONN, -EALREADY, -EADDRINUSE, -EADDRNOTAVAIL (no port left), errors of routing. TCP_CONNECTED or TCP_ERROR follows. */
int tcp_connect(struct tcp_connection *tcp, const struct net_address *address, uint16_t port);
int tcp_listen(struct tcp_connection *tcp, unsigned backlog); /* again: changes the backlog. -EADDRINUSE, -EINVAL, -ENOMEM */
struct tcp_connection *tcp_accept(struct tcp_connection *listener); /* NULL: none is ready */

/* What receive gives the bytes to; fewer than len ends it, and what was not taken stays. Negative: an error. */
typedef long tcp_sink_fn(void *context, const uint8_t *bytes, size_t len);
enum { TCP_PEEK = 1, TCP_MORE = 2, TCP_OUT_OF_BAND = 4 };
/* Bytes received, 0 at the end of the stream. -EAGAIN, -ENOTCONN, or the connection's error. */
long tcp_receive(struct tcp_connection *tcp, tcp_sink_fn *sink, void *context, size_t len, unsigned flags);
/* The urgent byte (MSG_OOB). -EINVAL: none, or read already; -EAGAIN: told of, not come. */
long tcp_receive_urgent(struct tcp_connection *tcp, uint8_t *byte, bool peek);
/* Copies as much as fits. Bytes taken; -EAGAIN, -EPIPE, -ENOTCONN, or the connection's error. */
long tcp_send(struct tcp_connection *tcp, const uint8_t *bytes, size_t len, unsigned flags);
/* The same without a copy: bytes of blocks, of which it takes references. All are queued before the first go, so that they share segments. */
struct tcp_piece {
	struct net_block *block;
	uint8_t *bytes;
	size_t len;
};
long tcp_send_pieces(struct tcp_connection *tcp, const struct tcp_piece *pieces, size_t nr, unsigned flags);
size_t tcp_send_room(const struct tcp_connection *tcp);
int tcp_shutdown(struct tcp_connection *tcp, bool reading, bool writing); /* -ENOTCONN */
/* The owner lets go: FIN after what is queued, or RST if received data was not read or linger is 0. tcp may be freed. */
void tcp_close(struct tcp_connection *tcp);
void tcp_abort(struct tcp_connection *tcp); /* RST; the owner still has to close */
/* As new, but for settings and what it was bound to: connections are reset, listeners stop. Received data is gone. */
void tcp_disconnect(struct tcp_connection *tcp);
/* Only looks: it may be called without the lock, and is then a hint that an event corrects. */
unsigned tcp_poll(const struct tcp_connection *tcp);
int tcp_error(struct tcp_connection *tcp); /* positive errno, 0: none; takes it away */
enum tcp_state tcp_state(const struct tcp_connection *tcp);
/* Has all that was sent, with the FIN, been acknowledged? What SO_LINGER waits for. */
bool tcp_is_sent(const struct tcp_connection *tcp);
void tcp_local(const struct tcp_connection *tcp, struct net_address *address, uint16_t *port);
void tcp_remote(const struct tcp_connection *tcp, struct net_address *address, uint16_t *port);
size_t tcp_readable(const struct tcp_connection *tcp); /* SIOCINQ: up to the urgent byte */
size_t tcp_unsent(const struct tcp_connection *tcp);   /* SIOCOUTQ: not acknowledged */
bool tcp_reading_is_at_mark(const struct tcp_connection *tcp); /* SIOCATMARK: what is read next is the urgent byte */
unsigned tcp_interface_index(const struct tcp_connection *tcp); /* through which it goes; 0: not known yet */
uint32_t tcp_path_mtu(const struct tcp_connection *tcp); /* 0: not connected */

enum tcp_setting {
	TCP_SET_NO_DELAY, TCP_SET_CORK, TCP_SET_QUICK_ACK, TCP_SET_KEEP_ALIVE, TCP_SET_KEEP_IDLE_NS, TCP_SET_KEEP_INTERVAL_NS, TCP_SET_KEEP_COUNT,
	TCP_SET_USER_TIMEOUT_NS, TCP_SET_MSS_MAX, TCP_SET_SEND_BUFFER, TCP_SET_RECEIVE_BUFFER, TCP_SET_REUSE_ADDRESS, TCP_SET_REUSE_PORT,
	TCP_SET_ECN, /* 0: no; 1: yes; 2: if the peer asks for it */
	TCP_SET_URGENT_INLINE, TCP_SET_TTL, TCP_SET_TRAFFIC_CLASS, TCP_SET_DEFER_ACCEPT, TCP_SET_SYN_RETRIES,
	TCP_SET_LINGER_ABORT, /* close sends RST */
	TCP_SET_IP6_ONLY, TCP_SET_FREE_BIND, TCP_NR_SETTINGS,
};
int tcp_set(struct tcp_connection *tcp, enum tcp_setting setting, uint64_t value); /* -EINVAL */
uint64_t tcp_get(const struct tcp_connection *tcp, enum tcp_setting setting);
void tcp_bind_interface(struct tcp_connection *tcp, struct net_interface *interface); /* NULL: any */

struct tcp_report { /* for TCP_INFO */
	enum tcp_state state;
	bool has_timestamps, has_sack, has_scaling, has_ecn;
	uint8_t send_scale, receive_scale;
	uint32_t mss, cwnd, ssthresh, send_window, receive_window, in_flight, retransmits;
	uint64_t rtt_ns, rtt_variation_ns, rto_ns, bytes_acked, bytes_received;
	const char *congestion;
};
void tcp_report(const struct tcp_connection *tcp, struct tcp_report *report);

/* Calls visit for each listener and each connection; owner NULL: nobody's any more, or not accepted yet. */
typedef void tcp_visit_fn(void *context, const struct tcp_connection *tcp, void *owner);
void tcp_visit(struct net_stack *stack, tcp_visit_fn *visit, void *context);
/* And for each that is no connection: not yet (TCP_SYN_RECEIVED), or no longer (TCP_TIME_WAIT). */
struct tcp_record {
	struct net_address local, remote;
	uint16_t local_port, remote_port;
	enum tcp_state state;
};
typedef void tcp_visit_record_fn(void *context, const struct tcp_record *record);
void tcp_visit_records(struct net_stack *stack, tcp_visit_record_fn *visit, void *context);
/* Of a listener: how many connections it may have that nobody accepted; and how many are ready. 0: it is none. */
unsigned tcp_backlog(const struct tcp_connection *tcp, unsigned *nr_ready);

/* ---- Congestion controls: each a library that may be left out; New Reno (RFC 5681) is always there ---- */

#define TCP_CONGESTION_STATE 5

/* What a congestion control sees and sets; windows in bytes. */
struct tcp_congestion {
	uint32_t cwnd, ssthresh, mss;
	uint64_t now_ns, rtt_ns; /* smoothed; 0: not measured */
	uint64_t state[TCP_CONGESTION_STATE];
};

struct tcp_congestion_ops {
	const char *name;
	void (*start)(struct tcp_congestion *c);			/* cwnd and ssthresh are set */
	void (*acked)(struct tcp_congestion *c, uint32_t bytes);	/* while not in recovery, and the window was used */
	uint32_t (*reduce)(struct tcp_congestion *c, uint32_t in_flight); /* loss or ECN: the new ssthresh */
	void (*timeout)(struct tcp_congestion *c);			/* cwnd is set anew, after a timeout or a rest; may be NULL */
};

/* The last one added is what new connections start with. -ENOSPC. */
int tcp_congestion_add(struct net_stack *stack, const struct tcp_congestion_ops *ops);
/* What new connections start with from now on; -ENOENT. */
int tcp_set_usual_congestion(struct net_stack *stack, const char *name, size_t len);
const char *tcp_usual_congestion(struct net_stack *stack);
const char *tcp_congestion_name(struct net_stack *stack, unsigned i); /* of all that there are; NULL behind the last */
int tcp_set_congestion(struct tcp_connection *tcp, const char *name, size_t len); /* -ENOENT */
uint32_t tcp_reno_reduce(struct tcp_congestion *c, uint32_t in_flight);
void tcp_slow_start(struct tcp_congestion *c, uint32_t *bytes); /* takes from bytes what it used */
