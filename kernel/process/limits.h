/* SPDX-License-Identifier: BSD-3-Clause */
/* Resource limits (getrlimit(2), prlimit(2)): kept by the process, enforced where the resource is. */
#pragma once
#include "kernel/process/process.h"

/* Reads `old` and sets `new` (either NULL). -EINVAL, -EPERM. */
int process_limit(struct process *process, unsigned resource, const struct linux_rlimit *wanted, struct linux_rlimit *old) must_check;
