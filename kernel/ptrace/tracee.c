/* SPDX-License-Identifier: BSD-3-Clause */
/* A stopped tracee: how it goes on, and what of it is not just registers. Between ptrace_begin and ptrace_end. */
#include "kernel/arch/debug.h"
#include "kernel/ptrace/ptrace.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/ptrace.h"

#define NEVER_BLOCKED (1ull << (LINUX_SIGKILL - 1) | 1ull << (LINUX_SIGSTOP - 1))

void ptrace_resume(struct trace *tracee, enum trace_mode mode, int signal)
{
	struct task *task = tracee->task;

	tracee->mode = mode;
	tracee->signal = signal;
	task->thread.is_traced = mode != TRACE_GO;
	if (mode >= TRACE_STEP)
		user_set_stepping(&task->user, true);
	__atomic_store_n(&tracee->is_stopped, false, __ATOMIC_RELEASE);
	thread_wake_behind(&task->thread); /* the tracer mostly goes on to let others go, and then to wait */
}

void ptrace_detach(struct trace *tracee, int signal)
{
	tracee->signal = signal;
	trace_detach_locked(tracee);
}

int ptrace_listen(struct trace *tracee)
{
	if (!tracee->is_seized || !tracee->has_info || tracee->info.code >> 8 != LINUX_PTRACE_EVENT_STOP)
		return -EIO;
	spin_lock(&tracee->process->signal_lock);
	tracee->is_listening = true;
	spin_unlock(&tracee->process->signal_lock);
	wait_wake_all(&tracee->wait, 0); /* there may be news */
	return 0;
}

uint64_t ptrace_call(const struct trace *tracee)
{
	return user_is_in_syscall(&tracee->task->user) ? tracee->task->syscall_number : NO_CALL;
}

/* A debugger that makes the program call a function keeps an interrupted call from being made again by -1, and brings it back with the registers. */
void ptrace_set_call(struct trace *tracee, uint64_t call)
{
	struct task *task = tracee->task;

	user_set_in_syscall(&task->user, call != NO_CALL);
	task->syscall_number = call;
	task->in_restartable = call != NO_CALL;
}

void ptrace_set_blocked(struct trace *tracee, uint64_t mask)
{
	struct task *task = tracee->task;

	spin_lock(&task->process->signal_lock);
	task->restore_blocked = false;
	task->blocked = mask & ~NEVER_BLOCKED;
	signal_recalculate_locked(task);
	spin_unlock(&task->process->signal_lock);
}

bool ptrace_pending(struct trace *tracee, bool of_process, uint64_t i, struct linux_siginfo *info)
{
	struct process *process = tracee->process;
	bool found;

	spin_lock(&process->signal_lock);
	found = signal_queue_peek(of_process ? &process->pending : &tracee->task->pending, i, info);
	spin_unlock(&process->signal_lock);
	return found;
}

int ptrace_space_get(int tid, struct address_space **space)
{
	struct trace *tracee;
	int ret = ptrace_begin(tid, &tracee);

	if (ret)
		return ret;
	*space = tracee->process->space;
	if (*space)
		address_space_get(*space);
	ptrace_end(tracee);
	return *space ? 0 : -ESRCH;
}
