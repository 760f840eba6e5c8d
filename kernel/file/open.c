/* SPDX-License-Identifier: BSD-3-Clause */
/* open(2): from a path and flags to an open file. */
#include "kernel/file/device.h"
#include "kernel/file/name.h"
#include "kernel/file/watch.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/mount.h"
#include "lib/string.h"

enum { CREATE_LINKS_MAX = 40 };

static const struct file_ops path_file_ops; /* O_PATH: a place, nothing to read */

static int choose_ops(struct inode *inode, struct file *file)
{
	switch (inode->mode & S_IFMT) {
	case S_IFREG:
		file->ops = &data_file_ops;
		break;
	case S_IFDIR:
		file->ops = &directory_file_ops;
		break;
	case S_IFIFO:
		return pipe_open(inode, file);
	case S_IFCHR:
		return inode->ops->open ? inode->ops->open(inode, file) : character_device_open(inode, file);
	case S_IFBLK:
		return block_device_open(inode, file);
	case S_IFLNK:
		return -ELOOP;
	default:
		return -ENXIO;
	}
	return inode->ops->open ? inode->ops->open(inode, file) : 0;
}

/* `events`: what is told of it; 0: nothing, ever. */
static int open_path(const struct path *path, int flags, uint32_t events, struct file **file)
{
	struct inode *inode = path_inode(path);
	struct file *made = file_new(&path_file_ops, flags, NULL);
	int ret;

	if (!made)
		return -ENFILE;
	path_get(path);
	made->path = *path;
	made->inode = inode;
	ret = made->mode & MAY_WRITE ? inode_begin_write(inode) : 0;
	made->is_writer = !ret && (made->mode & MAY_WRITE);
	if (!ret && !(flags & O_PATH))
		ret = choose_ops(inode, made);
	if (ret) {
		file_uncount_writer(made);
		path_put(&made->path);
		heap_free(made);
		return ret;
	}
	made->is_unwatched = !events;
	if (!(flags & O_PATH))
		watch_file_event(made, events);
	*file = made;
	return 0;
}

int file_open_path(const struct path *path, int flags, struct file **file)
{
	return open_path(path, flags, WATCH_OPEN, file);
}

int file_open_program(const struct path *path, struct file **file)
{
	int ret = watch_may(path, WATCH_MAY_EXECUTE);

	if (!ret)
		ret = watch_may(path, WATCH_MAY_OPEN);
	return ret ? ret : open_path(path, O_RDONLY, WATCH_OPEN | WATCH_OPEN_EXECUTE, file);
}

int file_open_unwatched(const struct path *path, int flags, struct file **file)
{
	return open_path(path, flags, 0, file);
}

static int may_open(const struct path *path, int flags)
{
	const struct inode *inode = path_inode(path);
	uint32_t type = inode->mode & S_IFMT;
	unsigned mask = (flags & O_ACCMODE) == O_RDONLY ? MAY_READ : (flags & O_ACCMODE) == O_WRONLY ? MAY_WRITE : MAY_READ | MAY_WRITE;
	const struct credentials *cred;
	int ret;

	if (type == S_IFLNK)
		return -ELOOP;
	if (flags & O_TRUNC)
		mask |= MAY_WRITE;
	if (type == S_IFDIR && ((mask & MAY_WRITE) || (flags & O_CREAT)))
		return -EISDIR;
	if ((type == S_IFCHR || type == S_IFBLK) && mount_flags(path->mount) & MS_NODEV)
		return -EACCES;
	if ((mask & MAY_WRITE) && type == S_IFREG) {
		ret = path_may_change(path);
		if (ret)
			return ret;
	}
	ret = inode_permission(inode, mask);
	if (ret || !(flags & O_NOATIME))
		return ret;
	cred = credentials_current();
	return cred->fsuid == inode->uid || credentials_have(cred, CAPABILITY_FOWNER) ? 0 : -EPERM;
}

static int truncate_opened(struct inode *inode)
{
	struct inode_attributes attributes = {.valid = ATTRIBUTE_SIZE};
	int ret;

	if ((inode->mode & S_IFMT) != S_IFREG)
		return 0;
	ret = inode_begin_write(inode);
	if (ret)
		return ret;
	mutex_lock(&inode->lock);
	ret = inode->size && (inode->seals & F_SEAL_SHRINK) ? -EPERM : inode_set(inode, &attributes);
	mutex_unlock(&inode->lock);
	inode_end_write(inode);
	return ret;
}

static int open_found(const struct path *path, int flags, bool is_new, struct file **file)
{
	int ret;

	if (!(flags & O_PATH) && !is_new) {
		ret = may_open(path, flags);
		if (!ret)
			ret = watch_may(path, WATCH_MAY_OPEN);
		if (ret)
			return ret;
		if (flags & O_TRUNC) {
			ret = truncate_opened(path_inode(path));
			if (ret)
				return ret;
			watch_path_event(path, WATCH_MODIFY | WATCH_NO_PLACE);
		}
	}
	return file_open_path(path, flags, file);
}

static int open_existing(const struct path *start, const char *name, int flags, unsigned walk_flags, struct file **file)
{
	struct path path;
	int ret;

	if (!(flags & O_NOFOLLOW))
		walk_flags |= WALK_FOLLOW;
	if (flags & O_DIRECTORY)
		walk_flags |= WALK_DIRECTORY;
	ret = path_walk(start, name, walk_flags, &path);
	if (ret)
		return ret;
	ret = open_found(&path, flags, false, file);
	path_put(&path);
	return ret;
}

