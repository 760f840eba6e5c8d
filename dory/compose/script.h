/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading a maintainer script without running it. It is taken apart into simple commands; of the shell's language only
 * quotes, assignments of plain values, $NAME, ${NAME} and "for NAME in WORDS" are understood, and every branch of every
 * condition is taken. What cannot be known here ($1, $(...)) stays in the words as it is written.
 */
#pragma once
#include "lib/attr.h"

enum { SCRIPT_WORDS_MAX = 64 };

typedef void script_command_fn(void *context, char **words, unsigned count);

/* Calls `command` for each simple command, in order. The words are valid during the call. */
void script_walk(const char *text, script_command_fn *command, void *context);

/* Is a word what the shell would have passed on, with nothing in it that is not known here? */
bool script_is_known(const char *word);
