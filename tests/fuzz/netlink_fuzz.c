/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Damaged netlink requests: their handling stays inside the bytes, and what it answers are whole messages. LLVMFuzzerTestOneInput takes what a program sends
 * (build with -fsanitize=fuzzer to search on); the tests damage good requests, by a seed.
 */
#include "kernel/net/ethernet/ethernet.h"
#include "kernel/net/ip4/ip4.h"
#include "kernel/net/ip6/ip6.h"
#include "kernel/net/netlink/netlink.h"
#include "tests/unit/test.h"

enum { ROUNDS = 30000, BYTES_MAX = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const struct net_environment environment = {.alloc = malloc, .free = free, .random = test_random};
static struct net_stack stack;
static struct net_interface loopback, ethernet;

static int transmit(struct net_interface *interface, struct net_packet *packet)
{
	(void)interface;
	net_packet_free(packet);
	return 0;
}

static void setup(void)
{
	if (stack.environment)
		return;
	net_stack_init(&stack, &environment);
	net_begin(&stack, NET_SECOND);
	if (ip4_init(&stack) || ip6_init(&stack))
		abort();
	net_loopback_init(&stack, &loopback);
	ethernet = (struct net_interface){.name = "eth0", .mtu = 1500, .flags = NET_IS_UP, .transmit = transmit};
	if (ethernet_attach(&stack, &ethernet))
		abort();
	net_interface_add(&stack, &ethernet);
	if (ip4_address_add(&stack, &loopback, 0x7f000001, 8) || ip4_address_add(&stack, &ethernet, 0x0a000002, 24))
		abort();
}

static void check_pieces(struct list *pieces)
{
	struct netlink_piece *piece;

	list_for_each(piece, pieces, link) {
		struct linux_nlmsghdr header;
		size_t at = 0, step;

		for (; (step = netlink_next(piece->data + at, piece->len - at, &header)) != 0; at += step)
			continue;
		if (at != piece->len || !piece->len)
			abort(); /* not made of whole messages */
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct netlink_session session = {.protocol = LINUX_NETLINK_ROUTE, .port = 1, .piece_size = NETLINK_PIECE_MIN, .may_change = true, .is_strict = len & 1};
	struct list pieces = LIST_INIT(pieces);
	uint8_t *copy = malloc(len ? len : 1); /* of just that length, for the sanitizer */

	setup();
	memcpy(copy, bytes, len);
	if (netlink_handle(&stack, &session, copy, len, &pieces))
		abort();
	net_end(&stack);
	check_pieces(&pieces);
	netlink_pieces_free(&stack, &pieces);
	free(copy);
	return 0;
}

/* One request of each kind, with the attributes that it may have. */
static size_t good_request(uint8_t *to)
{
	static const uint16_t types[] = {16, 18, 19, 20, 21, 22, 24, 25, 26, 28, 29, 30, 34};
	static const uint8_t headers[] = {sizeof(struct linux_ifinfomsg), sizeof(struct linux_ifaddrmsg), sizeof(struct linux_rtmsg), sizeof(struct linux_ndmsg), 12};
	struct linux_nlmsghdr header = {.type = types[test_random() % ARRAY_SIZE(types)], .flags = (uint16_t)(1 | (test_random() & 0xf04)), .seq = 1};
	size_t len = sizeof(header) + headers[(header.type - 16) / 4];

	memset(to, 0, len);
	to[sizeof(header)] = test_random() % 4 ? test_random() % 2 ? LINUX_AF_INET : LINUX_AF_INET6 : 0;
	if (header.type < 20)
		to[sizeof(header) + 4] = (uint8_t)(1 + test_random() % 2);
	else
		to[sizeof(header) + 1] = (uint8_t)(test_random() % 34);
	if (header.type >= 20 && header.type < 24)
		to[sizeof(header) + 4] = 2;
	for (unsigned n = (unsigned)(test_random() % 5); n--;) {
		const struct linux_nlattr head = {.len = test_random() % 2 ? 8 : 20, .type = (uint16_t)(test_random() % 16)};
		const uint8_t data[16] = {test_random() % 2 ? 10 : 1, 0, 0, (uint8_t)(test_random() % 4)};

		memcpy(to + len, &head, sizeof(head));
		memcpy(to + len + sizeof(head), data, head.len - sizeof(head));
		len += head.len;
	}
	header.len = (uint32_t)len;
	memcpy(to, &header, sizeof(header));
	return len;
}

TEST(good_and_damaged)
{
	uint8_t bytes[BYTES_MAX];

	for (unsigned round = 0; round < ROUNDS; round++) {
		size_t len = good_request(bytes);

		if (test_random() % 2)
			len += good_request(bytes + len);
		for (unsigned n = (unsigned)(test_random() % 4); n--;)
			bytes[test_random() % len] = (uint8_t)test_random();
		LLVMFuzzerTestOneInput(bytes, test_random() % 4 ? len : test_random() % len);
	}
}

TEST(noise)
{
	uint8_t bytes[BYTES_MAX];

	for (unsigned round = 0; round < ROUNDS; round++) {
		size_t len = test_random() % sizeof(bytes);

		for (size_t i = 0; i < len; i++)
			bytes[i] = test_random() % 3 ? 0 : (uint8_t)test_random();
		LLVMFuzzerTestOneInput(bytes, len);
	}
}

TEST_MAIN()
