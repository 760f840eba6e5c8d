/* SPDX-License-Identifier: BSD-3-Clause */
/* Acting upon signals, in the loop of a task before it enters user mode (signal(7)): handlers, default actions, stops, restarts. */
#include "kernel/log/log.h"
#include "kernel/process/core.h"
#include "kernel/process/internal.h"
#include "kernel/process/rseq.h"
#include "kernel/process/trace.h"
#include "kernel/process/wait_child.h"
#include "kernel/uapi/errno.h"

#define BIT(signal) (1ull << ((signal) - 1))
#define SIGKILL_STATUS LINUX_SIGKILL

static void (*delivery_hook)(struct task *task, const struct linux_siginfo *info);

void signal_set_delivery_hook(void (*deliver)(struct task *task, const struct linux_siginfo *info))
{
	delivery_hook = deliver;
}

static const uint64_t never_blocked = BIT(LINUX_SIGKILL) | BIT(LINUX_SIGSTOP);

enum default_action { ACTION_END, ACTION_IGNORE, ACTION_STOP };

static enum default_action default_action(int signal)
{
	switch (signal) {
	case LINUX_SIGCHLD:
	case LINUX_SIGCONT:
	case LINUX_SIGURG:
	case LINUX_SIGWINCH:
		return ACTION_IGNORE;
	case LINUX_SIGSTOP:
	case LINUX_SIGTSTP:
	case LINUX_SIGTTIN:
	case LINUX_SIGTTOU:
		return ACTION_STOP;
	default:
		return ACTION_END;
	}
}

/* ---- Restarting system calls. ---- */

/* What becomes of an interrupted call: `action` is the handler that is about to run, NULL if none does. */
static void settle_call(struct task *task, const struct linux_sigaction *action)
{
	int64_t result;
	bool restart;

	if (!task->in_restartable)
		return;
	task->in_restartable = false;
	result = user_syscall_result(&task->user);
	if (likely(result != -ERESTART_SYS && result != -ERESTART_ALWAYS && result != -ERESTART_NO_HANDLER && result != -ERESTART_RESUME))
		return;
	task->is_resuming = result == -ERESTART_RESUME && !action;
	restart = !action || result == -ERESTART_ALWAYS || (result == -ERESTART_SYS && (action->flags & LINUX_SA_RESTART));
	if (restart)
		user_syscall_rewind(&task->user, task->syscall_number);
	else
		user_syscall_set_result(&task->user, -EINTR);
}

/* ---- The end. ---- */

noreturn_fn void process_end_by_signal(const struct linux_siginfo *info)
{
	struct task *task = task_current();
	struct process *process = task->process;
	bool has_core = core_dump(task, info);

	log_line(LOG_INFO, "%s (pid %d) was ended by signal %d at %#llx%s", process->name, process->pid, info->signo,
	    (unsigned long long)user_instruction_pointer(&task->user), has_core ? ", core dumped" : "");
	process_exit_group(info->signo | (has_core ? 0x80 : 0));
}

/* ---- Handlers. ---- */

static bool is_on_altstack(const struct task *task, uint64_t sp)
{
	return !(task->altstack_flags & LINUX_SS_DISABLE) && sp > task->altstack_base && sp - task->altstack_base <= task->altstack_size;
}

static uint64_t frame_stack(const struct task *task, const struct linux_sigaction *action)
{
	uint64_t sp = user_stack_pointer(&task->user);

	if ((action->flags & LINUX_SA_ONSTACK) && !(task->altstack_flags & LINUX_SS_DISABLE) && !is_on_altstack(task, sp))
		return task->altstack_base + task->altstack_size;
	return sp;
}

