/* SPDX-License-Identifier: BSD-3-Clause */
/* ARP with scripted frames: asking, waiting, answering, failing. */
#include "kernel/net/ethernet/ethernet.h"
#include "kernel/net/ip4/ip4.h"
#include "tests/unit/test.h"

static const struct net_environment environment = {.alloc = malloc, .free = free, .random = test_random};
static struct net_stack stack;
static struct net_interface interface;
static uint8_t sent[64][2000];
static size_t sent_len[64];
static unsigned nr_sent;
static uint64_t now;
static const uint8_t our_hardware[6] = {2, 0, 0, 0, 0, 1}, their_hardware[6] = {2, 0, 0, 0, 0, 2};

static int transmit(struct net_interface *i, struct net_packet *packet)
{
	sent_len[nr_sent % 64] = packet->len;
	net_packet_copy(packet, 0, sent[nr_sent++ % 64], packet->len);
	net_packet_free(packet);
	return 0;
}

static void setup(void)
{
	now = NET_SECOND;
	net_stack_init(&stack, &environment);
	if (ip4_init(&stack))
		abort();
	interface = (struct net_interface){.name = "eth0", .mtu = 1500, .flags = NET_IS_UP, .transmit = transmit};
	memcpy(interface.hardware, our_hardware, 6);
	if (ethernet_attach(&stack, &interface))
		abort();
	net_begin(&stack, now);
	net_interface_add(&stack, &interface);
	if (ip4_address_add(&stack, &interface, 0x0a000001, 24))
		abort();
	nr_sent = 0;
}

static void teardown(void)
{
	net_interface_remove(&interface);
	ip4_fini(&stack);
}

static void frame(const uint8_t *bytes, size_t len)
{
	struct net_packet *packet = net_packet_new(&stack, 0, len, 0);

	memcpy(net_packet_append(packet, len), bytes, len);
	net_interface_input(&interface, packet);
	net_end(&stack);
}

