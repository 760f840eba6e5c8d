/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv4 with scripted packets: what is answered, what is dropped and why, how fragments join, which way packets go. */
#include "kernel/net/ip4/internal.h"
#include "tests/unit/test.h"

#define US 0x0a000001u
#define PEER 0x0a000002u

static const struct net_environment environment = {.alloc = malloc, .free = free, .random = test_random};
static struct net_stack stack;
static struct net_interface interface, second, loopback;
static uint8_t sent[2000];
static size_t sent_len;
static unsigned nr_sent, nr_delivered;
static uint8_t delivered[70000];
static size_t delivered_len;

static int transmit(struct net_interface *i, struct net_packet *packet)
{
	sent_len = min_u64(packet->len, sizeof(sent));
	net_packet_copy(packet, 0, sent, sent_len);
	net_packet_free(packet);
	nr_sent++;
	return 0;
}

static void deliver(struct net_stack *s, const struct net_flow *flow, struct net_packet *packet)
{
	delivered_len = packet->len;
	net_packet_copy(packet, 0, delivered, packet->len);
	net_packet_free(packet);
	nr_delivered++;
}

static struct net_transport transport = {.protocol = 200, .input = deliver};

static void setup(void)
{
	net_stack_init(&stack, &environment);
	if (ip4_init(&stack))
		abort();
	net_transport_add(&stack, &transport);
	interface = (struct net_interface){.name = "eth0", .mtu = 1500, .flags = NET_IS_UP, .transmit = transmit, .link_ops = &net_raw_link};
	second = interface;
	second.name[3] = '1';
	net_loopback_init(&stack, &loopback);
	net_begin(&stack, NET_SECOND);
	net_interface_add(&stack, &interface);
	net_interface_add(&stack, &second);
	if (ip4_address_add(&stack, &interface, US, 24) || ip4_address_add(&stack, &second, 0xc0a80001, 16))
		abort();
	nr_sent = nr_delivered = 0;
}

struct in {
	uint32_t from, to;
	uint16_t id, fragment;
	uint8_t protocol, options[8];
	const uint8_t *data;
	size_t len, options_len;
};

static void in_packet(const struct in *i)
{
	size_t header = 20 + i->options_len;
	struct net_packet *packet = net_packet_new(&stack, 0, header + i->len, 0);
	uint8_t *h = net_packet_append(packet, header + i->len);

	memset(h, 0, header);
	h[0] = (uint8_t)(0x40 | header / 4);
	wire_put16(h + 2, (uint16_t)(header + i->len));
	wire_put16(h + 4, i->id);
	wire_put16(h + 6, i->fragment);
	h[8] = 64;
	h[9] = i->protocol ? i->protocol : 200;
	wire_put32(h + 12, i->from ? i->from : PEER);
	wire_put32(h + 16, i->to ? i->to : US);
	memcpy(h + 20, i->options, i->options_len);
	checksum_store(h + 10, checksum_fold(checksum_add(0, h, header)));
	if (i->len)
		memcpy(h + header, i->data, i->len);
	net_interface_input(&interface, packet);
	net_end(&stack);
}
#define IN(...) in_packet(&(struct in){__VA_ARGS__})

static void echo(uint32_t to)
{
	uint8_t icmp[12] = {8, 0, 0, 0, 1, 2, 3, 4, 'p', 'i', 'n', 'g'};

	checksum_store(icmp + 2, checksum_fold(checksum_add(0, icmp, sizeof(icmp))));
	IN(.to = to, .protocol = 1, .data = icmp, .len = sizeof(icmp));
}

TEST(echo_is_answered)
{
	setup();
	echo(US);
	CHECK_EQ(nr_sent, 1);
	CHECK_EQ(sent_len, 32);
	CHECK_EQ(sent[20], 0);
	CHECK_EQ(wire_get32(sent + 12), US);
	CHECK_EQ(wire_get32(sent + 16), PEER);
	CHECK(memcmp(sent + 28, "ping", 4) == 0);
	CHECK_EQ(checksum_fold(checksum_add(0, sent + 20, 12)), 0);
	echo(0x0a0000ff); /* not to a broadcast */
	CHECK_EQ(nr_sent, 1);
	ip4_fini(&stack);
}

