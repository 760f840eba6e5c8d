/* SPDX-License-Identifier: BSD-3-Clause */
/* What programs do with signals beside handling them: wait for them, mask them, choose actions, return from handlers. */
#include "kernel/process/signal_wait.h"
#include "kernel/process/internal.h"
#include "kernel/uapi/errno.h"

static const uint64_t never_blocked = 1ull << (LINUX_SIGKILL - 1) | 1ull << (LINUX_SIGSTOP - 1);

static bool take(struct task *task, uint64_t mask, struct linux_siginfo *info)
{
	struct process *process = task->process;
	bool found;

	spin_lock(&process->signal_lock);
	found = signal_queue_take(process, &task->pending, mask, info) || signal_queue_take(process, &process->pending, mask, info);
	if (found)
		signal_recalculate_locked(task);
	spin_unlock(&process->signal_lock);
	if (found)
		signal_timer_taken(process, info);
	return found;
}

int signal_wait(uint64_t mask, uint64_t deadline_ns, struct linux_siginfo *info)
{
	struct task *task = task_current();
	struct waiter waiter;
	int ret = 0;

	mask &= ~never_blocked;
	if (take(task, mask, info))
		return 0;
	if (!deadline_ns)
		return -EAGAIN;
	wait_begin(&waiter, &task->process->signal_wait);
	while (!take(task, mask, info)) {
		if (ret) {
			wait_end(&waiter);
			return ret == -ETIMEDOUT ? -EAGAIN : ret;
		}
		ret = wait_sleep(deadline_ns, WAIT_INTERRUPTIBLE);
	}
	wait_end(&waiter);
	return 0;
}

void signal_set_mask(uint64_t mask)
{
	struct task *task = task_current();

	spin_lock(&task->process->signal_lock);
	task->blocked = mask & ~never_blocked;
	signal_recalculate_locked(task);
	spin_unlock(&task->process->signal_lock);
}

static bool is_ignoring(int signal, uint64_t handler)
{
	if (handler == LINUX_SIG_IGN)
		return true;
	return handler == LINUX_SIG_DFL &&
	       (signal == LINUX_SIGCHLD || signal == LINUX_SIGCONT || signal == LINUX_SIGURG || signal == LINUX_SIGWINCH);
}

int signal_action(int signal, const struct linux_sigaction *action, struct linux_sigaction *old)
{
	struct process *process = process_current();
	struct linux_sigaction *place;
	struct task *task;

	if (signal < 1 || signal > LINUX_NSIG || (action && (signal == LINUX_SIGKILL || signal == LINUX_SIGSTOP)))
		return -EINVAL;
	spin_lock(&process->signal_lock);
	place = &process->handlers->actions[signal];
	spin_lock(&process->handlers->lock);
	if (old)
		*old = *place;
	if (action) {
		*place = *action;
		place->mask &= ~never_blocked;
	}
	spin_unlock(&process->handlers->lock);
	if (action && is_ignoring(signal, action->handler)) {
		signal_queue_discard(process, &process->pending, signal_bit(signal));
		list_for_each(task, &process->tasks, process_node)
			signal_queue_discard(process, &task->pending, signal_bit(signal));
	}
	spin_unlock(&process->signal_lock);
	return 0;
}

int64_t signal_return(void)
{
	struct task *task = task_current();
	uint64_t mask;

	task->in_restartable = false;
	if (user_signal_pop(&task->user, task->thread.vector, &mask)) {
		task_fault_signal(LINUX_SIGSEGV, LINUX_SEGV_MAPERR, user_stack_pointer(&task->user));
		return 0;
	}
	signal_set_mask(mask);
	return user_syscall_result(&task->user);
}
