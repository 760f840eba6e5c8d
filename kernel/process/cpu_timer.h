/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timers on CPU clocks. No tick drives them: the clock is looked at when all the CPUs together could have brought it to the time at the earliest, and
 * then again, so that a timer is late by a millisecond at most, and one that is not armed costs nothing.
 */
#pragma once
#include "kernel/sched/timer.h"

struct process;

enum cpu_clock { CPU_CLOCK_TOTAL, CPU_CLOCK_USER };

struct cpu_timer {
	struct timer timer;
	struct process *process; /* borrowed: it cancels its timers when it ends */
	int tid;		 /* only this task's time; 0: all of the process */
	enum cpu_clock clock;
	bool is_armed;
	uint64_t target_ns;
	void (*fire)(struct cpu_timer *timer); /* as a timer's; may arm it again */
};

void cpu_timer_init(struct cpu_timer *timer, struct process *process, int tid, enum cpu_clock clock, void (*fire)(struct cpu_timer *timer));
uint64_t cpu_timer_now(const struct cpu_timer *timer); /* what its clock shows */
void cpu_timer_arm(struct cpu_timer *timer, uint64_t target_ns);
void cpu_timer_cancel(struct cpu_timer *timer);
uint64_t cpu_timer_left(const struct cpu_timer *timer); /* ns until it fires; 0: not armed */
