/* SPDX-License-Identifier: BSD-3-Clause */
/* The Internet checksum, eight bytes at a time: a 64-bit sum with end-around carry folds to the 16-bit one (RFC 1071 §2 (C)). */
#include "kernel/net/core/wire.h"

static uint64_t add_carry(uint64_t a, uint64_t b)
{
	a += b;
	return a + (a < b);
}

checksum_sum checksum_add(checksum_sum sum, const uint8_t *bytes, size_t len)
{
	uint64_t word;

	for (; len >= 8; bytes += 8, len -= 8) {
		memcpy(&word, bytes, 8);
		sum = add_carry(sum, word);
	}
	if (len) {
		word = 0;
		memcpy(&word, bytes, len);
		sum = add_carry(sum, word);
	}
	return sum;
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
