/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The random generator: ChaCha20 (RFC 8439 §2.3) keyed from RDRAND, the cycle counter, the clock and what drivers add. After each request
 * the key is replaced by output of its own, so that what was given out cannot be computed from a later state ("fast key erasure").
 */
#include "kernel/file/random.h"
#include "kernel/arch/spinlock.h"
#include "kernel/platform/platform.h"
#include "lib/string.h"

enum { BLOCK = 64, KEY_WORDS = 8 };

static struct spinlock lock;
static uint32_t key[KEY_WORDS];
static uint64_t counter;
static bool is_seeded;

static uint32_t rotate(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

/* The words that each quarter round of two rounds works on: columns, then diagonals. */
static const uint8_t quarters[8][4] = {
    {0, 4, 8, 12}, {1, 5, 9, 13}, {2, 6, 10, 14}, {3, 7, 11, 15}, {0, 5, 10, 15}, {1, 6, 11, 12}, {2, 7, 8, 13}, {3, 4, 9, 14},
};

static void quarter(uint32_t s[16], const uint8_t words[4])
{
	uint32_t a = s[words[0]], b = s[words[1]], c = s[words[2]], d = s[words[3]];

	a += b;
	d = rotate(d ^ a, 16);
	c += d;
	b = rotate(b ^ c, 12);
	a += b;
	d = rotate(d ^ a, 8);
	c += d;
	b = rotate(b ^ c, 7);
	s[words[0]] = a;
	s[words[1]] = b;
	s[words[2]] = c;
	s[words[3]] = d;
}

static void chacha_block(uint32_t out[16])
{
	uint32_t start[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};

	memcpy(start + 4, key, sizeof(key));
	start[12] = (uint32_t)counter;
	start[13] = (uint32_t)(counter >> 32);
	counter++;
	memcpy(out, start, sizeof(start));
	/* Loops, not unrolled: the words do not fit into the registers anyway, and code that runs first at the start is to be short. */
#pragma clang loop unroll(disable)
	for (unsigned i = 0; i < 10 * 8; i++)
		quarter(out, quarters[i % 8]);
#pragma clang loop unroll(disable) vectorize(disable)
	for (unsigned i = 0; i < 16; i++)
		out[i] += start[i];
}

static void replace_key(void)
{
	uint32_t block[16];

	chacha_block(block);
	memcpy(key, block, sizeof(key));
}

static void mix(uint64_t value, unsigned word)
{
	key[word % KEY_WORDS] ^= (uint32_t)value;
	key[(word + 1) % KEY_WORDS] ^= (uint32_t)(value >> 32);
}

static void seed(void)
{
	for (unsigned word = 0; word < KEY_WORDS; word += 2) {
		uint64_t value;

		for (unsigned i = 0; i < 10 && !cpu_random(&value); i++)
			value = cpu_cycles() * 0x9e3779b97f4a7c15ull;
		mix(value ^ cpu_cycles(), word);
	}
	mix(clock_realtime_ns(), 0);
	replace_key();
	is_seeded = true;
}

void random_fill(void *to, size_t len)
{
	uint32_t block[16];
	char *out = to;

	spin_lock(&lock);
	if (unlikely(!is_seeded))
		seed();
	mix(cpu_cycles(), 0);
	while (len) {
		size_t part = min_u64(len, BLOCK);

		chacha_block(block);
		memcpy(out, block, part);
		out += part;
		len -= part;
	}
	replace_key();
	spin_unlock(&lock);
	memset(block, 0, sizeof(block));
}

void random_add(const void *from, size_t len)
{
	const uint8_t *bytes = from;

	spin_lock(&lock);
	if (!is_seeded)
		seed();
	for (size_t i = 0; i < len; i++) {
		((uint8_t *)key)[i % sizeof(key)] ^= bytes[i];
		if (i % sizeof(key) == sizeof(key) - 1)
			replace_key();
	}
	replace_key();
	spin_unlock(&lock);
}

uint64_t random_u64(void)
{
	uint64_t value;

	random_fill(&value, sizeof(value));
	return value;
}
