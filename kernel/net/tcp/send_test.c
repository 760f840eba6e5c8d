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
	IN(.seq = ISS + 1, .ack = iss + 3001, .flags = TCP_ACK, .has_no_window = true);
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

/* The window is open, but for less than a segment and less than half of what it was: what fits goes after a while (RFC 9293 §3.8.6.2.1). */
TEST(small_window_is_filled_at_last)
{
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK, .window = 100);
	send_all(tcp, 1000);
	CHECK_EQ(out_all(), 0);
	pass(300 * NET_MILLISECOND);
	CHECK(out());
	CHECK_EQ(last.len, 100);
	CHECK(!out());
	IN(.seq = ISS + 1, .ack = iss + 101, .flags = TCP_ACK, .window = 60000);
	CHECK(out());
	CHECK_EQ(last.len, 900);
	close_now(tcp);
	teardown();
}

/* A peer that answers may keep its window closed as long as it likes (RFC 9293 §3.8.6.1); one that does not, does not. */
TEST(answered_probes_go_on)
{
	struct tcp_connection *tcp;
	unsigned answered = 0;

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	send_all(tcp, 1000);
	out_all();
	IN(.seq = ISS + 1, .ack = iss + 1001, .flags = TCP_ACK, .has_no_window = true);
	send_all(tcp, 100);
	for (int i = 0; i < 100; i++) {
		pass(121 * NET_SECOND);
		if (out_all())
			answered++;
		IN(.seq = ISS + 1, .ack = iss + 1001, .flags = TCP_ACK, .has_no_window = true);
	}
	CHECK(answered > 50);
	CHECK_EQ(tcp_state(tcp), TCP_ESTABLISHED);
	pass(4000 * NET_SECOND);
	CHECK_EQ(tcp_state(tcp), TCP_CLOSED);
	CHECK_EQ(tcp_error(tcp), ETIMEDOUT);
	close_now(tcp);
	teardown();
}

/* Sends, and is answered after 20 ms. */
static void measure(struct tcp_connection *tcp, uint32_t len)
{
	send_all(tcp, len);
	out_all();
	pass(20 * NET_MILLISECOND);
	IN(.seq = ISS + 1, .ack = tcp->send.next, .flags = TCP_ACK);
	iss = tcp->send.next - 1;
	out_all();
}

static void measure_rtt(struct tcp_connection *tcp)
{
	for (int i = 0; i < 20; i++)
		measure(tcp, 1000);
}

/* RFC 8985 §7: the last of several is lost. */
TEST(tail_is_probed)
{
	struct tcp_connection *tcp;
	struct tcp_range sack;

	setup();
	tcp = open_passive((struct tcp_option_values){.sack_permitted = true});
	measure_rtt(tcp);
	send_all(tcp, 4000);
	CHECK_EQ(out_all(), 4);
	IN(.seq = ISS + 1, .ack = iss + 2001, .flags = TCP_ACK); /* the last two are lost */
	pass(60 * NET_MILLISECOND);
	CHECK(out());
	CHECK_EQ(last.seq, iss + 3001);
	CHECK(!out());
	CHECK_EQ(counted(NET_COUNT_TCP_TAIL_PROBE), 1);
	sack = (struct tcp_range){iss + 3001, iss + 4001};
	IN(.seq = ISS + 1, .ack = iss + 2001, .flags = TCP_ACK, .options = {.sack = &sack, .nr_sacks = 1});
	CHECK(out());
	CHECK_EQ(last.seq, iss + 2001); /* and so the one before is known to be lost */
	CHECK_EQ(counted(NET_COUNT_TCP_FAST_RETRANSMIT), 1);
	CHECK_EQ(counted(NET_COUNT_TCP_TIMEOUT), 0);
	IN(.seq = ISS + 1, .ack = iss + 4001, .flags = TCP_ACK);
	CHECK_EQ(tcp_unsent(tcp), 0);
	close_now(tcp);
	teardown();
}

/* Only the last is lost, and the probe repairs it: a sign of congestion all the same (RFC 8985 §7.4). */
TEST(tail_is_repaired_by_the_probe)
{
	struct tcp_connection *tcp;
	uint32_t cwnd;

	setup();
	tcp = open_passive((struct tcp_option_values){.sack_permitted = true});
	measure_rtt(tcp);
	cwnd = tcp->congestion.cwnd;
	send_all(tcp, 3000);
	out_all();
	pass(60 * NET_MILLISECOND);
	CHECK_EQ(out_all(), 1);
	IN(.seq = ISS + 1, .ack = iss + 3001, .flags = TCP_ACK);
	CHECK_EQ(tcp->congestion.cwnd, cwnd); /* not known yet whether the peer had both */
	send_all(tcp, 1000);
	IN(.seq = ISS + 1, .ack = iss + 4001, .flags = TCP_ACK);
	CHECK(tcp->congestion.cwnd < cwnd);
	close_now(tcp);
	teardown();
}

