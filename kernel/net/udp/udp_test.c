/* SPDX-License-Identifier: BSD-3-Clause */
/* Two stacks that exchange datagrams at once, whole and in fragments; refused ports; fuzzed packets. */
#include "kernel/net/ip4/ip4.h"
#include "kernel/net/udp/udp.h"
#include "tests/unit/test.h"

static const struct net_environment environment = {.alloc = malloc, .free = free, .random = test_random};
static struct net_stack stack[2];
static struct net_interface interface[2], loopback[2];
static struct list on_wire;
static unsigned drop_one_of;

static int transmit(struct net_interface *from, struct net_packet *packet)
{
	struct net_packet *copy = net_packet_copy_part(packet, 0, packet->len);

	copy->interface = from == &interface[0] ? &interface[1] : &interface[0];
	copy->stack = copy->interface->stack;
	net_packet_free(packet);
	if (drop_one_of && test_random() % drop_one_of == 0)
		net_packet_free(copy);
	else if (test_random() % 2)
		list_push_back(&on_wire, &copy->link);
	else
		list_push_front(&on_wire, &copy->link);
	return 0;
}

static void run(void)
{
	struct list *node;

	do {
		node = list_pop_front(&on_wire);
		if (node) {
			struct net_packet *packet = container_of(node, struct net_packet, link);

			net_interface_input(packet->interface, packet);
		}
		net_end(&stack[0]);
		net_end(&stack[1]);
	} while (node || !list_empty(&on_wire));
}

static void setup(void)
{
	list_init(&on_wire);
	drop_one_of = 0;
	for (uint32_t i = 0; i < 2; i++) {
		net_stack_init(&stack[i], &environment);
		if (ip4_init(&stack[i]) || udp_init(&stack[i]))
			abort();
		interface[i] = (struct net_interface){.name = "eth0", .mtu = 1500, .flags = NET_IS_UP, .transmit = transmit, .link_ops = &net_raw_link};
		net_loopback_init(&stack[i], &loopback[i]);
		net_begin(&stack[i], NET_SECOND);
		net_interface_add(&stack[i], &interface[i]);
		if (ip4_address_add(&stack[i], &interface[i], 0x0a000001 + i, 24))
			abort();
	}
}

static void teardown(void)
{
	run();
	for (int i = 0; i < 2; i++) {
		udp_fini(&stack[i]);
		ip4_fini(&stack[i]);
	}
}

static struct udp_socket *socket_at(int i, uint16_t port)
{
	struct net_address any = net_address_of_ip4(0);
	struct udp_socket *udp = udp_new(&stack[i], NULL, NULL);

	if (udp_bind(udp, &any, port))
		abort();
	return udp;
}

static int send_bytes(struct udp_socket *udp, uint32_t to, uint16_t port, const uint8_t *bytes, size_t len)
{
	struct udp_message message = {.remote = net_address_of_ip4(to), .remote_port = port};
	struct net_packet *packet = udp_packet_new(&stack[0], len);

	memcpy(packet->data, bytes, len);
	return udp_send(udp, to ? &message : NULL, packet);
}

TEST(datagrams_of_all_sizes)
{
	static uint8_t bytes[65507], got[65507];
	struct udp_socket *a, *b;
	struct udp_message from;

	setup();
	a = socket_at(0, 1000);
	b = socket_at(1, 53);
	for (int round = 0; round < 100; round++) {
		size_t len = round == 0 ? sizeof(bytes) : test_random() % (round % 2 ? 3000 : sizeof(bytes));
		struct net_packet *packet;

		for (size_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)test_random();
		CHECK_EQ(send_bytes(a, 0x0a000002, 53, bytes, len), 0);
		run();
		packet = udp_receive(b, &from);
		CHECK(packet);
		CHECK_EQ(packet->len, len);
		CHECK(net_packet_copy(packet, 0, got, len) && memcmp(got, bytes, len) == 0);
		CHECK_EQ(net_address_ip4(&from.remote), 0x0a000001);
		CHECK_EQ(net_address_ip4(&from.local), 0x0a000002);
		CHECK_EQ(from.remote_port, 1000);
		net_packet_free(packet);
	}
	CHECK_EQ(send_bytes(a, 0x0a000002, 53, bytes, 0), 0);
	udp_close(a);
	udp_close(b);
	teardown();
}

TEST(nobody_listens)
{
	struct net_address to = net_address_of_ip4(0x0a000002);
	struct udp_socket *a;

	setup();
	a = socket_at(0, 1000);
	CHECK_EQ(udp_connect(a, &to, 99), 0);
	CHECK_EQ(send_bytes(a, 0, 0, (const uint8_t *)"x", 1), 0);
	run();
	CHECK_EQ(udp_poll(a), UDP_READABLE | UDP_ERROR);
	CHECK_EQ(udp_error(a), ECONNREFUSED);
	CHECK_EQ(udp_error(a), 0);
	CHECK_EQ(stack[1].count[NET_COUNT_UDP_NO_PORT], 1);
	udp_close(a);
	teardown();
}

