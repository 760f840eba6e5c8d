/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hashes of directory indexes: half MD4 (RFC 1320's first rounds, cut short), TEA (Wheeler and Needham's cipher, 16 rounds), and
 * the old one of ext3's beginnings. Names are taken as signed or unsigned characters, whichever the machine that made the index had.
 */
#include "kernel/fs/ext4/ext4.h"

static uint32_t rotate(uint32_t x, unsigned by)
{
	return x << by | x >> (32 - by);
}

static int character(const char *name, size_t at, bool is_unsigned)
{
	return is_unsigned ? (uint8_t)name[at] : (signed char)name[at];
}

static uint32_t hash_legacy(const char *name, size_t len, bool is_unsigned)
{
	uint32_t hash, hash0 = 0x12a3fe2d, hash1 = 0x37abe8f9;

	for (size_t i = 0; i < len; i++) {
		hash = hash1 + (hash0 ^ (uint32_t)(character(name, i, is_unsigned) * 7152373));
		if (hash & 0x80000000)
			hash -= 0x7fffffff;
		hash1 = hash0;
		hash0 = hash;
	}
	return hash0 << 1;
}

/* The next words of a name: four characters each, filled up with the length. */
static void name_to_words(const char *name, size_t len, uint32_t *words, unsigned count, bool is_unsigned)
{
	uint32_t pad = (uint32_t)len | (uint32_t)len << 8, value;
	size_t i;

	pad |= pad << 16;
	value = pad;
	if (len > count * 4)
		len = count * 4;
	for (i = 0; i < len; i++) {
		value = (uint32_t)character(name, i, is_unsigned) + (value << 8);
		if (i % 4 == 3) {
			*words++ = value;
			value = pad;
			count--;
		}
	}
	if (count) {
		*words++ = value;
		count--;
	}
	while (count--)
		*words++ = pad;
}

static void tea(uint32_t state[4], const uint32_t in[4])
{
	uint32_t sum = 0, b0 = state[0], b1 = state[1];

	for (unsigned n = 0; n < 16; n++) {
		sum += 0x9e3779b9;
		b0 += ((b1 << 4) + in[0]) ^ (b1 + sum) ^ ((b1 >> 5) + in[1]);
		b1 += ((b0 << 4) + in[2]) ^ (b0 + sum) ^ ((b0 >> 5) + in[3]);
	}
	state[0] += b0;
	state[1] += b1;
}

static uint32_t f(uint32_t x, uint32_t y, uint32_t z)
{
	return z ^ (x & (y ^ z));
}

static uint32_t g(uint32_t x, uint32_t y, uint32_t z)
{
	return (x & y) + ((x ^ y) & z);
}

static uint32_t h(uint32_t x, uint32_t y, uint32_t z)
{
	return x ^ y ^ z;
}

static void half_md4(uint32_t state[4], const uint32_t in[8])
{
	static const struct {
		uint32_t (*mix)(uint32_t, uint32_t, uint32_t);
		uint32_t constant;
		uint8_t order[8], shifts[4];
	} rounds[] = {
	    {f, 0, {0, 1, 2, 3, 4, 5, 6, 7}, {3, 7, 11, 19}},
	    {g, 0x5a827999, {1, 3, 5, 7, 0, 2, 4, 6}, {3, 5, 9, 13}},
	    {h, 0x6ed9eba1, {3, 7, 2, 6, 1, 5, 0, 4}, {3, 9, 11, 15}},
	};
	uint32_t w[4] = {state[0], state[1], state[2], state[3]};

	for (unsigned round = 0; round < ARRAY_SIZE(rounds); round++)
		for (unsigned i = 0; i < 8; i++) {
			/* a, d, c, b take turns as the word that changes. */
			unsigned a = (4 - i % 4) % 4;

			w[a] += rounds[round].mix(w[(a + 1) % 4], w[(a + 2) % 4], w[(a + 3) % 4]) + in[rounds[round].order[i]] + rounds[round].constant;
			w[a] = rotate(w[a], rounds[round].shifts[i % 4]);
		}
	for (unsigned i = 0; i < 4; i++)
		state[i] += w[i];
}

uint32_t ext4_name_hash(const struct ext4 *fs, unsigned version, const char *name, size_t len, bool *ok)
{
	uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}, words[8], hash;
	const uint32_t *seed = fs->super.hash_seed;
	bool is_unsigned = version >= EXT4_HASH_LEGACY_UNSIGNED || fs->is_unsigned_hash;

	*ok = true;
	if (seed[0] | seed[1] | seed[2] | seed[3])
		memcpy(state, seed, sizeof(state));
	switch (version % EXT4_HASH_LEGACY_UNSIGNED) {
	case EXT4_HASH_LEGACY:
		hash = hash_legacy(name, len, is_unsigned);
		break;
	case EXT4_HASH_HALF_MD4:
		for (size_t at = 0; at < len; at += 32) {
			name_to_words(name + at, len - at, words, 8, is_unsigned);
			half_md4(state, words);
		}
		hash = state[1];
		break;
	default:
		for (size_t at = 0; at < len; at += 16) {
			name_to_words(name + at, len - at, words, 4, is_unsigned);
			tea(state, words);
		}
		hash = state[0];
		break;
	}
	if (version > EXT4_HASH_TEA_UNSIGNED)
		*ok = false;
	hash &= ~1u;
	return hash == 0xfffffffe ? 0xfffffffc : hash;
}
