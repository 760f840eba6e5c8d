/* SPDX-License-Identifier: BSD-3-Clause */
/* The client against a scripted server: a lease, its renewal and its end, a server that is absent, refuses or talks nonsense. */
#include "kernel/net/dhcp/internal.h"
#include "tests/unit/test.h"

#define SERVER 0x0a0000feu
#define GIVEN 0x0a000042u

static const struct net_environment environment = {.alloc = malloc, .free = free, .random = test_random};
static struct net_stack stack;
static struct net_interface interface;
static uint8_t sent[1500];
static unsigned nr_sent, events[4];
static size_t sent_len;
static uint64_t next_ns;

static int transmit(struct net_interface *i, struct net_packet *packet)
{
	sent_len = packet->len;
	net_packet_copy(packet, 0, sent, packet->len);
	net_packet_free(packet);
	nr_sent++;
	return 0;
}

static void note(void *owner, enum dhcp_event event, const struct dhcp_lease *lease)
{
	events[event]++;
}

static struct dhcp_client *setup(void)
{
	struct dhcp_client *c;

	net_stack_init(&stack, &environment);
	if (ip4_init(&stack) || udp_init(&stack))
		abort();
	interface = (struct net_interface){.name = "eth0", .mtu = 1500, .flags = NET_IS_UP, .transmit = transmit, .link_ops = &net_raw_link,
					   .hardware = {2, 0, 0, 0, 0, 1}};
	memset(events, 0, sizeof(events));
	nr_sent = 0;
	net_begin(&stack, NET_SECOND);
	net_interface_add(&stack, &interface);
	c = dhcp_start(&interface, "dory", note, NULL);
	next_ns = net_end(&stack);
	return c;
}

static void teardown(struct dhcp_client *c)
{
	dhcp_stop(c);
	net_end(&stack);
	udp_fini(&stack);
	ip4_fini(&stack);
}

static void pass(uint64_t ns)
{
	uint64_t until = stack.now_ns + ns;

	while (next_ns <= until) {
		net_begin(&stack, next_ns);
		net_tick(&stack);
		next_ns = net_end(&stack);
	}
	net_begin(&stack, until);
}

static uint8_t type_sent(void)
{
	return sent[28 + DHCP_HEADER + 2];
}

/* Answers the last message; damages it where `bad` says. */
static void answer(uint8_t type, bool bad)
{
	static const uint8_t rest[] = {1, 4, 255, 255, 255, 0, 3, 4, 10, 0, 0, 1, 6, 8, 10, 0, 0, 3, 8, 8, 8, 8, 51, 4, 0, 0, 0x0e, 0x10,
				       54, 4, 10, 0, 0, 254, 15, 3, 'l', 'a', 'n', 255};
	struct net_flow flow = {.local = net_address_of_ip4(SERVER), .remote = net_address_of_ip4(0xffffffffu)};
	size_t len = 28 + DHCP_HEADER + 3 + sizeof(rest);
	struct net_packet *packet = net_packet_new(&stack, 0, len, 0);
	uint8_t *h = net_packet_append(packet, len), *m = h + 28;

	memset(h, 0, len);
	memcpy(m, sent + 28, DHCP_HEADER);
	m[0] = 2;
	wire_put32(m + 16, GIVEN);
	memcpy(m + DHCP_HEADER, (uint8_t[]){53, 1, type}, 3);
	memcpy(m + DHCP_HEADER + 3, rest, sizeof(rest));
	for (int i = 0; bad && i < 4; i++)
		m[test_random() % 2 ? DHCP_HEADER + test_random() % (sizeof(rest) + 3) : test_random() % DHCP_HEADER] ^= (uint8_t)test_random();
	wire_put16(h + 20, DHCP_SERVER_PORT);
	wire_put16(h + 22, DHCP_CLIENT_PORT);
	wire_put16(h + 24, (uint16_t)(len - 20));
	checksum_store(h + 26, checksum_fold(checksum_add(net_pseudo_sum(&flow, 17, len - 20), h + 20, len - 20)));
	h[0] = 0x45;
	wire_put16(h + 2, (uint16_t)len);
	h[8] = 64;
	h[9] = 17;
	wire_put32(h + 12, SERVER);
	wire_put32(h + 16, 0xffffffffu);
	checksum_store(h + 10, checksum_fold(checksum_add(0, h, 20)));
	net_interface_input(&interface, packet);
	next_ns = net_end(&stack);
}

TEST(lease_renewal_and_end)
{
	struct dhcp_client *c = setup();
	struct net_flow flow = {.remote = net_address_of_ip4(0x08080808)};

	CHECK_EQ(type_sent(), DHCP_DISCOVER);
	CHECK_EQ(wire_get32(sent + 12), 0);
	CHECK_EQ(wire_get32(sent + 16), 0xffffffffu);
	answer(DHCP_OFFER, false);
	CHECK_EQ(type_sent(), DHCP_REQUEST);
	answer(DHCP_ACK, false);
	CHECK_EQ(events[DHCP_BOUND], 1);
	CHECK_EQ(stack.network[NET_IP4]->route(&stack, &flow), 0);
	CHECK_EQ(net_address_ip4(&flow.local), GIVEN);
	CHECK_EQ(net_address_ip4(&flow.next_hop), 0x0a000001);
	pass(1799 * NET_SECOND);
	CHECK_EQ(nr_sent, 2);
	pass(2 * NET_SECOND);
	CHECK_EQ(nr_sent, 3);
	CHECK_EQ(wire_get32(sent + 16), SERVER);
	answer(DHCP_ACK, false);
	CHECK_EQ(events[DHCP_RENEWED], 1);
	pass(3300 * NET_SECOND);
	CHECK_EQ(wire_get32(sent + 16), 0xffffffffu); /* rebinding */
	CHECK_EQ(events[DHCP_LOST], 0);
	pass(320 * NET_SECOND);
	CHECK_EQ(events[DHCP_LOST], 1);
	CHECK_EQ(type_sent(), DHCP_DISCOVER);
	CHECK(list_empty(ip4_addresses(&stack)) && list_empty(ip4_routes(&stack)));
	teardown(c);
}

TEST(no_server)
{
	struct dhcp_client *c = setup();

	pass(600 * NET_SECOND);
	CHECK_EQ(events[DHCP_NO_ANSWER], 1);
	CHECK(nr_sent > 8 && nr_sent < 30);
	answer(DHCP_OFFER, false);
	answer(DHCP_NAK, false);
	CHECK_EQ(type_sent(), DHCP_DISCOVER);
	CHECK_EQ(events[DHCP_BOUND], 0);
	teardown(c);
}

TEST(mutated_answers)
{
	unsigned bound = 0, lost = 0;

	for (int round = 0; round < 40; round++) { /* a lease may come to be for ever */
		struct dhcp_client *c = setup();

		for (int i = 0; i < 500; i++) {
			answer((uint8_t)(test_random() % 3 ? DHCP_OFFER + test_random() % 4 : test_random()), test_random() % 4);
			if (test_random() % 8 == 0)
				pass(test_random() % (1000 * NET_SECOND));
		}
		bound += events[DHCP_BOUND];
		lost += events[DHCP_LOST];
		teardown(c);
	}
	CHECK(bound > 0 && lost > 0);
}

TEST_MAIN()
