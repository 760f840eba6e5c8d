/* SPDX-License-Identifier: BSD-3-Clause */
/* Clocks and sleeping. Timers are in interval_timer.c and posix_timer.c. */
#include "kernel/syscall/clock.h"
#include "kernel/sched/wait.h"
#include "kernel/uapi/time.h"

int syscall_copy_timespec(uint64_t address, uint64_t *ns)
{
	struct linux_timespec time;

	if (copy_from_user(&time, address, sizeof(time)))
		return -EFAULT;
	if (time.seconds < 0 || time.nanoseconds < 0 || time.nanoseconds >= (int64_t)NS_PER_SECOND)
		return -EINVAL;
	if ((uint64_t)time.seconds > (UINT64_MAX >> 1) / NS_PER_SECOND)
		*ns = UINT64_MAX >> 1; /* over a century: forever */
	else
		*ns = (uint64_t)time.seconds * NS_PER_SECOND + (uint64_t)time.nanoseconds;
	return 0;
}

int syscall_put_timespec(uint64_t address, uint64_t ns)
{
	struct linux_timespec time = {.seconds = (int64_t)(ns / NS_PER_SECOND), .nanoseconds = (int64_t)(ns % NS_PER_SECOND)};

	return copy_to_user(address, &time, sizeof(time));
}

static uint64_t process_cpu_ns(struct process *process)
{
	uint64_t total, user, system;
	struct task *task;

	spin_lock(&process_tree_lock);
	total = process->dead_user_ns + process->dead_system_ns;
	list_for_each(task, &process->tasks, process_node) {
		thread_cpu_time(&task->thread, &user, &system);
		total += user + system;
	}
	spin_unlock(&process_tree_lock);
	return total;
}

static uint64_t task_cpu_ns(struct task *task)
{
	uint64_t user, system;

	thread_cpu_time(&task->thread, &user, &system);
	return user + system;
}

/* The dynamic ids of clock_getcpuclockid(3) and pthread_getcpuclockid(3): ~id << 3 | type, with 4 for a thread. */
static int cpu_clock_read(int clock, uint64_t *ns)
{
	int id = ~(clock >> 3), ret = -EINVAL;

	if ((clock & 3) == 3)
		return -EINVAL;
	if (clock & 4) {
		struct task *task;

		spin_lock(&process_tree_lock);
		task = id ? task_find(id) : task_current();
		if (task)
			*ns = task_cpu_ns(task), ret = 0;
		spin_unlock(&process_tree_lock);
		return ret;
	}
	if (!id || id == process_current()->pid) {
		*ns = process_cpu_ns(process_current());
		return 0;
	}
	spin_lock(&process_tree_lock);
	struct process *process = process_find(id);
	if (process)
		process_get(process);
	spin_unlock(&process_tree_lock);
	if (!process)
		return -EINVAL;
	*ns = process_cpu_ns(process);
	process_put(process);
	return 0;
}

int clock_read(int clock, uint64_t *ns)
{
	switch (clock) {
	case LINUX_CLOCK_REALTIME:
	case LINUX_CLOCK_REALTIME_COARSE:
	case LINUX_CLOCK_REALTIME_ALARM:
	case LINUX_CLOCK_TAI:
		*ns = clock_realtime_ns();
		return 0;
	case LINUX_CLOCK_MONOTONIC:
	case LINUX_CLOCK_MONOTONIC_RAW:
	case LINUX_CLOCK_MONOTONIC_COARSE:
	case LINUX_CLOCK_BOOTTIME:
	case LINUX_CLOCK_BOOTTIME_ALARM:
		*ns = clock_monotonic_ns();
		return 0;
	case LINUX_CLOCK_PROCESS_CPUTIME_ID:
		*ns = process_cpu_ns(process_current());
		return 0;
	case LINUX_CLOCK_THREAD_CPUTIME_ID:
		*ns = task_cpu_ns(task_current());
		return 0;
	default:
		return clock < 0 ? cpu_clock_read(clock, ns) : -EINVAL;
	}
}

bool clock_is_realtime(int clock)
{
	return clock == LINUX_CLOCK_REALTIME || clock == LINUX_CLOCK_REALTIME_ALARM || clock == LINUX_CLOCK_TAI;
}

