/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A command line as people write it after -e: words with the shell's quoting, and OSv's two separators: "a; b" runs b
 * after a, "a & b" runs b beside a. There is no shell behind it: variables and patterns are not expanded, and what only
 * a shell could do (pipes, redirections) is refused with a hint.
 */
#pragma once
#include "dory/base/error.h"

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

/* The inverse of splitting; returns owned. */
char *command_line_join(const struct command_line *line);
