/* SPDX-License-Identifier: BSD-3-Clause */
/* Futexes whose word holds their owner: PI locks, and what a dying thread's robust list does. */
#include "kernel/process/futex.h"
#include "kernel/process/internal.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/sched.h"

/* ---- Locks with an owner. The word: the owner's thread id, LINUX_FUTEX_WAITERS, LINUX_FUTEX_OWNER_DIED. ---- */

static bool exists(uint32_t tid)
{
	bool found;

	spin_lock(&process_tree_lock);
	found = task_find((int)tid);
	spin_unlock(&process_tree_lock);
	return found;
}

/* One try: 0 it is ours; -EAGAIN: taken, and marked as waited for if `mark`. */
static int take_pi(uint64_t address, uint32_t tid, bool mark, uint32_t *word)
{
	uint32_t value, found;
	int ret = user_load_u32(&value, address);

	for (;;) {
		uint32_t wanted;

		if (ret)
			return ret;
		if ((value & LINUX_FUTEX_TID) == tid)
			return -EDEADLK;
		if (value & LINUX_FUTEX_TID) {
			if (!mark || (value & LINUX_FUTEX_WAITERS)) {
				*word = value;
				return -EAGAIN;
			}
			wanted = value | LINUX_FUTEX_WAITERS;
		} else {
			wanted = tid | (value & (LINUX_FUTEX_WAITERS | LINUX_FUTEX_OWNER_DIED));
		}
		ret = user_compare_exchange_u32(address, value, wanted, &found);
		if (!ret && found == value) {
			if (!(value & LINUX_FUTEX_TID))
				return 0;
			*word = wanted;
			return -EAGAIN;
		}
		value = found;
	}
}

int futex_lock_pi(uint64_t address, bool is_private, bool try_only, uint64_t deadline_ns)
{
	uint32_t tid = (uint32_t)task_current()->tid, word;

	for (;;) {
		int ret = take_pi(address, tid, !try_only, &word);

		if (ret != -EAGAIN)
			return ret;
		if (!exists(word & LINUX_FUTEX_TID))
			return -ESRCH;
		if (try_only)
			return -EAGAIN;
		ret = futex_wait(address, is_private, word, ~0u, deadline_ns);
		if (ret && ret != -EAGAIN)
			return ret;
	}
}

int futex_unlock_pi(uint64_t address, bool is_private)
{
	uint32_t tid = (uint32_t)task_current()->tid, value, found;
	int ret = user_load_u32(&value, address);

	for (;;) {
		if (ret)
			return ret;
		if ((value & LINUX_FUTEX_TID) != tid)
			return -EPERM;
		/* The mark stays: who is woken cannot know whether others wait. The last one's unlocking finds nobody and clears it. */
		ret = user_compare_exchange_u32(address, value, value & LINUX_FUTEX_WAITERS, &found);
		if (!ret && found == value)
			break;
		value = found;
	}
	ret = futex_wake(address, is_private, 1, ~0u);
	if (ret == 0)
		(void)user_compare_exchange_u32(address, LINUX_FUTEX_WAITERS, 0, &found);
	return ret < 0 ? ret : 0;
}

/* ---- Robust lists (get_robust_list(2)): the locks that a dying thread holds are marked, and a waiter of each is woken. ---- */

#define ROBUST_MAX 2048 /* as Linux: the list may be a loop */

static void release_robust(struct task *task, uint64_t address, bool is_pending)
{
	uint32_t tid = (uint32_t)task->tid, value, found;

	if (address % 4 || user_load_u32(&value, address))
		return;
	for (;;) {
		/* Died between unlocking and waking: whoever waits would wait for ever. */
		if (is_pending && !(value & LINUX_FUTEX_TID)) {
			(void)futex_wake(address, false, 1, ~0u);
			return;
		}
		if ((value & LINUX_FUTEX_TID) != tid)
			return;
		if (user_compare_exchange_u32(address, value, (value & LINUX_FUTEX_WAITERS) | LINUX_FUTEX_OWNER_DIED, &found))
			return;
		if (found == value)
			break;
		value = found;
	}
	if (value & LINUX_FUTEX_WAITERS)
		(void)futex_wake(address, false, 1, ~0u);
}

void robust_list_walk(struct task *task)
{
	struct {
		uint64_t next;
		int64_t offset;
		uint64_t pending;
	} head;
	uint64_t entry, next;

	if (!task->robust_list || user_copy_in(&head, task->robust_list, sizeof(head)))
		return;
	entry = head.next;
	for (unsigned i = 0; i < ROBUST_MAX && (entry & ~1ull) != task->robust_list; i++, entry = next) {
		bool has_next = !user_copy_in(&next, entry & ~1ull, sizeof(next));

		if ((entry & ~1ull) != (head.pending & ~1ull))
			release_robust(task, (entry & ~1ull) + (uint64_t)head.offset, false);
		if (!has_next)
			break;
		cpu_poll();
	}
	if (head.pending & ~1ull)
		release_robust(task, (head.pending & ~1ull) + (uint64_t)head.offset, true);
	task->robust_list = 0;
}
