/* SPDX-License-Identifier: BSD-3-Clause */
/* Neighbour Discovery, self-configuration and MLD with scripted frames at Ethernet, and the time in the test's hand. */
#include "kernel/net/ethernet/ethernet.h"
#include "kernel/net/ip4/ip4.h"
#include "kernel/net/ip6/internal.h"
#include "tests/unit/test.h"

enum { FRAMES_MAX = 256, AT_IP = 14, AT_ICMP = 54 };

static const struct net_environment environment = {.alloc = malloc, .free = free, .random = test_random};
static struct net_stack stack;
static struct net_interface interface;
static struct {
	uint8_t bytes[2000];
	size_t len;
} sent[FRAMES_MAX];
static unsigned nr_sent, nr_seen;
static uint64_t now;
static const uint8_t our_hardware[6] = {2, 0, 0, 0, 0, 1}, their_hardware[6] = {2, 0, 0, 0, 0, 2};
static struct net_address link_local, peer, router, global;
static unsigned events[IP6_NAME_SERVERS_CHANGED + 1];
static uint8_t groups[64][6];
static size_t nr_groups;

static int transmit(struct net_interface *i, struct net_packet *packet)
{
	sent[nr_sent % FRAMES_MAX].len = packet->len;
	net_packet_copy(packet, 0, sent[nr_sent++ % FRAMES_MAX].bytes, packet->len);
	net_packet_free(packet);
	return 0;
}

static void set_groups(struct net_interface *i, const uint8_t (*group)[6], size_t nr)
{
	nr_groups = min_u64(nr, ARRAY_SIZE(groups));
	memcpy(groups, group, nr_groups * 6);
}

static void note_event(void *owner, enum ip6_event event, struct net_interface *i, const struct ip6_address *address)
{
	events[event]++;
}

static struct net_address address(uint16_t first, uint16_t second, uint16_t last)
{
	struct net_address a = {0};

	wire_put16(a.byte, first);
	wire_put16(a.byte + 2, second);
	wire_put16(a.byte + 14, last);
	return a;
}

/* Time goes by, with all timers in their order. */
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
	net_tick(&stack);
	net_end(&stack);
}

static void setup(void)
{
	static const struct net_address fe80 = {.byte = {0xfe, 0x80}};

	now = NET_SECOND;
	nr_sent = nr_seen = 0;
	memset(events, 0, sizeof(events));
	link_local = ip6_of_hardware(&fe80, our_hardware);
	peer = address(0xfe80, 0, 2);
	router = address(0xfe80, 0, 0xfe);
	global = address(0x2001, 0xdb8, 0);
	global = ip6_of_hardware(&global, our_hardware);
	net_stack_init(&stack, &environment);
	if (ip4_init(&stack) || ip6_init(&stack))
		abort();
	ip6_set_event(&stack, note_event, NULL);
	interface = (struct net_interface){.name = "eth0", .mtu = 1500, .flags = NET_IS_UP, .transmit = transmit, .set_groups = set_groups};
	memcpy(interface.hardware, our_hardware, 6);
	if (ethernet_attach(&stack, &interface))
		abort();
	net_begin(&stack, now);
	net_interface_add(&stack, &interface);
	if (ip6_interface_up(&interface))
		abort();
}

static void teardown(void)
{
	net_interface_remove(&interface);
	ip6_fini(&stack);
	ip4_fini(&stack);
	CHECK(!stack.first_timer);
}

/* The next frame sent with that ICMPv6 type, its message; NULL: none. */
static uint8_t *sent_icmp(uint8_t type)
{
	while (nr_seen < nr_sent) {
		uint8_t *f = sent[nr_seen++ % FRAMES_MAX].bytes;
		size_t at = f[AT_IP + 6] == 0 ? AT_ICMP + 8 : AT_ICMP;

		if (wire_get16(f + 12) == 0x86dd && (f[AT_IP + 6] == 58 || f[AT_IP + 6] == 0) && f[at] == type)
			return f + at;
	}
	return NULL;
}

static bool is_at(const uint8_t *p, const struct net_address *a)
{
	return memcmp(p, a, 16) == 0;
}

