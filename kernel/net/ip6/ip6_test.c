/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv6 with scripted packets on a link without neighbours: what is answered, what is dropped and why, headers, fragments, ways, sources, paths. */
#include "kernel/net/ip6/internal.h"
#include "kernel/net/udp/udp.h"
#include "tests/unit/test.h"

static const struct net_environment environment = {.alloc = malloc, .free = free, .random = test_random};
static struct net_stack stack;
static struct net_interface interface, second, loopback;
static uint8_t sent[4000];
static size_t sent_len;
static unsigned nr_sent, nr_delivered;
static struct net_interface *sent_by;
static uint8_t delivered[70000];
static size_t delivered_len;
static struct net_address us, peer;

static int transmit(struct net_interface *i, struct net_packet *packet)
{
	sent_len = min_u64(packet->len, sizeof(sent));
	net_packet_copy(packet, 0, sent, sent_len);
	net_packet_free(packet);
	sent_by = i;
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

/* "2001:db8::1" and the like. */
static struct net_address address(const char *text)
{
	struct net_address a = {0};
	unsigned group[8] = {0}, nr = 0, gap = 8;
	char *end;

	while (*text) {
		if (text[0] == ':' && text[1] == ':') {
			gap = nr;
			text += 2;
		} else if (*text == ':') {
			text++;
		} else {
			group[nr++] = (unsigned)strtoul(text, &end, 16);
			text = end;
		}
	}
	for (unsigned i = 0; i < nr; i++)
		wire_put16(a.byte + 2 * (i < gap ? i : 8 - nr + i), (uint16_t)group[i]);
	return a;
}

static void add(struct net_interface *i, const char *text, unsigned prefix)
{
	struct net_address a = address(text);

	if (ip6_address_add(&stack, i, &a, prefix, 0))
		abort();
}

static void setup(void)
{
	us = address("2001:db8::1");
	peer = address("2001:db8::2");
	net_stack_init(&stack, &environment);
	if (ip6_init(&stack) || udp_init(&stack))
		abort();
	net_transport_add(&stack, &transport);
	interface = (struct net_interface){.name = "tun0", .mtu = 1500, .flags = NET_IS_UP, .transmit = transmit, .link_ops = &net_raw_link};
	second = interface;
	second.name[3] = '1';
	net_loopback_init(&stack, &loopback);
	net_begin(&stack, NET_SECOND);
	net_interface_add(&stack, &interface);
	net_interface_add(&stack, &second);
	if (ip6_interface_up(&loopback))
		abort();
	add(&interface, "2001:db8::1", 64);
	add(&interface, "fe80::1", 64);
	nr_sent = nr_delivered = 0;
}

static void teardown(void)
{
	net_end(&stack);
	udp_fini(&stack);
	net_transport_remove(&stack, &transport);
	ip6_fini(&stack);
	CHECK(!stack.first_timer);
}

struct in {
	struct net_address from, to;
	uint8_t next, hop_limit;
	const uint8_t *headers, *data;
	size_t headers_len, len;
	struct net_interface *at;
};

static void in_packet(const struct in *i)
{
	size_t len = i->headers_len + i->len;
	struct net_packet *packet = net_packet_new(&stack, 0, IP6_HEADER + len, 0);
	uint8_t *h = net_packet_append(packet, IP6_HEADER + len);

	memset(h, 0, IP6_HEADER + len);
	h[0] = 0x60;
	wire_put16(h + 4, (uint16_t)len);
	h[6] = i->next ? i->next : i->headers_len ? 0 : 200;
	h[7] = i->hop_limit ? i->hop_limit : 64;
	memcpy(h + 8, ip6_is_unspecified(&i->from) ? &peer : &i->from, 16);
	memcpy(h + 24, ip6_is_unspecified(&i->to) ? &us : &i->to, 16);
	if (i->headers_len)
		memcpy(h + IP6_HEADER, i->headers, i->headers_len);
	if (i->len)
		memcpy(h + IP6_HEADER + i->headers_len, i->data, i->len);
	net_interface_input(i->at ? i->at : &interface, packet);
	net_end(&stack);
}
#define IN(...) in_packet(&(struct in){__VA_ARGS__})
#define HEADERS(...) .headers = (const uint8_t[]){__VA_ARGS__}, .headers_len = sizeof((const uint8_t[]){__VA_ARGS__})

static const uint8_t eight[8] = {1, 2, 3, 4, 5, 6, 7, 8};

static bool sent_is_error(uint8_t type, uint8_t code, uint32_t rest)
{
	struct net_flow flow;

	memcpy(&flow.local, sent + 8, 16);
	memcpy(&flow.remote, sent + 24, 16);
	return sent[6] == 58 && sent[40] == type && sent[41] == code && wire_get32(sent + 44) == rest && net_address_equal(&flow.remote, &peer) &&
	       !checksum_fold(checksum_add(net_pseudo_sum(&flow, 58, sent_len - 40), sent + 40, sent_len - 40));
}

static void in_icmp(const struct in *i, uint8_t *icmp, size_t len)
{
	struct net_flow flow = {.local = ip6_is_unspecified(&i->from) ? peer : i->from, .remote = ip6_is_unspecified(&i->to) ? us : i->to};
	struct in in = *i;

	wire_put16(icmp + 2, 0);
	checksum_store(icmp + 2, checksum_fold(checksum_add(net_pseudo_sum(&flow, 58, len), icmp, len)));
	in.next = 58;
	in.data = icmp;
	in.len = len;
	in_packet(&in);
}

TEST(echo_is_answered)
{
	uint8_t icmp[12] = {128, 0, 0, 0, 1, 2, 3, 4, 'p', 'i', 'n', 'g'};

	setup();
	in_icmp(&(struct in){0}, icmp, sizeof(icmp));
	CHECK_EQ(nr_sent, 1);
	CHECK_EQ(sent_len, 52);
	CHECK(sent_is_error(129, 0, 0x01020304));
	CHECK(memcmp(sent + 48, "ping", 4) == 0);
	icmp[2] ^= 1;
	IN(.next = 58, .data = icmp, .len = sizeof(icmp));
	CHECK_EQ(stack.count[NET_COUNT_ICMP_BAD_CHECKSUM], 1);
	CHECK_EQ(nr_sent, 1);
	/* To a group: from an address of ours. */
	in_icmp(&(struct in){.to = ip6_all_nodes}, icmp, sizeof(icmp));
	CHECK_EQ(nr_sent, 2);
	CHECK(memcmp(sent + 8, &us, 16) == 0);
	teardown();
}

TEST(what_may_not_come_from_a_link)
{
	static const char *bad_sources[] = {"2001:db8::1", "::1", "ff02::1", "::ffff:a00:1"};
	static const char *bad_destinations[] = {"::1", "ff01::1", "ff00::1", "::ffff:a00:1"};

	setup();
	for (unsigned i = 0; i < ARRAY_SIZE(bad_sources); i++)
		IN(.from = address(bad_sources[i]), .data = eight, .len = 8);
	for (unsigned i = 0; i < ARRAY_SIZE(bad_destinations); i++)
		IN(.to = address(bad_destinations[i]), .data = eight, .len = 8);
	CHECK_EQ(stack.count[NET_COUNT_IP_BAD_SOURCE], 8);
	IN(.to = address("2001:db8::63"), .data = eight, .len = 8);
	IN(.to = address("ff02::63"), .data = eight, .len = 8);
	IN(.to = address("fe80::1"), .data = eight, .len = 8, .at = &second); /* an address of another link */
	CHECK_EQ(stack.count[NET_COUNT_IP_NOT_FOR_US], 3);
	CHECK_EQ(nr_delivered, 0);
	IN(.to = ip6_all_nodes, .data = eight, .len = 8);
	IN(.data = eight, .len = 8, .at = &second);
	CHECK_EQ(nr_delivered, 2);
	CHECK_EQ(nr_sent, 0);
	IN(.next = 201, .data = eight, .len = 8);
	CHECK(sent_is_error(4, 1, 6));
	CHECK_EQ(sent_len, 40 + 8 + 48);
	IN(.to = ip6_all_nodes, .next = 201, .data = eight, .len = 8); /* no errors about groups */
	CHECK_EQ(nr_sent, 1);
	teardown();
}

TEST(extension_headers)
{
	setup();
	IN(HEADERS(60, 0, 1, 4, 0, 0, 0, 0, 43, 0, 5, 2, 0, 0, 0, 0, 200, 0, 0, 0, 0, 0, 0, 0), .data = eight, .len = 8);
	CHECK_EQ(nr_delivered, 1);
	CHECK_EQ(delivered_len, 8);
	IN(HEADERS(200, 0, 0x1e, 4, 1, 2, 3, 4), .data = eight, .len = 8); /* not known, to be skipped */
	CHECK_EQ(nr_delivered, 2);
	IN(HEADERS(200, 0, 0x5e, 4, 1, 2, 3, 4), .data = eight, .len = 8); /* to be dropped */
	IN(HEADERS(200, 0, 1, 5, 0, 0, 0, 0), .data = eight, .len = 8);	     /* longer than its header */
	IN(HEADERS(200, 0, 1, 3, 0, 0, 0, 1), .data = eight, .len = 8);
	IN(HEADERS(200, 9, 1, 4, 0, 0, 0, 0), .data = eight, .len = 8);	     /* longer than the packet */
	IN(HEADERS(200, 0, 1), .len = 0);
	CHECK_EQ(stack.count[NET_COUNT_IP_BAD_OPTIONS], 5);
	CHECK_EQ(nr_sent, 0);
	IN(HEADERS(200, 0, 0x9e, 4, 1, 2, 3, 4), .data = eight, .len = 8); /* to be refused */
	CHECK(sent_is_error(4, 2, 42));
	IN(HEADERS(200, 0, 1, 0, 0xde, 2, 3, 4), .data = eight, .len = 8);
	CHECK(sent_is_error(4, 2, 44));
	CHECK_EQ(nr_sent, 2);
	IN(.to = ip6_all_nodes, HEADERS(200, 0, 0x9e, 4, 1, 2, 3, 4), .data = eight, .len = 8);
	CHECK_EQ(nr_sent, 3);
	IN(.to = ip6_all_nodes, HEADERS(200, 0, 0xde, 4, 1, 2, 3, 4), .data = eight, .len = 8);
	CHECK_EQ(nr_sent, 3);
	IN(.next = 43, HEADERS(200, 2, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16), .data = eight, .len = 8);
	CHECK(sent_is_error(4, 0, 42)); /* a source route */
	IN(.next = 60, HEADERS(0, 0, 1, 4, 0, 0, 0, 0, 200, 0, 1, 4, 0, 0, 0, 0), .data = eight, .len = 8);
	CHECK(sent_is_error(4, 1, 40)); /* hop-by-hop, but not first */
	IN(.next = 59);
	CHECK_EQ(nr_sent, 5);
	CHECK_EQ(nr_delivered, 2);
	teardown();
}

TEST(long_chains_end)
{
	uint8_t headers[50 * 8] = {0};

	setup();
	for (size_t i = 0; i < sizeof(headers); i += 8)
		memcpy(headers + i, "\x3c\x00\x01\x04", 4);
	IN(.next = 60, .headers = headers, .headers_len = sizeof(headers), .data = eight, .len = 8);
	CHECK_EQ(stack.count[NET_COUNT_IP_BAD_OPTIONS], 1);
	CHECK_EQ(nr_delivered + nr_sent, 0);
	teardown();
}

static void in_part(uint32_t id, size_t offset, bool more, const uint8_t *data, size_t len)
{
	uint8_t h[8] = {200};

	wire_put16(h + 2, (uint16_t)(offset | more));
	wire_put32(h + 4, id);
	IN(.next = 44, .headers = h, .headers_len = 8, .data = data, .len = len);
}

/* Parts in any order make the whole; each with one that overlaps does not. */
TEST(reassembly_model)
{
	static uint8_t bytes[65000];

	setup();
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)test_random();
	for (uint32_t round = 0; round < 300; round++) {
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
			in_part(round, cut[i], end < total, bytes + cut[i], end - cut[i]);
			if (i == 0)
				overlaps &= end - cut[0] > 8;
			if (overlaps && i == 0)
				in_part(round, cut[i] + 8, true, bytes, 800);
		}
		CHECK_EQ(nr_delivered, before + !overlaps);
		if (!overlaps) {
			CHECK_EQ(delivered_len, total);
			CHECK(memcmp(delivered, bytes, total) == 0);
		}
		if (round % 20 == 0) {
			net_begin(&stack, stack.now_ns + 61 * NET_SECOND);
			net_tick(&stack);
			CHECK_EQ(ip6_of(&stack)->reassembler.nr, 0);
			CHECK_EQ(ip6_of(&stack)->reassembler.bytes, 0);
		}
	}
	CHECK(stack.count[NET_COUNT_IP_FRAGMENT_OVERLAP] > 0);
	teardown();
}

