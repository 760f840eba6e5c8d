/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Damaged frames: whatever comes from the wire, the stack neither reads nor writes out of bounds, leaks, hangs, nor panics. LLVMFuzzerTestOneInput takes
 * frames, each behind its length in two bytes (build with -fsanitize=fuzzer to search on); the tests here record what two hosts say to each other, and
 * damage that at random, by a seed: a field of a header, an end that is missing, a frame again or never, and checksums put right behind it.
 */
#include <string.h>
#include "kernel/net/cubic/cubic.h"
#include "kernel/net/ethernet/ethernet.h"
#include "kernel/net/igmp/igmp.h"
#include "kernel/net/ip4/ip4.h"
#include "kernel/net/ip6/ip6.h"
#include "kernel/net/tcp/tcp.h"
#include "kernel/net/udp/udp.h"
#include "tests/unit/test.h"

unsigned alarm(unsigned seconds);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { FRAME_MAX = 2048, FRAMES_MAX = 4096, ETHERNET = 14, SECONDS_MAX = 120, TCP_PORT = 80, UDP_PORT = 53 };

static unsigned refused_of; /* one request for memory of so many is refused; 0: none */

static void *get_memory(size_t size)
{
	return refused_of && test_random() % refused_of == 0 ? NULL : malloc(size);
}

static const struct net_environment environment = {.alloc = get_memory, .free = free, .random = test_random};

struct frame {
	uint8_t bytes[FRAME_MAX];
	size_t len;
};

struct host {
	struct net_stack stack;
	struct net_interface interface, loopback;
	struct host *peer; /* NULL: frames go nowhere */
	struct tcp_connection *listener, *accepted[16];
	unsigned nr_accepted;
	struct udp_socket *udp;
};

static struct host us, them;
static struct frame *recorded; /* what came to us */
static unsigned nr_recorded;
static bool is_recording;
static uint64_t now;
static unsigned damaged_of; /* one frame of so many is damaged, as it comes; 0: none */

/* ---- Frames, damaged ---- */

static void put_sum(uint8_t *at, const uint8_t *bytes, size_t len, checksum_sum sum)
{
	wire_put16(at, 0);
	checksum_store(at, checksum_fold(checksum_add(sum, bytes, len)));
}

/* Where the checksum of a transport is; 0: none. */
static size_t sum_offset(uint8_t protocol)
{
	static const uint8_t offsets[256] = {[NET_PROTOCOL_ICMP] = 2, [NET_PROTOCOL_IGMP] = 2, [NET_PROTOCOL_TCP] = 16, [NET_PROTOCOL_UDP] = 6,
					     [NET_PROTOCOL_ICMP6] = 2};

	return offsets[protocol];
}

static void repair_ip4(uint8_t *ip, size_t len)
{
	size_t header = (ip[0] & 15) * 4u, offset = sum_offset(ip[9]);
	struct net_flow flow = {.local = net_address_of_ip4(wire_get32(ip + 12)), .remote = net_address_of_ip4(wire_get32(ip + 16))};
	bool has_pseudo = ip[9] == NET_PROTOCOL_TCP || ip[9] == NET_PROTOCOL_UDP;

	len = min_u64(len, wire_get16(ip + 2));
	if (header < 20 || header > len)
		return;
	put_sum(ip + 10, ip, header, 0);
	if (offset && header + offset + 2 <= len && !(wire_get16(ip + 6) & 0x3fff))
		put_sum(ip + header + offset, ip + header, len - header, has_pseudo ? net_pseudo_sum(&flow, ip[9], len - header) : 0);
}

static void repair_ip6(uint8_t *ip, size_t len)
{
	size_t at = 40, offset;
	struct net_flow flow;
	uint8_t next = ip[6];

	len = min_u64(len, wire_get16(ip + 4) + 40u);
	while ((next == 0 || next == 43 || next == 60) && at + 8 <= len) {
		next = ip[at];
		at += (ip[at + 1] + 1) * 8u;
	}
	offset = sum_offset(next);
	memcpy(&flow.local, ip + 8, 16);
	memcpy(&flow.remote, ip + 24, 16);
	if (offset && at + offset + 2 <= len)
		put_sum(ip + at + offset, ip + at, len - at, net_pseudo_sum(&flow, next, len - at));
}

/* Most damage would be found by its checksum alone. */
static void repair(struct frame *f)
{
	uint16_t type = f->len >= ETHERNET + 40 ? wire_get16(f->bytes + 12) : 0;

	if (type == NET_ETHERTYPE_IP4)
		repair_ip4(f->bytes + ETHERNET, f->len - ETHERNET);
	else if (type == NET_ETHERTYPE_IP6)
		repair_ip6(f->bytes + ETHERNET, f->len - ETHERNET);
}

