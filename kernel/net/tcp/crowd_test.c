/* SPDX-License-Identifier: BSD-3-Clause */
/* Very many connections, after each other and at once: none is forgotten, none leaks. A million: bench/net, "exchange open 1000000". */
#include "kernel/net/tcp/wire_test.h"

enum { ROUND = 1000, ROUNDS = 100, AT_ONCE = 10000 };

static struct wire wire;
static struct tcp_connection *listener, *client[AT_ONCE], *server[AT_ONCE];

static void setup(void)
{
	wire_init(&wire, 1500, 0);
	listener = host_listen(&wire.host[1], 80, AT_ONCE);
}

/* Opens them all, and says something on each in both directions. */
static void open_all(unsigned nr)
{
	struct net_address to = net_address_of_ip4(wire.host[1].address);
	uint8_t text[4];

	host_begin(&wire.host[0]);
	for (unsigned i = 0; i < nr; i++) {
		client[i] = tcp_new(&wire.host[0].stack, NULL, NULL);
		CHECK_EQ(tcp_connect(client[i], &to, 80), 0);
	}
	host_end(&wire.host[0]);
	wire_run(&wire, 30 * NET_MILLISECOND);
	host_begin(&wire.host[0]);
	for (unsigned i = 0; i < nr; i++) {
		wire_put32(text, i);
		CHECK_EQ(tcp_send(client[i], text, 4, 0), 4);
	}
	host_end(&wire.host[0]);
	wire_run(&wire, 30 * NET_MILLISECOND);
	host_begin(&wire.host[1]);
	for (unsigned i = 0; i < nr; i++) {
		server[i] = tcp_accept(listener);
		CHECK(server[i]);
		CHECK_EQ(host_read(server[i], text, 4), 4);
		CHECK_EQ(tcp_send(server[i], text, 4, 0), 4);
	}
	host_end(&wire.host[1]);
	wire_run(&wire, 60 * NET_MILLISECOND);
	host_begin(&wire.host[0]);
	for (unsigned i = 0; i < nr; i++) {
		CHECK_EQ(host_read(client[i], text, 4), 4);
		CHECK_EQ(wire_get32(text), i);
	}
	host_end(&wire.host[0]);
}

static void close_side(int side, struct tcp_connection **tcp, unsigned nr)
{
	host_begin(&wire.host[side]);
	for (unsigned i = 0; i < nr; i++)
		tcp_close(tcp[i]);
	host_end(&wire.host[side]);
	wire_run(&wire, 30 * NET_MILLISECOND);
}

static void close_all(unsigned nr, bool client_first)
{
	close_side(client_first ? 0 : 1, client_first ? client : server, nr);
	close_side(client_first ? 1 : 0, client_first ? server : client, nr);
}

TEST(a_hundred_thousand_after_each_other)
{
	size_t before;

	setup();
	before = wire_allocated;
	for (unsigned round = 0; round < ROUNDS; round++) {
		open_all(ROUND);
		close_all(ROUND, round % 2);
	}
	CHECK_EQ(wire.host[1].stack.count[NET_COUNT_TCP_PASSIVE_OPEN], ROUND * ROUNDS);
	CHECK_EQ(wire.host[0].stack.count[NET_COUNT_TCP_TIMEOUT], 0);
	wire_run(&wire, 100 * NET_SECOND);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(tcp_of(&wire.host[i].stack)->nr_connections, 0);
		CHECK_EQ(wire.host[i].stack.memory, 0);
	}
	CHECK(wire_allocated <= before + 2); /* the tables of those that wait out their time stay */
	tcp_close(listener);
	wire_fini(&wire);
	CHECK_EQ(wire_allocated, 0);
}

TEST(ten_thousand_at_once)
{
	setup();
	CHECK_EQ(tcp_listen(listener, AT_ONCE), 0);
	open_all(AT_ONCE);
	CHECK_EQ(tcp_of(&wire.host[1].stack)->nr_connections, AT_ONCE);
	close_all(AT_ONCE, true);
	wire_run(&wire, 100 * NET_SECOND);
	CHECK_EQ(tcp_of(&wire.host[0].stack)->nr_connections + tcp_of(&wire.host[1].stack)->nr_connections, 0);
	tcp_close(listener);
	wire_fini(&wire);
	CHECK_EQ(wire_allocated, 0);
}

TEST_MAIN()
