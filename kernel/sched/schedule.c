/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who runs where and when. Each CPU has a run queue, and an idle thread that runs when the queue is empty and no other CPU's has a thread to give.
 *
 * Changing threads: the leaving thread's new state is set and the next one chosen under the run queue's lock; the lock is released, the stacks are
 * switched, and the next thread completes the change (scheduler_finish_switch) by clearing the leaver's on_cpu. Between the unlocking and that
 * moment the leaver can already be woken: it is then entered in the queue of the very CPU that is leaving it, which cannot pick it before the
 * change is complete, and nobody steals a thread that is on_cpu. So no CPU ever waits for another's stack.
 *
 * Wake before sleep: a wake-up of a thread that is not asleep leaves wake_pending behind, under the same lock.
 */
#include "kernel/sched/schedule.h"
#include "kernel/log/log.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/sched/wait.h"
#include "kernel/uapi/errno.h"

#define TIMERS_PER_INTERRUPT 64

static struct scheduler boot_scheduler;
static struct scheduler *schedulers[CPU_MAX] = {&boot_scheduler};
static uint64_t idle_cpus, present_cpus; /* masks; atomic */
static struct thread boot_thread = {.name = "boot"};

struct scheduler *scheduler_of(unsigned cpu)
{
	return __atomic_load_n(&schedulers[cpu], __ATOMIC_ACQUIRE);
}

struct scheduler *scheduler_mine(void)
{
	return schedulers[cpu_id()];
}

struct thread *thread_current(void)
{
	return cpu_current_thread();
}

uint64_t sched_switches(void)
{
	uint64_t nr = 0;

	for (unsigned cpu = 0; cpu < cpu_count(); cpu++)
		nr += scheduler_of(cpu) ? scheduler_of(cpu)->nr_switches : 0;
	return nr;
}

uint64_t sched_idle_ns(unsigned cpu)
{
	const struct scheduler *s = scheduler_of(cpu);
	uint64_t since;

	if (!s)
		return 0;
	since = s->idle_since_ns;
	return s->idle_ns + (since ? clock_monotonic_ns() - since : 0);
}

/* ---- Time. ---- */

void scheduler_program(struct scheduler *me)
{
	uint64_t want = min_u64(me->timers.next_ns, me->slice_end_ns);

	if (me->queue.current != &me->idle)
		want = min_u64(want, me->refresh_ns);
	/* An interrupt that comes too early is cheaper than programming at each change: the clock is only ever moved forward. */
	if (want >= me->programmed_ns)
		return;
	me->programmed_ns = want;
	clock_program(want);
}

static void charge_current(struct scheduler *me, uint64_t now)
{
	struct thread *current = me->queue.current;
	uint64_t ns = now - current->slice_start_ns;

	current->slice_start_ns = now;
	if (current == &me->idle || (int64_t)ns < 0)
		return;
	current->run_ns += ns;
	run_queue_charge(&me->queue, current, ns);
}

/* When others wait the slice has an end; it counts from when the thread was picked. */
static void set_slice_end(struct scheduler *me, uint64_t now)
{
	uint64_t slice = run_queue_slice_ns(&me->queue);
	const struct thread *current = me->queue.current;

	if (slice == UINT64_MAX || current == &me->idle)
		me->slice_end_ns = UINT64_MAX;
	else
		me->slice_end_ns = current->slice_used_ns >= slice ? now : now + slice - current->slice_used_ns;
}

/* An idle CPU brings no new addresses: only time at work counts, lest a server that wakes ten times a second begins each time anew. */
static void account_idle(struct scheduler *me, uint64_t ns)
{
	me->idle_ns += ns;
	if (me->refresh_ns != UINT64_MAX)
		me->refresh_ns += ns;
}

static void plan_refresh(struct scheduler *me, uint64_t now)
{
	uint64_t period = page_table_refresh_period();

	if (period)
		me->refresh_ns = now + period;
}