TEST(parts_that_cannot_be)
{
	uint8_t first[8 + 8 + 8] = {60, 0, 0, 1, 0, 0, 0, 9, 200, 0, 1, 4};

	setup();
	in_part(1, 0, true, eight, 7);
	CHECK(sent_is_error(4, 0, 4));
	in_part(1, 65528, false, eight, 8);
	CHECK(sent_is_error(4, 0, 42));
	CHECK_EQ(nr_sent, 2);
	in_part(2, 0, false, eight, 8); /* atomic, beside parts with the same number */
	CHECK_EQ(nr_delivered, 1);
	in_part(2, 0, true, eight, 8);
	in_part(2, 0, false, eight, 8);
	CHECK_EQ(nr_delivered, 2);
	in_part(2, 8, false, eight, 8);
	CHECK_EQ(nr_delivered, 3);
	CHECK_EQ(delivered_len, 16);
	/* The first part has options and then nothing: the transport's header would hide in the second. */
	IN(.next = 44, .headers = first, .headers_len = 16);
	CHECK(sent_is_error(4, 3, 0));
	IN(.next = 44, .headers = first, .headers_len = 16, .data = eight, .len = 8);
	CHECK_EQ(ip6_of(&stack)->reassembler.nr, 1);
	nr_sent = 0;
	net_begin(&stack, stack.now_ns + 61 * NET_SECOND);
	net_tick(&stack);
	CHECK_EQ(nr_sent, 1);
	CHECK(sent_is_error(3, 1, 0)); /* as its first part had come */
	in_part(3, 8, true, eight, 8);
	net_begin(&stack, stack.now_ns + 61 * NET_SECOND);
	net_tick(&stack);
	CHECK_EQ(nr_sent, 1);
	teardown();
}

