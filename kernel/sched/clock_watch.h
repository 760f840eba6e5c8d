/* SPDX-License-Identifier: BSD-3-Clause */
/* The time of day may be set while somebody waits for a time on it, which then lies elsewhere on the monotonic clock. */
#pragma once
#include "lib/attr.h"
#include "lib/list.h"

struct clock_watch {
	struct list node;
	/* Works out when the time comes: called once by clock_watch_add, and whenever the clock was set, under a spin lock. */
	void (*stepped)(struct clock_watch *watch);
};

void clock_watch_add(struct clock_watch *watch);
void clock_watch_remove(struct clock_watch *watch); /* it is called no more. No harm if it was not added, and its node is list_init's */
void clock_step(uint64_t realtime_ns); /* sets the time of day */
/* The monotonic time at which the time of day is, or was, realtime_ns; 0: before the machine started. */
uint64_t clock_monotonic_at(uint64_t realtime_ns);