static void change_one(struct frame *f)
{
	static const uint16_t words[] = {0, 1, 7, 8, 0x7fff, 0x8000, 0xffff, 0xfff8, 40, 1280};
	static const uint8_t nexts[] = {0, 1, 2, 6, 17, 43, 44, 58, 59, 60};
	size_t at = ETHERNET + test_below(test_below(2) ? min_u64(f->len - ETHERNET, 100) : f->len - ETHERNET);

	switch (test_below(5)) {
	case 0:
		f->bytes[at] ^= (uint8_t)(1u << test_below(8));
		break;
	case 1:
		f->bytes[at] = (uint8_t)test_random();
		break;
	case 2:
		if (at + 2 <= f->len)
			wire_put16(f->bytes + at, words[test_below(ARRAY_SIZE(words))]);
		break;
	case 3:
		f->bytes[at] = nexts[test_below(sizeof(nexts))];
		break;
	default:
		f->len = ETHERNET + 1 + test_below(f->len - ETHERNET);
	}
}

/* An extension header between IPv6 and what follows. */
static void insert_header(struct frame *f)
{
	static const uint8_t headers[] = {0, 43, 44, 60};
	uint8_t *ip = f->bytes + ETHERNET;

	if (f->len < ETHERNET + 40 || f->len + 8 > FRAME_MAX || wire_get16(f->bytes + 12) != NET_ETHERTYPE_IP6)
		return;
	memmove(ip + 48, ip + 40, f->len - ETHERNET - 40);
	for (unsigned i = 2; i < 8; i++)
		ip[40 + i] = (uint8_t)(test_below(2) ? 0 : test_random());
	ip[40] = ip[6];
	ip[41] = 0;
	ip[6] = headers[test_below(sizeof(headers))];
	wire_put16(ip + 4, (uint16_t)(wire_get16(ip + 4) + 8));
	f->len += 8;
}

static void damage(struct frame *f)
{
	while (test_below(4) == 0)
		insert_header(f);
	for (unsigned i = test_below(4); i > 0 && f->len > ETHERNET; i--)
		change_one(f);
	if (test_below(8))
		repair(f);
}

/* ---- Two hosts ---- */

static void receive(struct host *h, const uint8_t *bytes, size_t len)
{
	struct net_packet *packet = net_packet_new(&h->stack, test_below(2) * 64, len, 0);

	if (!packet)
		return;
	memcpy(net_packet_append(packet, len), bytes, len);
	net_interface_input(&h->interface, packet);
}

static struct frame on_wire[FRAMES_MAX];
static struct host *on_wire_to[FRAMES_MAX];
static unsigned wire_first, wire_end;

static int transmit(struct net_interface *interface, struct net_packet *packet)
{
	struct host *h = interface->driver;
	struct frame *f = &on_wire[wire_end % FRAMES_MAX];

	if (h->peer && packet->len <= FRAME_MAX && wire_end - wire_first < FRAMES_MAX) {
		f->len = packet->len;
		net_packet_copy(packet, 0, f->bytes, f->len);
		on_wire_to[wire_end++ % FRAMES_MAX] = h->peer;
	}
	net_packet_free(packet);
	return 0;
}

static void record(const struct frame *f)
{
	if (is_recording && nr_recorded < FRAMES_MAX)
		recorded[nr_recorded++] = *f;
}

/* What is on the wire arrives, and what that causes. */
static void settle(void)
{
	for (unsigned i = 0; i < 10 * FRAMES_MAX; i++) {
		struct frame f;
		struct host *to;

		net_end(&us.stack);
		net_end(&them.stack);
		if (wire_first == wire_end)
			return;
		f = on_wire[wire_first % FRAMES_MAX];
		to = on_wire_to[wire_first++ % FRAMES_MAX];
		if (to == &us)
			record(&f);
		if (damaged_of && test_below(damaged_of) == 0)
			damage(&f);
		receive(to, f.bytes, f.len);
	}
}

static void take_what_came(struct host *h)
{
	uint8_t *bytes;
	struct udp_message from;
	struct net_packet *packet;
	struct tcp_connection *c;

	while ((packet = udp_receive(h->udp, &from))) {
		CHECK(net_packet_piece(packet, 0, &bytes) <= packet->len);
		net_packet_free(packet);
	}
	(void)udp_error(h->udp);
	while ((c = tcp_accept(h->listener))) {
		unsigned place = h->nr_accepted++ % ARRAY_SIZE(h->accepted);

		if (h->accepted[place])
			tcp_close(h->accepted[place]);
		(void)tcp_send(c, (const uint8_t *)"hello", 5, 0);
		h->accepted[place] = c;
	}
}

