/* SPDX-License-Identifier: BSD-3-Clause */
/* Waiting for several files: poll(2) and select(2). */
#pragma once
#include "kernel/file/file.h"
#include "kernel/uapi/poll.h"

/* Fills revents of each entry; waits until one has any, the deadline passes (0 entries: 0) or a signal comes (-EINTR). The number with revents. */
int poll_wait(struct linux_pollfd *entries, size_t count, uint64_t deadline_ns);
