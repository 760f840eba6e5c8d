/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pending signals and sending them (signal(7)). A queue has a bit for each signal and, for those that carry information, a list in the
 * order of arrival: a standard signal stands in it once, a real-time one as often as it was sent. Guarded by the process's signal_lock.
 */
#include "kernel/mem/heap.h"
#include "kernel/process/internal.h"
#include "kernel/process/trace.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/poll.h"
#include "lib/string.h"

#define BIT(signal) (1ull << ((signal) - 1))

static const uint64_t stop_signals = BIT(LINUX_SIGSTOP) | BIT(LINUX_SIGTSTP) | BIT(LINUX_SIGTTIN) | BIT(LINUX_SIGTTOU);
static const uint64_t default_ignored = BIT(LINUX_SIGCHLD) | BIT(LINUX_SIGCONT) | BIT(LINUX_SIGURG) | BIT(LINUX_SIGWINCH);
/* Signals that an instruction of the program itself causes are taken first. */
static const uint64_t synchronous = BIT(LINUX_SIGSEGV) | BIT(LINUX_SIGBUS) | BIT(LINUX_SIGILL) | BIT(LINUX_SIGTRAP) | BIT(LINUX_SIGFPE) | BIT(LINUX_SIGSYS);

void signal_queue_init(struct signal_queue *queue)
{
	queue->pending = 0;
	list_init(&queue->infos);
}

/* Real-time signals are limited in number: they stand in the queue as often as they are sent. */
static bool is_over_limit(const struct process *process, int signal)
{
	return signal >= LINUX_SIGRTMIN && process->nr_queued >= process->limits[LINUX_RLIMIT_SIGPENDING].soft;
}

int signal_queue_add(struct process *process, struct signal_queue *queue, int signal, const struct linux_siginfo *info)
{
	struct queued_signal *entry = NULL;
	bool is_over;

	if (signal < LINUX_SIGRTMIN && (queue->pending & BIT(signal)) && !(info && info->mark))
		return 0;
	/* What kill(2) sends, and the kernel without more to say, may lose its information, never itself; timers have paid for theirs. */
	is_over = is_over_limit(process, signal) && !(info && info->mark);
	if (is_over && info && info->code != LINUX_SI_USER)
		return -EAGAIN;
	if (!is_over && signal != LINUX_SIGKILL)
		entry = heap_alloc(sizeof(*entry));
	if (entry) {
		if (info)
			entry->info = *info;
		else
			entry->info = (struct linux_siginfo){.code = LINUX_SI_KERNEL};
		entry->info.signo = signal;
		list_push_back(&queue->infos, &entry->node);
		process->nr_queued++;
	}
	queue->pending |= BIT(signal);
	return 0;
}

static struct queued_signal *find_info(struct signal_queue *queue, int signal)
{
	struct queued_signal *entry;

	list_for_each(entry, &queue->infos, node) {
		if (entry->info.signo == signal)
			return entry;
	}
	return NULL;
}

static void drop_info(struct process *process, struct queued_signal *entry)
{
	list_remove(&entry->node);
	process->nr_queued--;
	heap_free(entry);
}

bool signal_queue_take(struct process *process, struct signal_queue *queue, uint64_t mask, struct linux_siginfo *info)
{
	uint64_t ready = queue->pending & mask;
	struct queued_signal *entry;
	int signal;

	if (!ready)
		return false;
	signal = __builtin_ctzll(ready & BIT(LINUX_SIGKILL) ? BIT(LINUX_SIGKILL) : ready & synchronous ? ready & synchronous : ready) + 1;
	*info = (struct linux_siginfo){.signo = signal, .code = LINUX_SI_USER};
	entry = find_info(queue, signal);
	if (entry) {
		*info = entry->info;
		drop_info(process, entry);
	}
	if (!find_info(queue, signal))
		queue->pending &= ~BIT(signal);
	return true;
}

void signal_queue_discard(struct process *process, struct signal_queue *queue, uint64_t mask)
{
	struct queued_signal *entry, *next;

	queue->pending &= ~mask;
	list_for_each_safe(entry, next, &queue->infos, node) {
		if (mask & BIT(entry->info.signo))
			drop_info(process, entry);
	}
}

