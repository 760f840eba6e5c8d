/* SPDX-License-Identifier: BSD-3-Clause */
/* Process groups and sessions (setpgid(2), setsid(2), credentials(7)). */
#pragma once
#include "kernel/process/process.h"

int group_set(int pid, int group) must_check; /* setpgid */
int session_new(void);			      /* setsid: the new session's id */