TEST(what_may_not_come_from_a_link)
{
	static const uint8_t byte[8];

	setup();
	IN(.from = US, .data = byte, .len = 8); /* land */
	IN(.from = 0x7f000001, .data = byte, .len = 8);
	IN(.to = 0x7f000001, .data = byte, .len = 8);
	IN(.from = 0xe0000001, .data = byte, .len = 8);
	IN(.from = 0x0a0000ff, .data = byte, .len = 8);
	CHECK_EQ(stack.count[NET_COUNT_IP_BAD_SOURCE], 5);
	IN(.to = 0x0a000063, .data = byte, .len = 8);
	CHECK_EQ(stack.count[NET_COUNT_IP_NOT_FOR_US], 1);
	CHECK_EQ(nr_delivered, 0);
	IN(.to = 0xffffffff, .data = byte, .len = 8);
	IN(.data = byte, .len = 8);
	CHECK_EQ(nr_delivered, 2);
	IN(.protocol = 201, .data = byte, .len = 8);
	CHECK_EQ(nr_sent, 1);
	CHECK_EQ(sent[20] << 8 | sent[21], 0x0302);
	ip4_fini(&stack);
}

TEST(options)
{
	setup();
	IN(.options = {1, 1, 1, 0}, .options_len = 4);
	IN(.options = {7, 7, 4, 0, 0, 0, 0, 0}, .options_len = 8); /* record route: not recorded */
	CHECK_EQ(nr_delivered, 2);
	IN(.options = {7, 0, 0, 0}, .options_len = 4);
	IN(.options = {7, 1, 0, 0}, .options_len = 4);
	IN(.options = {7, 5, 0, 0}, .options_len = 4);
	IN(.options = {1, 1, 1, 7}, .options_len = 4);
	IN(.options = {131, 4, 4, 0}, .options_len = 4); /* source route */
	CHECK_EQ(stack.count[NET_COUNT_IP_BAD_OPTIONS], 5);
	CHECK_EQ(nr_delivered, 2);
	ip4_fini(&stack);
}

TEST(routes)
{
	struct ip4_route route = {.gateway = 0x0a0000fe, .interface = &interface};
	struct net_flow flow = {.remote = net_address_of_ip4(0x08080808)};
	const struct net_network *network;

	setup();
	network = stack.network[NET_IP4];
	CHECK_EQ(network->route(&stack, &flow), -ENETUNREACH);
	CHECK_EQ(ip4_route_add(&stack, &route), 0);
	CHECK_EQ(ip4_route_add(&stack, &route), -EEXIST);
	CHECK_EQ(network->route(&stack, &flow), 0);
	CHECK_EQ(net_address_ip4(&flow.next_hop), 0x0a0000fe);
	CHECK_EQ(net_address_ip4(&flow.local), US);
	route = (struct ip4_route){.destination = 0x08080000, .prefix = 16, .gateway = 0xc0a80009, .interface = &second, .mtu = 1400};
	CHECK_EQ(ip4_route_add(&stack, &route), 0);
	CHECK_EQ(network->route(&stack, &flow), 0);
	CHECK(flow.interface == &second);
	CHECK_EQ(flow.mtu, 1400);
	CHECK_EQ(net_address_ip4(&flow.local), US); /* an end does not change its address */
	route.gateway = 0x01020304;
	route.metric = 7;
	CHECK_EQ(ip4_route_add(&stack, &route), -ENETUNREACH);
	net_interface_remove(&second);
	CHECK_EQ(network->route(&stack, &flow), 0);
	CHECK(flow.interface == &interface);
	CHECK_EQ(ip4_address_remove(&stack, &interface, US), 0);
	CHECK_EQ(ip4_address_remove(&stack, &interface, US), -EADDRNOTAVAIL);
	ip4_fini(&stack);
}

