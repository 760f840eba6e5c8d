/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What libdory says while it works, on stderr: a bar with rate and time left on a terminal, plain lines elsewhere,
 * nothing when quiet. One progress at a time; a warning in between goes above the bar.
 */
#pragma once
#include "lib/attr.h"

struct progress {
	const char *title; /* borrowed: "12 packages" */
	const char *purpose; /* behind the size in lines: "to fetch"; may be set after the start */
	uint64_t total, done, first; /* bytes; first: what was there before the work began */
	int64_t started_ms, drawn_ms;
	int64_t (*now_ms)(void); /* monotonic; a test puts its own clock here after the start */
	bool quiet, is_terminal, is_drawn, is_announced;
};

/* `already`: bytes of `total` that need not be moved; they do not count for the rate. */
void progress_start(struct progress *progress, const char *title, uint64_t already, uint64_t total, bool quiet);
void progress_update(struct progress *progress, uint64_t done);
/* Takes the bar away. Prints what was done if `succeeded` and it took long enough to wonder about. */
void progress_finish(struct progress *progress, bool succeeded);

/* "dory: warning: ..." on stderr, whole even while a bar is shown. */
void progress_warning(const char *format, ...) printf_like(1, 2);
/* "dory: ..." on stderr. */
void progress_note(const char *format, ...) printf_like(1, 2);
