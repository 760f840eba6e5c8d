/* SPDX-License-Identifier: BSD-3-Clause */
/* Filters of calls, as the dispatcher and prctl(2) see them. */
#pragma once
#include "kernel/syscall/syscall.h"

/* Of a task that has filters: whether the call is to be made. If not, its result is set, or the task has a signal; or it does not return. A tracer may have made
 * another call of it. */
bool seccomp_allows(struct task *task, uint64_t *number, struct syscall_arguments *a);
int64_t seccomp_set_mode(uint64_t mode, uint64_t address);
int seccomp_mode(const struct task *task);
