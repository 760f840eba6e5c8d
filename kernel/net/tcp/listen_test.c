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

TEST(peer_that_begins_anew_before_it_was_accepted)
{
	setup();
	IN(.seq = ISS, .flags = TCP_SYN);
	CHECK(out());
	IN(.seq = ISS + 5000, .flags = TCP_SYN); /* the peer has forgotten the first */
	CHECK(out());
	CHECK_EQ(last.ack, ISS + 1);
	IN(.seq = last.ack, .flags = TCP_RST); /* and says so */
	IN(.seq = ISS + 5000, .flags = TCP_SYN);
	CHECK(out());
	CHECK_EQ(last.ack, ISS + 5001);
	IN(.seq = ISS + 5001, .ack = last.seq + 1, .flags = TCP_ACK);
	close_now(tcp_accept(listener));
	teardown();
}

TEST(segments_that_open_nothing)
{
	static const uint8_t flags[] = {0, TCP_FIN, TCP_SYN | TCP_FIN, TCP_SYN | TCP_RST, TCP_RST, TCP_URG | TCP_PSH, TCP_RST | TCP_ACK, 0xff};

	setup();
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		IN(.seq = ISS, .ack = 1, .flags = flags[i], .text = "x");
	CHECK_EQ(out_all(), 0);
	IN(.seq = ISS, .ack = 1, .flags = TCP_SYN | TCP_ACK);
	CHECK(out());
	CHECK_EQ(last.flags, TCP_RST);
	CHECK_EQ(listener->listener->nr_requests, 0);
	teardown();
}

static bool parses(const char *options, size_t len, struct tcp_segment *segment)
{
	*segment = (struct tcp_segment){0};
	return tcp_options_parse((const uint8_t *)options, len, segment);
}
#define PARSES(text, segment) parses(text, sizeof(text) - 1, segment)

TEST(options_malformed)
{
	struct tcp_segment s;

	CHECK(!PARSES("\x02", &s));
	CHECK(!PARSES("\x02\x00\x01\x01", &s));
	CHECK(!PARSES("\x02\x01\x01\x01", &s));
	CHECK(!PARSES("\x01\x01\x01\x08\x0a\x01", &s));
	CHECK(PARSES("\x02\x03\x05\x00", &s) && !s.has_mss); /* of another length: not it */
	CHECK(PARSES("\x03\x03\x0f\x00", &s) && s.has_scale && s.scale == 14);
	CHECK(PARSES("\x05\x0a\x00\x00\x00\x01\x00\x00\x00\x02\x01\x01", &s) && s.nr_sacks == 1);
	CHECK(PARSES("\x05\x0b\x00\x00\x00\x01\x00\x00\x00\x02\x01\x01", &s) && s.nr_sacks == 0);
	CHECK(PARSES("\x00\x02\x00", &s)); /* behind the end */
	CHECK(PARSES("\xfd\x04\x12\x34", &s)); /* unknown */
}

/* Smallest of all: segments are not made smaller than is sensible (as Linux: TCP_MIN_SND_MSS stands against this attack). */
TEST(tiny_mss)
{
	struct tcp_connection *tcp;

	setup();
	tcp = open_passive((struct tcp_option_values){.mss = 1});
	send_all(tcp, 500);
	CHECK(out());
	CHECK_EQ(last.len, TCP_MSS_MIN);
	close_now(tcp);
	teardown();
}

TEST(requests_of_all_listeners_have_a_limit)
{
	struct tcp_connection *other;

	setup();
	other = host_listen(us, 81, 100000);
	CHECK_EQ(tcp_listen(listener, 100000), 0);
	for (unsigned i = 0; i < 5000; i++) {
		IN(.seq = i, .flags = TCP_SYN, .from_port = (uint16_t)(6000 + i));
		out_all();
	}
	CHECK_EQ(tcp_of(&us->stack)->nr_requests, 4096);
	CHECK_EQ(counted(NET_COUNT_TCP_COOKIE_SENT), 5000 - 4096);
	close_now(other);
	teardown();
}

/* Cookies, and back again to requests, once the flood is over. */
TEST(flood_ends)
{
	struct tcp_connection *tcp;

	setup();
	for (unsigned i = 0; i < 1000; i++)
		IN(.seq = i * 77, .flags = TCP_SYN, .from_port = (uint16_t)(6000 + i));
	out_all();
	pass(200 * NET_SECOND);
	out_all();
	CHECK_EQ(listener->listener->nr_requests, 0);
	tcp = open_passive((struct tcp_option_values){.sack_permitted = true});
	CHECK(tcp && tcp->has_sack);
	CHECK_EQ(counted(NET_COUNT_TCP_COOKIE_GOOD), 0);
	close_now(tcp);
	teardown();
}

/* A cookie is good for a minute or two, of the same ends only, and not at all if none was sent lately. */
TEST(cookies_age)
{
	uint32_t cookie;

	setup();
	for (unsigned i = 0; i < 17; i++)
		IN(.seq = ISS, .flags = TCP_SYN, .from_port = (uint16_t)(6000 + i));
	out_all();
	cookie = last.seq;
	IN(.seq = ISS + 1, .ack = cookie + 1, .flags = TCP_ACK, .from_port = 6999);
	CHECK(!tcp_accept(listener));
	pass(40 * NET_SECOND);
	out_all();
	IN(.seq = ISS + 1, .ack = cookie + 1, .flags = TCP_ACK, .from_port = 6016);
	close_now(tcp_accept(listener));
	pass(200 * NET_SECOND);
	out_all();
	IN(.seq = ISS + 1, .ack = cookie + 1, .flags = TCP_ACK, .from_port = 6015);
	CHECK(!tcp_accept(listener));
	CHECK(out());
	CHECK_EQ(last.flags, TCP_RST);
	teardown();
}

TEST_MAIN()