static int route_to(const char *text, struct net_interface *bound, struct net_flow *flow)
{
	*flow = (struct net_flow){.remote = address(text), .bound = bound};
	return ip6_route(&stack, flow);
}

static bool is_from(const struct net_flow *flow, const char *text)
{
	struct net_address a = address(text);

	return net_address_equal(&flow->local, &a);
}

TEST(routes)
{
	struct ip6_route route = {.gateway = address("2001:db8::fe"), .interface = &interface, .metric = 10};
	struct net_address gateway = address("fe80::9"), none = {0};
	struct net_flow flow;

	setup();
	CHECK_EQ(route_to("2001:db8:5::1", NULL, &flow), -ENETUNREACH);
	CHECK_EQ(ip6_route_add(&stack, &route), 0);
	CHECK_EQ(ip6_route_add(&stack, &route), -EEXIST);
	CHECK_EQ(route_to("2001:db8:5::1", NULL, &flow), 0);
	CHECK(net_address_equal(&flow.next_hop, &route.gateway));
	CHECK(is_from(&flow, "2001:db8::1"));
	CHECK_EQ(route_to("2001:db8::77", NULL, &flow), 0);
	CHECK(net_address_equal(&flow.next_hop, &flow.remote));
	CHECK_EQ(route_to("fe80::2", &second, &flow), -EADDRNOTAVAIL);
	add(&second, "2001:db8:1::1", 64);
	route = (struct ip6_route){.destination = address("2001:db8:5::"), .prefix = 48, .gateway = gateway, .interface = &second, .mtu = 1400};
	CHECK_EQ(ip6_route_add(&stack, &route), 0);
	CHECK_EQ(route_to("2001:db8:5::1", NULL, &flow), 0);
	CHECK(flow.interface == &second);
	CHECK_EQ(flow.mtu, 1400);
	CHECK(is_from(&flow, "2001:db8:1::1"));
	CHECK_EQ(route_to("2001:db8:5::1", &interface, &flow), 0); /* only through that one */
	CHECK(flow.interface == &interface);
	route.gateway = address("2001:db8:77::1");
	CHECK_EQ(ip6_route_add(&stack, &route), -ENETUNREACH);
	route.destination.byte[15] = 1;
	CHECK_EQ(ip6_route_add(&stack, &route), -EINVAL);
	route.prefix = 129;
	CHECK_EQ(ip6_route_add(&stack, &route), -EINVAL);
	CHECK_EQ(route_to("fe80::2", NULL, &flow), -EINVAL); /* of which link? */
	CHECK_EQ(route_to("fe80::2", &interface, &flow), 0);
	CHECK(is_from(&flow, "fe80::1"));
	CHECK_EQ(route_to("::", NULL, &flow), 0);
	CHECK(flow.interface == &loopback);
	CHECK(is_from(&flow, "::1"));
	CHECK_EQ(route_to("2001:db8:1::1", NULL, &flow), 0);
	CHECK(flow.interface == &loopback);
	CHECK(is_from(&flow, "2001:db8:1::1"));
	net_interface_remove(&second);
	CHECK_EQ(route_to("2001:db8:5::1", NULL, &flow), 0);
	CHECK(flow.interface == &interface);
	CHECK_EQ(ip6_route_remove(&stack, &none, 0, NULL), 0);
	CHECK_EQ(ip6_route_remove(&stack, &none, 0, NULL), -ESRCH);
	CHECK_EQ(ip6_address_remove(&stack, &interface, &us), 0);
	CHECK_EQ(ip6_address_remove(&stack, &interface, &us), -EADDRNOTAVAIL);
	CHECK_EQ(route_to("2001:db8::77", NULL, &flow), -ENETUNREACH); /* its network went with it */
	teardown();
}

