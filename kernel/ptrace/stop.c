/* SPDX-License-Identifier: BSD-3-Clause */
/* Stops of traced tasks, on their own threads: for signals, for events, before and after system calls, with their process (ptrace(2), "Stopped states"). */
#include "kernel/arch/debug.h"
#include "kernel/file/inode.h"
#include "kernel/platform/platform.h"
#include "kernel/process/credentials.h"
#include "kernel/process/trace.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/ptrace.h"
#include "kernel/uapi/sched.h"
#include "lib/string.h"

#define SIGNAL_BIT(signal) (1ull << ((signal) - 1))

struct stop {
	int code; /* wait4's status >> 8 */
	int told; /* LINUX_CLD_*: what the tracer's SIGCHLD says */
	struct linux_siginfo *info; /* NULL: none; the tracer may change it */
	uint64_t message;
	int signal; /* to go on with if there is no tracer any more */
};

/* True if it is to sleep: the tracer is told. */
static bool enter(struct task *task, const struct stop *stop)
{
	struct trace *trace = task->trace;
	bool is_traced;

	spin_lock(&process_tree_lock);
	is_traced = trace->tracer && !task->thread.killed;
	if (is_traced) {
		if (trace->mode >= TRACE_STEP)
			user_set_stepping(&task->user, false);
		trace->code = stop->code;
		trace->has_info = stop->info != NULL;
		if (stop->info)
			trace->info = *stop->info;
		trace->message = stop->message;
		trace->signal = stop->signal;
		trace->is_reported = false;
		task->trap_due &= (uint8_t)~TRACE_TRAP_STOP;
		trace->is_stopped = true;
		trace_notify_locked(trace, stop->told, stop->code & 0x7f);
	}
	spin_unlock(&process_tree_lock);
	return is_traced;
}

static bool must_sleep(const struct task *task)
{
	const struct trace *trace = task->trace;

	if (!__atomic_load_n(&trace->is_stopped, __ATOMIC_ACQUIRE) || __atomic_load_n(&task->thread.killed, __ATOMIC_RELAXED))
		return false;
	return !(__atomic_load_n(&trace->is_listening, __ATOMIC_RELAXED) && __atomic_load_n(&task->trap_due, __ATOMIC_RELAXED));
}

static int leave(struct task *task, const struct stop *stop)
{
	struct trace *trace = task->trace;
	bool vector_changed;
	int signal;

	spin_lock(&process_tree_lock);
	trace->is_stopped = false;
	signal = trace->signal;
	if (stop->info)
		*stop->info = trace->info;
	trace->has_info = false;
	vector_changed = trace->vector_changed;
	trace->vector_changed = false;
	spin_lock(&task->process->signal_lock);
	trace->is_listening = false;
	signal_recalculate_locked(task);
	spin_unlock(&task->process->signal_lock);
	spin_unlock(&process_tree_lock);
	if (vector_changed)
		thread_vector_changed();
	return signal;
}

/* Stops until the tracer lets the task go on; the signal that it is to go on with. All that the tracer may look at is in memory then. */
static int make_stop(struct task *task, const struct stop *stop)
{
	struct waiter waiter;

	(void)user_tls(&task->user); /* takes the bases out of the CPU */
	user_vector_save(task->thread.vector);
	if (!enter(task, stop))
		return stop->signal;
	wait_begin(&waiter, &task->trace->wait);
	while (must_sleep(task))
		(void)wait_sleep(WAIT_FOREVER, WAIT_KILLABLE);
	wait_end(&waiter);
	return leave(task, stop);
}

/* A stop that is no signal's: its siginfo says which. */
static int stop_for(struct task *task, int code, int told, uint64_t message)
{
	struct linux_siginfo info = {.signo = code & 0x7f, .code = code};

	info.process.pid = task->tid;
	info.process.uid = task->credentials->uid;
	return make_stop(task, &(struct stop){.code = code, .told = told, .info = &info, .message = message});
}

static bool wants_event(const struct task *task, int event)
{
	return task_is_traced(task) && (task->trace->options & 1u << event);
}

/* In the middle of a system call: one that was not traced when it began may have an end that is. */
static void stop_for_event(struct task *task, int event, uint64_t message)
{
	struct trace *trace = task->trace;

	(void)stop_for(task, LINUX_SIGTRAP | event << 8, LINUX_CLD_TRAPPED, message);
	if (trace->in_call || (trace->mode != TRACE_CALLS && trace->mode != TRACE_STEP))
		return;
	spin_lock(&task->process->signal_lock);
	task->trap_due |= TRACE_TRAP_CALL;
	signal_recalculate_locked(task);
	spin_unlock(&task->process->signal_lock);
}

