/* SPDX-License-Identifier: BSD-3-Clause */
/* F-RTO by scripted segments (RFC 5682): what a timeout is followed by, when nothing was lost and when all was. */
#include "kernel/net/tcp/script_test.h"

static uint32_t new_seq; /* of what goes next for the first time */

/* Ten segments of 15 are on their way, and nobody answers until the first has gone again; with SACK the tail was probed before. */
static struct tcp_connection *timed_out(bool has_sack)
{
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){.sack_permitted = has_sack});
	send_all(tcp, 15000);
	CHECK_EQ(out_all(), 10);
	new_seq = iss + 10001;
	pass(250 * NET_MILLISECOND);
	CHECK(out());
	if (has_sack) {
		CHECK_EQ(last.seq, new_seq);
		new_seq += 1000;
		CHECK(out());
	}
	CHECK_EQ(last.seq, iss + 1);
	CHECK(!out());
	CHECK_EQ(counted(NET_COUNT_TCP_TIMEOUT), 1);
	return tcp;
}

static void check_two_new(void)
{
	CHECK(out());
	CHECK_EQ(last.seq, new_seq);
	CHECK(out());
	CHECK_EQ(last.seq, new_seq + 1000);
	CHECK(!out());
}

static void end(struct tcp_connection *tcp)
{
	close_now(tcp);
	teardown();
}

TEST(all_was_only_late)
{
	for (unsigned has_sack = 0; has_sack < 2; has_sack++) {
		struct tcp_connection *tcp = timed_out(has_sack);

		CHECK_EQ(tcp->congestion.cwnd, 1000);
		IN(.seq = ISS + 1, .ack = iss + 1001, .flags = TCP_ACK);
		check_two_new();
		IN(.seq = ISS + 1, .ack = iss + 3001, .flags = TCP_ACK); /* of originals */
		CHECK_EQ(counted(NET_COUNT_TCP_SPURIOUS_TIMEOUT), 1);
		CHECK(tcp->congestion.cwnd >= 10000);
		CHECK(tcp->congestion.ssthresh >= UINT32_MAX / 4);
		CHECK(!tcp->is_in_timeout);
		out_all();
		IN(.seq = ISS + 1, .ack = iss + 15001, .flags = TCP_ACK);
		CHECK_EQ(counted(NET_COUNT_TCP_RETRANSMIT), 1);
		CHECK_EQ(tcp_unsent(tcp), 0);
		end(tcp);
	}
}

/* The new ones make the peer say what it misses. */
TEST(all_was_lost)
{
	struct tcp_connection *tcp = timed_out(false);

	IN(.seq = ISS + 1, .ack = iss + 1001, .flags = TCP_ACK);
	check_two_new();
	IN(.seq = ISS + 1, .ack = iss + 1001, .flags = TCP_ACK);
	CHECK(out());
	CHECK_EQ(last.seq, iss + 1001);
	CHECK(tcp->congestion.cwnd <= 3000);
	CHECK_EQ(counted(NET_COUNT_TCP_SPURIOUS_TIMEOUT), 0);
	for (uint32_t next = iss + 2001; tcp_unsent(tcp); next += 1000) {
		IN(.seq = ISS + 1, .ack = seq_min(next, iss + 15001), .flags = TCP_ACK);
		out_all();
	}
	CHECK_EQ(counted(NET_COUNT_TCP_TIMEOUT), 1);
	end(tcp);
}

TEST(all_was_lost_with_sack)
{
	struct tcp_connection *tcp = timed_out(true);
	struct tcp_range sack = {new_seq, new_seq + 1000};

	IN(.seq = ISS + 1, .ack = iss + 1001, .flags = TCP_ACK);
	check_two_new();
	IN(.seq = ISS + 1, .ack = iss + 1001, .flags = TCP_ACK, .options = {.sack = &sack, .nr_sacks = 1});
	CHECK(out());
	CHECK_EQ(last.seq, iss + 1001);
	CHECK_EQ(counted(NET_COUNT_TCP_SPURIOUS_TIMEOUT), 0);
	end(tcp);
}

TEST(a_duplicate_at_once)
{
	struct tcp_connection *tcp = timed_out(false);

	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK);
	CHECK_EQ(tcp->spurious.step, TCP_SPURIOUS_NOT);
	CHECK(out());
	CHECK_EQ(last.seq, iss + 1001); /* as ever */
	IN(.seq = ISS + 1, .ack = iss + 1001, .flags = TCP_ACK);
	CHECK(out());
	CHECK_EQ(last.seq, iss + 2001);
	end(tcp);
}

/* Only the first was lost: its acknowledgment is of all. */
TEST(all_is_acknowledged)
{
	struct tcp_connection *tcp = timed_out(false);

	IN(.seq = ISS + 1, .ack = iss + 10001, .flags = TCP_ACK);
	CHECK_EQ(tcp->spurious.step, TCP_SPURIOUS_NOT);
	CHECK(!tcp->is_in_timeout);
	CHECK(out());
	CHECK_EQ(last.seq, iss + 10001);
	CHECK_EQ(counted(NET_COUNT_TCP_SPURIOUS_TIMEOUT), 0);
	end(tcp);
}

TEST(nothing_new_to_send)
{
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	send_all(tcp, 5000);
	out_all();
	pass(250 * NET_MILLISECOND);
	CHECK_EQ(out_all(), 1);
	IN(.seq = ISS + 1, .ack = iss + 1001, .flags = TCP_ACK);
	CHECK(out());
	CHECK_EQ(last.seq, iss + 1001);
	end(tcp);
}

/* The second timeout asks nothing: recovery it is. */
TEST(twice)
{
	struct tcp_connection *tcp = timed_out(false);

	pass(450 * NET_MILLISECOND);
	CHECK_EQ(out_all(), 1);
	CHECK_EQ(tcp->spurious.step, TCP_SPURIOUS_NOT);
	IN(.seq = ISS + 1, .ack = iss + 1001, .flags = TCP_ACK);
	CHECK(out());
	CHECK_EQ(last.seq, iss + 1001);
	end(tcp);
}

TEST_MAIN()
