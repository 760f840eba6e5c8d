/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the machine prints on its serial line: the kernel's log as lines "<L>TEXT" (abi/control.h) and the output of
 * --strace and
 * --bootchart as lines without <L>. Lines grave enough go to standard error; the last of the others are remembered, for
 * the case that the machine ends without saying how.
 */
#pragma once
#include "dory/base/text.h"
#include "dory/instance/control.h"

struct machine_log {
	int shown_level;      /* lines up to this severity (0 the gravest) are shown */
	int fd;               /* where to */
	bool has_shown;       /* something grave was shown */
	char last_shown[256]; /* of those with a severity */
	unsigned repetitions; /* of it, not shown */
	struct line_reader reader;
	struct text_buffer hidden; /* whole lines */
};

void machine_log_take(struct machine_log *log, const char *bytes, size_t length);
/* Shows what was hidden; for a machine that ended in silence. */
void machine_log_reveal(struct machine_log *log);
void machine_log_release(struct machine_log *log);

/* A line for a person, with the CR that a raw terminal needs. */
void message_line(int fd, const char *text);
