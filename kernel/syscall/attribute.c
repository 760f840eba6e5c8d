/* SPDX-License-Identifier: BSD-3-Clause */
/* What inodes carry: chmod(2), chown(2), utimensat(2), truncate(2), fallocate(2), fsync(2), sync(2). */
#include "kernel/syscall/file_calls.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/time.h"

static int64_t change_at(int dirfd, uint64_t name, int flags, const struct inode_attributes *attributes)
{
	struct place_argument place;
	struct path path;
	int64_t ret = place_get(&place, dirfd, name, flags & AT_EMPTY_PATH);

	if (ret)
		return ret;
	ret = path_walk(place.start, place.name, (flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) | (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0), &path);
	place_put(&place);
	if (ret)
		return ret;
	if ((path_inode(&path)->mode & S_IFMT) == S_IFLNK && (attributes->valid & ATTRIBUTE_MODE))
		ret = -EOPNOTSUPP;
	else
		ret = inode_change(&path, attributes);
	path_put(&path);
	return ret;
}

static int64_t change_fd(int fd, const struct inode_attributes *attributes)
{
	struct file *file = descriptor_get(fd);
	int64_t ret;

	if (!file)
		return -EBADF;
	if (file->flags & O_PATH)
		ret = -EBADF;
	else if (file->path.dentry)
		ret = inode_change(&file->path, attributes);
	else
		ret = file->inode ? 0 : -EPERM; /* a pipe's or socket's: nobody looks */
	file_put(file);
	return ret;
}

static struct inode_attributes mode_attributes(uint64_t mode)
{
	return (struct inode_attributes){.valid = ATTRIBUTE_MODE, .mode = (uint32_t)mode & 07777};
}

SYSCALL(chmod, 2, "so")
{
	struct inode_attributes attributes = mode_attributes(a->v[1]);

	return change_at(AT_FDCWD, a->v[0], 0, &attributes);
}

SYSCALL(fchmodat, 3, "Dso")
{
	struct inode_attributes attributes = mode_attributes(a->v[2]);

	return change_at((int)a->v[0], a->v[1], 0, &attributes);
}

