/* SPDX-License-Identifier: BSD-3-Clause */
/* User and group ids, groups, capabilities (credentials(7), setresuid(2), capset(2)). Each change makes a new object. */
#include "kernel/process/credentials.h"
#include "kernel/mem/heap.h"
#include "kernel/syscall/syscall.h"
#include "lib/string.h"

#define NO_ID	   UINT32_MAX /* -1: leave as it is */
#define GROUPS_MAX 65536

static const struct credentials *mine(void)
{
	return credentials_current();
}

SYSCALL(getuid, 0, "")
{
	return mine()->uid;
}

SYSCALL(geteuid, 0, "")
{
	return mine()->euid;
}

SYSCALL(getgid, 0, "")
{
	return mine()->gid;
}

SYSCALL(getegid, 0, "")
{
	return mine()->egid;
}

static int64_t put_three(const struct syscall_arguments *a, uint32_t x, uint32_t y, uint32_t z)
{
	if (copy_to_user(a->v[0], &x, sizeof(x)) || copy_to_user(a->v[1], &y, sizeof(y)) || copy_to_user(a->v[2], &z, sizeof(z)))
		return -EFAULT;
	return 0;
}

SYSCALL(getresuid, 3, "ppp")
{
	return put_three(a, mine()->uid, mine()->euid, mine()->suid);
}

SYSCALL(getresgid, 3, "ppp")
{
	return put_three(a, mine()->gid, mine()->egid, mine()->sgid);
}

/* ---- Changes. ---- */

static struct credentials *copy(void)
{
	return credentials_copy(mine(), mine()->nr_groups);
}

static int64_t commit_users(struct credentials *c)
{
	c->fsuid = c->euid;
	credentials_after_uid_change(c, mine());
	credentials_commit(c);
	return 0;
}

static bool is_user(uint32_t id)
{
	return id == mine()->uid || id == mine()->euid || id == mine()->suid;
}

static bool is_group(uint32_t id)
{
	return id == mine()->gid || id == mine()->egid || id == mine()->sgid;
}

SYSCALL(setresuid, 3, "ddd")
{
	bool is_free = task_is_capable(CAPABILITY_SETUID);
	struct credentials *c;

	for (unsigned i = 0; i < 3; i++) {
		if ((uint32_t)a->v[i] != NO_ID && !is_free && !is_user((uint32_t)a->v[i]))
			return -EPERM;
	}
	c = copy();
	if (!c)
		return -ENOMEM;
	c->uid = (uint32_t)a->v[0] == NO_ID ? c->uid : (uint32_t)a->v[0];
	c->euid = (uint32_t)a->v[1] == NO_ID ? c->euid : (uint32_t)a->v[1];
	c->suid = (uint32_t)a->v[2] == NO_ID ? c->suid : (uint32_t)a->v[2];
	return commit_users(c);
}

SYSCALL(setreuid, 2, "dd")
{
	uint32_t uid = (uint32_t)a->v[0], euid = (uint32_t)a->v[1];
	bool is_free = task_is_capable(CAPABILITY_SETUID);
	struct credentials *c;

	if (!is_free && uid != NO_ID && uid != mine()->uid && uid != mine()->euid)
		return -EPERM;
	if (!is_free && euid != NO_ID && !is_user(euid))
		return -EPERM;
	c = copy();
	if (!c)
		return -ENOMEM;
	if (euid != NO_ID)
		c->euid = euid;
	if (uid != NO_ID || (euid != NO_ID && euid != c->uid))
		c->suid = c->euid;
	if (uid != NO_ID)
		c->uid = uid;
	return commit_users(c);
}

SYSCALL(setuid, 1, "d")
{
	uint32_t uid = (uint32_t)a->v[0];
	bool is_free = task_is_capable(CAPABILITY_SETUID);
	struct credentials *c;

	if (uid == NO_ID)
		return -EINVAL;
	if (!is_free && uid != mine()->uid && uid != mine()->suid)
		return -EPERM;
	c = copy();
	if (!c)
		return -ENOMEM;
	if (is_free)
		c->uid = c->suid = uid;
	c->euid = uid;
	return commit_users(c);
}

