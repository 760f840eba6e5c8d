/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv6's addresses and routes through netlink: dumps, changes, lookups. */
#include "kernel/net/ip6/ip6.h"
#include "kernel/net/netlink/netlink.h"
#include "tests/unit/test.h"

static const struct net_environment environment = {.alloc = malloc, .free = free, .random = test_random};
static struct net_stack stack;
static struct net_interface loopback, ethernet;
static struct list pieces;
static uint8_t request[512];
static size_t request_len;

static const uint8_t host[16] = {0xfd, [15] = 2}, gateway[16] = {0xfd, [15] = 1}, far[16] = {0x20, 1, 0xd, 0xb8};

static int transmit(struct net_interface *interface, struct net_packet *packet)
{
	(void)interface;
	net_packet_free(packet);
	return 0;
}

static void setup(void)
{
	static const struct net_address self = {.byte = {[15] = 1}};

	list_init(&pieces);
	net_stack_init(&stack, &environment);
	net_begin(&stack, NET_SECOND);
	if (ip6_init(&stack))
		abort();
	net_loopback_init(&stack, &loopback);
	ethernet = (struct net_interface){.name = "eth0", .mtu = 1500, .flags = NET_IS_UP, .transmit = transmit, .link_ops = &net_raw_link};
	net_interface_add(&stack, &ethernet);
	if (ip6_address_add(&stack, &loopback, &self, 128, IP6_NO_PROBE))
		abort();
}

static void teardown(void)
{
	netlink_pieces_free(&stack, &pieces);
	ip6_fini(&stack);
}

static void begin(uint16_t type, uint16_t flags, const void *body, size_t len)
{
	const struct linux_nlmsghdr header = {.type = type, .flags = (uint16_t)(LINUX_NLM_F_REQUEST | flags), .seq = 7};

	memset(request, 0, sizeof(request));
	memcpy(request, &header, sizeof(header));
	memcpy(request + sizeof(header), body, len);
	request_len = sizeof(header) + len;
}

static void put(uint16_t type, const void *data, uint16_t len)
{
	const struct linux_nlattr head = {.len = (uint16_t)(sizeof(head) + len), .type = type};

	memcpy(request + request_len, &head, sizeof(head));
	memcpy(request + request_len + sizeof(head), data, len);
	request_len += sizeof(head) + len;
}

/* The i-th message of the answer; NULL: there are fewer. */
static const uint8_t *answer(unsigned i, struct linux_nlmsghdr *header)
{
	const struct netlink_piece *piece;
	size_t step;

	list_for_each(piece, &pieces, link)
		for (size_t at = 0; (step = netlink_next(piece->data + at, piece->len - at, header)) != 0; at += step)
			if (i-- == 0)
				return piece->data + at + sizeof(*header);
	return NULL;
}

/* How many messages came back; of a single error, that. */
static int run(void)
{
	const struct netlink_session session = {.protocol = LINUX_NETLINK_ROUTE, .port = 42, .piece_size = NETLINK_PIECE_MIN, .may_change = true};
	const uint32_t len = (uint32_t)request_len;
	struct linux_nlmsghdr header;
	int32_t error = 0;

	netlink_pieces_free(&stack, &pieces);
	memcpy(request, &len, sizeof(len));
	if (netlink_handle(&stack, &session, request, request_len, &pieces))
		abort();
	if (answer(0, &header) && header.type == LINUX_NLMSG_ERROR)
		memcpy(&error, answer(0, &header), sizeof(error));
	for (int n = 0;; n++)
		if (!answer((unsigned)n, &header))
			return error ? error : n;
}

static int change_address(uint16_t type)
{
	const struct linux_ifaddrmsg body = {.family = LINUX_AF_INET6, .prefixlen = 64, .flags = LINUX_IFA_F_NODAD, .index = 2};

	begin(type, LINUX_NLM_F_ACK, &body, sizeof(body));
	put(LINUX_IFA_LOCAL, host, sizeof(host));
	return run();
}

