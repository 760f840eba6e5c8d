/* SPDX-License-Identifier: BSD-3-Clause */
/* Exit statuses of `dory run` and `dory exec`, beside the program's own. As containers and shells have them. */
#pragma once

enum {
	EXIT_DORY = 125,	   /* Dory's own failure, before or under the program; misuse of `run` too */
	EXIT_NOT_EXECUTABLE = 126, /* the program was found but cannot be executed */
	EXIT_NOT_FOUND = 127,	   /* the program, its interpreter or a library was not found */
	EXIT_SIGNAL_BASE = 128,	   /* plus the number of the signal that killed the program */
};
