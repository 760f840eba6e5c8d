/* SPDX-License-Identifier: BSD-3-Clause */
/* Sending: losses, timers, windows, small segments. */
#include "kernel/net/tcp/script_test.h"

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

TEST_MAIN()
