/* SPDX-License-Identifier: BSD-3-Clause */
/* The second interface to futexes: futex_waitv(2), futex_wake, futex_wait, futex_requeue, whose flags name the word's size. */
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/process/futex.h"
#include "kernel/sched/wait.h"
#include "kernel/syscall/syscall.h"
#include "kernel/uapi/sched.h"
#include "kernel/uapi/time.h"

enum { SIZE_MASK = 3, SIZE_U32 = 2, IS_PRIVATE = 128, WORDS_MAX = 128 };

struct linux_futex_waitv {
	uint64_t value, address;
	uint32_t flags, reserved;
};

/* Words are 32 bits wide, as yet on Linux too, and stand on no node of choice. */
static bool flags_are_bad(uint64_t flags)
{
	return (flags & ~(uint64_t)(SIZE_MASK | IS_PRIVATE)) || (flags & SIZE_MASK) != SIZE_U32;
}

/* An absolute time on one of two clocks. */
static int deadline_of(uint64_t address, int clock, uint64_t *deadline)
{
	uint64_t ns;
	int ret;

	*deadline = WAIT_FOREVER;
	if (!address)
		return 0;
	if (clock != LINUX_CLOCK_REALTIME && clock != LINUX_CLOCK_MONOTONIC)
		return -EINVAL;
	ret = syscall_copy_timespec(address, &ns);
	if (ret)
		return ret;
	*deadline = clock == LINUX_CLOCK_REALTIME ? wait_until_realtime(ns) : ns;
	return 0;
}

static int copy_words(uint64_t address, size_t nr, struct futex_word *words)
{
	struct linux_futex_waitv given;

	for (size_t i = 0; i < nr; i++) {
		if (copy_from_user(&given, address + i * sizeof(given), sizeof(given)))
			return -EFAULT;
		if (flags_are_bad(given.flags) || given.reserved || given.value > UINT32_MAX)
			return -EINVAL;
		words[i] = (struct futex_word){.address = given.address, .expected = (uint32_t)given.value, .is_private = given.flags & IS_PRIVATE};
	}
	return 0;
}

SYSCALL_PARTIAL(futex_waitv, "without FUTEX2_NUMA");
SYSCALL(futex_waitv, 5, "puxpd")
{
	size_t nr = (uint32_t)a->v[1];
	struct futex_word *words;
	uint64_t deadline;
	int ret;

	if ((uint32_t)a->v[2] || !nr || nr > WORDS_MAX || !a->v[0])
		return -EINVAL;
	ret = deadline_of(a->v[3], (int)a->v[4], &deadline);
	if (ret)
		return ret;
	words = heap_alloc(nr * sizeof(*words));
	if (!words)
		return -ENOMEM;
	ret = copy_words(a->v[0], nr, words);
	if (!ret)
		ret = futex_wait_many(words, nr, deadline);
	heap_free(words);
	return ret == -EINTR ? -ERESTART_SYS : ret;
}

SYSCALL_PARTIAL(futex_wake, "without FUTEX2_NUMA");
SYSCALL(futex_wake, 4, "pxdx")
{
	int nr = (int)a->v[2];
	int64_t ret;

	if (flags_are_bad((uint32_t)a->v[3]) || a->v[1] > UINT32_MAX)
		return -EINVAL;
	ret = futex_wake(a->v[0], a->v[3] & IS_PRIVATE, nr <= 0 ? (unsigned)(nr < 0) : (unsigned)nr, (uint32_t)a->v[1]);
	return ret;
}

SYSCALL_PARTIAL(futex_wait, "without FUTEX2_NUMA");
SYSCALL(futex_wait, 6, "puxxpd")
{
	uint64_t deadline;
	int ret;

	if (flags_are_bad((uint32_t)a->v[3]) || a->v[1] > UINT32_MAX || a->v[2] > UINT32_MAX)
		return -EINVAL;
	ret = deadline_of(a->v[4], (int)a->v[5], &deadline);
	if (!ret)
		ret = futex_wait(a->v[0], a->v[3] & IS_PRIVATE, (uint32_t)a->v[1], (uint32_t)a->v[2], deadline);
	return ret == -EINTR ? -ERESTART_SYS : ret;
}

SYSCALL_PARTIAL(futex_requeue, "without FUTEX2_NUMA; both words are private, or neither");
SYSCALL(futex_requeue, 4, "pxdd")
{
	struct futex_word words[2];
	int ret;

	if ((uint32_t)a->v[1] || !a->v[0])
		return -EINVAL;
	ret = copy_words(a->v[0], 2, words);
	if (ret)
		return ret;
	if ((int)a->v[2] < 0 || (int)a->v[3] < 0 || words[0].is_private != words[1].is_private)
		return -EINVAL;
	return futex_requeue(words[0].address, words[1].address, words[0].is_private, (unsigned)a->v[2], (unsigned)a->v[3], &words[0].expected);
}
