/* SPDX-License-Identifier: BSD-3-Clause */
/* Directories: getdents64(2), chdir(2), getcwd(2), chroot(2), umask(2), mkdir(2), rmdir(2), mknod(2). */
#include "kernel/syscall/arguments.h"
#include "kernel/mem/heap.h"
#include "lib/string.h"

struct linux_dirent64 {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
} packed;

/* Entries go to the program's memory one by one. */
struct user_sink {
	struct directory_sink sink;
	uint64_t to, left;
	int error;
	bool is_old; /* getdents(2): the type stands in the last byte */
};

enum { ENTRY_MAX = 24 + LINUX_NAME_MAX + 8 };

static size_t entry_size(const struct user_sink *sink, size_t len)
{
	return align_up((sink->is_old ? 18 : 19) + len + 1 + (sink->is_old ? 1 : 0), 8);
}

static void build_entry(const struct user_sink *sink, char *to, size_t size, const char *name, size_t len, uint64_t ino, unsigned type, uint64_t next)
{
	struct linux_dirent64 *entry = (struct linux_dirent64 *)to;

	memset(to, 0, size);
	entry->ino = ino;
	entry->off = (int64_t)next;
	entry->reclen = (uint16_t)size;
	if (sink->is_old) {
		memcpy(to + 18, name, len);
		to[size - 1] = (char)type;
	} else {
		entry->type = (uint8_t)type;
		memcpy(entry->name, name, len);
	}
}

static bool add_entry(struct directory_sink *base, const char *name, size_t len, uint64_t ino, unsigned type, uint64_t next)
{
	struct user_sink *sink = container_of(base, struct user_sink, sink);
	char entry[ENTRY_MAX];
	size_t size = entry_size(sink, len);

	if (len > LINUX_NAME_MAX)
		return true; /* cannot be given to anybody */
	if (size > sink->left) {
		sink->error = -EINVAL;
		return false;
	}
	build_entry(sink, entry, size, name, len, ino, type, next);
	if (copy_to_user(sink->to, entry, size)) {
		sink->error = -EFAULT;
		return false;
	}
	sink->to += size;
	sink->left -= size;
	return true;
}

static int64_t get_entries(const struct syscall_arguments *a, bool is_old)
{
	struct user_sink sink = {.sink = {.add = add_entry}, .to = a->v[1], .left = (int)a->v[2] < 0 ? 0 : (uint32_t)a->v[2], .is_old = is_old};
	struct file *file = descriptor_get((int)a->v[0]);
	int64_t ret;

	if (!file)
		return -EBADF;
	if (!file->ops->read_directory) {
		ret = -ENOTDIR;
	} else {
		mutex_lock(&file->position_lock);
		ret = file->ops->read_directory(file, &sink.sink);
		mutex_unlock(&file->position_lock);
	}
	file_put(file);
	if (ret < 0)
		return ret;
	return sink.to != a->v[1] ? (int64_t)(sink.to - a->v[1]) : sink.error;
}

SYSCALL(getdents64, 3, "dpu")
{
	return get_entries(a, false);
}

SYSCALL(getdents, 3, "dpu")
{
	return get_entries(a, true);
}

static int64_t change_directory(const struct path *path)
{
	int64_t ret;

	if (!inode_is_directory(path_inode(path)))
		return -ENOTDIR;
	ret = inode_permission(path_inode(path), MAY_EXEC);
	if (!ret)
		fs_context_set_cwd(fs_context_current(), path);
	return ret;
}

SYSCALL(chdir, 1, "s")
{
	struct place_argument place;
	struct path path;
	int64_t ret = place_get(&place, AT_FDCWD, a->v[0], false);

	if (ret)
		return ret;
	ret = path_walk(place.start, place.name, WALK_FOLLOW | WALK_DIRECTORY, &path);
	if (!ret) {
		ret = change_directory(&path);
		path_put(&path);
	}
	place_put(&place);
	return ret;
}

