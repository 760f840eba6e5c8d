/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who traces whom (ptrace(2)), and what the points of a task's life where its tracer may be told of it call. A record belongs to a task once somebody has
 * traced it; it stands in its tracer's list. One whose task ended stays there until the tracer has waited for it. Records, requests and stops are
 * guarded by process_tree_lock but where another lock is named. All that decides anything is kernel/ptrace, which a profile can leave out: then there are
 * no records.
 */
#pragma once
#include "kernel/process/process.h"

enum trace_mode { TRACE_GO, TRACE_CALLS /* stops before and after each system call */, TRACE_EMULATE /* before, instead of it */, TRACE_STEP, TRACE_EMULATE_STEP };

/* Why a task is to stop: its tracer wants it to, which any other stop does as well; SIGCONT came; a system call has ended. */
enum trace_trap { TRACE_TRAP_STOP = 1, TRACE_TRAP_NOTIFY = 2, TRACE_TRAP_CALL = 4 };

struct trace {
	struct task *task;	 /* NULL: it has ended */
	struct process *process; /* of it; a reference */
	int tid;		 /* of it, kept when it ends */
	struct task *tracer;	 /* NULL: nobody traces it now */
	struct list node;	 /* in tracer->tracees */
	unsigned options;	 /* PTRACE_O_*'s bits */
	bool is_seized;		 /* PTRACE_SEIZE, not ATTACH or TRACEME */
	int exit_status;	 /* of a task that has ended, as wait4 gives it */

	/* A stop: the task sleeps in `wait` until the tracer clears is_stopped, or it is killed. */
	struct wait_queue wait;
	bool is_stopped;
	bool is_reported;	 /* the tracer has waited for it */
	bool is_listening;	 /* in a group stop, of which only the end is news; with the process's signal_lock as well */
	bool has_info;
	int code;		 /* of the stop: wait4's status >> 8 */
	int signal;		 /* to go on with */
	uint64_t message;	 /* PTRACE_GETEVENTMSG */
	struct linux_siginfo info;
	enum trace_mode mode;	 /* how it goes on */
	bool vector_changed;
	bool in_call;		 /* a system call whose end is seen to */
	struct user_debug debug;
};

/* What kernel/ptrace does; called for tasks with a record only. `_locked`: process_tree_lock is held. */
struct trace_hooks {
	/* A signal was taken. False: it is not to be acted upon. May change it. */
	bool (*signal)(struct task *task, struct linux_siginfo *info);
	/* trap_due is set, or the process stops. */
	void (*trap)(struct task *task);
	/* SIGCONT was sent; signal_lock held. */
	void (*continued_locked)(struct task *task);
	/* A system call of a task whose thread is_traced: `call` makes it. */
	void (*system_call)(struct task *task, void (*call)(struct task *task));
	/* A filter of system calls wants the tracer to decide. False: there is none that asked to. The call may be another one after it, or -1, none. */
	bool (*filtered)(struct task *task, uint64_t data);
	/* A handler is about to be entered: the end of a step. Then it was. */
	bool (*before_handler)(struct task *task);
	void (*after_handler)(struct task *task);
	/* A child that is not in the tree yet, and after it began: its number and clone's flags. */
	int (*clone_locked)(struct task *parent, struct task *child, uint64_t flags, int exit_signal);
	void (*cloned)(struct task *parent, int event, int child);
	void (*vfork_done)(struct task *parent, int child);
	void (*executed)(struct task *task, int former_tid);
	/* Whether the file's privileges are kept from what it executes. */
	bool (*limits_exec)(struct task *task);
	void (*ends)(struct task *task, int status);
};
extern const struct trace_hooks *trace_hooks; /* set at start */

static inline bool task_is_traced(const struct task *task)
{
	return unlikely(task->trace != NULL) && task->trace->tracer;
}

/* ---- trace.c: records. All under process_tree_lock. ---- */

/* The record of a task, a new one if need be, joined to its tracer. NULL: no memory. */
struct trace *trace_attach_locked(struct task *task, struct task *tracer, bool is_seized, unsigned options);
void trace_detach_locked(struct trace *trace);
/* Tells the tracer by a signal and wakes its waits. */
void trace_notify_locked(struct trace *trace, int code, int status);
/* A task leaves the tree. */
void trace_leave_locked(struct task *task);
/* The process is a zombie: true if its parent is not to be told of it yet, since tracers of its tasks come first. */
bool trace_hides_zombie_locked(struct process *process);
/* The end of a tracer: frees its tracees. */
void trace_release_all(struct task *tracer);
/* The leader of the process is traced by a task of its parent: what wait4(2) says of it is the trace's. */
bool trace_is_by_parent_locked(const struct process *process);
/* Whoever traces it; 0: nobody. */
int trace_tracer_pid_locked(const struct task *task);
