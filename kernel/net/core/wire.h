/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers as they travel (big-endian, unaligned), and the Internet checksum (RFC 1071). */
#pragma once
#include "lib/attr.h"
#include "lib/string.h"

static inline uint16_t wire_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t wire_get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void wire_put16(uint8_t *p, uint16_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static inline void wire_put32(uint8_t *p, uint32_t value)
{
	wire_put16(p, (uint16_t)(value >> 16));
	wire_put16(p + 2, (uint16_t)value);
}

/*
 * A sum under way, of 16-bit words in the machine's own byte order: the one's complement sum does not care (RFC 1071 §2 (B)). Parts are added in
 * order; each but the last has an even length, or the next is added with checksum_add_at.
 */
typedef uint64_t checksum_sum;

checksum_sum checksum_add(checksum_sum sum, const uint8_t *bytes, size_t len);
/* Adds a part that begins at `offset` of the whole. */
checksum_sum checksum_add_at(checksum_sum sum, const uint8_t *bytes, size_t len, size_t offset);
/* The 16-bit one's complement of the sum, to be stored with checksum_store. 0 over data that contains its checksum: it is right. */
uint16_t checksum_fold(checksum_sum sum);

static inline void checksum_store(uint8_t *p, uint16_t folded)
{
	memcpy(p, &folded, 2);
}
