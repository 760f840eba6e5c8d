/* SPDX-License-Identifier: BSD-3-Clause */
/* Two stacks back to back: what one sends is what the other receives, however bad the wire. */
#include "kernel/net/tcp/wire_test.h"

struct stream {
	struct tcp_connection *tcp;
	uint64_t sent, received, total;
	bool is_shut, at_end;
};

static uint8_t byte_at(uint64_t at)
{
	return (uint8_t)(at * 0x9e3779b97f4a7c15u >> 56);
}

/* Writes and reads what is possible now; false: wrong bytes. */
static bool stream_turn(struct host *host, struct stream *s)
{
	uint8_t buffer[20000];
	long n;

	host_begin(host);
	while (s->sent < s->total) {
		size_t len = min_u64(test_random() % sizeof(buffer) + 1, s->total - s->sent);

		for (size_t i = 0; i < len; i++)
			buffer[i] = byte_at(s->sent + i);
		n = tcp_send(s->tcp, buffer, len, 0);
		if (n <= 0)
			break;
		s->sent += (uint64_t)n;
	}
	if (s->sent == s->total && !s->is_shut) {
		s->is_shut = true;
		(void)tcp_shutdown(s->tcp, false, true);
	}
	while ((n = host_read(s->tcp, buffer, test_random() % sizeof(buffer) + 1)) > 0) {
		for (long i = 0; i < n; i++)
			if (buffer[i] != byte_at(s->received + (uint64_t)i))
				return false;
		s->received += (uint64_t)n;
	}
	s->at_end |= n == 0;
	host_end(host);
	return n == 0 || n == -EAGAIN;
}

static void connect_streams(struct wire *wire, struct stream *a, struct stream *b, uint64_t there, uint64_t back, bool has_ecn)
{
	struct net_address to = wire->is_ip6 ? wire->host[1].address6 : net_address_of_ip4(wire->host[1].address);
	struct tcp_connection *listener = host_listen(&wire->host[1], 80, 5);

	*a = (struct stream){.total = there, .tcp = tcp_new(&wire->host[0].stack, host_event, &wire->host[0])};
	*b = (struct stream){.total = back};
	if (has_ecn) {
		CHECK_EQ(tcp_set(listener, TCP_SET_ECN, 1), 0);
		CHECK_EQ(tcp_set(a->tcp, TCP_SET_ECN, 1), 0);
	}
	host_begin(&wire->host[0]);
	CHECK_EQ(tcp_connect(a->tcp, &to, 80), 0);
	host_end(&wire->host[0]);
	for (int i = 0; i < 1000 && !b->tcp; i++) {
		wire_run(wire, 100 * NET_MILLISECOND);
		b->tcp = tcp_accept(listener);
	}
	CHECK(b->tcp);
	tcp_set_owner(b->tcp, host_event, &wire->host[1]);
	tcp_close(listener);
}

static void transfer(struct wire *wire, uint64_t there, uint64_t back, bool has_ecn)
{
	struct stream a, b;
	uint64_t steps = 0;

	connect_streams(wire, &a, &b, there, back, has_ecn);
	while (!(a.at_end && b.at_end)) {
		CHECK(stream_turn(&wire->host[0], &a));
		CHECK(stream_turn(&wire->host[1], &b));
		if (a.at_end && b.at_end)
			break;
		CHECK(wire_step(wire, NET_NEVER - 1));
		CHECK(++steps < 2000000);
	}
	CHECK_EQ(a.received, back);
	CHECK_EQ(b.received, there);
	tcp_close(a.tcp);
	tcp_close(b.tcp);
	wire_run(wire, 300 * NET_SECOND);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(tcp_of(&wire->host[i].stack)->nr_connections, 0);
		CHECK(!wire->host[i].stack.first_timer);
	}
}

TEST(perfect_wire)
{
	struct wire wire;

	wire_init(&wire, 1500, 0);
	transfer(&wire, 3000000, 1000000, false);
	CHECK_EQ(wire.host[0].stack.count[NET_COUNT_TCP_RETRANSMIT], 0);
	CHECK_EQ(wire.host[1].stack.count[NET_COUNT_TCP_OUT_OF_ORDER], 0);
	CHECK(wire.now_ns < 320 * NET_SECOND);
	wire_fini(&wire);
}

