/* SPDX-License-Identifier: BSD-3-Clause */
/* Entering the ring: submitting, and waiting for completions while what became ready is gone on with. */
#include "kernel/io_uring/internal.h"
#include "kernel/platform/platform.h"

int uring_submit(struct uring *ring, unsigned count)
{
	int ret;

	if (ring->is_disabled)
		return -EBADFD;
	if ((ring->flags & IORING_SETUP_SINGLE_ISSUER) && ring->issuer != task_current())
		return -EEXIST;
	if (!count)
		return 0;
	mutex_lock(&ring->lock);
	ret = uring_take_submissions(ring, count);
	mutex_unlock(&ring->lock);
	return ret;
}

/* Completions enough, or a timeout since the wait began. */
static bool has_enough(struct uring *ring, unsigned wanted, uint32_t nr_timeouts)
{
	(void)uring_flush_overflow(ring);
	return uring_nr_ready(ring) >= wanted || __atomic_load_n(&ring->nr_timeouts, __ATOMIC_RELAXED) != nr_timeouts;
}

int uring_wait(struct uring *ring, const struct uring_wait *wait)
{
	struct async_group *group = async_group_current();
	unsigned wanted = (unsigned)min_u64(wait->wanted, ring->cq_entries);
	uint32_t nr_timeouts = __atomic_load_n(&ring->nr_timeouts, __ATOMIC_RELAXED);
	struct waiter waiter;
	int ret = 0;

	if ((ring->flags & IORING_SETUP_DEFER_TASKRUN) && ring->issuer != task_current())
		return -EEXIST;
	async_run_ready(group);
	if (has_enough(ring, wanted, nr_timeouts) || uring_nr_ready(ring)) /* fewer than wanted are something, too */
		return 0;
	wait_begin(&waiter, &ring->wait);
	async_owner_begin(group);
	for (;;) {
		async_run_ready(group);
		if (has_enough(ring, wanted, nr_timeouts))
			break;
		if (ret)
			break;
		ret = wait_sleep(wait->deadline_ns, WAIT_INTERRUPTIBLE);
	}
	async_owner_end(group);
	wait_end(&waiter);
	if (has_enough(ring, wanted, nr_timeouts))
		return 0;
	return ret == -ETIMEDOUT ? -ETIME : ret;
}
