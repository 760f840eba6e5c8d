/* SPDX-License-Identifier: BSD-3-Clause */
/* Scripted segments: one host, a peer that is the test itself, and the time in the test's hand. The peer's first sequence number is 1000. */
#include "kernel/net/tcp/wire_test.h"

#define PEER 0x0a000002u
enum { OURS = 80, THEIRS = 5555, ISS = 1000 };

static struct wire wire;
static struct host *us;
static struct tcp_connection *listener;
static uint32_t iss; /* of ours */
static struct tcp_segment last;
static unsigned nr_out;

static void setup(void)
{
	wire_init(&wire, 1500, 0);
	us = &wire.host[0];
	wire.delay_ns = 1000 * NET_SECOND; /* what we send stays where the test finds it */
	listener = host_listen(us, OURS, 4);
	nr_out = 0;
}

static void teardown(void)
{
	if (listener)
		tcp_close(listener);
	net_end(&us->stack);
	wire_fini(&wire);
}

/* The oldest segment that we sent and the test has not seen; false: none. */
static bool out(void)
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

static unsigned out_all(void)
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
};

/* A segment of the peer arrives. */
static void in_segment(const struct in *i)
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
	wire_put16(h + 14, i->window ? i->window : 65535);
	wire_put16(h + 18, i->urgent);
	if (len && (i->text || i->data))
		memcpy(h + 20 + options_len, i->text ? (const uint8_t *)i->text : i->data, len);
	len += 20 + options_len;
	checksum_store(h + 16, checksum_fold(checksum_add(net_pseudo_sum(&flow, 6, len), h, len)));
	b[0] = 0x45;
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

static void pass(uint64_t ns)
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
static struct tcp_connection *open_passive(struct tcp_option_values options)
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

static void send_all(struct tcp_connection *tcp, size_t len)
{
	static uint8_t bytes[100000];

	host_begin(us);
	if (tcp_send(tcp, bytes, len, 0) != (long)len)
		abort();
	host_end(us);
}

static void close_now(struct tcp_connection *tcp)
{
	host_begin(us);
	tcp_close(tcp);
	host_end(us);
}

static uint64_t counted(enum net_counter counter)
{
	return us->stack.count[counter];
}

TEST(passive_open_data_and_close)
{
	struct tcp_connection *tcp;
	char got[16];

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	CHECK(tcp);
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK | TCP_PSH, .text = "hello");
	CHECK_EQ(host_read(tcp, got, sizeof(got)), 5);
	CHECK(out());
	CHECK_EQ(last.ack, ISS + 6);
	IN(.seq = ISS + 6, .ack = iss + 1, .flags = TCP_ACK | TCP_FIN);
	CHECK(out());
	CHECK_EQ(last.ack, ISS + 7);
	CHECK_EQ(tcp_state(tcp), TCP_CLOSE_WAIT);
	CHECK_EQ(host_read(tcp, got, sizeof(got)), 0);
	close_now(tcp);
	CHECK(out());
	CHECK(last.flags & TCP_FIN);
	CHECK_EQ(tcp_of(&us->stack)->nr_connections, 1);
	IN(.seq = ISS + 7, .ack = iss + 2, .flags = TCP_ACK);
	CHECK_EQ(tcp_of(&us->stack)->nr_connections, 0);
	teardown();
}

static struct tcp_connection *start_active(void)
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

TEST(active_open_refused)
{
	struct tcp_connection *tcp;

	setup();
	tcp = start_active();
	IN(.seq = 0, .ack = iss + 5, .flags = TCP_RST | TCP_ACK); /* not of ours */
	CHECK_EQ(tcp_state(tcp), TCP_SYN_SENT);
	IN(.seq = 0, .ack = iss + 1, .flags = TCP_RST | TCP_ACK);
	CHECK_EQ(tcp_state(tcp), TCP_CLOSED);
	CHECK_EQ(tcp_error(tcp), ECONNREFUSED);
	close_now(tcp);
	teardown();
}