/* ---- Signals ---- */

static struct linux_siginfo info_of_tracer(const struct trace *trace, int signal)
{
	struct linux_siginfo info = {.signo = signal, .code = LINUX_SI_USER};

	spin_lock(&process_tree_lock);
	if (trace->tracer) {
		info.process.pid = trace->tracer->process->pid;
		info.process.uid = trace->tracer->credentials->uid;
	}
	spin_unlock(&process_tree_lock);
	return info;
}

static bool on_signal(struct task *task, struct linux_siginfo *info)
{
	int signal;

	if (!task_is_traced(task) || info->signo == LINUX_SIGKILL)
		return true;
	signal = make_stop(task, &(struct stop){.code = info->signo, .told = LINUX_CLD_TRAPPED, .info = info, .signal = info->signo});
	if (!signal || task->thread.killed)
		return false;
	if (signal != info->signo)
		*info = info_of_tracer(task->trace, signal);
	if (!(task->blocked & SIGNAL_BIT(signal)))
		return true;
	(void)task_signal(task, signal, info);
	return false;
}

/* ---- System calls and steps ---- */

static void stop_for_call(struct task *task, uint64_t message)
{
	int code = LINUX_SIGTRAP | (task->trace->options & LINUX_PTRACE_O_TRACESYSGOOD ? 0x80 : 0);
	int signal = stop_for(task, code, LINUX_CLD_TRAPPED, message);
	struct linux_siginfo info;

	if (!signal)
		return;
	info = (struct linux_siginfo){.signo = signal, .code = LINUX_SI_KERNEL};
	(void)task_signal(task, signal, &info);
}

static void after_call(struct task *task)
{
	enum trace_mode mode = task->trace->mode;

	if (!task_is_traced(task) || task->thread.killed)
		return;
	if (mode == TRACE_CALLS)
		stop_for_call(task, LINUX_PTRACE_MESSAGE_EXIT);
	else if (mode == TRACE_STEP || mode == TRACE_EMULATE_STEP)
		task_fault_signal(LINUX_SIGTRAP, LINUX_TRAP_BRKPT, user_instruction_pointer(&task->user));
}

/* The tracer may have changed the call's number and arguments; number -1 leaves it out. False: it is not to be made. */
static bool before_call(struct task *task)
{
	bool is_emulated = task->trace->mode != TRACE_CALLS;

	task->syscall_number = user_syscall_number(&task->user);
	user_syscall_set_result(&task->user, -ENOSYS);
	stop_for_call(task, LINUX_PTRACE_MESSAGE_ENTRY);
	if (is_emulated || task->thread.killed || task->syscall_number == NO_CALL)
		return false;
	user_syscall_set_result(&task->user, (int64_t)task->syscall_number); /* the same register */
	return true;
}

static void on_system_call(struct task *task, void (*call)(struct task *task))
{
	enum trace_mode mode = task->trace->mode;
	bool is_made = true;

	if (task_is_traced(task) && mode != TRACE_STEP && mode != TRACE_GO)
		is_made = before_call(task);
	task->trace->in_call = true;
	if (is_made)
		call(task);
	task->trace->in_call = false;
	after_call(task);
}

static bool before_handler(struct task *task)
{
	bool was_stepping = task_is_traced(task) && task->trace->mode >= TRACE_STEP;

	if (was_stepping)
		user_set_stepping(&task->user, false);
	return was_stepping;
}

static void after_handler(struct task *task)
{
	(void)stop_for(task, LINUX_SIGTRAP, LINUX_CLD_TRAPPED, 0);
}

/* ---- With the process, or because the tracer wants it ---- */

static void stop_with_process(struct task *task)
{
	struct process *process = task->process;
	struct trace *trace = task->trace;
	bool is_stop;
	int signal;

	spin_lock(&process->signal_lock);
	is_stop = process->is_stopped;
	signal = is_stop ? process->stop_signal : LINUX_SIGTRAP;
	if (trace->tracer)
		task->stop_taken = is_stop;
	signal_recalculate_locked(task);
	spin_unlock(&process->signal_lock);
	if (!trace->tracer)
		return;
	if (trace->is_seized)
		(void)stop_for(task, signal | LINUX_PTRACE_EVENT_STOP << 8, LINUX_CLD_STOPPED, 0);
	else if (is_stop)
		(void)make_stop(task, &(struct stop){.code = signal, .told = LINUX_CLD_STOPPED});
}

