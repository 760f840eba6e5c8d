/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits and usage (getrlimit(2), getrusage(2), times(2)). */
#include "kernel/process/limits.h"
#include "kernel/platform/platform.h"
#include "kernel/process/credentials.h"
#include "kernel/process/wait_child.h"
#include "kernel/syscall/syscall.h"

SYSCALL(getrlimit, 2, "dp")
{
	struct linux_rlimit old;
	int ret = process_limit(process_current(), (unsigned)a->v[0], NULL, &old);

	return ret ? ret : copy_to_user(a->v[1], &old, sizeof(old));
}

SYSCALL(setrlimit, 2, "dp")
{
	struct linux_rlimit wanted;

	if (copy_from_user(&wanted, a->v[1], sizeof(wanted)))
		return -EFAULT;
	return process_limit(process_current(), (unsigned)a->v[0], &wanted, NULL);
}

/* Another's limits: the same user, or CAP_SYS_RESOURCE. With a reference. */
static int find_target(int pid, struct process **target)
{
	const struct credentials *mine = credentials_current(), *theirs;
	int ret = -ESRCH;

	spin_lock(&process_tree_lock);
	*target = pid ? process_of_id_locked(pid) : process_current();
	if (*target && !list_empty(&(*target)->tasks)) {
		theirs = container_of((*target)->tasks.next, struct task, process_node)->credentials;
		ret = *target == process_current() || task_is_capable(CAPABILITY_SYS_RESOURCE) ||
				      (mine->uid == theirs->uid && mine->uid == theirs->euid && mine->uid == theirs->suid) ?
			  0 :
			  -EPERM;
	}
	if (!ret)
		process_get(*target);
	spin_unlock(&process_tree_lock);
	return ret;
}

SYSCALL(prlimit64, 4, "ddpp")
{
	struct linux_rlimit wanted, old;
	struct process *target;
	int ret;

	if (a->v[2] && copy_from_user(&wanted, a->v[2], sizeof(wanted)))
		return -EFAULT;
	ret = find_target((int)a->v[0], &target);
	if (ret)
		return ret;
	ret = process_limit(target, (unsigned)a->v[1], a->v[2] ? &wanted : NULL, &old);
	process_put(target);
	if (ret || !a->v[3])
		return ret;
	return copy_to_user(a->v[3], &old, sizeof(old));
}

enum { RUSAGE_CHILDREN = -1, RUSAGE_SELF = 0, RUSAGE_THREAD = 1 };

static void thread_usage(struct linux_rusage *usage)
{
	const struct thread *thread = thread_current();
	uint64_t user, system;

	thread_cpu_time(thread, &user, &system);
	*usage = (struct linux_rusage){.inblock = (int64_t)(thread->io.medium_read / 512), .oublock = (int64_t)(thread->io.medium_dirtied / 512), .nvcsw = (int64_t)thread->switches_voluntary, .nivcsw = (int64_t)thread->switches_involuntary};
	usage->user = (struct linux_timeval){(int64_t)(user / 1000000000), (int64_t)(user % 1000000000 / 1000)};
	usage->system = (struct linux_timeval){(int64_t)(system / 1000000000), (int64_t)(system % 1000000000 / 1000)};
	usage->maxrss = (int64_t)(process_current()->space->peak_resident * (PAGE_SIZE / 1024));
}

SYSCALL(getrusage, 2, "dp")
{
	struct linux_rusage usage;

	spin_lock(&process_tree_lock);
	switch ((int)a->v[0]) {
	case RUSAGE_SELF:
		process_usage(process_current(), &usage);
		break;
	case RUSAGE_CHILDREN:
		process_children_usage(process_current(), &usage);
		break;
	case RUSAGE_THREAD:
		thread_usage(&usage);
		break;
	default:
		spin_unlock(&process_tree_lock);
		return -EINVAL;
	}
	spin_unlock(&process_tree_lock);
	return copy_to_user(a->v[1], &usage, sizeof(usage));
}

#define NS_PER_TICK 10000000 /* sysconf(_SC_CLK_TCK) is 100 */

SYSCALL(times, 1, "p")
{
	struct process *process = process_current();
	uint64_t user, system, ticks[4];

	spin_lock(&process_tree_lock);
	process_cpu_time(process, &user, &system);
	ticks[0] = user / NS_PER_TICK;
	ticks[1] = system / NS_PER_TICK;
	ticks[2] = process->children_user_ns / NS_PER_TICK;
	ticks[3] = process->children_system_ns / NS_PER_TICK;
	spin_unlock(&process_tree_lock);
	if (a->v[0] && copy_to_user(a->v[0], ticks, sizeof(ticks)))
		return -EFAULT;
	return (int64_t)(clock_monotonic_ns() / NS_PER_TICK);
}