static void refresh_if_due(struct scheduler *me, uint64_t now)
{
	if (likely(now < me->refresh_ns) || me->queue.current == &me->idle)
		return;
	page_table_refresh();
	plan_refresh(me, now);
}

static void on_timer_interrupt(void)
{
	struct scheduler *me = scheduler_mine();
	uint64_t now = clock_monotonic_ns();

	me->programmed_ns = UINT64_MAX;
	if (me->timers.next_ns <= now)
		timer_queue_run(&me->timers, now, TIMERS_PER_INTERRUPT);
	if (me->slice_end_ns <= now) {
		me->queue.current->needs_resched = true;
		me->slice_end_ns = UINT64_MAX;
	}
	if (me->refresh_ns == UINT64_MAX) /* from the first interrupt on: a short program is spared the programming of the clock */
		plan_refresh(me, now);
	refresh_if_due(me, now);
	scheduler_program(me);
}

/* ---- Changing threads. ---- */

static void leave_registers(struct thread *previous)
{
	if (previous->vector && previous->state != THREAD_DEAD)
		user_vector_save(previous->vector);
}

static void enter_registers(struct scheduler *me, struct thread *next)
{
	if (!next->vector) /* it runs no program */
		return;
	if (me->vector_owner != next || next->vector_cpu != me->cpu) {
		user_vector_restore(next->vector);
		me->vector_owner = next;
		next->vector_cpu = me->cpu;
	}
}

static void place(struct thread *thread, enum run_add why);

void scheduler_finish_switch(void)
{
	struct scheduler *me = scheduler_mine();
	struct thread *previous = me->previous;
	bool moves = me->previous_moves;

	me->previous_moves = false;
	if (unlikely(previous->state == THREAD_DEAD)) {
		void *stack = previous->stack;

		if (me->vector_owner == previous)
			me->vector_owner = NULL;
		previous->stack = NULL;
		if (stack) /* the boot thread's is part of the image */
			thread_stack_free(stack);
		__atomic_store_n(&previous->on_cpu, false, __ATOMIC_RELEASE);
		if (previous->release)
			previous->release(previous);
		return;
	}
	__atomic_store_n(&previous->on_cpu, false, __ATOMIC_RELEASE);
	if (unlikely(moves))
		place(previous, RUN_MOVED);
}

/* Switches to `next`; the queue's lock is held and is released. */
static void change_to(struct scheduler *me, struct thread *previous, struct thread *next, uint64_t now)
{
	next->state = THREAD_RUNNING;
	next->slice_start_ns = now;
	next->slice_used_ns = 0;
	me->queue.current = next;
	set_slice_end(me, now);
	if (next == previous) {
		spin_unlock(&me->queue.lock);
		scheduler_program(me);
		return;
	}
	thread_stack_check(previous);
	me->nr_switches++;
	if (next->tells_switches && next->told_cpu != me->cpu)
		next->was_switched = true;
	next->on_cpu = true;
	me->previous = previous;
	leave_registers(previous);
	cpu_set_current_thread(next);
	spin_unlock(&me->queue.lock);
	page_table_activate(next->page_table); /* NULL: stays where it is, in the hope that the same program comes back */
	enter_registers(me, next);
	refresh_if_due(me, now);
	scheduler_program(me);
	load_update(now);
	kernel_context_switch(&previous->kernel, &next->kernel);
	scheduler_finish_switch();
}

/* Threads wait here while another CPU idles: it comes and steals. */
static void call_for_help(const struct scheduler *me)
{
	uint64_t idle = __atomic_load_n(&idle_cpus, __ATOMIC_RELAXED) & ~(1ull << me->cpu);

	if (unlikely(me->queue.nr_waiting && idle))
		cpu_kick((unsigned)__builtin_ctzll(idle));
}

