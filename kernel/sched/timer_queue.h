/* SPDX-License-Identifier: BSD-3-Clause */
/* One CPU's timers in order of time. Pure: the caller hands the time in and programs the clock. */
#pragma once
#include "kernel/arch/spinlock.h"
#include "kernel/sched/timer.h"

struct timer_queue {
	struct spinlock lock; /* guards all, and the timers in it */
	struct rb_tree tree;
	struct rb_node *first;
	uint64_t next_ns; /* deadline of the first, UINT64_MAX: none; atomic to read */
	struct timer *running; /* whose function is under way */
};

void timer_queue_init(struct timer_queue *queue);
/* Enters a timer that is in no queue; true if it is now the first. */
bool timer_queue_add(struct timer_queue *queue, struct timer *timer);
/* Takes it out; false if it was not in. *is_running: its function was under way at that moment, and may enter it again. */
bool timer_queue_remove(struct timer_queue *queue, struct timer *timer, bool *is_running);
/* Calls the functions of those that are due, without the lock; at most `max`, so that one which always comes due again cannot hold the CPU. */
unsigned timer_queue_run(struct timer_queue *queue, uint64_t now_ns, unsigned max);