TEST(large_segments)
{
	struct wire wire;

	wire_init(&wire, 1500, NET_OFFLOAD_TSO4 | NET_OFFLOAD_CHECKSUM);
	wire.host[0].interface.offloads = wire.host[1].interface.offloads = NET_OFFLOAD_TSO4;
	transfer(&wire, 5000000, 0, false);
	CHECK_EQ(wire.host[0].stack.count[NET_COUNT_TCP_RETRANSMIT], 0);
	wire_fini(&wire);
}

static void bad_wire_of(bool is_ip6, unsigned lost, unsigned doubled, uint64_t jitter_ns, bool has_cubic, uint32_t offloads)
{
	struct wire wire;

	wire_init(&wire, 1500, offloads);
	wire.is_ip6 = is_ip6;
	wire.lost = lost;
	wire.doubled = doubled;
	wire.jitter_ns = jitter_ns;
	if (has_cubic)
		for (int i = 0; i < 2; i++)
			CHECK_EQ(cubic_init(&wire.host[i].stack), 0);
	transfer(&wire, 1000000, 300000, false);
	wire_fini(&wire);
}

static void bad_wire(unsigned lost, unsigned doubled, uint64_t jitter_ns, bool has_cubic, uint32_t offloads)
{
	bad_wire_of(false, lost, doubled, jitter_ns, has_cubic, offloads);
}

TEST(loss_reno)
{
	bad_wire(20, 0, 0, false, 0);
}

TEST(loss_cubic)
{
	bad_wire(20, 0, 0, true, 0);
}

TEST(much_loss)
{
	bad_wire(150, 20, 3 * NET_MILLISECOND, true, 0);
}

TEST(reordering_and_duplicates)
{
	bad_wire(0, 100, 20 * NET_MILLISECOND, true, 0);
}

TEST(large_segments_with_loss)
{
	bad_wire(20, 10, NET_MILLISECOND, true, NET_OFFLOAD_TSO4);
}

TEST(congestion_marks)
{
	struct wire wire;

	wire_init(&wire, 1500, 0);
	wire.mark_ce = 20;
	transfer(&wire, 1000000, 100000, true);
	CHECK(wire.host[0].stack.count[NET_COUNT_TCP_ECN_REDUCED] > 0);
	CHECK_EQ(wire.host[0].stack.count[NET_COUNT_TCP_RETRANSMIT], 0);
	wire_fini(&wire);
}

TEST(narrow_path)
{
	struct wire wire;

	wire_init(&wire, 1500, 0);
	wire.path_mtu = 1000;
	transfer(&wire, 500000, 500000, false);
	CHECK_EQ(wire.host[0].stack.count[NET_COUNT_TCP_TIMEOUT], 0);
	CHECK(wire.host[0].stack.count[NET_COUNT_ICMP_IN] > 0);
	CHECK(wire.host[0].stack.count[NET_COUNT_ICMP_IN] < 50);
	wire_fini(&wire);
}

/* What the link takes without 40 and 20 bytes of headers. */
TEST(ip6_segment_size)
{
	struct stream a, b;
	struct wire wire;

	wire_init(&wire, 1500, 0);
	wire.is_ip6 = true;
	connect_streams(&wire, &a, &b, 1, 1, false);
	CHECK_EQ(a.tcp->send.peer_mss, 1440);
	CHECK_EQ(b.tcp->send.peer_mss, 1440);
	tcp_close(a.tcp);
	tcp_close(b.tcp);
	wire_run(&wire, 300 * NET_SECOND);
	wire_fini(&wire);
}

TEST(ip6_perfect_wire)
{
	struct wire wire;

	wire_init(&wire, 1500, 0);
	wire.is_ip6 = true;
	transfer(&wire, 3000000, 1000000, false);
	CHECK_EQ(wire.host[0].stack.count[NET_COUNT_TCP_RETRANSMIT], 0);
	CHECK_EQ(wire.host[1].stack.count[NET_COUNT_TCP_OUT_OF_ORDER], 0);
	wire_fini(&wire);
}

TEST(ip6_bad_wires)
{
	bad_wire_of(true, 20, 0, 0, true, 0);
	bad_wire_of(true, 100, 20, 3 * NET_MILLISECOND, true, 0);
	bad_wire_of(true, 20, 10, NET_MILLISECOND, true, NET_OFFLOAD_TSO6);
}

