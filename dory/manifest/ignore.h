/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * .capstanignore and .doryignore: which files of a project stay out of its package. A line is a pattern for the whole
 * path below the project, which starts with '/'; blank lines and those that start with '#' count nothing. In a pattern
 *
 *   two stars between slashes    match any text, directories any deep
 *   a slash and a star at the end match all that is below
 *   a star                        matches any text without a slash
 *
 * and everything else is itself; Capstan's patterns are regular expressions beyond that, which we do not take over. A
 * directory that matches is left out with all in it.
 */
#pragma once
#include "dory/base/error.h"
#include "dory/base/text_list.h"

struct ignore_rules {
	struct text_list patterns; /* the user's first, then the built-in ones */
};

/* Text of the file `name` (may be NULL: none); adds what is always left out. FORMAT if it asks to leave out /meta. */
int ignore_parse(
	const char *name, const char *text, struct ignore_rules *rules, struct dory_error *err) must_check;
/* Reads .doryignore, else .capstanignore of `directory`; none is no error. */
int ignore_read(const char *directory, struct ignore_rules *rules, struct dory_error *err) must_check;
void ignore_release(struct ignore_rules *rules);

/* `path` starts with '/'. */
bool ignore_matches(const struct ignore_rules *rules, const char *path);
bool ignore_pattern_matches(const char *pattern, const char *path);