TEST(active_open_times_out)
{
	struct tcp_connection *tcp;

	setup();
	tcp = start_active();
	pass(200 * NET_SECOND);
	CHECK_EQ(out_all(), 6); /* tcp(7): tcp_syn_retries */
	CHECK_EQ(tcp_error(tcp), ETIMEDOUT);
	close_now(tcp);
	teardown();
}

TEST(simultaneous_open)
{
	struct tcp_connection *tcp;

	setup();
	tcp = start_active();
	IN(.seq = ISS, .flags = TCP_SYN);
	CHECK_EQ(tcp_state(tcp), TCP_SYN_RECEIVED);
	CHECK(out());
	CHECK_EQ(last.flags, TCP_SYN | TCP_ACK);
	CHECK_EQ(last.ack, ISS + 1);
	IN(.seq = ISS, .ack = iss + 1, .flags = TCP_SYN | TCP_ACK);
	CHECK_EQ(tcp_state(tcp), TCP_ESTABLISHED);
	CHECK(us->events & TCP_CONNECTED);
	close_now(tcp);
	teardown();
}

TEST(simultaneous_close)
{
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	host_begin(us);
	CHECK_EQ(tcp_shutdown(tcp, false, true), 0);
	host_end(us);
	CHECK_EQ(tcp_state(tcp), TCP_FIN_WAIT_1);
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_FIN | TCP_ACK);
	CHECK_EQ(tcp_state(tcp), TCP_CLOSING);
	IN(.seq = ISS + 2, .ack = iss + 2, .flags = TCP_ACK);
	CHECK_EQ(tcp_state(tcp), TCP_TIME_WAIT);
	close_now(tcp);
	pass(61 * NET_SECOND);
	CHECK_EQ(tcp_of(&us->stack)->nr_connections, 0);
	teardown();
}

TEST(time_wait_answers_and_is_reused)
{
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	close_now(tcp);
	IN(.seq = ISS + 1, .ack = iss + 2, .flags = TCP_FIN | TCP_ACK);
	out_all();
	CHECK_EQ(tcp_of(&us->stack)->nr_time_waits, 1);
	IN(.seq = ISS + 1, .ack = iss + 2, .flags = TCP_FIN | TCP_ACK);
	CHECK_EQ(out_all(), 1);
	IN(.seq = ISS + 2, .flags = TCP_RST); /* RFC 1337 */
	CHECK_EQ(tcp_of(&us->stack)->nr_time_waits, 1);
	IN(.seq = ISS + 50000, .flags = TCP_SYN);
	CHECK(out());
	CHECK_EQ(last.flags, TCP_SYN | TCP_ACK);
	CHECK_EQ(last.ack, ISS + 50001);
	CHECK_EQ(counted(NET_COUNT_TCP_TIME_WAIT_REUSED), 1);
	teardown();
}

TEST(resets)
{
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	IN(.seq = ISS + 100000, .flags = TCP_RST); /* out of the window: nothing */
	CHECK_EQ(out_all(), 0);
	IN(.seq = ISS + 100, .flags = TCP_RST); /* in it: a challenge */
	CHECK(out());
	CHECK_EQ(last.flags, TCP_ACK);
	CHECK_EQ(last.ack, ISS + 1);
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_SYN); /* RFC 5961 §4 */
	CHECK(out());
	CHECK_EQ(last.flags, TCP_ACK);
	CHECK_EQ(tcp_state(tcp), TCP_ESTABLISHED);
	IN(.seq = ISS + 1, .flags = TCP_RST);
	CHECK_EQ(tcp_state(tcp), TCP_CLOSED);
	CHECK_EQ(tcp_error(tcp), ECONNRESET);
	close_now(tcp);
	teardown();
}

TEST(acknowledgments_of_the_future_and_past)
{
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	IN(.seq = ISS + 1, .ack = iss + 2, .flags = TCP_ACK, .text = "x");
	CHECK_EQ(tcp_readable(tcp), 0);
	IN(.seq = ISS + 1, .ack = iss - 1000000, .flags = TCP_ACK, .text = "x");
	CHECK_EQ(tcp_readable(tcp), 0);
	CHECK_EQ(counted(NET_COUNT_TCP_BAD_ACK), 2);
	CHECK_EQ(out_all(), 2);
	close_now(tcp);
	teardown();
}