/* The running thread, whose state says how it leaves, gives way. The queue's lock is held and is released. */
static void schedule(struct scheduler *me, struct thread *previous, enum run_add why)
{
	uint64_t now = clock_monotonic_ns();
	struct thread *next;

	previous->needs_resched = false;
	charge_current(me, now);
	if (previous->state != THREAD_RUNNABLE) {
		if (previous != &me->idle)
			run_queue_leave(&me->queue, previous);
		previous->switches_voluntary++;
	} else if (previous != &me->idle) {
		previous->switches_involuntary++;
		previous->was_switched = previous->tells_switches;
		if (previous->affinity >> me->cpu & 1) {
			run_queue_add(&me->queue, previous, why);
		} else {
			run_queue_leave(&me->queue, previous);
			me->previous_moves = true;
		}
	}
	next = run_queue_pick(&me->queue);
	call_for_help(me);
	change_to(me, previous, next ? next : &me->idle, now);
}

static void give_way(enum run_add why)
{
	struct scheduler *me = scheduler_mine();
	struct thread *current = thread_current();

	/* An exchange: the glance at the queue must come after it, or another CPU's request could be wiped out unseen. */
	__atomic_exchange_n(&current->needs_resched, false, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&me->queue.nr_waiting, __ATOMIC_SEQ_CST) && current->affinity >> me->cpu & 1)
		return;
	spin_lock(&me->queue.lock);
	current->state = THREAD_RUNNABLE;
	schedule(me, current, why);
}

void thread_yield(void)
{
	give_way(RUN_YIELDED);
}

void thread_preempt(void)
{
	give_way(RUN_PREEMPTED);
}

bool thread_pause(void)
{
	struct thread *current = thread_current();

	cpu_take_interrupts();
	if (thread_should_yield(current))
		thread_preempt();
	return __atomic_load_n(&current->killed, __ATOMIC_RELAXED);
}

noreturn_fn void thread_exit(void)
{
	struct scheduler *me = scheduler_mine();
	struct thread *current = thread_current();

	spin_lock(&me->queue.lock);
	current->state = THREAD_DEAD;
	schedule(me, current, RUN_PREEMPTED);
	panic("a dead thread ran");
}

/* ---- Sleeping and waking. ---- */

static bool is_disturbed(const struct thread *thread, int mode)
{
	if (mode == WAIT_INTERRUPTIBLE && __atomic_load_n(&thread->interrupted, __ATOMIC_RELAXED))
		return true;
	return mode != WAIT_UNINTERRUPTIBLE && __atomic_load_n(&thread->killed, __ATOMIC_RELAXED);
}

/* Takes the token that a wake-up left. */
static bool take_wake(struct thread *thread)
{
	bool was_woken = thread->wake_pending;

	thread->wake_pending = false;
	return was_woken;
}

int scheduler_sleep(int mode)
{
	struct scheduler *me = scheduler_mine();
	struct thread *current = thread_current();

	spin_lock(&me->queue.lock);
	if (take_wake(current)) {
		spin_unlock(&me->queue.lock);
		return 0;
	}
	if (is_disturbed(current, mode)) {
		spin_unlock(&me->queue.lock);
		return -EINTR;
	}
	current->state = THREAD_SLEEPING;
	current->sleep_mode = mode;
	current->nr_sleeps++;
	schedule(me, current, RUN_PREEMPTED);
	if (take_wake(current)) /* only this thread takes it, and it is asleep no more */
		return 0;
	return is_disturbed(current, mode) ? -EINTR : 0;
}

/* The scheduler that `thread` belongs to, its queue locked. */
static struct scheduler *lock_home(struct thread *thread)
{
	for (;;) {
		unsigned cpu = __atomic_load_n(&thread->cpu, __ATOMIC_RELAXED);
		struct scheduler *home = scheduler_of(cpu);

		spin_lock(&home->queue.lock);
		if (likely(thread->cpu == cpu))
			return home;
		spin_unlock(&home->queue.lock);
	}
}

