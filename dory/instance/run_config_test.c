/* SPDX-License-Identifier: BSD-3-Clause */
/* The text of run configurations, and what is refused. */
#include <stdlib.h>
#include <string.h>
#include "abi/run_config.h"
#include "dory/instance/run_config.h"
#include "tests/unit/test.h"

static char *text_of(const struct run_config *config)
{
	struct dory_error err;
	size_t length = 0;
	char *text = NULL;

	if (run_config_text(config, &text, &length, &err) < 0 || strlen(text) != length)
		return NULL;
	return text;
}

TEST(nothing_asked_for)
{
	char *text = text_of(&(struct run_config){0});

	CHECK(text && strcmp(text, RUN_CONFIG_MAGIC) == 0);
	free(text);
}

TEST(all_records)
{
	static const char *const environment[] = {"A=1", "AB=x y", "A=\n2"};
	struct run_config config = {.environment = environment,
		.environment_count = 3,
		.directory = "/tmp",
		.host_name = "h",
		.user = "u:g",
		.is_override = true,
		.is_tty = true,
		.terminal_type = "vt100",
		.rows = 24,
		.columns = 80};
	struct dory_error err;
	char *text;

	CHECK_EQ(command_line_split(&config.command, "echo 'a b'; true", &err), 0);
	text = text_of(&config);
	CHECK(text);
	CHECK(strcmp(text, "dory-run 1\narg 4 echo\narg 3 a b\nnext 1 ;\narg 4 true\nenv 10 TERM=vt100\nenv 6 AB=x y\nenv 4 A=\n2\ncwd 4 "
			   "/tmp\nhost 1 h\nuser 3 u:g\n"
			   "stdio 3 tty\nwinsize 5 24 80\n") == 0);
	free(text);
	command_line_release(&config.command);
}

TEST(an_empty_argument_is_an_argument)
{
	struct run_config config = {.is_override = true};
	char *text;

	command_line_add(&config.command, "p", false);
	command_line_add(&config.command, "", false);
	text = text_of(&config);
	CHECK(text && strcmp(text, "dory-run 1\narg 1 p\narg 0 \nstdio 7 streams\n") == 0);
	free(text);
	command_line_release(&config.command);
}

TEST(variables_that_are_taken_away_stand_before_those_that_are_set)
{
	static const char *const unset[] = {"A", "B"}, *const environment[] = {"A=1"};
	struct run_config config = {.unset = unset, .unset_count = 2, .environment = environment, .environment_count = 1};
	char *text = text_of(&config);

	CHECK(text && strstr(text, "unset 1 A\nunset 1 B\nenv 3 A=1\n"));
	free(text);
}

TEST(what_the_image_holds_stands_first)
{
	struct run_config config = {.is_override = true, .image = "dory-run 1\narg 1 p\n", .directory = "/d"};
	char *text = text_of(&config);

	CHECK(text && strcmp(text, "dory-run 1\nimage 19 dory-run 1\narg 1 p\n\ncwd 2 /d\nstdio 7 streams\n") == 0);
	free(text);
}

TEST(too_large)
{
	struct run_config config = {0};
	struct dory_error err;
	size_t length;
	char *text, *word = calloc(1, RUN_CONFIG_MAX + 1);

	memset(word, 'x', RUN_CONFIG_MAX);
	command_line_add(&config.command, word, false);
	CHECK_EQ(run_config_text(&config, &text, &length, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_USAGE);
	command_line_release(&config.command);
	free(word);
}

TEST(refusals)
{
	static const char *const no_value[] = {"SECRET"}, *const no_name[] = {"=x"}, *const good[] = {"A="};
	const struct {
		struct run_config config;
		int result;
	} cases[] = {
		{{.environment = good,
			 .environment_count = 1,
			 .user = "postgres",
			 .directory = "/",
			 .host_name = "a-b.c"},
			0},
		{{.environment = no_value, .environment_count = 1}, -1},
		{{.environment = no_name, .environment_count = 1}, -1},
		{{.user = ""}, -1},
		{{.user = ":g"}, -1},
		{{.user = "u:"}, -1},
		{{.user = "u:g:h"}, -1},
		{{.user = "1000:1000"}, 0},
		{{.directory = "tmp"}, -1},
		{{.host_name = "a b"}, -1},
		{{.host_name = ""}, -1},
	};
	struct dory_error err;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		CHECK_EQ(run_config_check(&cases[i].config, &err), cases[i].result);
}
TEST_MAIN()
