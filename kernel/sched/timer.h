/* SPDX-License-Identifier: BSD-3-Clause */
/* Timers: a function called at a monotonic time, in interrupt context on the CPU that armed it: it must not sleep. */
#pragma once
#include "lib/rbtree.h"
#include "lib/attr.h"

struct timer {
	struct rb_node node;
	uint64_t deadline_ns;
	void (*fire)(struct timer *timer);
	unsigned cpu; /* whose queue it is in */
	bool is_armed;
};

void timer_init(struct timer *timer, void (*fire)(struct timer *timer));
void timer_arm(struct timer *timer, uint64_t deadline_ns); /* moves it if armed */
/* True if it was armed and now will not fire. On return it is not running on another CPU either. */
bool timer_cancel(struct timer *timer);
/* The same of a timer that others than its function, which may run meanwhile, have armed: it runs on no CPU on return. Nobody may arm it any more. */
void timer_end(struct timer *timer);