TEST(half_acknowledged_handshake)
{
	setup();
	IN(.seq = ISS, .flags = TCP_SYN);
	CHECK(out());
	iss = last.seq;
	IN(.seq = ISS, .flags = TCP_SYN);
	CHECK(out());
	CHECK_EQ(last.seq, iss);
	IN(.seq = ISS + 1, .ack = iss + 77, .flags = TCP_ACK);
	CHECK(out());
	CHECK_EQ(last.flags, TCP_RST);
	CHECK_EQ(last.seq, iss + 77);
	CHECK(!tcp_accept(listener));
	pass(3500 * NET_MILLISECOND);
	CHECK_EQ(out_all(), 2);
	IN(.seq = ISS + 1, .flags = TCP_RST);
	pass(100 * NET_SECOND);
	CHECK_EQ(out_all(), 0);
	teardown();
}

TEST(no_listener)
{
	setup();
	close_now(listener);
	listener = NULL;
	IN(.seq = ISS, .flags = TCP_SYN, .text = "ab");
	CHECK(out());
	CHECK_EQ(last.flags, TCP_RST | TCP_ACK);
	CHECK_EQ(last.ack, ISS + 3);
	IN(.seq = ISS, .ack = 77, .flags = TCP_ACK);
	CHECK(out());
	CHECK_EQ(last.flags, TCP_RST);
	CHECK_EQ(last.seq, 77);
	IN(.seq = ISS, .flags = TCP_RST);
	CHECK(!out());
	teardown();
}

TEST(out_of_order_overlap_and_sack)
{
	struct tcp_connection *tcp;
	char got[32] = "";

	setup();
	tcp = open_passive((struct tcp_option_values){.sack_permitted = true});
	IN(.seq = ISS + 4, .ack = iss + 1, .flags = TCP_ACK, .text = "def");
	CHECK(out());
	CHECK_EQ(last.ack, ISS + 1);
	CHECK_EQ(last.nr_sacks, 1);
	CHECK_EQ(last.sack[0].start, ISS + 4);
	CHECK_EQ(last.sack[0].end, ISS + 7);
	IN(.seq = ISS + 10, .ack = iss + 1, .flags = TCP_ACK, .text = "jkl");
	CHECK(out());
	CHECK_EQ(last.nr_sacks, 2);
	CHECK_EQ(last.sack[0].start, ISS + 10);
	IN(.seq = ISS + 5, .ack = iss + 1, .flags = TCP_ACK, .text = "XXgh"); /* overlaps: what was there stays */
	CHECK(out());
	CHECK_EQ(last.sack[0].end, ISS + 9);
	IN(.seq = ISS + 4, .ack = iss + 1, .flags = TCP_ACK, .text = "YYYYYiZZ"); /* covers all of it */
	out_all();
	IN(.seq = ISS - 1, .ack = iss + 1, .flags = TCP_ACK, .text = "00abc");
	CHECK(out());
	CHECK_EQ(last.ack, ISS + 13);
	CHECK_EQ(last.nr_sacks, 1); /* what came twice (RFC 2883) */
	CHECK_EQ(last.sack[0].start, ISS - 1);
	CHECK_EQ(last.sack[0].end, ISS + 1);
	CHECK_EQ(host_read(tcp, got, sizeof(got)), 12);
	CHECK(memcmp(got, "abcdef", 3) == 0);
	CHECK(memcmp(got + 9, "jkl", 3) == 0 || got[9] == 'Z');
	close_now(tcp);
	teardown();
}

