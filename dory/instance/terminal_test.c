/* SPDX-License-Identifier: BSD-3-Clause */
/* The escape key. */
#include <string.h>
#include "dory/instance/terminal.h"
#include "tests/unit/test.h"

static enum terminal_request feed(struct terminal_keys *keys, const char *bytes, char *program)
{
	enum terminal_request request;
	size_t taken, length;
	char out[64];

	request = terminal_keys_filter(keys, bytes, strlen(bytes), &taken, out, &length);
	memcpy(program, out, length);
	program[length] = '\0';
	return request;
}

TEST(escape_key)
{
	static const struct {
		const char *keys, *program;
		enum terminal_request request;
	} cases[] = {
		{"abc\x03\r", "abc\x03\r", TERMINAL_NOTHING},
		{"a\x01x", "a", TERMINAL_KILL},
		{"a\x01hb", "a", TERMINAL_HELP},
		{"\x01\x01"
		 "b",
			"\x01"
			"b",
			TERMINAL_NOTHING},
		{"\x01"
		 "ab",
			"\x01"
			"b",
			TERMINAL_NOTHING},
		{"\x01k", "\x01k", TERMINAL_NOTHING},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct terminal_keys keys = {0};
		char program[64];

		CHECK_EQ(feed(&keys, cases[i].keys, program), cases[i].request);
		CHECK(strcmp(program, cases[i].program) == 0);
	}
}

TEST(escape_key_in_two_reads)
{
	struct terminal_keys keys = {0};
	char program[64];

	CHECK_EQ(feed(&keys, "a\x01", program), TERMINAL_NOTHING);
	CHECK(strcmp(program, "a") == 0);
	CHECK_EQ(feed(&keys, "x", program), TERMINAL_KILL);
}
TEST_MAIN()