SYSCALL(fchmodat2, 4, "Dsox")
{
	struct inode_attributes attributes = mode_attributes(a->v[2]);

	if (a->v[3] & ~(uint64_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return change_at((int)a->v[0], a->v[1], (int)a->v[3], &attributes);
}

SYSCALL(fchmod, 2, "do")
{
	struct inode_attributes attributes = mode_attributes(a->v[1]);

	return change_fd((int)a->v[0], &attributes);
}

static struct inode_attributes owner_attributes(uint64_t uid, uint64_t gid)
{
	struct inode_attributes attributes = {.uid = (uint32_t)uid, .gid = (uint32_t)gid};

	if (attributes.uid != UINT32_MAX)
		attributes.valid |= ATTRIBUTE_UID;
	if (attributes.gid != UINT32_MAX)
		attributes.valid |= ATTRIBUTE_GID;
	return attributes;
}

SYSCALL(chown, 3, "sdd")
{
	struct inode_attributes attributes = owner_attributes(a->v[1], a->v[2]);

	return change_at(AT_FDCWD, a->v[0], 0, &attributes);
}

SYSCALL(lchown, 3, "sdd")
{
	struct inode_attributes attributes = owner_attributes(a->v[1], a->v[2]);

	return change_at(AT_FDCWD, a->v[0], AT_SYMLINK_NOFOLLOW, &attributes);
}

SYSCALL(fchown, 3, "ddd")
{
	struct inode_attributes attributes = owner_attributes(a->v[1], a->v[2]);

	return change_fd((int)a->v[0], &attributes);
}

SYSCALL(fchownat, 5, "Dsddx")
{
	struct inode_attributes attributes = owner_attributes(a->v[2], a->v[3]);

	if (a->v[4] & ~(uint64_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return change_at((int)a->v[0], a->v[1], (int)a->v[4], &attributes);
}

/* ---- Times ---- */

enum { UTIME_NOW = 0x3fffffff, UTIME_OMIT = 0x3ffffffe };

static int set_time(struct inode_attributes *attributes, unsigned which, struct time_stamp *stamp, const struct linux_timespec *time, bool *all_now)
{
	if (time->nanoseconds == UTIME_OMIT)
		return 0;
	attributes->valid |= which;
	if (time->nanoseconds == UTIME_NOW) {
		*stamp = time_stamp_now();
		return 0;
	}
	if (time->nanoseconds < 0 || time->nanoseconds >= (int64_t)NS_PER_SECOND)
		return -EINVAL;
	*all_now = false;
	*stamp = (struct time_stamp){.seconds = time->seconds, .nanoseconds = (uint32_t)time->nanoseconds};
	return 0;
}

static int time_attributes(const struct linux_timespec times[2], struct inode_attributes *attributes)
{
	bool all_now = true;
	int ret = set_time(attributes, ATTRIBUTE_ATIME, &attributes->atime, &times[0], &all_now);

	if (!ret)
		ret = set_time(attributes, ATTRIBUTE_MTIME, &attributes->mtime, &times[1], &all_now);
	if (all_now && attributes->valid == (ATTRIBUTE_ATIME | ATTRIBUTE_MTIME))
		attributes->valid |= ATTRIBUTE_TIMES_NOW;
	return ret;
}

static int64_t set_times(int dirfd, uint64_t name, const struct linux_timespec times[2], int flags)
{
	struct inode_attributes attributes = {0};
	int64_t ret = time_attributes(times, &attributes);

	if (ret || !attributes.valid)
		return ret;
	if (name || dirfd == AT_FDCWD)
		return change_at(dirfd, name, flags, &attributes);
	return flags ? -EINVAL : change_fd(dirfd, &attributes);
}

static const struct linux_timespec now[2] = {{.nanoseconds = UTIME_NOW}, {.nanoseconds = UTIME_NOW}};

SYSCALL(utimensat, 4, "Dspx")
{
	struct linux_timespec times[2];

	if (a->v[3] & ~(uint64_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (!a->v[2])
		return set_times((int)a->v[0], a->v[1], now, (int)a->v[3]);
	if (copy_from_user(times, a->v[2], sizeof(times)))
		return -EFAULT;
	return set_times((int)a->v[0], a->v[1], times, (int)a->v[3]);
}

static int64_t set_microseconds(int dirfd, uint64_t name, uint64_t address)
{
	struct linux_timeval given[2];
	struct linux_timespec times[2];

	if (!address)
		return set_times(dirfd, name, now, 0);
	if (copy_from_user(given, address, sizeof(given)))
		return -EFAULT;
	for (unsigned i = 0; i < 2; i++) {
		if (given[i].microseconds < 0 || given[i].microseconds >= 1000000)
			return -EINVAL;
		times[i] = (struct linux_timespec){.seconds = given[i].seconds, .nanoseconds = given[i].microseconds * 1000};
	}
	return set_times(dirfd, name, times, 0);
}

SYSCALL(utimes, 2, "sp")
{
	return set_microseconds(AT_FDCWD, a->v[0], a->v[1]);
}

SYSCALL(futimesat, 3, "Dsp")
{
	return set_microseconds((int)a->v[0], a->v[1], a->v[2]);
}

SYSCALL(utime, 2, "sp")
{
	int64_t given[2];
	struct linux_timespec times[2] = {0};

	if (!a->v[1])
		return set_times(AT_FDCWD, a->v[0], now, 0);
	if (copy_from_user(given, a->v[1], sizeof(given)))
		return -EFAULT;
	times[0].seconds = given[0];
	times[1].seconds = given[1];
	return set_times(AT_FDCWD, a->v[0], times, 0);
}

/* ---- Sizes ---- */

SYSCALL(truncate, 2, "sd")
{
	struct place_argument place;
	struct file *file;
	int64_t ret;

	if ((int64_t)a->v[1] < 0)
		return -EINVAL;
	ret = place_get(&place, AT_FDCWD, a->v[0], false);
	if (ret)
		return ret;
	ret = path_open(place.start, place.name, O_WRONLY | O_NONBLOCK, 0, 0, &file);
	place_put(&place);
	if (ret)
		return ret;
	ret = file_truncate(file, a->v[1]);
	file_put(file);
	return ret;
}

SYSCALL(ftruncate, 2, "dd")
{
	struct file *file = descriptor_get((int)a->v[0]);
	int64_t ret;

	if (!file)
		return -EBADF;
	ret = (int64_t)a->v[1] < 0 ? -EINVAL : file_truncate(file, a->v[1]);
	file_put(file);
	return ret;
}

int64_t allocate_file(struct file *file, int mode, int64_t offset, int64_t len)
{
	int64_t end;

	if (offset < 0 || len <= 0)
		return -EINVAL;
	if (__builtin_add_overflow(offset, len, &end))
		return -EFBIG;
	if ((mode & FALLOC_FL_PUNCH_HOLE) && !(mode & FALLOC_FL_KEEP_SIZE))
		return -EOPNOTSUPP;
	return file_allocate(file, mode, (uint64_t)offset, (uint64_t)len);
}

SYSCALL_PARTIAL(fallocate, "allocates, keeps the size, punches holes, zeroes; neither collapses nor inserts ranges");
SYSCALL(fallocate, 4, "dxdd")
{
	struct file *file = descriptor_get((int)a->v[0]);
	int64_t ret;

	if (!file)
		return -EBADF;
	ret = allocate_file(file, (int)a->v[1], (int64_t)a->v[2], (int64_t)a->v[3]);
	file_put(file);
	return ret;
}

/* fadvise64(2), readahead(2): the page cache finds out by itself how a file is read, but not what will be. */

enum { POSIX_FADV_WILLNEED = 3 };

int64_t advise_file(struct file *file, int64_t offset, int64_t len, unsigned advice)
{
	if (file_pipe(file))
		return -ESPIPE;
	if (advice > 5 || len < 0)
		return -EINVAL;
	if (advice == POSIX_FADV_WILLNEED && file->ops == &data_file_ops && offset >= 0)
		file_read_ahead(file, (uint64_t)offset, len ? (uint64_t)len : UINT64_MAX);
	return 0;
}

SYSCALL_PARTIAL(fadvise64, "POSIX_FADV_WILLNEED reads, and waits for it; of the other hints nothing is made");
SYSCALL(fadvise64, 4, "dddd")
{
	struct file *file = descriptor_get((int)a->v[0]);
	int64_t ret;

	if (!file)
		return -EBADF;
	ret = advise_file(file, (int64_t)a->v[1], (int64_t)a->v[2], (unsigned)min_u64(a->v[3], UINT32_MAX));
	file_put(file);
	return ret;
}

SYSCALL(readahead, 3, "ddu")
{
	struct file *file = descriptor_get((int)a->v[0]);
	int64_t ret;

	if (!file)
		return -EBADF;
	ret = !(file->mode & MAY_READ) ? -EBADF : file->ops == &data_file_ops && (int64_t)a->v[2] >= 0 ? 0 : -EINVAL;
	if (!ret)
		file_read_ahead(file, a->v[1], a->v[2]);
	file_put(file);
	return ret;
}

/* ---- Onto the medium ---- */

static int64_t sync_fd(int fd, bool data_only)
{
	struct file *file = descriptor_get(fd);
	int64_t ret;

	if (!file)
		return -EBADF;
	ret = file_sync(file, data_only);
	file_put(file);
	return ret;
}

SYSCALL(fsync, 1, "d")
{
	return sync_fd((int)a->v[0], false);
}

SYSCALL(fdatasync, 1, "d")
{
	return sync_fd((int)a->v[0], true);
}

int64_t sync_range(struct file *file, int64_t offset, int64_t len, unsigned flags)
{
	uint32_t type = file->inode ? file->inode->mode & S_IFMT : S_IFIFO;

	if (offset < 0 || len < 0 || (uint64_t)offset + (uint64_t)len > INT64_MAX || (flags & ~7u))
		return -EINVAL;
	if (type != S_IFREG && type != S_IFBLK && type != S_IFDIR)
		return -ESPIPE;
	return file->flags & O_PATH ? -EBADF : file_sync(file, true);
}

SYSCALL_PARTIAL(sync_file_range, "writes the whole file, and waits");
SYSCALL(sync_file_range, 4, "dddx")
{
	struct file *file = descriptor_get((int)a->v[0]);
	int64_t ret;

	if (!file)
		return -EBADF;
	ret = sync_range(file, (int64_t)a->v[1], (int64_t)a->v[2], (unsigned)a->v[3]);
	file_put(file);
	return ret;
}

SYSCALL(sync, 0, "")
{
	(void)mount_sync_all();
	return 0;
}

SYSCALL_PARTIAL(syncfs, "syncs every file system");
SYSCALL(syncfs, 1, "d")
{
	struct file *file = descriptor_get((int)a->v[0]);
	int64_t ret;

	if (!file)
		return -EBADF;
	ret = file->inode && file->inode->fs ? mount_sync_all() : 0;
	file_put(file);
	return ret;
}
