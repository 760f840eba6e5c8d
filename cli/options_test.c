/* SPDX-License-Identifier: BSD-3-Clause */
/* Options in all their forms, and misspellings. */
#include <string.h>
#include "cli/options.h"
#include "tests/unit/test.h"

struct values {
	bool verbose, quiet;
	const char *memory;
	struct word_list env;
	unsigned cpus;
};

static const struct option options[] = {
	OPTION(struct values, verbose, OPTION_FLAG, "verbose", 'v', NULL, ""),
	OPTION(struct values, quiet, OPTION_FLAG, "quiet", 'q', NULL, ""),
	OPTION(struct values, memory, OPTION_TEXT, "memory", 'm', "SIZE", ""),
	OPTION(struct values, env, OPTION_LIST, "env", 0, "NAME=VALUE", ""),
	OPTION(struct values, cpus, OPTION_NUMBER, "cpus", 'c', "N", ""),
	{0},
};

struct parsed {
	struct values values;
	struct option_words words;
	struct dory_error err;
	bool wants_help;
	int result;
};

/* Splits at blanks. */
static struct parsed *parse_up_to(const char *line, size_t most_operands)
{
	static struct parsed parsed;
	static char copy[256], *argv[32];
	int argc = 0;
	char *rest = copy, *word;

	word_list_release(&parsed.values.env);
	option_words_release(&parsed.words);
	parsed = (struct parsed){.words.most_operands = most_operands};
	snprintf(copy, sizeof(copy), "%s", line);
	while ((word = strsep(&rest, " ")))
		argv[argc++] = word;
	parsed.result =
		options_parse(options, argc, argv, &parsed.values, &parsed.words, &parsed.wants_help, &parsed.err);
	return &parsed;
}

static struct parsed *parse(const char *line)
{
	return parse_up_to(line, 0);
}

TEST(before_between_and_behind)
{
	struct parsed *p = parse("-v one --memory 64M two -c 2");

	CHECK_EQ(p->result, 0);
	CHECK(p->values.verbose && !p->values.quiet && strcmp(p->values.memory, "64M") == 0 && p->values.cpus == 2);
	CHECK_EQ(p->words.operands.count, 2);
	CHECK(strcmp(p->words.operands.words[1], "two") == 0);
	parse("x");
}

TEST(forms_of_values)
{
	CHECK(strcmp(parse("--memory=1G")->values.memory, "1G") == 0);
	CHECK(strcmp(parse("-m1G")->values.memory, "1G") == 0);
	CHECK(strcmp(parse("-m=1G")->values.memory, "1G") == 0);
	CHECK(strcmp(parse("-vqm 1G")->values.memory, "1G") == 0);
	CHECK(strcmp(parse("--memory -v")->values.memory, "-v") == 0);
	CHECK_EQ(parse("--env A=1 --env=B=2")->values.env.count, 2);
	parse("x");
}

TEST(forms_of_go)
{
	CHECK(strcmp(parse("-memory 1G")->values.memory, "1G") == 0);
	CHECK(strcmp(parse("-memory=1G")->values.memory, "1G") == 0);
	CHECK(parse("-verbose x")->values.verbose && parse("--verbose=true")->values.verbose && parse("-v=1")->values.verbose);
	CHECK(!parse("-v --verbose=false")->values.verbose && !parse("-v -verbose=F")->values.verbose);
	CHECK_EQ(parse("-env A=1 -env=B=2")->values.env.count, 2);
	parse("x");
}

TEST(two_dashes_end_the_options)
{
	struct parsed *p = parse("one -- -v -- --unknown");

	CHECK_EQ(p->result, 0);
	CHECK(!p->values.verbose);
	CHECK_EQ(p->words.operands.count, 1);
	CHECK_EQ(p->words.rest.count, 3);
	CHECK(strcmp(p->words.rest.words[1], "--") == 0);
	parse("x");
}

TEST(a_command_ends_the_options)
{
	struct parsed *p = parse_up_to("-v one two -x --env -- three", 2);

	CHECK(p->result == 0 && p->values.verbose && p->words.operands.count == 2 && p->words.rest.count == 4);
	CHECK(strcmp(p->words.rest.words[0], "-x") == 0 && strcmp(p->words.rest.words[2], "--") == 0);
	p = parse_up_to("one -- two -v", 2);
	CHECK(p->result == 0 && !p->values.verbose && p->words.operands.count == 1 && p->words.rest.count == 2);
	CHECK_EQ(parse_up_to("one -x two", 2)->result, -1);
	parse("x");
}

TEST(refusals)
{
	static const char *const lines[] = {
		"--unknown", "-x", "--memory", "-m", "--verbose=yes", "-v=2", "-memory", "-c 0", "-c x", "-c 1x", "-c -1", "--cpus 99999"};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		CHECK_EQ(parse(lines[i])->result, -1);
		CHECK_EQ(parse(lines[i])->err.kind, DORY_ERROR_USAGE);
	}
	CHECK(strstr(parse("--memmory 1")->err.hint, "--memory"));
	CHECK(strstr(parse("--verbos")->err.hint, "--verbose"));
	CHECK(parse("--zzz")->err.hint[0] == '\0');
	parse("x");
}

TEST(help)
{
	CHECK(parse("--help")->wants_help && parse("one -h")->wants_help && !parse("-- -h")->wants_help);
	parse("x");
}

TEST(distances)
{
	CHECK_EQ(word_distance("run", "run"), 0);
	CHECK_EQ(word_distance("rnu", "run"), 1);
	CHECK_EQ(word_distance("compse", "compose"), 1);
	CHECK_EQ(word_distance("", "abc"), 3);
	CHECK(word_is_near("imgaes", "images") && !word_is_near("run", "rmi"));
	CHECK(word_is_near("image", "images"));
}
TEST_MAIN()
