/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that stand for processes (pidfd_open(2)) and for pending signals (signalfd(2)). */
#pragma once
#include "kernel/process/process.h"

/* A close-on-exec descriptor of the running task for the process; flags: O_NONBLOCK. */
int pidfd_new(struct process *process, int flags);
/* The process of a pidfd, with a reference; NULL if the file is none. */
struct process *pidfd_process(struct file *file);

int signalfd_new(uint64_t mask, int flags, struct file **file) must_check;
/* Changes the mask of one; -EINVAL if the file is none. */
int signalfd_set_mask(struct file *file, uint64_t mask) must_check;
