/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests by scripted segments: one host, a peer that is the test itself, and the time in the test's hand. The peer's first sequence number is 1000. */
#pragma once
#include "kernel/net/tcp/wire_test.h"

#define PEER 0x0a000002u
enum { OURS = 80, THEIRS = 5555, ISS = 1000 };

static struct wire wire;
static struct host *us;
static struct tcp_connection *listener;
static uint32_t iss; /* of ours */
static struct tcp_segment last;
static unsigned nr_out;

static inline void setup(void)
{
	wire_init(&wire, 1500, 0);
	us = &wire.host[0];
	wire.delay_ns = 1000 * NET_SECOND; /* what we send stays where the test finds it */
	listener = host_listen(us, OURS, 4);
	nr_out = 0;
}

static inline void teardown(void)
{
	if (listener)
		tcp_close(listener);
	net_end(&us->stack);
	wire_fini(&wire);
}

/* The oldest segment that we sent and the test has not seen; false: none. */
static inline bool out(void)
{
	struct frame *frame = wire.frames;
	struct net_packet *packet;

	if (!frame)
		return false;
	wire.frames = frame->next;
	packet = net_packet_new(&us->stack, 0, frame->len, 0);
	memcpy(net_packet_append(packet, frame->len), frame->bytes, frame->len);
	net_packet_pull(packet, 20);
	if (!tcp_segment_parse(packet, &last))
		abort();
	net_packet_free(packet);
	free(frame);
	nr_out++;
	return true;
}

static inline unsigned out_all(void)
{
	unsigned nr = 0;

	while (out())
		nr++;
	return nr;
}

struct in {
	uint32_t seq, ack;
	uint8_t flags;
	const uint8_t *data;
	size_t len;
	uint16_t window, from_port, urgent;
	struct tcp_option_values options;
	const char *text;
	uint8_t tos;
	bool has_no_window; /* otherwise a window of 0 stands for 65535 */
};

/* A segment of the peer arrives. */
static inline void in_segment(const struct in *i)
{
	size_t len = i->text ? strlen(i->text) : i->len, options_len;
	struct net_flow flow = {.local = net_address_of_ip4(PEER), .remote = net_address_of_ip4(us->address)};
	uint8_t *b = calloc(1, 20 + 60 + len), *h = b + 20;

	options_len = tcp_options_put(h + 20, &i->options);
	wire_put16(h, i->from_port ? i->from_port : THEIRS);
	wire_put16(h + 2, OURS);
	wire_put32(h + 4, i->seq);
	wire_put32(h + 8, i->ack);
	h[12] = (uint8_t)((20 + options_len) / 4 << 4);
	h[13] = i->flags;
	wire_put16(h + 14, i->window || i->has_no_window ? i->window : 65535);
	wire_put16(h + 18, i->urgent);
	if (len && (i->text || i->data))
		memcpy(h + 20 + options_len, i->text ? (const uint8_t *)i->text : i->data, len);
	len += 20 + options_len;
	checksum_store(h + 16, checksum_fold(checksum_add(net_pseudo_sum(&flow, 6, len), h, len)));
	b[0] = 0x45;
	b[1] = i->tos;
	wire_put16(b + 2, (uint16_t)(20 + len));
	b[8] = 64;
	b[9] = 6;
	wire_put32(b + 12, PEER);
	wire_put32(b + 16, us->address);
	checksum_store(b + 10, checksum_fold(checksum_add(0, b, 20)));
	host_receive(us, b, 20 + len, false);
	free(b);
}
#define IN(...) in_segment(&(struct in){__VA_ARGS__})

static inline void pass(uint64_t ns)
{
	uint64_t until = wire.now_ns + ns;

	while (us->next_ns <= until) {
		wire.now_ns = max_u64(wire.now_ns, us->next_ns);
		host_begin(us);
		net_tick(&us->stack);
		host_end(us);
	}
	wire.now_ns = until;
	host_begin(us);
	host_end(us);
}

/* A connection that the peer has opened, without any option but the MSS. */
static inline struct tcp_connection *open_passive(struct tcp_option_values options)
{
	struct tcp_connection *tcp;

	if (!options.mss)
		options.mss = 1000;
	IN(.seq = ISS, .flags = TCP_SYN, .options = options);
	if (!out())
		abort();
	iss = last.seq;
	options.mss = 0;
	options.ts_echo = last.ts_value;
	options.has_scale = options.sack_permitted = false;
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK, .options = options);
	tcp = tcp_accept(listener);
	if (tcp)
		tcp_set_owner(tcp, host_event, us);
	out_all();
	return tcp;
}

static inline void send_all(struct tcp_connection *tcp, size_t len)
{
	static uint8_t bytes[100000];

	host_begin(us);
	if (tcp_send(tcp, bytes, len, 0) != (long)len)
		abort();
	host_end(us);
}

static inline void close_now(struct tcp_connection *tcp)
{
	host_begin(us);
	tcp_close(tcp);
	host_end(us);
}

static inline uint64_t counted(enum net_counter counter)
{
	return us->stack.count[counter];
}

static inline struct tcp_connection *start_active(void)
{
	struct net_address to = net_address_of_ip4(PEER);
	struct tcp_connection *tcp;

	close_now(listener);
	listener = NULL;
	tcp = tcp_new(&us->stack, host_event, us);
	CHECK_EQ(tcp_bind(tcp, &(struct net_address){0}, OURS), 0);
	tcp->flow.local = net_address_of_ip4(0);
	host_begin(us);
	CHECK_EQ(tcp_connect(tcp, &to, THEIRS), 0);
	host_end(us);
	CHECK(out());
	CHECK_EQ(last.flags, TCP_SYN);
	CHECK(last.has_scale && last.has_timestamp && last.sack_permitted);
	CHECK_EQ(last.mss, 1460);
	iss = last.seq;
	return tcp;
}
