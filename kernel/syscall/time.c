/* SPDX-License-Identifier: BSD-3-Clause */
/* Clocks and sleeping. Timers are in interval_timer.c and posix_timer.c. */
#include "kernel/syscall/clock.h"
#include "kernel/process/cpu_timer.h"
#include "kernel/process/credentials.h"
#include "kernel/sched/clock_watch.h"
#include "kernel/sched/wait.h"
#include "kernel/uapi/time.h"

int syscall_copy_timespec(uint64_t address, uint64_t *ns)
{
	struct linux_timespec time;

	if (copy_from_user(&time, address, sizeof(time)))
		return -EFAULT;
	if (time.seconds < 0 || time.nanoseconds < 0 || time.nanoseconds >= (int64_t)NS_PER_SECOND)
		return -EINVAL;
	if ((uint64_t)time.seconds >= TIME_MAX_NS / NS_PER_SECOND)
		*ns = TIME_MAX_NS;
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

bool clock_takes_timers(int clock)
{
	return clock != LINUX_CLOCK_MONOTONIC_RAW && clock != LINUX_CLOCK_REALTIME_COARSE && clock != LINUX_CLOCK_MONOTONIC_COARSE;
}

uint64_t clock_deadline(int clock, uint64_t ns, bool is_absolute)
{
	if (!is_absolute)
		return clock_monotonic_ns() + min_u64(ns, TIME_MAX_NS);
	return clock_is_realtime(clock) ? clock_monotonic_at(ns) : ns;
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

/* Monotonic time is not before 1970. */
static int set_clock(uint64_t ns)
{
	if (ns < clock_monotonic_ns() || ns >= TIME_MAX_NS)
		return -EINVAL;
	if (!task_is_capable(CAPABILITY_SYS_TIME))
		return -EPERM;
	clock_step(ns);
	return 0;
}

SYSCALL(clock_settime, 2, "dt")
{
	int clock = (int)a->v[0], ret;
	uint64_t ns;

	if (clock != LINUX_CLOCK_REALTIME)
		return clock < 0 && !clock_read(clock, &ns) ? -EPERM : -EINVAL;
	ret = syscall_copy_timespec(a->v[1], &ns);
	return ret ? ret : set_clock(ns);
}

struct linux_timezone {
	int32_t minutes_west, dst;
};

static struct linux_timezone zone; /* told as it was set: settimeofday(2) */

SYSCALL(gettimeofday, 2, "pp")
{
	uint64_t ns = clock_realtime_ns();
	struct linux_timeval time = {.seconds = (int64_t)(ns / NS_PER_SECOND), .microseconds = (int64_t)(ns % NS_PER_SECOND / 1000)};

	if (a->v[0] && copy_to_user(a->v[0], &time, sizeof(time)))
		return -EFAULT;
	return a->v[1] ? copy_to_user(a->v[1], &zone, sizeof(zone)) : 0;
}

SYSCALL(settimeofday, 2, "pp")
{
	struct linux_timezone wanted;
	struct linux_timeval time;
	int ret = 0;

	if (a->v[0] && copy_from_user(&time, a->v[0], sizeof(time)))
		return -EFAULT;
	if (a->v[0] && (time.seconds < 0 || time.microseconds < 0 || time.microseconds >= 1000000))
		return -EINVAL;
	if (a->v[1] && copy_from_user(&wanted, a->v[1], sizeof(wanted)))
		return -EFAULT;
	if (!task_is_capable(CAPABILITY_SYS_TIME))
		return -EPERM;
	if (a->v[1] && (wanted.minutes_west > 15 * 60 || wanted.minutes_west < -15 * 60))
		return -EINVAL;
	if (a->v[0])
		ret = set_clock(min_u64((uint64_t)time.seconds, TIME_MAX_NS / NS_PER_SECOND) * NS_PER_SECOND + (uint64_t)time.microseconds * 1000);
	if (!ret && a->v[1])
		zone = wanted;
	return ret;
}

SYSCALL(time, 1, "p")
{
	int64_t seconds = (int64_t)(clock_realtime_ns() / NS_PER_SECOND);

	if (a->v[0] && copy_to_user(a->v[0], &seconds, sizeof(seconds)))
		return -EFAULT;
	return seconds;
}

/* Until the deadline on some clock. A relative sleep says what is left of it, and goes on if no handler ran. */
static int64_t finish_sleep(int interrupted, bool is_absolute, uint64_t left_ns, uint64_t remaining)
{
	if (!interrupted)
		return 0;
	if (is_absolute)
		return -ERESTART_NO_HANDLER;
	if (remaining && syscall_put_timespec(remaining, left_ns))
		return -EFAULT;
	return -ERESTART_RESUME;
}

static int64_t sleep_on_clock(int clock, uint64_t ns, bool is_absolute, uint64_t remaining)
{
	uint64_t deadline, now;
	int ret;

	if (!is_absolute)
		deadline = task_deadline(clock_deadline(clock, ns, false));
	else
		deadline = clock_is_realtime(clock) ? wait_until_realtime(ns) : ns;
	do {
		ret = wait_sleep(deadline, WAIT_INTERRUPTIBLE);
	} while (!ret);
	now = clock_monotonic_ns();
	return finish_sleep(ret == -EINTR, is_absolute, deadline > now ? deadline - now : 0, remaining);
}

/* ---- Sleeping on CPU time: another thread or process must use it. ---- */

struct cpu_sleep {
	struct cpu_timer timer;
	struct thread *thread;
};

static void end_cpu_sleep(struct cpu_timer *timer)
{
	thread_wake(container_of(timer, struct cpu_sleep, timer)->thread);
}

static int64_t sleep_on_cpu_clock(struct process *process, int tid, uint64_t ns, bool is_absolute, uint64_t remaining)
{
	struct cpu_sleep sleep = {.thread = thread_current()};
	uint64_t target, now;
	int ret = 0;

	cpu_timer_init(&sleep.timer, process, tid, CPU_CLOCK_TOTAL, end_cpu_sleep);
	now = cpu_timer_now(&sleep.timer);
	target = is_absolute ? ns : task_deadline(now + ns);
	if (target > now)
		cpu_timer_arm(&sleep.timer, target);
	while (!ret && cpu_timer_now(&sleep.timer) < target)
		ret = wait_sleep(WAIT_FOREVER, WAIT_INTERRUPTIBLE);
	cpu_timer_cancel(&sleep.timer);
	now = cpu_timer_now(&sleep.timer);
	return finish_sleep(ret, is_absolute, target > now ? target - now : 0, remaining);
}

/* The process, with a reference, and 0 or the thread whose time a clock counts. -EINVAL: nobody's, or the caller's own thread's. */
static int cpu_clock_owner(int clock, struct process **owner, int *tid)
{
	int id = clock == LINUX_CLOCK_PROCESS_CPUTIME_ID ? 0 : ~(clock >> 3);
	bool is_thread = clock < 0 && (clock & 4);
	struct task *task;

	*tid = is_thread ? id : 0;
	if (is_thread && (!id || id == task_current()->tid))
		return -EINVAL;
	spin_lock(&process_tree_lock);
	task = is_thread ? task_find(id) : NULL;
	*owner = is_thread ? (task ? task->process : NULL) : id ? process_find(id) : process_current();
	if (*owner)
		process_get(*owner);
	spin_unlock(&process_tree_lock);
	return *owner ? 0 : -EINVAL;
}

SYSCALL(nanosleep, 2, "tp")
{
	uint64_t ns;
	int ret = syscall_copy_timespec(a->v[0], &ns);

	return ret ? ret : sleep_on_clock(LINUX_CLOCK_MONOTONIC, ns, false, a->v[1]);
}

SYSCALL(clock_nanosleep, 4, "dxtp")
{
	int clock = (int)a->v[0], tid, ret;
	bool is_absolute = a->v[1] & LINUX_TIMER_ABSTIME;
	struct process *owner;
	uint64_t ns, reading;
	int64_t slept;

	if (clock_read(clock, &reading))
		return -EINVAL;
	if (clock == LINUX_CLOCK_THREAD_CPUTIME_ID || !clock_takes_timers(clock))
		return -EOPNOTSUPP;
	ret = syscall_copy_timespec(a->v[2], &ns);
	if (ret)
		return ret;
	if (clock >= 0 && clock != LINUX_CLOCK_PROCESS_CPUTIME_ID)
		return sleep_on_clock(clock, ns, is_absolute, a->v[3]);
	ret = cpu_clock_owner(clock, &owner, &tid);
	if (ret)
		return ret;
	slept = sleep_on_cpu_clock(owner, tid, ns, is_absolute, a->v[3]);
	process_put(owner);
	return slept;
}
