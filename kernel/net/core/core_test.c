/* SPDX-License-Identifier: BSD-3-Clause */
/* Checksums against the plain definition, packets against a plain array, timers against a sorted list. */
#include <arpa/inet.h>
#include "kernel/net/core/address_text.h"
#include "kernel/net/core/net.h"
#include "tests/unit/test.h"

static uint64_t seeded(void)
{
	return test_random();
}

static const struct net_environment environment = {.alloc = malloc, .free = free, .random = seeded};

static uint16_t plain_checksum(const uint8_t *bytes, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? bytes[i] : bytes[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

TEST(checksum_equals_the_definition)
{
	uint8_t bytes[300], stored[2];

	for (int round = 0; round < 2000; round++) {
		size_t len = test_random() % sizeof(bytes), cut = len ? test_random() % len : 0;

		for (size_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)(round % 3 ? test_random() : 0xff);
		checksum_store(stored, checksum_fold(checksum_add_at(checksum_add(0, bytes, cut), bytes + cut, len - cut, cut)));
		CHECK_EQ(wire_get16(stored), plain_checksum(bytes, len));
	}
}

TEST(checksum_example_of_rfc_1071)
{
	static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	uint8_t stored[2];

	checksum_store(stored, checksum_fold(checksum_add(0, bytes, sizeof(bytes))));
	CHECK_EQ(wire_get16(stored), 0x220d);
}

/* Random cuts of a packet of several blocks, beside an array. */
TEST(packet_model)
{
	struct net_stack stack;
	uint8_t plain[1000], out[1000];

	net_stack_init(&stack, &environment);
	for (int round = 0; round < 500; round++) {
		struct net_packet *packet = net_packet_new(&stack, 64, 200, 8);
		size_t start = 0, end = 100;
		uint8_t *linear = net_packet_append(packet, 100);

		for (size_t i = 0; i < sizeof(plain); i++)
			plain[i] = (uint8_t)test_random();
		memcpy(linear, plain, 100);
		for (int i = 0; i < 8; i++) {
			struct net_block *block = net_block_new(&stack, 100);
			size_t len = test_random() % 100 + 1;

			memcpy(block->bytes, plain + end, len);
			CHECK(net_packet_add(packet, block, block->bytes, len));
			net_block_put(block);
			end += len;
		}
		for (int i = 0; i < 10; i++) {
			size_t n = test_random() % 120;

			if (test_random() % 3 == 0) {
				net_packet_pull(packet, n);
				start = min_u64(start + n, end);
			} else if (test_random() % 2) {
				net_packet_trim(packet, packet->len - min_u64(n, packet->len));
				end -= min_u64(n, end - start);
			} else {
				uint8_t *head = net_packet_head(packet, n);

				if (head)
					CHECK(memcmp(head, plain + start, n) == 0);
				else
					CHECK(n > end - start || n > packet->capacity - (size_t)(packet->data - packet->buffer));
			}
			CHECK_EQ(packet->len, end - start);
			CHECK(net_packet_copy(packet, 0, out, end - start));
			CHECK(memcmp(out, plain + start, end - start) == 0);
			CHECK(!net_packet_copy(packet, 1, out, end - start));
			CHECK_EQ(checksum_fold(net_packet_sum(packet, 0, 0)), checksum_fold(checksum_add(0, out, end - start)));
		}
		net_packet_free(packet);
	}
}

struct timed {
	struct net_timer timer;
	uint64_t due;
	int fired;
};

static uint64_t test_now;

static void note_fired(struct net_timer *timer)
{
	container_of(timer, struct timed, timer)->fired++;
}

TEST(timers_model)
{
	static struct timed t[50];
	struct net_stack stack;

	net_stack_init(&stack, &environment);
	memset(t, 0, sizeof(t));
	for (int step = 0; step < 5000; step++) {
		struct timed *one = &t[test_random() % 50];
		uint64_t first = NET_NEVER;

		one->timer.fire = note_fired;
		if (test_random() % 4) {
			one->due = test_now + 1 + test_random() % 100;
			net_timer_set(&stack, &one->timer, one->due);
		} else {
			one->due = 0;
			net_timer_cancel(&stack, &one->timer);
		}
		test_now += test_random() % 20;
		for (int i = 0; i < 50; i++)
			t[i].fired = 0;
		net_begin(&stack, test_now);
		net_tick(&stack);
		for (int i = 0; i < 50; i++) {
			bool is_due = t[i].timer.fire && t[i].due && t[i].due <= test_now;

			CHECK_EQ(t[i].fired, is_due);
			if (is_due)
				t[i].due = 0;
			if (t[i].due && t[i].due < first)
				first = t[i].due;
		}
		CHECK_EQ(net_end(&stack), first);
	}
}

static bool parses_whole(const char *text, struct net_address *address)
{
	const char *end = net_address_parse(text, address);

	return end && !*end;
}

/* Against the C library's: random addresses with runs of zeros, and what is no address. */
TEST(addresses_as_text)
{
	static const char *const bad[] = {"", ":", ":::", "1", "1:2", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "::1.2.3", "1.2.3", "1.2.3.256", "g::",
					  "1:2:3:4:5:6:7:1.2.3.4", "1.2.3.4.5x", "::1:", "1:2:3:4:5:6:7:8::"};
	struct net_address address, again;
	char text[NET_ADDRESS_TEXT], theirs[INET6_ADDRSTRLEN];

	for (int round = 0; round < 5000; round++) {
		for (int i = 0; i < 16; i++)
			address.byte[i] = test_random() % 3 ? 0 : (uint8_t)test_random();
		if (round % 4 == 0)
			address = net_address_of_ip4((uint32_t)test_random());
		CHECK(net_address_format(&address, text, sizeof(text)) < NET_ADDRESS_TEXT);
		CHECK(parses_whole(text, &again));
		CHECK(net_address_equal(&address, &again));
		if (round % 4 == 0)
			inet_ntop(AF_INET, address.byte + 12, theirs, sizeof(theirs));
		else
			inet_ntop(AF_INET6, address.byte, theirs, sizeof(theirs));
		CHECK(parses_whole(theirs, &again));
		CHECK(net_address_equal(&address, &again));
		if (!strchr(theirs, '.'))
			CHECK(strcmp(text, theirs) == 0);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(!parses_whole(bad[i], &again));
}

TEST_MAIN()
