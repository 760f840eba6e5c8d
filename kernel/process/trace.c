/* SPDX-License-Identifier: BSD-3-Clause */
/* Records of tracing: joining tasks to their tracers, and what becomes of a record when either ends. */
#include "kernel/process/trace.h"
#include "kernel/arch/debug.h"
#include "kernel/mem/heap.h"
#include "kernel/process/internal.h"
#include "kernel/process/wait_child.h"
#include "kernel/uapi/ptrace.h"

const struct trace_hooks *trace_hooks;

struct trace *trace_attach_locked(struct task *task, struct task *tracer, bool is_seized, unsigned options)
{
	struct trace *trace = task->trace;

	if (!trace) {
		trace = heap_alloc_zero(sizeof(*trace));
		if (!trace)
			return NULL;
		trace->task = task;
		trace->process = task->process;
		process_get(trace->process);
		wait_queue_init(&trace->wait);
		list_init(&trace->node);
	}
	trace->tid = task->tid;
	trace->tracer = tracer;
	trace->is_seized = is_seized;
	trace->options = options;
	trace->mode = TRACE_GO;
	list_push_back(&tracer->tracees, &trace->node);
	task->trace = trace;
	return trace;
}

static void trace_free(struct trace *trace)
{
	process_put(trace->process);
	heap_free(trace);
}

/* The tracer has done with a task that ended: the process may be its parent's business now. */
static void give_zombie_to_parent_locked(struct process *process)
{
	bool is_reaped;

	if (!process->is_zombie || trace_hides_zombie_locked(process))
		return;
	is_reaped = process_is_reaped_at_once(process);
	signal_notify_parent_locked(process, 0, 0);
	if (is_reaped) {
		process_leave_locked(process);
		process_put(process); /* the record has a reference still */
	}
}

/* Lets a running or sleeping task, and the stop of its process, go on as if it had never been traced. */
static void let_go_locked(struct trace *trace)
{
	struct task *task = trace->task;
	struct process *process = trace->process;

	task->thread.is_traced = false;
	if (trace->is_stopped && trace->mode >= TRACE_STEP)
		user_set_stepping(&task->user, false);
	trace->mode = TRACE_GO;
	trace->debug.control = 0;
	spin_lock(&process->signal_lock);
	trace->is_listening = false;
	task->trap_due = task->stop_taken = false;
	if (process->is_stopped)
		thread_interrupt(&task->thread);
	spin_unlock(&process->signal_lock);
	__atomic_store_n(&trace->is_stopped, false, __ATOMIC_RELEASE);
	wait_wake_all(&trace->wait, 0);
}

void trace_detach_locked(struct trace *trace)
{
	list_remove(&trace->node);
	trace->tracer = NULL;
	trace->options = 0;
	if (trace->task) {
		let_go_locked(trace);
		return;
	}
	if (trace->process->leader_trace == trace)
		trace->process->leader_trace = NULL;
	else
		trace->process->nr_ended_tracees--;
	give_zombie_to_parent_locked(trace->process);
	trace_free(trace);
}

void trace_notify_locked(struct trace *trace, int code, int status)
{
	struct process *tracer = trace->tracer->process;
	struct linux_siginfo info = {.signo = LINUX_SIGCHLD, .code = code};
	const struct linux_sigaction *action = &tracer->handlers->actions[LINUX_SIGCHLD];
	bool is_stop = code == LINUX_CLD_TRAPPED || code == LINUX_CLD_STOPPED;

	info.process.pid = trace->tid;
	info.process.uid = process_uid(trace->process);
	info.process.status = status;
	if (!is_stop || (action->handler != LINUX_SIG_IGN && !(action->flags & LINUX_SA_NOCLDSTOP)))
		(void)process_signal(tracer, LINUX_SIGCHLD, &info);
	wait_wake_all(&tracer->child_wait, 0);
}

/* By the status of wait4. */
static void notify_end_locked(struct trace *trace)
{
	int end = trace->exit_status & 0x7f;

	trace_notify_locked(trace, wait_code_of_end(trace->exit_status), end ? end : trace->exit_status >> 8);
}

void trace_leave_locked(struct task *task)
{
	struct process *process = task->process;
	struct trace *trace = task->trace;
	bool is_replaced = process->exec_task && process->exec_task != task && task->tid == process->pid;

	if (!trace)
		return;
	spin_lock(&process->signal_lock); /* senders of signals look at it */
	task->trace = NULL;
	spin_unlock(&process->signal_lock);
	trace->task = NULL;
	trace->is_stopped = false;
	if (!trace->tracer) {
		trace_free(trace);
	} else if (is_replaced) { /* execve(2) of another thread, which is the leader now (ptrace(2), "execve(2) under ptrace") */
		list_remove(&trace->node);
		trace_free(trace);
	} else if (trace->tid == process->pid) {
		process->leader_trace = trace;
	} else {
		process->nr_ended_tracees++;
		notify_end_locked(trace);
	}
}

bool trace_hides_zombie_locked(struct process *process)
{
	struct trace *trace = process->leader_trace;

	if (process->nr_ended_tracees)
		return true;
	if (!trace)
		return false;
	trace->exit_status = process->exit_status;
	if (trace->tracer->process != process->parent) {
		notify_end_locked(trace);
		return true;
	}
	/* One wait for both. */
	process->leader_trace = NULL;
	list_remove(&trace->node);
	trace_free(trace);
	return false;
}

void trace_release_all(struct task *tracer)
{
	struct trace *trace, *next;

	if (list_empty(&tracer->tracees))
		return;
	spin_lock(&process_tree_lock);
	list_for_each_safe(trace, next, &tracer->tracees, node) {
		if (trace->task && (trace->options & LINUX_PTRACE_O_EXITKILL))
			(void)process_signal(trace->process, LINUX_SIGKILL, NULL);
		trace_detach_locked(trace);
	}
	spin_unlock(&process_tree_lock);
}

static const struct trace *trace_of_leader_locked(const struct process *process)
{
	struct task *task;

	list_for_each(task, &process->tasks, process_node) {
		if (task->tid == process->pid)
			return task_is_traced(task) ? task->trace : NULL;
	}
	return process->leader_trace;
}

bool trace_is_by_parent_locked(const struct process *process)
{
	const struct trace *trace = trace_of_leader_locked(process);

	return trace && trace->tracer->process == process->parent;
}

int trace_tracer_pid_locked(const struct task *task)
{
	return task_is_traced(task) ? task->trace->tracer->tid : 0;
}