bool signal_queue_peek(const struct signal_queue *queue, uint64_t i, struct linux_siginfo *info)
{
	const struct queued_signal *entry;

	list_for_each(entry, &queue->infos, node) {
		if (i--)
			continue;
		*info = entry->info;
		info->mark = 0;
		return true;
	}
	return false;
}

/* ---- Handlers. ---- */

struct signal_handlers *signal_handlers_new(void)
{
	struct signal_handlers *handlers = heap_alloc_zero(sizeof(*handlers));

	if (handlers)
		handlers->references = 1;
	return handlers;
}

struct signal_handlers *signal_handlers_copy(struct signal_handlers *from)
{
	struct signal_handlers *copy = signal_handlers_new();

	if (!copy)
		return NULL;
	spin_lock(&from->lock);
	memcpy(copy->actions, from->actions, sizeof(copy->actions));
	spin_unlock(&from->lock);
	return copy;
}

void signal_handlers_put(struct signal_handlers *handlers)
{
	if (handlers && __atomic_sub_fetch(&handlers->references, 1, __ATOMIC_ACQ_REL) == 0)
		heap_free(handlers);
}

void signal_handlers_reset_for_exec(struct signal_handlers *handlers)
{
	for (int signal = 1; signal <= LINUX_NSIG; signal++) {
		struct linux_sigaction *action = &handlers->actions[signal];

		*action = (struct linux_sigaction){.handler = action->handler == LINUX_SIG_IGN ? LINUX_SIG_IGN : LINUX_SIG_DFL};
	}
}

static uint64_t handler_of(struct process *process, int signal)
{
	return __atomic_load_n(&process->handlers->actions[signal].handler, __ATOMIC_RELAXED);
}

void signal_masks(struct process *process, uint64_t *pending, uint64_t *ignored, uint64_t *caught)
{
	*pending = process->pending.pending;
	*ignored = *caught = 0;
	if (!process->handlers)
		return;
	for (int signal = 1; signal <= LINUX_NSIG; signal++) {
		uint64_t handler = handler_of(process, signal);

		if (handler == LINUX_SIG_IGN)
			*ignored |= BIT(signal);
		else if (handler != LINUX_SIG_DFL)
			*caught |= BIT(signal);
	}
}

/* ---- Sending. ---- */

/* The bits that the task would act upon. */
static uint64_t deliverable(const struct task *task)
{
	return (task->pending.pending | task->process->pending.pending) & ~task->blocked;
}

void signal_recalculate_locked(struct task *task)
{
	const struct process *process = task->process;
	bool must_stop = task->trap_due || (process->is_stopped && !task->stop_taken);
	bool has_work = deliverable(task) || process->is_exiting || process->core_task || must_stop || task->thread.killed || task->restore_blocked;

	__atomic_store_n(&task->thread.interrupted, has_work, __ATOMIC_SEQ_CST);
}

static bool is_blocked_somewhere(struct process *process, int signal)
{
	struct task *task;

	list_for_each(task, &process->tasks, process_node) {
		if (task->blocked & BIT(signal))
			return true;
	}
	return false;
}

/* Nothing that init did not ask for reaches it (kill(2), notes). */
static bool is_immune(struct process *process, int signal)
{
	return process->pid == 1 && handler_of(process, signal) == LINUX_SIG_DFL;
}

static bool is_traced(const struct process *process, const struct task *target)
{
	if (target || list_empty(&process->tasks))
		return target && task_is_traced(target);
	return task_is_traced(container_of(process->tasks.next, struct task, process_node));
}

/*
 * A signal that would do nothing is not even queued; a blocked one is, since its action may change, or signalfd may read it; and one of
 * which a tracer is to be told.
 */
static bool is_dropped(struct process *process, const struct task *target, int signal)
{
	uint64_t handler = handler_of(process, signal);

	if (is_traced(process, target) && signal != LINUX_SIGKILL)
		return false;
	if (target ? (target->blocked & BIT(signal)) != 0 : is_blocked_somewhere(process, signal))
		return false;
	if (is_immune(process, signal))
		return true;
	return handler == LINUX_SIG_IGN || (handler == LINUX_SIG_DFL && (default_ignored & BIT(signal)) && signal != LINUX_SIGCONT);
}

