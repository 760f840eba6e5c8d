/* SPDX-License-Identifier: BSD-3-Clause */
/* fork(2), vfork(2), clone(2): a child shares or copies each part of its parent, as the flags say. */
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/process/clone.h"
#include "kernel/process/credentials.h"
#include "kernel/process/internal.h"
#include "kernel/process/rseq.h"
#include "kernel/process/seccomp.h"
#include "kernel/process/pidfd.h"
#include "kernel/process/trace.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/sched.h"
#include "lib/string.h"

static int check_flags(uint64_t flags)
{
	if ((flags & LINUX_CLONE_SIGHAND) && !(flags & LINUX_CLONE_VM))
		return -EINVAL;
	if ((flags & LINUX_CLONE_THREAD) && !(flags & LINUX_CLONE_SIGHAND))
		return -EINVAL;
	if ((flags & LINUX_CLONE_FS) && (flags & (LINUX_CLONE_NEWNS | LINUX_CLONE_NEWUSER)))
		return -EINVAL;
	if ((flags & LINUX_CLONE_CLEAR_SIGHAND) && (flags & LINUX_CLONE_SIGHAND))
		return -EINVAL;
	if ((flags & LINUX_CLONE_PIDFD) && (flags & (LINUX_CLONE_THREAD | LINUX_CLONE_DETACHED)))
		return -EINVAL;
	/* Name spaces are a machine's business here: each application has one of its own. */
	if (flags & (LINUX_CLONE_NEW_ANY | LINUX_CLONE_NEWTIME))
		return task_is_capable(CAPABILITY_SYS_ADMIN) || (flags & LINUX_CLONE_NEWUSER) ? -EINVAL : -EPERM;
	if (flags & LINUX_CLONE_INTO_CGROUP)
		return -EINVAL;
	if ((flags & LINUX_CLONE_PARENT) && process_current()->pid == 1)
		return -EINVAL;
	return 0;
}

/* ---- The parts of a process. ---- */

static int share_memory(struct process *child, struct process *parent, uint64_t flags)
{
	if (flags & LINUX_CLONE_VM) {
		address_space_get(parent->space);
		child->space = parent->space;
	} else {
		child->space = address_space_copy(parent->space);
	}
	return child->space ? 0 : -ENOMEM;
}

static int share_handlers(struct process *child, struct process *parent, uint64_t flags)
{
	if (flags & LINUX_CLONE_SIGHAND) {
		__atomic_fetch_add(&parent->handlers->references, 1, __ATOMIC_RELAXED);
		child->handlers = parent->handlers;
		return 0;
	}
	child->handlers = signal_handlers_copy(parent->handlers);
	if (!child->handlers)
		return -ENOMEM;
	if (flags & LINUX_CLONE_CLEAR_SIGHAND)
		signal_handlers_reset_for_exec(child->handlers);
	return 0;
}

static void inherit(struct process *child, const struct process *parent)
{
	memcpy(child->name, parent->name, sizeof(child->name));
	memcpy(child->limits, parent->limits, sizeof(child->limits));
	child->dumpable = parent->dumpable;
	child->core_filter = parent->core_filter;
	child->oom_adjust = parent->oom_adjust;
	child->oom_adjust_low = parent->oom_adjust_low;
	child->personality = parent->personality;
	child->executable = parent->executable;
	if (child->executable)
		file_get(child->executable);
}

static void free_process_parts(struct process *process)
{
	if (process->space)
		address_space_put(process->space);
	signal_handlers_put(process->handlers);
	if (process->executable)
		file_put(process->executable);
	process->space = NULL;
	process->handlers = NULL;
	process->executable = NULL;
}

static struct process *new_process(struct process *parent, uint64_t flags, int exit_signal)
{
	struct process *child = process_new();

	if (!child)
		return NULL;
	inherit(child, parent);
	child->exit_signal = exit_signal;
	if (share_handlers(child, parent, flags) || share_memory(child, parent, flags)) {
		free_process_parts(child);
		process_put(child);
		return NULL;
	}
	return child;
}

/* ---- The parts of a task. ---- */

static int share_files(struct task *child, struct task *parent, uint64_t flags)
{
	if (flags & LINUX_CLONE_FILES) {
		descriptor_table_get(parent->descriptors);
		child->descriptors = parent->descriptors;
	} else {
		child->descriptors = descriptor_table_copy(parent->descriptors);
	}
	if (!child->descriptors)
		return -ENOMEM;
	if (flags & LINUX_CLONE_FS) {
		__atomic_fetch_add(&parent->fs->references, 1, __ATOMIC_RELAXED);
		child->fs = parent->fs;
	} else {
		child->fs = fs_context_copy(parent->fs);
	}
	return child->fs ? 0 : -ENOMEM;
}

static void free_files(struct task *task)
{
	if (task->descriptors)
		descriptor_table_put(task->descriptors);
	if (task->fs)
		fs_context_put(task->fs);
	task->descriptors = NULL;
	task->fs = NULL;
}

