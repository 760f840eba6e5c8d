/* SPDX-License-Identifier: BSD-3-Clause */
/* timerfd_settime(2), timerfd_gettime(2). */
#pragma once
#include "kernel/file/file.h"

struct timerfd_setting {
	uint64_t deadline_ns; /* UINT64_MAX: disarmed */
	bool is_of_day;	      /* on the time of day, which may be set meanwhile, and not on the monotonic clock */
	bool ends_on_set;     /* TFD_TIMER_CANCEL_ON_SET: who reads is then told so */
	uint64_t interval_ns; /* 0: once */
};
bool file_is_timerfd(const struct file *file);
int timerfd_clock(const struct file *file);
/* -ECANCELED: it is set, but the clock was too since the timer was set last, and that was not told yet. */
int timerfd_set(struct file *file, const struct timerfd_setting *setting);
/* What is left until it expires (0: disarmed), and the interval. */
void timerfd_get(struct file *file, uint64_t *left_ns, uint64_t *interval_ns);
