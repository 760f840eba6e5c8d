/* SPDX-License-Identifier: BSD-3-Clause */
/* Becoming a tracer, and what a tracer asks of tracees that run. */
#include "kernel/file/inode.h"
#include "kernel/process/access.h"
#include "kernel/ptrace/ptrace.h"
#include "kernel/sched/wait.h"
#include "kernel/uapi/errno.h"

/* The thread that made the running task's process, or another one of its parent; NULL: it is about to go. */
static struct task *parent_task_locked(const struct process *process)
{
	struct process *parent = process->parent;
	struct task *task = parent ? task_find(process->creator) : NULL;

	if (!parent)
		return NULL;
	if ((!task || task->process != parent) && !list_empty(&parent->tasks))
		task = container_of(parent->tasks.next, struct task, process_node);
	return task && task->process == parent && task->descriptors ? task : NULL;
}

int ptrace_trace_me(void)
{
	struct task *task = task_current(), *tracer;
	int ret = 0;

	spin_lock(&process_tree_lock);
	tracer = parent_task_locked(task->process);
	if (task_is_traced(task))
		ret = -EPERM;
	else if (tracer && !trace_attach_locked(task, tracer, false, 0))
		ret = -ENOMEM;
	spin_unlock(&process_tree_lock);
	return ret;
}

/* Not what shares the tracer's own process; not process 1, whose program may not even be there (process/init.c). */
static int check_locked(struct task *task)
{
	if (task->process == process_current() || task->process->pid == 1)
		return -EPERM;
	if (process_access_check_locked(task->process) || task_is_traced(task) || !task->descriptors)
		return -EPERM;
	return 0;
}

static struct trace *find_locked(int tid)
{
	struct task *task = task_find(tid);

	return task && task_is_traced(task) && task->trace->tracer == task_current() ? task->trace : NULL;
}

/* One that is stopped already stops for the tracer instead: true. */
static bool take_over_stop_locked(struct task *task)
{
	struct process *process = task->process;
	bool was_stopped;

	spin_lock(&process->signal_lock);
	was_stopped = process->is_stopped;
	if (was_stopped) {
		task->trap_due |= TRACE_TRAP_STOP;
		thread_interrupt(&task->thread);
		wait_wake_all(&process->stop_wait, 0);
	}
	spin_unlock(&process->signal_lock);
	return was_stopped;
}

static bool has_stopped(int tid)
{
	const struct trace *trace;
	bool has;

	spin_lock(&process_tree_lock);
	trace = find_locked(tid);
	has = !trace || trace->is_stopped || trace->task->thread.killed;
	spin_unlock(&process_tree_lock);
	return has;
}

/* Its tracer need not wait for it with wait4(2), as it did not run when it was attached to. */
static void await_stop(int tid)
{
	struct waiter waiter;
	int ret = 0;

	wait_begin(&waiter, &process_current()->child_wait);
	while (!ret && !has_stopped(tid))
		ret = wait_sleep(WAIT_FOREVER, WAIT_KILLABLE);
	wait_end(&waiter);
}

int ptrace_attach(int tid, bool is_seized, unsigned options)
{
	bool was_stopped = false;
	struct task *task;
	int ret = -ESRCH;

	spin_lock(&process_tree_lock);
	task = task_find(tid);
	if (task)
		ret = check_locked(task);
	if (!ret && !trace_attach_locked(task, task_current(), is_seized, options))
		ret = -ENOMEM;
	if (!ret && !is_seized)
		ret = task_signal(task, LINUX_SIGSTOP, NULL);
	if (!ret)
		was_stopped = take_over_stop_locked(task);
	spin_unlock(&process_tree_lock);
	if (was_stopped)
		await_stop(tid);
	return ret;
}

int ptrace_interrupt(int tid)
{
	struct trace *trace;
	int ret = 0;

	spin_lock(&process_tree_lock);
	trace = find_locked(tid);
	if (!trace) {
		ret = -ESRCH;
	} else if (!trace->is_seized) {
		ret = -EIO;
	} else {
		spin_lock(&trace->process->signal_lock);
		trace->task->trap_due |= TRACE_TRAP_STOP;
		thread_interrupt(&trace->task->thread);
		spin_unlock(&trace->process->signal_lock);
		wait_wake_all(&trace->wait, 0);
	}
	spin_unlock(&process_tree_lock);
	return ret;
}

int ptrace_kill(int tid)
{
	struct trace *trace;

	spin_lock(&process_tree_lock);
	trace = find_locked(tid);
	if (trace)
		(void)task_signal(trace->task, LINUX_SIGKILL, NULL);
	spin_unlock(&process_tree_lock);
	return trace ? 0 : -ESRCH;
}

int ptrace_begin(int tid, struct trace **tracee)
{
	for (;;) {
		struct trace *trace;

		spin_lock(&process_tree_lock);
		trace = find_locked(tid);
		if (!trace || !trace->is_stopped || trace->is_listening || trace->task->thread.killed)
			break;
		/* It has said that it stops; its CPU is about to leave it, and saves its registers. */
		if (!__atomic_load_n(&trace->task->thread.on_cpu, __ATOMIC_ACQUIRE)) {
			*tracee = trace;
			return 0;
		}
		spin_unlock(&process_tree_lock);
		cpu_relax();
	}
	spin_unlock(&process_tree_lock);
	return -ESRCH;
}

void ptrace_end(struct trace *tracee)
{
	spin_unlock(&process_tree_lock);
}
