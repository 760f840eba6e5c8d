/* SPDX-License-Identifier: BSD-3-Clause */
/* Extended attributes (xattr(7)): setxattr(2), getxattr(2), listxattr(2), removexattr(2), each by path, by link and by descriptor. */
#include "kernel/syscall/arguments.h"
#include "kernel/file/watch.h"
#include "kernel/mem/heap.h"
#include "lib/string.h"

enum { NAME_MAX_LEN = 255, VALUE_MAX = 65536 };

/* The inode that a call is about: from a path or a descriptor. */
struct target {
	struct path path;
	struct inode *inode;
	struct file *file;
};

static int target_of_path(uint64_t name, unsigned walk_flags, struct target *target)
{
	struct place_argument place;
	int ret = place_get(&place, AT_FDCWD, name, false);

	*target = (struct target){.inode = NULL};
	if (ret)
		return ret;
	ret = path_walk(place.start, place.name, walk_flags, &target->path);
	place_put(&place);
	if (!ret)
		target->inode = path_inode(&target->path);
	return ret;
}

static int target_of_fd(int fd, struct target *target)
{
	*target = (struct target){.file = descriptor_get(fd)};
	if (!target->file)
		return -EBADF;
	target->inode = target->file->inode;
	if (target->inode)
		return 0;
	file_put(target->file);
	return -EBADF;
}

static void target_put(struct target *target)
{
	path_put(&target->path);
	if (target->file)
		file_put(target->file);
}

static int copy_name(char name[NAME_MAX_LEN + 1], uint64_t address)
{
	long len = user_copy_string(name, address, NAME_MAX_LEN + 1);

	if (len < 0)
		return len == -ENAMETOOLONG ? -ERANGE : (int)len;
	return len ? 0 : -ERANGE;
}

/* Who may touch which name space (xattr(7)). */
static int check_name(const struct inode *inode, const char *name, bool is_write)
{
	uint32_t type = inode->mode & S_IFMT;

	if (!strncmp(name, "trusted.", 8))
		return credentials_have(credentials_current(), CAPABILITY_SYS_ADMIN) ? 0 : is_write ? -EPERM : -ENODATA;
	if (!strncmp(name, "user.", 5)) {
		if (type != S_IFREG && type != S_IFDIR)
			return is_write ? -EPERM : -ENODATA;
		return inode_permission(inode, is_write ? MAY_WRITE : MAY_READ);
	}
	if (!strncmp(name, "security.", 9))
		return is_write && !credentials_have(credentials_current(), CAPABILITY_SYS_ADMIN) ? -EPERM : 0;
	return -EOPNOTSUPP;
}

static void tell_changed(const struct target *target)
{
	const struct path *path = target->file ? &target->file->path : &target->path;

	if (path->dentry)
		watch_path_event(path, WATCH_ATTRIBUTES | WATCH_NO_PLACE);
}

static int64_t set_attribute(struct target *target, const struct syscall_arguments *a)
{
	struct inode *inode = target->inode;
	char name[NAME_MAX_LEN + 1];
	void *value;
	int64_t ret = copy_name(name, a->v[1]);

	if (ret)
		return ret;
	if (a->v[3] > VALUE_MAX)
		return -E2BIG;
	if (a->v[4] & ~3ull)
		return -EINVAL;
	ret = check_name(inode, name, true);
	if (!ret && inode->fs && inode->fs->is_read_only)
		ret = -EROFS;
	if (!ret && !inode->ops->set_xattr)
		ret = -EOPNOTSUPP;
	if (ret)
		return ret;
	value = heap_alloc(a->v[3] ? a->v[3] : 1);
	if (!value)
		return -ENOMEM;
	ret = copy_from_user(value, a->v[2], a->v[3]);
	if (!ret) {
		mutex_lock(&inode->lock);
		ret = inode->ops->set_xattr(inode, name, value, a->v[3], (int)a->v[4]);
		if (!ret)
			inode_touch(inode, TOUCH_CTIME);
		mutex_unlock(&inode->lock);
	}
	heap_free(value);
	if (!ret)
		tell_changed(target);
	return ret;
}

