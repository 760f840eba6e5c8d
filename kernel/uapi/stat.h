/* SPDX-License-Identifier: BSD-3-Clause */
/* struct stat, statx, statfs and file modes (stat(2), inode(7), statx(2), statfs(2)), x86-64. */
#pragma once
#include <stdint.h>

#define S_IFMT	 0170000
#define S_IFSOCK 0140000
#define S_IFLNK	 0120000
#define S_IFREG	 0100000
#define S_IFBLK	 0060000
#define S_IFDIR	 0040000
#define S_IFCHR	 0020000
#define S_IFIFO	 0010000
#define S_ISUID	 04000
#define S_ISGID	 02000
#define S_ISVTX	 01000

enum { LINUX_DT_UNKNOWN = 0, LINUX_DT_FIFO = 1, LINUX_DT_CHR = 2, LINUX_DT_DIR = 4, LINUX_DT_BLK = 6, LINUX_DT_REG = 8, LINUX_DT_LNK = 10, LINUX_DT_SOCK = 12 };

struct linux_timespec {
	int64_t seconds, nanoseconds;
};

struct linux_stat {
	uint64_t dev, ino, nlink;
	uint32_t mode, uid, gid, pad0;
	uint64_t rdev;
	int64_t size, blksize, blocks;
	struct linux_timespec atime, mtime, ctime;
	int64_t unused[3];
};

struct linux_statx_timestamp {
	int64_t seconds;
	uint32_t nanoseconds;
	int32_t reserved;
};

struct linux_statx {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad1;
	uint64_t ino, size, blocks, attributes_mask;
	struct linux_statx_timestamp atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t mount_id;
	uint32_t dio_mem_align, dio_offset_align;
	uint64_t pad3[12];
};

struct linux_statfs {
	int64_t type, bsize;
	uint64_t blocks, bfree, bavail, files, ffree;
	int32_t fsid[2];
	int64_t namelen, frsize, flags;
	int64_t spare[4];
};

/* Device numbers as Linux packs them (makedev(3)). */
static inline uint64_t device_number(uint32_t major, uint32_t minor)
{
	return (minor & 0xffu) | ((uint64_t)(major & 0xfffu) << 8) | ((uint64_t)(minor & ~0xffu) << 12) | ((uint64_t)(major & ~0xfffu) << 32);
}

static inline uint32_t device_major(uint64_t device)
{
	return ((device >> 8) & 0xfffu) | ((device >> 32) & ~0xfffull);
}

static inline uint32_t device_minor(uint64_t device)
{
	return (device & 0xffu) | ((device >> 12) & ~0xffull);
}
