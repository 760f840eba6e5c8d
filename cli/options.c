/* SPDX-License-Identifier: BSD-3-Clause */
/* The parser of options. */
#include "cli/options.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"

enum { LONGEST_WORD = 32 };

void word_list_add(struct word_list *list, const char *word)
{
	*(const char **)array_push(&list->words, &list->count, sizeof(*list->words)) = word;
}

void word_list_release(struct word_list *list)
{
	free(list->words);
	*list = (struct word_list){0};
}

void option_words_release(struct option_words *words)
{
	word_list_release(&words->operands);
	word_list_release(&words->rest);
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned least_two = a < b ? a : b;

	return least_two < c ? least_two : c;
}

unsigned word_distance(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);
	unsigned d[LONGEST_WORD + 1][LONGEST_WORD + 1];

	if (na > LONGEST_WORD || nb > LONGEST_WORD)
		return LONGEST_WORD;
	for (size_t i = 0; i <= na; i++) {
		for (size_t j = 0; j <= nb; j++) {
			if (i == 0 || j == 0) {
				d[i][j] = (unsigned)(i + j);
				continue;
			}
			d[i][j] = least(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[na][nb];
}

bool word_is_near(const char *a, const char *b)
{
	size_t length = strlen(a) < strlen(b) ? strlen(a) : strlen(b);

	return word_distance(a, b) <= (length > 4 ? 2 : 1) || (length >= 3 && strncmp(a, b, length) == 0);
}

static const struct option *find_name(const struct option *options, const char *name, size_t length)
{
	for (; options->name; options++) {
		if (strncmp(options->name, name, length) == 0 && !options->name[length])
			return options;
	}
	return NULL;
}

static const struct option *find_letter(const struct option *options, char letter)
{
	for (; options->name; options++) {
		if (options->letter == letter)
			return options;
	}
	return NULL;
}

static int unknown_option(const struct option *options, const char *name, size_t length, struct dory_error *err)
{
	char *word = text_copy_n(name, length);
	const struct option *near = NULL;

	for (; options->name && !near; options++) {
		if (word_is_near(word, options->name))
			near = options;
	}
	error_set(err, DORY_ERROR_USAGE, "there is no option --%s", word);
	if (near)
		error_hint(err, "Did you mean --%s?", near->name);
	free(word);
	return -1;
}

static int set_value(const struct option *option, const char *value, void *values, struct dory_error *err)
{
	void *place = (char *)values + option->offset;
	unsigned long number;
	char *end;

	switch (option->kind) {
	case OPTION_FLAG:
		*(bool *)place = true;
		return 0;
	case OPTION_TEXT:
		*(const char **)place = value;
		return 0;
	case OPTION_LIST:
		word_list_add(place, value);
		return 0;
	case OPTION_NUMBER:
		number = strtoul(value, &end, 10);
		if (value[0] < '0' || value[0] > '9' || *end || number == 0 || number > 65535)
			return error_set(
				err, DORY_ERROR_USAGE, "--%s takes a number from 1 on, not '%s'", option->name, value);
		*(unsigned *)place = (unsigned)number;
		return 0;
	}
	return -1;
}

/* The words that are still to be read. */
struct word_reader {
	int argc;
	char **argv;
};

/* A flag's value as Go has them. */
static int set_flag(const struct option *option, const char *value, void *values, struct dory_error *err)
{
	static const char *const words[2][6] = {{"false", "0", "f", "F", "False", "FALSE"}, {"true", "1", "t", "T", "True", "TRUE"}};

	for (size_t i = 0; i < 2 * ARRAY_SIZE(words[0]); i++) {
		if (strcmp(value, words[i % 2][i / 2]) == 0) {
			*(bool *)((char *)values + option->offset) = i % 2;
			return 0;
		}
	}
	return error_set(err, DORY_ERROR_USAGE, "--%s takes no value but true or false", option->name);
}

/* The option's value: `attached`, or the next word. */
static int take_value(const struct option *option, const char *attached, struct word_reader *reader, void *values,
	struct dory_error *err)
{
	if (option->kind == OPTION_FLAG && attached)
		return set_flag(option, attached, values, err);
	if (option->kind != OPTION_FLAG && !attached) {
		if (reader->argc == 0)
			return error_set(
				err, DORY_ERROR_USAGE, "--%s takes a value: %s", option->name, option->argument);
		attached = *reader->argv++;
		reader->argc--;
	}
	return set_value(option, attached, values, err);
}

/* "--name", "--name=value", "--name value" */
static int take_long(const struct option *options, const char *word, struct word_reader *reader, void *values,
	struct dory_error *err)
{
	size_t length = strcspn(word, "=");
	const struct option *option = find_name(options, word, length);

	if (!option)
		return unknown_option(options, word, length, err);
	return take_value(option, word[length] ? word + length + 1 : NULL, reader, values, err);
}

/* "-vq", "-m 64M", "-m64M", "-m=64M"; "-size 10G" where that is a name. */
static int take_letters(const struct option *options, const char *word, struct word_reader *reader, void *values,
	struct dory_error *err)
{
	if (find_name(options, word, strcspn(word, "=")))
		return take_long(options, word, reader, values, err);
	for (; *word; word++) {
		const struct option *option = find_letter(options, *word);

		if (!option)
			return error_set(err, DORY_ERROR_USAGE, "there is no option -%c", *word);
		if (option->kind != OPTION_FLAG) {
			const char *attached = word[1] == '=' ? word + 2 : word[1] ? word + 1 : NULL;

			return take_value(option, attached, reader, values, err);
		}
		if (word[1] == '=')
			return take_value(option, word + 2, reader, values, err);
		if (take_value(option, NULL, reader, values, err) < 0)
			return -1;
	}
	return 0;
}

int options_parse(const struct option *options, int argc, char **argv, void *values, struct option_words *words,
	bool *wants_help, struct dory_error *err)
{
	struct word_reader reader = {.argc = argc, .argv = argv};

	while (reader.argc > 0) {
		bool is_enough = words->most_operands > 0 && words->operands.count == words->most_operands;
		const char *word = *reader.argv;
		int result = 0;

		if (is_enough || strcmp(word, "--") == 0) {
			for (int i = !is_enough; i < reader.argc; i++)
				word_list_add(&words->rest, reader.argv[i]);
			return 0;
		}
		reader.argv++;
		reader.argc--;
		if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
			*wants_help = true;
		else if (strncmp(word, "--", 2) == 0)
			result = take_long(options, word + 2, &reader, values, err);
		else if (word[0] == '-' && word[1])
			result = take_letters(options, word + 1, &reader, values, err);
		else
			word_list_add(&words->operands, word);
		if (result < 0)
			return -1;
	}
	return 0;
}

void options_print(const struct option *options)
{
	for (; options->name; options++) {
		char left[64];

		snprintf(left, sizeof(left), "%c%c%s --%s%s%s", options->letter ? '-' : ' ',
			options->letter ? options->letter : ' ', options->letter ? "," : " ", options->name,
			options->argument ? " " : "", options->argument ? options->argument : "");
		printf("  %-28s %s\n", left, options->help);
	}
	printf("  %-28s %s\n", "-h, --help", "this help");
}
