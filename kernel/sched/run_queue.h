/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A CPU's run queue: the threads that wait for it. Pure: no clock, no CPU; the unit tests drive it. All but the sleeping of `current`
 * happens in schedule.c, under `lock`.
 *
 * Real-time threads (SCHED_FIFO, SCHED_RR, and those that were lent a priority) stand in a list by priority and go before all others. The rest share the CPU by weight: each
 * thread's virtual runtime grows by the time it ran, divided by its weight, and the one with the least runs next. `floor` follows the
 * least virtual runtime and never falls; a thread outside of any queue keeps its virtual runtime relative to it, so that it can change CPUs.
 */
#pragma once
#include "kernel/sched/thread.h"

#define RUN_LATENCY_NS	   12000000ull /* in which each waiting thread should have run once */
#define RUN_SLICE_MIN_NS   1500000ull
#define RUN_BEHIND_NS	   24000000ull /* what a program may run that has woken another to go on behind it */
#define RUN_SLICE_RR_NS	   100000000ull
#define RUN_WAKE_GRAIN_NS  1000000ull /* a woken thread must be behind by this much to preempt */
#define RUN_SLEEP_BONUS_NS 6000000ull /* most that a thread gains on others by sleeping */

struct run_queue {
	struct spinlock lock;
	struct rb_tree fair;
	struct rb_node *first; /* of `fair`: the one to run next */
	struct list realtime;
	unsigned nr_waiting;
	uint64_t floor;
	struct thread *current; /* who runs; not in the tree */
	struct thread *idle;
};

void run_queue_init(struct run_queue *queue, struct thread *idle);
uint32_t run_weight(int policy, int nice);
bool run_is_realtime(const struct thread *thread);

/* RUN_BEHIND: woken by `current`, which is to go on first. */
enum run_add { RUN_NEW, RUN_WOKEN, RUN_BEHIND, RUN_MOVED, RUN_PREEMPTED, RUN_YIELDED };
/* Enters a thread. Its virtual runtime is relative unless it was this queue's `current` (PREEMPTED, YIELDED). */
void run_queue_add(struct run_queue *queue, struct thread *thread, enum run_add why);
/* Takes a waiting thread out. */
void run_queue_remove(struct run_queue *queue, struct thread *thread);
/* Takes out the one to run next; NULL: none waits. */
struct thread *run_queue_pick(struct run_queue *queue);
/* The thread that ran leaves for a sleep, or for another queue: its virtual runtime becomes relative. */
void run_queue_leave(struct run_queue *queue, struct thread *thread);
/* Charges the time that a thread ran. */
void run_queue_charge(struct run_queue *queue, struct thread *thread, uint64_t ns);
/* Whether `woken`, waiting, should take the CPU from `current` now. */
bool run_queue_preempts(const struct run_queue *queue, const struct thread *woken);
/* How long `current` may run while others wait; UINT64_MAX: until it gives up. */
uint64_t run_queue_slice_ns(const struct run_queue *queue);
/* A waiting thread that CPU `cpu` may take over: the one that would wait longest; NULL. Takes it out, relative. */
struct thread *run_queue_steal(struct run_queue *queue, unsigned cpu);