static void arp(uint16_t operation, uint32_t sender, uint32_t target)
{
	uint8_t f[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	memcpy(f + 6, their_hardware, 6);
	wire_put16(f + 12, 0x0806);
	memcpy(f + 14, "\x00\x01\x08\x00\x06\x04", 6);
	wire_put16(f + 20, operation);
	memcpy(f + 22, their_hardware, 6);
	wire_put32(f + 28, sender);
	wire_put32(f + 38, target);
	frame(f, sizeof(f));
}

static int send_to(uint32_t address)
{
	struct net_flow flow = {.remote = net_address_of_ip4(address)};
	struct net_packet *packet = net_packet_new(&stack, NET_HEAD_ROOM, 8, 0);

	memset(net_packet_append(packet, 8), 0, 8);
	if (stack.network[NET_IP4]->route(&stack, &flow)) {
		net_packet_free(packet);
		return -ENETUNREACH;
	}
	return stack.network[NET_IP4]->send(&stack, &flow, packet, 200);
}

static void pass(uint64_t ns)
{
	now += ns;
	net_begin(&stack, now);
	net_tick(&stack);
	net_end(&stack);
}

TEST(asks_then_sends)
{
	setup();
	CHECK_EQ(send_to(0x0a000002), 0);
	CHECK_EQ(send_to(0x0a000002), 0);
	CHECK_EQ(nr_sent, 1);
	CHECK_EQ(wire_get16(sent[0] + 12), 0x0806);
	CHECK_EQ(wire_get32(sent[0] + 28), 0x0a000001);
	CHECK_EQ(wire_get32(sent[0] + 38), 0x0a000002);
	arp(2, 0x0a000002, 0x0a000001);
	CHECK_EQ(nr_sent, 3);
	CHECK(memcmp(sent[1], their_hardware, 6) == 0);
	CHECK_EQ(wire_get16(sent[2] + 12), 0x0800);
	teardown();
}

TEST(nobody_answers)
{
	setup();
	CHECK_EQ(send_to(0x0a000002), 0);
	for (int i = 0; i < 3; i++)
		pass(NET_SECOND);
	CHECK_EQ(nr_sent, 3);
	CHECK_EQ(send_to(0x0a000002), -EHOSTUNREACH);
	CHECK_EQ(stack.count[NET_COUNT_ARP_UNRESOLVED], 2);
	pass(4 * NET_SECOND);
	CHECK_EQ(send_to(0x0a000002), 0);
	CHECK_EQ(nr_sent, 4);
	teardown();
}

static unsigned nr_told;
static struct net_error told;

static bool take_error(struct net_stack *s, const struct net_flow *flow, const uint8_t *header, size_t len, const struct net_error *error)
{
	CHECK_EQ(s == &stack, 1);
	CHECK_EQ(net_address_ip4(&flow->remote), 0x0a000002);
	CHECK_EQ(net_address_ip4(&flow->local), 0x0a000001);
	CHECK_EQ(header[0], 0);
	CHECK_EQ(len, 8);
	nr_told++;
	told = *error;
	return true;
}

TEST(who_sent_hears_that_nobody_answers)
{
	static struct net_transport transport = {.protocol = 200, .error = take_error};

	setup();
	net_transport_add(&stack, &transport);
	CHECK_EQ(send_to(0x0a000002), 0);
	CHECK_EQ(send_to(0x0a000002), 0);
	pass(2 * NET_SECOND);
	CHECK_EQ(nr_told, 0);
	for (int i = 0; i < 3; i++)
		pass(NET_SECOND);
	CHECK_EQ(nr_told, 2);
	CHECK_EQ(told.error, EHOSTUNREACH);
	net_transport_remove(&stack, &transport);
	teardown();
}

TEST(answers_for_ours_only)
{
	setup();
	arp(1, 0x0a000002, 0x0a000001);
	CHECK_EQ(nr_sent, 1);
	CHECK_EQ(wire_get16(sent[0] + 20), 2);
	arp(1, 0x0a000003, 0x0a000007);
	arp(1, 0x0a000003, 0x7f000001);
	CHECK_EQ(nr_sent, 1);
	CHECK_EQ(send_to(0x0a000002), 0); /* who asked is known */
	CHECK_EQ(wire_get16(sent[1] + 12), 0x0800);
	CHECK_EQ(send_to(0x0a000003), 0); /* who did not ask us is not */
	CHECK_EQ(wire_get16(sent[2] + 12), 0x0806);
	teardown();
}

TEST(waiting_packets_are_limited)
{
	setup();
	for (int i = 0; i < 100; i++)
		CHECK_EQ(send_to(0x0a000002), 0);
	arp(2, 0x0a000002, 0x0a000001);
	CHECK_EQ(nr_sent, 1 + 16);
	CHECK_EQ(stack.count[NET_COUNT_ARP_QUEUE_FULL], 84);
	teardown();
}

TEST(table_is_limited)
{
	setup();
	for (uint32_t i = 2; i < 2000; i++)
		CHECK_EQ(ip4_address_add(&stack, &interface, 0x0b000001, 8), i == 2 ? 0 : -EEXIST);
	for (uint32_t i = 2; i < 2000; i++)
		CHECK_EQ(send_to(0x0b000000 + i), 0);
	CHECK(stack.count[NET_COUNT_ARP_TABLE_FULL] > 1400);
	teardown();
}

TEST(short_and_strange_frames)
{
	uint8_t f[64];

	setup();
	for (int round = 0; round < 20000; round++) {
		size_t len = test_random() % sizeof(f);

		for (size_t i = 0; i < sizeof(f); i++)
			f[i] = (uint8_t)test_random();
		if (len > 14 && test_random() % 8) {
			memcpy(f, our_hardware, 6);
			f[6] = 2;
			wire_put16(f + 12, test_random() % 2 ? 0x0806 : 0x0800);
			memcpy(f + 14, "\x00\x01\x08\x00\x06\x04", 6);
		}
		frame(f, len);
		if (round % 100 == 0)
			pass(NET_SECOND / 2);
	}
	teardown();
}

TEST_MAIN()