/* A message comes. */
static void in(const struct net_address *from, const struct net_address *to, uint8_t hop_limit, const uint8_t *icmp, size_t len)
{
	struct net_packet *packet = net_packet_new(&stack, 0, AT_ICMP + len, 0);
	uint8_t *f = net_packet_append(packet, AT_ICMP + len);
	struct net_flow flow = {.local = *from, .remote = *to};

	memset(f, 0, AT_ICMP);
	memcpy(f, ip6_is_multicast(to) ? (const uint8_t *)"\x33\x33\0\0\0\1" : our_hardware, 6);
	memcpy(f + 6, their_hardware, 6);
	wire_put16(f + 12, 0x86dd);
	f[AT_IP] = 0x60;
	wire_put16(f + AT_IP + 4, (uint16_t)len);
	f[AT_IP + 6] = 58;
	f[AT_IP + 7] = hop_limit;
	memcpy(f + AT_IP + 8, from, 16);
	memcpy(f + AT_IP + 24, to, 16);
	memcpy(f + AT_ICMP, icmp, len);
	wire_put16(f + AT_ICMP + 2, 0);
	checksum_store(f + AT_ICMP + 2, checksum_fold(checksum_add(net_pseudo_sum(&flow, 58, len), f + AT_ICMP, len)));
	net_interface_input(&interface, packet);
	net_end(&stack);
}

static const struct net_address nobody;

static void in_solicitation(const struct net_address *from, const struct net_address *target, uint8_t hop_limit)
{
	uint8_t m[32] = {135, [24] = 1, 1};
	struct net_address to = ip6_solicited_node(target);
	bool is_probe = ip6_is_unspecified(from);

	memcpy(m + 8, target, 16);
	memcpy(m + 26, their_hardware, 6);
	in(from, &to, hop_limit, m, is_probe ? 24 : 32);
}

static void in_advertisement(const struct net_address *target, uint8_t flags, uint8_t last_of_hardware)
{
	uint8_t m[32] = {136, [4] = flags, [24] = 2, 1, 2, 0, 0, 0, 0, last_of_hardware};

	memcpy(m + 8, target, 16);
	in(target, flags & 0x40 ? &link_local : &ip6_all_nodes, 255, m, last_of_hardware ? 32 : 24);
}

static const struct ip6_address *find_address(const struct net_address *a)
{
	return ip6_address_find(ip6_of(&stack), &interface, a);
}

TEST(link_local_address)
{
	struct net_address group;
	const uint8_t *m;

	setup();
	group = ip6_solicited_node(&link_local);
	m = sent_icmp(143);
	CHECK(m && is_at(m + 12, &group));
	m = sent_icmp(133); /* routers are looked for at once */
	CHECK(m);
	CHECK(is_at(m - 32, &nobody) && is_at(m - 16, &ip6_all_routers));
	CHECK(!sent_icmp(135));
	pass(100 * NET_MILLISECOND);
	nr_seen = 0;
	m = sent_icmp(135);
	CHECK(m);
	CHECK(is_at(m + 8, &link_local) && is_at(m - 32, &nobody) && is_at(m - 16, &group));
	CHECK_EQ(m[-33], 255);
	CHECK(memcmp(m - AT_ICMP, "\x33\x33\xff\0\0\1", 6) == 0);
	CHECK_EQ(find_address(&link_local)->state, IP6_TENTATIVE);
	CHECK(!stack.network[NET_IP6]->is_local(&stack, &link_local));
	in_solicitation(&peer, &link_local, 255);
	CHECK(!sent_icmp(136)); /* not yet ours */
	pass(NET_SECOND);
	CHECK_EQ(find_address(&link_local)->state, IP6_PREFERRED);
	CHECK(stack.network[NET_IP6]->is_local(&stack, &link_local));
	CHECK_EQ(events[IP6_ADDRESS_ADDED], 1);
	CHECK_EQ(events[IP6_ADDRESS_CHANGED], 1);
	pass(10 * NET_SECOND);
	m = sent_icmp(133); /* and again, with the address */
	CHECK(m);
	CHECK(is_at(m - 32, &link_local));
	CHECK(memcmp(m + 8, "\x01\x01\x02\0\0\0\0\x01", 8) == 0);
	ip6_interface_down(&interface);
	CHECK(!find_address(&link_local));
	teardown();
}

