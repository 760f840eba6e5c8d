/* SPDX-License-Identifier: BSD-3-Clause */
/* Two machines on a link, each with a stub that a program asks, and a name server behind a third; damaged messages. */
#include "kernel/net/ip4/ip4.h"
#include "kernel/net/mdns/internal.h"
#include <string.h>
#include "tests/unit/test.h"

enum { NR = 3, SERVER = 2 };

static const struct net_environment environment = {.alloc = malloc, .free = free, .random = test_random};
static struct net_stack stack[NR];
static struct net_interface interface[NR], loopback[NR];
static struct mdns_link *link_of[NR];
static struct mdns_stub *stub[SERVER];
static struct udp_socket *program[NR];
static struct list on_wire;
static bool is_cut;
static uint64_t now;
static bool has_server;

static bool name_server(unsigned i, struct net_address *server)
{
	*server = net_address_of_ip4(i == 0 ? MDNS_STUB_ADDRESS : 0x0a000003);
	return has_server && i < 2;
}

/* To all others, as on a cable. */
static int transmit(struct net_interface *from, struct net_packet *packet)
{
	for (int i = 0; i < NR && !is_cut; i++) {
		struct net_packet *copy = &interface[i] == from ? NULL : net_packet_copy_part(packet, 0, packet->len);

		if (!copy)
			continue;
		copy->interface = &interface[i];
		copy->stack = &stack[i];
		list_push_back(&on_wire, &copy->link);
	}
	net_packet_free(packet);
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
		for (int i = 0; i < NR; i++)
			net_end(&stack[i]);
	} while (node || !list_empty(&on_wire));
}

static void advance(uint64_t ns)
{
	for (uint64_t end = now + ns; now < end;) {
		now += 50 * NET_MILLISECOND;
		for (int i = 0; i < NR; i++) {
			net_begin(&stack[i], now);
			net_tick(&stack[i]);
		}
		run();
	}
}

static void setup(void)
{
	static const char *const names[NR] = {"web", "DB.example", "resolver"};
	struct net_address any = net_address_of_ip4(0), lo = net_address_of_ip4(0x7f000001);

	list_init(&on_wire);
	now = NET_SECOND;
	is_cut = false;
	has_server = true;
	for (uint32_t i = 0; i < NR; i++) {
		net_stack_init(&stack[i], &environment);
		if (ip4_init(&stack[i]) || udp_init(&stack[i]))
			abort();
		net_begin(&stack[i], now);
		net_loopback_init(&stack[i], &loopback[i]);
		if (stack[i].network[NET_IP4]->configure(&loopback[i], &lo, 8, NULL))
			abort();
		interface[i] = (struct net_interface){.name = "eth0", .mtu = 1500, .flags = NET_IS_UP | NET_HAS_MULTICAST, .transmit = transmit, .link_ops = &net_raw_link};
		net_interface_add(&stack[i], &interface[i]);
		if (ip4_address_add(&stack[i], &interface[i], 0x0a000001 + i, 24))
			abort();
		link_of[i] = mdns_start(&interface[i], names[i]);
		if (i != SERVER) {
			stub[i] = mdns_stub_start(&stack[i], name_server);
			mdns_stub_add_link(stub[i], link_of[i]);
		}
		program[i] = udp_new(&stack[i], NULL, NULL);
		if (udp_bind(program[i], &any, i == SERVER ? 53 : 4000))
			abort();
	}
	run();
}

static void teardown(void)
{
	run();
	for (int i = 0; i < NR; i++) {
		if (i != SERVER)
			mdns_stub_stop(stub[i]);
		mdns_stop(link_of[i]);
		udp_close(program[i]);
	}
	run();
	for (int i = 0; i < NR; i++) {
		udp_fini(&stack[i]);
		ip4_fini(&stack[i]);
	}
}

/* "web" or "a.b" as labels. */
static struct dns_name name_of(const char *text)
{
	struct dns_name name = {.len = 0};

