/* SPDX-License-Identifier: BSD-3-Clause */
/* The terminal that a person sits at while the program inside the machine owns it. */
#pragma once
#include "lib/attr.h"

/*
 * Raw mode on standard input: every key goes to the program. Undone by terminal_restore, at exit(), and when a signal
 * that nobody handles kills us; a stop (SIGTSTP) and what follows it are cared for too. Returns 0 or -1 with errno.
 */
int terminal_make_raw(void);
void terminal_restore(void);
bool terminal_is_raw(void);
void terminal_stop(void); /* what SIGTSTP asks for: restores, stops this process, makes raw again */

/* The size of the terminal on standard output; both 0 if it has none. */
void terminal_size(unsigned *rows, unsigned *columns);

/* Ctrl-a x kills the machine, Ctrl-a h helps, Ctrl-a Ctrl-a (or a) is one Ctrl-a; everything else is the program's. */
enum terminal_request { TERMINAL_NOTHING, TERMINAL_KILL, TERMINAL_HELP };
struct terminal_keys {
	bool is_escaped; /* a Ctrl-a has come, and nothing since */
};

/*
 * Takes bytes from the keyboard; puts what the program gets to `out`, which has room for length + 1, and says how much.
 * Stops at a request; *taken bytes are done with.
 */
enum terminal_request terminal_keys_filter(
	struct terminal_keys *keys, const char *bytes, size_t length, size_t *taken, char *out, size_t *out_length);
