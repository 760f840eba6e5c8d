/* SPDX-License-Identifier: BSD-3-Clause */
/* Receiving: order, windows, acknowledgments, urgent data. */
#include "kernel/net/tcp/script_test.h"

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

/* An interrupt brings many segments; the window of 65,535 that is all that this peer can be told does not grow meanwhile. */
TEST(segments_of_a_turn)
{
	static uint8_t bytes[1000];
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	tcp->receive.quick = 0;
	us->turn_goes_on = true;
	for (uint32_t i = 0; i < 5; i++)
		IN(.seq = ISS + 1 + 1000 * i, .ack = iss + 1, .flags = TCP_ACK, .data = bytes, .len = 1000);
	CHECK_EQ(out_all(), 0);
	us->turn_goes_on = false;
	host_end(us);
	CHECK(out());
	CHECK_EQ(last.ack, ISS + 5001);
	CHECK(!out());
	us->turn_goes_on = true;
	for (uint32_t i = 5; i < 45; i++)
		IN(.seq = ISS + 1 + 1000 * i, .ack = iss + 1, .flags = TCP_ACK, .data = bytes, .len = 1000);
	CHECK(out());
	CHECK_EQ(last.ack, ISS + 1 + 1000 * (5 + TCP_ACKED_TOGETHER));
	CHECK(!out());
	IN(.seq = ISS + 50001, .ack = iss + 1, .flags = TCP_ACK, .data = bytes, .len = 1000); /* a gap is told at once */
	CHECK(out());
	CHECK_EQ(last.ack, ISS + 45001);
	us->turn_goes_on = false;
	host_end(us);
	CHECK(!out());
	close_now(tcp);
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

TEST(what_came_twice_is_told)
{
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){.sack_permitted = true});
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK, .text = "abcdef");
	out_all();
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK, .text = "abc");
	CHECK(out());
	CHECK_EQ(last.nr_sacks, 1);
	CHECK_EQ(last.sack[0].start, ISS + 1);
	CHECK_EQ(last.sack[0].end, ISS + 4);
	IN(.seq = ISS + 10, .ack = iss + 1, .flags = TCP_ACK, .text = "jkl");
	out_all();
	CHECK_EQ(last.nr_sacks, 1); /* told once */
	IN(.seq = ISS + 11, .ack = iss + 1, .flags = TCP_ACK, .text = "k");
	CHECK(out());
	CHECK_EQ(last.nr_sacks, 2);
	CHECK_EQ(last.sack[0].start, ISS + 11);
	CHECK_EQ(last.sack[1].start, ISS + 10);
	close_now(tcp);
	teardown();
}

TEST(more_ranges_than_fit)
{
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){.sack_permitted = true, .has_timestamp = true, .ts_value = 1});
	for (uint32_t i = 0; i < 10; i++)
		IN(.seq = ISS + 10 + i * 10, .ack = iss + 1, .flags = TCP_ACK, .text = "abc", .options = {.has_timestamp = true, .ts_value = 1});
	out_all();
	CHECK_EQ(last.nr_sacks, 3); /* beside the timestamp */
	for (uint32_t i = 0; i < 3; i++)
		CHECK_EQ(last.sack[i].start, ISS + 10 + (9 - i) * 10);
	close_now(tcp);
	teardown();
}

TEST(fin_out_of_order)
{
	struct tcp_connection *tcp;
	char got[16];

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	IN(.seq = ISS + 4, .ack = iss + 1, .flags = TCP_ACK | TCP_FIN, .text = "def");
	CHECK_EQ(tcp_state(tcp), TCP_ESTABLISHED);
	IN(.seq = ISS + 7, .ack = iss + 1, .flags = TCP_ACK, .text = "behind the end");
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK, .text = "abc");
	CHECK_EQ(tcp_state(tcp), TCP_CLOSE_WAIT);
	CHECK_EQ(host_read(tcp, got, sizeof(got)), 6);
	CHECK_EQ(host_read(tcp, got, sizeof(got)), 0);
	out_all();
	CHECK_EQ(last.ack, ISS + 8);
	close_now(tcp);
	teardown();
}

/* Timestamps wrap around, too (RFC 7323 §5.2). */
TEST(timestamps_wrap)
{
	struct tcp_option_values ts = {.has_timestamp = true, .ts_value = 0xfffffffeu};
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive(ts);
	ts.ts_value = 3;
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK, .text = "new", .options = ts);
	CHECK_EQ(tcp_readable(tcp), 3);
	ts.ts_value = 0xffffffffu;
	IN(.seq = ISS + 4, .ack = iss + 1, .flags = TCP_ACK, .text = "old", .options = ts);
	CHECK_EQ(tcp_readable(tcp), 3);
	CHECK_EQ(counted(NET_COUNT_TCP_PAWS), 1);
	pass(25ull * 24 * 3600 * NET_SECOND); /* so long a rest makes the last one worthless (§5.5) */
	out_all();
	IN(.seq = ISS + 4, .ack = iss + 1, .flags = TCP_ACK, .text = "old", .options = ts);
	CHECK_EQ(tcp_readable(tcp), 6);
	close_now(tcp);
	teardown();
}