TEST(duplicates)
{
	uint8_t own[32] = {0};

	for (int kind = 0; kind < 4; kind++) {
		const uint8_t *m;

		setup();
		pass(100 * NET_MILLISECOND);
		m = sent_icmp(135);
		CHECK(m);
		memcpy(own, m, sizeof(own));
		if (kind == 0)
			in_advertisement(&link_local, 0x20, 2); /* somebody defends it */
		else if (kind == 1)
			in_solicitation(&nobody, &link_local, 255); /* somebody wants it as well */
		else if (kind == 2)
			in_solicitation(&nobody, &link_local, 254); /* not from this link */
		else
			in(&nobody, &(struct net_address){.byte = {0xff, 2, [11] = 1, 0xff, 0, 0, 1}}, 255, own, sizeof(own)); /* ourselves, echoed */
		pass(2 * NET_SECOND);
		CHECK_EQ(find_address(&link_local)->state, kind < 2 ? IP6_DUPLICATE : IP6_PREFERRED);
		CHECK_EQ(stack.network[NET_IP6]->is_local(&stack, &link_local), kind >= 2);
		CHECK_EQ(stack.count[NET_COUNT_ND_DUPLICATE], kind < 2);
		teardown();
	}
}

static void start(void)
{
	setup();
	pass(2 * NET_SECOND);
	nr_sent = nr_seen = 0;
}

static int send_to(const struct net_address *to)
{
	struct net_flow flow = {.remote = *to, .bound = &interface};
	struct net_packet *packet = net_packet_new(&stack, NET_HEAD_ROOM, 8, 0);
	int error = ip6_route(&stack, &flow);

	memset(net_packet_append(packet, 8), 0, 8);
	if (error) {
		net_packet_free(packet);
		return error;
	}
	return ip6_send(&stack, &flow, packet, 200);
}

/* Packets of protocol 200 among the frames not yet seen; the last octet of where they went. */
static unsigned nr_packets(uint8_t *to)
{
	unsigned nr = 0;

	for (; nr_seen < nr_sent; nr_seen++) {
		if (sent[nr_seen % FRAMES_MAX].bytes[AT_IP + 6] == 200) {
			nr++;
			*to = sent[nr_seen % FRAMES_MAX].bytes[5];
		}
	}
	return nr;
}

TEST(asks_then_sends)
{
	struct net_address group;
	const uint8_t *m;
	uint8_t to;

	start();
	group = ip6_solicited_node(&peer);
	CHECK_EQ(send_to(&peer), 0);
	CHECK_EQ(send_to(&peer), 0);
	m = sent_icmp(135);
	CHECK(m);
	CHECK(is_at(m + 8, &peer) && is_at(m - 32, &link_local) && is_at(m - 16, &group));
	CHECK(memcmp(m + 24, "\x01\x01\x02\0\0\0\0\x01", 8) == 0);
	CHECK_EQ(nr_packets(&to), 0);
	in_advertisement(&peer, 0x60, 2);
	CHECK_EQ(nr_packets(&to), 2);
	CHECK_EQ(to, 2);
	CHECK_EQ(send_to(&peer), 0);
	CHECK_EQ(nr_packets(&to), 1);
	/* After a while it is asked, alone, whether it is still there; packets go on. */
	pass(31 * NET_SECOND);
	nr_seen = nr_sent;
	CHECK_EQ(send_to(&peer), 0);
	m = sent_icmp(135);
	CHECK(m);
	CHECK(is_at(m - 16, &peer));
	CHECK_EQ(m[-AT_ICMP + 5], 2);
	CHECK_EQ(nr_packets(&to), 1);
	in_advertisement(&peer, 0x40, 0); /* without its hardware address: it is known */
	pass(5 * NET_SECOND);
	CHECK_EQ(send_to(&peer), 0);
	CHECK_EQ(nr_packets(&to), 1);
	teardown();
}

TEST(nobody_answers)
{
	start();
	CHECK_EQ(send_to(&peer), 0);
	pass(3 * NET_SECOND);
	CHECK_EQ(send_to(&peer), -EHOSTUNREACH);
	CHECK(sent_icmp(135) && sent_icmp(135) && sent_icmp(135) && !sent_icmp(135));
	CHECK_EQ(stack.count[NET_COUNT_ARP_UNRESOLVED], 2);
	pass(4 * NET_SECOND);
	CHECK_EQ(send_to(&peer), 0);
	teardown();
}

