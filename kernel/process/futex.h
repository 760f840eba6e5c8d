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
/* Locks whose word holds the owner's thread id. No priority is inherited. */
int futex_lock_pi(uint64_t address, bool is_private, bool try_only, uint64_t deadline_ns) must_check;
int futex_unlock_pi(uint64_t address, bool is_private) must_check;