/* The program's state goes on its stack, and the handler runs next. A stack that cannot take it is a fault of its own. */
static void call_handler(struct task *task, const struct linux_siginfo *info, const struct linux_sigaction *action)
{
	struct process *process = task->process;
	struct signal_frame frame = {
	    .signal = info->signo,
	    .handler = action->handler,
	    .restorer = action->restorer,
	    .flags = action->flags,
	    .mask = task->restore_blocked ? task->saved_blocked : task->blocked,
	    .info = info,
	    .altstack_base = task->altstack_base,
	    .altstack_size = task->altstack_size,
	    .altstack_flags = task->altstack_flags,
	};
	bool was_stepping;

	settle_call(task, action);
	if (task->rseq)
		rseq_interrupt(task);
	was_stepping = task->trace && trace_hooks->before_handler(task);
	if (user_signal_push(&task->user, task->thread.vector, frame_stack(task, action), &frame)) {
		if (info->signo == LINUX_SIGSEGV)
			process_end_by_signal(info);
		task_fault_signal(LINUX_SIGSEGV, LINUX_SEGV_MAPERR, user_stack_pointer(&task->user));
		return;
	}
	if ((uint32_t)task->altstack_flags & LINUX_SS_AUTODISARM)
		task->altstack_flags = LINUX_SS_DISABLE;
	spin_lock(&process->signal_lock);
	task->restore_blocked = false;
	task->blocked |= action->mask & ~never_blocked;
	if (!(action->flags & LINUX_SA_NODEFER))
		task->blocked |= BIT(info->signo);
	signal_recalculate_locked(task);
	spin_unlock(&process->signal_lock);
	if (was_stepping)
		trace_hooks->after_handler(task);
}

/* ---- Stopping. ---- */

static void interrupt_all_locked(struct process *process)
{
	struct task *task;

	list_for_each(task, &process->tasks, process_node) {
		task->stop_taken = false;
		thread_interrupt(&task->thread);
	}
}

/* Stops the whole process: this task here, the others as soon as they look. */
static void begin_stop(struct process *process, int signal)
{
	bool is_news = false;

	spin_lock(&process_tree_lock);
	/* A terminal's stop of an orphaned group would last for ever (POSIX.1, tcsetpgrp rationale). */
	if (signal != LINUX_SIGSTOP && group_is_orphaned_locked(process->group, NULL)) {
		spin_unlock(&process_tree_lock);
		return;
	}
	spin_lock(&process->signal_lock);
	if (!process->is_exiting && !((process->pending.pending | task_current()->pending.pending) & BIT(LINUX_SIGKILL))) {
		is_news = !process->is_stopped; /* traced tasks may run while the others are stopped, and stop again */
		process->is_stopped = true;
		process->stop_signal = signal;
		if (is_news)
			process->stop_reported = process->was_continued = false;
		interrupt_all_locked(process);
	}
	spin_unlock(&process->signal_lock);
	if (is_news && !trace_is_by_parent_locked(process))
		signal_notify_parent_locked(process, LINUX_CLD_STOPPED, signal);
	spin_unlock(&process_tree_lock);
}

static void stay_stopped(struct task *task)
{
	struct process *process = task->process;
	struct waiter waiter;

	wait_begin(&waiter, &process->stop_wait);
	while (__atomic_load_n(&process->is_stopped, __ATOMIC_ACQUIRE) && !__atomic_load_n(&task->trap_due, __ATOMIC_RELAXED))
		(void)wait_sleep(WAIT_FOREVER, WAIT_KILLABLE);
	wait_end(&waiter);
}

static void stop(struct task *task)
{
	if (task->trace)
		trace_hooks->trap(task);
	if (!task_is_traced(task))
		stay_stopped(task);
}

/* The first task that runs again tells the parent. */
static void report_continuation(struct process *process)
{
	spin_lock(&process_tree_lock);
	if (process->stop_signal == LINUX_SIGCONT && !process->is_stopped) {
		process->stop_signal = 0;
		process->was_continued = true;
		process->continue_reported = false;
		signal_notify_parent_locked(process, LINUX_CLD_CONTINUED, LINUX_SIGCONT);
	}
	spin_unlock(&process_tree_lock);
}

/* ---- The loop. ---- */

/* Looks whether the task may go on at all. */
static void check_death(struct task *task)
{
	struct process *process = task->process;

	if (process->core_task && process->core_task != task)
		core_wait(task);
	if (process->is_exiting)
		task_finish(task, process->exit_status);
	if (process->exec_task && process->exec_task != task)
		task_finish(task, 0);
	if (task->thread.killed)
		process_exit_group(SIGKILL_STATUS);
}

