/* SPDX-License-Identifier: BSD-3-Clause */
/* Interval timers (setitimer(2), alarm(2)): one on the time of day, two on the process's CPU time. */
#include "kernel/platform/platform.h"
#include "kernel/syscall/syscall.h"
#include "kernel/uapi/time.h"

struct setting {
	uint64_t value_ns, interval_ns;
};

/* ---- ITIMER_REAL ---- */

static void real_timer_fire(struct timer *timer)
{
	struct process *process = container_of(timer, struct process, real_timer);

	process_signal(process, LINUX_SIGALRM, NULL);
	if (process->real_interval_ns)
		timer_arm(timer, timer->deadline_ns + process->real_interval_ns);
}

static struct setting real_get(const struct process *process)
{
	uint64_t now = clock_monotonic_ns();
	struct setting setting = {.interval_ns = process->real_interval_ns};

	if (process->real_timer.is_armed)
		setting.value_ns = process->real_timer.deadline_ns > now ? process->real_timer.deadline_ns - now : 1;
	return setting;
}

static void real_set(struct process *process, const struct setting *setting)
{
	timer_cancel(&process->real_timer);
	process->real_interval_ns = setting->interval_ns;
	if (!setting->value_ns)
		return;
	process->real_timer.fire = real_timer_fire;
	timer_arm(&process->real_timer, clock_monotonic_ns() + setting->value_ns);
}

/* ---- ITIMER_VIRTUAL, ITIMER_PROF ---- */

static void fire_again(struct cpu_timer *timer, int signal, uint64_t interval_ns)
{
	process_signal(timer->process, signal, NULL);
	if (interval_ns)
		cpu_timer_arm(timer, timer->target_ns + interval_ns);
}

static void virtual_timer_fire(struct cpu_timer *timer)
{
	fire_again(timer, LINUX_SIGVTALRM, timer->process->virtual_interval_ns);
}

static void profile_timer_fire(struct cpu_timer *timer)
{
	fire_again(timer, LINUX_SIGPROF, timer->process->profile_interval_ns);
}

static void cpu_set(struct cpu_timer *timer, void (*fire)(struct cpu_timer *), uint64_t *interval_ns, const struct setting *setting)
{
	cpu_timer_cancel(timer);
	*interval_ns = setting->interval_ns;
	timer->fire = fire;
	if (setting->value_ns)
		cpu_timer_arm(timer, cpu_timer_now(timer) + setting->value_ns);
}

/* ---- The calls ---- */

static struct setting get(const struct process *process, uint64_t which)
{
	if (which == LINUX_ITIMER_REAL)
		return real_get(process);
	if (which == LINUX_ITIMER_VIRTUAL)
		return (struct setting){cpu_timer_left(&process->virtual_timer), process->virtual_interval_ns};
	return (struct setting){cpu_timer_left(&process->profile_timer), process->profile_interval_ns};
}

static void set(struct process *process, uint64_t which, const struct setting *setting)
{
	if (which == LINUX_ITIMER_REAL)
		real_set(process, setting);
	else if (which == LINUX_ITIMER_VIRTUAL)
		cpu_set(&process->virtual_timer, virtual_timer_fire, &process->virtual_interval_ns, setting);
	else
		cpu_set(&process->profile_timer, profile_timer_fire, &process->profile_interval_ns, setting);
}

/* Of threads that set a timer at the same time one comes first. */
static struct setting exchange(struct process *process, uint64_t which, const struct setting *setting)
{
	struct setting old;

	spin_lock(&process->timer_lock);
	old = get(process, which);
	set(process, which, setting);
	spin_unlock(&process->timer_lock);
	return old;
}

SYSCALL(alarm, 1, "u")
{
	struct setting setting = {.value_ns = (uint32_t)a->v[0] * NS_PER_SECOND}, old = exchange(process_current(), LINUX_ITIMER_REAL, &setting);

	return (int64_t)((old.value_ns + NS_PER_SECOND - 1) / NS_PER_SECOND);
}

/* A timer that is set never tells zero, though it be about to fire. */
static int put_setting(uint64_t address, struct setting setting)
{
	uint64_t value_ns = setting.value_ns ? max_u64(setting.value_ns, 1000) : 0;
	struct linux_itimerval value = {
	    .interval_seconds = (int64_t)(setting.interval_ns / NS_PER_SECOND),
	    .interval_microseconds = (int64_t)(setting.interval_ns % NS_PER_SECOND / 1000),
	    .value_seconds = (int64_t)(value_ns / NS_PER_SECOND),
	    .value_microseconds = (int64_t)(value_ns % NS_PER_SECOND / 1000),
	};

	return address ? copy_to_user(address, &value, sizeof(value)) : 0;
}

/* -EINVAL: negative, or a second or more of microseconds. Longer than a century is for ever. */
static int time_to_ns(int64_t seconds, int64_t microseconds, uint64_t *ns)
{
	if (seconds < 0 || microseconds < 0 || microseconds >= 1000000)
		return -EINVAL;
	*ns = min_u64((uint64_t)seconds, TIME_MAX_NS / NS_PER_SECOND) * NS_PER_SECOND + (uint64_t)microseconds * 1000;
	return 0;
}

SYSCALL(getitimer, 2, "dp")
{
	if (a->v[0] > LINUX_ITIMER_PROF)
		return -EINVAL;
	return a->v[1] ? put_setting(a->v[1], get(process_current(), a->v[0])) : -EFAULT;
}

SYSCALL(setitimer, 3, "dpp")
{
	struct linux_itimerval value = {0};
	struct setting setting, old;
	int ret;

	if (a->v[0] > LINUX_ITIMER_PROF)
		return -EINVAL;
	if (a->v[1] && copy_from_user(&value, a->v[1], sizeof(value)))
		return -EFAULT;
	ret = time_to_ns(value.value_seconds, value.value_microseconds, &setting.value_ns);
	if (!ret)
		ret = time_to_ns(value.interval_seconds, value.interval_microseconds, &setting.interval_ns);
	if (ret)
		return ret;
	old = exchange(process_current(), a->v[0], &setting);
	return put_setting(a->v[2], old);
}
