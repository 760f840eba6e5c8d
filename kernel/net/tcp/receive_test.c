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

TEST_MAIN()
