/* SPDX-License-Identifier: BSD-3-Clause */
/* States: how connections begin and end, and what resets and acknowledgments do to them. */
#include "kernel/net/tcp/script_test.h"

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

/* Somebody on the way says that it does not go there: that ends what is not yet open, if it is about what was sent. */
TEST(active_open_unreachable)
{
	const struct net_flow flow = {.local = net_address_of_ip4(0x0a000001), .remote = net_address_of_ip4(PEER)};
	const struct net_error error = {.error = EHOSTUNREACH, .type = 3, .code = 1};
	struct tcp_connection *tcp;
	uint8_t header[8];

	setup();
	tcp = start_active();
	wire_put16(header, OURS);
	wire_put16(header + 2, THEIRS);
	wire_put32(header + 4, iss + 1);
	CHECK(!tcp_error_input(&us->stack, &flow, header, sizeof(header), &error));
	CHECK_EQ(tcp_state(tcp), TCP_SYN_SENT);
	wire_put32(header + 4, iss);
	CHECK(tcp_error_input(&us->stack, &flow, header, sizeof(header), &error));
	CHECK_EQ(tcp_state(tcp), TCP_CLOSED);
	CHECK_EQ(tcp_error(tcp), EHOSTUNREACH);
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

/* Brings a connection to a state; the owner has closed it in those that it has to have closed for that. */
static struct tcp_connection *bring_to(enum tcp_state state)
{
	struct tcp_connection *tcp = open_passive((struct tcp_option_values){0});

	if (state == TCP_CLOSE_WAIT || state == TCP_LAST_ACK)
		IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_FIN | TCP_ACK);
	if (state != TCP_ESTABLISHED && state != TCP_CLOSE_WAIT) {
		host_begin(us);
		(void)tcp_shutdown(tcp, false, true);
		host_end(us);
	}
	if (state == TCP_FIN_WAIT_2 || state == TCP_TIME_WAIT)
		IN(.seq = ISS + 1, .ack = iss + 2, .flags = TCP_ACK);
	if (state == TCP_CLOSING)
		IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_FIN | TCP_ACK);
	if (state == TCP_TIME_WAIT)
		IN(.seq = ISS + 1, .ack = iss + 2, .flags = TCP_FIN | TCP_ACK);
	out_all();
	return tcp;
}

TEST(a_fin_that_comes_again_is_acknowledged_in_every_state)
{
	static const enum tcp_state states[] = {TCP_CLOSE_WAIT, TCP_CLOSING, TCP_LAST_ACK, TCP_TIME_WAIT};

	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		struct tcp_connection *tcp;

		setup();
		tcp = bring_to(states[i]);
		CHECK_EQ(tcp_state(tcp), states[i]);
		IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_FIN | TCP_ACK);
		CHECK(out());
		CHECK_EQ(last.flags & (TCP_ACK | TCP_RST), TCP_ACK);
		CHECK_EQ(last.ack, ISS + 2);
		CHECK_EQ(tcp_state(tcp), states[i]);
		close_now(tcp);
		teardown();
	}
}

TEST(a_reset_ends_every_state)
{
	static const struct {
		enum tcp_state state;
		uint32_t seq;
		int error;
	} cases[] = {{TCP_ESTABLISHED, ISS + 1, ECONNRESET}, {TCP_FIN_WAIT_1, ISS + 1, ECONNRESET}, {TCP_FIN_WAIT_2, ISS + 1, ECONNRESET},
		     {TCP_CLOSE_WAIT, ISS + 2, EPIPE}, {TCP_CLOSING, ISS + 2, 0}, {TCP_LAST_ACK, ISS + 2, 0}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct tcp_connection *tcp;

		setup();
		tcp = bring_to(cases[i].state);
		IN(.seq = cases[i].seq + 1, .flags = TCP_RST); /* not exactly the next: asked first */
		CHECK_EQ(tcp_state(tcp), cases[i].state);
		CHECK(out());
		CHECK_EQ(last.flags, TCP_ACK);
		IN(.seq = cases[i].seq, .flags = TCP_RST);
		CHECK_EQ(tcp_state(tcp), TCP_CLOSED);
		CHECK_EQ(tcp_error(tcp), cases[i].error);
		CHECK_EQ(tcp_of(&us->stack)->nr_connections, 0);
		close_now(tcp);
		teardown();
	}
}

/* The peer lost its memory, and opens anew from the same port: the challenge tells it, and its reset makes way (RFC 9293 §3.5.1). */
TEST(peer_that_restarted)
{
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	IN(.seq = ISS + 77777, .flags = TCP_SYN);
	CHECK(out());
	CHECK_EQ(last.flags, TCP_ACK);
	CHECK_EQ(last.seq, iss + 1);
	IN(.seq = last.ack, .flags = TCP_RST);
	CHECK_EQ(tcp_state(tcp), TCP_CLOSED);
	IN(.seq = ISS + 77777, .flags = TCP_SYN);
	CHECK(out());
	CHECK_EQ(last.flags, TCP_SYN | TCP_ACK);
	close_now(tcp);
	teardown();
}

TEST(data_on_the_third_segment_and_on_the_fin)
{
	struct tcp_connection *tcp;
	char got[8] = "";

	setup();
	IN(.seq = ISS, .flags = TCP_SYN, .text = "xy"); /* on a SYN they may be left: the peer sends them again */
	CHECK(out());
	CHECK_EQ(last.ack, ISS + 1);
	IN(.seq = ISS + 1, .ack = last.seq + 1, .flags = TCP_ACK | TCP_FIN, .text = "abc");
	tcp = tcp_accept(listener);
	CHECK(tcp);
	CHECK_EQ(tcp_state(tcp), TCP_CLOSE_WAIT);
	CHECK_EQ(host_read(tcp, got, 8), 3);
	CHECK_EQ(host_read(tcp, got, 8), 0);
	CHECK(out());
	CHECK_EQ(last.ack, ISS + 5);
	close_now(tcp);
	teardown();
}