/* Whether the name is a symbolic link that names nothing: then open creates what it names. */
static int dangling_target(const struct path *start, const char *name, unsigned walk_flags, struct path *parent, char **target)
{
	struct path link;
	const char *last;
	size_t last_len;
	bool wants_directory;
	int ret = path_walk(start, name, walk_flags, &link);

	if (ret)
		return ret == -ENOENT ? -EAGAIN : ret; /* removed meanwhile: try again */
	if ((path_inode(&link)->mode & S_IFMT) != S_IFLNK) {
		path_put(&link);
		return -EAGAIN;
	}
	ret = path_inode(&link)->ops->get_link ? path_inode(&link)->ops->get_link(path_inode(&link), target) : -EINVAL;
	path_put(&link);
	if (ret)
		return ret;
	ret = path_walk_parent(start, name, walk_flags, parent, &last, &last_len, &wants_directory);
	if (ret)
		heap_free(*target);
	return ret;
}

static int create_and_open(const struct path *start, const char *name, int flags, uint32_t mode, unsigned walk_flags, struct file **file)
{
	struct path made;
	int ret = name_create_open(start, name, S_IFREG | (mode & 07777), walk_flags, &made);

	if (ret)
		return ret;
	ret = open_found(&made, flags & ~O_TRUNC, true, file);
	path_put(&made);
	return ret;
}

/* open(2) never makes a folder: a slash behind the name to be made is an error, whatever stands there. */
static int check_trailing_slash(const struct path *start, const char *name, unsigned walk_flags)
{
	size_t len = strlen(name), last_len;
	bool wants_directory, is_dot;
	struct path parent;
	const char *last;
	int ret;

	if (!len || name[len - 1] != '/')
		return 0;
	ret = path_walk_parent(start, name, walk_flags, &parent, &last, &last_len, &wants_directory);
	if (ret)
		return ret;
	path_put(&parent);
	is_dot = !last_len || (last[0] == '.' && (last_len == 1 || (last_len == 2 && last[1] == '.')));
	return is_dot ? 0 : -EISDIR;
}

static int open_create(const struct path *start, const char *name, int flags, uint32_t mode, unsigned walk_flags, struct file **file)
{
	struct path parent = {0}, next_parent;
	char *target = NULL, *next_target;
	int ret = check_trailing_slash(start, name, walk_flags);

	if (ret)
		return ret;
	ret = -ELOOP;
	for (unsigned i = 0; i < CREATE_LINKS_MAX; i++) {
		if (!(flags & O_EXCL)) {
			ret = open_existing(start, name, flags & ~O_EXCL, walk_flags, file);
			if (ret != -ENOENT)
				break;
		}
		ret = create_and_open(start, name, flags, mode, walk_flags, file);
		if (ret != -EEXIST || (flags & O_EXCL))
			break;
		ret = flags & O_NOFOLLOW ? -ELOOP : dangling_target(start, name, walk_flags, &next_parent, &next_target);
		if (ret == -EAGAIN)
			continue;
		if (ret)
			break;
		path_put(&parent);
		heap_free(target);
		parent = next_parent;
		start = &parent;
		name = target = next_target;
		ret = -ELOOP;
	}
	path_put(&parent);
	heap_free(target);
	return ret;
}

static int open_unnamed(const struct path *start, const char *name, int flags, uint32_t mode, unsigned walk_flags, struct file **file)
{
	const struct credentials *cred = credentials_current();
	struct path directory, made;
	struct inode *inode, *parent;
	uint32_t gid;
	int ret;

	if ((flags & O_ACCMODE) == O_RDONLY)
		return -EINVAL;
	ret = path_walk(start, name, walk_flags | WALK_FOLLOW | WALK_DIRECTORY, &directory);
	if (ret)
		return ret;
	parent = path_inode(&directory);
	ret = path_may_change(&directory);
	if (!ret)
		ret = inode_permission(parent, MAY_WRITE | MAY_EXEC);
	if (!ret && !parent->ops->create_unnamed)
		ret = -EOPNOTSUPP;
	if (!ret) {
		mutex_lock(&parent->lock);
		mode = S_IFREG | (mode & 07777);
		gid = name_new_gid(parent, &mode);
		ret = parent->ops->create_unnamed(parent, mode, cred->fsuid, gid, &inode);
		mutex_unlock(&parent->lock);
	}
	if (!ret) {
		made = directory;
		ret = path_new_unnamed(&directory, inode, &made);
		if (!ret) {
			ret = file_open_path(&made, flags & ~O_DIRECTORY, file);
			path_put(&made);
		}
	}
	path_put(&directory);
	return ret;
}

int path_open(const struct path *start, const char *name, int flags, uint32_t mode, unsigned walk_flags, struct file **file)
{
	if (flags & O_PATH)
		flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	if ((flags & O_TMPFILE) == (O_TMPFILE & ~O_DIRECTORY))
		return -EINVAL;
	if ((flags & O_TMPFILE) == O_TMPFILE)
		return open_unnamed(start, name, flags, mode, walk_flags, file);
	if (!(flags & O_CREAT))
		return open_existing(start, name, flags, walk_flags, file);
	if (flags & O_DIRECTORY)
		return -EINVAL;
	return open_create(start, name, flags, mode, walk_flags, file);
}
