/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Wait queues: the only way to sleep, beside mutexes, which are built from them.
 *
 *   struct waiter w;
 *   wait_begin(&w, &queue);                       // from here no wake-up of the queue is lost
 *   while (!condition && ret == 0)
 *           ret = wait_sleep(deadline_ns, WAIT_INTERRUPTIBLE);
 *   wait_end(&w);
 *
 * The condition is guarded by the caller's own lock, released around wait_sleep. One thread may stand in several queues (poll): several waiters, one sleep.
 * A waiter with a callback does not wake a thread but calls it, under the queue's lock (epoll). If it is exclusive, it is called only while
 * the wake-up has not yet found its nr_exclusive, and counts as one where the callback set `woken`.
 */
#pragma once
#include "kernel/sched/thread.h"

struct wait_queue {
	struct spinlock lock;
	struct list waiters;
};

struct waiter {
	struct list node;
	struct wait_queue *queue;
	struct thread *thread;
	void (*callback)(struct waiter *waiter, unsigned events); /* NULL: wake the thread */
	bool is_exclusive; /* wait_wake(.., 1) wakes one exclusive waiter, and all others */
	bool woken;	   /* exclusive: chosen by a wake-up, and has not looked at its condition since; atomic. With a callback: it woke somebody */
	uint32_t sleeps;   /* of the thread when the wait began */
	struct waiter *outer; /* the thread's next exclusive one */
};

#define WAIT_FOREVER UINT64_MAX
/* A deadline on the time of day, which may be set meanwhile. */
#define WAIT_UNTIL_REALTIME (1ull << 63)
static inline uint64_t wait_until_realtime(uint64_t ns)
{
	return ns < WAIT_UNTIL_REALTIME - 1 ? ns | WAIT_UNTIL_REALTIME : WAIT_FOREVER;
}

enum wait_mode { WAIT_UNINTERRUPTIBLE, WAIT_INTERRUPTIBLE, WAIT_KILLABLE /* ended by what kills the thread only */ };

void wait_queue_init(struct wait_queue *queue);
void wait_begin(struct waiter *waiter, struct wait_queue *queue);
void wait_begin_exclusive(struct waiter *waiter, struct wait_queue *queue);
void wait_begin_callback(struct waiter *waiter, struct wait_queue *queue, void (*callback)(struct waiter *, unsigned));
void wait_begin_exclusive_callback(struct waiter *waiter, struct wait_queue *queue, void (*callback)(struct waiter *, unsigned));
/* 0: woken (check the condition again), -ETIMEDOUT: clock_monotonic_ns passed deadline_ns (or clock_realtime_ns what wait_until_realtime was given), -EINTR: a signal is pending. */
int wait_sleep(uint64_t deadline_ns, enum wait_mode mode);
void wait_end(struct waiter *waiter);
/* Wakes all plain waiters and up to nr_exclusive exclusive ones, calls callbacks with `events` (poll bits). Any context.
 * The number of threads woken by itself, not by callbacks. */
unsigned wait_wake(struct wait_queue *queue, unsigned nr_exclusive, unsigned events);
static inline void wait_wake_all(struct wait_queue *queue, unsigned events)
{
	wait_wake(queue, ~0u, events);
}

/* Sleeping lock. Not recursive. */
struct mutex {
	struct thread *owner; /* atomic */
	struct wait_queue queue;
};
void mutex_init(struct mutex *mutex);
void mutex_lock(struct mutex *mutex);
bool mutex_try_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);
bool mutex_is_mine(const struct mutex *mutex);
