/* SPDX-License-Identifier: BSD-3-Clause */
/* futex(2), robust lists, membarrier(2), rseq(2). */
#include "kernel/process/access.h"
#include "kernel/process/futex.h"
#include "kernel/process/rseq.h"
#include "kernel/platform/platform.h"
#include "kernel/sched/wait.h"
#include "kernel/syscall/syscall.h"
#include "kernel/uapi/sched.h"

/* When the timeout is over: relative for FUTEX_WAIT, else absolute on the clock named. */
static int deadline_of(int operation, uint64_t address, uint64_t *deadline)
{
	int command = operation & ~(LINUX_FUTEX_PRIVATE | LINUX_FUTEX_CLOCK_REALTIME), ret;
	bool is_realtime = operation & LINUX_FUTEX_CLOCK_REALTIME || command == LINUX_FUTEX_LOCK_PI;
	uint64_t ns;

	*deadline = WAIT_FOREVER;
	if (!address)
		return 0;
	ret = syscall_copy_timespec(address, &ns);
	if (ret)
		return ret;
	if (command == LINUX_FUTEX_WAIT)
		*deadline = clock_monotonic_ns() + ns;
	else
		*deadline = is_realtime ? wait_until_realtime(ns) : ns;
	return 0;
}

/* FUTEX_WAIT without a timeout starts again after a handler that wants it; with one it ends there, and goes on where no handler ran. */
static int64_t wait(const struct syscall_arguments *a, bool is_private, uint32_t bitset)
{
	uint64_t deadline;
	int ret = deadline_of((int)a->v[1], a->v[3], &deadline);

	if (!ret)
		ret = futex_wait(a->v[0], is_private, (uint32_t)a->v[2], bitset, task_deadline(deadline));
	if (ret != -EINTR)
		return ret;
	return a->v[3] ? -ERESTART_RESUME : -ERESTART_SYS;
}

static int64_t lock_pi(const struct syscall_arguments *a, bool is_private)
{
	uint64_t deadline;
	int ret = deadline_of((int)a->v[1], a->v[3], &deadline);

	if (!ret)
		ret = futex_lock_pi(a->v[0], is_private, false, deadline);
	return ret == -EINTR ? -ERESTART_ALWAYS : ret;
}

static int64_t wait_requeue_pi(const struct syscall_arguments *a, bool is_private)
{
	struct futex_word word = {.address = a->v[0], .expected = (uint32_t)a->v[2], .is_private = is_private};
	uint64_t deadline;
	int ret = deadline_of((int)a->v[1], a->v[3], &deadline);

	if (!ret)
		ret = futex_wait_requeue_pi(&word, ~0u, deadline, a->v[4]);
	return ret == -EINTR ? -ERESTART_ALWAYS : ret;
}

/* Numbers of threads are ints. */
static int64_t requeue(const struct syscall_arguments *a, bool is_private, const uint32_t *expected)
{
	int nr_wake = (int)a->v[2], nr_move = (int)a->v[3];

	if (nr_wake < 0 || nr_move < 0)
		return -EINVAL;
	return futex_requeue(a->v[0], a->v[4], is_private, (unsigned)nr_wake, (unsigned)nr_move, expected);
}

static int64_t requeue_pi(const struct syscall_arguments *a, bool is_private, uint32_t expected)
{
	int nr_wake = (int)a->v[2], nr_move = (int)a->v[3];

	if (nr_wake != 1 || nr_move < 0 || a->v[0] == a->v[4])
		return -EINVAL;
	return futex_requeue_pi(a->v[0], a->v[4], is_private, (unsigned)nr_move, expected);
}

static bool takes_realtime(int command)
{
	return command == LINUX_FUTEX_WAIT_BITSET || command == LINUX_FUTEX_WAIT_REQUEUE_PI || command == LINUX_FUTEX_LOCK_PI2;
}