/* The CPU for a thread that becomes runnable: its last one if idle, else any idle one, else its last. */
static unsigned choose_cpu(const struct thread *thread)
{
	uint64_t allowed = thread->affinity & __atomic_load_n(&present_cpus, __ATOMIC_ACQUIRE);
	uint64_t idle = __atomic_load_n(&idle_cpus, __ATOMIC_RELAXED) & allowed;

	if (!allowed || (idle | (idle ? 0 : allowed)) >> thread->cpu & 1)
		return thread->cpu;
	return (unsigned)__builtin_ctzll(idle ? idle : allowed);
}

/* Enters a runnable thread into `target`'s queue, which is locked and is released, and makes that CPU look. */
static void enter_queue(struct scheduler *target, struct thread *thread, enum run_add why)
{
	struct scheduler *me = scheduler_mine();
	struct thread *running = target->queue.current;
	bool kick;

	run_queue_add(&target->queue, thread, why);
	if (target == me && running != &me->idle)
		charge_current(me, clock_monotonic_ns());
	kick = run_queue_preempts(&target->queue, thread);
	/* The end of the runner's slice was not programmed while nobody waited. */
	if (target == me && !kick && me->slice_end_ns == UINT64_MAX)
		set_slice_end(me, running->slice_start_ns);
	else if (target != me && target->slice_end_ns == UINT64_MAX)
		kick = true;
	if (why == RUN_BEHIND)
		me->slice_end_ns = running->slice_start_ns + RUN_BEHIND_NS;
	if (kick)
		__atomic_store_n(&running->needs_resched, true, __ATOMIC_SEQ_CST);
	if (target != me && running == &target->idle)
		__atomic_and_fetch(&idle_cpus, ~(1ull << target->cpu), __ATOMIC_RELAXED);
	spin_unlock(&target->queue.lock);
	if (target == me)
		scheduler_program(me);
	else if (kick)
		cpu_kick(target->cpu);
}

static void place(struct thread *thread, enum run_add why)
{
	struct scheduler *target = scheduler_of(choose_cpu(thread));

	spin_lock(&target->queue.lock);
	__atomic_store_n(&thread->cpu, target->cpu, __ATOMIC_RELAXED);
	enter_queue(target, thread, why);
}

/* Makes a sleeping thread runnable; its home is locked and is released. */
static void wake_locked(struct scheduler *home, struct thread *thread, enum run_add why)
{
	thread->state = THREAD_RUNNABLE;
	if (__atomic_load_n(&thread->on_cpu, __ATOMIC_ACQUIRE) || choose_cpu(thread) == home->cpu) {
		enter_queue(home, thread, why);
		return;
	}
	spin_unlock(&home->queue.lock);
	place(thread, RUN_WOKEN);
}

static bool wake(struct thread *thread, bool behind)
{
	struct scheduler *home = lock_home(thread);

	thread->wake_pending = true;
	if (thread->state != THREAD_SLEEPING) {
		spin_unlock(&home->queue.lock);
		return false;
	}
	behind = behind && home == scheduler_mine() && !home->queue.nr_waiting;
	if (behind)
		charge_current(home, clock_monotonic_ns());
	wake_locked(home, thread, behind ? RUN_BEHIND : RUN_WOKEN);
	return true;
}

bool thread_wake(struct thread *thread)
{
	return wake(thread, false);
}

bool thread_wake_behind(struct thread *thread)
{
	return wake(thread, true);
}

void scheduler_wake_timeout(struct thread *thread)
{
	struct scheduler *home = lock_home(thread);

	if (thread->state == THREAD_SLEEPING)
		wake_locked(home, thread, RUN_WOKEN);
	else
		spin_unlock(&home->queue.lock);
}

static void disturb(struct thread *thread)
{
	struct scheduler *home = lock_home(thread);
	bool kick = thread->state == THREAD_RUNNING && home != scheduler_mine();

	if (thread->state == THREAD_SLEEPING && is_disturbed(thread, thread->sleep_mode)) {
		wake_locked(home, thread, RUN_WOKEN);
		return;
	}
	spin_unlock(&home->queue.lock);
	if (kick)
		cpu_kick(home->cpu);
}

