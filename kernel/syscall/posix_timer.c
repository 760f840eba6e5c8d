/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * POSIX timers (timer_create(2)): per process, signalling it or one of its threads. Of each timer one signal waits at a time; what expires until a
 * task takes it is its overrun.
 */
#include "kernel/mem/heap.h"
#include "kernel/syscall/clock.h"
#include "kernel/sched/clock_watch.h"
#include "kernel/sched/wait.h"
#include "kernel/uapi/time.h"
#include "lib/string.h"

#define LAZY_NS 1000000u /* between looks at a timer whose signal waits, or is ignored */

struct posix_timer {
	struct list node;	/* under both locks; either is enough to read */
	struct timer timer;	/* on the time of day or the monotonic one, or: */
	struct cpu_timer cpu;	/* on a CPU clock */
	bool is_cpu;
	struct clock_watch watch; /* if it is_of_day */
	struct process *process;
	int id, clock, notify, signal, tid;
	uint64_t value; /* sigev_value */
	/* Guarded by the lock of the state: */
	bool is_set;
	bool is_of_day;	      /* set to a time of day, and not to come in some time */
	uint64_t interval_ns;
	uint64_t next_ns;     /* the next expiration, as now_of tells it; it may be looked at later */
	uint64_t overruns;    /* since the signal that waits */
	int taken_overruns;   /* of the one that was taken last */
};

/* The timers of a process, made with its first; process->posix_timers. */
struct posix_timers {
	struct mutex lock; /* of the calls */
	struct spinlock state_lock; /* what expirations and taken signals change */
	struct list list;
	int next_id;
};

static uint64_t now_of(const struct posix_timer *t)
{
	if (t->is_cpu)
		return cpu_timer_now(&t->cpu);
	return t->is_of_day ? clock_realtime_ns() : clock_monotonic_ns();
}

/* Nothing is armed once the call returns, unless it is set meanwhile. Without the lock of the state: its function takes it. */
static void cancel(struct posix_timer *t)
{
	if (t->is_cpu)
		cpu_timer_cancel(&t->cpu);
	else
		timer_end(&t->timer);
}

static void arm_locked(struct posix_timer *t, uint64_t when_ns)
{
	if (t->is_cpu)
		cpu_timer_arm(&t->cpu, when_ns);
	else
		timer_arm(&t->timer, t->is_of_day ? clock_monotonic_at(when_ns) : when_ns);
}

static void clock_has_stepped(struct clock_watch *watch)
{
	struct posix_timer *t = container_of(watch, struct posix_timer, watch);
	struct posix_timers *timers = t->process->posix_timers;

	spin_lock(&timers->state_lock);
	if (t->is_set)
		arm_locked(t, t->next_ns);
	spin_unlock(&timers->state_lock);
}

/* ---- Expiring ---- */

/* Goes past what has expired by now, and tells how often that was. */
static uint64_t count_expired_locked(struct posix_timer *t, uint64_t now)
{
	uint64_t count;

	if (!t->is_set || t->next_ns > now)
		return 0;
	count = t->interval_ns ? (now - t->next_ns) / t->interval_ns + 1 : 1;
	t->is_set = t->interval_ns;
	t->next_ns += count * t->interval_ns;
	return count;
}

static enum timer_signal send_signal(const struct posix_timer *t)
{
	struct linux_siginfo info = {.signo = t->signal, .code = LINUX_SI_TIMER, .mark = t->id + 1};

	if (t->notify == LINUX_SIGEV_NONE)
		return TIMER_SIGNAL_DROPPED;
	info.timer.id = t->id;
	info.timer.value = t->value;
	return process_timer_signal(t->process, t->notify == LINUX_SIGEV_THREAD_ID ? t->tid : 0, &info);
}

