/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SipHash (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012), which others cannot predict without the key: 2-4 where its value is shown to others, 1-3
 * where it only chooses a bucket.
 */
#include "kernel/net/core/net.h"

struct sip {
	uint64_t a, b, c, d;
};

static uint64_t rotate(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static inline void sip_round(struct sip *s)
{
	s->a += s->b;
	s->c += s->d;
	s->b = rotate(s->b, 13) ^ s->a;
	s->d = rotate(s->d, 16) ^ s->c;
	s->a = rotate(s->a, 32);
	s->c += s->b;
	s->a += s->d;
	s->b = rotate(s->b, 17) ^ s->c;
	s->d = rotate(s->d, 21) ^ s->a;
	s->c = rotate(s->c, 32);
}

static void sip_word(struct sip *s, uint64_t word)
{
	s->d ^= word;
	sip_round(s);
	sip_round(s);
	s->a ^= word;
}

static struct sip sip_start(const struct net_stack *stack)
{
	uint64_t k0 = stack->secret[0], k1 = stack->secret[1];

	return (struct sip){k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u};
}

uint64_t net_hash_words(const struct net_stack *stack, const uint64_t *words, size_t nr)
{
	struct sip s = sip_start(stack);

	for (size_t i = 0; i < nr; i++) {
		s.d ^= words[i];
		sip_round(&s);
		s.a ^= words[i];
	}
	s.c ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}

uint64_t net_hash(const struct net_stack *stack, const void *bytes, size_t len)
{
	struct sip s = sip_start(stack);
	uint64_t word;
	const uint8_t *p = bytes;
	size_t left = len;

	for (; left >= 8; p += 8, left -= 8) {
		memcpy(&word, p, 8);
		sip_word(&s, word);
	}
	word = (uint64_t)len << 56;
	for (size_t i = 0; i < left; i++)
		word |= (uint64_t)p[i] << (8 * i);
	sip_word(&s, word);
	s.c ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}
