/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that stand for processes (pidfd_open(2)) and for pending signals (signalfd(2)). */
#pragma once
#include "kernel/process/process.h"

/* A close-on-exec descriptor of the running task for the process; flags: O_NONBLOCK. */
int pidfd_new(struct process *process, int flags);
/* The process of a pidfd, with a reference; NULL if the file is none. */
struct process *pidfd_process(struct file *file);
/* An open folder /proc/PID stands for its process, too, where signals are sent: proc sets how to see that. -EBADF: neither; -ESRCH: it is gone. */
void pidfd_set_folder_hook(int (*process_of_folder)(struct file *file, struct process **process));
int pidfd_or_folder_process(struct file *file, struct process **process) must_check;

int signalfd_new(uint64_t mask, int flags, struct file **file) must_check;
/* Changes the mask of one; -EINVAL if the file is none. */
int signalfd_set_mask(struct file *file, uint64_t mask) must_check;
