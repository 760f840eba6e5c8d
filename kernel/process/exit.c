/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end of tasks and processes. A task gives back its parts and leaves; the last one also ends the process: memory goes first, then
 * the children find a new parent, and the process becomes a zombie for its parent to wait for, or vanishes if the parent does not care.
 */
#include "kernel/file/terminal.h"
#include "kernel/log/log.h"
#include "kernel/process/credentials.h"
#include "kernel/process/futex.h"
#include "kernel/process/internal.h"
#include "kernel/process/trace.h"
#include "kernel/process/wait_child.h"
#include "kernel/uapi/poll.h"

static void (*end_hook)(struct task *task, int status);

void task_set_end_hook(void (*ends)(struct task *task, int status))
{
	end_hook = ends;
}

static const struct timer_hooks *timer_hooks;

void process_set_timer_hooks(const struct timer_hooks *hooks)
{
	timer_hooks = hooks;
}

void signal_timer_taken(struct process *process, struct linux_siginfo *info)
{
	if (info->mark)
		timer_hooks->taken(process, info);
}

static void (*semaphores_undo)(struct process *process);

void process_set_semaphores_hook(void (*process_ends)(struct process *process))
{
	semaphores_undo = process_ends;
}

void process_release_timers(struct process *process)
{
	if (process->posix_timers)
		timer_hooks->release(process);
}

LINKER_SET_DECLARE(process_end, struct process_end);

void task_end_async(struct task *task)
{
	for (const struct process_end *const *p = LINKER_SET_BEGIN(process_end); p < LINKER_SET_END(process_end); p++)
		if ((*p)->task_ends)
			(*p)->task_ends(task);
}

void process_end_async(struct process *process)
{
	for (const struct process_end *const *p = LINKER_SET_BEGIN(process_end); p < LINKER_SET_END(process_end); p++)
		if ((*p)->process_ends)
			(*p)->process_ends(process);
	process_end_helpers(process);
}

/* set_tid_address(2): the joiner of a thread sleeps on this word. Alone in its memory there is none. */
void task_clear_child_tid(struct task *task)
{
	uint32_t zero = 0;

	if (!task->clear_child_tid)
		return;
	if (task->process->space->references > 1 || task->process->nr_tasks > 1) {
		if (!user_copy_out(task->clear_child_tid, &zero, sizeof(zero)))
			(void)futex_wake(task->clear_child_tid, false, 1, ~0u);
	}
	task->clear_child_tid = 0;
}

static void release_files(struct task *task)
{
	struct descriptor_table *descriptors;
	struct fs_context *fs;

	spin_lock(&process_tree_lock);
	descriptors = task->descriptors;
	fs = task->fs;
	task->descriptors = NULL;
	spin_unlock(&process_tree_lock);
	/* Closing the last file may still look at names. */
	if (descriptors)
		descriptor_table_put(descriptors);
	spin_lock(&process_tree_lock);
	task->fs = NULL;
	spin_unlock(&process_tree_lock);
	if (fs)
		fs_context_put(fs);
}

static void release_memory(struct process *process)
{
	struct address_space *space;

	thread_set_page_table(NULL);
	spin_lock(&process_tree_lock);
	space = process->space;
	process->space = NULL;
	if (space) {
		process->dead_minor_faults = space->faults_minor;
		process->dead_major_faults = space->faults_major;
		process->peak_resident = max_u64(process->peak_resident, space->peak_resident);
	}
	spin_unlock(&process_tree_lock);
	if (space)
		address_space_put(space);
}

static void add_times(struct process *process, const struct task *task)
{
	uint64_t user, system;

	thread_cpu_time(&task->thread, &user, &system);
	process->dead_user_ns += user;
	process->dead_system_ns += system;
	process->dead_voluntary += task->thread.switches_voluntary;
	process->dead_involuntary += task->thread.switches_involuntary;
	thread_io_add(&process->dead_io, &task->thread.io);
}

bool process_is_reaped_at_once(const struct process *process)
{
	const struct process *parent = process->parent;
	const struct linux_sigaction *action;

	if (!parent || !parent->handlers || process->exit_signal != LINUX_SIGCHLD)
		return false;
	action = &parent->handlers->actions[LINUX_SIGCHLD];
	return action->handler == LINUX_SIG_IGN || (action->flags & LINUX_SA_NOCLDWAIT);
}

/* Groups that lose their last tie to the session when this process goes. */
static void hang_up_orphans_locked(struct process *process)
{
	struct process *child;

	if (process->parent && process->parent->group != process->group && process->parent->session == process->session)
		group_hang_up_if_orphaned_locked(process->group, process->session, process);
	list_for_each(child, &process->children, sibling) {
		if (child->group != process->group && child->session == process->session)
			group_hang_up_if_orphaned_locked(child->group, child->session, process);
	}
}