static int64_t get_attribute(struct target *target, const struct syscall_arguments *a)
{
	uint64_t size = min_u64(a->v[3], VALUE_MAX);
	struct inode *inode = target->inode;
	char name[NAME_MAX_LEN + 1];
	void *value;
	int64_t ret = copy_name(name, a->v[1]);

	if (!ret)
		ret = check_name(inode, name, false);
	if (!ret && !inode->ops->get_xattr)
		ret = -EOPNOTSUPP;
	if (ret)
		return ret;
	value = heap_alloc(size ? size : 1);
	if (!value)
		return -ENOMEM;
	mutex_lock(&inode->lock);
	ret = inode->ops->get_xattr(inode, name, value, size);
	mutex_unlock(&inode->lock);
	if (ret > 0 && size && copy_to_user(a->v[2], value, (size_t)ret))
		ret = -EFAULT;
	heap_free(value);
	return ret;
}

static int64_t list_attributes(struct target *target, const struct syscall_arguments *a)
{
	uint64_t size = min_u64(a->v[2], VALUE_MAX);
	struct inode *inode = target->inode;
	char *list;
	int64_t ret;

	if (!inode->ops->list_xattr)
		return 0;
	list = heap_alloc(size ? size : 1);
	if (!list)
		return -ENOMEM;
	mutex_lock(&inode->lock);
	ret = inode->ops->list_xattr(inode, list, size);
	mutex_unlock(&inode->lock);
	if (ret > 0 && size && copy_to_user(a->v[1], list, (size_t)ret))
		ret = -EFAULT;
	heap_free(list);
	return ret;
}

static int64_t remove_attribute(struct target *target, const struct syscall_arguments *a)
{
	struct inode *inode = target->inode;
	char name[NAME_MAX_LEN + 1];
	int64_t ret = copy_name(name, a->v[1]);

	if (!ret)
		ret = check_name(inode, name, true);
	if (!ret && inode->fs && inode->fs->is_read_only)
		ret = -EROFS;
	if (!ret && !inode->ops->remove_xattr)
		ret = -EOPNOTSUPP;
	if (ret)
		return ret;
	mutex_lock(&inode->lock);
	ret = inode->ops->remove_xattr(inode, name);
	if (!ret)
		inode_touch(inode, TOUCH_CTIME);
	mutex_unlock(&inode->lock);
	if (!ret)
		tell_changed(target);
	return ret;
}

static int64_t on_path(const struct syscall_arguments *a, unsigned walk_flags, int64_t (*call)(struct target *, const struct syscall_arguments *))
{
	struct target target;
	int64_t ret = target_of_path(a->v[0], walk_flags, &target);

	if (ret)
		return ret;
	ret = call(&target, a);
	target_put(&target);
	return ret;
}

static int64_t on_fd(const struct syscall_arguments *a, int64_t (*call)(struct target *, const struct syscall_arguments *))
{
	struct target target;
	int64_t ret = target_of_fd((int)a->v[0], &target);

	if (ret)
		return ret;
	ret = call(&target, a);
	target_put(&target);
	return ret;
}

SYSCALL(setxattr, 5, "sspux")
{
	return on_path(a, WALK_FOLLOW, set_attribute);
}

SYSCALL(lsetxattr, 5, "sspux")
{
	return on_path(a, 0, set_attribute);
}

SYSCALL(fsetxattr, 5, "dspux")
{
	return on_fd(a, set_attribute);
}

SYSCALL(getxattr, 4, "sspu")
{
	return on_path(a, WALK_FOLLOW, get_attribute);
}

SYSCALL(lgetxattr, 4, "sspu")
{
	return on_path(a, 0, get_attribute);
}

SYSCALL(fgetxattr, 4, "dspu")
{
	return on_fd(a, get_attribute);
}

SYSCALL(listxattr, 3, "spu")
{
	return on_path(a, WALK_FOLLOW, list_attributes);
}

SYSCALL(llistxattr, 3, "spu")
{
	return on_path(a, 0, list_attributes);
}

SYSCALL(flistxattr, 3, "dpu")
{
	return on_fd(a, list_attributes);
}

SYSCALL(removexattr, 2, "ss")
{
	return on_path(a, WALK_FOLLOW, remove_attribute);
}

SYSCALL(lremovexattr, 2, "ss")
{
	return on_path(a, 0, remove_attribute);
}

SYSCALL(fremovexattr, 2, "ds")
{
	return on_fd(a, remove_attribute);
}