void thread_interrupt(struct thread *thread)
{
	if (!__atomic_exchange_n(&thread->interrupted, true, __ATOMIC_SEQ_CST))
		disturb(thread);
}

void thread_kill(struct thread *thread)
{
	__atomic_store_n(&thread->killed, true, __ATOMIC_SEQ_CST);
	__atomic_store_n(&thread->interrupted, true, __ATOMIC_SEQ_CST);
	disturb(thread);
}

void thread_start(struct thread *thread)
{
	place(thread, RUN_NEW);
}

void thread_start_asleep(struct thread *thread)
{
	thread->sleep_mode = WAIT_INTERRUPTIBLE;
	thread->state = THREAD_SLEEPING;
}

/* ---- Choices of the program. ---- */

/* Takes a waiting thread out for a change and enters it again; a running one looks anew. */
static void requeue(struct scheduler *home, struct thread *thread, bool was_queued)
{
	if (was_queued) {
		spin_unlock(&home->queue.lock);
		place(thread, RUN_MOVED);
		return;
	}
	if (thread->state == THREAD_RUNNING) {
		thread->needs_resched = true;
		spin_unlock(&home->queue.lock);
		if (home != scheduler_mine())
			cpu_kick(home->cpu);
		return;
	}
	spin_unlock(&home->queue.lock);
}

/* A queued thread that is still being left by its CPU stays: only that CPU may pick it. */
static bool take_for_change(struct scheduler *home, struct thread *thread)
{
	bool can_move = thread->is_queued && !__atomic_load_n(&thread->on_cpu, __ATOMIC_ACQUIRE);

	if (can_move)
		run_queue_remove(&home->queue, thread);
	return can_move;
}

void thread_set_affinity(struct thread *thread, uint64_t mask)
{
	struct scheduler *home = lock_home(thread);
	bool was_queued = take_for_change(home, thread);

	thread->affinity = mask;
	requeue(home, thread, was_queued);
}

/* Its place in the queue depends on what is about to be changed: true if it stands in one. */
static bool begin_change(struct scheduler *home, struct thread *thread)
{
	bool is_waiting = thread->is_queued;

	if (is_waiting)
		run_queue_remove(&home->queue, thread);
	return is_waiting;
}

static void end_change(struct scheduler *home, struct thread *thread, bool is_waiting)
{
	bool kick = false;

	if (is_waiting) {
		run_queue_add(&home->queue, thread, RUN_MOVED);
		kick = run_queue_preempts(&home->queue, thread);
		if (kick)
			home->queue.current->needs_resched = true;
	}
	requeue(home, thread, false);
	if (kick && home != scheduler_mine())
		cpu_kick(home->cpu);
}

void thread_set_policy(struct thread *thread, int policy, int priority, int nice)
{
	struct scheduler *home = lock_home(thread);
	bool is_waiting = begin_change(home, thread);

	thread->policy = policy;
	thread->priority = priority;
	thread->nice = nice;
	thread->weight = run_weight(policy, nice);
	end_change(home, thread, is_waiting);
}

void thread_lend_priority(struct thread *thread, int priority)
{
	struct scheduler *home = lock_home(thread);
	bool is_waiting = begin_change(home, thread);

	thread->lent_priority = priority;
	end_change(home, thread, is_waiting);
}

void thread_set_page_table(struct page_table *to)
{
	thread_current()->page_table = to;
	page_table_activate(to);
}

void thread_vector_changed(void)
{
	user_vector_restore(thread_current()->vector);
}

/* ---- Idle. ---- */

static struct thread *steal(struct scheduler *me)
{
	for (unsigned i = 1, n = cpu_count(); i < n; i++) {
		struct scheduler *other = scheduler_of((me->cpu + i) % n);
		struct thread *thread = NULL;

		if (!other || !__atomic_load_n(&other->queue.nr_waiting, __ATOMIC_RELAXED) || !spin_try_lock(&other->queue.lock))
			continue;
		thread = run_queue_steal(&other->queue, me->cpu);
		if (thread)
			__atomic_store_n(&thread->cpu, me->cpu, __ATOMIC_RELAXED);
		spin_unlock(&other->queue.lock);
		if (thread)
			return thread;
	}
	return NULL;
}