static void copy_state(struct task *child, struct task *parent, const struct clone_arguments *a)
{
	memcpy(child->name, parent->name, sizeof(child->name));
	user_context_copy(&child->user, &parent->user);
	user_syscall_set_result(&child->user, 0);
	if (a->stack)
		user_set_stack_pointer(&child->user, a->stack);
	if (a->flags & LINUX_CLONE_SETTLS)
		user_set_tls(&child->user, a->tls);
	user_vector_save(child->thread.vector);
	child->thread.page_table = &child->process->space->page_table;
	child->blocked = parent->blocked;
	child->syscall_number = parent->syscall_number;
	child->credentials = parent->credentials;
	credentials_get(child->credentials);
	child->no_new_privileges = parent->no_new_privileges;
	child->timer_slack_ns = child->default_slack_ns = parent->timer_slack_ns;
	if (!(a->flags & LINUX_CLONE_VM))
		rseq_inherit(child, parent);
	child->memory_policy = parent->memory_policy;
	child->io_priority = parent->io_priority;
	if (parent->reset_on_fork) /* sched(7): privileges of scheduling do not spread */
		thread_set_policy(&child->thread, SCHED_NORMAL, 0, parent->thread.nice < 0 ? 0 : parent->thread.nice);
	/* A thread starts without an alternate stack, and so does a child that shares memory but for vfork (sigaltstack(2)). */
	if (!(a->flags & LINUX_CLONE_VM) || (a->flags & LINUX_CLONE_VFORK)) {
		child->altstack_base = parent->altstack_base;
		child->altstack_size = parent->altstack_size;
		child->altstack_flags = parent->altstack_flags;
	}
	if (a->flags & LINUX_CLONE_CHILD_SETTID)
		child->set_child_tid = a->child_tid;
	if (a->flags & LINUX_CLONE_CHILD_CLEARTID)
		child->clear_child_tid = a->child_tid;
}

/* ---- Entering the tree. ---- */

static bool is_over_limit_locked(const struct process *parent, const struct credentials *credentials)
{
	uint64_t limit = parent->limits[LINUX_RLIMIT_NPROC].soft, tasks = 0;

	if (limit == LINUX_RLIM_INFINITY || !credentials->uid)
		return false;
	for (struct process *p = process_first_locked(); p; p = process_following_locked(p)) {
		if (!list_empty(&p->tasks) && container_of(p->tasks.next, struct task, process_node)->credentials->uid == credentials->uid)
			tasks += p->nr_tasks;
	}
	return tasks >= limit;
}

/* The point where others can see the child. A process that is being killed makes no more of them. *event: what its parent's tracer is to be told. */
static int enter_tree(struct task *child, struct task *parent, const struct clone_arguments *a, int *event)
{
	struct process *process = child->process, *of_parent = parent->process;
	uint64_t flags = a->flags;
	int ret = 0;

	spin_lock(&process_tree_lock);
	if (of_parent->is_exiting || of_parent->exec_task || parent->thread.killed)
		ret = -ERESTART_NO_HANDLER;
	else if (is_over_limit_locked(of_parent, parent->credentials))
		ret = -EAGAIN;
	if (ret) {
		spin_unlock(&process_tree_lock);
		return ret;
	}
	if (parent->filters)
		call_filter_inherit_locked(child, parent);
	child->tid = id_new_locked();
	if (process != of_parent) {
		process->pid = child->tid;
		process->parent = flags & LINUX_CLONE_PARENT ? of_parent->parent : of_parent;
		process->creator = flags & LINUX_CLONE_PARENT ? of_parent->creator : parent->tid;
		process->group = of_parent->group;
		process->session = of_parent->session;
		process->terminal = of_parent->terminal;
		process_get(process); /* its place in the tree */
		process_enter_locked(process);
	}
	if (flags & LINUX_CLONE_VFORK) {
		child->vfork_parent = parent;
		parent->vfork_waits = true;
	}
	if (parent->trace)
		*event = trace_hooks->clone_locked(parent, child, flags, a->exit_signal);
	task_enter_locked(child);
	spin_unlock(&process_tree_lock);
	return 0;
}

static void wait_for_vfork(struct task *parent)
{
	while (__atomic_load_n(&parent->vfork_waits, __ATOMIC_ACQUIRE)) {
		if (wait_sleep(WAIT_FOREVER, WAIT_KILLABLE) != -EINTR)
			continue;
		/* Killed: the child, if it is there still, must not find a parent to wake. */
		spin_lock(&process_tree_lock);
		if (parent->vfork_waits) {
			struct process *p = process_first_locked();
			struct task *task;

			for (; p; p = process_following_locked(p)) {
				list_for_each(task, &p->tasks, process_node) {
					if (task->vfork_parent == parent)
						task->vfork_parent = NULL;
				}
			}
			parent->vfork_waits = false;
		}
		spin_unlock(&process_tree_lock);
	}
}