TEST(two_addresses_of_a_network)
{
	struct net_address other = address("2001:db8::9");
	struct net_flow flow;

	setup();
	add(&interface, "2001:db8::9", 64);
	CHECK_EQ(ip6_address_remove(&stack, &interface, &us), 0);
	CHECK_EQ(route_to("2001:db8::77", NULL, &flow), 0);
	CHECK_EQ(ip6_address_remove(&stack, &interface, &other), 0);
	CHECK_EQ(route_to("2001:db8::77", NULL, &flow), -ENETUNREACH);
	teardown();
}

/* RFC 6724 §10.1's examples, as far as they have to do with sources, and a few more. */
TEST(sources)
{
	static const struct {
		const char *destination, *a, *b, *chosen;
	} cases[] = {
		{"2001:db8:1::1", "2001:db8:3::1", "fe80::1", "2001:db8:3::1"},
		{"ff05::1", "2001:db8:3::1", "fe80::1", "2001:db8:3::1"},
		{"ff02::5", "2001:db8:3::1", "fe80::1", "fe80::1"},
		{"2001:db8:1::1", "2001:db8:1::2", "2001:db8:3::2", "2001:db8:1::2"},
		{"fe80::2", "fe80::1", "2001:db8:1::1", "fe80::1"},
		{"2002:c633:6401::1", "2002:c633:6401::d5e3:7953:13eb:22e8", "2001:db8:1::2", "2002:c633:6401::d5e3:7953:13eb:22e8"},
		{"fd00:1::9", "2001:db8:1::2", "fd77::1", "fd77::1"},
		{"2600::1", "fd77::1", "2001:db8:1::2", "2001:db8:1::2"},
	};
	struct ip6_route everywhere = {.gateway = {.byte = {0xfe, 0x80, [15] = 0x77}}, .interface = &interface};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		for (int swapped = 0; swapped < 2; swapped++) {
			struct net_address link = address("fe80::1");
			struct net_flow flow;

			setup();
			CHECK_EQ(ip6_address_remove(&stack, &interface, &us), 0);
			CHECK_EQ(ip6_address_remove(&stack, &interface, &link), 0);
			add(&interface, swapped ? cases[i].b : cases[i].a, 64);
			add(&interface, swapped ? cases[i].a : cases[i].b, 64);
			CHECK_EQ(ip6_route_add(&stack, &everywhere), 0);
			CHECK_EQ(route_to(cases[i].destination, &interface, &flow), 0);
			CHECK(is_from(&flow, cases[i].chosen));
			teardown();
		}
	}
}