TEST(what_is_believed)
{
	struct ethernet_neighbour n;
	uint8_t to;

	start();
	in_advertisement(&peer, 0x60, 2); /* nobody asked */
	CHECK(!ethernet_neighbour_get(&interface, 0, &n));
	in_solicitation(&peer, &peer, 255); /* not for us */
	CHECK(!ethernet_neighbour_get(&interface, 0, &n));
	in_solicitation(&peer, &link_local, 254);
	CHECK(!ethernet_neighbour_get(&interface, 0, &n));
	CHECK_EQ(stack.count[NET_COUNT_ND_BAD], 1);
	in_solicitation(&peer, &link_local, 255);
	CHECK(ethernet_neighbour_get(&interface, 0, &n));
	CHECK(n.is_known && !n.is_reachable);
	in_advertisement(&peer, 0x40, 0);
	CHECK(ethernet_neighbour_get(&interface, 0, &n) && n.is_reachable);
	in_advertisement(&peer, 0, 9); /* another, that does not claim to be newer */
	CHECK(ethernet_neighbour_get(&interface, 0, &n) && !n.is_reachable && n.hardware[5] == 2);
	in_advertisement(&peer, 0x20, 9);
	CHECK(ethernet_neighbour_get(&interface, 0, &n) && !n.is_reachable && n.hardware[5] == 9);
	nr_seen = nr_sent;
	CHECK_EQ(send_to(&peer), 0);
	CHECK_EQ(nr_packets(&to), 1);
	CHECK_EQ(to, 9);
	teardown();
}

TEST(answers_for_ours_only)
{
	struct net_address other = address(0xfe80, 0, 77);
	const uint8_t *m;

	start();
	in_solicitation(&peer, &link_local, 255);
	m = sent_icmp(136);
	CHECK(m);
	CHECK(is_at(m - 32, &link_local) && is_at(m - 16, &peer) && is_at(m + 8, &link_local));
	CHECK_EQ(m[4], 0x60);
	CHECK(memcmp(m + 24, "\x02\x01\x02\0\0\0\0\x01", 8) == 0);
	CHECK_EQ(m[-33], 255);
	in_solicitation(&nobody, &link_local, 255); /* a latecomer's probe: everybody hears */
	m = sent_icmp(136);
	CHECK(m);
	CHECK(is_at(m - 16, &ip6_all_nodes));
	CHECK_EQ(m[4], 0x20);
	in_solicitation(&peer, &other, 255);
	CHECK(!sent_icmp(136));
	CHECK_EQ(find_address(&link_local)->state, IP6_PREFERRED);
	teardown();
}

struct ra {
	uint16_t lifetime;
	uint8_t flags, prefix_flags, prefix_len, last_of_prefix, hop_limit;
	uint32_t valid, preferred, mtu, dns_lifetime;
	const struct net_address *from;
};

static void in_ra(const struct ra *ra)
{
	uint8_t m[16 + 32 + 8 + 24 + 8] = {134, [4] = 70, [16] = 3, 4, [48] = 5, 1, [56] = 25, 3, [80] = 1, 1, 2, 0, 0, 0, 0, 0xfe};
	struct net_address prefix = address(0x2001, 0xdb8, 0), name_server = address(0x2001, 0xdb8, 0x53);

	m[5] = ra->flags;
	wire_put16(m + 6, ra->lifetime);
	m[18] = ra->prefix_len ? ra->prefix_len : 64;
	m[19] = ra->prefix_flags;
	wire_put32(m + 20, ra->valid);
	wire_put32(m + 24, ra->preferred);
	prefix.byte[7] = ra->last_of_prefix;
	memcpy(m + 32, &prefix, 16);
	wire_put32(m + 52, ra->mtu);
	wire_put32(m + 60, ra->dns_lifetime);
	memcpy(m + 64, &name_server, 16);
	in(ra->from ? ra->from : &router, &ip6_all_nodes, ra->hop_limit ? ra->hop_limit : 255, m, sizeof(m));
}
#define RA(...) in_ra(&(struct ra){__VA_ARGS__})

static int route_to(const struct net_address *to, struct net_flow *flow)
{
	*flow = (struct net_flow){.remote = *to};
	return ip6_route(&stack, flow);
}

