/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IORING_SETUP_SQPOLL: a thread of the kernel takes the submissions, so that the program need not enter. It looks again and again, with short
 * naps between, as the kernel takes interrupts in user mode and when idle only; after a time without any it sleeps until it is woken, and says so
 * (IORING_SQ_NEED_WAKEUP).
 */
#include "kernel/io_uring/internal.h"
#include "kernel/platform/platform.h"
#include "kernel/process/helper.h"
#include "lib/format.h"

#define IDLE_DEFAULT_NS 1000000000ull
#define NAP_NS		50000ull

struct uring_poller {
	struct uring *ring; /* whose reference it holds while it runs */
	struct task *task;
	uint64_t idle_ns;
	struct wait_queue wait;	 /* it, */
	struct wait_queue taken; /* and who waits for room, or for its end */
	bool must_end, is_gone;	 /* atomic */
};

bool uring_is_polled(const struct uring *ring)
{
	return ring->poller;
}

static bool is_over(const struct uring_poller *p)
{
	return __atomic_load_n(&p->must_end, __ATOMIC_ACQUIRE) || helper_must_end();
}

static bool has_work(const struct uring *ring)
{
	return !__atomic_load_n(&ring->is_disabled, __ATOMIC_ACQUIRE) && uring_nr_submissions(ring);
}

static void take(struct uring_poller *p)
{
	struct uring *ring = p->ring;

	mutex_lock(&ring->lock);
	(void)uring_flush_overflow(ring);
	(void)uring_take_submissions(ring, ring->sq_entries);
	mutex_unlock(&ring->lock);
	wait_wake_all(&p->taken, 0);
	thread_yield();
}

/* Sleeps until somebody calls, unless there is work already. */
static void sleep_long(struct uring_poller *p)
{
	struct uring *ring = p->ring;

	__atomic_fetch_or(&uring_head(ring)->sq_flags, IORING_SQ_NEED_WAKEUP, __ATOMIC_SEQ_CST);
	if (!has_work(ring) && !is_over(p))
		(void)wait_sleep(WAIT_FOREVER, WAIT_KILLABLE);
	__atomic_fetch_and(&uring_head(ring)->sq_flags, ~(uint32_t)IORING_SQ_NEED_WAKEUP, __ATOMIC_SEQ_CST);
}

static void poll_submissions(struct uring_poller *p, struct async_group *group)
{
	uint64_t last = clock_monotonic_ns();
	struct waiter waiter;

	wait_begin(&waiter, &p->wait);
	while (!is_over(p)) {
		uint64_t now = clock_monotonic_ns();

		async_run_ready(group);
		if (has_work(p->ring)) {
			take(p);
			last = now;
		} else if (now - last < p->idle_ns) {
			(void)wait_sleep(now + NAP_NS, WAIT_KILLABLE);
		} else {
			sleep_long(p);
			last = clock_monotonic_ns();
		}
	}
	wait_end(&waiter);
}

static void run(void *argument)
{
	struct uring_poller *p = argument;
	struct uring *ring = p->ring;
	struct async_group *group = async_group_get();

	if (group) {
		async_owner_begin(group);
		poll_submissions(p, group);
		async_group_end(task_current());
	}
	__atomic_fetch_or(&uring_head(ring)->sq_flags, IORING_SQ_NEED_WAKEUP, __ATOMIC_SEQ_CST);
	__atomic_store_n(&p->is_gone, true, __ATOMIC_RELEASE);
	wait_wake_all(&p->taken, 0);
	uring_put(ring);
}

int uring_poller_new(struct uring *ring, unsigned idle_ms)
{
	struct uring_poller *p = heap_alloc_zero(sizeof(*p));
	char name[16];

	if (!p)
		return -ENOMEM;
	p->ring = ring;
	p->idle_ns = idle_ms ? idle_ms * 1000000ull : IDLE_DEFAULT_NS;
	wait_queue_init(&p->wait);
	wait_queue_init(&p->taken);
	format_text(name, sizeof(name), "iou-sqp-%d", task_current()->tid);
	p->task = helper_new(name);
	if (!p->task) {
		heap_free(p);
		return -ENOMEM;
	}
	ring->poller = p;
	uring_get(ring);
	helper_start(p->task, run, p);
	return 0;
}

void uring_poller_end(struct uring *ring)
{
	struct async_group *group = async_group_current();
	struct uring_poller *p = ring->poller;
	struct waiter waiter;

	if (!p)
		return;
	__atomic_store_n(&p->must_end, true, __ATOMIC_RELEASE);
	/* It, or a worker of its, let go of the ring: it ends when that is done. */
	if (p->task == task_current() || (group && async_group_owner(group) == p->task))
		return;
	wait_wake_all(&p->wait, 0);
	wait_begin(&waiter, &p->taken);
	while (!__atomic_load_n(&p->is_gone, __ATOMIC_ACQUIRE))
		(void)wait_sleep(WAIT_FOREVER, WAIT_UNINTERRUPTIBLE);
	wait_end(&waiter);
}

static int wait_for_room(struct uring *ring, struct uring_poller *p)
{
	struct waiter waiter;
	int ret = 0;

	wait_begin(&waiter, &p->taken);
	while (!ret && uring_nr_submissions(ring) == ring->sq_entries && !__atomic_load_n(&p->is_gone, __ATOMIC_ACQUIRE))
		ret = wait_sleep(WAIT_FOREVER, WAIT_INTERRUPTIBLE);
	wait_end(&waiter);
	return ret;
}

int uring_poller_enter(struct uring *ring, unsigned flags)
{
	struct uring_poller *p = ring->poller;

	if (__atomic_load_n(&p->is_gone, __ATOMIC_ACQUIRE))
		return -EOWNERDEAD;
	if (flags & IORING_ENTER_SQ_WAKEUP)
		wait_wake_all(&p->wait, 0);
	return flags & IORING_ENTER_SQ_WAIT ? wait_for_room(ring, p) : 0;
}
