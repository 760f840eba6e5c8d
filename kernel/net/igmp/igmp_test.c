/* SPDX-License-Identifier: BSD-3-Clause */
/* IGMP with scripted packets: what is reported, to whom, when, and in which version. */
#include "kernel/net/igmp/igmp.h"
#include "kernel/net/ip4/ip4.h"
#include "tests/unit/test.h"

#define GROUP 0xe1020304u

static const struct net_environment environment = {.alloc = malloc, .free = free, .random = test_random};
static struct net_stack stack;
static struct net_interface interface;
static uint8_t sent[16][100];
static size_t sent_len[16];
static unsigned nr_sent;
static uint64_t now;

static int transmit(struct net_interface *i, struct net_packet *packet)
{
	sent_len[nr_sent % 16] = packet->len;
	net_packet_copy(packet, 0, sent[nr_sent++ % 16], min_u64(packet->len, 100));
	net_packet_free(packet);
	return 0;
}

static void setup(void)
{
	now = NET_SECOND;
	nr_sent = 0;
	net_stack_init(&stack, &environment);
	if (ip4_init(&stack) || igmp_init(&stack))
		abort();
	interface = (struct net_interface){.name = "eth0", .mtu = 1500, .flags = NET_IS_UP | NET_HAS_MULTICAST, .transmit = transmit, .link_ops = &net_raw_link};
	net_begin(&stack, now);
	net_interface_add(&stack, &interface);
	if (ip4_address_add(&stack, &interface, 0x0a000001, 24))
		abort();
}

static void teardown(void)
{
	net_interface_remove(&interface);
	igmp_fini(&stack);
	ip4_fini(&stack);
	CHECK(!stack.first_timer);
}

static void pass(uint64_t ns)
{
	uint64_t end = now + ns, next;

	while ((next = net_end(&stack)) <= end) {
		now = max_u64(now, next);
		net_begin(&stack, now);
		net_tick(&stack);
	}
	now = end;
	net_begin(&stack, now);
}

static void in(uint32_t to, uint8_t ttl, uint8_t *igmp, size_t len)
{
	struct net_packet *packet = net_packet_new(&stack, 0, 24 + len, 0);
	uint8_t *h = net_packet_append(packet, 24 + len);

	memset(h, 0, 24);
	h[0] = 0x46;
	wire_put16(h + 2, (uint16_t)(24 + len));
	h[8] = ttl;
	h[9] = 2;
	wire_put32(h + 12, 0x0a0000fe);
	wire_put32(h + 16, to);
	memcpy(h + 20, "\x94\4\0\0", 4);
	checksum_store(h + 10, checksum_fold(checksum_add(0, h, 24)));
	memcpy(h + 24, igmp, len);
	net_interface_input(&interface, packet);
	net_end(&stack);
}

static void query(uint32_t group, uint8_t delay, size_t len)
{
	uint8_t m[12] = {0x11, delay};

	wire_put32(m + 4, group);
	checksum_store(m + 2, checksum_fold(checksum_add(0, m, len)));
	in(group ? group : 0xe0000001, 1, m, len);
}

/* Is the i-th packet sent a whole report of version 3? */
static bool reported(unsigned i, uint8_t kind)
{
	const uint8_t *h = sent[i % 16], *m = h + 24;

	return i < nr_sent && sent_len[i % 16] == 40 && h[0] == 0x46 && h[8] == 1 && h[9] == 2 && !memcmp(h + 20, "\x94\4\0\0", 4) &&
	       !checksum_fold(checksum_add(0, h, 24)) && wire_get32(h + 12) == 0x0a000001 && wire_get32(h + 16) == 0xe0000016 && m[0] == 0x22 &&
	       wire_get16(m + 6) == 1 && m[8] == kind && wire_get32(m + 12) == GROUP && !checksum_fold(checksum_add(0, m, 16));
}

