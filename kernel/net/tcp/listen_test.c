/* SPDX-License-Identifier: BSD-3-Clause */
/* Listeners: backlog, requests, cookies. */
#include "kernel/net/tcp/script_test.h"

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

TEST_MAIN()
