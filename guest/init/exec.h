/* SPDX-License-Identifier: BSD-3-Clause */
/* Further programs that the tool asks for beside the first one, as abi/control.h has it: their start, streams and end. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "abi/control.h"
#include "guest/init/poll.h"

enum { EXEC_POLLS = 3 * EXEC_MAX };

/* A line of the tool's about one of them; false: it is about something else. */
bool exec_line(const char *line);
/* Bytes that stand behind the last line and have not come yet; takes some of them, and says how many. */
size_t exec_payload_left(void);
size_t exec_payload(const char *bytes, size_t len);

/* What to wait for: EXEC_POLLS entries, or 0 of them. */
unsigned exec_poll(struct poll_entry *entries);
/* Carries what can be carried; `entries` as exec_poll has made them. */
void exec_carry(const struct poll_entry *entries);
/* A child has ended; false: it was none of them. */
bool exec_reaped(int pid, int status);