TEST(old_timestamps)
{
	struct tcp_option_values ts = {.has_timestamp = true, .ts_value = 5000};
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive(ts);
	ts.ts_value = 4999;
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK, .text = "old", .options = ts);
	CHECK_EQ(tcp_readable(tcp), 0);
	CHECK_EQ(counted(NET_COUNT_TCP_PAWS), 1);
	CHECK(out());
	CHECK_EQ(last.ts_echo, 5000);
	ts.ts_value = 5001;
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK, .text = "new", .options = ts);
	CHECK_EQ(tcp_readable(tcp), 3);
	close_now(tcp);
	teardown();
}

TEST(window_closes_and_is_probed)
{
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	send_all(tcp, 3000);
	CHECK_EQ(out_all(), 3);
	IN(.seq = ISS + 1, .ack = iss + 3001, .flags = TCP_ACK, .window = 1);
	tcp->send.window = 0;
	send_all(tcp, 100);
	CHECK_EQ(out_all(), 0);
	pass(20 * NET_SECOND);
	CHECK(counted(NET_COUNT_TCP_PROBE) >= 3);
	CHECK(out());
	CHECK_EQ(last.seq, iss + 3000);
	out_all();
	IN(.seq = ISS + 1, .ack = iss + 3001, .flags = TCP_ACK, .window = 5000);
	CHECK(out());
	CHECK_EQ(last.len, 100);
	close_now(tcp);
	teardown();
}

TEST(our_window_closes_and_opens)
{
	static uint8_t bytes[1000], got[100000];
	struct tcp_connection *tcp;
	uint32_t seq = ISS + 1;

	setup();
	CHECK_EQ(tcp_set(listener, TCP_SET_RECEIVE_BUFFER, 10000), 0);
	tcp = open_passive((struct tcp_option_values){0});
	for (int i = 0; i < 12; i++) {
		IN(.seq = seq, .ack = iss + 1, .flags = TCP_ACK, .data = bytes, .len = sizeof(bytes));
		seq += 1000;
	}
	CHECK_EQ(tcp_readable(tcp), 10000);
	out_all();
	CHECK_EQ(last.window, 0);
	CHECK_EQ(last.ack, ISS + 10001);
	host_begin(us);
	CHECK_EQ(host_read(tcp, got, 100), 100); /* too little to tell of (silly window) */
	CHECK_EQ(out_all(), 0);
	CHECK_EQ(host_read(tcp, got, sizeof(got)), 9900);
	host_end(us);
	CHECK(out());
	CHECK_EQ(last.window, 10000);
	close_now(tcp);
	teardown();
}

TEST(fast_retransmit_without_sack)
{
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	send_all(tcp, 10000);
	CHECK_EQ(out_all(), 10);
	for (int i = 0; i < 2; i++)
		IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK);
	CHECK_EQ(out_all(), 0);
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK);
	CHECK(out());
	CHECK_EQ(last.seq, iss + 1);
	CHECK(!out());
	CHECK_EQ(tcp->congestion.ssthresh, 5000);
	IN(.seq = ISS + 1, .ack = iss + 3001, .flags = TCP_ACK); /* partial: the next one is lost too (RFC 6582) */
	CHECK(out());
	CHECK_EQ(last.seq, iss + 3001);
	IN(.seq = ISS + 1, .ack = iss + 10001, .flags = TCP_ACK);
	CHECK_EQ(tcp->congestion.cwnd, 5000);
	CHECK_EQ(counted(NET_COUNT_TCP_TIMEOUT), 0);
	close_now(tcp);
	teardown();
}

TEST(recovery_with_sack)
{
	struct tcp_connection *tcp;
	struct tcp_range sacks[2];

	setup();
	tcp = open_passive((struct tcp_option_values){.sack_permitted = true});
	send_all(tcp, 10000);
	out_all();
	sacks[0] = (struct tcp_range){iss + 2001, iss + 4001};
	sacks[1] = (struct tcp_range){iss + 5001, iss + 7001};
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK, .options = {.sack = sacks, .nr_sacks = 2});
	CHECK(out());
	CHECK_EQ(last.seq, iss + 1);
	CHECK(!out() || last.seq == iss + 1001);
	sacks[1].end = iss + 10001;
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK, .options = {.sack = sacks, .nr_sacks = 2});
	out_all();
	CHECK_EQ(last.seq, iss + 4001); /* the last of the three that are missing */
	CHECK_EQ(counted(NET_COUNT_TCP_RETRANSMIT), 3);
	sacks[0] = (struct tcp_range){iss + 90000, iss + 95000}; /* of what was never sent */
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK, .options = {.sack = sacks, .nr_sacks = 1});
	CHECK_EQ(out_all(), 0);
	close_now(tcp);
	teardown();
}

