/* SPDX-License-Identifier: BSD-3-Clause */
/* timerfd_settime(2), timerfd_gettime(2). Times of the clock are turned into monotonic ones by the caller. */
#pragma once
#include "kernel/file/file.h"

struct timerfd_setting {
	uint64_t deadline_ns; /* monotonic; UINT64_MAX: disarmed */
	uint64_t interval_ns; /* 0: once */
};
bool file_is_timerfd(const struct file *file);
int timerfd_clock(const struct file *file);
void timerfd_set(struct file *file, const struct timerfd_setting *setting);
/* What is left until it expires (0: disarmed), and the interval. */
void timerfd_get(struct file *file, uint64_t *left_ns, uint64_t *interval_ns);