static bool take_next(struct task *task, struct linux_siginfo *info)
{
	struct process *process = task->process;
	bool found;

	spin_lock(&process->signal_lock);
	found = signal_queue_take(process, &task->pending, ~task->blocked, info) || signal_queue_take(process, &process->pending, ~task->blocked, info);
	signal_recalculate_locked(task);
	spin_unlock(&process->signal_lock);
	if (found)
		signal_timer_taken(process, info);
	return found;
}

/* The action of a signal; a handler that is to run once (SA_RESETHAND) is there no more. */
static struct linux_sigaction take_action(struct process *process, int signal)
{
	struct linux_sigaction action;

	spin_lock(&process->handlers->lock);
	action = process->handlers->actions[signal];
	if (action.handler > LINUX_SIG_IGN && (action.flags & LINUX_SA_RESETHAND))
		process->handlers->actions[signal].handler = LINUX_SIG_DFL;
	spin_unlock(&process->handlers->lock);
	return action;
}

/* Nothing is left: the mask of a waiting call comes back, and the call starts again. */
static void settle(struct task *task)
{
	settle_call(task, NULL);
	if (!task->restore_blocked)
		return;
	spin_lock(&task->process->signal_lock);
	task->restore_blocked = false;
	task->blocked = task->saved_blocked;
	signal_recalculate_locked(task);
	spin_unlock(&task->process->signal_lock);
}

static void act(struct task *task, const struct linux_siginfo *info, const struct linux_sigaction *action)
{
	struct process *process = task->process;

	if (action->handler > LINUX_SIG_IGN) {
		call_handler(task, info, action);
		return;
	}
	if (action->handler == LINUX_SIG_IGN)
		return;
	switch (default_action(info->signo)) {
	case ACTION_IGNORE:
		return;
	case ACTION_STOP:
		begin_stop(process, info->signo);
		return;
	case ACTION_END:
		/* init lives on whatever others send it; not if it is its own fault. */
		if (process->pid != 1 || info->code > 0)
			process_end_by_signal(info);
	}
}

void signal_handle(struct task *task)
{
	struct process *process = task->process;
	struct linux_sigaction action;
	struct linux_siginfo info;

	for (;;) {
		check_death(task);
		if (task->trap_due || (process->is_stopped && !task->stop_taken)) {
			stop(task);
			continue;
		}
		if (process->stop_signal == LINUX_SIGCONT)
			report_continuation(process);
		if (!take_next(task, &info))
			break;
		if (task->trace && !trace_hooks->signal(task, &info))
			continue;
		if (unlikely(delivery_hook))
			delivery_hook(task, &info);
		action = take_action(process, info.signo);
		act(task, &info, &action);
	}
	settle(task);
}

/* SIGCHLD, or what clone(2) asked for, with what waitid(2) would say; and the parent's waits look again. */
void signal_notify_parent_locked(struct process *process, int code, int status)
{
	struct process *parent = process->parent;
	int signal = process->exit_signal;
	struct linux_siginfo info = {0};
	uint64_t user_ns, system_ns;
	bool wants;

	if (!parent)
		return;
	if (!code) { /* of a death */
		int end = process->exit_status & 0x7f;

		code = wait_code_of_end(process->exit_status);
		status = end ? end : process->exit_status >> 8;
	} else {
		signal = LINUX_SIGCHLD;
	}
	process_cpu_time(process, &user_ns, &system_ns);
	info.signo = signal;
	info.code = code;
	info.process.pid = process->pid;
	info.process.uid = process_uid(process);
	info.process.status = status;
	info.process.utime = (int64_t)(user_ns / 10000000);
	info.process.stime = (int64_t)(system_ns / 10000000);
	wants = (code != LINUX_CLD_STOPPED && code != LINUX_CLD_CONTINUED) || !parent->handlers ||
		!(parent->handlers->actions[LINUX_SIGCHLD].flags & LINUX_SA_NOCLDSTOP);
	if (signal && wants)
		(void)process_signal(parent, signal, &info);
	wait_wake_all(&parent->child_wait, 0);
}