static void on_trap(struct task *task)
{
	struct process *process = task->process;
	bool is_call;

	spin_lock(&process->signal_lock);
	is_call = task->trap_due & TRACE_TRAP_CALL;
	task->trap_due &= is_call ? (uint8_t)~TRACE_TRAP_CALL : 0;
	signal_recalculate_locked(task);
	spin_unlock(&process->signal_lock);
	if (is_call)
		after_call(task);
	else
		stop_with_process(task);
}

static void on_continued_locked(struct task *task)
{
	struct trace *trace = task->trace;

	if (!trace->tracer || !trace->is_seized)
		return;
	task->trap_due |= TRACE_TRAP_NOTIFY;
	thread_interrupt(&task->thread);
	if (trace->is_listening)
		wait_wake_all(&trace->wait, 0);
}

/* ---- Events ---- */

/* The call has not been made; its number is where the tracer looks for it. */
static bool on_filtered(struct task *task, uint64_t data)
{
	if (!wants_event(task, LINUX_PTRACE_EVENT_SECCOMP))
		return false;
	user_syscall_set_result(&task->user, -ENOSYS);
	stop_for_event(task, LINUX_PTRACE_EVENT_SECCOMP, data);
	return true;
}

static int on_clone_locked(struct task *parent, struct task *child, uint64_t flags, int exit_signal)
{
	struct trace *trace = parent->trace;
	int event = flags & LINUX_CLONE_VFORK ? LINUX_PTRACE_EVENT_VFORK : exit_signal != LINUX_SIGCHLD ? LINUX_PTRACE_EVENT_CLONE : LINUX_PTRACE_EVENT_FORK;

	if (!wants_event(parent, event) || (flags & LINUX_CLONE_UNTRACED))
		event = 0;
	if (!trace->tracer || (!event && !(flags & LINUX_CLONE_PTRACE)))
		return event;
	if (!trace_attach_locked(child, trace->tracer, trace->is_seized, trace->options))
		return event;
	if (trace->is_seized)
		child->trap_due = TRACE_TRAP_STOP;
	else
		child->pending.pending |= SIGNAL_BIT(LINUX_SIGSTOP);
	child->thread.interrupted = true;
	return event;
}

static void on_cloned(struct task *parent, int event, int child)
{
	stop_for_event(parent, event, (uint64_t)child);
}

static void on_vfork_done(struct task *parent, int child)
{
	if (wants_event(parent, LINUX_PTRACE_EVENT_VFORK_DONE))
		stop_for_event(parent, LINUX_PTRACE_EVENT_VFORK_DONE, (uint64_t)child);
}

static void on_executed(struct task *task, int former_tid)
{
	struct linux_siginfo info = {.signo = LINUX_SIGTRAP, .code = LINUX_SI_USER};

	memset(&task->trace->debug, 0, sizeof(task->trace->debug));
	if (!task_is_traced(task))
		return;
	if (wants_event(task, LINUX_PTRACE_EVENT_EXEC)) {
		stop_for_event(task, LINUX_PTRACE_EVENT_EXEC, (uint64_t)former_tid);
	} else if (!task->trace->is_seized) {
		info.process.pid = task->process->pid;
		info.process.uid = task->credentials->uid;
		(void)task_signal(task, LINUX_SIGTRAP, &info);
	}
}

static bool limits_exec(struct task *task)
{
	bool is_limited;

	spin_lock(&process_tree_lock);
	is_limited = task->trace->tracer && !credentials_have(task->trace->tracer->credentials, CAPABILITY_SYS_PTRACE);
	spin_unlock(&process_tree_lock);
	return is_limited;
}

/* What has been killed stops here all the same, and ends when it is killed again. */
static void on_end(struct task *task, int status)
{
	bool was_killed = task->thread.killed;

	task->trace->exit_status = status;
	if (!wants_event(task, LINUX_PTRACE_EVENT_EXIT))
		return;
	__atomic_store_n(&task->thread.killed, false, __ATOMIC_SEQ_CST);
	stop_for_event(task, LINUX_PTRACE_EVENT_EXIT, (uint64_t)status);
	if (was_killed)
		__atomic_store_n(&task->thread.killed, true, __ATOMIC_SEQ_CST);
}

static const struct trace_hooks hooks = {
    .signal = on_signal,
    .trap = on_trap,
    .continued_locked = on_continued_locked,
    .system_call = on_system_call,
    .filtered = on_filtered,
    .before_handler = before_handler,
    .after_handler = after_handler,
    .clone_locked = on_clone_locked,
    .cloned = on_cloned,
    .vfork_done = on_vfork_done,
    .executed = on_executed,
    .limits_exec = limits_exec,
    .ends = on_end,
};

static void set_hooks(void)
{
	trace_hooks = &hooks;
}
INITCALL(ptrace, INIT_CORE, set_hooks);