static void in_too_big(struct net_address to, uint16_t local_port, uint16_t remote_port, uint32_t mtu)
{
	uint8_t icmp[8 + 40 + 8] = {2, [8] = 0x60, [14] = 17, [15] = 60};

	wire_put32(icmp + 4, mtu);
	wire_put16(icmp + 12, 1400);
	memcpy(icmp + 16, &us, 16);
	memcpy(icmp + 32, &to, 16);
	wire_put16(icmp + 48, local_port);
	wire_put16(icmp + 50, remote_port);
	in_icmp(&(struct in){.from = address("2001:db8::fe")}, icmp, sizeof(icmp));
}

static int send_datagram(struct udp_socket *udp, struct net_address to, size_t len)
{
	struct udp_message message = {.remote = to, .remote_port = 53};
	struct net_packet *packet = udp_packet_new(&stack, len);
	int error;

	memset(packet->data, 'x', len);
	error = udp_send(udp, &message, packet);
	net_end(&stack);
	return error;
}

TEST(narrow_paths)
{
	struct udp_socket *udp;
	struct net_address any = {0};
	struct net_flow flow;

	setup();
	udp = udp_new(&stack, NULL, NULL);
	CHECK_EQ(udp_bind(udp, &any, 1000), 0);
	CHECK_EQ(send_datagram(udp, peer, 1452), 0);
	CHECK_EQ(nr_sent, 1);
	CHECK_EQ(sent_len, 1500);
	CHECK_EQ(send_datagram(udp, peer, 1453), 0);
	CHECK_EQ(nr_sent, 3);
	in_too_big(peer, 1001, 53, 1300); /* of nobody */
	CHECK_EQ(send_datagram(udp, peer, 1452), 0);
	CHECK_EQ(nr_sent, 4);
	in_too_big(peer, 1000, 53, 1300);
	CHECK_EQ(send_datagram(udp, peer, 1452), 0);
	CHECK_EQ(nr_sent, 6);
	CHECK_EQ(send_datagram(udp, address("2001:db8::3"), 1452), 0);
	CHECK_EQ(nr_sent, 7);
	in_too_big(peer, 1000, 53, 500); /* no path is as narrow */
	CHECK_EQ(route_to("2001:db8::2", NULL, &flow), 0);
	CHECK_EQ(flow.mtu, 1280);
	udp_settings(udp)->dont_fragment = true;
	CHECK_EQ(send_datagram(udp, peer, 1452), -EMSGSIZE);
	net_begin(&stack, stack.now_ns + 601 * NET_SECOND);
	net_routes_changed(&stack);
	CHECK_EQ(send_datagram(udp, peer, 1452), 0);
	udp_close(udp);
	teardown();
}

