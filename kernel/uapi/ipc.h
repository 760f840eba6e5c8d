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

/* ---- Semaphores ---- */
enum { LINUX_GETPID = 11, LINUX_GETVAL = 12, LINUX_GETALL = 13, LINUX_GETNCNT = 14, LINUX_GETZCNT = 15, LINUX_SETVAL = 16, LINUX_SETALL = 17 };
enum { LINUX_SEM_STAT = 18, LINUX_SEM_INFO = 19, LINUX_SEM_STAT_ANY = 20 };
enum { LINUX_SEM_UNDO = 0x1000 };
#define LINUX_SEMMNI 32000 /* sets */
#define LINUX_SEMMSL 32000 /* semaphores of a set */
#define LINUX_SEMOPM 500   /* operations of a call */
#define LINUX_SEMVMX 32767 /* a semaphore's value */

struct linux_sembuf {
	uint16_t number;
	int16_t operation, flags;
};

struct linux_semid_ds {
	struct linux_ipc_perm perm;
	int64_t otime, unused1, ctime, unused2; /* seconds */
	uint64_t nsems, unused[2];
};

struct linux_seminfo {
	int32_t semmap, semmni, semmns, semmnu, semmsl, semopm, semume, semusz, semvmx, semaem;
};

/* ---- Message queues ---- */
enum { LINUX_MSG_STAT = 11, LINUX_MSG_INFO = 12, LINUX_MSG_STAT_ANY = 13 };
enum { LINUX_MSG_NOERROR = 010000, LINUX_MSG_EXCEPT = 020000, LINUX_MSG_COPY = 040000 };
#define LINUX_MSGMNI 32000 /* queues */
#define LINUX_MSGMAX 8192  /* bytes of a message */
#define LINUX_MSGMNB 16384 /* bytes in a queue */

struct linux_msqid_ds {
	struct linux_ipc_perm perm;
	int64_t stime, rtime, ctime; /* seconds */
	uint64_t cbytes, qnum, qbytes;
	int32_t lspid, lrpid;
	uint64_t unused[2];
};

struct linux_msginfo {
	int32_t msgpool, msgmap, msgmax, msgmnb, msgmni, msgssz, msgtql;
	uint16_t msgseg;
};