TEST(router_advertisement)
{
	struct net_address far = address(0x2600, 0, 1), near = address(0x2001, 0xdb8, 9);
	const struct ip6_name_server *s;
	struct net_flow flow;

	start();
	CHECK_EQ(route_to(&far, &flow), -ENETUNREACH);
	RA(.lifetime = 1800, .prefix_flags = 0xc0, .valid = 3600, .preferred = 1800, .mtu = 1400, .dns_lifetime = 600);
	CHECK_EQ(find_address(&global)->state, IP6_TENTATIVE);
	pass(2 * NET_SECOND);
	CHECK_EQ(find_address(&global)->state, IP6_PREFERRED);
	CHECK_EQ(route_to(&far, &flow), 0);
	CHECK(net_address_equal(&flow.next_hop, &router));
	CHECK(net_address_equal(&flow.local, &global));
	CHECK_EQ(flow.mtu, 1400);
	CHECK_EQ(route_to(&near, &flow), 0);
	CHECK(net_address_equal(&flow.next_hop, &near));
	CHECK(!list_empty(ip6_name_servers(&stack)));
	s = container_of(ip6_name_servers(&stack)->next, struct ip6_name_server, link);
	CHECK_EQ(s->address.byte[15], 0x53);
	nr_seen = nr_sent;
	CHECK_EQ(send_to(&far), 0); /* the router's hardware address came with it */
	while (nr_seen < nr_sent && sent[nr_seen % FRAMES_MAX].bytes[AT_IP + 6] != 200)
		nr_seen++;
	CHECK(nr_seen < nr_sent);
	CHECK_EQ(sent[nr_seen % FRAMES_MAX].bytes[5], 0xfe);
	CHECK_EQ(sent[nr_seen % FRAMES_MAX].bytes[AT_IP + 7], 70);
	in_advertisement(&router, 0x80 | 0x40, 0); /* it is still there, and a router */
	/* Nobody is asked for routers any more. */
	nr_seen = nr_sent;
	pass(100 * NET_SECOND);
	CHECK(!sent_icmp(133));
	/* One after the other is over. */
	CHECK_EQ(events[IP6_NAME_SERVERS_CHANGED], 1);
	pass(500 * NET_SECOND);
	CHECK(list_empty(ip6_name_servers(&stack)));
	CHECK_EQ(events[IP6_NAME_SERVERS_CHANGED], 2);
	CHECK_EQ(route_to(&far, &flow), 0);
	pass(1200 * NET_SECOND);
	CHECK_EQ(route_to(&far, &flow), -ENETUNREACH);
	CHECK_EQ(find_address(&global)->state, IP6_DEPRECATED);
	CHECK_EQ(route_to(&near, &flow), 0);
	pass(1800 * NET_SECOND);
	CHECK(!find_address(&global));
	CHECK_EQ(route_to(&near, &flow), -ENETUNREACH);
	CHECK_EQ(events[IP6_ADDRESS_REMOVED], 1);
	teardown();
}

TEST(advertisements_renew)
{
	struct net_address far = address(0x2600, 0, 1);
	struct net_flow flow;

	start();
	RA(.lifetime = 100, .prefix_flags = 0xc0, .valid = 100000, .preferred = 100);
	pass(90 * NET_SECOND);
	RA(.lifetime = 100, .prefix_flags = 0xc0, .valid = 100000, .preferred = 100);
	pass(90 * NET_SECOND);
	CHECK_EQ(find_address(&global)->state, IP6_PREFERRED);
	CHECK_EQ(route_to(&far, &flow), 0);
	pass(20 * NET_SECOND);
	CHECK_EQ(find_address(&global)->state, IP6_DEPRECATED);
	RA(.lifetime = 100, .prefix_flags = 0xc0, .valid = 100000, .preferred = 100);
	CHECK_EQ(find_address(&global)->state, IP6_PREFERRED);
	/* Nobody ends an address at once: not within two hours. */
	RA(.lifetime = 0, .prefix_flags = 0xc0, .valid = 0, .preferred = 0);
	CHECK_EQ(route_to(&far, &flow), -ENETUNREACH);
	CHECK_EQ(find_address(&global)->state, IP6_DEPRECATED);
	pass(7190 * NET_SECOND);
	CHECK(find_address(&global));
	RA(.prefix_flags = 0xc0, .valid = 100, .preferred = 100); /* longer than what is left */
	RA(.prefix_flags = 0xc0, .valid = 50, .preferred = 50);	   /* shorter: not believed */
	pass(60 * NET_SECOND);
	CHECK_EQ(find_address(&global)->state, IP6_DEPRECATED);
	pass(41 * NET_SECOND);
	CHECK(!find_address(&global));
	RA(.prefix_flags = 0xc0, .valid = UINT32_MAX, .preferred = UINT32_MAX);
	pass(1000000 * NET_SECOND);
	CHECK_EQ(find_address(&global)->state, IP6_PREFERRED);
	teardown();
}

