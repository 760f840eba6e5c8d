/* SPDX-License-Identifier: BSD-3-Clause */
/* Records as JSON and back. */
#include "dory/instances/record.h"
#include <stdlib.h>
#include <string.h>
#include "tests/unit/test.h"

struct sample {
	char *text, *absent;
	struct text_list list;
	int64_t number;
	bool flag;
	int word;
};

static const char *const words[] = {"one", "two", NULL};
static const struct record_field fields[] = {
	{"text", RECORD_TEXT, offsetof(struct sample, text), NULL},
	{"absent", RECORD_TEXT, offsetof(struct sample, absent), NULL},
	{"list", RECORD_LIST, offsetof(struct sample, list), NULL},
	{"number", RECORD_NUMBER, offsetof(struct sample, number), NULL},
	{"flag", RECORD_FLAG, offsetof(struct sample, flag), NULL},
	{"word", RECORD_WORD, offsetof(struct sample, word), words},
	{0},
};

TEST(there_and_back)
{
	struct sample sample = {.number = -5000000000, .flag = true, .word = 1}, read = {0};
	struct dory_error err;
	char *text;

	sample.text = strdup("a \"b\"\n\xc3\xa9");
	text_list_add(&sample.list, "");
	text_list_add(&sample.list, "x y");
	CHECK_EQ(record_print(fields, &sample, &text, &err), 0);
	CHECK_EQ(record_parse(fields, "f", text, strlen(text), &read, &err), 0);
	CHECK(strcmp(read.text, sample.text) == 0 && !read.absent);
	CHECK(read.list.count == 2 && strcmp(read.list.items[0], "") == 0 && strcmp(read.list.items[1], "x y") == 0);
	CHECK(read.number == -5000000000 && read.flag && read.word == 1);
	record_release(fields, &sample);
	record_release(fields, &read);
	CHECK(!read.text && read.list.count == 0);
	free(text);
}

TEST(what_is_not_utf8_is_refused_by_name)
{
	struct sample sample = {0};
	struct dory_error err;
	char *text = NULL;

	text_list_add(&sample.list, "\xff");
	CHECK_EQ(record_print(fields, &sample, &text, &err), -1);
	CHECK(!text && err.kind == DORY_ERROR_USAGE && strstr(err.message, "list"));
	record_release(fields, &sample);
}

TEST(unknown_and_missing_members)
{
	static const char text[] = "{\"future\": 1, \"number\": 7}";
	struct sample read = {.word = 1};
	struct dory_error err;

	CHECK_EQ(record_parse(fields, "f", text, strlen(text), &read, &err), 0);
	CHECK(read.number == 7 && read.word == 1 && !read.text);
}

TEST(damage)
{
	static const char *const texts[] = {"", "[", "[]", "{\"text\": 1}", "{\"list\": \"x\"}", "{\"list\": [1]}", "{\"list\": {}}", "{\"number\": \"1\"}",
		"{\"flag\": 0}", "{\"word\": \"three\"}", "{\"word\": 0}", "{\"text\": \"a\", \"number\": 1.5}", "{\"text\": \"a\""};
	struct dory_error err;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct sample read = {0};

		CHECK_EQ(record_parse(fields, "the file", texts[i], strlen(texts[i]), &read, &err), -1);
		CHECK(err.kind == DORY_ERROR_FORMAT && strstr(err.message, "the file is damaged"));
		CHECK(!read.text && read.list.count == 0);
	}
}

TEST_MAIN()
