/* SPDX-License-Identifier: BSD-3-Clause */
/* name_to_handle_at(2), open_by_handle_at(2). */
#include "kernel/file/handle.h"
#include "kernel/process/credentials.h"
#include "kernel/syscall/arguments.h"

enum { HANDLE_MAX = 128, HANDLE_UNIQUE = 1, HANDLE_CONNECTABLE = 2, HANDLE_FID = 0x200 };

struct linux_file_handle {
	uint32_t bytes;
	int32_t type;
};

static int put_mount(uint64_t address, uint64_t id, bool is_unique)
{
	uint64_t unique = mount_unique_id(id);
	int32_t old = (int32_t)id;

	return is_unique ? copy_to_user(address, &unique, sizeof(unique)) : copy_to_user(address, &old, sizeof(old));
}

static int put_handle(const struct path *path, const struct syscall_arguments *a, uint32_t room)
{
	struct {
		struct linux_file_handle head;
		struct file_handle_bytes bytes;
	} packed_struct answer = {.head = {.bytes = sizeof(answer.bytes), .type = FILE_HANDLE_TYPE}};
	int ret = file_handle_of(path, &answer.bytes);

	if (ret)
		return ret;
	if (put_mount(a->v[3], mount_id(path->mount), a->v[4] & HANDLE_UNIQUE))
		return -EFAULT;
	if (copy_to_user(a->v[2], &answer, room < sizeof(answer.bytes) ? sizeof(answer.head) : sizeof(answer)))
		return -EFAULT;
	return room < sizeof(answer.bytes) ? -EOVERFLOW : 0;
}

SYSCALL_PARTIAL(name_to_handle_at, "on ext4 and tmpfs; without AT_HANDLE_CONNECTABLE");
SYSCALL(name_to_handle_at, 5, "Dsppx")
{
	unsigned flags = (unsigned)a->v[4];
	struct linux_file_handle given;
	struct place_argument place;
	struct path path;
	int ret;

	if (flags & ~(unsigned)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH | HANDLE_FID | HANDLE_UNIQUE))
		return -EINVAL;
	ret = place_get(&place, (int)a->v[0], a->v[1], flags & AT_EMPTY_PATH);
	if (ret)
		return ret;
	ret = path_walk(place.start, place.name, (flags & AT_SYMLINK_FOLLOW ? WALK_FOLLOW : 0) | (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0), &path);
	place_put(&place);
	if (ret)
		return ret;
	ret = copy_from_user(&given, a->v[2], sizeof(given));
	if (!ret)
		ret = given.bytes > HANDLE_MAX ? -EINVAL : put_handle(&path, a, given.bytes);
	path_put(&path);
	return ret;
}

/* The file system is that of a descriptor's file, or of the working directory. */
static int anchor_get(int fd, struct path *anchor)
{
	struct file *file;

	if (fd == AT_FDCWD)
		return path_walk(NULL, ".", 0, anchor);
	file = descriptor_get_any(fd);
	if (!file)
		return -EBADF;
	if (file->path.dentry) {
		path_get(&file->path);
		*anchor = file->path;
	}
	file_put(file);
	return file->path.dentry ? 0 : -ESTALE;
}

static int copy_handle(uint64_t address, struct file_handle_bytes *to)
{
	struct linux_file_handle given;

	if (copy_from_user(&given, address, sizeof(given)))
		return -EFAULT;
	if (!given.bytes || given.bytes > HANDLE_MAX || given.type < 0)
		return -EINVAL;
	if (given.bytes != sizeof(*to) || given.type != FILE_HANDLE_TYPE)
		return -ESTALE;
	return copy_from_user(to, address + sizeof(given), sizeof(*to));
}

static int64_t open_found(const struct path *path, int flags)
{
	struct file *file;
	int ret = path_open(path, "", flags, 0, WALK_EMPTY, &file), fd;

	if (ret)
		return ret;
	fd = descriptor_add(file, 0, flags & O_CLOEXEC);
	if (fd < 0)
		file_put(file);
	return fd;
}

SYSCALL_PARTIAL(open_by_handle_at, "on ext4 and tmpfs; a file that is no folder has no path then");
SYSCALL(open_by_handle_at, 3, "dpx")
{
	struct file_handle_bytes handle;
	struct path anchor, found;
	int64_t ret = copy_handle(a->v[1], &handle);

	if (ret && ret != -ESTALE)
		return ret;
	if (anchor_get((int)a->v[0], &anchor))
		return -EBADF;
	if (!task_is_capable(CAPABILITY_DAC_READ_SEARCH))
		ret = -EPERM;
	if (!ret)
		ret = file_handle_find(&anchor, &handle, &found);
	path_put(&anchor);
	if (ret)
		return ret;
	ret = open_found(&found, (int)a->v[2] & ~O_CREAT);
	path_put(&found);
	return ret;
}