/* What is sent in parts is received whole, by ourselves. */
TEST(long_datagrams_to_self)
{
	struct net_address self = address("::1"), any = {0};
	struct udp_socket *a, *b;
	struct udp_message from;
	struct net_packet *packet;

	setup();
	loopback.mtu = 1280;
	a = udp_new(&stack, NULL, NULL);
	b = udp_new(&stack, NULL, NULL);
	CHECK_EQ(udp_bind(a, &any, 1000), 0);
	CHECK_EQ(udp_bind(b, &self, 53), 0);
	for (size_t len = 0; len < 65528; len += 1 + test_random() % 4000) {
		CHECK_EQ(send_datagram(a, self, len), 0);
		packet = udp_receive(b, &from);
		CHECK(packet);
		CHECK_EQ(packet->len, len);
		CHECK(net_address_equal(&from.remote, &self));
		net_packet_free(packet);
	}
	CHECK(stack.count[NET_COUNT_IP_REASSEMBLED] > 10);
	CHECK_EQ(udp_connect(a, &self, 99), 0);
	packet = udp_packet_new(&stack, 1);
	CHECK_EQ(udp_send(a, NULL, packet), 0);
	net_end(&stack);
	CHECK_EQ(udp_error(a), ECONNREFUSED);
	udp_close(a);
	udp_close(b);
	teardown();
}

