/* SPDX-License-Identifier: BSD-3-Clause */
/* The keys that end an attachment, whole and in pieces. */
#include "dory/detach_keys.h"
#include <string.h>
#include "tests/unit/test.h"

/* What the program gets of these pieces, with a '!' at the end if the keys have come. */
static const char *typed(const char *const *pieces)
{
	static char got[64];
	struct detach_keys keys = {0};
	size_t length = 0, n;

	for (; *pieces; pieces++) {
		bool has_come = detach_keys_filter(&keys, *pieces, strlen(*pieces), got + length, &n);

		length += n;
		if (has_come)
			got[length++] = '!';
	}
	got[length] = '\0';
	return got;
}

#define TYPED(...) typed((const char *const[]){__VA_ARGS__, NULL})

TEST(keys)
{
	CHECK(strcmp(TYPED("abc"), "abc") == 0);
	CHECK(strcmp(TYPED("a\x10\x11z"), "a!") == 0);
	CHECK(strcmp(TYPED("a\x10", "\x11"), "a!") == 0);
	CHECK(strcmp(TYPED("a\x10", "b"), "a\x10" "b") == 0);
	CHECK(strcmp(TYPED("\x10\x10\x11"), "\x10!") == 0);
	CHECK(strcmp(TYPED("\x11\x10"), "\x11") == 0);
}
TEST_MAIN()