static void pass(uint64_t ns)
{
	now += ns;
	net_begin(&us.stack, now);
	net_begin(&them.stack, now);
	net_tick(&us.stack);
	net_tick(&them.stack);
	settle();
	take_what_came(&us);
	take_what_came(&them);
	settle();
}

static void host_start(struct host *h, uint8_t number, struct host *peer)
{
	static const struct net_address any;
	struct net_address group = {.byte = {0xff, 5, [15] = 9}}, global = {.byte = {0x20, 1, 0xd, 0xb8, [15] = number}};

	memset(h, 0, sizeof(*h));
	h->peer = peer;
	net_stack_init(&h->stack, &environment);
	h->interface = (struct net_interface){.name = "eth0", .mtu = 1500, .flags = NET_IS_UP, .transmit = transmit, .driver = h,
					      .hardware = {2, 0, 0, 0, 0, number}};
	if (ip4_init(&h->stack) || igmp_init(&h->stack) || ip6_init(&h->stack) || udp_init(&h->stack) || tcp_init(&h->stack) || cubic_init(&h->stack) ||
	    ethernet_attach(&h->stack, &h->interface))
		abort();
	net_begin(&h->stack, now);
	net_loopback_init(&h->stack, &h->loopback);
	net_interface_add(&h->stack, &h->interface);
	h->listener = tcp_new(&h->stack, NULL, NULL);
	h->udp = udp_new(&h->stack, NULL, NULL);
	if (ip4_address_add(&h->stack, &h->interface, 0x0a000000u + number, 24) || ip6_interface_up(&h->loopback) || ip6_interface_up(&h->interface) ||
	    ip6_address_add(&h->stack, &h->interface, &global, 64, IP6_NO_PROBE) || ip4_group_join(&h->stack, &h->interface, 0xe1000009) ||
	    ip6_group_join(&h->stack, &h->interface, &group) || tcp_bind(h->listener, &any, TCP_PORT) || tcp_listen(h->listener, 8) ||
	    udp_bind(h->udp, &any, UDP_PORT))
		abort();
}

static void host_stop(struct host *h)
{
	h->peer = NULL;
	for (unsigned i = 0; i < ARRAY_SIZE(h->accepted); i++)
		if (h->accepted[i])
			tcp_close(h->accepted[i]);
	tcp_close(h->listener);
	udp_close(h->udp);
	net_end(&h->stack);
	tcp_fini(&h->stack);
	udp_fini(&h->stack);
	net_interface_remove(&h->interface);
	ip6_fini(&h->stack);
	igmp_fini(&h->stack);
	ip4_fini(&h->stack);
	CHECK(!h->stack.first_timer);
}

static void start(void)
{
	now += 1000 * NET_SECOND;
	wire_first = wire_end = 0;
	host_start(&us, 1, &them);
	host_start(&them, 2, &us);
	settle();
	for (unsigned i = 0; i < 3; i++) /* until the addresses are probed */
		pass(NET_SECOND);
}

static void stop(void)
{
	host_stop(&us);
	host_stop(&them);
}

/* ---- What they say ---- */

static struct net_address address_of(unsigned version, uint8_t number)
{
	struct net_address ip6 = {.byte = {0x20, 1, 0xd, 0xb8, [15] = number}};

	return version == NET_IP4 ? net_address_of_ip4(0x0a000000u + number) : ip6;
}

static void say_datagram(struct net_address to, uint16_t port, size_t len)
{
	struct udp_message message = {.remote = to, .remote_port = port};
	struct net_packet *packet = udp_packet_new(&them.stack, len);

	if (!packet)
		return;
	memset(packet->data, 'x', len);
	udp_settings(them.udp)->multicast_interface = &them.interface;
	(void)udp_send(them.udp, &message, packet);
	settle();
}

static long throw_away(void *context, const uint8_t *bytes, size_t len)
{
	return (long)len;
}

static void say_stream(unsigned version, uint16_t port)
{
	static uint8_t bytes[5000];
	struct tcp_connection *c = tcp_new(&them.stack, NULL, NULL);
	struct net_address to = address_of(version, 1);

	if (!c)
		return;
	(void)tcp_connect(c, &to, port);
	settle();
	pass(NET_MILLISECOND);
	(void)tcp_send(c, bytes, sizeof(bytes), 0);
	settle();
	pass(100 * NET_MILLISECOND);
	(void)tcp_receive(c, throw_away, NULL, sizeof(bytes), 0);
	tcp_close(c);
	pass(NET_SECOND);
}