void task_vfork_done(struct task *task)
{
	struct task *parent;

	if (!task->vfork_parent)
		return;
	spin_lock(&process_tree_lock);
	parent = task->vfork_parent;
	task->vfork_parent = NULL;
	if (parent) {
		__atomic_store_n(&parent->vfork_waits, false, __ATOMIC_RELEASE);
		/* The program that begins goes on: what its parent does now is mostly to wait for it. */
		thread_wake_behind(&parent->thread);
	}
	spin_unlock(&process_tree_lock);
}

/* A child that could not be completed; nobody has seen it. */
static void abandon(struct task *child, struct process *process, bool is_thread)
{
	if (child) {
		free_files(child);
		task_free(child);
	}
	if (!is_thread)
		free_process_parts(process);
	if (!is_thread)
		process_put(process);
}

int64_t task_clone(const struct clone_arguments *a)
{
	struct task *parent = task_current(), *child;
	bool is_thread = a->flags & LINUX_CLONE_THREAD;
	struct process *process;
	int ret = check_flags(a->flags), tid, pidfd = -1, event = 0;

	if (!ret && task_tree_is_full())
		ret = -EAGAIN; /* of tasks that begin at the same moment each may come in */
	if (ret)
		return ret;
	process = is_thread ? parent->process : new_process(parent->process, a->flags, a->exit_signal);
	if (!process)
		return -ENOMEM;
	child = task_new(process);
	ret = child ? share_files(child, parent, a->flags) : -ENOMEM;
	if (!ret) {
		copy_state(child, parent, a);
		if (a->flags & LINUX_CLONE_PIDFD)
			ret = pidfd = pidfd_new(process, 0);
		if (pidfd >= 0 && user_copy_out(a->pidfd, &pidfd, sizeof(pidfd)))
			ret = -EFAULT;
	}
	if (ret >= 0)
		ret = enter_tree(child, parent, a, &event);
	if (ret) {
		if (pidfd >= 0)
			descriptor_close(pidfd);
		abandon(child, process, is_thread);
		return ret;
	}
	tid = child->tid;
	if ((a->flags & LINUX_CLONE_PARENT_SETTID) && user_copy_out(a->parent_tid, &tid, sizeof(tid)))
		tid = child->tid; /* as Linux: a bad address is the program's own loss */
	if (!is_thread)
		process_put(process); /* the child holds it */
	task_launch(child);
	if (event)
		trace_hooks->cloned(parent, event, tid);
	if (a->flags & LINUX_CLONE_VFORK) {
		wait_for_vfork(parent);
		if (parent->trace)
			trace_hooks->vfork_done(parent, tid);
	}
	return tid;
}

/* Exchanges the running task's files and places for copies of its own. */
static int own_files(struct task *task, uint64_t flags)
{
	struct descriptor_table *descriptors = flags & LINUX_CLONE_FILES ? descriptor_table_copy(task->descriptors) : NULL;
	struct fs_context *fs = flags & LINUX_CLONE_FS ? fs_context_copy(task->fs) : NULL;
	struct descriptor_table *old_descriptors = descriptors ? task->descriptors : NULL;
	struct fs_context *old_fs = fs ? task->fs : NULL;

	if ((!descriptors && (flags & LINUX_CLONE_FILES)) || (!fs && (flags & LINUX_CLONE_FS))) {
		if (descriptors)
			descriptor_table_put(descriptors);
		if (fs)
			fs_context_put(fs);
		return -ENOMEM;
	}
	spin_lock(&process_tree_lock);
	task->descriptors = descriptors ? descriptors : task->descriptors;
	task->fs = fs ? fs : task->fs;
	spin_unlock(&process_tree_lock);
	if (old_descriptors)
		descriptor_table_put(old_descriptors);
	if (old_fs)
		fs_context_put(old_fs);
	return 0;
}

int task_unshare(uint64_t flags)
{
	const uint64_t alone = LINUX_CLONE_THREAD | LINUX_CLONE_SIGHAND | LINUX_CLONE_VM;
	struct task *task = task_current();

	if (flags & ~(alone | LINUX_CLONE_FS | LINUX_CLONE_FILES | LINUX_CLONE_SYSVSEM | LINUX_CLONE_NEW_ANY | LINUX_CLONE_NEWTIME))
		return -EINVAL;
	if (flags & (LINUX_CLONE_NEW_ANY | LINUX_CLONE_NEWTIME))
		return task_is_capable(CAPABILITY_SYS_ADMIN) || (flags & LINUX_CLONE_NEWUSER) ? -EINVAL : -EPERM;
	/* A thread cannot leave its process; whoever has no others is alone already. */
	if ((flags & alone) && task->process->nr_tasks > 1)
		return -EINVAL;
	return own_files(task, flags);
}