static int dump(uint16_t type, size_t body_len)
{
	const uint8_t body[16] = {LINUX_AF_INET6};

	begin(type, LINUX_NLM_F_DUMP, body, body_len);
	return run();
}

static int change_default(uint16_t type, uint16_t flags)
{
	const struct linux_rtmsg body = {.family = LINUX_AF_INET6, .table = LINUX_RT_TABLE_MAIN, .type = LINUX_RTN_UNICAST};

	begin(type, LINUX_NLM_F_ACK | flags, &body, sizeof(body));
	put(LINUX_RTA_GATEWAY, gateway, sizeof(gateway));
	return run();
}

TEST(addresses)
{
	struct linux_nlmsghdr header;
	struct linux_ifaddrmsg body;

	setup();
	CHECK_EQ(change_address(LINUX_RTM_NEWADDR), 1);
	CHECK_EQ(change_address(LINUX_RTM_NEWADDR), -EEXIST);
	CHECK_EQ(dump(LINUX_RTM_GETADDR, 8), 3);
	memcpy(&body, answer(0, &header), sizeof(body));
	CHECK_EQ(body.scope, LINUX_RT_SCOPE_HOST);
	memcpy(&body, answer(1, &header), sizeof(body));
	CHECK_EQ(body.prefixlen, 64);
	CHECK_EQ(body.flags, LINUX_IFA_F_PERMANENT);
	CHECK_EQ(change_address(LINUX_RTM_DELADDR), 1);
	CHECK_EQ(change_address(LINUX_RTM_DELADDR), -EADDRNOTAVAIL);
	teardown();
}

TEST(routes)
{
	const struct linux_rtmsg lookup = {.family = LINUX_AF_INET6, .dst_len = 128};
	struct netlink_attribute table[LINUX_RTA_MAX + 1];
	struct linux_nlmsghdr header;
	const uint8_t *found;
	int error = 0;

	setup();
	CHECK_EQ(change_default(LINUX_RTM_NEWROUTE, LINUX_NLM_F_CREATE), -EHOSTUNREACH);
	CHECK_EQ(change_address(LINUX_RTM_NEWADDR), 1);
	CHECK_EQ(change_default(LINUX_RTM_NEWROUTE, LINUX_NLM_F_REPLACE), -ENOENT);
	CHECK_EQ(change_default(LINUX_RTM_NEWROUTE, LINUX_NLM_F_CREATE | LINUX_NLM_F_EXCL), 1);
	CHECK_EQ(change_default(LINUX_RTM_NEWROUTE, LINUX_NLM_F_CREATE | LINUX_NLM_F_EXCL), -EEXIST);
	CHECK_EQ(change_default(LINUX_RTM_NEWROUTE, LINUX_NLM_F_CREATE | LINUX_NLM_F_REPLACE), 1);
	CHECK_EQ(dump(LINUX_RTM_GETROUTE, 12), 5); /* network, default, two of our own, the end */
	begin(LINUX_RTM_GETROUTE, 0, &lookup, sizeof(lookup));
	put(LINUX_RTA_DST, far, sizeof(far));
	CHECK_EQ(run(), 1);
	found = answer(0, &header);
	CHECK_EQ(netlink_parse(found + sizeof(lookup), header.len - sizeof(header) - sizeof(lookup), table, LINUX_RTA_MAX), 0);
	CHECK(table[LINUX_RTA_GATEWAY].data && memcmp(table[LINUX_RTA_GATEWAY].data, gateway, 16) == 0);
	CHECK(memcmp(table[LINUX_RTA_PREFSRC].data, host, 16) == 0);
	CHECK_EQ(netlink_get_u32(&table[LINUX_RTA_OIF], 0, &error), 2);
	CHECK_EQ(change_default(LINUX_RTM_DELROUTE, 0), 1);
	CHECK_EQ(change_default(LINUX_RTM_DELROUTE, 0), -ESRCH);
	teardown();
}

TEST_MAIN()
