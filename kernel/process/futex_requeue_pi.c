/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * FUTEX_WAIT_REQUEUE_PI and FUTEX_CMP_REQUEUE_PI: condition variables with PI mutexes. Who waits for the condition is moved to the mutex, or is
 * given it, by who signals, and returns as its owner.
 */
#include "kernel/process/futex_internal.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/sched.h"

int futex_wait_requeue_pi(const struct futex_word *word, uint32_t bitset, uint64_t deadline_ns, uint64_t to)
{
	struct pi_waiter pi = {.task = task_current()};
	struct sleeper sleeper = {.pi = &pi};
	struct futex_bucket *bucket;
	struct memory_key key;
	bool was_moved;
	int ret;

	if (!bitset || word->address == to)
		return -EINVAL;
	ret = futex_key(to, word->is_private, &sleeper.pi_key);
	if (!ret)
		ret = futex_key(word->address, word->is_private, &key);
	if (!ret && futex_is_same(&key, &sleeper.pi_key))
		ret = -EINVAL;
	if (!ret)
		ret = futex_queue(&sleeper, word, bitset);
	if (ret)
		return ret;
	while (!ret && !__atomic_load_n(&pi.is_granted, __ATOMIC_ACQUIRE))
		ret = wait_sleep(deadline_ns, WAIT_INTERRUPTIBLE);
	bucket = futex_lock_bucket_of(&sleeper);
	was_moved = sleeper.is_woken;
	list_remove(&sleeper.node);
	spin_unlock(&bucket->lock);
	if (!was_moved)
		return ret;
	/* The condition's word has changed since: waiting again would be refused. */
	return futex_pi_leave(&pi, to, ret == -EINTR ? -EAGAIN : ret);
}

struct requeue {
	uint64_t from, to;
	struct memory_key key, new_key;
	struct pi_lock *made;
	unsigned nr_move; /* beside the first */
	uint32_t expected;
};

static int move_one(struct requeue *r, struct sleeper *sleeper)
{
	int ret;

	if (!sleeper->pi || !futex_is_same(&sleeper->pi_key, &r->new_key))
		return -EINVAL;
	ret = futex_pi_enter_locked(r->to, &r->new_key, sleeper->pi, &r->made, r->nr_move ? LINUX_FUTEX_WAITERS : 0);
	if (ret < 0)
		return ret;
	list_remove(&sleeper->node);
	sleeper->is_woken = true;
	if (ret == 0) {
		__atomic_store_n(&sleeper->pi->is_granted, true, __ATOMIC_RELEASE);
		thread_wake(sleeper->thread);
	}
	return 0;
}

/* The number of those that got the lock or stand at it now. Both locks held; -EFAULT: a word's page is not there. */
static int move_all(struct requeue *r, struct futex_bucket *bucket)
{
	struct sleeper *sleeper, *next;
	unsigned moved = 0;
	uint32_t value;
	int ret = futex_load_locked(&value, r->from);

	if (ret || value != r->expected)
		return ret ? ret : -EAGAIN;
	list_for_each_safe(sleeper, next, &bucket->sleepers, node) {
		if (moved > r->nr_move)
			break;
		if (!futex_is_same(&sleeper->key, &r->key))
			continue;
		ret = move_one(r, sleeper);
		if (ret)
			return moved && ret == -EFAULT ? (int)moved : ret;
		moved++;
	}
	return (int)moved;
}

int futex_requeue_pi(uint64_t from, uint64_t to, bool is_private, unsigned nr_move, uint32_t expected)
{
	struct requeue r = {.from = from, .to = to, .nr_move = nr_move, .expected = expected};
	struct futex_bucket *bucket;
	int ret = futex_key(from, is_private, &r.key);

	if (!ret)
		ret = futex_key(to, is_private, &r.new_key);
	if (ret)
		return ret;
	if (futex_is_same(&r.key, &r.new_key))
		return -EINVAL;
	bucket = futex_bucket_of(&r.key);
	do {
		r.made = futex_pi_record_new();
		if (!r.made)
			return -ENOMEM;
		spin_lock(&bucket->lock);
		spin_lock(&futex_pi_lock);
		ret = move_all(&r, bucket);
		spin_unlock(&futex_pi_lock);
		spin_unlock(&bucket->lock);
		futex_pi_record_free(r.made);
	} while (ret == -EFAULT && !futex_touch(from) && !futex_touch_for_write(to));
	return ret;
}
