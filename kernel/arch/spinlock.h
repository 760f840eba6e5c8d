/* SPDX-License-Identifier: BSD-3-Clause */
/* Spin locks. Never sleep while holding one. Order: the list in ARCHITECTURE.md. */
#pragma once
#include "kernel/arch/cpu.h"

struct spinlock {
	int held;
};

#define SPINLOCK_INIT {0}

static inline bool spin_try_lock(struct spinlock *lock)
{
	return !__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE);
}

static inline void spin_lock(struct spinlock *lock)
{
	while (unlikely(!spin_try_lock(lock)))
		while (__atomic_load_n(&lock->held, __ATOMIC_RELAXED))
			cpu_relax();
}

static inline void spin_unlock(struct spinlock *lock)
{
	__atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}
