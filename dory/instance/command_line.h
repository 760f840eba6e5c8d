/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A command line as people write it after -e: words with the shell's quoting, and OSv's two separators: "a; b" runs b
 * after a, "a & b" runs b beside a. There is no shell behind it: variables and patterns are not expanded, and what only
 * a shell could do (pipes, redirections) is refused with a hint.
 */
#pragma once
#include "dory/base/error.h"
#include "dory/base/text_list.h"

struct command_word {
	char *text;
	bool is_separator; /* ";" or "&" */
};

/* Zeroed is empty. */
struct command_line {
	struct command_word *words;
	size_t count;
};

/* Appends the words of `text`. Error: USAGE. */
int command_line_split(struct command_line *line, const char *text, struct dory_error *err) must_check;
void command_line_add(struct command_line *line, const char *word, bool is_separator);
void command_line_release(struct command_line *line);

/*
 * Where the command begins in a line as Capstan has it for OSv: behind options of OSv's own. Of these, --env=NAME=VALUE and --env=NAME?=VALUE are
 * added to `environment` as NAME=VALUE, all others to `skipped`: they mean nothing here.
 */
const char *command_line_skip_options(const char *text, struct text_list *environment, struct text_list *skipped);

/* The inverse of splitting; returns owned. */
char *command_line_join(const struct command_line *line);