TEST(ports_and_limits)
{
	struct net_address any = net_address_of_ip4(0), other = net_address_of_ip4(0x0a000009);
	struct udp_socket *a, *b;
	struct udp_message from;
	uint8_t byte = 1;
	int nr = 0;

	setup();
	a = socket_at(0, 1000);
	b = udp_new(&stack[0], NULL, NULL);
	CHECK_EQ(udp_bind(b, &any, 1000), -EADDRINUSE);
	CHECK_EQ(udp_bind(b, &other, 1001), -EADDRNOTAVAIL);
	CHECK_EQ(udp_bind(b, &any, 0), 0);
	CHECK_EQ(udp_bind(b, &any, 7), -EINVAL);
	CHECK_EQ(send_bytes(b, 0x0a0000ff, 7, &byte, 1), -EACCES);
	udp_settings(b)->may_broadcast = true;
	CHECK_EQ(send_bytes(b, 0x0a0000ff, 7, &byte, 1), 0);
	CHECK_EQ(send_bytes(b, 0x0b000001, 7, &byte, 1), -ENETUNREACH);
	for (int i = 0; i < 2000; i++)
		CHECK_EQ(send_bytes(b, 0x7f000001, 1000, &byte, 1), 0);
	run();
	for (struct net_packet *p; (p = udp_receive(a, &from)); nr++)
		net_packet_free(p);
	CHECK(nr > 100 && nr < 1000);
	CHECK_EQ(stack[0].count[NET_COUNT_UDP_QUEUE_FULL], 2000 - nr);
	udp_close(a);
	udp_close(b);
	teardown();
}

/* Members on the sending host hear it once, through the interface of the group; those elsewhere as well. */
TEST(groups)
{
	struct net_address group = net_address_of_ip4(0xe1000001);
	struct udp_socket *a, *b;
	struct udp_message from;
	struct net_packet *packet;
	uint8_t byte = 7;

	setup();
	a = socket_at(0, 53);
	b = socket_at(1, 53);
	udp_settings(a)->multicast_interface = &interface[0];
	for (int i = 0; i < 2; i++)
		CHECK_EQ(ip4_group_join(&stack[i], &interface[i], net_address_ip4(&group)), 0);
	CHECK_EQ(send_bytes(a, net_address_ip4(&group), 53, &byte, 1), 0);
	run();
	for (int i = 0; i < 2; i++) {
		packet = udp_receive(i ? b : a, &from);
		CHECK(packet);
		CHECK_EQ(net_address_ip4(&from.local), 0xe1000001);
		CHECK_EQ(net_address_ip4(&from.remote), 0x0a000001);
		CHECK_EQ(from.interface_index, interface[i].index);
		net_packet_free(packet);
		CHECK(!udp_receive(i ? b : a, &from));
	}
	udp_settings(a)->no_multicast_loop = true;
	CHECK_EQ(send_bytes(a, net_address_ip4(&group), 53, &byte, 1), 0);
	CHECK_EQ(ip4_group_leave(&stack[1], &interface[1], net_address_ip4(&group)), 0);
	run();
	CHECK(!udp_receive(a, &from));
	CHECK(!udp_receive(b, &from));
	udp_close(a);
	udp_close(b);
	teardown();
}

/* Packets of all kinds with random changes: nothing but drops may come of it. */
TEST(mutated_packets)
{
	static uint8_t bytes[4000];
	struct udp_socket *a, *b;
	struct udp_message from;

	setup();
	a = socket_at(0, 1000);
	b = socket_at(1, 53);
	for (int round = 0; round < 4000; round++) {
		struct net_packet *packet;

		(void)send_bytes(a, 0x0a000002, test_random() % 4 ? 53 : 54, bytes, test_random() % sizeof(bytes));
		list_for_each(packet, &on_wire, link) {
			for (unsigned i = (unsigned)(test_random() % 4); i > 0; i--)
				packet->data[test_random() % min_u64(packet->linear, test_random() % 2 ? 28 : 100)] ^= (uint8_t)(1u << test_random() % 8);
			if (test_random() % 8 == 0)
				net_packet_trim(packet, test_random() % packet->len);
			if (packet->linear >= 20 && packet->data[0] == 0x45 && test_random() % 8) {
				wire_put16(packet->data + 10, 0);
				checksum_store(packet->data + 10, checksum_fold(checksum_add(0, packet->data, 20)));
			}
		}
		run();
		for (struct net_packet *p; (p = udp_receive(b, &from));)
			net_packet_free(p);
		if (round % 50 == 0) {
			net_begin(&stack[1], stack[1].now_ns + NET_SECOND);
			net_tick(&stack[1]);
		}
	}
	CHECK(stack[1].count[NET_COUNT_IP_REASSEMBLED] > 0);
	udp_close(a);
	udp_close(b);
	teardown();
}

TEST_MAIN()