static int64_t commit_groups(struct credentials *c)
{
	c->fsgid = c->egid;
	credentials_commit(c);
	return 0;
}

SYSCALL(setresgid, 3, "ddd")
{
	bool is_free = task_is_capable(CAPABILITY_SETGID);
	struct credentials *c;

	for (unsigned i = 0; i < 3; i++) {
		if ((uint32_t)a->v[i] != NO_ID && !is_free && !is_group((uint32_t)a->v[i]))
			return -EPERM;
	}
	c = copy();
	if (!c)
		return -ENOMEM;
	c->gid = (uint32_t)a->v[0] == NO_ID ? c->gid : (uint32_t)a->v[0];
	c->egid = (uint32_t)a->v[1] == NO_ID ? c->egid : (uint32_t)a->v[1];
	c->sgid = (uint32_t)a->v[2] == NO_ID ? c->sgid : (uint32_t)a->v[2];
	return commit_groups(c);
}

SYSCALL(setregid, 2, "dd")
{
	uint32_t gid = (uint32_t)a->v[0], egid = (uint32_t)a->v[1];
	bool is_free = task_is_capable(CAPABILITY_SETGID);
	struct credentials *c;

	if (!is_free && gid != NO_ID && gid != mine()->gid && gid != mine()->egid)
		return -EPERM;
	if (!is_free && egid != NO_ID && !is_group(egid))
		return -EPERM;
	c = copy();
	if (!c)
		return -ENOMEM;
	if (egid != NO_ID)
		c->egid = egid;
	if (gid != NO_ID || (egid != NO_ID && egid != c->gid))
		c->sgid = c->egid;
	if (gid != NO_ID)
		c->gid = gid;
	return commit_groups(c);
}

SYSCALL(setgid, 1, "d")
{
	uint32_t gid = (uint32_t)a->v[0];
	bool is_free = task_is_capable(CAPABILITY_SETGID);
	struct credentials *c;

	if (gid == NO_ID)
		return -EINVAL;
	if (!is_free && gid != mine()->gid && gid != mine()->sgid)
		return -EPERM;
	c = copy();
	if (!c)
		return -ENOMEM;
	if (is_free)
		c->gid = c->sgid = gid;
	c->egid = gid;
	return commit_groups(c);
}

/* setfsuid(2), setfsgid(2): no errors, the old id in any case. */
SYSCALL(setfsuid, 1, "d")
{
	uint32_t old = mine()->fsuid, uid = (uint32_t)a->v[0];
	struct credentials *c;

	if (uid == NO_ID || (!is_user(uid) && uid != old && !task_is_capable(CAPABILITY_SETUID)))
		return old;
	c = copy();
	if (c) {
		c->fsuid = uid;
		credentials_after_fsuid_change(c, mine());
		credentials_commit(c);
	}
	return old;
}

SYSCALL(setfsgid, 1, "d")
{
	uint32_t old = mine()->fsgid, gid = (uint32_t)a->v[0];
	struct credentials *c;

	if (gid == NO_ID || (!is_group(gid) && gid != old && !task_is_capable(CAPABILITY_SETGID)))
		return old;
	c = copy();
	if (c) {
		c->fsgid = gid;
		credentials_commit(c);
	}
	return old;
}

/* ---- Supplementary groups. ---- */

SYSCALL(getgroups, 2, "dp")
{
	const struct credentials *c = mine();
	int size = (int)a->v[0];

	if (size < 0)
		return -EINVAL;
	if (size == 0)
		return (int64_t)c->nr_groups;
	if ((size_t)size < c->nr_groups)
		return -EINVAL;
	if (copy_to_user(a->v[1], c->groups, c->nr_groups * sizeof(c->groups[0])))
		return -EFAULT;
	return (int64_t)c->nr_groups;
}

