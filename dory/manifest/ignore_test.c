/* SPDX-License-Identifier: BSD-3-Clause */
/* Patterns: the pairs that Capstan's own tests state. */
#include <string.h>
#include "dory/manifest/ignore.h"
#include "tests/unit/test.h"

static const struct {
	const char *pattern, *path;
	bool matches;
} pairs[] = {
	{"/myfile.txt", "/myfile.txt", true},
	{"/myfile.txt", "/myfolder/myfile.txt", false},
	{"/myfolder/myfile.txt", "/myfile.txt", false},
	{"/myfolder/myfile.txt", "/myfolder/myfile.txt", true},
	{"/*.txt", "/myfile.txt", true},
	{"/*.txt", "/myfolder/myfile.txt", false},
	{"/myfolder/*.txt", "/myfile.txt", false},
	{"/myfolder/*.txt", "/myfolder/myfile.txt", true},
	{"/myfolder/*.txt", "/myfolder/subfolder/myfile.txt", false},
	{"/myfolder/*.txt", "/myfolder/myfileXtxt", false},
	{"/**/file.txt", "/myfile.txt", true}, /* as Capstan has it */
	{"/**/file.txt", "/myfolder/myfile.txt", true},
	{"/**/file.txt", "/a/b/c/file.txt", true},
	{"/myfolder/*", "/myfolder/myfile.txt", true},
	{"/myfolder/*", "/myfolder", false},
	{"/myfolder/*", "/myfolder/subfolder", true},
	{"/myfolder/*", "/myfolder/subfolder/myfile.txt", true},
	{"/myfolder/*", "/myfolder2", false},
	{"/myfolder/subfolder/*", "/myfolder/subfolder", false},
	{"/myfolder/subfolder/*", "/myfolder", false},
	{"/myfolder/*/*", "/myfolder", false},
	{"/myfolder/*/*", "/myfolder/subfolder", false},
	{"/myfolder/*/*", "/myfolder/subfolder/myfile.txt", true},
	{"/**/*.txt", "/myfile.txt", true},
	{"/**/*.txt", "/a/b/c/myfile.txt", true},
	{"/subfolder/*", "/myfolder/subfolder/myfile.txt", false},
	{"/myfolder", "/myfolder2", false},
	{"/myfolder", "/myfolder", true},
	{"myfile.txt", "/myfile.txt", false},
};

TEST(patterns_match_as_capstans)
{
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (ignore_pattern_matches(pairs[i].pattern, pairs[i].path) != pairs[i].matches)
			printf("# %s %s\n", pairs[i].pattern, pairs[i].path);
		CHECK_EQ(ignore_pattern_matches(pairs[i].pattern, pairs[i].path), pairs[i].matches);
	}
}

TEST(comments_and_built_in_patterns)
{
	struct ignore_rules rules;
	struct dory_error err;

	CHECK_EQ(ignore_parse("f", "# a comment\n\n  /doc  \r\n/*.png", &rules, &err), 0);
	CHECK(ignore_matches(&rules, "/doc") && ignore_matches(&rules, "/a.png") && !ignore_matches(&rules, "/# a comment"));
	CHECK(ignore_matches(&rules, "/.git") && ignore_matches(&rules, "/mpm-pkg") && ignore_matches(&rules, "/meta/run.yaml"));
	CHECK(!ignore_matches(&rules, "/metadata.txt") && !ignore_matches(&rules, "/meta2") && !ignore_matches(&rules, "/.gitx"));
	ignore_release(&rules);
	CHECK_EQ(ignore_parse(NULL, NULL, &rules, &err), 0);
	CHECK(ignore_matches(&rules, "/volumes"));
	ignore_release(&rules);
}

TEST(what_cannot_be_left_out)
{
	struct ignore_rules rules;
	struct dory_error err;
	char stars[64];

	CHECK_EQ(ignore_parse("f", "/a\n/meta\n", &rules, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_FORMAT);
	CHECK(strstr(err.message, "line 2") && strstr(err.message, "please remove '/meta'"));
	for (size_t i = 0; i + 1 < sizeof(stars); i++)
		stars[i] = i & 1 ? 'a' : '*';
	stars[63] = '\0';
	CHECK_EQ(ignore_parse("f", stars, &rules, &err), -1);
}

TEST_MAIN()