SYSCALL(fchdir, 1, "d")
{
	struct file *file = descriptor_get_any((int)a->v[0]);
	int64_t ret;

	if (!file)
		return -EBADF;
	ret = file->path.dentry ? change_directory(&file->path) : -ENOTDIR;
	file_put(file);
	return ret;
}

SYSCALL(chroot, 1, "s")
{
	struct place_argument place;
	struct path path;
	int64_t ret;

	ret = place_get(&place, AT_FDCWD, a->v[0], false);
	if (ret)
		return ret;
	ret = path_walk(place.start, place.name, WALK_FOLLOW | WALK_DIRECTORY, &path);
	if (!ret) {
		ret = inode_permission(path_inode(&path), MAY_EXEC);
		if (!ret && !credentials_have(credentials_current(), CAPABILITY_SYS_CHROOT))
			ret = -EPERM;
		if (!ret)
			fs_context_set_root(fs_context_current(), &path);
		path_put(&path);
	}
	place_put(&place);
	return ret;
}

/* As Linux shows a directory that is not below the caller's root. */
static int64_t mark_unreachable(char *text, int64_t len)
{
	static const char mark[] = "(unreachable)";
	size_t mark_len = sizeof(mark) - 1;

	if ((uint64_t)len + mark_len >= LINUX_PATH_MAX)
		return -ENAMETOOLONG;
	memmove(text + mark_len, text, (size_t)len + 1);
	memcpy(text, mark, mark_len);
	return len + (int64_t)mark_len;
}

SYSCALL(getcwd, 2, "pu")
{
	char *text = heap_alloc(LINUX_PATH_MAX);
	struct path cwd;
	int64_t len;

	if (!text)
		return -ENOMEM;
	fs_context_get_cwd(fs_context_current(), &cwd);
	len = path_to_text(&cwd, text, LINUX_PATH_MAX);
	if (len >= 0 && text[0] == '/' && !path_is_below_root(&cwd))
		len = mark_unreachable(text, len);
	path_put(&cwd);
	if (len > 10 && !strcmp(text + len - 10, " (deleted)"))
		len = -ENOENT;
	if (len >= 0) {
		if (a->v[1] < (uint64_t)len + 1)
			len = -ERANGE;
		else
			len = copy_to_user(a->v[0], text, (size_t)len + 1) ? -EFAULT : len + 1;
	}
	heap_free(text);
	return len;
}

SYSCALL(umask, 1, "o")
{
	struct fs_context *context = fs_context_current();
	uint32_t old = context->umask;

	context->umask = (uint32_t)a->v[0] & 0777;
	return old;
}

static int64_t make_directory(int dirfd, uint64_t name, uint32_t mode)
{
	struct place_argument place;
	int64_t ret = place_get(&place, dirfd, name, false);

	if (ret)
		return ret;
	ret = path_mkdir(place.start, place.name, mode);
	place_put(&place);
	return ret;
}

SYSCALL(mkdir, 2, "so")
{
	return make_directory(AT_FDCWD, a->v[0], (uint32_t)a->v[1]);
}

SYSCALL(mkdirat, 3, "Dso")
{
	return make_directory((int)a->v[0], a->v[1], (uint32_t)a->v[2]);
}

static int64_t make_node(int dirfd, uint64_t name, uint32_t mode, uint32_t device)
{
	struct place_argument place;
	int64_t ret = place_get(&place, dirfd, name, false);

	if (ret)
		return ret;
	ret = path_mknod(place.start, place.name, mode, device);
	place_put(&place);
	return ret;
}

SYSCALL(mknod, 3, "sox")
{
	return make_node(AT_FDCWD, a->v[0], (uint32_t)a->v[1], (uint32_t)a->v[2]);
}

SYSCALL(mknodat, 4, "Dsox")
{
	return make_node((int)a->v[0], a->v[1], (uint32_t)a->v[2], (uint32_t)a->v[3]);
}