/* Messages that the two do not send by themselves: echo, what routers and queriers say, errors. */
static void say_icmp(unsigned version, struct net_address to, uint8_t ttl, const uint8_t *message, size_t len)
{
	const struct net_network *network = them.stack.network[version];
	struct net_flow flow = {.remote = to, .bound = &them.interface, .ttl = ttl, .may_fragment = true};
	struct net_packet *packet = net_packet_new(&them.stack, NET_HEAD_ROOM, len, 0);
	uint8_t *p = packet ? net_packet_append(packet, len) : NULL;

	if (!p)
		return;
	memcpy(p, message, len);
	if (network->route(&them.stack, &flow)) {
		net_packet_free(packet);
		return;
	}
	if (version == NET_IP6 && message[0] == 134)
		flow.local = (struct net_address){.byte = {0xfe, 0x80, [8] = 0, 0, 0, 0xff, 0xfe, 0, 0, 2}};
	put_sum(p + 2, p, len, version == NET_IP6 ? net_pseudo_sum(&flow, NET_PROTOCOL_ICMP6, len) : 0);
	(void)network->send(&them.stack, &flow, packet, version == NET_IP6 ? NET_PROTOCOL_ICMP6 : len == 12 ? NET_PROTOCOL_IGMP : NET_PROTOCOL_ICMP);
	settle();
}

static void say_control(void)
{
	static const uint8_t echo4[2000] = {8}, query4[12] = {0x11, 10}, echo6[2000] = {128}, query6[28] = {130, [5] = 100};
	static const struct net_address all_nodes = {.byte = {0xff, 2, [15] = 1}};
	uint8_t ra[16 + 32 + 8 + 24] = {134, [4] = 64, [7] = 200, [16] = 3, 4, 64, 0xc0, [22] = 9, [26] = 9, [32] = 0x20, 1, 0xd, 0xb8, 1, [48] = 5, 1,
					[54] = 5, 0xdc, 25, 3, [62] = 9, [64] = 0x20, 1, [79] = 0x53};
	uint8_t unreachable4[8 + 20 + 8] = {3, 3, [8] = 0x45, [11] = 28, [16] = 64, 17, [20] = 10, 0, 0, 1, 10, 0, 0, 2, 0, 53, 0, 53};
	uint8_t too_big6[8 + 40 + 8] = {2, [6] = 5, [8] = 0x60, [13] = 8, 17, 64, 0x20, 1, 0xd, 0xb8, [31] = 1, 0x20, 1, 0xd, 0xb8, [47] = 2, 0, 53, 0, 53};

	say_icmp(NET_IP4, address_of(NET_IP4, 1), 0, echo4, 40);
	say_icmp(NET_IP4, address_of(NET_IP4, 1), 0, echo4, sizeof(echo4));
	say_icmp(NET_IP4, net_address_of_ip4(0xe0000001), 1, query4, sizeof(query4));
	say_icmp(NET_IP4, address_of(NET_IP4, 1), 0, unreachable4, sizeof(unreachable4));
	say_icmp(NET_IP6, address_of(NET_IP6, 1), 0, echo6, 40);
	say_icmp(NET_IP6, address_of(NET_IP6, 1), 0, echo6, sizeof(echo6));
	say_icmp(NET_IP6, all_nodes, 1, query6, sizeof(query6));
	say_icmp(NET_IP6, all_nodes, 255, ra, sizeof(ra));
	say_icmp(NET_IP6, address_of(NET_IP6, 1), 0, too_big6, sizeof(too_big6));
}

static void say_all(void)
{
	static const struct net_address group = {.byte = {0xff, 5, [15] = 9}};

	say_control();
	for (unsigned version = 0; version < NET_NR_NETWORKS; version++) {
		say_datagram(address_of(version, 1), UDP_PORT, 20);
		say_datagram(address_of(version, 1), UDP_PORT, 4000);
		say_datagram(address_of(version, 1), 9, 20);
		say_datagram(address_of(version, 7), 9, 20); /* nobody */
		say_stream(version, TCP_PORT);
		say_stream(version, 81);
	}
	say_datagram(group, UDP_PORT, 20);
	say_datagram(net_address_of_ip4(0xe1000009), UDP_PORT, 20);
	pass(5 * NET_SECOND);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	size_t at = 0;

	start();
	us.peer = NULL;
	while (at + 2 <= len) {
		size_t part = min_u64(wire_get16(bytes + at) % FRAME_MAX, len - at - 2);

		receive(&us, bytes + at + 2, part);
		at += 2 + part;
		pass(NET_MILLISECOND);
	}
	pass(100 * NET_SECOND);
	stop();
	return 0;
}