uint64_t clock_deadline(int clock, uint64_t ns, bool is_absolute)
{
	uint64_t now = clock_monotonic_ns(), reading;

	if (!is_absolute)
		return ns > WAIT_FOREVER - 1 - now ? WAIT_FOREVER - 1 : now + ns;
	if (clock_read(clock, &reading))
		return now;
	return ns <= reading ? now : now + (ns - reading);
}

SYSCALL(clock_gettime, 2, "dp")
{
	uint64_t ns;
	int ret = clock_read((int)a->v[0], &ns);

	return ret ? ret : syscall_put_timespec(a->v[1], ns);
}

SYSCALL(clock_getres, 2, "dp")
{
	uint64_t ns;
	int ret = clock_read((int)a->v[0], &ns);

	if (ret || !a->v[1])
		return ret;
	return syscall_put_timespec(a->v[1], 1);
}

SYSCALL(clock_settime, 2, "dt")
{
	uint64_t ns;
	int ret;

	if ((int)a->v[0] != LINUX_CLOCK_REALTIME)
		return -EINVAL;
	if (credentials_current()->euid)
		return -EPERM;
	ret = syscall_copy_timespec(a->v[1], &ns);
	if (!ret)
		clock_set_realtime_ns(ns);
	return ret;
}

SYSCALL(gettimeofday, 2, "pp")
{
	uint64_t ns = clock_realtime_ns();
	struct linux_timeval time = {.seconds = (int64_t)(ns / NS_PER_SECOND), .microseconds = (int64_t)(ns % NS_PER_SECOND / 1000)};
	uint64_t zone = 0;

	if (a->v[0] && copy_to_user(a->v[0], &time, sizeof(time)))
		return -EFAULT;
	return a->v[1] ? copy_to_user(a->v[1], &zone, sizeof(zone)) : 0;
}

SYSCALL(settimeofday, 2, "pp")
{
	struct linux_timeval time;

	if (credentials_current()->euid)
		return -EPERM;
	if (!a->v[0])
		return 0;
	if (copy_from_user(&time, a->v[0], sizeof(time)))
		return -EFAULT;
	if (time.seconds < 0 || time.microseconds < 0 || time.microseconds >= 1000000)
		return -EINVAL;
	clock_set_realtime_ns((uint64_t)time.seconds * NS_PER_SECOND + (uint64_t)time.microseconds * 1000);
	return 0;
}

SYSCALL(time, 1, "p")
{
	int64_t seconds = (int64_t)(clock_realtime_ns() / NS_PER_SECOND);

	if (a->v[0] && copy_to_user(a->v[0], &seconds, sizeof(seconds)))
		return -EFAULT;
	return seconds;
}

static int64_t sleep_until(int clock, uint64_t ns, bool is_absolute, uint64_t remaining)
{
	uint64_t deadline = clock_deadline(clock, ns, is_absolute), now;
	int ret;

	if (!is_absolute)
		deadline = task_deadline(deadline);

	do {
		ret = wait_sleep(deadline, WAIT_INTERRUPTIBLE);
	} while (!ret);
	if (ret == -ETIMEDOUT)
		return 0;
	if (is_absolute)
		return -ERESTART_NO_HANDLER;
	now = clock_monotonic_ns();
	if (remaining && syscall_put_timespec(remaining, deadline > now ? deadline - now : 0))
		return -EFAULT;
	return -ERESTART_RESUME;
}

SYSCALL(nanosleep, 2, "tp")
{
	uint64_t ns;
	int ret = syscall_copy_timespec(a->v[0], &ns);

	return ret ? ret : sleep_until(LINUX_CLOCK_MONOTONIC, ns, false, a->v[1]);
}

SYSCALL(clock_nanosleep, 4, "dxtp")
{
	int clock = (int)a->v[0], ret;
	uint64_t ns, reading;

	if (clock == LINUX_CLOCK_THREAD_CPUTIME_ID || clock_read(clock, &reading))
		return -EINVAL;
	ret = syscall_copy_timespec(a->v[2], &ns);
	return ret ? ret : sleep_until(clock, ns, a->v[1] & LINUX_TIMER_ABSTIME, a->v[3]);
}