TEST(advertisements_not_to_be_believed)
{
	struct net_address far_router = address(0x2001, 0xdb8, 0xfe);
	unsigned nr = 0;
	struct ip6_address *a;
	struct ip6_route *r;

	start();
	RA(.lifetime = 1800, .prefix_flags = 0xc0, .valid = 3600, .preferred = 1800, .dns_lifetime = 600, .hop_limit = 254);
	RA(.lifetime = 1800, .prefix_flags = 0xc0, .valid = 3600, .preferred = 1800, .dns_lifetime = 600, .from = &far_router);
	CHECK(!find_address(&global));
	CHECK(list_empty(ip6_name_servers(&stack)));
	RA(.prefix_flags = 0xc0, .valid = 100, .preferred = 200, .mtu = 100);
	RA(.prefix_flags = 0xc0, .valid = 100, .preferred = 100, .prefix_len = 200);
	RA(.prefix_flags = 0x40, .valid = 100, .preferred = 100, .prefix_len = 63);
	CHECK(!find_address(&global));
	CHECK_EQ(ip6_mtu(ip6_of(&stack), &interface), 1500);
	for (unsigned i = 0; i < 200; i++) {
		struct net_address from = address(0xfe80, 0, (uint16_t)(1000 + i));

		RA(.lifetime = 1800, .prefix_flags = 0xc0, .valid = 3600, .preferred = 1800, .dns_lifetime = 600, .last_of_prefix = (uint8_t)(i + 1), .from = &from);
	}
	list_for_each(a, ip6_addresses(&stack), link)
		nr += a->origin == IP6_ADVERTISED;
	CHECK_EQ(nr, IP6_ADVERTISED_ADDRESSES_MAX);
	nr = 0;
	list_for_each(r, ip6_routes(&stack), link)
		nr += r->is_advertised;
	CHECK_EQ(nr, IP6_ADVERTISED_ROUTES_MAX);
	teardown();
}

/* A router falls silent: the other one is used, until it says that it is no router. */
TEST(two_routers)
{
	struct net_address far = address(0x2600, 0, 1), other = address(0xfe80, 0, 0xfd);
	struct net_flow flow;

	start();
	RA(.lifetime = 1800, .flags = 0x08, .prefix_flags = 0xc0, .valid = 3600, .preferred = 1800);
	RA(.lifetime = 1800, .from = &other);
	pass(2 * NET_SECOND);
	CHECK_EQ(route_to(&far, &flow), 0);
	CHECK(net_address_equal(&flow.next_hop, &router)); /* of the higher preference */
	CHECK_EQ(send_to(&far), 0);
	pass(4 * NET_SECOND);
	CHECK_EQ(route_to(&far, &flow), 0);
	CHECK(net_address_equal(&flow.next_hop, &other));
	RA(.lifetime = 1800, .flags = 0x08); /* it is back */
	CHECK_EQ(route_to(&far, &flow), 0);
	CHECK(net_address_equal(&flow.next_hop, &router));
	in_advertisement(&router, 0x20, 0xfe);
	CHECK_EQ(route_to(&far, &flow), 0);
	CHECK(net_address_equal(&flow.next_hop, &other));
	RA(.lifetime = 0, .from = &other);
	CHECK_EQ(route_to(&far, &flow), -ENETUNREACH);
	teardown();
}

static bool reported(const uint8_t *m, uint8_t kind, const struct net_address *group)
{
	static const uint8_t alert[8] = {58, 0, 5, 2, 0, 0, 1, 0};

	return m && wire_get16(m + 6) == 1 && m[8] == kind && is_at(m + 12, group) && memcmp(m - 8, alert, 8) == 0 && m[-48 + 7] == 1 && m[-48 + 39] == 0x16;
}