TEST(ip6_large_segments)
{
	struct wire wire;

	wire_init(&wire, 1500, NET_OFFLOAD_TSO6);
	wire.is_ip6 = true;
	transfer(&wire, 5000000, 0, false);
	CHECK_EQ(wire.host[0].stack.count[NET_COUNT_TCP_RETRANSMIT], 0);
	CHECK(wire.host[0].stack.count[NET_COUNT_TCP_OUT] < 5000000 / 1440 * 4 / 5); /* the rest was cut by the device */
	wire_fini(&wire);
}

TEST(ip6_congestion_marks)
{
	struct wire wire;

	wire_init(&wire, 1500, 0);
	wire.is_ip6 = true;
	wire.mark_ce = 20;
	transfer(&wire, 1000000, 100000, true);
	CHECK(wire.host[0].stack.count[NET_COUNT_TCP_ECN_REDUCED] > 0);
	CHECK_EQ(wire.host[0].stack.count[NET_COUNT_TCP_RETRANSMIT], 0);
	wire_fini(&wire);
}

TEST(ip6_narrow_path)
{
	struct wire wire;

	wire_init(&wire, 1500, 0);
	wire.is_ip6 = true;
	wire.path_mtu = 1300;
	transfer(&wire, 500000, 500000, false);
	CHECK_EQ(wire.host[0].stack.count[NET_COUNT_TCP_TIMEOUT], 0);
	CHECK(wire.host[0].stack.count[NET_COUNT_ICMP_IN] > 0);
	CHECK(wire.host[0].stack.count[NET_COUNT_ICMP_IN] < 50);
	wire_fini(&wire);
}

/* Both versions come to one listener; a link-local peer is answered through its interface. */
TEST(ip6_link_local)
{
	struct net_address ours = {.byte = {0xfe, 0x80, [15] = 1}}, theirs = {.byte = {0xfe, 0x80, [15] = 2}};
	struct tcp_connection *listener, *a, *b;
	struct wire wire;
	uint8_t got[8];

	wire_init(&wire, 1500, 0);
	CHECK_EQ(ip6_address_add(&wire.host[0].stack, &wire.host[0].interface, &ours, 64, IP6_NO_PROBE), 0);
	CHECK_EQ(ip6_address_add(&wire.host[1].stack, &wire.host[1].interface, &theirs, 64, IP6_NO_PROBE), 0);
	listener = host_listen(&wire.host[1], 80, 5);
	a = tcp_new(&wire.host[0].stack, NULL, NULL);
	host_begin(&wire.host[0]);
	CHECK_EQ(tcp_connect(a, &theirs, 80), -EINVAL); /* of which link? */
	tcp_bind_interface(a, &wire.host[0].interface);
	CHECK_EQ(tcp_connect(a, &theirs, 80), 0);
	host_end(&wire.host[0]);
	wire_run(&wire, NET_SECOND);
	b = tcp_accept(listener);
	CHECK(b);
	host_begin(&wire.host[0]);
	CHECK_EQ(tcp_send(a, (const uint8_t *)"hello", 5, 0), 5);
	host_end(&wire.host[0]);
	wire_run(&wire, NET_SECOND);
	CHECK_EQ(host_read(b, got, sizeof(got)), 5);
	tcp_close(a);
	a = tcp_new(&wire.host[0].stack, NULL, NULL);
	tcp_bind_interface(a, &wire.host[0].interface);
	host_begin(&wire.host[0]);
	CHECK_EQ(tcp_connect(a, &theirs, 81), 0);
	host_end(&wire.host[0]);
	wire_run(&wire, NET_SECOND);
	CHECK_EQ(tcp_state(a), TCP_CLOSED); /* the refusal found its way */
	tcp_close(a);
	tcp_close(b);
	tcp_close(listener);
	wire_run(&wire, 300 * NET_SECOND);
	wire_fini(&wire);
}

/* The peer is away for a while, and comes back. */
TEST(cable_pulled)
{
	struct stream a, b;
	struct wire wire;
	uint64_t until;

	wire_init(&wire, 1500, 0);
	connect_streams(&wire, &a, &b, 3000000, 0, false);
	for (int i = 0; i < 300; i++) {
		CHECK(stream_turn(&wire.host[0], &a));
		CHECK(stream_turn(&wire.host[1], &b));
		wire_step(&wire, NET_NEVER - 1);
	}
	CHECK(b.received < 3000000);
	wire.is_cut = true;
	for (until = wire.now_ns + 60 * NET_SECOND; wire_step(&wire, until);)
		CHECK(stream_turn(&wire.host[1], &b));
	wire.is_cut = false;
	while (!b.at_end) {
		CHECK(stream_turn(&wire.host[0], &a));
		CHECK(stream_turn(&wire.host[1], &b));
		CHECK(b.at_end || wire_step(&wire, NET_NEVER - 1));
	}
	CHECK_EQ(b.received, 3000000);
	tcp_close(a.tcp);
	tcp_close(b.tcp);
	wire_run(&wire, 300 * NET_SECOND);
	wire_fini(&wire);
}

