/* SPDX-License-Identifier: BSD-3-Clause */
/* Sleeping locks. Who finds one taken by a running thread spins a little: most sections are shorter than a switch. */
#include "kernel/log/log.h"
#include "kernel/sched/wait.h"

#define SPIN_MAX 100

void mutex_init(struct mutex *mutex)
{
	mutex->owner = NULL;
	wait_queue_init(&mutex->queue);
}

bool mutex_try_lock(struct mutex *mutex)
{
	struct thread *nobody = NULL;

	return __atomic_compare_exchange_n(&mutex->owner, &nobody, thread_current(), false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

static bool spin(struct mutex *mutex)
{
	if (cpu_count() == 1)
		return false;
	for (unsigned i = 0; i < SPIN_MAX; i++) {
		if (!__atomic_load_n(&mutex->owner, __ATOMIC_RELAXED) && mutex_try_lock(mutex))
			return true;
		cpu_relax();
	}
	return false;
}

void mutex_lock(struct mutex *mutex)
{
	struct waiter waiter;

	if (likely(mutex_try_lock(mutex)) || spin(mutex))
		return;
	ASSERT(!mutex_is_mine(mutex));
	wait_begin_exclusive(&waiter, &mutex->queue);
	while (!mutex_try_lock(mutex))
		(void)wait_sleep(WAIT_FOREVER, WAIT_UNINTERRUPTIBLE);
	wait_end(&waiter);
}

void mutex_unlock(struct mutex *mutex)
{
	/* The exchange is a full barrier: either the locker that enters the queue sees the lock free, or it is seen here. */
	__atomic_exchange_n(&mutex->owner, NULL, __ATOMIC_SEQ_CST);
	if (unlikely(!list_empty(&mutex->queue.waiters)))
		wait_wake(&mutex->queue, 1, 0);
}

bool mutex_is_mine(const struct mutex *mutex)
{
	return __atomic_load_n(&mutex->owner, __ATOMIC_RELAXED) == thread_current();
}
