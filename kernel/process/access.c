/* SPDX-License-Identifier: BSD-3-Clause */
/* Reaching into another process. */
#include "kernel/process/access.h"
#include "kernel/process/credentials.h"
#include "kernel/process/internal.h"
#include "kernel/uapi/errno.h"

static struct task *any_task(struct process *process)
{
	return list_empty(&process->tasks) ? NULL : container_of(process->tasks.next, struct task, process_node);
}

/* All user and group ids are the caller's real ones, and the process lets itself be looked at; or the caller may trace any. */
static bool is_allowed(const struct process *process, const struct credentials *theirs)
{
	const struct credentials *ours = task_current()->credentials;

	if (process == process_current() || task_is_capable(CAPABILITY_SYS_PTRACE))
		return true;
	return process->dumpable && ours->uid == theirs->uid && ours->uid == theirs->euid && ours->uid == theirs->suid && ours->gid == theirs->gid &&
	       ours->gid == theirs->egid && ours->gid == theirs->sgid;
}

int process_access_check_locked(struct process *process)
{
	struct task *task = any_task(process);

	if (!task)
		return -ESRCH;
	return is_allowed(process, task->credentials) ? 0 : -EPERM;
}

int process_access_check(struct process *process)
{
	int ret;

	spin_lock(&process_tree_lock);
	ret = process_access_check_locked(process);
	spin_unlock(&process_tree_lock);
	return ret;
}

int process_access(int pid, struct process **found)
{
	struct process *process;
	int ret = -ESRCH;

	spin_lock(&process_tree_lock);
	process = process_of_id_locked(pid);
	if (process)
		ret = process_access_check_locked(process);
	if (!ret) {
		process_get(process);
		*found = process;
	}
	spin_unlock(&process_tree_lock);
	return ret;
}

struct address_space *process_space_get(struct process *process)
{
	struct address_space *space;

	process_complete(process);
	spin_lock(&process_tree_lock);
	space = process->space;
	if (space)
		address_space_get(space);
	spin_unlock(&process_tree_lock);
	return space;
}

struct descriptor_table *process_descriptors_get(struct process *process)
{
	struct descriptor_table *table = NULL;
	struct task *task;

	spin_lock(&process_tree_lock);
	task = any_task(process);
	if (task)
		table = task->descriptors;
	if (table)
		descriptor_table_get(table);
	spin_unlock(&process_tree_lock);
	return table;
}