TEST(retransmission_backs_off_and_gives_up)
{
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	send_all(tcp, 5000);
	out_all();
	pass(10 * NET_SECOND);
	CHECK(out_all() >= 3);
	CHECK_EQ(tcp->congestion.cwnd, 1000);
	pass(3000 * NET_SECOND);
	CHECK_EQ(tcp_state(tcp), TCP_CLOSED);
	CHECK_EQ(tcp_error(tcp), ETIMEDOUT);
	close_now(tcp);
	teardown();
}

TEST(nagle_cork_and_nodelay)
{
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	send_all(tcp, 10);
	CHECK_EQ(out_all(), 1);
	send_all(tcp, 10);
	CHECK_EQ(out_all(), 0);
	IN(.seq = ISS + 1, .ack = iss + 11, .flags = TCP_ACK);
	CHECK_EQ(out_all(), 1);
	CHECK_EQ(tcp_set(tcp, TCP_SET_NO_DELAY, 1), 0);
	send_all(tcp, 10);
	CHECK_EQ(out_all(), 1);
	CHECK_EQ(tcp_set(tcp, TCP_SET_CORK, 1), 0);
	send_all(tcp, 10);
	CHECK_EQ(out_all(), 0);
	host_begin(us);
	CHECK_EQ(tcp_set(tcp, TCP_SET_CORK, 0), 0);
	host_end(us);
	CHECK_EQ(out_all(), 1);
	IN(.seq = ISS + 1, .ack = iss + 41, .flags = TCP_ACK);
	CHECK_EQ(tcp_set(tcp, TCP_SET_CORK, 1), 0);
	send_all(tcp, 10);
	pass(190 * NET_MILLISECOND);
	CHECK_EQ(out_all(), 0);
	pass(20 * NET_MILLISECOND);
	CHECK_EQ(out_all(), 1);
	close_now(tcp);
	teardown();
}

TEST(delayed_acknowledgments)
{
	static uint8_t bytes[1000];
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	tcp->receive.quick = 0;
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK, .data = bytes, .len = 1000);
	CHECK_EQ(out_all(), 0);
	IN(.seq = ISS + 1001, .ack = iss + 1, .flags = TCP_ACK, .data = bytes, .len = 1000);
	CHECK_EQ(out_all(), 1);
	IN(.seq = ISS + 2001, .ack = iss + 1, .flags = TCP_ACK, .text = "x");
	CHECK_EQ(out_all(), 0);
	pass(41 * NET_MILLISECOND);
	CHECK(out());
	CHECK_EQ(last.ack, ISS + 2002);
	close_now(tcp);
	teardown();
}

TEST(keep_alive)
{
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	CHECK_EQ(tcp_set(tcp, TCP_SET_KEEP_IDLE_NS, 10 * NET_SECOND), 0);
	CHECK_EQ(tcp_set(tcp, TCP_SET_KEEP_INTERVAL_NS, NET_SECOND), 0);
	CHECK_EQ(tcp_set(tcp, TCP_SET_KEEP_COUNT, 3), 0);
	host_begin(us);
	CHECK_EQ(tcp_set(tcp, TCP_SET_KEEP_ALIVE, 1), 0);
	host_end(us);
	pass(10 * NET_SECOND + 1);
	CHECK(out());
	CHECK_EQ(last.seq, iss);
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK);
	pass(9 * NET_SECOND);
	CHECK_EQ(out_all(), 0);
	pass(20 * NET_SECOND);
	CHECK_EQ(out_all(), 4); /* three probes and a reset */
	CHECK_EQ(last.flags & TCP_RST, TCP_RST);
	CHECK_EQ(tcp_error(tcp), ETIMEDOUT);
	close_now(tcp);
	teardown();
}

