/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls of features that this kernel does not have: each gives the error by which programs see on Linux that they must do without. */
#include "kernel/process/credentials.h"
#include "kernel/syscall/arguments.h"
#include "kernel/uapi/fcntl.h"

/* ---- Landlock (landlock(7)): as where the kernel was started without it. ---- */

SYSCALL_REFUSED(landlock_create_ruleset, "EOPNOTSUPP, as where Landlock is off");
SYSCALL(landlock_create_ruleset, 3, "pux")
{
	return -EOPNOTSUPP;
}

SYSCALL_REFUSED(landlock_add_rule, "EOPNOTSUPP, as where Landlock is off");
SYSCALL(landlock_add_rule, 4, "ddpx")
{
	return -EOPNOTSUPP;
}

SYSCALL_REFUSED(landlock_restrict_self, "EOPNOTSUPP, as where Landlock is off");
SYSCALL(landlock_restrict_self, 2, "dx")
{
	return -EOPNOTSUPP;
}

/* ---- Security modules: the one that there is, capabilities, has no attributes. ---- */

enum { LSM_CAPABILITY = 100 };

SYSCALL_REFUSED(lsm_get_self_attr, "EOPNOTSUPP, as where no module has attributes");
SYSCALL(lsm_get_self_attr, 4, "dppx")
{
	return -EOPNOTSUPP;
}

SYSCALL_REFUSED(lsm_set_self_attr, "EOPNOTSUPP, as where no module has attributes");
SYSCALL(lsm_set_self_attr, 4, "dpux")
{
	return -EOPNOTSUPP;
}

SYSCALL(lsm_list_modules, 3, "ppx")
{
	uint64_t id = LSM_CAPABILITY;
	uint32_t room, size = sizeof(id);

	if (a->v[2])
		return -EINVAL;
	if (copy_from_user(&room, a->v[1], sizeof(room)) || copy_to_user(a->v[1], &size, sizeof(size)))
		return -EFAULT;
	if (room < size)
		return -E2BIG;
	return copy_to_user(a->v[0], &id, sizeof(id)) ? -EFAULT : 1;
}

/* ---- Watching: no counters of the CPU, no programs in the kernel, no page faults handled by programs. ---- */

SYSCALL_REFUSED(perf_event_open, "EACCES, as where perf_event_paranoid forbids it");
SYSCALL(perf_event_open, 5, "pdddx")
{
	uint32_t head[2];

	return copy_from_user(head, a->v[0], sizeof(head)) ? -EFAULT : -EACCES;
}

SYSCALL_REFUSED(bpf, "EPERM, as without the capability CAP_BPF");
SYSCALL(bpf, 3, "dpu")
{
	return -EPERM;
}

SYSCALL_REFUSED(userfaultfd, "EPERM, as without the capability CAP_SYS_PTRACE");
SYSCALL(userfaultfd, 1, "x")
{
	return -EPERM;
}

/* ---- Swap space: memory is never paged out. ---- */

enum { SWAPON_FLAGS = 0x7ffff };

/* The file is looked for first, as programs expect. */
static int64_t look_for(uint64_t address)
{
	struct place_argument place;
	struct path path;
	int ret = place_get(&place, AT_FDCWD, address, false);

	if (ret)
		return ret;
	ret = path_walk(place.start, place.name, WALK_FOLLOW, &path);
	place_put(&place);
	if (!ret)
		path_put(&path);
	return ret;
}

SYSCALL_REFUSED(swapon, "EINVAL, as for a file without a signature: there is no swapping");
SYSCALL(swapon, 2, "sx")
{
	int64_t ret;

	if ((unsigned)a->v[1] & ~(unsigned)SWAPON_FLAGS)
		return -EINVAL;
	if (!task_is_capable(CAPABILITY_SYS_ADMIN))
		return -EPERM;
	ret = look_for(a->v[0]);
	return ret ? ret : -EINVAL;
}

/* Nothing is ever swapped on. */
SYSCALL(swapoff, 1, "s")
{
	int64_t ret;

	if (!task_is_capable(CAPABILITY_SYS_ADMIN))
		return -EPERM;
	ret = look_for(a->v[0]);
	return ret ? ret : -EINVAL;
}

/* ---- Quotas (quotactl(2)): no file system keeps any. ---- */

enum { QUOTA_SUBCOMMAND_SHIFT = 8, QUOTA_SYNC = 0x800001, QUOTA_TYPES = 3 };

/* Of the file that stands for a file system. */
static int64_t quota_of(const struct inode *inode)
{
	return inode && (inode->mode & S_IFMT) == S_IFBLK ? -ESRCH : -ENOTBLK;
}

SYSCALL_REFUSED(quotactl, "ESRCH, as where no quotas are on");
SYSCALL(quotactl, 4, "xsxp")
{
	unsigned command = (unsigned)a->v[0] >> QUOTA_SUBCOMMAND_SHIFT, type = (unsigned)a->v[0] & 0xff;
	struct place_argument place;
	struct path path;
	int64_t ret;

	if (type >= QUOTA_TYPES)
		return -EINVAL;
	if (!a->v[1])
		return command == QUOTA_SYNC ? 0 : -ENODEV;
	ret = place_get(&place, AT_FDCWD, a->v[1], false);
	if (ret)
		return ret;
	ret = path_walk(place.start, place.name, WALK_FOLLOW, &path);
	place_put(&place);
	if (ret)
		return ret;
	ret = quota_of(path_inode(&path));
	path_put(&path);
	return ret == -ESRCH && command == QUOTA_SYNC ? 0 : ret;
}

SYSCALL_REFUSED(quotactl_fd, "ENOSYS for any file, as where its file system has no quotas");
SYSCALL(quotactl_fd, 4, "dxxp")
{
	struct file *file = descriptor_get((int)a->v[0]);

	if (!file)
		return -EBADF;
	file_put(file);
	return ((unsigned)a->v[1] & 0xff) >= QUOTA_TYPES ? -EINVAL : -ENOSYS;
}