	while (*text) {
		size_t len = strcspn(text, ".");

		name.bytes[name.len++] = (uint8_t)len;
		memcpy(name.bytes + name.len, text, len);
		name.len += len;
		text += len + (text[len] == '.');
	}
	name.bytes[name.len++] = 0;
	return name;
}

static void ask(int i, uint16_t id, const char *name, uint16_t type)
{
	struct udp_message to = {.remote = net_address_of_ip4(MDNS_STUB_ADDRESS), .remote_port = 53};
	struct dns_question q = {.name = name_of(name), .type = type, .class = DNS_CLASS_IN};
	uint8_t bytes[DNS_UDP_MAX];
	struct dns_writer w;

	dns_start(&w, bytes, sizeof(bytes), id, DNS_RECURSION_DESIRED);
	dns_put_question(&w, &q);
	mdns_send(program[i], &to, bytes, w.len, &stack[i]);
	run();
}

struct answer {
	bool is_there;
	uint16_t id, code;
	unsigned nr;
	uint32_t address;
};

static struct answer take_answer(int i)
{
	uint8_t bytes[DNS_MESSAGE_MAX];
	struct udp_message from;
	size_t len = mdns_take(program[i], &from, bytes, sizeof(bytes));
	struct answer answer = {.is_there = len != 0};
	struct dns_record record;
	struct dns_reader r;

	if (!len || !dns_open(&r, bytes, len))
		return answer;
	answer.id = r.id;
	answer.code = r.flags & 15;
	while (dns_next_record(&r, &record)) {
		answer.nr++;
		answer.address = wire_get32(record.data);
	}
	return answer;
}

TEST(a_neighbour_is_found)
{
	static const char *const names[] = {"db", "DB", "db.local", "Db.LOCAL"};
	struct answer a;

	setup();
	for (uint16_t i = 0; i < 4; i++) {
		ask(0, i, names[i], DNS_TYPE_A);
		a = take_answer(0);
		CHECK(a.is_there && a.id == i && a.code == 0 && a.nr == 1);
		CHECK_EQ(a.address, 0x0a000002);
	}
	ask(1, 9, "web", DNS_TYPE_ANY);
	a = take_answer(1);
	CHECK(a.is_there && a.address == 0x0a000001);
	ask(0, 10, "db", DNS_TYPE_AAAA); /* there is the name, and no such address */
	a = take_answer(0);
	CHECK(a.is_there && a.code == 0 && a.nr == 0);
	teardown();
}

TEST(our_own_name_needs_no_link)
{
	struct answer a;

	setup();
	is_cut = true;
	ask(0, 7, "web", DNS_TYPE_A);
	advance(100 * NET_MILLISECOND);
	a = take_answer(0);
	CHECK(a.is_there && a.nr == 1 && a.address == 0x0a000001);
	teardown();
}

TEST(nobody_has_the_name)
{
	struct answer a;

	setup();
	ask(0, 7, "nobody", DNS_TYPE_A);
	advance(NET_SECOND);
	CHECK(!take_answer(0).is_there);
	advance(4 * NET_SECOND);
	a = take_answer(0);
	CHECK(a.is_there && a.code == DNS_NO_SUCH_NAME);
	teardown();
}

TEST(a_lost_question_is_asked_again)
{
	struct answer a;

	setup();
	is_cut = true;
	ask(0, 7, "db", DNS_TYPE_A);
	is_cut = false;
	advance(NET_SECOND);
	a = take_answer(0);
	CHECK(a.is_there && a.address == 0x0a000002);
	teardown();
}

/* Answers what came to the name server with one address. */
static unsigned serve(uint32_t address, uint16_t id_change)
{
	struct net_address given = net_address_of_ip4(address);
	uint8_t bytes[DNS_MESSAGE_MAX], reply[DNS_UDP_MAX];
	struct udp_message from;
	struct dns_question q;
	struct dns_reader r;
	struct dns_writer w;
	unsigned served = 0;
	size_t len;

	while ((len = mdns_take(program[SERVER], &from, bytes, sizeof(bytes))) != 0) {
		if (!dns_open(&r, bytes, len) || !dns_next_question(&r, &q))
			abort();
		dns_start(&w, reply, sizeof(reply), r.id ^ id_change, DNS_IS_RESPONSE);
		dns_put_question(&w, &q);
		dns_put_address(&w, &q.name, DNS_CLASS_IN, 60, &given);
		mdns_send(program[SERVER], &from, reply, w.len, &stack[SERVER]);
		served++;
	}
	run();
	return served;
}

