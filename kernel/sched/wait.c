/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Wait queues. A wake-up lost between the check of a condition and the sleep is impossible, since it leaves the thread a token
 * (schedule.c). Two more cases need care:
 *
 * - Exclusive waiters: a wake-up chooses one that was not chosen already (`woken`). A chosen one whose wait ends for another reason
 *   passes the wake-up on.
 * - Waits inside waits: a mutex taken, or a page fault served, while a condition is checked may sleep and so use up the token that
 *   was meant for the outer wait: ending the inner wait leaves a new one.
 */
#include "kernel/sched/wait.h"
#include "kernel/sched/clock_watch.h"
#include "kernel/sched/schedule.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"

void wait_queue_init(struct wait_queue *queue)
{
	queue->lock = (struct spinlock)SPINLOCK_INIT;
	list_init(&queue->waiters);
}

static void enter(struct waiter *waiter, struct wait_queue *queue)
{
	spin_lock(&queue->lock);
	list_push_back(&queue->waiters, &waiter->node);
	spin_unlock(&queue->lock);
}

static void begin(struct waiter *waiter, struct wait_queue *queue, bool is_exclusive)
{
	struct thread *thread = thread_current();

	*waiter = (struct waiter){.queue = queue, .thread = thread, .is_exclusive = is_exclusive, .sleeps = thread->nr_sleeps};
	if (!thread->nr_queues++)
		thread->wake_pending = false; /* it stands nowhere: a token is an old one */
	if (is_exclusive) {
		waiter->outer = thread->exclusive;
		thread->exclusive = waiter;
	}
	enter(waiter, queue);
}

void wait_begin(struct waiter *waiter, struct wait_queue *queue)
{
	begin(waiter, queue, false);
}

void wait_begin_exclusive(struct waiter *waiter, struct wait_queue *queue)
{
	begin(waiter, queue, true);
}

void wait_begin_callback(struct waiter *waiter, struct wait_queue *queue, void (*callback)(struct waiter *, unsigned))
{
	*waiter = (struct waiter){.queue = queue, .callback = callback};
	enter(waiter, queue);
}

void wait_begin_exclusive_callback(struct waiter *waiter, struct wait_queue *queue, void (*callback)(struct waiter *, unsigned))
{
	*waiter = (struct waiter){.queue = queue, .callback = callback, .is_exclusive = true};
	enter(waiter, queue);
}

struct sleep_timer {
	struct timer timer;
	struct thread *thread;
};

static void sleep_over(struct timer *timer)
{
	scheduler_wake_timeout(container_of(timer, struct sleep_timer, timer)->thread);
}

static int sleep_until(uint64_t deadline_ns, enum wait_mode mode)
{
	struct sleep_timer timer = {.thread = thread_current()};
	int ret;

	timer_init(&timer.timer, sleep_over);
	timer_arm(&timer.timer, deadline_ns);
	ret = scheduler_sleep(mode);
	timer_cancel(&timer.timer);
	return ret;
}

struct realtime_sleep {
	struct sleep_timer timer;
	struct clock_watch watch;
	uint64_t realtime_ns;
};

static void set_sleep(struct clock_watch *watch)
{
	struct realtime_sleep *sleep = container_of(watch, struct realtime_sleep, watch);

	timer_arm(&sleep->timer.timer, clock_monotonic_at(sleep->realtime_ns));
}

static int sleep_until_realtime(uint64_t ns, enum wait_mode mode)
{
	struct realtime_sleep sleep = {.timer = {.thread = thread_current()}, .watch = {.stepped = set_sleep}, .realtime_ns = ns};
	int ret;

	timer_init(&sleep.timer.timer, sleep_over);
	clock_watch_add(&sleep.watch);
	ret = scheduler_sleep(mode);
	clock_watch_remove(&sleep.watch);
	timer_end(&sleep.timer.timer);
	return ret;
}

static bool is_over(uint64_t deadline_ns)
{
	if (deadline_ns & WAIT_UNTIL_REALTIME)
		return clock_realtime_ns() >= (deadline_ns & ~WAIT_UNTIL_REALTIME);
	return clock_monotonic_ns() >= deadline_ns;
}

int wait_sleep(uint64_t deadline_ns, enum wait_mode mode)
{
	struct thread *thread = thread_current();
	int ret;

	if (deadline_ns == WAIT_FOREVER) {
		ret = scheduler_sleep(mode);
	} else if (thread->wake_pending) {
		thread->wake_pending = false;
		ret = 0;
	} else if (is_over(deadline_ns)) {
		return -ETIMEDOUT;
	} else if (unlikely(deadline_ns & WAIT_UNTIL_REALTIME)) {
		ret = sleep_until_realtime(deadline_ns & ~WAIT_UNTIL_REALTIME, mode);
	} else {
		ret = sleep_until(deadline_ns, mode);
	}
	/* A full barrier each: whoever finds `woken` set and chooses another changed the condition before this thread looks at it again. */
	for (struct waiter *w = thread->exclusive; w; w = w->outer)
		__atomic_exchange_n(&w->woken, false, __ATOMIC_SEQ_CST);
	return ret;
}

static void forget_exclusive(struct thread *thread, struct waiter *waiter)
{
	struct waiter **link = &thread->exclusive;

	while (*link != waiter)
		link = &(*link)->outer;
	*link = waiter->outer;
}

void wait_end(struct waiter *waiter)
{
	struct thread *thread = waiter->thread;

	spin_lock(&waiter->queue->lock);
	list_remove(&waiter->node);
	spin_unlock(&waiter->queue->lock);
	if (!thread)
		return;
	if (waiter->is_exclusive) {
		forget_exclusive(thread, waiter);
		if (waiter->woken)
			wait_wake(waiter->queue, 1, 0);
	}
	if (--thread->nr_queues && thread->nr_sleeps != waiter->sleeps)
		thread->wake_pending = true;
}

/* True: it is one of the exclusive ones, and woke somebody. */
static bool call_back(struct waiter *waiter, unsigned nr_exclusive, unsigned events)
{
	if (waiter->is_exclusive && !nr_exclusive)
		return false;
	waiter->woken = false;
	waiter->callback(waiter, events);
	return waiter->is_exclusive && waiter->woken;
}

unsigned wait_wake(struct wait_queue *queue, unsigned nr_exclusive, unsigned events)
{
	struct waiter *waiter, *next;
	unsigned woken = 0;

	spin_lock(&queue->lock);
	list_for_each_safe(waiter, next, &queue->waiters, node) {
		if (waiter->callback) {
			nr_exclusive -= call_back(waiter, nr_exclusive, events);
			continue;
		}
		if (waiter->is_exclusive) {
			if (!nr_exclusive || __atomic_load_n(&waiter->woken, __ATOMIC_SEQ_CST))
				continue;
			nr_exclusive--;
			__atomic_store_n(&waiter->woken, true, __ATOMIC_SEQ_CST);
		}
		thread_wake(waiter->thread);
		woken++;
	}
	spin_unlock(&queue->lock);
	return woken;
}