/* Fragments in any order make the whole; each with one that overlaps, or too many at once, do not. */
TEST(reassembly_model)
{
	static uint8_t bytes[65000];

	setup();
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)test_random();
	for (int round = 0; round < 300; round++) {
		size_t total = test_random() % (round % 10 ? 4000 : sizeof(bytes) - 100) + 20, cut[200], nr = 0;
		bool overlaps = test_random() % 4 == 0;
		unsigned before = nr_delivered;

		for (size_t at = 0; at < total && nr < 190; at += (test_random() % 100 + 5) * 8)
			cut[nr++] = at;
		if (nr == 1)
			overlaps = false;
		for (size_t i = nr; i > 1; i--) {
			size_t other = test_random() % i, keep = cut[i - 1];

			cut[i - 1] = cut[other];
			cut[other] = keep;
		}
		for (size_t i = 0; i < nr; i++) {
			size_t end = total;

			for (size_t j = 0; j < nr; j++)
				if (cut[j] > cut[i] && cut[j] < end)
					end = cut[j];
			IN(.id = (uint16_t)round, .fragment = (uint16_t)(cut[i] / 8 | (end < total ? IP4_MF : 0)), .data = bytes + cut[i],
			   .len = end - cut[i]);
			if (overlaps && i == 0)
				IN(.id = (uint16_t)round, .fragment = (uint16_t)((cut[i] + 8) / 8 | IP4_MF), .data = bytes, .len = 800);
		}
		if (!overlaps) {
			CHECK_EQ(nr_delivered, before + 1);
			CHECK_EQ(delivered_len, total);
			CHECK(memcmp(delivered, bytes, total) == 0);
		}
		if (round % 20 == 0) {
			net_begin(&stack, stack.now_ns + 31 * NET_SECOND);
			net_tick(&stack);
			CHECK_EQ(ip4_of(&stack)->reassembler.nr, 0);
			CHECK_EQ(ip4_of(&stack)->reassembler.bytes, 0);
		}
	}
	CHECK(stack.count[NET_COUNT_IP_FRAGMENT_OVERLAP] > 0);
	for (int i = 0; i < 5000; i++)
		IN(.id = (uint16_t)i, .fragment = IP4_MF, .data = bytes, .len = 1400);
	CHECK_EQ(ip4_of(&stack)->reassembler.nr, NET_REASSEMBLY_MAX);
	CHECK_EQ(ip4_of(&stack)->reassembler.bytes, NET_REASSEMBLY_MAX * 1400);
	ip4_fini(&stack);
}

TEST(errors_are_limited)
{
	static const uint8_t byte[8];

	setup();
	for (int i = 0; i < 1000; i++)
		IN(.protocol = 201, .data = byte, .len = 8);
	CHECK_EQ(nr_sent, 50);
	CHECK_EQ(stack.count[NET_COUNT_ICMP_LIMITED], 950);
	ip4_fini(&stack);
}

TEST(random_packets)
{
	setup();
	for (int round = 0; round < 20000; round++) {
		size_t len = test_random() % 100;
		struct net_packet *packet = net_packet_new(&stack, 0, len, 0);
		uint8_t *h = net_packet_append(packet, len);

		for (size_t i = 0; i < len; i++)
			h[i] = (uint8_t)test_random();
		if (len >= 60 && test_random() % 8) {
			size_t header = 20 + test_random() % 3 * 4;

			h[0] = (uint8_t)(0x40 | header / 4);
			wire_put16(h + 2, (uint16_t)(test_random() % 8 ? len : test_random() % 120));
			h[9] = test_random() % 2 ? 1 : 200;
			wire_put32(h + 12, PEER);
			wire_put32(h + 16, US);
			wire_put16(h + 10, 0);
			checksum_store(h + 10, checksum_fold(checksum_add(0, h, header)));
			h[header] = (uint8_t)(test_random() % 13);
			if (h[9] == 1 && test_random() % 4) {
				h[header + 8] = 0x45;
				wire_put32(h + header + 20, US);
				wire_put16(h + header + 2, 0);
				checksum_store(h + header + 2, checksum_fold(checksum_add(0, h + header, len - header)));
			}
		}
		net_interface_input(&interface, packet);
		net_end(&stack);
		if (round % 100 == 0) {
			net_begin(&stack, stack.now_ns + NET_SECOND);
			net_tick(&stack);
		}
	}
	ip4_fini(&stack);
}

TEST_MAIN()