/* The peer has both the last segment and the probe: nothing was lost, nothing is reduced. */
TEST(needless_tail_probe)
{
	struct tcp_connection *tcp;
	struct tcp_range twice;
	uint32_t cwnd;

	setup();
	tcp = open_passive((struct tcp_option_values){.sack_permitted = true});
	measure_rtt(tcp);
	send_all(tcp, 3000);
	out_all();
	cwnd = tcp->congestion.cwnd;
	pass(60 * NET_MILLISECOND);
	CHECK_EQ(out_all(), 1);
	IN(.seq = ISS + 1, .ack = iss + 3001, .flags = TCP_ACK);
	twice = (struct tcp_range){iss + 2001, iss + 3001};
	IN(.seq = ISS + 1, .ack = iss + 3001, .flags = TCP_ACK, .options = {.sack = &twice, .nr_sacks = 1});
	CHECK(tcp->congestion.cwnd >= cwnd);
	CHECK(!tcp->tail.is_out);
	CHECK_EQ(counted(NET_COUNT_TCP_TIMEOUT), 0);
	close_now(tcp);
	teardown();
}

/* The peer takes back what it told by SACK: after a timeout all is sent again (RFC 2018 §8). */
TEST(peer_takes_back_what_it_told)
{
	struct tcp_connection *tcp;
	struct tcp_range sack;

	setup();
	tcp = open_passive((struct tcp_option_values){.sack_permitted = true});
	send_all(tcp, 5000);
	out_all();
	sack = (struct tcp_range){iss + 1001, iss + 5001};
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK, .options = {.sack = &sack, .nr_sacks = 1});
	CHECK(out());
	CHECK_EQ(last.seq, iss + 1);
	out_all();
	IN(.seq = ISS + 1, .ack = iss + 1001, .flags = TCP_ACK); /* and no word of the rest */
	out_all();
	pass(3 * NET_SECOND);
	CHECK(out());
	CHECK_EQ(last.seq, iss + 1001);
	out_all();
	for (uint32_t at = 2001; at <= 5001; at += 1000) {
		IN(.seq = ISS + 1, .ack = iss + at, .flags = TCP_ACK);
		pass(NET_MILLISECOND);
		out_all();
	}
	CHECK_EQ(tcp_unsent(tcp), 0);
	close_now(tcp);
	teardown();
}

TEST(window_starts_anew_after_a_rest)
{
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){.sack_permitted = true});
	measure_rtt(tcp);
	for (int i = 0; i < 4; i++)
		measure(tcp, 10000 + 10000 * (uint32_t)i);
	CHECK(tcp->congestion.cwnd > 20000);
	pass(10 * NET_SECOND);
	send_all(tcp, 50000);
	CHECK_EQ(out_all(), 10);
	close_now(tcp);
	teardown();
}

/* A sender's numbers wrap, with losses on both sides of the wrap. */
TEST(sent_numbers_wrap)
{
	struct net_flow flow = {.local = net_address_of_ip4(0x0a000001), .remote = net_address_of_ip4(PEER)};
	struct tcp_connection *tcp;
	struct tcp_range sacks[2];

	setup();
	us->stack.now_ns = wire.now_ns = wire.now_ns / 4000 * 4000;
	pass((uint64_t)(0xfffff000u - tcp_first_seq(&us->stack, &flow, OURS, THEIRS)) * 4000);
	tcp = open_passive((struct tcp_option_values){.sack_permitted = true});
	CHECK_EQ(iss, 0xfffff000u);
	send_all(tcp, 10000);
	CHECK_EQ(out_all(), 10);
	sacks[0] = (struct tcp_range){iss + 1001, iss + 4001};
	sacks[1] = (struct tcp_range){iss + 5001, iss + 10001};
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK, .options = {.sack = sacks, .nr_sacks = 2});
	CHECK_EQ(out_all(), 2);
	CHECK_EQ(last.seq, iss + 4001);
	IN(.seq = ISS + 1, .ack = iss + 10001, .flags = TCP_ACK);
	CHECK_EQ(tcp_unsent(tcp), 0);
	CHECK(!tcp->is_recovering);
	close_now(tcp);
	teardown();
}

TEST(lost_syn_makes_the_timer_patient)
{
	struct tcp_connection *tcp;

	setup();
	tcp = start_active();
	pass(1500 * NET_MILLISECOND);
	CHECK_EQ(out_all(), 1);
	IN(.seq = ISS, .ack = iss + 1, .flags = TCP_SYN | TCP_ACK, .options = {.mss = 1000});
	CHECK_EQ(tcp_state(tcp), TCP_ESTABLISHED);
	CHECK_EQ(tcp->rto_ns, 3 * NET_SECOND); /* RFC 6298 §5.7 */
	close_now(tcp);
	teardown();
}

TEST(user_timeout)
{
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	CHECK_EQ(tcp_set(tcp, TCP_SET_USER_TIMEOUT_NS, 5 * NET_SECOND), 0);
	CHECK_EQ(tcp_get(tcp, TCP_SET_USER_TIMEOUT_NS), 5 * NET_SECOND);
	send_all(tcp, 100);
	pass(4 * NET_SECOND);
	CHECK_EQ(tcp_state(tcp), TCP_ESTABLISHED);
	pass(10 * NET_SECOND);
	CHECK_EQ(tcp_error(tcp), ETIMEDOUT);
	close_now(tcp);
	teardown();
}

