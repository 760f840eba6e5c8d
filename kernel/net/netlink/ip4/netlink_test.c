/* SPDX-License-Identifier: BSD-3-Clause */
/* Netlink's requests over a stack of its own: answers, dumps in pieces, filters, rights, changes and their notices, no memory. */
#include "kernel/net/ip4/ip4.h"
#include "kernel/net/netlink/netlink.h"
#include "kernel/uapi/net_interface.h"
#include "tests/unit/test.h"

static unsigned fail_at, nr_allocations;

static void *allocate(size_t size)
{
	return ++nr_allocations == fail_at ? NULL : malloc(size);
}

static const struct net_environment environment = {.alloc = allocate, .free = free, .random = test_random};
static struct net_stack stack;
static struct net_interface loopback, ethernet;
static struct netlink_session session;
static struct list pieces;
static uint8_t request[4096];
static size_t request_len;

static int transmit(struct net_interface *interface, struct net_packet *packet)
{
	(void)interface;
	net_packet_free(packet);
	return 0;
}

static void setup(void)
{
	fail_at = nr_allocations = 0;
	list_init(&pieces);
	session = (struct netlink_session){.protocol = LINUX_NETLINK_ROUTE, .port = 42, .piece_size = NETLINK_PIECE_MIN, .may_change = true};
	net_stack_init(&stack, &environment);
	net_begin(&stack, NET_SECOND);
	if (ip4_init(&stack))
		abort();
	net_loopback_init(&stack, &loopback);
	ethernet = (struct net_interface){.name = "eth0", .mtu = 1500, .flags = NET_IS_UP | NET_HAS_BROADCAST, .transmit = transmit, .link_ops = &net_raw_link};
	net_interface_add(&stack, &ethernet);
	if (ip4_address_add(&stack, &loopback, 0x7f000001, 8) || ip4_address_add(&stack, &ethernet, 0x0a000002, 24))
		abort();
}

static void teardown(void)
{
	netlink_pieces_free(&stack, &pieces);
	ip4_fini(&stack);
}

/* ---- Requests and answers ---- */

static void begin(uint16_t type, uint16_t flags, const void *body, size_t len)
{
	const struct linux_nlmsghdr header = {.type = type, .flags = (uint16_t)(LINUX_NLM_F_REQUEST | flags), .seq = 7};

	memset(request, 0, sizeof(request));
	memcpy(request, &header, sizeof(header));
	memcpy(request + sizeof(header), body, len);
	request_len = sizeof(header) + align_up(len, 4);
}

static void put(uint16_t type, const void *data, uint16_t len)
{
	const struct linux_nlattr head = {.len = (uint16_t)(sizeof(head) + len), .type = type};

	memcpy(request + request_len, &head, sizeof(head));
	memcpy(request + request_len + sizeof(head), data, len);
	request_len += align_up(sizeof(head) + len, 4);
}

static void put_ip4(uint16_t type, uint32_t address)
{
	uint8_t bytes[4];

	wire_put32(bytes, address);
	put(type, bytes, sizeof(bytes));
}

static int run(void)
{
	const uint32_t len = (uint32_t)request_len;

	netlink_pieces_free(&stack, &pieces);
	memcpy(request, &len, sizeof(len));
	return netlink_handle(&stack, &session, request, request_len, &pieces);
}

/* The i-th message of the answer, its header copied; NULL: there are fewer. */
static const uint8_t *message(unsigned i, struct linux_nlmsghdr *header)
{
	const struct netlink_piece *piece;
	size_t step;

	list_for_each(piece, &pieces, link) {
		const uint8_t *at = piece->data, *end = at + piece->len;

		for (; (step = netlink_next(at, (size_t)(end - at), header)) != 0; at += step)
			if (i-- == 0)
				return at + sizeof(*header);
	}
	return NULL;
}

static unsigned nr_messages(void)
{
	struct linux_nlmsghdr header;
	unsigned n = 0;

	while (message(n, &header))
		n++;
	return n;
}

/* The error that was answered; 1: none was. */
static int answered_error(void)
{
	struct linux_nlmsghdr header;
	const uint8_t *body = message(0, &header);
	int32_t error;

	if (!body || header.type != LINUX_NLMSG_ERROR)
		return 1;
	memcpy(&error, body, sizeof(error));
	return error;
}

