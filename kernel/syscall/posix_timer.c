/* SPDX-License-Identifier: BSD-3-Clause */
/* POSIX timers (timer_create(2)): per process, signalling it or one of its threads. */
#include "kernel/mem/heap.h"
#include "kernel/syscall/clock.h"
#include "kernel/uapi/time.h"
#include "lib/string.h"

struct posix_timer {
	struct list node;
	struct timer timer;	/* on the time of day, or: */
	struct cpu_timer cpu;	/* on a CPU clock */
	bool is_cpu;
	struct process *process;
	int id, clock, notify, signal, tid;
	uint64_t value; /* sigev_value */
	uint64_t interval_ns;
	int overruns;
};

/* The timers of a process, made with its first; process->posix_timers. */
struct posix_timers {
	struct list list;
	int next_id;
	struct spinlock lock;
};

/* The time after `last` at which it fires next, later than now; counts those that it has missed. */
static uint64_t next_time(struct posix_timer *t, uint64_t last, uint64_t now)
{
	uint64_t next = last + t->interval_ns, missed;

	if (next > now)
		return next;
	missed = (now - next) / t->interval_ns + 1;
	t->overruns = (int)min_u64(missed, INT32_MAX);
	return next + missed * t->interval_ns;
}

static void notify(struct posix_timer *t)
{
	struct linux_siginfo info = {.signo = t->signal, .code = LINUX_SI_TIMER};

	if (t->notify == LINUX_SIGEV_NONE)
		return;
	info.timer.id = t->id;
	info.timer.overrun = t->overruns;
	info.timer.value = t->value;
	if (t->notify != LINUX_SIGEV_THREAD_ID) {
		process_signal(t->process, t->signal, &info);
		return;
	}
	spin_lock(&process_tree_lock);
	struct task *task = task_find(t->tid);
	if (task && task->process == t->process)
		task_signal(task, t->signal, &info);
	spin_unlock(&process_tree_lock);
}

static void posix_timer_fire(struct timer *timer)
{
	struct posix_timer *t = container_of(timer, struct posix_timer, timer);

	t->overruns = 0;
	if (t->interval_ns)
		timer_arm(timer, next_time(t, timer->deadline_ns, clock_monotonic_ns()));
	notify(t);
}

static void posix_cpu_timer_fire(struct cpu_timer *timer)
{
	struct posix_timer *t = container_of(timer, struct posix_timer, cpu);

	t->overruns = 0;
	if (t->interval_ns)
		cpu_timer_arm(timer, next_time(t, timer->target_ns, cpu_timer_now(timer)));
	notify(t);
}

/* Whether the clock is a CPU clock of this process, and of which of its threads (0: all). Those of others take no timers. */
static bool find_cpu_clock(int clock, int *tid)
{
	int id = ~(clock >> 3);

	*tid = 0;
	if (clock == LINUX_CLOCK_PROCESS_CPUTIME_ID)
		return true;
	if (clock == LINUX_CLOCK_THREAD_CPUTIME_ID || (clock < 0 && (clock & 4))) {
		*tid = clock > 0 || !id ? task_current()->tid : id;
		return true;
	}
	return clock < 0 && (!id || id == process_current()->pid);
}

static bool timer_is_armed(const struct posix_timer *t)
{
	return t->is_cpu ? t->cpu.is_armed : t->timer.is_armed;
}

static uint64_t time_left(const struct posix_timer *t)
{
	uint64_t now;

	if (!timer_is_armed(t))
		return 0;
	if (t->is_cpu)
		return cpu_timer_left(&t->cpu);
	now = clock_monotonic_ns();
	return t->timer.deadline_ns > now ? t->timer.deadline_ns - now : 1;
}

static void disarm(struct posix_timer *t)
{
	if (t->is_cpu)
		cpu_timer_cancel(&t->cpu);
	else
		timer_cancel(&t->timer);
}

static void arm(struct posix_timer *t, uint64_t value_ns, bool is_absolute)
{
	if (t->is_cpu)
		cpu_timer_arm(&t->cpu, is_absolute ? value_ns : cpu_timer_now(&t->cpu) + value_ns);
	else
		timer_arm(&t->timer, clock_deadline(t->clock, value_ns, is_absolute));
}

static struct posix_timers *timers_of(struct process *process, bool create)
{
	struct posix_timers *timers = process->posix_timers;

	if (timers || !create)
		return timers;
	timers = heap_alloc_zero(sizeof(*timers));
	if (!timers)
		return NULL;
	list_init(&timers->list);
	process->posix_timers = timers;
	return timers;
}

