/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether and when a program that ended is started again. */
#pragma once
#include "dory/base/error.h"

enum restart_when { RESTART_NEVER, RESTART_ON_FAILURE, RESTART_ALWAYS, RESTART_UNLESS_STOPPED };

struct restart_policy {
	enum restart_when when;
	unsigned most; /* RESTART_ON_FAILURE: so many in a row; 0: no limit */
};

/* "no", "on-failure[:N]", "always", "unless-stopped"; NULL is "no". Error: USAGE. */
int restart_parse(const char *text, struct restart_policy *policy, struct dory_error *err) must_check;

/* `in_a_row`: restarts since the program last ran for RESTART_SOUND_MS. */
bool restart_is_due(const struct restart_policy *policy, bool has_failed, unsigned in_a_row);
/* When this computer starts: should an instance run that was, or was not, stopped by a person, and how did it end? */
bool restart_is_due_at_boot(const struct restart_policy *policy, bool was_stopped, bool was_running);

enum { RESTART_SOUND_MS = 10000 };
/* 100 ms, doubled with each in a row, up to a minute. */
unsigned restart_delay_ms(unsigned in_a_row);