TEST(urgent_data_and_linger_abort)
{
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	host_begin(us);
	CHECK_EQ(tcp_send(tcp, (const uint8_t *)"abc", 3, TCP_OUT_OF_BAND), 3);
	host_end(us);
	CHECK(out());
	CHECK(last.flags & TCP_URG);
	CHECK_EQ(last.urgent, 3); /* behind the urgent byte, as Linux and all others (RFC 6093 §3.2) */
	CHECK_EQ(tcp_set(tcp, TCP_SET_LINGER_ABORT, 1), 0);
	close_now(tcp);
	CHECK(out());
	CHECK(last.flags & TCP_RST);
	CHECK_EQ(tcp_of(&us->stack)->nr_connections, 0);
	teardown();
}

static int refuse_to_transmit(struct net_interface *interface, struct net_packet *packet)
{
	net_packet_free(packet);
	return -ENOBUFS;
}

/* A full queue of the device is no loss: the same bytes go when there is room again, and the window stays. */
TEST(device_queue_is_full)
{
	struct tcp_connection *tcp;
	uint32_t cwnd;

	setup();
	tcp = open_passive((struct tcp_option_values){.sack_permitted = true});
	measure_rtt(tcp);
	cwnd = tcp->congestion.cwnd;
	us->interface.transmit = refuse_to_transmit;
	send_all(tcp, 5000);
	CHECK_EQ(tcp->send.next, iss + 1);
	us->interface.transmit = wire_transmit;
	pass(240 * NET_MILLISECOND);
	CHECK_EQ(out_all(), 5);
	CHECK_EQ(tcp->send.next, iss + 5001);
	CHECK_EQ(tcp->congestion.cwnd, cwnd);
	CHECK_EQ(counted(NET_COUNT_TCP_RETRANSMIT), 0);
	close_now(tcp);
	teardown();
}

/* Bytes are held back, and meanwhile the window closes: they are not forgotten. */
/* A writer found no room as memory was short; others made some; it hears of that with its own next acknowledgment. */
TEST(room_that_others_made)
{
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	send_all(tcp, 6000);
	CHECK_EQ(out_all(), 6);
	us->stack.memory_limit = 1;
	CHECK_EQ(tcp_send(tcp, (const uint8_t *)"x", 1, 0), -EAGAIN);
	us->stack.memory_limit = 0;
	us->events = 0;
	IN(.seq = ISS + 1, .ack = iss + 1001, .flags = TCP_ACK);
	CHECK(us->events & TCP_WRITABLE);
	close_now(tcp);
	teardown();
}

/* A reset lies in the window that the peer has now, not where we would go on: it would be dropped. */
TEST(reset_in_a_window_that_shrank)
{
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	send_all(tcp, 6000);
	CHECK_EQ(out_all(), 6);
	IN(.seq = ISS + 1, .ack = iss + 1001, .flags = TCP_ACK, .window = 500);
	CHECK_EQ(tcp_set(tcp, TCP_SET_LINGER_ABORT, 1), 0);
	close_now(tcp);
	CHECK(out());
	CHECK(last.flags & TCP_RST);
	CHECK_EQ(last.seq, iss + 1501);
	teardown();
}

/* What was sent is not lost because others use all the memory when the program closes. */
TEST(closed_while_memory_is_short)
{
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	send_all(tcp, 6000);
	CHECK_EQ(out_all(), 6);
	us->stack.memory_limit = 4000;
	close_now(tcp);
	CHECK(out());
	CHECK(last.flags & TCP_FIN && !(last.flags & TCP_RST));
	IN(.seq = ISS + 1, .ack = iss + 6002, .flags = TCP_ACK);
	CHECK_EQ(counted(NET_COUNT_TCP_ORPHAN_REFUSED), 0);
	us->stack.memory_limit = 0;
	teardown();
}

TEST(corked_with_a_closed_window)
{
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){0});
	CHECK_EQ(tcp_set(tcp, TCP_SET_CORK, 1), 0);
	send_all(tcp, 100);
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK, .has_no_window = true);
	pass(5 * NET_SECOND);
	CHECK(counted(NET_COUNT_TCP_PROBE) > 0);
	out_all();
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK);
	pass(NET_SECOND);
	CHECK(out());
	CHECK_EQ(last.len, 100);
	close_now(tcp);
	teardown();
}

/* A range that begins where all is acknowledged to is none (it would have been acknowledged). */
TEST(sack_of_nothing_missing)
{
	struct tcp_connection *tcp;
	struct tcp_range sack;

	setup();
	tcp = open_passive((struct tcp_option_values){.sack_permitted = true});
	send_all(tcp, 5000);
	out_all();
	sack = (struct tcp_range){iss + 1, iss + 3001};
	IN(.seq = ISS + 1, .ack = iss + 1, .flags = TCP_ACK, .options = {.sack = &sack, .nr_sacks = 1});
	CHECK_EQ(tcp->nr_sacked, 0);
	CHECK_EQ(out_all(), 0);
	close_now(tcp);
	teardown();
}

TEST_MAIN()