SYSCALL(setgroups, 2, "up")
{
	size_t count = (uint32_t)a->v[0];
	struct credentials *c;

	if (!task_is_capable(CAPABILITY_SETGID))
		return -EPERM;
	if (count > GROUPS_MAX)
		return -EINVAL;
	c = credentials_copy(mine(), count);
	if (!c)
		return -ENOMEM;
	if (copy_from_user(c->groups, a->v[1], count * sizeof(c->groups[0]))) {
		credentials_put(c);
		return -EFAULT;
	}
	credentials_commit(c);
	return 0;
}

/* ---- Capabilities: version 3 of the interface has 64 bits in two structs, version 1 has 32 in one. ---- */

#define VERSION_1 0x19980330u
#define VERSION_2 0x20071026u
#define VERSION_3 0x20080522u

struct linux_capability_header {
	uint32_t version;
	int32_t pid;
};

struct linux_capability_data {
	uint32_t effective, permitted, inheritable;
};

/* The number of data structs; an unknown version is answered with ours. */
static int read_header(uint64_t address, struct linux_capability_header *header)
{
	uint32_t ours = VERSION_3;

	if (copy_from_user(header, address, sizeof(*header)))
		return -EFAULT;
	if (header->version == VERSION_1)
		return 1;
	if (header->version == VERSION_2 || header->version == VERSION_3)
		return 2;
	return copy_to_user(address, &ours, sizeof(ours)) ? -EFAULT : -EINVAL;
}

SYSCALL(capget, 2, "pp")
{
	struct linux_capability_header header;
	struct linux_capability_data data[2];
	int count = read_header(a->v[0], &header);
	const struct credentials *c;
	struct task *task;

	if (count < 0)
		return count == -EINVAL && !a->v[1] ? 0 : count;
	if (header.pid < 0)
		return -EINVAL;
	spin_lock(&process_tree_lock);
	task = header.pid ? task_find(header.pid) : task_current();
	c = task ? task->credentials : NULL;
	for (int i = 0; c && i < 2; i++) {
		data[i].effective = (uint32_t)(c->capabilities_effective >> 32 * i);
		data[i].permitted = (uint32_t)(c->capabilities_permitted >> 32 * i);
		data[i].inheritable = (uint32_t)(c->capabilities_inheritable >> 32 * i);
	}
	spin_unlock(&process_tree_lock);
	if (!task)
		return -ESRCH;
	return a->v[1] ? copy_to_user(a->v[1], data, (size_t)count * sizeof(data[0])) : 0;
}

static int check_capabilities(const struct credentials *old, uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	if (permitted & ~old->capabilities_permitted)
		return -EPERM;
	if (effective & ~permitted)
		return -EPERM;
	if (inheritable & ~(old->capabilities_inheritable | old->capabilities_permitted) && !task_is_capable(CAPABILITY_SETPCAP))
		return -EPERM;
	return inheritable & ~(old->capabilities_inheritable | old->capabilities_bounding) ? -EPERM : 0;
}

SYSCALL(capset, 2, "pp")
{
	struct linux_capability_header header;
	struct linux_capability_data data[2] = {{0}};
	int count = read_header(a->v[0], &header), ret;
	uint64_t effective, permitted, inheritable;
	struct credentials *c;

	if (count < 0)
		return count;
	if (header.pid && header.pid != task_current()->tid)
		return -EPERM;
	if (copy_from_user(data, a->v[1], (size_t)count * sizeof(data[0])))
		return -EFAULT;
	effective = (data[0].effective | (uint64_t)data[1].effective << 32) & CAPABILITIES_ALL;
	permitted = (data[0].permitted | (uint64_t)data[1].permitted << 32) & CAPABILITIES_ALL;
	inheritable = (data[0].inheritable | (uint64_t)data[1].inheritable << 32) & CAPABILITIES_ALL;
	ret = check_capabilities(mine(), effective, permitted, inheritable);
	if (ret)
		return ret;
	c = copy();
	if (!c)
		return -ENOMEM;
	c->capabilities_effective = effective;
	c->capabilities_permitted = permitted;
	c->capabilities_inheritable = inheritable;
	c->capabilities_ambient &= permitted & inheritable;
	credentials_commit(c);
	return 0;
}
