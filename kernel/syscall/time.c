/* SPDX-License-Identifier: BSD-3-Clause */
/* Clocks, sleeping, interval timers. POSIX timers are in posix_timer.c. */
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

/* adjtimex(2), clock_adjtime(2): reading only; there is no frequency to steer. TIME_OK, unsynchronised. */
SYSCALL(adjtimex, 1, "p")
{
	uint32_t modes;

	if (copy_from_user(&modes, a->v[0], sizeof(modes)))
		return -EFAULT;
	return modes ? -EPERM : 5;
}

static int64_t sleep_until(int clock, uint64_t ns, bool is_absolute, uint64_t remaining)
{
	uint64_t deadline = clock_deadline(clock, ns, is_absolute), now;
	int ret;

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
	return -EINTR;
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

/* ---- Interval timers (setitimer(2)). Only ITIMER_REAL fires; the CPU-time ones need accounting at each tick. ---- */

static void real_timer_fire(struct timer *timer)
{
	struct process *process = container_of(timer, struct process, real_timer);

	process_signal(process, LINUX_SIGALRM, NULL);
	if (process->real_interval_ns)
		timer_arm(timer, timer->deadline_ns + process->real_interval_ns);
}

/* Sets the timer and gives back what was left of it and its interval. */
static void real_timer_set(struct process *process, uint64_t value_ns, uint64_t interval_ns, uint64_t *left_ns, uint64_t *old_interval_ns)
{
	uint64_t now = clock_monotonic_ns();

	*old_interval_ns = process->real_interval_ns;
	*left_ns = 0;
	if (process->real_timer.is_armed && process->real_timer.deadline_ns > now)
		*left_ns = process->real_timer.deadline_ns - now;
	timer_cancel(&process->real_timer);
	process->real_interval_ns = interval_ns;
	if (!value_ns)
		return;
	process->real_timer.fire = real_timer_fire;
	timer_arm(&process->real_timer, now + value_ns);
}

SYSCALL(alarm, 1, "u")
{
	uint64_t left, interval;

	real_timer_set(process_current(), (uint32_t)a->v[0] * NS_PER_SECOND, 0, &left, &interval);
	return (int64_t)((left + NS_PER_SECOND - 1) / NS_PER_SECOND);
}

static int put_itimer(uint64_t address, uint64_t left, uint64_t interval)
{
	struct linux_itimerval value = {
	    .interval_seconds = (int64_t)(interval / NS_PER_SECOND),
	    .interval_microseconds = (int64_t)(interval % NS_PER_SECOND / 1000),
	    .value_seconds = (int64_t)(left / NS_PER_SECOND),
	    .value_microseconds = (int64_t)(left % NS_PER_SECOND / 1000),
	};

	return address ? copy_to_user(address, &value, sizeof(value)) : 0;
}

SYSCALL(getitimer, 2, "dp")
{
	struct process *process = process_current();
	uint64_t now = clock_monotonic_ns(), left = 0;

	if (a->v[0] > LINUX_ITIMER_PROF)
		return -EINVAL;
	if (a->v[0] != LINUX_ITIMER_REAL)
		return put_itimer(a->v[1], 0, 0);
	if (process->real_timer.is_armed && process->real_timer.deadline_ns > now)
		left = process->real_timer.deadline_ns - now;
	return put_itimer(a->v[1], left, process->real_interval_ns);
}

SYSCALL(setitimer, 3, "dpp")
{
	struct linux_itimerval value = {0};
	uint64_t left, interval;

	if (a->v[0] > LINUX_ITIMER_PROF)
		return -EINVAL;
	if (a->v[1] && copy_from_user(&value, a->v[1], sizeof(value)))
		return -EFAULT;
	if ((uint64_t)value.value_microseconds >= 1000000 || (uint64_t)value.interval_microseconds >= 1000000)
		return -EINVAL;
	if (a->v[0] != LINUX_ITIMER_REAL)
		return value.value_seconds || value.value_microseconds ? -EOPNOTSUPP : put_itimer(a->v[2], 0, 0);
	real_timer_set(process_current(), (uint64_t)value.value_seconds * NS_PER_SECOND + (uint64_t)value.value_microseconds * 1000,
	    (uint64_t)value.interval_seconds * NS_PER_SECOND + (uint64_t)value.interval_microseconds * 1000, &left, &interval);
	return put_itimer(a->v[2], left, interval);
}