TEST(many_connections_leave_nothing)
{
	struct net_address to = net_address_of_ip4(0x0a000002);
	struct tcp_connection *listener, *a[100], *b;
	struct wire wire;

	wire_init(&wire, 1500, 0);
	listener = host_listen(&wire.host[1], 80, 200);
	for (int round = 0; round < 20; round++) {
		host_begin(&wire.host[0]);
		for (int i = 0; i < 100; i++) {
			a[i] = tcp_new(&wire.host[0].stack, NULL, NULL);
			CHECK_EQ(tcp_connect(a[i], &to, 80), 0);
		}
		host_end(&wire.host[0]);
		wire_run(&wire, 100 * NET_MILLISECOND);
		for (int i = 0; i < 100; i++)
			tcp_close(a[i]);
		while ((b = tcp_accept(listener)))
			tcp_close(b);
		host_begin(&wire.host[0]);
		host_end(&wire.host[0]);
		wire_run(&wire, 100 * NET_MILLISECOND);
	}
	CHECK_EQ(wire.host[1].stack.count[NET_COUNT_TCP_PASSIVE_OPEN], 2000);
	tcp_close(listener);
	wire_run(&wire, 100 * NET_SECOND);
	CHECK_EQ(tcp_of(&wire.host[0].stack)->nr_connections + tcp_of(&wire.host[1].stack)->nr_connections, 0);
	wire_fini(&wire);
}

/* Memory fails now and then, of every kind: all arrives, later. */
TEST(no_memory_now_and_then)
{
	struct stream a, b;
	struct wire wire;
	uint64_t steps = 0;

	wire_init(&wire, 1500, 0);
	connect_streams(&wire, &a, &b, 500000, 200000, false);
	wire_failing = 30;
	while (!(a.at_end && b.at_end)) {
		(void)stream_turn(&wire.host[0], &a); /* sending may say -ENOBUFS */
		(void)stream_turn(&wire.host[1], &b);
		if (!wire_step(&wire, NET_NEVER - 1) || ++steps > 2000000)
			break;
	}
	wire_failing = 0;
	CHECK_EQ(a.received, 200000);
	CHECK_EQ(b.received, 500000);
	tcp_close(a.tcp);
	tcp_close(b.tcp);
	wire_run(&wire, 300 * NET_SECOND);
	CHECK_EQ(tcp_of(&wire.host[0].stack)->nr_connections + tcp_of(&wire.host[1].stack)->nr_connections, 0);
	wire_fini(&wire);
}

TEST(model_of_wires)
{
	for (int round = 0; round < 12; round++)
		bad_wire(test_random() % 100, test_random() % 100, test_random() % (30 * NET_MILLISECOND), test_random() % 2,
			 test_random() % 2 ? NET_OFFLOAD_TSO4 : 0);
}

TEST(loopback)
{
	struct wire wire;
	struct host *h = &wire.host[0];
	struct net_address self = net_address_of_ip4(0x7f000001);
	struct tcp_connection *listener, *a, *b;
	uint8_t bytes[5] = "hello", got[8];

	wire_init(&wire, 1500, 0);
	host_begin(h);
	listener = host_listen(h, 80, 1);
	a = tcp_new(&h->stack, NULL, NULL);
	CHECK_EQ(tcp_connect(a, &self, 80), 0);
	host_end(h);
	b = tcp_accept(listener);
	CHECK(b);
	CHECK_EQ(tcp_state(a), TCP_ESTABLISHED);
	host_begin(h);
	CHECK_EQ(tcp_send(a, bytes, 5, 0), 5);
	host_end(h);
	CHECK_EQ(host_read(b, got, sizeof(got)), 5);
	CHECK(memcmp(got, bytes, 5) == 0);
	host_begin(h);
	tcp_close(a);
	tcp_close(b);
	tcp_close(listener);
	host_end(h);
	wire_run(&wire, 200 * NET_SECOND);
	CHECK_EQ(tcp_of(&h->stack)->nr_connections, 0);
	wire_fini(&wire);
}

TEST_MAIN()
