/* SPDX-License-Identifier: BSD-3-Clause */
/* mount(2), umount2(2). */
#include "kernel/syscall/arguments.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/mount.h"

static int copy_optional(uint64_t address, char **text)
{
	*text = NULL;
	return address ? syscall_copy_path(address, text) : 0;
}

enum { MS_MAGIC = 0xc0ed0000u, MS_MAGIC_MASK = 0xffff0000u };

SYSCALL_PARTIAL(mount, "file systems of this kernel; nothing propagates; MS_REC binds the top only");
SYSCALL(mount, 5, "sssxp")
{
	char *source = NULL, *target = NULL, *type = NULL, *options = NULL;
	uint64_t flags = a->v[3];
	int64_t ret;

	if (!credentials_have(credentials_current(), CAPABILITY_SYS_ADMIN))
		return -EPERM;
	if ((flags & MS_MAGIC_MASK) == MS_MAGIC)
		flags &= ~(uint64_t)MS_MAGIC_MASK;
	ret = copy_optional(a->v[0], &source);
	if (!ret)
		ret = syscall_copy_path(a->v[1], &target);
	if (!ret)
		ret = copy_optional(a->v[2], &type);
	if (!ret && !(flags & (MS_BIND | MS_MOVE)))
		ret = copy_optional(a->v[4], &options);
	if (!ret)
		ret = mount_add(source, target, type, flags, options);
	heap_free(source);
	heap_free(target);
	heap_free(type);
	heap_free(options);
	return ret;
}

/* All who have the old root, or work in it. */
static void move_all(const struct path *from, const struct path *to)
{
	fs_context_move(NULL, from, to);
	spin_lock(&process_tree_lock);
	for (struct process *p = process_next(1); p; p = process_next(p->pid + 1)) {
		struct task *task;

		list_for_each(task, &p->tasks, process_node)
			if (task->fs)
				fs_context_move(task->fs, from, to);
	}
	spin_unlock(&process_tree_lock);
}

static int pivot(const struct path *new_root, const struct path *put_old)
{
	struct path root;
	int ret;

	fs_context_get_root(fs_context_current(), &root);
	if (!inode_is_directory(path_inode(new_root)) || !inode_is_directory(path_inode(put_old)))
		ret = -ENOTDIR;
	else
		ret = mount_pivot(new_root, put_old);
	if (!ret)
		move_all(&root, new_root);
	path_put(&root);
	return ret;
}

SYSCALL(pivot_root, 2, "ss")
{
	char *new_name = NULL, *old_name = NULL;
	struct path new_root = {0}, put_old = {0};
	int64_t ret;

	if (!credentials_have(credentials_current(), CAPABILITY_SYS_ADMIN))
		return -EPERM;
	ret = syscall_copy_path(a->v[0], &new_name);
	if (!ret)
		ret = syscall_copy_path(a->v[1], &old_name);
	if (!ret)
		ret = path_walk(NULL, new_name, WALK_FOLLOW | WALK_DIRECTORY, &new_root);
	if (!ret)
		ret = path_walk(NULL, old_name, WALK_FOLLOW | WALK_DIRECTORY, &put_old);
	if (!ret)
		ret = pivot(&new_root, &put_old);
	path_put(&new_root);
	path_put(&put_old);
	heap_free(new_name);
	heap_free(old_name);
	return ret;
}

SYSCALL(umount2, 2, "sx")
{
	char *target;
	int64_t ret;

	if (a->v[1] & ~(uint64_t)(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	if (!credentials_have(credentials_current(), CAPABILITY_SYS_ADMIN))
		return -EPERM;
	if (a->v[1] & MNT_EXPIRE && a->v[1] & (MNT_FORCE | MNT_DETACH))
		return -EINVAL;
	ret = syscall_copy_path(a->v[0], &target);
	if (ret)
		return ret;
	ret = mount_remove(target, (int)a->v[1]);
	heap_free(target);
	return ret;
}
