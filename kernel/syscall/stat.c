/* SPDX-License-Identifier: BSD-3-Clause */
/* stat(2) and its family, statx(2), access(2), statfs(2), readlink(2). */
#include "kernel/syscall/file_calls.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/mount.h"
#include "lib/string.h"

/* An open file's own: also those without an inode. */
static void file_stat(struct file *file, struct linux_stat *stat)
{
	struct inode *inode = file->path.dentry ? path_inode(&file->path) : file->inode;

	if (inode) {
		inode_stat(inode, stat);
		return;
	}
	memset(stat, 0, sizeof(*stat));
	stat->mode = 0600; /* as Linux's anonymous inodes: no type */
	stat->nlink = 1;
	stat->ino = 1;
	stat->blksize = 4096;
}

static int64_t stat_fd(int fd, struct linux_stat *stat, struct time_stamp *birth, uint64_t *mount)
{
	struct file_argument f;

	if (!file_begin(&f, fd))
		return -EBADF;
	file_place(f.file);
	file_stat(f.file, stat);
	if (birth && f.file->inode)
		*birth = f.file->inode->btime;
	if (mount && f.file->path.mount)
		*mount = mount_id(f.file->path.mount);
	file_end(&f);
	return 0;
}

/* Puts the place. */
static int64_t stat_place(struct place_argument *place, int dirfd, int flags, struct linux_stat *stat, struct time_stamp *birth, uint64_t *mount)
{
	struct path path;
	int64_t ret;

	if (!place->name[0] && (flags & AT_EMPTY_PATH) && dirfd != AT_FDCWD) {
		place_put(place);
		return stat_fd(dirfd, stat, birth, mount);
	}
	ret = path_walk(place->start, place->name, (flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) | (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0), &path);
	place_put(place);
	if (ret)
		return ret;
	inode_stat(path_inode(&path), stat);
	if (birth)
		*birth = path_inode(&path)->btime;
	if (mount)
		*mount = mount_id(path.mount);
	path_put(&path);
	return 0;
}

static int64_t stat_at(int dirfd, uint64_t name, int flags, struct linux_stat *stat, struct time_stamp *birth, uint64_t *mount)
{
	struct place_argument place;
	int64_t ret = place_get(&place, dirfd, name, flags & AT_EMPTY_PATH);

	if (ret == -ENOTDIR && (flags & AT_EMPTY_PATH)) { /* a pipe, a socket: it has no place, but it is open */
		char first;

		if (!copy_from_user(&first, name, 1) && !first)
			return stat_fd(dirfd, stat, birth, mount);
	}
	return ret ? ret : stat_place(&place, dirfd, flags, stat, birth, mount);
}

static int64_t put_stat(int64_t ret, uint64_t address, const struct linux_stat *stat)
{
	return ret ? ret : copy_to_user(address, stat, sizeof(*stat));
}

SYSCALL(stat, 2, "sp")
{
	struct linux_stat stat;

	return put_stat(stat_at(AT_FDCWD, a->v[0], 0, &stat, NULL, NULL), a->v[1], &stat);
}

SYSCALL(lstat, 2, "sp")
{
	struct linux_stat stat;

	return put_stat(stat_at(AT_FDCWD, a->v[0], AT_SYMLINK_NOFOLLOW, &stat, NULL, NULL), a->v[1], &stat);
}

SYSCALL(fstat, 2, "dp")
{
	struct linux_stat stat;

	return put_stat(stat_fd((int)a->v[0], &stat, NULL, NULL), a->v[1], &stat);
}

SYSCALL(newfstatat, 4, "Dspx")
{
	struct linux_stat stat;
	int flags = (int)a->v[3];

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT))
		return -EINVAL;
	return put_stat(stat_at((int)a->v[0], a->v[1], flags, &stat, NULL, NULL), a->v[2], &stat);
}

enum { AT_STATX_SYNC = 0x6000 };
enum { STATX_BASIC_STATS = 0x7ff, STATX_BTIME = 0x800, STATX_MNT_ID = 0x1000, STATX_MNT_ID_UNIQUE = 0x4000 };
#define STATX_RESERVED 0x80000000u

static struct linux_statx_timestamp statx_time(struct linux_timespec time)
{
	return (struct linux_statx_timestamp){.seconds = time.seconds, .nanoseconds = (uint32_t)time.nanoseconds};
}