static void expire(struct posix_timer *t)
{
	struct posix_timers *timers = t->process->posix_timers;
	enum timer_signal sent;
	uint64_t now, count;

	spin_lock(&timers->state_lock);
	now = now_of(t);
	count = count_expired_locked(t, now);
	if (count) {
		sent = send_signal(t);
		t->overruns = sent == TIMER_SIGNAL_WAITS ? t->overruns + count : count - 1;
		if (t->is_set)
			arm_locked(t, sent == TIMER_SIGNAL_QUEUED ? t->next_ns : max_u64(t->next_ns, now + LAZY_NS));
	} else if (t->is_set) {
		arm_locked(t, t->next_ns);
	}
	spin_unlock(&timers->state_lock);
}

static void timer_fires(struct timer *timer)
{
	expire(container_of(timer, struct posix_timer, timer));
}

static void cpu_timer_fires(struct cpu_timer *timer)
{
	expire(container_of(timer, struct posix_timer, cpu));
}

static struct posix_timer *timer_by_id(struct posix_timers *timers, int id)
{
	struct posix_timer *t;

	list_for_each(t, &timers->list, node) {
		if (t->id == id)
			return t;
	}
	return NULL;
}

/*
 * As the one who takes the signal is to see it: all that expired since it was sent. Then the next one is due in time again; CPU timers are no more
 * exact than what they are armed for already.
 */
static void posix_timer_taken(struct process *process, struct linux_siginfo *info)
{
	struct posix_timers *timers = process->posix_timers;
	struct posix_timer *t;

	info->mark = 0;
	if (!timers)
		return;
	spin_lock(&timers->state_lock);
	t = timer_by_id(timers, info->timer.id);
	if (t) {
		t->overruns += count_expired_locked(t, now_of(t));
		t->taken_overruns = info->timer.overrun = (int)min_u64(t->overruns, INT32_MAX);
		t->overruns = 0;
		if (t->is_set && !t->is_cpu)
			arm_locked(t, t->next_ns);
	}
	spin_unlock(&timers->state_lock);
}

/* ---- The calls ---- */

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

/* The timers of the running process; NULL: it never made one, or -- if that is what is wanted -- there is no memory. */
static struct posix_timers *timers_mine(bool create)
{
	struct process *process = process_current();
	struct posix_timers *timers = __atomic_load_n(&process->posix_timers, __ATOMIC_ACQUIRE), *fresh;
	void *expected = NULL;