/* A told address is used while it is probed, but changes nobody's table until it is known to be ours alone (RFC 4429). */
TEST(used_meanwhile)
{
	struct net_address ours = address(0x2001, 0xdb8, 1), gateway = address(0x2001, 0xdb8, 0xfe), far = address(0x2600, 0, 1), told;
	const struct net_network *network;
	struct net_flow flow;
	const uint8_t *m;

	for (int is_taken = 0; is_taken < 2; is_taken++) {
		start();
		network = stack.network[NET_IP6];
		CHECK_EQ(network->configure(&interface, &ours, 64, &gateway), 0);
		CHECK(network->is_local(&stack, &ours));
		CHECK(network->address_at(&interface, 0, &told) && net_address_equal(&told, &ours));
		CHECK(!network->address_at(&interface, 1, &told));
		CHECK_EQ(route_to(&far, &flow), 0);
		CHECK(net_address_equal(&flow.local, &ours));
		CHECK(net_address_equal(&flow.next_hop, &gateway));
		nr_seen = nr_sent;
		CHECK_EQ(send_to(&far), 0);
		m = sent_icmp(135);
		CHECK(m);
		CHECK(is_at(m - 32, &ours) && is_at(m + 8, &gateway));
		CHECK_EQ(wire_get16(m - AT_ICMP + AT_IP + 4), 24); /* without our hardware address */
		in_solicitation(&peer, &ours, 255);
		m = sent_icmp(136);
		CHECK(m);
		CHECK_EQ(m[4], 0x40);
		pass(200 * NET_MILLISECOND);
		if (is_taken)
			in_advertisement(&ours, 0x20, 9); /* from that very address */
		pass(NET_SECOND);
		CHECK_EQ(find_address(&ours)->state, is_taken ? IP6_DUPLICATE : IP6_PREFERRED);
		CHECK_EQ(network->is_local(&stack, &ours), !is_taken);
		teardown();
	}
}

TEST(link_comes_back)
{
	struct net_address group = address(0xff05, 0, 0x1234);
	unsigned nr = 0;
	const uint8_t *m;

	start();
	RA(.lifetime = 1800, .prefix_flags = 0xc0, .valid = 3600, .preferred = 1800);
	CHECK_EQ(ip6_group_join(&stack, &interface, &group), 0);
	pass(20 * NET_SECOND);
	nr_seen = nr_sent;
	CHECK(!sent_icmp(133));
	net_interface_set_up(&interface, false);
	pass(20 * NET_SECOND);
	CHECK_EQ(nr_seen, nr_sent);
	net_interface_set_up(&interface, true);
	CHECK(sent_icmp(133)); /* who is there now? */
	pass(2 * NET_SECOND);
	while ((m = sent_icmp(143)))
		nr += reported(m, 2, &group);
	CHECK_EQ(nr, 1);
	CHECK_EQ(find_address(&global)->state, IP6_PREFERRED);
	teardown();
}

TEST(redirects_are_ignored)
{
	uint8_t m[40] = {137};
	struct net_address far = address(0x2600, 0, 1), other = address(0xfe80, 0, 0xfd);
	struct net_flow flow;

	start();
	RA(.lifetime = 1800, .prefix_flags = 0xc0, .valid = 3600, .preferred = 1800);
	pass(2 * NET_SECOND);
	memcpy(m + 8, &other, 16);
	memcpy(m + 24, &far, 16);
	in(&router, &link_local, 255, m, sizeof(m));
	CHECK_EQ(stack.count[NET_COUNT_ND_IGNORED], 1);
	CHECK_EQ(route_to(&far, &flow), 0);
	CHECK(net_address_equal(&flow.next_hop, &router));
	teardown();
}

static bool device_has(const char *hardware)
{
	for (size_t i = 0; i < nr_groups; i++)
		if (memcmp(groups[i], hardware, 6) == 0)
			return true;
	return false;
}

static void in_query(const struct net_address *group, uint16_t delay, bool is_old)
{
	uint8_t m[28] = {130};

	wire_put16(m + 4, delay);
	memcpy(m + 8, group, 16);
	in(&router, ip6_is_unspecified(group) ? &ip6_all_nodes : group, 1, m, is_old ? 24 : 28);
}

