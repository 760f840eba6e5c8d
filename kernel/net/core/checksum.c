/* SPDX-License-Identifier: BSD-3-Clause */
/* The Internet checksum, eight bytes at a time: a 64-bit sum with end-around carry folds to the 16-bit one (RFC 1071 §2 (C)). */
#include "kernel/net/core/wire.h"

static uint64_t add_carry(uint64_t a, uint64_t b)
{
	a += b;
	return a + (a < b);
}

static uint64_t word_at(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, 8);
	return word;
}

/* The last bytes, fewer than eight, as the first ones of a word. */
static uint64_t rest_at(const uint8_t *bytes, size_t len)
{
	uint8_t rest[8] = {0};

	if (len & 4)
		memcpy(rest, bytes, 4);
	if (len & 2)
		memcpy(rest + (len & 4), bytes + (len & 4), 2);
	if (len & 1)
		rest[len & 6] = bytes[len & 6];
	return word_at(rest);
}

/* Halves of words have room for the carries of more than any packet has: no carry is looked at on the way. */
within_page(512) checksum_sum checksum_add(checksum_sum sum, const uint8_t *bytes, size_t len)
{
	uint64_t low = 0, high = 0;

	for (; len >= 32; bytes += 32, len -= 32) {
		uint64_t a = word_at(bytes), b = word_at(bytes + 8), c = word_at(bytes + 16), d = word_at(bytes + 24);

		low += (uint64_t)(uint32_t)a + (uint32_t)b + (uint32_t)c + (uint32_t)d;
		high += (a >> 32) + (b >> 32) + (c >> 32) + (d >> 32);
	}
	for (; len >= 8; bytes += 8, len -= 8) {
		uint64_t word = word_at(bytes);

		low += (uint32_t)word;
		high += word >> 32;
	}
	if (len) {
		uint64_t word = rest_at(bytes, len);

		low += (uint32_t)word;
		high += word >> 32;
	}
	return add_carry(sum, low + high);
}

/* The sum of the bytes swapped is the swapped sum (RFC 1071 §2 (B)). */
checksum_sum checksum_add_at(checksum_sum sum, const uint8_t *bytes, size_t len, size_t offset)
{
	uint16_t part;

	if (!(offset & 1))
		return checksum_add(sum, bytes, len);
	part = (uint16_t)~checksum_fold(checksum_add(0, bytes, len));
	return add_carry(sum, (uint16_t)(part << 8 | part >> 8));
}

uint16_t checksum_fold(checksum_sum sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}