TEST(links_are_dumped)
{
	const struct linux_ifinfomsg body = {0};
	struct linux_ifinfomsg link;
	struct netlink_attribute table[LINUX_IFLA_MAX + 1];
	struct linux_nlmsghdr header;
	const uint8_t *answer;
	int error = 0;

	setup();
	begin(LINUX_RTM_GETLINK, LINUX_NLM_F_DUMP, &body, 1); /* as the C library asks */
	CHECK_EQ(run(), 0);
	CHECK_EQ(nr_messages(), 3);
	answer = message(1, &header);
	CHECK_EQ(header.type, LINUX_RTM_NEWLINK);
	CHECK_EQ(header.flags, LINUX_NLM_F_MULTI);
	CHECK_EQ(header.seq, 7);
	CHECK_EQ(header.pid, 42);
	memcpy(&link, answer, sizeof(link));
	CHECK_EQ(link.index, 2);
	CHECK_EQ(link.flags, LINUX_IFF_UP | LINUX_IFF_RUNNING | LINUX_IFF_LOWER_UP | LINUX_IFF_BROADCAST);
	CHECK_EQ(netlink_parse(answer + sizeof(link), header.len - sizeof(header) - sizeof(link), table, LINUX_IFLA_MAX), 0);
	CHECK_EQ(strcmp((const char *)table[LINUX_IFLA_IFNAME].data, "eth0"), 0);
	CHECK_EQ(netlink_get_u32(&table[LINUX_IFLA_MTU], 0, &error), 1500);
	CHECK_EQ(table[LINUX_IFLA_STATS64].len, sizeof(struct linux_rtnl_link_stats64));
	message(2, &header);
	CHECK_EQ(header.type, LINUX_NLMSG_DONE);
	CHECK_EQ(header.len, 20);
	teardown();
}

TEST(dump_comes_in_pieces)
{
	const struct linux_rtmsg body = {.family = LINUX_AF_INET};
	struct netlink_piece *piece;
	unsigned nr = 0;

	setup();
	for (uint32_t i = 0; i < 300; i++) {
		const struct ip4_route route = {.destination = 0xc0000000 + (i << 8), .prefix = 24, .interface = &ethernet};

		CHECK_EQ(ip4_route_add(&stack, &route), 0);
	}
	begin(LINUX_RTM_GETROUTE, LINUX_NLM_F_DUMP, &body, sizeof(body));
	CHECK_EQ(run(), 0);
	list_for_each(piece, &pieces, link) {
		nr++;
		CHECK(piece->len <= NETLINK_PIECE_MIN);
		CHECK(piece->is_dump);
	}
	CHECK(nr > 3);
	CHECK_EQ(nr_messages(), 300 + 2 + 4 + 1); /* networks; two addresses and their broadcasts; the end */
	session.is_dumping = true;
	CHECK_EQ(run(), 0);
	CHECK_EQ(answered_error(), -EBUSY);
	teardown();
}

TEST(strict_dump_is_filtered)
{
	struct linux_rtmsg body = {.family = LINUX_AF_INET, .table = LINUX_RT_TABLE_MAIN};
	const struct linux_ifaddrmsg address = {.family = LINUX_AF_INET, .index = 2};

	setup();
	begin(LINUX_RTM_GETROUTE, LINUX_NLM_F_DUMP, &body, sizeof(body));
	CHECK_EQ(run(), 0);
	CHECK_EQ(nr_messages(), 7);
	session.is_strict = true;
	CHECK_EQ(run(), 0);
	CHECK_EQ(nr_messages(), 2);
	begin(LINUX_RTM_GETADDR, LINUX_NLM_F_DUMP, &address, sizeof(address));
	CHECK_EQ(run(), 0);
	CHECK_EQ(nr_messages(), 2);
	session.is_strict = false;
	CHECK_EQ(run(), 0);
	CHECK_EQ(nr_messages(), 3);
	teardown();
}

TEST(changes_need_the_right)
{
	const struct linux_ifaddrmsg body = {.family = LINUX_AF_INET, .prefixlen = 24, .index = 2};

	setup();
	begin(LINUX_RTM_NEWADDR, LINUX_NLM_F_ACK, &body, sizeof(body));
	put_ip4(LINUX_IFA_LOCAL, 0x0a000102);
	session.may_change = false;
	CHECK_EQ(run(), 0);
	CHECK_EQ(answered_error(), -EPERM);
	session.may_change = true;
	CHECK_EQ(run(), 0);
	CHECK_EQ(answered_error(), 0);
	CHECK_EQ(run(), 0);
	CHECK_EQ(answered_error(), -EEXIST);
	teardown();
}