/* A question and its answer are two segments: the acknowledgments travel with them. */
TEST(answers_carry_acknowledgments)
{
	struct tcp_connection *tcp;
	uint32_t seq = ISS + 1, ack;
	char got[16];

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	ack = iss + 1;
	for (int i = 0; i < 50; i++) {
		IN(.seq = seq, .ack = ack, .flags = TCP_ACK | TCP_PSH, .text = "question");
		seq += 8;
		host_begin(us);
		CHECK_EQ(host_read(tcp, got, sizeof(got)), 8);
		CHECK_EQ(tcp_send(tcp, (const uint8_t *)"answer", 6, 0), 6);
		host_end(us);
		ack += 6;
		CHECK_EQ(out_all(), i == 0 ? 2 : 1); /* the first one is acknowledged at once: it is not known yet what this will be */
		CHECK_EQ(last.ack, seq);
		CHECK_EQ(last.len, 6);
		pass(NET_MILLISECOND);
	}
	close_now(tcp);
	teardown();
}

TEST(congestion_marks_are_echoed)
{
	struct tcp_connection *tcp;
	struct frame *frame;

	setup();
	IN(.seq = ISS, .flags = TCP_SYN | TCP_ECE | TCP_CWR, .options = {.mss = 1000});
	CHECK(out());
	CHECK_EQ(last.flags, TCP_SYN | TCP_ACK | TCP_ECE);
	iss = last.seq;
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK);
	tcp = tcp_accept(listener);
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK, .text = "a", .tos = 3);
	CHECK(out());
	CHECK_EQ(last.flags, TCP_ACK | TCP_ECE);
	IN(.seq = ISS + 2, .ack = iss + 1, .flags = TCP_ACK, .text = "b", .tos = 2); /* until the peer says that it has heard */
	CHECK(out());
	CHECK_EQ(last.flags, TCP_ACK | TCP_ECE);
	IN(.seq = ISS + 3, .ack = iss + 1, .flags = TCP_ACK | TCP_CWR, .text = "c", .tos = 2);
	CHECK(out());
	CHECK_EQ(last.flags, TCP_ACK);
	send_all(tcp, 10);
	frame = wire.frames;
	CHECK(frame);
	CHECK_EQ(frame->bytes[1] & 3, 2); /* data are ECT(0) */
	out_all();
	IN(.seq = ISS + 4, .ack = iss + 11, .flags = TCP_ACK | TCP_ECE);
	CHECK_EQ(counted(NET_COUNT_TCP_ECN_REDUCED), 1);
	send_all(tcp, 10);
	CHECK(out());
	CHECK(last.flags & TCP_CWR);
	close_now(tcp);
	teardown();
}

/* The buffer follows a fast reader, unless the owner has chosen it. */
static uint64_t buffer_after_reading(bool is_chosen)
{
	static uint8_t bytes[1000], got[100000];
	struct tcp_connection *tcp;
	uint32_t seq = ISS + 1;
	uint64_t size;

	setup();
	if (is_chosen)
		CHECK_EQ(tcp_set(listener, TCP_SET_RECEIVE_BUFFER, 20000), 0);
	else
		listener->setting[TCP_SET_RECEIVE_BUFFER] = 20000;
	tcp = open_passive((struct tcp_option_values){.has_scale = true, .scale = 7});
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 15; i++, seq += 1000)
			IN(.seq = seq, .ack = iss + 1, .flags = TCP_ACK, .data = bytes, .len = sizeof(bytes));
		while (host_read(tcp, got, sizeof(got)) > 0)
			continue;
		out_all();
		pass(NET_MILLISECOND);
	}
	size = tcp_get(tcp, TCP_SET_RECEIVE_BUFFER);
	close_now(tcp);
	teardown();
	return size;
}

TEST(buffer_grows)
{
	CHECK_EQ(buffer_after_reading(false), 30000);
	CHECK_EQ(buffer_after_reading(true), 20000);
}

/* Many connections whose owners do not read: what they take stays within the limit, and none is stuck for ever. */
TEST(memory_has_a_limit)
{
	static struct tcp_connection *tcp[100];
	static uint8_t bytes[1000], got[100000];
	uint32_t ours[100];

	setup();
	CHECK_EQ(tcp_listen(listener, 200), 0);
	us->stack.memory_limit = 1 << 20;
	for (uint16_t i = 0; i < 100; i++) {
		IN(.seq = ISS, .flags = TCP_SYN, .from_port = 6000 + i, .options = {.sack_permitted = true});
		CHECK(out());
		ours[i] = last.seq + 1;
		IN(.seq = ISS + 1, .ack = ours[i], .flags = TCP_ACK, .from_port = 6000 + i);
		tcp[i] = tcp_accept(listener);
		CHECK(tcp[i]);
	}
	for (uint32_t k = 0; k < 60; k++)
		for (uint16_t i = 0; i < 100; i++)
			IN(.seq = ISS + 1 + k * 1000 + (k > 30 ? 1000 : 0), .ack = ours[i], .flags = TCP_ACK, .data = bytes, .len = 1000, .from_port = 6000 + i);
	out_all();
	CHECK(us->stack.memory >= 1 << 20);
	CHECK(us->stack.memory < (1 << 20) + 100 * 8192);
	CHECK(counted(NET_COUNT_TCP_QUEUE_FULL) > 0);
	for (int i = 0; i < 100; i++) {
		CHECK(tcp_readable(tcp[i]) >= 4000);
		host_begin(us);
		CHECK(host_read(tcp[i], got, sizeof(got)) >= 4000);
		host_end(us);
	}
	out_all();
	for (uint16_t i = 0; i < 100; i++) { /* all go on */
		uint32_t next = tcp[i]->receive.next;

		IN(.seq = next, .ack = ours[i], .flags = TCP_ACK, .data = bytes, .len = 1000, .from_port = 6000 + i);
		CHECK(seq_before(next, tcp[i]->receive.next));
		close_now(tcp[i]);
	}
	pass(1000 * NET_SECOND);
	CHECK_EQ(us->stack.memory, 0);
	teardown();
}

TEST_MAIN()