static void discard_everywhere(struct process *process, uint64_t mask)
{
	struct task *task;

	signal_queue_discard(process, &process->pending, mask);
	list_for_each(task, &process->tasks, process_node)
		signal_queue_discard(process, &task->pending, mask);
}

static void end_stop(struct process *process)
{
	struct task *task;

	process->is_stopped = false;
	list_for_each(task, &process->tasks, process_node)
		thread_interrupt(&task->thread);
	wait_wake_all(&process->stop_wait, 0);
}

/* What sending does beside queueing: stops and continuations cancel each other, SIGKILL and SIGCONT end a stop. */
static void act_on_arrival(struct process *process, int signal)
{
	struct task *task;

	if (signal == LINUX_SIGCONT) {
		list_for_each(task, &process->tasks, process_node) {
			if (task->trace)
				trace_hooks->continued_locked(task);
		}
	}
	if (BIT(signal) & stop_signals) {
		discard_everywhere(process, BIT(LINUX_SIGCONT));
	} else if (signal == LINUX_SIGCONT) {
		discard_everywhere(process, stop_signals);
		if (process->is_stopped) {
			process->stop_signal = LINUX_SIGCONT; /* whoever of its tasks runs first tells the parent */
			end_stop(process);
		}
	} else if (signal == LINUX_SIGKILL) {
		list_for_each(task, &process->tasks, process_node)
			thread_kill(&task->thread);
		end_stop(process);
	}
}

/* Lets one task that does not block the signal notice it: the running one or the first. */
static void notify_someone(struct process *process, int signal)
{
	struct task *task, *chosen = NULL;

	list_for_each(task, &process->tasks, process_node) {
		if (task->blocked & BIT(signal))
			continue;
		if (!chosen || task == task_current())
			chosen = task;
		/* One that is on its way out of another signal's frame serves as well; sleeping ones are woken only if need be. */
		if (task->thread.state == THREAD_RUNNING && chosen->thread.state != THREAD_RUNNING)
			chosen = task;
	}
	if (chosen)
		thread_interrupt(&chosen->thread);
}

static int send_locked(struct process *process, struct task *target, int signal, const struct linux_siginfo *info)
{
	int ret;

	if (process->is_zombie || !process->handlers || process->is_exiting)
		return 0;
	if (!(BIT(signal) & (BIT(LINUX_SIGKILL) | BIT(LINUX_SIGSTOP))) || !is_immune(process, signal))
		act_on_arrival(process, signal);
	if (is_dropped(process, target, signal))
		return 0;
	ret = signal_queue_add(process, target ? &target->pending : &process->pending, signal, info);
	if (ret)
		return ret;
	if (!target)
		notify_someone(process, signal);
	else if (!(target->blocked & BIT(signal)))
		thread_interrupt(&target->thread);
	wait_wake_all(&process->signal_wait, POLLIN);
	return 0;
}

int process_signal(struct process *process, int signal, const struct linux_siginfo *info)
{
	int ret;

	if (signal == 0)
		return 0;
	spin_lock(&process->signal_lock);
	ret = send_locked(process, NULL, signal, info);
	spin_unlock(&process->signal_lock);
	return ret;
}

int task_signal(struct task *task, int signal, const struct linux_siginfo *info)
{
	struct process *process = task->process;
	int ret;

	if (signal == 0)
		return 0;
	spin_lock(&process->signal_lock);
	ret = send_locked(process, task, signal, info);
	spin_unlock(&process->signal_lock);
	return ret;
}

static bool has_mark(const struct signal_queue *queue, int mark)
{
	const struct queued_signal *entry;

	list_for_each(entry, &queue->infos, node) {
		if (entry->info.mark == mark)
			return true;
	}
	return false;
}

static struct task *task_of(struct process *process, int tid)
{
	struct task *task;

	list_for_each(task, &process->tasks, process_node) {
		if (task->tid == tid)
			return task;
	}
	return NULL;
}

