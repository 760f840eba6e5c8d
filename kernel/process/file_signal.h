/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signals about open files (fcntl(2): F_SETOWN, F_SETSIG, O_ASYNC): the owner of a file gets SIGIO, or the signal that was chosen, when the file becomes ready,
 * and SIGURG when something urgent comes.
 */
#pragma once
#include "kernel/file/file.h"

/* Who gets them: a process, a group if negative, 0: nobody. -ENOMEM. */
int file_signal_set_owner(struct file *file, int owner) must_check;
/* SIGIO and the like from now on, if the file has O_ASYNC; `fd` is told with signals that were chosen. -ENOMEM. */
int file_signal_begin(struct file *file, int fd) must_check;
int file_signal_set_number(struct file *file, int number) must_check; /* 0: SIGIO, without details. -EINVAL, -ENOMEM */
int file_signal_number(const struct file *file);

/*
 * F_NOTIFY: signals about what happens in the directory `file`, until a descriptor of it is closed in the current table. `mask` is of DN_*;
 * 0 ends what the table asked for. The caller becomes the owner if nobody is. -ENOTDIR, -ENOMEM.
 */
int file_signal_watch_directory(struct file *file, int fd, uint32_t mask) must_check;
