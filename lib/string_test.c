/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest's memory functions against the host's: all short lengths, alignments and overlaps, and what lies around. */
#include "tests/unit/test.h"

/* By other names, beside those of the C library. */
#define memcpy	guest_memcpy
#define memmove guest_memmove
#define memset	guest_memset
#define memcmp	guest_memcmp
#define memchr	guest_memchr
#define strlen	guest_strlen
#define strnlen guest_strnlen
#define strcmp	guest_strcmp
#define strncmp guest_strncmp
#define strchr	guest_strchr
#define strrchr guest_strrchr
#define strstr	guest_strstr
#include "lib/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp

enum { AROUND = 16, MOST = 200, ROOM = AROUND + MOST + 16 + AROUND };

static unsigned char ours[ROOM], theirs[ROOM], source[ROOM];

static void fill(void)
{
	for (size_t i = 0; i < ROOM; i++) {
		ours[i] = theirs[i] = (unsigned char)test_random();
		source[i] = (unsigned char)test_random();
	}
}

TEST(copies)
{
	for (size_t n = 0; n <= MOST; n++) {
		for (unsigned shift = 0; shift < 16; shift++) {
			fill();
			CHECK(guest_memcpy(ours + AROUND + shift, source + AROUND + (shift * 5 & 15), n) == ours + AROUND + shift);
			__builtin_memcpy(theirs + AROUND + shift, source + AROUND + (shift * 5 & 15), n);
			CHECK(__builtin_memcmp(ours, theirs, ROOM) == 0);
		}
	}
}

TEST(moves_within_themselves)
{
	for (size_t n = 0; n <= MOST; n++) {
		for (unsigned shift = 0; shift <= 2 * AROUND; shift++) {
			fill();
			CHECK(guest_memmove(ours + shift, ours + AROUND, n) == ours + shift);
			__builtin_memmove(theirs + shift, theirs + AROUND, n);
			CHECK(__builtin_memcmp(ours, theirs, ROOM) == 0);
		}
	}
}

TEST(fills)
{
	for (size_t n = 0; n <= MOST; n++) {
		for (unsigned shift = 0; shift < 16; shift++) {
			int byte = (int)test_random();

			fill();
			CHECK(guest_memset(ours + AROUND + shift, byte, n) == ours + AROUND + shift);
			__builtin_memset(theirs + AROUND + shift, byte, n);
			CHECK(__builtin_memcmp(ours, theirs, ROOM) == 0);
		}
	}
}

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

TEST(comparisons)
{
	for (size_t n = 1; n <= MOST; n++) {
		size_t at = test_random() % n;

		fill();
		__builtin_memcpy(theirs, ours, ROOM);
		CHECK(guest_memcmp(ours + 1, theirs + 1, n) == 0);
		theirs[1 + at] = (unsigned char)(theirs[1 + at] + 1 + test_random() % 255);
		CHECK_EQ(sign(guest_memcmp(ours + 1, theirs + 1, n)), sign(__builtin_memcmp(ours + 1, theirs + 1, n)));
	}
}

TEST_MAIN()