SYSCALL(futex, 6, "pxuppx")
{
	int operation = (int)a->v[1], command = operation & ~(LINUX_FUTEX_PRIVATE | LINUX_FUTEX_CLOCK_REALTIME);
	bool is_private = operation & LINUX_FUTEX_PRIVATE;
	uint32_t expected = (uint32_t)a->v[5];

	if (operation & LINUX_FUTEX_CLOCK_REALTIME && !takes_realtime(command))
		return -ENOSYS;
	switch (command) {
	case LINUX_FUTEX_WAIT:
		return wait(a, is_private, ~0u);
	case LINUX_FUTEX_WAIT_BITSET:
		return wait(a, is_private, (uint32_t)a->v[5]);
	case LINUX_FUTEX_WAKE:
		return futex_wake(a->v[0], is_private, (unsigned)a->v[2], ~0u);
	case LINUX_FUTEX_WAKE_BITSET:
		return futex_wake(a->v[0], is_private, (unsigned)a->v[2], (uint32_t)a->v[5]);
	case LINUX_FUTEX_REQUEUE:
		return requeue(a, is_private, NULL);
	case LINUX_FUTEX_CMP_REQUEUE:
		return requeue(a, is_private, &expected);
	case LINUX_FUTEX_WAKE_OP:
		return futex_wake_op(a->v[0], a->v[4], is_private, (unsigned)a->v[2], (unsigned)a->v[3], (uint32_t)a->v[5]);
	case LINUX_FUTEX_LOCK_PI:
	case LINUX_FUTEX_LOCK_PI2:
		return lock_pi(a, is_private);
	case LINUX_FUTEX_TRYLOCK_PI:
		return futex_lock_pi(a->v[0], is_private, true, 0);
	case LINUX_FUTEX_UNLOCK_PI:
		return futex_unlock_pi(a->v[0], is_private);
	case LINUX_FUTEX_WAIT_REQUEUE_PI:
		return wait_requeue_pi(a, is_private);
	case LINUX_FUTEX_CMP_REQUEUE_PI:
		return requeue_pi(a, is_private, expected);
	default:
		return -ENOSYS;
	}
}

#define ROBUST_HEAD_SIZE 24

SYSCALL(set_robust_list, 2, "pu")
{
	if (a->v[1] != ROBUST_HEAD_SIZE)
		return -EINVAL;
	task_current()->robust_list = a->v[0];
	return 0;
}

SYSCALL(get_robust_list, 3, "dpp")
{
	uint64_t head, size = ROBUST_HEAD_SIZE;
	struct task *task;
	int ret;

	spin_lock(&process_tree_lock);
	task = a->v[0] ? task_find((int)a->v[0]) : task_current();
	head = task ? task->robust_list : 0;
	ret = task ? process_access_check_locked(task->process) : -ESRCH;
	spin_unlock(&process_tree_lock);
	if (ret)
		return ret;
	if (copy_to_user(a->v[2], &size, sizeof(size)))
		return -EFAULT;
	return copy_to_user(a->v[1], &head, sizeof(head));
}

/* membarrier(2): every other thread of the process passes through the kernel, which is a barrier. */
SYSCALL_PARTIAL(membarrier, "without MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ; global ones reach the threads of the caller's process only");
SYSCALL(membarrier, 3, "dxd")
{
	enum { REGISTRATIONS = LINUX_MEMBARRIER_REGISTER_GLOBAL_EXPEDITED | LINUX_MEMBARRIER_REGISTER_PRIVATE_EXPEDITED | LINUX_MEMBARRIER_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE };
	enum { BARRIERS = LINUX_MEMBARRIER_GLOBAL | LINUX_MEMBARRIER_GLOBAL_EXPEDITED | LINUX_MEMBARRIER_PRIVATE_EXPEDITED | LINUX_MEMBARRIER_PRIVATE_EXPEDITED_SYNC_CORE };
	struct process *process = process_current();
	int command = (int)a->v[0];

	if (a->v[1])
		return -EINVAL;
	if (command == LINUX_MEMBARRIER_QUERY)
		return REGISTRATIONS | BARRIERS | LINUX_MEMBARRIER_GET_REGISTRATIONS;
	if (command == LINUX_MEMBARRIER_GET_REGISTRATIONS)
		return process->barriers_registered;
	if (command <= 0 || command & (command - 1) || !(command & (REGISTRATIONS | BARRIERS)))
		return -EINVAL;
	if (command & REGISTRATIONS) {
		__atomic_fetch_or(&process->barriers_registered, command, __ATOMIC_RELAXED);
		return 0;
	}
	/* A private barrier is registered by the command that is the next bit. */
	if (command & (LINUX_MEMBARRIER_PRIVATE_EXPEDITED | LINUX_MEMBARRIER_PRIVATE_EXPEDITED_SYNC_CORE) && !(process->barriers_registered & command << 1))
		return -EPERM;
	/* A flush is answered by every CPU that runs on the table, with a full barrier, and by a return to the program that serialises the CPU. */
	page_table_flush(&process->space->page_table, 0, PAGE_SIZE);
	return 0;
}

enum { RSEQ_UNREGISTER = 1 };

SYSCALL(rseq, 4, "puxx")
{
	uint32_t len = (uint32_t)a->v[1], flags = (uint32_t)a->v[2], signature = (uint32_t)a->v[3];

	if (flags & ~(uint32_t)RSEQ_UNREGISTER)
		return -EINVAL;
	return flags ? rseq_unregister(a->v[0], len, signature) : rseq_register(a->v[0], len, signature);
}
