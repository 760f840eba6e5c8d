/* SPDX-License-Identifier: BSD-3-Clause */
/* Resource limits. Memory's are copied into the address space, descriptors' into their table; CPU time has a timer of its own. */
#include "kernel/process/limits.h"
#include "kernel/mem/page.h"
#include "kernel/platform/platform.h"
#include "kernel/process/credentials.h"
#include "kernel/process/internal.h"
#include "kernel/uapi/errno.h"

#define NS_PER_SECOND 1000000000ull

uint32_t task_limit = TASK_LIMIT_MIN;
unsigned open_files_limit = 1048576;

/* What Linux gives its first process, with the descriptors that service managers raise it to. */
void limits_init(struct process *process)
{
	struct page_counts pages;
	uint32_t tasks;

#pragma clang loop unroll(disable)
	for (unsigned i = 0; i < LINUX_RLIM_NLIMITS; i++)
		process->limits[i] = (struct linux_rlimit){LINUX_RLIM_INFINITY, LINUX_RLIM_INFINITY};
	page_count(&pages);
	task_limit = (uint32_t)min_u64(max_u64(pages.total * PAGE_SIZE / (8 * THREAD_STACK_SIZE), 256), TASK_LIMIT_MAX);
	tasks = task_limit / 2;
	process->limits[LINUX_RLIMIT_STACK].soft = 8ull << 20;
	process->limits[LINUX_RLIMIT_CORE].soft = 0;
	process->limits[LINUX_RLIMIT_NPROC] = (struct linux_rlimit){tasks, tasks};
	process->limits[LINUX_RLIMIT_NOFILE] = (struct linux_rlimit){1024, open_files_limit};
	process->limits[LINUX_RLIMIT_MEMLOCK] = (struct linux_rlimit){8ull << 20, 8ull << 20};
	process->limits[LINUX_RLIMIT_SIGPENDING] = (struct linux_rlimit){tasks, tasks};
	process->limits[LINUX_RLIMIT_MSGQUEUE] = (struct linux_rlimit){819200, 819200};
	process->limits[LINUX_RLIMIT_NICE] = (struct linux_rlimit){0, 0};
	process->limits[LINUX_RLIMIT_RTPRIO] = (struct linux_rlimit){0, 0};
}

void limits_apply_memory(struct process *process, struct address_space *space)
{
	space->limit_bytes = process->limits[LINUX_RLIMIT_AS].soft;
	space->limit_data = process->limits[LINUX_RLIMIT_DATA].soft;
	space->limit_stack = process->limits[LINUX_RLIMIT_STACK].soft;
}

uint64_t limits_of_locked_memory(void)
{
	return task_is_capable(CAPABILITY_IPC_LOCK) ? UINT64_MAX : process_current()->limits[LINUX_RLIMIT_MEMLOCK].soft;
}

/* SIGXCPU at the soft limit and each second after it, SIGKILL at the hard one. */
static void cpu_limit_fire(struct cpu_timer *timer)
{
	struct process *process = timer->process;
	const struct linux_rlimit *limit = &process->limits[LINUX_RLIMIT_CPU];
	uint64_t seconds = cpu_timer_now(timer) / NS_PER_SECOND;

	if (seconds >= limit->hard)
		(void)process_signal(process, LINUX_SIGKILL, NULL);
	else if (seconds >= limit->soft)
		(void)process_signal(process, LINUX_SIGXCPU, NULL);
	cpu_timer_arm(timer, max_u64(seconds + 1, limit->soft) * NS_PER_SECOND);
}

void limits_arm_cpu(struct process *process)
{
	const struct linux_rlimit *limit = &process->limits[LINUX_RLIMIT_CPU];

	spin_lock(&process->timer_lock);
	cpu_timer_cancel(&process->cpu_limit_timer);
	process->cpu_limit_timer.fire = cpu_limit_fire;
	if (limit->soft < UINT64_MAX / NS_PER_SECOND && !process->has_ended_timers) /* the hard one is not lower */
		cpu_timer_arm(&process->cpu_limit_timer, limit->soft * NS_PER_SECOND);
	spin_unlock(&process->timer_lock);
}

static int check(const struct linux_rlimit *wanted, const struct linux_rlimit *now, unsigned resource)
{
	if (wanted->soft > wanted->hard)
		return -EINVAL;
	if (resource == LINUX_RLIMIT_NOFILE && wanted->hard > open_files_limit)
		return -EPERM;
	if (wanted->hard > now->hard && !task_is_capable(CAPABILITY_SYS_RESOURCE))
		return -EPERM;
	return 0;
}

static void apply(struct process *process, unsigned resource)
{
	switch (resource) {
	case LINUX_RLIMIT_AS:
	case LINUX_RLIMIT_DATA:
	case LINUX_RLIMIT_STACK:
		spin_lock(&process_tree_lock);
		if (process->space)
			limits_apply_memory(process, process->space);
		spin_unlock(&process_tree_lock);
		break;
	case LINUX_RLIMIT_NOFILE:
		if (process == process_current())
			descriptor_set_limit((unsigned)process->limits[resource].soft);
		break;
	case LINUX_RLIMIT_CPU:
		limits_arm_cpu(process);
		break;
	default:
		break;
	}
}

int process_limit(struct process *process, unsigned resource, const struct linux_rlimit *wanted, struct linux_rlimit *old)
{
	int ret = 0;

	if (resource >= LINUX_RLIM_NLIMITS)
		return -EINVAL;
	spin_lock(&process_tree_lock);
	if (wanted)
		ret = check(wanted, &process->limits[resource], resource);
	if (!ret && old)
		*old = process->limits[resource];
	if (!ret && wanted)
		process->limits[resource] = *wanted;
	spin_unlock(&process_tree_lock);
	if (!ret && wanted)
		apply(process, resource);
	return ret;
}
