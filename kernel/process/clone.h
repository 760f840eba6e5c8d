/* SPDX-License-Identifier: BSD-3-Clause */
/* Making tasks and processes: clone(2) with all its flags. */
#pragma once
#include "kernel/process/process.h"

struct clone_arguments {
	uint64_t flags; /* LINUX_CLONE_*, without the exit signal */
	int exit_signal;
	uint64_t stack;	/* 0: the parent's, where it stands */
	uint64_t parent_tid, child_tid, tls, pidfd; /* user addresses */
};
/* The child's id, or -errno; waits for the child with CLONE_VFORK. */
int64_t task_clone(const struct clone_arguments *arguments);
/* unshare(2): the running task gets its own copies of what the flags name. */
int task_unshare(uint64_t flags) must_check;
