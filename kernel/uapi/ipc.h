/* SPDX-License-Identifier: BSD-3-Clause */
/* System V IPC (sysvipc(7)): shmget(2), shmop(2), shmctl(2). */
#pragma once
#include <stdint.h>

enum { LINUX_IPC_PRIVATE = 0 };
enum { LINUX_IPC_CREAT = 01000, LINUX_IPC_EXCL = 02000, LINUX_IPC_NOWAIT = 04000 };
enum { LINUX_IPC_RMID = 0, LINUX_IPC_SET = 1, LINUX_IPC_STAT = 2, LINUX_IPC_INFO = 3 };

struct linux_ipc_perm { /* 48 bytes */
	int32_t key;
	uint32_t uid, gid, cuid, cgid, mode;
	uint16_t seq, pad;
	uint32_t pad2;
	uint64_t unused[2];
};

/* ---- Shared memory ---- */
enum { LINUX_SHM_HUGETLB = 04000, LINUX_SHM_NORESERVE = 010000 };					       /* shmget */
enum { LINUX_SHM_RDONLY = 010000, LINUX_SHM_RND = 020000, LINUX_SHM_REMAP = 040000, LINUX_SHM_EXEC = 0100000 }; /* shmat */
enum { LINUX_SHM_LOCK = 11, LINUX_SHM_UNLOCK = 12, LINUX_SHM_STAT = 13, LINUX_SHM_INFO = 14, LINUX_SHM_STAT_ANY = 15 };
enum { LINUX_SHM_DEST = 01000, LINUX_SHM_LOCKED = 02000 }; /* in perm.mode */
#define LINUX_SHMMNI 4096
#define LINUX_SHMMAX (UINT64_MAX - (1ull << 24)) /* bytes */
#define LINUX_SHMALL (UINT64_MAX - (1ull << 24)) /* pages */

struct linux_shmid_ds {
	struct linux_ipc_perm perm;
	uint64_t segsz;
	int64_t atime, dtime, ctime; /* seconds */
	int32_t cpid, lpid;
	uint64_t nattch, unused[2];
};

struct linux_shminfo {
	uint64_t shmmax, shmmin, shmmni, shmseg, shmall, unused[4];
};

struct linux_shm_info {
	int32_t used_ids, pad;
	uint64_t shm_tot, shm_rss, shm_swp; /* pages */
	uint64_t swap_attempts, swap_successes;
};
