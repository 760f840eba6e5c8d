/* SPDX-License-Identifier: BSD-3-Clause */
/* Private to sched/: what each CPU's scheduler has, and the steps of changing threads. */
#pragma once
#include "kernel/sched/run_queue.h"
#include "kernel/sched/timer_queue.h"

struct scheduler {
	struct run_queue queue;
	struct timer_queue timers;
	unsigned cpu;
	uint64_t programmed_ns;	     /* when the clock will interrupt; UINT64_MAX: never */
	uint64_t slice_end_ns;	     /* of who runs; UINT64_MAX: none waits */
	uint64_t refresh_ns;	     /* when page_table_refresh is due, put off by idle time; UINT64_MAX: never */
	struct thread *previous;     /* who was switched away from: between switch and its end */
	struct thread *vector_owner; /* whose state the vector registers hold */
	bool previous_moves;	     /* previous may not stay on this CPU */
	uint64_t idle_ns, idle_since_ns;
	uint64_t nr_switches;
	struct thread idle;
};

/* NULL: the CPU has not arrived. */
struct scheduler *scheduler_of(unsigned cpu);
struct scheduler *scheduler_mine(void);
/* Programs this CPU's clock for what comes next: a timer, or the end of the slice. */
void scheduler_program(struct scheduler *me);
/* Sleeps in `mode` until woken, or, as the mode allows, interrupted or killed (-EINTR). */
int scheduler_sleep(int mode);
/* Ends the sleep without leaving a token behind: of a timer. */
void scheduler_wake_timeout(struct thread *thread);
/* First on a new stack: completes the switch to it. */
void scheduler_finish_switch(void);

void *thread_stack_new(void);
void thread_stack_free(void *stack);
void thread_stack_check(const struct thread *thread); /* panics if it overflowed */
/* Adds to the load averages what has passed; `now_ns` at any switch. */
void load_update(uint64_t now_ns);
