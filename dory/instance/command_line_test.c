/* SPDX-License-Identifier: BSD-3-Clause */
/* Splitting, joining, and one against the other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/instance/command_line.h"
#include "tests/unit/test.h"

/* The words as "[a][b]" with separators bare; "!" if refused. Returns owned. */
static char *shown(const char *text)
{
	struct command_line line = {0};
	struct text_buffer out = {0};
	struct dory_error err;

	if (command_line_split(&line, text, &err) < 0) {
		text_append(&out, "!", 1);
	} else {
		for (size_t i = 0; i < line.count; i++)
			text_append_format(&out, line.words[i].is_separator ? "%s" : "[%s]", line.words[i].text);
	}
	command_line_release(&line);
	return out.text ? out.text : text_copy("");
}

TEST(splits_as_a_shell_would)
{
	static const char *const cases[][2] = {
		{"", ""},
		{"  \t ", ""},
		{"ls -l /tmp", "[ls][-l][/tmp]"},
		{"echo 'a b'\"c d\"e", "[echo][a bc de]"},
		{"echo '' \"\"", "[echo][][]"},
		{"echo \\ x\\\"y", "[echo][ x\"y]"},
		{"echo \"a\\\"b\\n$\\$\"", "[echo][a\"b\\n$$]"},
		{"a; b & c", "[a];[b]&[c]"},
		{"a;b&", "[a];[b]&"},
		{"echo 'a;b' \"c&d\" e\\;f", "[echo][a;b][c&d][e;f]"},
		{"python3 -c 'print(\"x|y\")'", "[python3][-c][print(\"x|y\")]"},
		{"awk {print}", "[awk][{print}]"},
		{"echo a\\", "[echo][a\\]"},
		{"echo 'open", "!"},
		{"echo \"open", "!"},
		{"a | b", "!"},
		{"a > b", "!"},
		{"a && b", "!"},
		{"; a", "!"},
		{"a ;; b", "!"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *result = shown(cases[i][0]);
		bool same = strcmp(result, cases[i][1]) == 0;

		if (!same)
			printf("# %s gave %s\n", cases[i][0], result);
		free(result);
		CHECK(same);
	}
}

TEST(joining_undoes_splitting)
{
	static const char letters[] = "ab \t'\"\\;&|<>$*";

	for (int round = 0; round < 2000; round++) {
		struct command_line line = {0}, again = {0};
		struct dory_error err;
		char *joined;

		for (uint64_t words = 1 + test_random() % 4; words > 0; words--) {
			char word[8] = "";

			for (uint64_t length = test_random() % 7, j = 0; j < length; j++)
				word[j] = letters[test_random() % (sizeof(letters) - 1)];
			command_line_add(&line, word, false);
			if (test_random() % 4 == 0)
				command_line_add(&line, test_random() % 2 ? ";" : "&", true);
		}
		joined = command_line_join(&line);
		CHECK_EQ(command_line_split(&again, joined, &err), 0);
		CHECK_EQ(again.count, line.count);
		for (size_t i = 0; i < line.count; i++) {
			CHECK(strcmp(line.words[i].text, again.words[i].text) == 0);
			CHECK_EQ(line.words[i].is_separator, again.words[i].is_separator);
		}
		free(joined);
		command_line_release(&line);
		command_line_release(&again);
	}
}
TEST(options_of_osv)
{
	struct text_list environment = {0}, skipped = {0};
	const char *command = command_line_skip_options(" --env=A=b=c  --norandom --env=B?=x --env=C?=  /prog --env=D=1", &environment, &skipped);

	CHECK(strcmp(command, "/prog --env=D=1") == 0);
	CHECK(environment.count == 3 && strcmp(environment.items[0], "A=b=c") == 0 && strcmp(environment.items[1], "B=x") == 0 &&
		strcmp(environment.items[2], "C=") == 0);
	CHECK(skipped.count == 1 && strcmp(skipped.items[0], "--norandom") == 0);
	CHECK(strcmp(command_line_skip_options("", &environment, &skipped), "") == 0 && environment.count == 3);
	CHECK(strcmp(command_line_skip_options("--env=?=", &environment, &skipped), "") == 0);
	text_list_release(&environment);
	text_list_release(&skipped);
}

TEST_MAIN()
