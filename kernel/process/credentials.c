/* SPDX-License-Identifier: BSD-3-Clause */
/* Credentials and capabilities: see credentials.h. */
#include "kernel/process/credentials.h"
#include "kernel/mem/heap.h"
#include "kernel/process/internal.h"
#include "lib/string.h"

struct credentials credentials_of_kernel = {
    .references = 1,
    .capabilities_permitted = CAPABILITIES_ALL,
    .capabilities_effective = CAPABILITIES_ALL,
    .capabilities_bounding = CAPABILITIES_ALL,
};

void credentials_get(struct credentials *credentials)
{
	__atomic_fetch_add(&credentials->references, 1, __ATOMIC_RELAXED);
}

void credentials_put(struct credentials *credentials)
{
	if (credentials && __atomic_sub_fetch(&credentials->references, 1, __ATOMIC_ACQ_REL) == 0)
		heap_free(credentials);
}

struct credentials *credentials_copy(const struct credentials *from, size_t nr_groups)
{
	struct credentials *copy = heap_alloc(sizeof(*copy) + nr_groups * sizeof(copy->groups[0]));

	if (!copy)
		return NULL;
	memcpy(copy, from, sizeof(*copy));
	copy->references = 1;
	copy->nr_groups = nr_groups;
	memcpy(copy->groups, from->groups, min_u64(nr_groups, from->nr_groups) * sizeof(copy->groups[0]));
	return copy;
}

/* Others look at a task's credentials under the lock of the tree (/proc, kill). */
/* Others of the former user may not look into the process any more (ptrace(2), PR_SET_DUMPABLE in prctl(2)). */
static bool gains_secrets(const struct credentials *from, const struct credentials *to)
{
	return from->euid != to->euid || from->egid != to->egid || from->fsuid != to->fsuid || from->fsgid != to->fsgid ||
	       to->capabilities_permitted & ~from->capabilities_permitted;
}

void credentials_commit(struct credentials *credentials)
{
	struct task *task = task_current();
	struct credentials *old;

	spin_lock(&process_tree_lock);
	old = task->credentials;
	task->credentials = credentials;
	if (gains_secrets(old, credentials)) {
		task->process->dumpable = false;
		task->process->parent_death_signal = 0;
	}
	spin_unlock(&process_tree_lock);
	credentials_put(old);
}

bool task_is_capable(int capability)
{
	return credentials_have(credentials_current(), (unsigned)capability);
}

static bool has_root_id(const struct credentials *c)
{
	return !c->uid || !c->euid || !c->suid;
}

void credentials_after_uid_change(struct credentials *to, const struct credentials *from)
{
	if (to->secure_bits & SECURE_NO_SETUID_FIXUP)
		return;
	if (has_root_id(from) && !has_root_id(to)) {
		if (!(to->secure_bits & SECURE_KEEP_CAPABILITIES))
			to->capabilities_permitted = 0;
		to->capabilities_effective = 0;
		to->capabilities_ambient = 0;
	}
	if (!from->euid && to->euid)
		to->capabilities_effective = 0;
	if (from->euid && !to->euid)
		to->capabilities_effective = to->capabilities_permitted;
}

/* What root may do with files goes with the id, and comes back with it. */
void credentials_after_fsuid_change(struct credentials *to, const struct credentials *from)
{
	static const uint64_t of_files = 1ull << CAPABILITY_CHOWN | 1ull << CAPABILITY_DAC_OVERRIDE | 1ull << CAPABILITY_DAC_READ_SEARCH | 1ull << CAPABILITY_FOWNER |
					 1ull << CAPABILITY_FSETID | 1ull << CAPABILITY_LINUX_IMMUTABLE | 1ull << CAPABILITY_MKNOD | 1ull << CAPABILITY_MAC_OVERRIDE;

	if (to->secure_bits & SECURE_NO_SETUID_FIXUP)
		return;
	if (!from->fsuid && to->fsuid)
		to->capabilities_effective &= ~of_files;
	if (from->fsuid && !to->fsuid)
		to->capabilities_effective |= of_files & to->capabilities_permitted;
}

bool credentials_after_exec(struct credentials *c, uint32_t mode, uint32_t uid, uint32_t gid, bool no_new_privileges)
{
	bool changes = false, is_root;

	if ((mode & S_ISUID) && !no_new_privileges) {
		changes |= c->euid != uid;
		c->euid = uid;
	}
	/* Without group execution S_ISGID marks mandatory locking, not a program to run as the group. */
	if ((mode & S_ISGID) && (mode & 0010) && !no_new_privileges) {
		changes |= c->egid != gid;
		c->egid = gid;
	}
	c->suid = c->fsuid = c->euid;
	c->sgid = c->fsgid = c->egid;
	if (changes)
		c->capabilities_ambient = 0;
	is_root = !(c->secure_bits & SECURE_NO_ROOT) && (!c->uid || !c->euid);
	c->capabilities_permitted = is_root ? c->capabilities_inheritable | c->capabilities_bounding : c->capabilities_ambient;
	c->capabilities_effective = is_root && !c->euid ? c->capabilities_permitted : c->capabilities_ambient;
	c->secure_bits &= ~(uint32_t)SECURE_KEEP_CAPABILITIES;
	return changes;
}