TEST(joins_and_leaves)
{
	setup();
	CHECK_EQ(ip4_group_join(&stack, &interface, GROUP), 0);
	CHECK_EQ(ip4_group_join(&stack, &interface, GROUP), 0);
	CHECK_EQ(nr_sent, 1);
	CHECK(reported(0, 4));
	pass(100 * NET_SECOND);
	CHECK_EQ(nr_sent, 2);
	CHECK(reported(1, 4));
	CHECK_EQ(ip4_group_leave(&stack, &interface, GROUP), 0);
	CHECK_EQ(nr_sent, 2);
	CHECK_EQ(ip4_group_leave(&stack, &interface, GROUP), 0);
	CHECK(reported(2, 3));
	CHECK_EQ(ip4_group_join(&stack, &interface, GROUP), 0); /* before the leave is told again */
	CHECK(reported(3, 4));
	pass(100 * NET_SECOND);
	CHECK_EQ(nr_sent, 5);
	CHECK(reported(4, 4));
	CHECK_EQ(ip4_group_join(&stack, &interface, 0xe0000001), 0); /* every host is in it anyway */
	CHECK_EQ(nr_sent, 5);
	teardown();
}

TEST(queries)
{
	setup();
	CHECK_EQ(ip4_group_join(&stack, &interface, GROUP), 0);
	pass(100 * NET_SECOND);
	nr_sent = 0;
	query(0, 100, 12);
	CHECK_EQ(nr_sent, 0);
	pass(10 * NET_SECOND + 1);
	CHECK_EQ(nr_sent, 1);
	CHECK(reported(0, 2));
	query(GROUP, 10, 12);
	pass(NET_SECOND + 1);
	CHECK_EQ(nr_sent, 2);
	query(GROUP + 1, 10, 12); /* not ours */
	pass(10 * NET_SECOND);
	CHECK_EQ(nr_sent, 2);
	query(0, 100, 8); /* version 2 */
	pass(10 * NET_SECOND + 1);
	CHECK_EQ(nr_sent, 3);
	CHECK_EQ(sent_len[2], 32);
	CHECK_EQ(sent[2][24], 0x16);
	CHECK_EQ(wire_get32(sent[2] + 16), GROUP);
	CHECK_EQ(ip4_group_leave(&stack, &interface, GROUP), 0);
	CHECK_EQ(nr_sent, 4);
	CHECK_EQ(sent[3][24], 0x17);
	CHECK_EQ(wire_get32(sent[3] + 16), 0xe0000002);
	CHECK_EQ(wire_get32(sent[3] + 28), GROUP);
	pass(500 * NET_SECOND);
	nr_sent = 0;
	CHECK_EQ(ip4_group_join(&stack, &interface, GROUP), 0);
	CHECK(reported(0, 4)); /* the old querier is gone */
	teardown();
}

TEST(bad_messages)
{
	uint8_t m[12] = {0x11, 10};

	setup();
	CHECK_EQ(ip4_group_join(&stack, &interface, GROUP), 0);
	pass(100 * NET_SECOND);
	nr_sent = 0;
	in(0xe0000001, 1, m, 12); /* no checksum */
	checksum_store(m + 2, checksum_fold(checksum_add(0, m, 12)));
	in(0xe0000001, 64, m, 12); /* from afar */
	in(0xe0000001, 1, m, 7);
	in(0xe0000001, 1, m, 9);
	CHECK_EQ(stack.count[NET_COUNT_GROUP_BAD], 4);
	for (int round = 0; round < 5000; round++) {
		uint8_t bytes[24];
		size_t len = test_random() % sizeof(bytes);

		for (size_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)test_random();
		if (len)
			bytes[0] = (uint8_t)(0x10 + test_random() % 4);
		in(0xe0000001, 1, bytes, len);
	}
	pass(100 * NET_SECOND);
	CHECK_EQ(nr_sent, 0);
	in(0xe0000001, 1, m, 12);
	pass(NET_SECOND + 1);
	CHECK(reported(0, 2));
	teardown();
}

TEST_MAIN()
