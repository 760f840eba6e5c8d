/* SPDX-License-Identifier: BSD-3-Clause */
/* Futexes (futex(2), futex(7)): words of user memory that threads sleep on. Addresses are user addresses of the running task. */
#pragma once
#include "kernel/process/process.h"

/* 0 woken; -EAGAIN: the word is not `expected`; -ETIMEDOUT, -EINTR, -EFAULT. */
int futex_wait(uint64_t address, bool is_private, uint32_t expected, uint32_t bitset, uint64_t deadline_ns) must_check;
/* Waits for any of several words; the index of one that was woken. -EAGAIN: one is not as expected; as futex_wait. */
struct futex_word {
	uint64_t address;
	uint32_t expected;
	bool is_private;
};
int futex_wait_many(const struct futex_word *words, size_t nr, uint64_t deadline_ns) must_check;
/* The number woken. */
int futex_wake(uint64_t address, bool is_private, unsigned max, uint32_t bitset) must_check;
/* Wakes up to nr_wake of `from`, moves up to nr_move of the others to `to`; `expected` NULL: does not compare. */
int futex_requeue(uint64_t from, uint64_t to, bool is_private, unsigned nr_wake, unsigned nr_move, const uint32_t *expected) must_check;
int futex_wake_op(uint64_t address, uint64_t second, bool is_private, unsigned nr_wake, unsigned nr_second, uint32_t operation) must_check;

/*
 * Locks whose word holds the owner's thread id, and whose owner runs with the highest priority of those that wait. -EDEADLK: it is the caller's, or
 * they would wait for each other; -ESRCH: the owner is no more; -EPERM: not the caller's to unlock; -EAGAIN: try_only.
 */
int futex_lock_pi(uint64_t address, bool is_private, bool try_only, uint64_t deadline_ns) must_check;
int futex_unlock_pi(uint64_t address, bool is_private) must_check;
/* Waits for `word` until futex_requeue_pi, and then for the PI lock at `to`: 0: it is the caller's. -EAGAIN, -ETIMEDOUT, -EINTR (before it was moved). */
int futex_wait_requeue_pi(const struct futex_word *word, uint32_t bitset, uint64_t deadline_ns, uint64_t to) must_check;
/* Of those that wait at `from`, the first gets the PI lock at `to` or waits for it, and up to nr_move others do. Their number. */
int futex_requeue_pi(uint64_t from, uint64_t to, bool is_private, unsigned nr_move, uint32_t expected) must_check;
/* The policy of a task was changed. */
void futex_pi_priority_changed(int tid);
