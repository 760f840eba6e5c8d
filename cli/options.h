/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Command-line options from tables: one table describes an option to the parser, to --help and to the hints about
 * misspellings. Options stand before, between and behind the other words; "--" ends them. As Capstan's Go has it, a long
 * name may stand behind a single dash, and flags take true or false: -size 10G, --persist=true.
 */
#pragma once
#include "dory/base/error.h"

enum option_kind {
	OPTION_FLAG,   /* bool */
	OPTION_TEXT,   /* const char * */
	OPTION_LIST,   /* struct word_list; may be given again and again */
	OPTION_NUMBER, /* unsigned; not 0 */
};

struct word_list {
	const char **words; /* the words are argv's */
	size_t count;
};

struct option {
	const char *name; /* without "--" */
	char letter;      /* 0: none */
	enum option_kind kind;
	const char *argument; /* how --help names it; NULL for flags */
	const char *help;
	size_t offset; /* of the value within the verb's struct */
};

#define OPTION(type, member, kind_, name_, letter_, argument_, help_)                                                  \
	{                                                                                                              \
		.name = name_, .letter = letter_, .kind = kind_, .argument = argument_, .help = help_,                 \
		.offset = offsetof(type, member)                                                                       \
	}

struct option_words {
	struct word_list operands; /* what is no option */
	struct word_list rest;     /* behind "--" */
	size_t most_operands;      /* given: what stands behind so many is in `rest`, whatever it looks like; 0: any number */
};

/*
 * Reads argv, without the verb, into `values` by the table (ended by a NULL name). Always knows -h and --help: then
 * *wants_help. Error: USAGE, near names in the hint.
 */
int options_parse(const struct option *options, int argc, char **argv, void *values, struct option_words *words,
	bool *wants_help, struct dory_error *err) must_check;
void option_words_release(struct option_words *words);
void word_list_add(struct word_list *list, const char *word);
void word_list_release(struct word_list *list);

/* The table as --help prints it, on standard output. */
void options_print(const struct option *options);

/* How many letters must change, come or go to make a word of another (Damerau's distance, adjacent swaps count once).
 */
unsigned word_distance(const char *a, const char *b);
/* Near enough for a hint? */
bool word_is_near(const char *a, const char *b);