	if (timers || !create)
		return timers;
	fresh = heap_alloc_zero(sizeof(*fresh));
	if (!fresh)
		return NULL;
	mutex_init(&fresh->lock);
	list_init(&fresh->list);
	if (__atomic_compare_exchange_n(&process->posix_timers, &expected, fresh, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return fresh;
	heap_free(fresh); /* another thread was faster */
	return expected;
}

/* One of the running process's timers, with the lock of the calls held; NULL: there is none. */
static struct posix_timer *lock_timer(int id)
{
	struct posix_timers *timers = timers_mine(false);
	struct posix_timer *t;

	if (!timers)
		return NULL;
	mutex_lock(&timers->lock);
	t = timer_by_id(timers, id);
	if (!t)
		mutex_unlock(&timers->lock);
	return t;
}

static void unlock_timer(struct posix_timer *t)
{
	struct posix_timers *timers = t->process->posix_timers;

	mutex_unlock(&timers->lock);
}

static bool is_task_of_mine(int tid)
{
	struct task *task;
	bool is_mine;

	spin_lock(&process_tree_lock);
	task = task_find(tid);
	is_mine = task && task->process == process_current();
	spin_unlock(&process_tree_lock);
	return is_mine;
}

static int check_event(const struct linux_sigevent *event)
{
	switch (event->notify) {
	case LINUX_SIGEV_NONE:
		return 0;
	case LINUX_SIGEV_THREAD_ID:
		if (!is_task_of_mine(event->tid))
			return -EINVAL;
		break;
	case LINUX_SIGEV_SIGNAL:
	case LINUX_SIGEV_THREAD: /* libraries make it of SIGEV_THREAD_ID; it is a plain signal here */
		break;
	default:
		return -EINVAL;
	}
	return event->signo >= 1 && event->signo <= LINUX_NSIG ? 0 : -EINVAL;
}

/* Each may have a signal waiting, so that it counts as one (getrlimit(2), RLIMIT_SIGPENDING). */
static bool charge(struct process *process)
{
	bool has_room;

	spin_lock(&process->signal_lock);
	has_room = process->nr_queued < process->limits[LINUX_RLIMIT_SIGPENDING].soft;
	process->nr_queued += has_room;
	spin_unlock(&process->signal_lock);
	return has_room;
}

static void uncharge(struct process *process)
{
	spin_lock(&process->signal_lock);
	process->nr_queued--;
	spin_unlock(&process->signal_lock);
}

/* Returns its id: another thread may delete it at once. */
static int enter(struct posix_timers *timers, struct posix_timer *t, bool has_event)
{
	int id;

	mutex_lock(&timers->lock);
	do {
		id = timers->next_id;
		timers->next_id = id == INT32_MAX - 1 ? 0 : id + 1;
	} while (timer_by_id(timers, id));
	t->id = id;
	if (!has_event)
		t->value = (uint64_t)id;
	spin_lock(&timers->state_lock);
	list_push_back(&timers->list, &t->node);
	spin_unlock(&timers->state_lock);
	mutex_unlock(&timers->lock);
	return id;
}

static struct posix_timer *timer_new(int clock, bool is_cpu, int cpu_tid, const struct linux_sigevent *event)
{
	struct process *process = process_current();
	struct posix_timer *t = heap_alloc_zero(sizeof(*t));

	if (!t || !charge(process)) {
		heap_free(t);
		return NULL;
	}
	timer_init(&t->timer, timer_fires);
	list_init(&t->watch.node);
	t->watch.stepped = clock_has_stepped;
	cpu_timer_init(&t->cpu, process, cpu_tid, CPU_CLOCK_TOTAL, cpu_timer_fires);
	t->is_cpu = is_cpu;
	t->process = process;
	t->clock = clock;
	t->notify = event->notify;
	t->signal = event->signo;
	t->tid = event->tid;
	t->value = event->value;
	return t;
}

/* Out of the list and quiet; a signal that waits is no more. Lock of the calls held. */
static void remove_locked(struct posix_timers *timers, struct posix_timer *t)
{
	spin_lock(&timers->state_lock);
	t->is_set = false;
	list_remove(&t->node);
	spin_unlock(&timers->state_lock);
	clock_watch_remove(&t->watch);
	cancel(t);
	process_drop_timer_signal(t->process, t->id + 1);
	uncharge(t->process);
	heap_free(t);
}

static int delete_timer(int id)
{
	struct posix_timer *t = lock_timer(id);
	struct posix_timers *timers;

	if (!t)
		return -EINVAL;
	timers = t->process->posix_timers;
	remove_locked(timers, t);
	mutex_unlock(&timers->lock);
	return 0;
}

SYSCALL(timer_create, 3, "dpp")
{
	struct linux_sigevent event = {.signo = LINUX_SIGALRM, .notify = LINUX_SIGEV_SIGNAL};
	struct posix_timers *timers;
	struct posix_timer *t;
	int clock = (int)a->v[0], tid, id, ret;
	bool is_cpu = find_cpu_clock(clock, &tid);
	uint64_t reading;

	if (clock_read(clock, &reading) || (clock < 0 && !is_cpu))
		return -EINVAL;
	if (!clock_takes_timers(clock))
		return -EOPNOTSUPP;
	if (a->v[1] && copy_from_user(&event, a->v[1], sizeof(event)))
		return -EFAULT;
	ret = check_event(&event);
	if (ret)
		return ret;
	timers = timers_mine(true);
	t = timers ? timer_new(clock, is_cpu, tid, &event) : NULL;
	if (!t)
		return -EAGAIN;
	id = enter(timers, t, a->v[1]);
	if (!copy_to_user(a->v[2], &id, sizeof(id)))
		return 0;
	(void)delete_timer(id);
	return -EFAULT;
}

/* What is left, as if all that has expired had been told; lock of the state held. */
static void get_setting_locked(const struct posix_timer *t, struct linux_itimerspec *spec)
{
	uint64_t now = now_of(t), left = 0;

	if (t->is_set && t->next_ns > now)
		left = t->next_ns - now;
	else if (t->is_set)
		left = t->interval_ns ? t->interval_ns - (now - t->next_ns) % t->interval_ns : t->notify != LINUX_SIGEV_NONE;
	spec->interval_seconds = (int64_t)(t->interval_ns / NS_PER_SECOND);
	spec->interval_nanoseconds = (int64_t)(t->interval_ns % NS_PER_SECOND);
	spec->value_seconds = (int64_t)(left / NS_PER_SECOND);
	spec->value_nanoseconds = (int64_t)(left % NS_PER_SECOND);
}

/* What the timer was set to goes, and with it a signal that waits. Lock of the calls held. */
static void set_timer(struct posix_timer *t, uint64_t value_ns, uint64_t interval_ns, bool is_absolute, struct linux_itimerspec *old)
{
	struct posix_timers *timers = t->process->posix_timers;

	spin_lock(&timers->state_lock);
	get_setting_locked(t, old);
	t->is_set = false;
	spin_unlock(&timers->state_lock);
	clock_watch_remove(&t->watch);
	cancel(t);
	process_drop_timer_signal(t->process, t->id + 1);
	spin_lock(&timers->state_lock);
	t->interval_ns = interval_ns;
	t->overruns = 0;
	t->taken_overruns = 0;
	t->is_set = value_ns;
	t->is_of_day = is_absolute && clock_is_realtime(t->clock);
	t->next_ns = is_absolute ? value_ns : now_of(t) + value_ns;
	if (t->is_set && !t->is_of_day)
		arm_locked(t, t->next_ns);
	spin_unlock(&timers->state_lock);
	if (value_ns && t->is_of_day)
		clock_watch_add(&t->watch);
}

SYSCALL(timer_settime, 4, "dxpp")
{
	struct linux_itimerspec old;
	uint64_t interval, value;
	struct posix_timer *t;
	int ret;

	if (!a->v[2])
		return -EINVAL;
	ret = syscall_copy_timespec(a->v[2], &interval);
	if (!ret)
		ret = syscall_copy_timespec(a->v[2] + 16, &value);
	if (ret)
		return ret;
	t = lock_timer((int)a->v[0]);
	if (!t)
		return -EINVAL;
	set_timer(t, value, value ? interval : 0, a->v[1] & LINUX_TIMER_ABSTIME, &old);
	unlock_timer(t);
	return a->v[3] ? copy_to_user(a->v[3], &old, sizeof(old)) : 0;
}

SYSCALL(timer_gettime, 2, "dp")
{
	struct posix_timer *t = lock_timer((int)a->v[0]);
	struct linux_itimerspec now;
	struct posix_timers *timers;

	if (!t)
		return -EINVAL;
	timers = t->process->posix_timers;
	spin_lock(&timers->state_lock);
	get_setting_locked(t, &now);
	spin_unlock(&timers->state_lock);
	unlock_timer(t);
	return copy_to_user(a->v[1], &now, sizeof(now));
}

SYSCALL(timer_getoverrun, 1, "d")
{
	struct posix_timer *t = lock_timer((int)a->v[0]);
	int overruns;

	if (!t)
		return -EINVAL;
	overruns = __atomic_load_n(&t->taken_overruns, __ATOMIC_RELAXED);
	unlock_timer(t);
	return overruns;
}

SYSCALL(timer_delete, 1, "d")
{
	return delete_timer((int)a->v[0]);
}

/* No other task of the process is left. */
static void posix_timers_release(struct process *process)
{
	struct posix_timers *timers = process->posix_timers;
	struct posix_timer *t, *next;

	list_for_each_safe(t, next, &timers->list, node)
		remove_locked(timers, t);
	process->posix_timers = NULL;
	heap_free(timers);
}

static void set_hooks(void)
{
	static const struct timer_hooks hooks = {.release = posix_timers_release, .taken = posix_timer_taken};

	process_set_timer_hooks(&hooks);
}
INITCALL(posix_timer, INIT_CORE, set_hooks);
