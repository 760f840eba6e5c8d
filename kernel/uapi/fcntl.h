/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening, descriptors, locks and paths (open(2), fcntl(2), openat2(2), flock(2), fallocate(2), rename(2)), x86-64. */
#pragma once
#include <stdint.h>

#define O_ACCMODE   03
#define O_RDONLY    00
#define O_WRONLY    01
#define O_RDWR	    02
#define O_CREAT	    0100
#define O_EXCL	    0200
#define O_NOCTTY    0400
#define O_TRUNC	    01000
#define O_APPEND    02000
#define O_NONBLOCK  04000
#define O_DSYNC	    010000
#define O_ASYNC	    020000
#define O_DIRECT    040000
#define O_LARGEFILE 0100000
#define O_DIRECTORY 0200000
#define O_NOFOLLOW  0400000
#define O_NOATIME   01000000
#define O_CLOEXEC   02000000
#define O_SYNC	    04010000
#define O_PATH	    010000000
#define O_TMPFILE   020200000

#define AT_FDCWD	    (-100)
#define AT_SYMLINK_NOFOLLOW 0x100
#define AT_EACCESS	    0x200
#define AT_REMOVEDIR	    0x200
#define AT_SYMLINK_FOLLOW   0x400
#define AT_NO_AUTOMOUNT	    0x800
#define AT_EMPTY_PATH	    0x1000

#define F_DUPFD		 0
#define F_GETFD		 1
#define F_SETFD		 2
#define F_GETFL		 3
#define F_SETFL		 4
#define F_GETLK		 5
#define F_SETLK		 6
#define F_SETLKW	 7
#define F_SETOWN	 8
#define F_GETOWN	 9
#define F_SETSIG	 10
#define F_GETSIG	 11
#define F_SETOWN_EX	 15
#define F_GETOWN_EX	 16
#define F_OFD_GETLK	 36
#define F_OFD_SETLK	 37
#define F_OFD_SETLKW	 38
#define F_SETLEASE	 1024
#define F_GETLEASE	 1025
#define F_NOTIFY	 1026
#define F_DUPFD_CLOEXEC	 1030
#define F_SETPIPE_SZ	 1031
#define F_GETPIPE_SZ	 1032
#define F_ADD_SEALS	 1033
#define F_GET_SEALS	 1034
#define F_GET_RW_HINT	 1035
#define F_SET_RW_HINT	 1036

/* F_NOTIFY */
#define DN_ACCESS    0x1
#define DN_MODIFY    0x2
#define DN_CREATE    0x4
#define DN_DELETE    0x8
#define DN_RENAME    0x10
#define DN_ATTRIB    0x20
#define DN_MULTISHOT 0x80000000u

#define FD_CLOEXEC 1

#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2

#define LOCK_SH 1
#define LOCK_EX 2
#define LOCK_NB 4
#define LOCK_UN 8
#define LOCK_MAND 32

#define F_SEAL_SEAL	    1
#define F_SEAL_SHRINK	    2
#define F_SEAL_GROW	    4
#define F_SEAL_WRITE	    8
#define F_SEAL_FUTURE_WRITE 16

#define SEEK_SET  0
#define SEEK_CUR  1
#define SEEK_END  2
#define SEEK_DATA 3
#define SEEK_HOLE 4

#define FALLOC_FL_KEEP_SIZE	 1
#define FALLOC_FL_PUNCH_HOLE	 2
#define FALLOC_FL_COLLAPSE_RANGE 8
#define FALLOC_FL_ZERO_RANGE	 16

#define RENAME_NOREPLACE (1 << 0) /* spelt as the host spells them, for tests that see both */
#define RENAME_EXCHANGE	 (1 << 1)
#define RENAME_WHITEOUT	 (1 << 2)

#define RESOLVE_NO_XDEV	      1
#define RESOLVE_NO_MAGICLINKS 2
#define RESOLVE_NO_SYMLINKS   4
#define RESOLVE_BENEATH	      8
#define RESOLVE_IN_ROOT	      16
#define RESOLVE_CACHED	      32

#define CLOSE_RANGE_UNSHARE (1U << 1)
#define CLOSE_RANGE_CLOEXEC (1U << 2)

#define LINUX_PATH_MAX 4096
#define LINUX_NAME_MAX 255
#define LINUX_PIPE_BUF 4096
#define LINUX_IOV_MAX  1024

struct linux_open_how {
	uint64_t flags, mode, resolve;
};

struct linux_flock {
	int16_t type, whence;
	int32_t pad0;
	int64_t start, len;
	int32_t pid, pad1;
};

struct linux_iovec {
	uint64_t base, len;
};

struct linux_f_owner {
	int32_t type, pid;
};
