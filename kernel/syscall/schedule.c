/* SPDX-License-Identifier: BSD-3-Clause */
/* Scheduling (sched(7)): policies, nice values, affinity, yielding. */
#include "kernel/process/credentials.h"
#include "kernel/process/futex.h"
#include "kernel/syscall/syscall.h"
#include "kernel/uapi/sched.h"
#include "lib/string.h"

#define PRIORITY_MAX 99

SYSCALL(sched_yield, 0, "")
{
	thread_yield();
	return 0;
}

SYSCALL(getcpu, 3, "ppp")
{
	uint32_t cpu = cpu_id(), node = 0;

	if (a->v[0] && copy_to_user(a->v[0], &cpu, sizeof(cpu)))
		return -EFAULT;
	return a->v[1] ? copy_to_user(a->v[1], &node, sizeof(node)) : 0;
}

/* The task that a tid argument names, 0: the caller's; process_tree_lock is held if it is not NULL. */
static struct task *find_and_lock(int tid)
{
	struct task *task;

	if (tid < 0)
		return NULL;
	spin_lock(&process_tree_lock);
	task = tid ? task_find(tid) : task_current();
	if (!task)
		spin_unlock(&process_tree_lock);
	return task;
}

static bool may_change(const struct task *task)
{
	const struct credentials *mine = credentials_current();

	return mine->euid == task->credentials->euid || mine->euid == task->credentials->uid || task_is_capable(CAPABILITY_SYS_NICE);
}

/* ---- Affinity. ---- */

static uint64_t online_mask(void)
{
	return cpu_count() >= 64 ? UINT64_MAX : (1ull << cpu_count()) - 1;
}

SYSCALL(sched_setaffinity, 3, "dup")
{
	uint64_t mask = 0;
	struct task *task;
	int ret = 0;

	if (copy_from_user(&mask, a->v[2], min_u64((uint32_t)a->v[1], sizeof(mask))))
		return -EFAULT;
	task = find_and_lock((int)a->v[0]);
	if (!task)
		return -ESRCH;
	mask &= online_mask();
	if (!may_change(task))
		ret = -EPERM;
	else if (!mask)
		ret = -EINVAL;
	else
		thread_set_affinity(&task->thread, mask);
	spin_unlock(&process_tree_lock);
	return ret;
}

SYSCALL(sched_getaffinity, 3, "dup")
{
	struct task *task;
	uint64_t mask;

	uint32_t len = (uint32_t)a->v[1];

	if (len * 8 < cpu_count() || len < sizeof(mask) || len % sizeof(uint64_t)) /* as on Linux the bits may wrap */
		return -EINVAL;
	task = find_and_lock((int)a->v[0]);
	if (!task)
		return -ESRCH;
	mask = task->thread.affinity & online_mask();
	spin_unlock(&process_tree_lock);
	return copy_to_user(a->v[2], &mask, sizeof(mask)) ? -EFAULT : (int64_t)sizeof(mask);
}

/* ---- Policies. ---- */

