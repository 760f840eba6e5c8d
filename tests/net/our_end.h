/* SPDX-License-Identifier: BSD-3-Clause */
/* Our stack behind a tap device, with the real clock, and what its programs do. */
#pragma once
#include "kernel/net/ethernet/ethernet.h"
#include "kernel/net/ip4/ip4.h"
#include "kernel/net/ip6/ip6.h"
#include "kernel/net/tcp/tcp.h"
#include "kernel/net/udp/udp.h"
#include "tests/net/relay.h"

enum { END_TAP = 1, END_OFFLOADS = 2 };

/* One stack at one device. */
struct end {
	struct net_stack stack;
	struct net_interface interface, loopback;
	struct relay relay; /* to: 0 us, 1 Linux */
	uint32_t address, linux_address;
	unsigned flags;
	int fd;
	uint64_t next_ns;
	struct udp_socket *echo;
};

enum {
	STREAM_SHUTS_FIRST = 1, /* sends its FIN before anything, then reads */
	STREAM_RESETS = 2,	/* ends with RST, once half has come */
	STREAM_IS_IDLE = 4,
	STREAM_IP6 = 8,
};

/* One end of a stream: sends to_send bytes of the pattern, reads until the end, closes. */
struct stream {
	struct tcp_connection *tcp;
	unsigned flags;
	uint64_t to_send, expected, sent, received;
	bool is_shut, has_ended, is_wrong;
	int error;
};

/* NULL, or what is missing. mtu: of both sides. */
const char *end_open(struct end *end, const char *name, unsigned flags, uint32_t address, uint32_t linux_address, unsigned mtu, uint64_t (*random)(void));
void end_close(struct end *end);
/* Waits for something to receive, to send or to time out, at the most until_ns, and does it. */
void ends_turn(struct end *ends, unsigned nr, uint64_t until_ns);

struct tcp_connection *end_listen(struct end *end, uint16_t port);
void stream_connect(struct end *end, struct stream *stream, uint32_t address, uint16_t port);
/* Takes the next connection; false: none. */
bool stream_accept(struct end *end, struct stream *stream, struct tcp_connection *listener);
/* What can be done now. */
void stream_turn(struct end *end, struct stream *stream);
void end_tcp_close(struct end *end, struct tcp_connection *tcp);
/* Connections that are not over, those that wait out their time not counted. */
size_t end_nr_connections(const struct end *end);
void end_echo_udp(struct end *end, uint16_t port);