enum timer_signal process_timer_signal(struct process *process, int tid, const struct linux_siginfo *info)
{
	enum timer_signal result = TIMER_SIGNAL_DROPPED;
	const struct signal_queue *queue;
	struct task *target;

	spin_lock(&process->signal_lock);
	target = tid ? task_of(process, tid) : NULL;
	queue = target ? &target->pending : &process->pending;
	if (has_mark(queue, info->mark)) {
		result = TIMER_SIGNAL_WAITS;
	} else if (target || !tid) {
		(void)send_locked(process, target, info->signo, info);
		result = has_mark(queue, info->mark) ? TIMER_SIGNAL_QUEUED : TIMER_SIGNAL_DROPPED;
	}
	spin_unlock(&process->signal_lock);
	return result;
}

static void drop_mark(struct process *process, struct signal_queue *queue, int mark)
{
	struct queued_signal *entry;

	list_for_each(entry, &queue->infos, node) {
		int signal = entry->info.signo;

		if (entry->info.mark != mark)
			continue;
		drop_info(process, entry);
		if (!find_info(queue, signal))
			queue->pending &= ~BIT(signal);
		return;
	}
}

void process_drop_timer_signal(struct process *process, int mark)
{
	struct task *task;

	spin_lock(&process->signal_lock);
	drop_mark(process, &process->pending, mark);
	list_for_each(task, &process->tasks, process_node)
		drop_mark(process, &task->pending, mark);
	spin_unlock(&process->signal_lock);
}

int group_signal(int group, int signal, const struct linux_siginfo *info)
{
	int ret = -ESRCH;

	spin_lock(&process_tree_lock);
	for (struct process *p = process_first_locked(); p; p = process_following_locked(p)) {
		if (p->group == group)
			ret = process_signal(p, signal, info);
	}
	spin_unlock(&process_tree_lock);
	return ret;
}

void task_fault_signal(int signal, int code, uint64_t address)
{
	struct linux_siginfo info = {.signo = signal, .code = code};

	info.fault.address = address;
	task_force_signal(&info);
}

void task_force_signal(const struct linux_siginfo *info)
{
	struct task *task = task_current();
	struct process *process = task->process;
	struct linux_sigaction *action;
	int signal = info->signo;

	spin_lock(&process->signal_lock);
	action = &process->handlers->actions[signal];
	if ((task->blocked & BIT(signal)) || action->handler == LINUX_SIG_IGN) {
		spin_lock(&process->handlers->lock);
		*action = (struct linux_sigaction){.handler = LINUX_SIG_DFL};
		spin_unlock(&process->handlers->lock);
		task->blocked &= ~BIT(signal);
	}
	(void)signal_queue_add(process, &task->pending, signal, info);
	task->thread.interrupted = true;
	spin_unlock(&process->signal_lock);
}

void signal_kill_others_locked(struct process *process, const struct task *except)
{
	struct task *task;

	list_for_each(task, &process->tasks, process_node) {
		if (task != except)
			thread_kill(&task->thread);
	}
	process->is_stopped = false;
	wait_wake_all(&process->stop_wait, 0);
}

bool signal_is_pending(void)
{
	struct task *task = task_current();

	return task && __atomic_load_n(&task->thread.interrupted, __ATOMIC_RELAXED);
}

void signal_mask_begin(uint64_t mask)
{
	struct task *task = task_current();

	spin_lock(&task->process->signal_lock);
	task->saved_blocked = task->blocked;
	task->blocked = mask & ~(BIT(LINUX_SIGKILL) | BIT(LINUX_SIGSTOP));
	signal_recalculate_locked(task);
	spin_unlock(&task->process->signal_lock);
}

void signal_mask_end(bool interrupted)
{
	struct task *task = task_current();

	spin_lock(&task->process->signal_lock);
	if (interrupted) {
		task->restore_blocked = true;
		task->thread.interrupted = true;
	} else {
		task->blocked = task->saved_blocked;
		signal_recalculate_locked(task);
	}
	spin_unlock(&task->process->signal_lock);
}