TEST(close_with_unread_data_resets)
{
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK, .text = "unread");
	out_all();
	close_now(tcp);
	CHECK(out());
	CHECK(last.flags & TCP_RST);
	CHECK_EQ(tcp_of(&us->stack)->nr_connections, 0);
	teardown();
}

TEST(data_after_close_resets)
{
	setup();
	close_now(open_passive((struct tcp_option_values){0}));
	out_all();
	IN(.seq = ISS + 1, .ack = iss + 2, .flags = TCP_ACK, .text = "late");
	CHECK(out());
	CHECK(last.flags & TCP_RST);
	CHECK_EQ(tcp_of(&us->stack)->nr_connections, 0);
	teardown();
}

TEST(urgent_byte)
{
	struct tcp_connection *tcp;
	uint8_t urgent;
	char got[8];

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK | TCP_URG, .urgent = 3, .text = "abUcd");
	CHECK(us->events & TCP_URGENT);
	CHECK_EQ(host_read(tcp, got, 8), 2);
	CHECK_EQ(tcp_receive_urgent(tcp, &urgent, false), 1);
	CHECK_EQ(urgent, 'U');
	CHECK_EQ(tcp_receive_urgent(tcp, &urgent, false), -EINVAL);
	CHECK_EQ(host_read(tcp, got, 8), 2);
	CHECK(memcmp(got, "cd", 2) == 0);
	close_now(tcp);
	teardown();
}

TEST(flood_is_answered_with_cookies)
{
	struct tcp_option_values options = {.mss = 1460, .has_scale = true, .scale = 7, .sack_permitted = true, .has_timestamp = true, .ts_value = 9};
	struct tcp_connection *tcp;
	struct tcp_report report;

	setup();
	for (unsigned i = 0; i < 2000; i++)
		IN(.seq = i * 77, .flags = TCP_SYN, .from_port = (uint16_t)(6000 + i), .options = options);
	CHECK_EQ(listener->listener->nr_requests, 16);
	CHECK_EQ(counted(NET_COUNT_TCP_COOKIE_SENT), 2000 - 16);
	CHECK_EQ(out_all(), 2000);
	pass(100 * NET_MILLISECOND);
	IN(.seq = ISS, .flags = TCP_SYN, .options = options);
	out_all();
	IN(.seq = ISS + 1, .ack = last.seq + 2, .flags = TCP_ACK, .options = {.has_timestamp = true, .ts_value = 10, .ts_echo = last.ts_value});
	CHECK_EQ(counted(NET_COUNT_TCP_COOKIE_BAD), 1);
	CHECK(!tcp_accept(listener));
	out_all();
	IN(.seq = ISS, .flags = TCP_SYN, .options = options);
	out_all();
	IN(.seq = ISS + 1, .ack = last.seq + 1, .flags = TCP_ACK, .text = "hello",
	   .options = {.has_timestamp = true, .ts_value = 10, .ts_echo = last.ts_value});
	tcp = tcp_accept(listener);
	CHECK(tcp);
	CHECK_EQ(tcp_readable(tcp), 5);
	tcp_report(tcp, &report);
	CHECK(report.has_sack && report.has_timestamps && report.has_scaling);
	CHECK_EQ(report.send_scale, 7);
	close_now(tcp);
	teardown();
}

TEST(backlog)
{
	unsigned accepted = 0;
	struct tcp_connection *tcp;

	setup();
	for (uint16_t i = 0; i < 10; i++) {
		IN(.seq = ISS, .flags = TCP_SYN, .from_port = 7000 + i);
		if (out())
			IN(.seq = ISS + 1, .ack = last.seq + 1, .flags = TCP_ACK, .from_port = 7000 + i);
	}
	CHECK_EQ(counted(NET_COUNT_TCP_BACKLOG_FULL), 5);
	CHECK_EQ(tcp_poll(listener), TCP_READABLE);
	for (; (tcp = tcp_accept(listener)); accepted++)
		close_now(tcp);
	CHECK_EQ(accepted, 5);
	teardown();
}