TEST(groups)
{
	struct net_address group = address(0xff05, 0, 0x1234), own;
	const uint8_t *m;

	start();
	own = ip6_solicited_node(&link_local);
	CHECK(device_has("\x33\x33\0\0\0\1") && device_has("\x33\x33\xff\0\0\1") && device_has("\1\0\x5e\0\0\1"));
	CHECK(!device_has("\x33\x33\0\0\x12\x34"));
	CHECK_EQ(ip6_group_join(&stack, &interface, &group), 0);
	CHECK_EQ(ip6_group_join(&stack, &interface, &group), 0);
	CHECK_EQ(ip4_group_join(&stack, &interface, 0xe1020304), 0);
	CHECK(device_has("\x33\x33\0\0\x12\x34") && device_has("\1\0\x5e\2\3\4"));
	CHECK(reported(sent_icmp(143), 4, &group));
	pass(2 * NET_SECOND);
	CHECK(reported(sent_icmp(143), 4, &group));
	pass(100 * NET_SECOND);
	CHECK(!sent_icmp(143));
	in_query(&nobody, 2000, false);
	CHECK(!sent_icmp(143));
	pass(2 * NET_SECOND);
	m = sent_icmp(143);
	CHECK(reported(m, 2, &group) || reported(m, 2, &own));
	m = sent_icmp(143);
	CHECK(reported(m, 2, &group) || reported(m, 2, &own));
	CHECK(!sent_icmp(143));
	in_query(&group, 1000, true); /* a querier of version 1 */
	pass(NET_SECOND + 1);
	m = sent_icmp(131);
	CHECK(m);
	CHECK(is_at(m + 8, &group) && is_at(m - 24, &group));
	CHECK_EQ(ip6_group_leave(&stack, &interface, &group), 0);
	CHECK(!sent_icmp(132));
	CHECK_EQ(ip6_group_leave(&stack, &interface, &group), 0);
	CHECK(sent_icmp(132));
	CHECK(!device_has("\x33\x33\0\0\x12\x34") && device_has("\1\0\x5e\2\3\4"));
	pass(500 * NET_SECOND); /* which is gone after that time */
	CHECK_EQ(ip6_group_join(&stack, &interface, &group), 0);
	CHECK_EQ(ip6_group_leave(&stack, &interface, &group), 0);
	nr_seen = nr_sent - 2;
	CHECK(reported(sent_icmp(143), 4, &group));
	CHECK(reported(sent_icmp(143), 3, &group));
	pass(2 * NET_SECOND);
	CHECK(reported(sent_icmp(143), 3, &group));
	CHECK_EQ(ip6_group_leave(&stack, &interface, &group), -EADDRNOTAVAIL);
	in_query(&group, 1000, false);
	pass(2 * NET_SECOND);
	CHECK(!sent_icmp(143));
	teardown();
}

TEST(random_messages)
{
	start();
	for (int round = 0; round < 30000; round++) {
		uint8_t m[120] = {0};
		size_t len = 8 + test_random() % 112;
		struct net_address from = test_random() % 4 ? router : test_random() % 2 ? peer : nobody;

		for (size_t i = 0; i < len; i++)
			m[i] = (uint8_t)(test_random() % 2 ? test_random() : 0);
		m[0] = (uint8_t)(test_random() % 8 ? 133 + test_random() % 5 : 130 + test_random() % 14);
		m[1] = test_random() % 8 ? 0 : 1;
		memcpy(m + 8, test_random() % 2 ? &link_local : &peer, 16);
		for (size_t i = m[0] == 134 ? 16 : 24; i + 8 <= len && test_random() % 8; i += m[i + 1] * 8u) {
			static const uint8_t types[] = {1, 2, 3, 5, 14, 25, 31};

			m[i] = types[test_random() % sizeof(types)];
			m[i + 1] = (uint8_t)(m[i] == 3 ? 4 : m[i] == 25 ? 3 : 1);
		}
		in(&from, test_random() % 2 ? &ip6_all_nodes : &link_local, test_random() % 8 ? 255 : 1, m, len);
		if (round % 50 == 0)
			pass(test_random() % (20 * NET_SECOND));
	}
	CHECK(stack.count[NET_COUNT_ND_IN] > 1000);
	CHECK(stack.count[NET_COUNT_ND_BAD] > 1000);
	teardown();
}

TEST_MAIN()