TEST(routes_are_looked_up)
{
	const struct linux_rtmsg body = {.family = LINUX_AF_INET, .dst_len = 32};
	const struct ip4_route by_default = {.gateway = 0x0a000001, .interface = &ethernet};
	struct netlink_attribute table[LINUX_RTA_MAX + 1];
	struct linux_nlmsghdr header;
	const uint8_t *answer;
	int error = 0;

	setup();
	begin(LINUX_RTM_GETROUTE, 0, &body, sizeof(body));
	put_ip4(LINUX_RTA_DST, 0x08080808);
	CHECK_EQ(run(), 0);
	CHECK_EQ(answered_error(), -ENETUNREACH);
	CHECK_EQ(ip4_route_add(&stack, &by_default), 0);
	CHECK_EQ(run(), 0);
	answer = message(0, &header);
	CHECK_EQ(header.type, LINUX_RTM_NEWROUTE);
	CHECK_EQ(netlink_parse(answer + sizeof(body), header.len - sizeof(header) - sizeof(body), table, LINUX_RTA_MAX), 0);
	CHECK_EQ(wire_get32(table[LINUX_RTA_GATEWAY].data), 0x0a000001);
	CHECK_EQ(wire_get32(table[LINUX_RTA_PREFSRC].data), 0x0a000002);
	CHECK_EQ(netlink_get_u32(&table[LINUX_RTA_OIF], 0, &error), 2);
	teardown();
}

TEST(replaced_route_stays_where_the_new_one_is_refused)
{
	const struct linux_rtmsg body = {.family = LINUX_AF_INET, .table = LINUX_RT_TABLE_MAIN, .type = LINUX_RTN_UNICAST};
	const struct ip4_route by_default = {.gateway = 0x0a000001, .interface = &ethernet};
	const uint32_t index = 2;

	setup();
	CHECK_EQ(ip4_route_add(&stack, &by_default), 0);
	begin(LINUX_RTM_NEWROUTE, LINUX_NLM_F_ACK | LINUX_NLM_F_REPLACE | LINUX_NLM_F_CREATE, &body, sizeof(body));
	put_ip4(LINUX_RTA_GATEWAY, 0x0b000001);
	put(LINUX_RTA_OIF, &index, sizeof(index));
	CHECK_EQ(run(), 0);
	CHECK_EQ(answered_error(), -ENETUNREACH);
	CHECK_EQ(ip4_route_remove(&stack, 0, 0, 0x0a000001), 0);
	teardown();
}

/* ---- Notices ---- */

static unsigned nr_notices;
static uint16_t last_notice;
static bool is_listening;

static bool wants(uint32_t group)
{
	return is_listening && group;
}

static void deliver(struct net_stack *of, struct netlink_piece *piece)
{
	struct linux_nlmsghdr header;

	if (!netlink_next(piece->data, piece->len, &header) || !piece->group)
		abort();
	last_notice = header.type;
	nr_notices++;
	net_free(of, piece);
}

TEST(changes_are_told)
{
	setup();
	CHECK_EQ(netlink_init(&stack), 0);
	netlink_set_listener(wants, deliver);
	is_listening = false;
	nr_notices = 0;
	CHECK_EQ(ip4_address_add(&stack, &ethernet, 0x0a000202, 24), 0);
	CHECK_EQ(nr_notices, 0);
	is_listening = true;
	CHECK_EQ(ip4_address_remove(&stack, &ethernet, 0x0a000202), 0);
	CHECK_EQ(nr_notices, 2); /* the route, then the address */
	CHECK_EQ(last_notice, LINUX_RTM_DELADDR);
	net_interface_set_enabled(&ethernet, false);
	CHECK_EQ(nr_notices, 3);
	CHECK_EQ(last_notice, LINUX_RTM_NEWLINK);
	net_interface_set_up(&ethernet, false);
	net_interface_set_enabled(&ethernet, true);
	CHECK(!(ethernet.flags & NET_IS_UP)); /* no cable */
	net_interface_set_up(&ethernet, true);
	CHECK(ethernet.flags & NET_IS_UP);
	CHECK_EQ(nr_notices, 6);
	CHECK_EQ(net_interface_set_mtu(&ethernet, 1501), -EINVAL);
	CHECK_EQ(net_interface_set_mtu(&ethernet, 67), -EINVAL);
	CHECK_EQ(net_interface_set_mtu(&ethernet, 1400), 0);
	CHECK_EQ(nr_notices, 7);
	netlink_set_listener(NULL, NULL);
	teardown();
}

TEST(no_memory)
{
	const struct linux_rtmsg body = {.family = LINUX_AF_INET};
	unsigned k = 1;

	setup();
	begin(LINUX_RTM_GETROUTE, LINUX_NLM_F_DUMP, &body, sizeof(body));
	for (int error = -ENOMEM; error; k++) {
		nr_allocations = 0;
		fail_at = k;
		error = run();
		CHECK(error == 0 || error == -ENOMEM);
		CHECK(error == 0 || list_empty(&pieces));
	}
	CHECK(k > 2);
	fail_at = 0;
	teardown();
}

TEST_MAIN()
