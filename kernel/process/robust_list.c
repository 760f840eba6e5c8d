/* SPDX-License-Identifier: BSD-3-Clause */
/* Robust lists (get_robust_list(2)): the locks that a dying thread holds are marked, and a waiter of each is woken. */
#include "kernel/process/futex.h"
#include "kernel/process/internal.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/sched.h"

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