static int64_t put_statx(uint64_t address, unsigned wanted, const struct linux_stat *stat, struct time_stamp birth, uint64_t mount)
{
	struct linux_statx x = {0};

	x.mask = STATX_BASIC_STATS | (wanted & STATX_MNT_ID_UNIQUE ? STATX_MNT_ID_UNIQUE : STATX_MNT_ID) | (birth.seconds ? STATX_BTIME : 0);
	x.blksize = (uint32_t)stat->blksize;
	x.nlink = (uint32_t)stat->nlink;
	x.uid = stat->uid;
	x.gid = stat->gid;
	x.mode = (uint16_t)stat->mode;
	x.ino = stat->ino;
	x.size = (uint64_t)stat->size;
	x.blocks = (uint64_t)stat->blocks;
	x.atime = statx_time(stat->atime);
	x.mtime = statx_time(stat->mtime);
	x.ctime = statx_time(stat->ctime);
	x.btime = (struct linux_statx_timestamp){.seconds = birth.seconds, .nanoseconds = birth.nanoseconds};
	x.rdev_major = device_major(stat->rdev);
	x.rdev_minor = device_minor(stat->rdev);
	x.dev_major = device_major(stat->dev);
	x.dev_minor = device_minor(stat->dev);
	x.mount_id = wanted & STATX_MNT_ID_UNIQUE ? mount_unique_id(mount) : mount;
	return copy_to_user(address, &x, sizeof(x));
}

int statx_check(unsigned flags, unsigned mask)
{
	if (flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC))
		return -EINVAL;
	return mask & STATX_RESERVED || (flags & AT_STATX_SYNC) == AT_STATX_SYNC ? -EINVAL : 0;
}

int64_t statx_name(int dirfd, char *name, int flags, unsigned mask, uint64_t address)
{
	bool is_empty = !name[0] && (flags & AT_EMPTY_PATH);
	struct place_argument place;
	struct time_stamp birth = {0};
	struct linux_stat stat;
	uint64_t mount = 0;
	int64_t ret = place_from(&place, dirfd, name, flags & AT_EMPTY_PATH);

	if (!ret)
		ret = stat_place(&place, dirfd, flags, &stat, &birth, &mount);
	else if (ret == -ENOTDIR && is_empty)
		ret = stat_fd(dirfd, &stat, &birth, &mount);
	return ret ? ret : put_statx(address, mask, &stat, birth, mount);
}

SYSCALL(statx, 5, "Dsxxp")
{
	int flags = (int)a->v[2];
	struct time_stamp birth = {0};
	struct linux_stat stat;
	uint64_t mount = 0;
	int64_t ret = statx_check((unsigned)flags, (unsigned)a->v[3]);

	if (!ret)
		ret = stat_at((int)a->v[0], a->v[1], flags, &stat, &birth, &mount);
	return ret ? ret : put_statx(a->v[4], (unsigned)a->v[3], &stat, birth, mount);
}

/* access(2) asks for the real user, who has the effective capabilities only if it is root. */
static int check_access(const struct path *path, unsigned mask, bool effective)
{
	const struct credentials *cred = credentials_current();
	const struct inode *inode = path_inode(path);
	uint32_t type = inode->mode & S_IFMT;
	unsigned bits;

	if ((mask & MAY_WRITE) && type != S_IFCHR && type != S_IFBLK && type != S_IFIFO && type != S_IFSOCK && path_may_change(path))
		return -EROFS;
	if (effective || (cred->uid == cred->fsuid && cred->gid == cred->fsgid))
		return inode_permission(inode, mask);
	if (!cred->uid)
		return !(mask & MAY_EXEC) || type == S_IFDIR || (inode->mode & 0111) ? 0 : -EACCES;
	bits = cred->uid == inode->uid ? inode->mode >> 6 : cred->gid == inode->gid ? inode->mode >> 3 : inode->mode;
	return (bits & mask) == mask ? 0 : -EACCES;
}