/* Acknowledgments that answer acknowledgments end soon, and data that come again are answered all the same. */
TEST(challenges_are_few)
{
	struct tcp_connection *tcp;
	unsigned nr = 0;

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	for (int i = 0; i < 100; i++)
		IN(.seq = ISS - 50000, .ack = iss + 1, .flags = TCP_ACK);
	nr = out_all();
	CHECK(nr >= 1 && nr <= 10);
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK, .text = "abc");
	out_all();
	for (int i = 0; i < 50; i++)
		IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK, .text = "abc");
	CHECK_EQ(out_all(), 50);
	close_now(tcp);
	teardown();
}

TEST(nobody_waits_for_ever_for_the_peers_fin)
{
	struct tcp_connection *tcp;

	setup();
	tcp = bring_to(TCP_FIN_WAIT_2);
	pass(3600 * NET_SECOND);
	CHECK_EQ(tcp_state(tcp), TCP_FIN_WAIT_2); /* the owner may still read */
	close_now(tcp);
	pass(61 * NET_SECOND);
	CHECK_EQ(tcp_of(&us->stack)->nr_connections, 0);
	teardown();
}

TEST(time_wait_by_timestamps)
{
	struct tcp_option_values ts = {.has_timestamp = true, .ts_value = 5000};
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive(ts);
	close_now(tcp);
	out_all();
	ts.ts_value = 5001;
	IN(.seq = ISS + 1, .ack = iss + 2, .flags = TCP_FIN | TCP_ACK, .options = ts);
	out_all();
	ts.ts_value = 4000; /* an old duplicate, though its number is higher (RFC 6191) */
	IN(.seq = ISS + 90000, .flags = TCP_SYN, .options = ts);
	CHECK(out());
	CHECK_EQ(last.flags, TCP_ACK);
	CHECK_EQ(last.ack, ISS + 2);
	CHECK_EQ(last.ts_echo, 5001);
	ts.ts_value = 6000;
	IN(.seq = ISS - 90000, .flags = TCP_SYN, .options = ts);
	CHECK(out());
	CHECK_EQ(last.flags, TCP_SYN | TCP_ACK);
	teardown();
}

TEST(time_wait_keeps_the_port)
{
	struct net_address any = net_address_of_ip4(0);
	struct tcp_connection *tcp;

	setup();
	tcp = bring_to(TCP_TIME_WAIT);
	close_now(tcp);
	close_now(listener);
	listener = NULL;
	tcp = tcp_new(&us->stack, NULL, NULL);
	CHECK_EQ(tcp_bind(tcp, &any, OURS), -EADDRINUSE);
	pass(61 * NET_SECOND);
	CHECK_EQ(tcp_of(&us->stack)->nr_time_waits, 0);
	CHECK_EQ(tcp_bind(tcp, &any, OURS), 0);
	close_now(tcp);
	teardown();
}

TEST(time_waits_have_a_limit)
{
	setup();
	for (unsigned i = 0; i < 9000; i++) {
		uint16_t port = (uint16_t)(10000 + i);

		IN(.seq = ISS, .flags = TCP_SYN, .from_port = port);
		CHECK(out());
		iss = last.seq;
		IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK, .from_port = port);
		close_now(tcp_accept(listener));
		IN(.seq = ISS + 1, .ack = iss + 2, .flags = TCP_ACK | TCP_FIN, .from_port = port);
		out_all();
	}
	CHECK_EQ(tcp_of(&us->stack)->nr_time_waits, 8192);
	CHECK_EQ(counted(NET_COUNT_TCP_TIME_WAIT_RECYCLED), 9000 - 8192);
	CHECK_EQ(tcp_of(&us->stack)->nr_connections, 0);
	pass(61 * NET_SECOND);
	CHECK_EQ(tcp_of(&us->stack)->nr_time_waits, 0);
	teardown();
}

TEST(orphans_have_a_limit)
{
	setup();
	for (unsigned i = 0; i < 5000; i++) {
		uint16_t port = (uint16_t)(10000 + i);

		IN(.seq = ISS, .flags = TCP_SYN, .from_port = port);
		out_all();
		IN(.seq = ISS + 1, .ack = last.seq + 1, .flags = TCP_ACK, .from_port = port);
		close_now(tcp_accept(listener)); /* its FIN is never answered */
		out_all();
	}
	CHECK_EQ(tcp_of(&us->stack)->nr_orphans, 4096);
	CHECK_EQ(counted(NET_COUNT_TCP_ORPHAN_REFUSED), 5000 - 4096);
	pass(600 * NET_SECOND);
	CHECK_EQ(tcp_of(&us->stack)->nr_orphans, 0);
	CHECK_EQ(tcp_of(&us->stack)->nr_connections, 0);
	teardown();
}

TEST(connection_to_itself)
{
	struct net_address self;
	struct tcp_connection *tcp;
	char got[8];

	setup();
	self = net_address_of_ip4(us->address);
	tcp = tcp_new(&us->stack, host_event, us);
	CHECK_EQ(tcp_bind(tcp, &self, 9999), 0);
	host_begin(us);
	CHECK_EQ(tcp_connect(tcp, &self, 9999), 0);
	host_end(us);
	CHECK_EQ(tcp_state(tcp), TCP_ESTABLISHED);
	host_begin(us);
	CHECK_EQ(tcp_send(tcp, (const uint8_t *)"self", 4, 0), 4);
	host_end(us);
	CHECK_EQ(host_read(tcp, got, sizeof(got)), 4);
	close_now(tcp);
	teardown();
}

TEST_MAIN()