/* ---- The tests ---- */

static void make_record(void)
{
	recorded = malloc(FRAMES_MAX * sizeof(*recorded));
	nr_recorded = 0;
	is_recording = true;
	start();
	say_all();
	stop();
	is_recording = false;
}

static void free_record(void)
{
	free(recorded);
	recorded = NULL;
}

/* The record is what it should be: each protocol was heard. */
TEST(what_is_said_is_understood)
{
	static const enum net_counter heard[] = {
		NET_COUNT_UDP_IN, NET_COUNT_UDP_NO_PORT, NET_COUNT_TCP_IN, NET_COUNT_TCP_PASSIVE_OPEN, NET_COUNT_ICMP_ECHO, NET_COUNT_ND_IN,
		NET_COUNT_GROUP_QUERY, NET_COUNT_IP_REASSEMBLED,
	};
	static const enum net_counter unheard[] = {NET_COUNT_ND_BAD, NET_COUNT_GROUP_BAD, NET_COUNT_ICMP_BAD, NET_COUNT_ICMP_BAD_CHECKSUM, NET_COUNT_TCP_BAD,
						   NET_COUNT_TCP_BAD_CHECKSUM, NET_COUNT_UDP_BAD, NET_COUNT_UDP_BAD_CHECKSUM, NET_COUNT_IP_BAD_HEADER};
	unsigned nr = 0;
	struct ip6_address *a;

	start();
	say_all();
	for (unsigned i = 0; i < ARRAY_SIZE(heard); i++)
		CHECK(us.stack.count[heard[i]] > 0);
	for (unsigned i = 0; i < ARRAY_SIZE(unheard); i++)
		CHECK_EQ(us.stack.count[unheard[i]], 0);
	CHECK_EQ(us.stack.count[NET_COUNT_GROUP_QUERY], 2);
	list_for_each(a, ip6_addresses(&us.stack), link)
		nr += a->origin == IP6_ADVERTISED;
	CHECK_EQ(nr, 1);
	stop();
}

/* Damaged frames out of nowhere, some again, in any order. */
TEST(damaged_record)
{
	alarm(SECONDS_MAX); /* a hang ends the test */
	make_record();
	for (unsigned round = 0; round < 400; round++) {
		start();
		us.peer = NULL;
		for (unsigned i = 0; i < 1000; i++) {
			struct frame f = recorded[test_below(4) ? (i + round * 7) % nr_recorded : test_below(nr_recorded)];

			damage(&f);
			receive(&us, f.bytes, f.len);
			pass(test_below(8) ? 0 : test_below(20) ? NET_MILLISECOND : 10 * NET_SECOND);
		}
		stop();
	}
	free_record();
	alarm(0);
}

/* Conversations go on while frames of both sides are damaged. */
TEST(damaged_conversations)
{
	alarm(SECONDS_MAX);
	for (unsigned round = 0; round < 400; round++) {
		start();
		damaged_of = 1 + test_below(20);
		say_all();
		damaged_of = 0;
		stop();
	}
	alarm(0);
}

/* Memory is short on both sides, in the middle of anything. */
TEST(no_memory)
{
	alarm(SECONDS_MAX);
	for (unsigned round = 0; round < 400; round++) {
		start();
		refused_of = 2 + test_below(50);
		damaged_of = test_below(2) ? 20 : 0;
		say_all();
		damaged_of = refused_of = 0;
		stop();
	}
	alarm(0);
}

/* The same frames as one input, as a search would give them. */
TEST(as_one_input)
{
	static uint8_t input[200000];
	size_t len = 0;

	make_record();
	for (unsigned i = 0; i < nr_recorded && len + FRAME_MAX + 2 < sizeof(input); i++) {
		wire_put16(input + len, (uint16_t)recorded[i].len);
		memcpy(input + len + 2, recorded[i].bytes, recorded[i].len);
		len += 2 + recorded[i].len;
	}
	free_record();
	for (unsigned round = 0; round < 100; round++) {
		LLVMFuzzerTestOneInput(input, len);
		for (unsigned i = 0; i < 200; i++)
			input[test_below(len)] = (uint8_t)test_random();
	}
}

TEST_MAIN()