static int64_t access_at(int dirfd, uint64_t name, unsigned mode, int flags)
{
	struct place_argument place;
	struct path path;
	int64_t ret;

	if (mode & ~7u || flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	ret = place_get(&place, dirfd, name, flags & AT_EMPTY_PATH);
	if (ret)
		return ret;
	ret = path_walk(place.start, place.name, (flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) | (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0), &path);
	place_put(&place);
	if (ret)
		return ret;
	ret = mode ? check_access(&path, mode, flags & AT_EACCESS) : 0;
	path_put(&path);
	return ret;
}

SYSCALL(access, 2, "sx")
{
	return access_at(AT_FDCWD, a->v[0], (unsigned)a->v[1], 0);
}

SYSCALL(faccessat, 3, "Dsx")
{
	return access_at((int)a->v[0], a->v[1], (unsigned)a->v[2], 0);
}

SYSCALL(faccessat2, 4, "Dsxx")
{
	return access_at((int)a->v[0], a->v[1], (unsigned)a->v[2], (int)a->v[3]);
}

static int64_t put_statfs(struct file_system *fs, const struct mount *mount, uint64_t address)
{
	struct linux_statfs to = {.type = TMPFS_MAGIC, .bsize = 4096, .frsize = 4096, .namelen = LINUX_NAME_MAX};
	unsigned flags = mount ? mount_flags(mount) : 0;
	int ret = fs && fs->statfs ? fs->statfs(fs, &to) : 0;

	if (ret)
		return ret;
	if (fs) {
		to.fsid[0] = (int32_t)fs->device;
		to.fsid[1] = (int32_t)(fs->device >> 32);
	}
	to.flags = ST_VALID | ((int64_t)flags & (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC | ST_NODIRATIME)) | (flags & MS_NOSYMFOLLOW ? ST_NOSYMFOLLOW : 0) |
	    (flags & MS_NOATIME ? ST_NOATIME : flags & MS_STRICTATIME ? 0 : ST_RELATIME);
	return copy_to_user(address, &to, sizeof(to));
}

SYSCALL(statfs, 2, "sp")
{
	struct place_argument place;
	struct path path;
	int64_t ret = place_get(&place, AT_FDCWD, a->v[0], false);

	if (ret)
		return ret;
	ret = path_walk(place.start, place.name, WALK_FOLLOW, &path);
	place_put(&place);
	if (ret)
		return ret;
	ret = put_statfs(path_inode(&path)->fs, path.mount, a->v[1]);
	path_put(&path);
	return ret;
}

SYSCALL(fstatfs, 2, "dp")
{
	struct file *file = descriptor_get_any((int)a->v[0]);
	int64_t ret;

	if (!file)
		return -EBADF;
	ret = put_statfs(file->inode ? file->inode->fs : NULL, file->path.mount, a->v[1]);
	file_put(file);
	return ret;
}

static int64_t put_link(char *text, uint64_t to, uint64_t size)
{
	size_t len = min_u64(strlen(text), size);
	int64_t ret = copy_to_user(to, text, len) ? -EFAULT : (int64_t)len;

	heap_free(text);
	return ret;
}

/* What a symbolic link says; for the links of /proc that lead to open files, the text of the place. */
static int64_t read_link(struct inode *inode, uint64_t to, uint64_t size)
{
	char *text;
	int64_t ret;

	if ((inode->mode & S_IFMT) != S_IFLNK || !inode->ops->get_link)
		return -EINVAL;
	ret = inode->ops->get_link(inode, &text);
	return ret ? ret : put_link(text, to, size);
}

static int64_t read_link_at(int dirfd, uint64_t name, uint64_t to, uint64_t size)
{
	struct place_argument place;
	struct path path;
	char *text;
	int64_t ret;

	if ((int32_t)size <= 0)
		return -EINVAL;
	ret = place_get(&place, dirfd, name, true);
	if (ret)
		return ret;
	ret = mount_peek_link(place.name, &text);
	if (ret != -EAGAIN) {
		place_put(&place);
		return ret ? ret : put_link(text, to, (uint32_t)size);
	}
	ret = path_walk(place.start, place.name, place.start ? WALK_EMPTY : 0, &path);
	if (!ret) {
		ret = read_link(path_inode(&path), to, (uint32_t)size);
		if (ret == -EINVAL && !place.name[0])
			ret = -ENOENT;
		path_put(&path);
	}
	place_put(&place);
	return ret;
}

SYSCALL(readlink, 3, "spu")
{
	return read_link_at(AT_FDCWD, a->v[0], a->v[1], a->v[2]);
}

SYSCALL(readlinkat, 4, "Dspu")
{
	return read_link_at((int)a->v[0], a->v[1], a->v[2], a->v[3]);
}