static void become_zombie_locked(struct process *process)
{
	struct signal_handlers *handlers;

	hang_up_orphans_locked(process);
	process_orphan_children_locked(process);
	spin_lock(&process->signal_lock);
	process->is_stopped = false;
	handlers = process->handlers;
	process->handlers = NULL;
	signal_queue_discard(process, &process->pending, ~0ull);
	spin_unlock(&process->signal_lock);
	signal_handlers_put(handlers);
	__atomic_store_n(&process->is_zombie, true, __ATOMIC_RELEASE);
}

/* The last task's part: what the process owned. */
static void end_process(struct process *process)
{
	struct file *executable = process->executable;

	if (process->pid == process->session && process->terminal)
		terminal_disassociate(process->terminal, process->session);
	spin_lock(&process->timer_lock);
	process->has_ended_timers = true; /* another process may set this one's limits (prlimit(2)) */
	spin_unlock(&process->timer_lock);
	timer_cancel(&process->real_timer);
	cpu_timer_cancel(&process->virtual_timer);
	cpu_timer_cancel(&process->profile_timer);
	cpu_timer_cancel(&process->cpu_limit_timer);
	process_release_timers(process);
	release_memory(process);
	if (process->undoes_semaphores && semaphores_undo)
		semaphores_undo(process);
	spin_lock(&process_tree_lock);
	process->executable = NULL;
	spin_unlock(&process_tree_lock);
	if (executable)
		file_put(executable);
}

static void leave_for_good(struct task *task, struct process *process)
{
	bool is_hidden, is_reaped;

	spin_lock(&process_tree_lock);
	add_times(process, task);
	process->exit_uid = task->credentials->uid;
	task_leave_locked(task);
	is_hidden = trace_hides_zombie_locked(process);
	is_reaped = !is_hidden && process_is_reaped_at_once(process);
	become_zombie_locked(process);
	if (!is_hidden)
		signal_notify_parent_locked(process, 0, 0);
	if (is_reaped)
		process_leave_locked(process);
	spin_unlock(&process_tree_lock);
	wait_wake_all(&process->exit_wait, POLLIN);
	if (is_reaped)
		process_put(process);
	thread_exit();
}

/* True if others of the process go on; the task has left it then. */
static bool leave_others(struct task *task, struct process *process)
{
	bool is_last;

	spin_lock(&process_tree_lock);
	is_last = process->nr_tasks == 1;
	if (!is_last) {
		add_times(process, task);
		task_leave_locked(task);
		if (process->core_task || (process->exec_task && process->nr_tasks == 1))
			wait_wake_all(&process->exit_wait, 0);
	}
	spin_unlock(&process_tree_lock);
	return !is_last;
}

noreturn_fn void task_finish(struct task *task, int status)
{
	struct process *process = task->process;

	if (unlikely(end_hook))
		end_hook(task, status);
	if (task->trace)
		trace_hooks->ends(task, status);
	task_end_async(task);
	if (process->space) {
		robust_list_walk(task);
		task_clear_child_tid(task);
	}
	futex_pi_release_all(task, true);
	task_vfork_done(task);
	release_files(task);
	trace_release_all(task); /* it cannot get more without files */
	thread_set_page_table(NULL);
	if (leave_others(task, process))
		thread_exit();
	process_end_async(process);
	if (process->pid == 1)
		panic("init ended with status %#x", (unsigned)process->exit_status);
	end_process(process);
	leave_for_good(task, process);
	panic("a task outlived its process");
}

noreturn_fn void process_exit_group(int status)
{
	struct task *task = task_current();
	struct process *process = task->process;

	spin_lock(&process->signal_lock);
	if (!process->is_exiting && (!process->exec_task || process->exec_task == task) && (!process->core_task || process->core_task == task)) {
		process->is_exiting = true;
		process->exit_status = status;
		__atomic_store_n(&process->core_task, NULL, __ATOMIC_RELEASE);
		signal_kill_others_locked(process, task);
	}
	status = process->exec_task && process->exec_task != task ? 0 : process->exit_status;
	spin_unlock(&process->signal_lock);
	task_finish(task, status);
}

noreturn_fn void task_exit(int status)
{
	struct task *task = task_current();
	struct process *process = task->process;

	/* Whatever its threads exit with, the process has the status of its first. */
	spin_lock(&process->signal_lock);
	if (!process->is_exiting && task->tid == process->pid)
		process->exit_status = status;
	spin_unlock(&process->signal_lock);
	task_finish(task, status);
}