TEST(groups)
{
	struct net_address group = address("ff02::1234"), any = {0};
	struct udp_socket *udp;
	struct udp_message from;
	struct net_packet *packet;

	setup();
	CHECK_EQ(ip6_group_join(&stack, &interface, &us), -EINVAL);
	CHECK_EQ(ip6_group_join(&stack, &interface, &group), 0);
	udp = udp_new(&stack, NULL, NULL);
	CHECK_EQ(udp_bind(udp, &any, 53), 0);
	udp_settings(udp)->multicast_interface = &interface;
	nr_sent = 0;
	CHECK_EQ(send_datagram(udp, group, 3000), 0); /* a member hears itself */
	CHECK_EQ(nr_sent, 3);
	packet = udp_receive(udp, &from);
	CHECK(packet);
	CHECK_EQ(packet->len, 3000);
	CHECK_EQ(from.interface_index, interface.index);
	net_packet_free(packet);
	udp_settings(udp)->no_multicast_loop = true;
	CHECK_EQ(send_datagram(udp, group, 3), 0);
	CHECK(!udp_receive(udp, &from));
	CHECK_EQ(sent[7], 1);
	CHECK_EQ(ip6_group_leave(&stack, &interface, &group), 0);
	CHECK_EQ(ip6_group_leave(&stack, &interface, &group), -EADDRNOTAVAIL);
	udp_close(udp);
	teardown();
}

TEST(errors_are_limited)
{
	setup();
	for (int i = 0; i < 1000; i++)
		IN(.next = 201, .data = eight, .len = 8);
	CHECK_EQ(nr_sent, 50);
	CHECK_EQ(stack.count[NET_COUNT_ICMP_LIMITED], 950);
	teardown();
}

TEST(random_packets)
{
	static const uint8_t nexts[] = {0, 43, 44, 60, 59, 58, 200, 17, 201};

	setup();
	for (int round = 0; round < 30000; round++) {
		size_t len = test_random() % 160;
		struct net_packet *packet = net_packet_new(&stack, 0, len, 0);
		uint8_t *h = net_packet_append(packet, len);

		for (size_t i = 0; i < len; i++)
			h[i] = (uint8_t)(test_random() % 3 ? test_random() % 8 : test_random());
		if (len >= 40 && test_random() % 8) {
			h[0] = 0x60;
			wire_put16(h + 4, (uint16_t)(test_random() % 8 ? len - 40 : test_random() % 200));
			h[6] = nexts[test_random() % sizeof(nexts)];
			memcpy(h + 8, &peer, 16);
			memcpy(h + 24, test_random() % 4 ? &us : &ip6_all_nodes, 16);
			for (size_t i = 40; i < len && test_random() % 4; i += 8)
				h[i] = nexts[test_random() % sizeof(nexts)];
			if (h[6] == 58 && len >= 48) {
				struct net_flow flow = {.local = peer};

				memcpy(&flow.remote, h + 24, 16);
				h[40] = (uint8_t)(test_random() % 2 ? test_random() % 5 : 128 + test_random() % 16);
				if (len > 88 && test_random() % 2) {
					h[48] = 0x60;
					memcpy(h + 56, &us, 16);
				}
				wire_put16(h + 42, 0);
				checksum_store(h + 42, checksum_fold(checksum_add(net_pseudo_sum(&flow, 58, len - 40), h + 40, len - 40)));
			}
		}
		net_interface_input(&interface, packet);
		net_end(&stack);
		if (round % 100 == 0) {
			net_begin(&stack, stack.now_ns + NET_SECOND);
			net_tick(&stack);
		}
	}
	CHECK(stack.count[NET_COUNT_IP_BAD_OPTIONS] > 100);
	CHECK(stack.count[NET_COUNT_ICMP_IN] > 100);
	teardown();
}

TEST_MAIN()
