/* SPDX-License-Identifier: BSD-3-Clause */
/* Resource limits (getrlimit(2), prlimit(2)): kept by the process, enforced where the resource is. */
#pragma once
#include "kernel/process/process.h"

/* How many tasks there may be, root's too: a fork bomb ends with EAGAIN while there is memory left. An eighth of it for their stacks, as Linux has it. */
enum { TASK_LIMIT_MIN = 20, TASK_LIMIT_MAX = 0x3fffffff };
extern uint32_t task_limit;
extern unsigned open_files_limit; /* fs.nr_open: of a process, whatever its limit */

/* Reads `old` and sets `new` (either NULL). -EINVAL, -EPERM. */
int process_limit(struct process *process, unsigned resource, const struct linux_rlimit *wanted, struct linux_rlimit *old) must_check;
