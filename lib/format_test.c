/* SPDX-License-Identifier: BSD-3-Clause */
/* format_text against the C library's snprintf; number parsing. */
#include "lib/format.h"
#include <string.h>
#include "tests/unit/test.h"

#define SAME(...)                                                                                                   \
	do {                                                                                                        \
		char ours[64], theirs[64];                                                                          \
		CHECK_EQ(format_text(ours, sizeof(ours), __VA_ARGS__), snprintf(theirs, sizeof(theirs), __VA_ARGS__)); \
		CHECK(!strcmp(ours, theirs));                                                                       \
	} while (0)

TEST(numbers)
{
	SAME("%d %i %u", -5, 0, 4000000000u);
	SAME("%ld %lld %zu", -1L, (long long)INT64_MIN, (size_t)-1);
	SAME("%x %X %#x %#X %o %#o", 0xabcu, 0xABCu, 255u, 255u, 8u, 8u);
	SAME("[%5d] [%-5d] [%05d] [%+d] [% d]", 42, 42, 42, 42, 42);
	SAME("[%8.3d] [%-8.3d] [%.0d] [%08.3d]", 7, 7, 0, 7);
	SAME("[%*d] [%-*d] [%.*d]", 6, 1, 6, 2, 4, 3);
	SAME("%hhd %hd %hhu", (signed char)-1, (short)-2, (unsigned char)255);
	SAME("%p", (void *)0x1234);
}

TEST(text)
{
	SAME("%s|%10s|%-10s|%.2s|%c|%%", "abc", "abc", "abc", "abc", 'x');
}

TEST(cut_short)
{
	char to[4] = "zzz";

	CHECK_EQ(format_text(to, sizeof(to), "%s", "abcdef"), 6);
	CHECK(!strcmp(to, "abc"));
	CHECK_EQ(format_text(NULL, 0, "%d", 12345), 5);
}

TEST(parse)
{
	const char *end;
	uint64_t v;

	CHECK(format_parse_u64("123x", &end, &v) && v == 123 && *end == 'x');
	CHECK(format_parse_u64("0x1f", &end, &v) && v == 31 && !*end);
	CHECK(format_parse_u64("4K", &end, &v) && v == 4096);
	CHECK(format_parse_u64("2g", &end, &v) && v == 2ull << 30);
	CHECK(!format_parse_u64("", &end, &v));
	CHECK(!format_parse_u64("-1", &end, &v));
	CHECK(!format_parse_u64("18446744073709551616", &end, &v));
	CHECK(!format_parse_u64("18446744073709551615K", &end, &v));
}

TEST_MAIN()