/* Runs what waits here, or elsewhere; false if there is nothing. */
static bool run_something(struct scheduler *me)
{
	struct thread *stolen = NULL;

	if (!__atomic_load_n(&me->queue.nr_waiting, __ATOMIC_ACQUIRE)) {
		stolen = steal(me);
		if (!stolen)
			return false;
	}
	__atomic_and_fetch(&idle_cpus, ~(1ull << me->cpu), __ATOMIC_RELAXED);
	spin_lock(&me->queue.lock);
	if (stolen)
		run_queue_add(&me->queue, stolen, RUN_MOVED);
	me->idle.state = THREAD_RUNNABLE;
	schedule(me, &me->idle, RUN_PREEMPTED);
	return true;
}

noreturn_fn static void idle_loop(void)
{
	struct scheduler *me = scheduler_mine();

	for (;;) {
		uint64_t start;

		if (run_something(me))
			continue;
		__atomic_or_fetch(&idle_cpus, 1ull << me->cpu, __ATOMIC_SEQ_CST);
		if (run_something(me))
			continue;
		start = clock_monotonic_ns();
		me->idle_since_ns = start;
		cpu_idle();
		me->idle_since_ns = 0;
		account_idle(me, clock_monotonic_ns() - start);
	}
}

static void idle_start(void *unused)
{
	scheduler_finish_switch();
	idle_loop();
}

/* ---- Start. ---- */

static void init_scheduler(struct scheduler *s, unsigned cpu)
{
	s->cpu = cpu;
	s->programmed_ns = s->slice_end_ns = s->refresh_ns = UINT64_MAX;
	run_queue_init(&s->queue, &s->idle);
	timer_queue_init(&s->timers);
	s->idle.name = "idle";
	s->idle.cpu = cpu;
	s->idle.affinity = 1ull << cpu;
	s->idle.state = THREAD_RUNNABLE;
	list_init(&s->idle.fifo_node);
}

/* Another CPU arrives on a stack of its own, which becomes its idle thread's. */
static void start_other(void)
{
	struct scheduler *me = heap_alloc_zero(sizeof(*me));

	if (!me)
		panic("no memory for CPU %u", cpu_id());
	init_scheduler(me, cpu_id());
	me->idle.state = THREAD_RUNNING;
	me->idle.on_cpu = true;
	cpu_set_current_thread(&me->idle);
	__atomic_store_n(&schedulers[me->cpu], me, __ATOMIC_RELEASE);
	__atomic_or_fetch(&present_cpus, 1ull << me->cpu, __ATOMIC_RELEASE);
	idle_loop();
}

static void start_scheduler(void)
{
	struct scheduler *me = &boot_scheduler;

	init_scheduler(me, cpu_id());
	me->idle.stack = thread_stack_new();
	if (!me->idle.stack)
		panic("no memory for the idle thread");
	kernel_context_init(&me->idle.kernel, me->idle.stack, THREAD_STACK_SIZE, idle_start, NULL);
	boot_thread.state = THREAD_RUNNING;
	boot_thread.on_cpu = true;
	boot_thread.affinity = UINT64_MAX;
	boot_thread.weight = run_weight(SCHED_NORMAL, 0);
	list_init(&boot_thread.fifo_node);
	me->queue.current = &boot_thread;
	cpu_set_current_thread(&boot_thread);
	present_cpus = 1ull << me->cpu;
	clock_set_timer_handler(on_timer_interrupt);
	start_set_finish(thread_exit);
	cpu_start_others(CPU_MAX, start_other);
}
INITCALL(scheduler, INIT_SCHEDULER, start_scheduler);
