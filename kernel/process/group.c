/* SPDX-License-Identifier: BSD-3-Clause */
/* Process groups and sessions. */
#include "kernel/process/group.h"
#include "kernel/process/internal.h"
#include "kernel/uapi/errno.h"

static bool group_exists_in(int group, int session)
{
	for (struct process *p = process_first_locked(); p; p = process_following_locked(p)) {
		if (p->group == group && p->session == session)
			return true;
	}
	return false;
}

static int group_set_locked(struct process *self, int pid, int group)
{
	struct process *target = pid ? process_find(pid) : self;

	if (!target || (target != self && target->parent != self))
		return -ESRCH;
	group = group ? group : target->pid;
	if (group < 0)
		return -EINVAL;
	if (target != self && target->has_executed)
		return -EACCES;
	if (target->session != self->session || target->pid == target->session)
		return -EPERM;
	if (group != target->pid && !group_exists_in(group, self->session))
		return -EPERM;
	target->group = group;
	return 0;
}

int group_set(int pid, int group)
{
	int ret;

	if (group < 0)
		return -EINVAL;
	spin_lock(&process_tree_lock);
	ret = group_set_locked(process_current(), pid, group);
	spin_unlock(&process_tree_lock);
	return ret;
}

int session_new(void)
{
	struct process *self = process_current();
	int ret = -EPERM;

	spin_lock(&process_tree_lock);
	if (self->group != self->pid && !group_exists_in(self->pid, self->session)) {
		self->session = self->group = ret = self->pid;
		self->terminal = NULL;
	}
	spin_unlock(&process_tree_lock);
	return ret;
}