static bool is_realtime(int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

static int check_policy(int policy, int priority)
{
	switch (policy) {
	case SCHED_FIFO:
	case SCHED_RR:
		return priority >= 1 && priority <= PRIORITY_MAX ? 0 : -EINVAL;
	case SCHED_NORMAL:
	case SCHED_BATCH:
	case SCHED_IDLE:
		return priority ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

static int set_policy(int tid, int policy, int priority, int nice, bool has_nice)
{
	bool reset = policy & LINUX_SCHED_RESET_ON_FORK;
	struct task *task;
	int ret = check_policy(policy & ~LINUX_SCHED_RESET_ON_FORK, priority);

	if (ret || tid < 0)
		return -EINVAL;
	task = find_and_lock(tid);
	if (!task)
		return -ESRCH;
	policy &= ~LINUX_SCHED_RESET_ON_FORK;
	if (!may_change(task))
		ret = -EPERM;
	else if (is_realtime(policy) && (uint64_t)priority > task->process->limits[LINUX_RLIMIT_RTPRIO].soft && !task_is_capable(CAPABILITY_SYS_NICE))
		ret = -EPERM;
	if (!ret) {
		thread_set_policy(&task->thread, policy, priority, has_nice ? nice : task->thread.nice);
		task->reset_on_fork = reset;
	}
	tid = task->tid;
	spin_unlock(&process_tree_lock);
	if (!ret)
		futex_pi_priority_changed(tid);
	return ret;
}

SYSCALL(sched_setscheduler, 3, "ddp")
{
	int priority;

	if ((int)a->v[1] < 0 || !a->v[2])
		return -EINVAL;
	if (copy_from_user(&priority, a->v[2], sizeof(priority)))
		return -EFAULT;
	return set_policy((int)a->v[0], (int)a->v[1], priority, 0, false);
}

/* One that has ended answers until its parent has waited for it. */
static bool is_zombie(int pid)
{
	const struct process *process;

	spin_lock(&process_tree_lock);
	process = process_find(pid);
	spin_unlock(&process_tree_lock);
	return process;
}

/* Policy, priority and nice value of a task; -ESRCH. */
static int get_policy(int tid, int *policy, int *priority, int *nice)
{
	struct task *task;

	if (tid < 0)
		return -EINVAL;
	task = find_and_lock(tid);
	if (!task) {
		*policy = *priority = *nice = 0;
		return is_zombie(tid) ? 0 : -ESRCH;
	}
	*policy = task->thread.policy | (task->reset_on_fork ? LINUX_SCHED_RESET_ON_FORK : 0);
	*priority = task->thread.priority;
	*nice = task->thread.nice;
	spin_unlock(&process_tree_lock);
	return 0;
}

SYSCALL(sched_getscheduler, 1, "d")
{
	int policy, priority, nice, ret = get_policy((int)a->v[0], &policy, &priority, &nice);

	return ret ? ret : policy;
}

SYSCALL(sched_setparam, 2, "dp")
{
	int policy, old, nice, priority, ret;

	if (!a->v[1])
		return -EINVAL;
	if (copy_from_user(&priority, a->v[1], sizeof(priority)))
		return -EFAULT;
	ret = get_policy((int)a->v[0], &policy, &old, &nice);
	return ret ? ret : set_policy((int)a->v[0], policy, priority, 0, false);
}

SYSCALL(sched_getparam, 2, "dp")
{
	int policy, priority, nice, ret = a->v[1] ? get_policy((int)a->v[0], &policy, &priority, &nice) : -EINVAL;

	return ret ? ret : copy_to_user(a->v[1], &priority, sizeof(priority));
}

SYSCALL_PARTIAL(sched_setattr, "without SCHED_DEADLINE and utilisation clamps");
SYSCALL(sched_setattr, 3, "dpx")
{
	struct linux_sched_attr attr = {0};
	uint32_t size;

	if (!a->v[1] || a->v[2])
		return -EINVAL;
	if (copy_from_user(&size, a->v[1], sizeof(size)))
		return -EFAULT;
	size = size ? size : LINUX_SCHED_ATTR_SIZE_VER0;
	if (size < LINUX_SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE)
		return -E2BIG;
	if (copy_from_user(&attr, a->v[1], min_u64(size, sizeof(attr))))
		return -EFAULT;
	if (attr.nice < -20 || attr.nice > 19 || attr.policy > INT32_MAX)
		return -EINVAL;
	return set_policy((int)a->v[0], (int)attr.policy | (attr.flags & 1 ? LINUX_SCHED_RESET_ON_FORK : 0), (int)attr.priority, attr.nice, true);
}

SYSCALL_PARTIAL(sched_getattr, "without SCHED_DEADLINE and utilisation clamps");
SYSCALL(sched_getattr, 4, "dpux")
{
	struct linux_sched_attr attr = {.size = sizeof(attr)};
	uint64_t size = a->v[2];
	int policy, priority, nice, ret;

	if (!a->v[1] || size < LINUX_SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE || a->v[3])
		return -EINVAL;
	ret = get_policy((int)a->v[0], &policy, &priority, &nice);
	if (ret)
		return ret;
	attr.flags = policy & LINUX_SCHED_RESET_ON_FORK ? 1 : 0;
	attr.policy = (uint32_t)policy & ~(uint32_t)LINUX_SCHED_RESET_ON_FORK;
	attr.nice = nice;
	attr.priority = (uint32_t)priority;
	attr.util_max = 1024;
	attr.size = (uint32_t)min_u64(size, sizeof(attr));
	return copy_to_user(a->v[1], &attr, attr.size);
}

SYSCALL(sched_get_priority_max, 1, "d")
{
	int policy = (int)a->v[0];

	return check_policy(policy, is_realtime(policy) ? 1 : 0) ? -EINVAL : is_realtime(policy) ? PRIORITY_MAX : 0;
}

SYSCALL(sched_get_priority_min, 1, "d")
{
	int policy = (int)a->v[0];

	return check_policy(policy, is_realtime(policy) ? 1 : 0) ? -EINVAL : is_realtime(policy) ? 1 : 0;
}

SYSCALL(sched_rr_get_interval, 2, "dp")
{
	int policy, priority, nice, ret = get_policy((int)a->v[0], &policy, &priority, &nice);

	if (ret)
		return ret;
	return syscall_put_timespec(a->v[1], policy == SCHED_RR ? 100000000 : policy == SCHED_FIFO ? 0 : 4000000);
}

/* ---- Nice values: of a task, a group's, or a user's (getpriority(2)). ---- */

enum { PRIO_PROCESS, PRIO_PGRP, PRIO_USER };

static int set_nice(struct task *task, int nice)
{
	const struct linux_rlimit *limit = &task->process->limits[LINUX_RLIMIT_NICE];

	if (!may_change(task))
		return -EPERM;
	if (nice < task->thread.nice && (uint64_t)(20 - nice) > limit->soft && !task_is_capable(CAPABILITY_SYS_NICE))
		return -EACCES;
	thread_set_policy(&task->thread, task->thread.policy, task->thread.priority, nice);
	return 0;
}

static bool is_selected(int which, uint32_t who, struct task *task)
{
	if (which == PRIO_PGRP)
		return (uint32_t)task->process->group == (who ? who : (uint32_t)process_current()->group);
	return task->credentials->uid == (who ? who : credentials_current()->uid);
}

/* Sets the nice values, or finds the best; -ESRCH if nobody is meant. As the raw call has it: 20 - nice. */
static int64_t each(int which, int who, const int *nice)
{
	int64_t ret = -ESRCH;
	struct task *task;

	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	spin_lock(&process_tree_lock);
	if (which == PRIO_PROCESS) {
		task = who ? task_find(who) : task_current();
		if (task)
			ret = nice ? set_nice(task, *nice) : 20 - task->thread.nice;
		spin_unlock(&process_tree_lock);
		return ret;
	}
	for (struct process *p = process_next(1); p; p = process_next(p->pid + 1)) {
		list_for_each(task, &p->tasks, process_node) {
			int64_t one;

			if (!is_selected(which, (uint32_t)who, task))
				continue;
			one = nice ? set_nice(task, *nice) : 20 - task->thread.nice;
			ret = nice ? (ret && ret != -ESRCH ? ret : one) : (one > ret ? one : ret);
		}
	}
	spin_unlock(&process_tree_lock);
	return ret;
}

SYSCALL(getpriority, 2, "dd")
{
	return each((int)a->v[0], (int)a->v[1], NULL);
}

SYSCALL(setpriority, 3, "ddd")
{
	int nice = (int)a->v[2];

	nice = nice < -20 ? -20 : nice > 19 ? 19 : nice;
	return each((int)a->v[0], (int)a->v[1], &nice);
}

/* ---- Priorities of input and output: requests of a disk are served as they come, so that they are kept and told, and change nothing. ---- */

enum { IOPRIO_WHO_PROCESS = 1, IOPRIO_WHO_PGRP, IOPRIO_WHO_USER, IOPRIO_NONE = 0, IOPRIO_RT, IOPRIO_BE, IOPRIO_IDLE, IOPRIO_CLASS_SHIFT = 13, IOPRIO_LEVEL = 7, IOPRIO_CLASSES = 7 };

static int check_io_priority(int priority)
{
	switch (priority >> IOPRIO_CLASS_SHIFT & IOPRIO_CLASSES) {
	case IOPRIO_RT:
		return task_is_capable(CAPABILITY_SYS_ADMIN) || task_is_capable(CAPABILITY_SYS_NICE) ? 0 : -EPERM;
	case IOPRIO_BE:
	case IOPRIO_IDLE:
		return 0;
	case IOPRIO_NONE:
		return priority & IOPRIO_LEVEL ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

/* Sets it, or tells it. */
static int64_t io_priority(int which, int who, const int *priority)
{
	struct task *task;
	int64_t ret;

	if (which < IOPRIO_WHO_PROCESS || which > IOPRIO_WHO_USER)
		return -EINVAL;
	if (which != IOPRIO_WHO_PROCESS)
		return each(which - 1, who, NULL) < 0 ? -ESRCH : 0;
	task = find_and_lock(who);
	if (!task)
		return -ESRCH;
	if (priority && !may_change(task)) {
		ret = -EPERM;
	} else {
		task->io_priority = priority ? (uint16_t)*priority : task->io_priority;
		ret = priority ? 0 : task->io_priority;
	}
	spin_unlock(&process_tree_lock);
	return ret;
}

SYSCALL_PARTIAL(ioprio_set, "of one task it is kept and told, and changes nothing; of groups and users it is only checked");
SYSCALL(ioprio_set, 3, "ddx")
{
	int priority = (int)a->v[2], ret = check_io_priority(priority);

	return ret ? ret : io_priority((int)a->v[0], (int)a->v[1], &priority);
}

SYSCALL_PARTIAL(ioprio_get, "of groups and users always IOPRIO_CLASS_NONE");
SYSCALL(ioprio_get, 2, "dd")
{
	return io_priority((int)a->v[0], (int)a->v[1], NULL);
}
