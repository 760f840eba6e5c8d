/* SPDX-License-Identifier: BSD-3-Clause */
/* fanotify_init(2), fanotify_mark(2). */
#include "kernel/fanotify/fanotify.h"
#include "kernel/syscall/arguments.h"

SYSCALL_PARTIAL(fanotify_init, "without FAN_ENABLE_AUDIT and FAN_REPORT_MNT");
SYSCALL(fanotify_init, 2, "xx")
{
	struct file *file = NULL;
	int ret;

	if (a->v[0] > UINT32_MAX || a->v[1] > UINT32_MAX)
		return -EINVAL;
	ret = fanotify_new((unsigned)a->v[0], (unsigned)a->v[1], &file);
	if (ret)
		return ret;
	ret = descriptor_add(file, 0, a->v[0] & FAN_CLOEXEC);
	if (ret < 0)
		file_put(file);
	return ret;
}

/* The place that is marked: of a name below a folder, or, without a name, of a descriptor. */
static int find_place(const struct syscall_arguments *a, unsigned flags, struct path *found)
{
	int dirfd = (int)a->v[3], ret;
	struct place_argument place;
	struct file *file;

	if (a->v[4]) {
		ret = place_get(&place, dirfd, a->v[4], false);
		if (ret)
			return ret;
		ret = path_walk(place.start, place.name, (flags & FAN_MARK_DONT_FOLLOW ? 0 : WALK_FOLLOW) | (flags & FAN_MARK_ONLYDIR ? WALK_DIRECTORY : 0), found);
		place_put(&place);
		return ret;
	}
	file = descriptor_get(dirfd);
	if (!file)
		return -EBADF;
	ret = !file->path.dentry ? -EINVAL : (flags & FAN_MARK_ONLYDIR) && !inode_is_directory(file->inode) ? -ENOTDIR : 0;
	if (!ret) {
		*found = file->path;
		path_get(found);
	}
	file_put(file);
	return ret;
}

static int mark(struct file *group, const struct syscall_arguments *a)
{
	unsigned flags = (unsigned)a->v[1];
	struct path path;
	int ret;

	if (!file_is_fanotify(group))
		return -EINVAL;
	ret = fanotify_mark_check(group, flags, a->v[2]);
	if (ret)
		return ret;
	if (flags & FAN_MARK_FLUSH) {
		fanotify_mark_flush(group, flags);
		return 0;
	}
	ret = find_place(a, flags, &path);
	if (ret)
		return ret;
	ret = inode_permission(path_inode(&path), MAY_READ);
	if (!ret)
		ret = fanotify_mark_change(group, flags, (uint32_t)a->v[2], &path);
	path_put(&path);
	return ret;
}

SYSCALL_PARTIAL(fanotify_mark, "without FAN_FS_ERROR, FAN_PRE_ACCESS and marks on mount namespaces");
SYSCALL(fanotify_mark, 5, "dxxDs")
{
	struct file *group = descriptor_get((int)a->v[0]);
	int ret;

	if (!group)
		return -EBADF;
	ret = mark(group, a);
	file_put(group);
	return ret;
}