static struct posix_timer *timer_by_id(struct posix_timers *timers, int id)
{
	struct posix_timer *t;

	if (!timers)
		return NULL;
	list_for_each(t, &timers->list, node) {
		if (t->id == id)
			return t;
	}
	return NULL;
}

SYSCALL(timer_create, 3, "dpp")
{
	struct linux_sigevent event = {.signo = LINUX_SIGALRM, .notify = LINUX_SIGEV_SIGNAL};
	struct process *process = process_current();
	struct posix_timers *timers;
	struct posix_timer *t;
	int clock = (int)a->v[0], tid;
	bool is_cpu = find_cpu_clock(clock, &tid);
	uint64_t reading;

	if (clock_read(clock, &reading) || (clock < 0 && !is_cpu))
		return -EINVAL;
	if (a->v[1] && copy_from_user(&event, a->v[1], sizeof(event)))
		return -EFAULT;
	if (event.notify != LINUX_SIGEV_NONE && (event.signo < 1 || event.signo > LINUX_NSIG))
		return -EINVAL;
	timers = timers_of(process, true);
	t = timers ? heap_alloc_zero(sizeof(*t)) : NULL;
	if (!t)
		return -EAGAIN;
	timer_init(&t->timer, posix_timer_fire);
	cpu_timer_init(&t->cpu, process, tid, CPU_CLOCK_TOTAL, posix_cpu_timer_fire);
	t->is_cpu = is_cpu;
	t->process = process;
	t->clock = clock;
	t->notify = event.notify;
	t->signal = event.signo;
	t->tid = event.tid;
	spin_lock(&timers->lock);
	t->id = timers->next_id++;
	t->value = a->v[1] ? event.value : (uint64_t)t->id;
	list_push_back(&timers->list, &t->node);
	spin_unlock(&timers->lock);
	return copy_to_user(a->v[2], &t->id, sizeof(t->id));
}

static void get_remaining(const struct posix_timer *t, struct linux_itimerspec *spec)
{
	uint64_t left = time_left(t);

	spec->interval_seconds = (int64_t)(t->interval_ns / NS_PER_SECOND);
	spec->interval_nanoseconds = (int64_t)(t->interval_ns % NS_PER_SECOND);
	spec->value_seconds = (int64_t)(left / NS_PER_SECOND);
	spec->value_nanoseconds = (int64_t)(left % NS_PER_SECOND);
}

SYSCALL(timer_settime, 4, "dxpp")
{
	struct posix_timer *t = timer_by_id(process_current()->posix_timers, (int)a->v[0]);
	struct linux_itimerspec old;
	uint64_t interval, value;
	int ret;

	if (!a->v[2])
		return -EINVAL;
	ret = syscall_copy_timespec(a->v[2], &interval);
	if (!ret)
		ret = syscall_copy_timespec(a->v[2] + 16, &value);
	if (ret)
		return ret;
	if (!t)
		return -EINVAL;
	get_remaining(t, &old);
	disarm(t);
	t->interval_ns = interval;
	if (value)
		arm(t, value, a->v[1] & LINUX_TIMER_ABSTIME);
	return a->v[3] ? copy_to_user(a->v[3], &old, sizeof(old)) : 0;
}

SYSCALL(timer_gettime, 2, "dp")
{
	struct posix_timer *t = timer_by_id(process_current()->posix_timers, (int)a->v[0]);
	struct linux_itimerspec now;

	if (!t)
		return -EINVAL;
	get_remaining(t, &now);
	return copy_to_user(a->v[1], &now, sizeof(now));
}

SYSCALL(timer_getoverrun, 1, "d")
{
	struct posix_timer *t = timer_by_id(process_current()->posix_timers, (int)a->v[0]);

	return t ? t->overruns : -EINVAL;
}

static void timer_free(struct posix_timer *t)
{
	disarm(t);
	list_remove(&t->node);
	heap_free(t);
}

SYSCALL(timer_delete, 1, "d")
{
	struct posix_timer *t = timer_by_id(process_current()->posix_timers, (int)a->v[0]);

	if (!t)
		return -EINVAL;
	timer_free(t);
	return 0;
}

static void posix_timers_release(struct process *process)
{
	struct posix_timers *timers = process->posix_timers;
	struct posix_timer *t, *next;

	if (!timers)
		return;
	list_for_each_safe(t, next, &timers->list, node)
		timer_free(t);
	process->posix_timers = NULL;
	heap_free(timers);
}

static void set_release_hook(void)
{
	process_set_timers_release_hook(posix_timers_release);
}
INITCALL(posix_timer, INIT_CORE, set_release_hook);
