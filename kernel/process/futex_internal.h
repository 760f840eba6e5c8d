/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Private to the files of futexes: who sleeps on a word, and PI locks that somebody waits for.
 *
 * Locks: a bucket's, then futex_pi.c's, then process_tree_lock and those of the scheduler.
 */
#pragma once
#include "kernel/process/futex.h"
#include "kernel/process/internal.h"

struct pi_waiter;

struct sleeper {
	struct list node;
	struct memory_key key;
	struct thread *thread;
	uint32_t bitset;
	bool is_woken; /* and in no bucket */
	struct futex_bucket *bucket;
	struct pi_waiter *pi; /* it waits to be moved to the PI lock `pi_key`, by that only; NULL: it does not */
	struct memory_key pi_key;
};

struct futex_bucket {
	struct spinlock lock;
	struct list sleepers;
};

/* ---- futex.c ---- */

int futex_key(uint64_t address, bool is_private, struct memory_key *key) must_check;
bool futex_is_same(const struct memory_key *a, const struct memory_key *b);
struct futex_bucket *futex_bucket_of(const struct memory_key *key);
/* The bucket that the sleeper stands in, or was in last, locked. */
struct futex_bucket *futex_lock_bucket_of(struct sleeper *sleeper);
/* Queues for a word, if it is as expected: -EAGAIN. Of the sleeper, `pi` and `pi_key` are the caller's. */
int futex_queue(struct sleeper *sleeper, const struct futex_word *word, uint32_t bitset) must_check;
/* Under spin locks, where a page cannot be brought in: -EFAULT then. It is touched without them, and all begins again. */
int futex_load_locked(uint32_t *value, uint64_t address) must_check;
int futex_exchange_locked(uint64_t address, uint32_t expected, uint32_t desired, uint32_t *found) must_check;
int futex_touch(uint64_t address) must_check;
int futex_touch_for_write(uint64_t address) must_check;

/* ---- futex_pi.c ---- */

struct pi_waiter {
	struct list node;	/* of the lock's waiters */
	struct pi_lock *lock;	/* it waits for; NULL: for none yet, or no longer */
	struct task *task;
	int priority;		/* by which it stands there */
	bool is_granted;	/* the lock is the task's; atomic */
	struct pi_lock *settles; /* granted by a dead owner, who could not write it into the word: the new one does */
};

struct pi_lock;
extern struct spinlock futex_pi_lock;
/*
 * Takes the lock for the waiter's task: 0. Or queues it: 1. `made` may become the lock's record, and is NULL then; `mark` is added to a
 * word that is taken. -EFAULT: to be touched for writing; -EDEADLK, -ESRCH, -EINVAL. futex_pi_lock held.
 */
int futex_pi_enter_locked(uint64_t address, const struct memory_key *key, struct pi_waiter *waiter, struct pi_lock **made, uint32_t mark) must_check;
struct pi_lock *futex_pi_record_new(void); /* NULL: no memory */
void futex_pi_record_free(struct pi_lock *lock);
/* Ends the waiting: 0 if it was granted, whatever `ret` says, or else `ret`. `address` is the word's. */
int futex_pi_leave(struct pi_waiter *waiter, uint64_t address, int ret) must_check;
/* Somebody waits for it as a PI lock. */
bool futex_pi_is_waited(const struct memory_key *key);
