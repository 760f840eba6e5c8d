/* SPDX-License-Identifier: BSD-3-Clause */
/* The C standard's memory and string functions, for programs without a C library. */
#include "lib/string.h"
#include "lib/attr.h"

#undef memcpy
#undef memmove
#undef memset
#undef memcmp

/*
 * Plain moves of words, 64 bytes a round: under QEMU's emulator a third faster than string instructions on words, and ten times faster than those
 * on bytes; a real CPU is near memory's speed with either. Unaligned words are fine on x86-64.
 */
void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	uint64_t *t = to;
	const uint64_t *f = from;
	char *tail;
	const char *from_tail;

	for (; n >= 64; n -= 64, t += 8, f += 8) {
		uint64_t a = f[0], b = f[1], c = f[2], d = f[3];

		t[0] = a;
		t[1] = b;
		t[2] = c;
		t[3] = d;
		a = f[4];
		b = f[5];
		c = f[6];
		d = f[7];
		t[4] = a;
		t[5] = b;
		t[6] = c;
		t[7] = d;
	}
	for (; n >= 8; n -= 8)
		*t++ = *f++;
	tail = (char *)t;
	from_tail = (const char *)f;
	while (n--)
		*tail++ = *from_tail++;
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	char *t = (char *)to + n;
	const char *f = (const char *)from + n;

	if ((uintptr_t)to - (uintptr_t)from >= n)
		return memcpy(to, from, n);
	while (n >= 8) {
		uint64_t word;

		t -= 8;
		f -= 8;
		n -= 8;
		__builtin_memcpy(&word, f, 8);
		__builtin_memcpy(t, &word, 8);
	}
	while (n--)
		*--t = *--f;
	return to;
}

void *memset(void *to, int byte, size_t n)
{
	uint64_t pattern = (uint8_t)byte * 0x0101010101010101u, *t = to;
	char *tail;

	for (; n >= 64; n -= 64, t += 8) {
		t[0] = pattern;
		t[1] = pattern;
		t[2] = pattern;
		t[3] = pattern;
		t[4] = pattern;
		t[5] = pattern;
		t[6] = pattern;
		t[7] = pattern;
	}
	for (; n >= 8; n -= 8)
		*t++ = pattern;
	tail = (char *)t;
	while (n--)
		*tail++ = (char)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	for (; n >= 8 && *(const uint64_t *)x == *(const uint64_t *)y; n -= 8) {
		x += 8;
		y += 8;
	}
	for (; n; n--, x++, y++) {
		if (*x != *y)
			return *x - *y;
	}
	return 0;
}

void *memchr(const void *s, int c, size_t n)
{
	for (const unsigned char *p = s; n; n--, p++) {
		if (*p == (unsigned char)c)
			return (void *)p;
	}
	return NULL;
}

out_of_line size_t strlen(const char *s)
{
	const char *p = s;

	while (*p)
		p++;
	return (size_t)(p - s);
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

out_of_line int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (unsigned char)*a - (unsigned char)*b;
}

out_of_line int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++) {
		if (*a != *b || !*a)
			return (unsigned char)*a - (unsigned char)*b;
	}
	return 0;
}

out_of_line char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)s;
		if (!*s)
			return NULL;
	}
}

char *strrchr(const char *s, int c)
{
	const char *found = NULL;

	for (;; s++) {
		if (*s == (char)c)
			found = s;
		if (!*s)
			return (char *)found;
	}
}

char *strstr(const char *haystack, const char *needle)
{
	size_t len = strlen(needle);

	for (; *haystack || !len; haystack++) {
		if (!strncmp(haystack, needle, len))
			return (char *)haystack;
	}
	return NULL;
}