TEST(listener_closes_with_connections_ready)
{
	setup();
	IN(.seq = ISS, .flags = TCP_SYN);
	CHECK(out());
	IN(.seq = ISS + 1, .ack = last.seq + 1, .flags = TCP_ACK);
	close_now(listener);
	listener = NULL;
	CHECK(out());
	CHECK(last.flags & TCP_RST);
	CHECK_EQ(tcp_of(&us->stack)->nr_connections, 0);
	teardown();
}

TEST(sequence_numbers_wrap)
{
	static uint8_t bytes[1000];
	struct tcp_connection *tcp;
	uint32_t first = 0xfffff000u;

	setup();
	IN(.seq = first, .flags = TCP_SYN);
	CHECK(out());
	iss = last.seq;
	IN(.seq = first + 1, .ack = iss + 1, .flags = TCP_ACK);
	tcp = tcp_accept(listener);
	for (uint32_t i = 0; i < 10; i += 2) { /* each pair in the wrong order */
		IN(.seq = first + 1 + (i + 1) * 1000, .ack = iss + 1, .flags = TCP_ACK, .data = bytes, .len = 1000);
		IN(.seq = first + 1 + i * 1000, .ack = iss + 1, .flags = TCP_ACK, .data = bytes, .len = 1000);
	}
	CHECK_EQ(tcp_readable(tcp), 10000);
	out_all();
	CHECK_EQ(last.ack, first + 1 + 10000);
	close_now(tcp);
	teardown();
}

/* Random segments around the windows, in every state: nothing but drops, answers and ends may come of it. */
TEST(mutated_segments)
{
	static uint8_t bytes[2000];

	for (int round = 0; round < 150; round++) {
		struct tcp_connection *tcp;
		struct tcp_range sacks[3];

		setup();
		tcp = open_passive((struct tcp_option_values){.sack_permitted = test_random() % 2, .has_timestamp = test_random() % 2, .ts_value = 7});
		CHECK(tcp);
		for (int i = 0; i < 100; i++) {
			uint8_t buffer[3000];
			struct in s = {.seq = ISS + 1 + (uint32_t)(test_random() % 3000), .ack = iss + 1 + (uint32_t)(test_random() % 6000),
				       .flags = (uint8_t)(TCP_ACK | (test_random() % 8 ? 0 : test_random())), .data = bytes,
				       .len = test_random() % 2 ? test_random() % sizeof(bytes) : 0, .window = (uint16_t)test_random(),
				       .urgent = (uint16_t)(test_random() % 2000)};

			for (int k = 0; k < 3; k++)
				sacks[k] = (struct tcp_range){iss + (uint32_t)(test_random() % 9000), iss + (uint32_t)(test_random() % 9000)};
			s.options = (struct tcp_option_values){.sack = sacks, .nr_sacks = test_random() % 4, .has_timestamp = test_random() % 2,
							       .ts_value = (uint32_t)(test_random() % 16), .mss = test_random() % 9 ? 0 : 1};
			if (s.options.nr_sacks == 3)
				s.options.mss = 0;
			in_segment(&s);
			host_begin(us);
			if (test_random() % 4 == 0)
				(void)tcp_send(tcp, bytes, test_random() % sizeof(bytes), 0);
			if (test_random() % 4 == 0)
				(void)host_read(tcp, buffer, test_random() % sizeof(buffer));
			if (test_random() % 60 == 0)
				(void)tcp_shutdown(tcp, false, true);
			host_end(us);
			pass(test_random() % NET_SECOND);
			while (wire.frames) {
				struct frame *frame = wire.frames;

				wire.frames = frame->next;
				free(frame);
			}
		}
		close_now(tcp);
		teardown();
	}
}

TEST_MAIN()