TEST(other_names_are_passed_on)
{
	struct answer a;

	setup();
	ask(0, 77, "www.example.org", DNS_TYPE_A);
	CHECK_EQ(serve(0x01020304, 1), 1); /* a forged id is not heard */
	CHECK(!take_answer(0).is_there);
	advance(2 * NET_SECOND); /* the server is asked again */
	CHECK_EQ(serve(0x01020305, 0), 1);
	a = take_answer(0);
	CHECK(a.is_there && a.id == 77 && a.nr == 1 && a.address == 0x01020305);
	teardown();
}

TEST(no_server_and_a_silent_one)
{
	struct answer a;

	setup();
	ask(0, 5, "www.example.org", DNS_TYPE_A);
	advance(10 * NET_SECOND);
	a = take_answer(0);
	CHECK(a.is_there && a.code == DNS_SERVER_FAILURE && a.id == 5);
	has_server = false;
	ask(0, 6, "www.example.org", DNS_TYPE_A);
	a = take_answer(0);
	CHECK(a.is_there && a.code == DNS_SERVER_FAILURE && a.id == 6);
	teardown();
}

TEST(more_questions_than_there_is_room_for)
{
	setup();
	for (uint16_t i = 0; i < 3 * STUB_REQUESTS_MAX; i++)
		ask(0, i, "nobody", DNS_TYPE_A);
	CHECK_EQ(stub[0]->nr_requests, STUB_REQUESTS_MAX);
	advance(5 * NET_SECOND);
	CHECK_EQ(stub[0]->nr_requests, 0);
	ask(0, 1, "nobody", DNS_TYPE_A); /* open when all is stopped */
	teardown();
}

TEST(not_host_names)
{
	struct dns_name name;

	CHECK(!dns_name_local(&name, "") && !dns_name_local(&name, "a b") && !dns_name_local(&name, ".a"));
	CHECK(!dns_name_local(&name, "a123456789b123456789c123456789d123456789e123456789f123456789g123456"));
	CHECK(dns_name_local(&name, "a-b.c") && name.len == 11);
}

/* Bytes changed, cut and made up: all that is read stays inside, and what is said of names holds. */
TEST(damaged_messages)
{
	struct net_address address = net_address_of_ip4(1);
	struct dns_question q = {.name = name_of("some.name.local"), .type = DNS_TYPE_A, .class = DNS_CLASS_IN};
	uint8_t seed[DNS_UDP_MAX];
	struct dns_record record;
	struct dns_writer w;

	dns_start(&w, seed, sizeof(seed), 1, 0);
	dns_put_question(&w, &q);
	for (int i = 0; i < 3; i++)
		dns_put_address(&w, &q.name, DNS_CLASS_IN, 1, &address);
	for (int round = 0; round < 100000; round++) {
		size_t len = round % 3 ? w.len : test_random() % w.len;
		uint8_t *message = malloc(len ? len : 1);
		struct dns_reader r;

		memcpy(message, seed, len);
		for (unsigned n = test_random() % 6; n && len; n--)
			message[test_random() % len] = test_random() % 2 ? 0xc0 : (uint8_t)test_random();
		if (dns_open(&r, message, len)) {
			while (dns_next_question(&r, &q))
				CHECK(q.name.len && q.name.len <= DNS_NAME_MAX && !q.name.bytes[q.name.len - 1]);
			while (dns_next_record(&r, &record))
				CHECK(record.data + record.len <= message + len);
		}
		free(message);
	}
}

TEST_MAIN()
