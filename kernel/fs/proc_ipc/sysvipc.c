/* SPDX-License-Identifier: BSD-3-Clause */
/* /proc/sysvipc: the objects of System V IPC, a line each, as ipcs(1) reads them. */
#include "kernel/fs/proc/proc.h"
#include "kernel/ipc/message_queue.h"
#include "kernel/ipc/segment.h"
#include "kernel/ipc/semaphore.h"

static void print_owners(struct proc_text *to, const struct linux_ipc_perm *perm)
{
	proc_print(to, " %5u %5u %5u %5u", perm->uid, perm->gid, perm->cuid, perm->cgid);
}

static void show_segments(struct proc_text *to)
{
	struct linux_shmid_ds s;
	uint64_t resident;
	int id;

	proc_print(to, "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime"
		       "                   rss                  swap\n");
	for (unsigned slot = 0; segment_next(&slot, &s, &id, &resident); slot++) {
		proc_print(to, "%10d %10d  %4o %21llu %5d %5d  %5llu", s.perm.key, id, s.perm.mode, (unsigned long long)s.segsz, s.cpid, s.lpid,
			(unsigned long long)s.nattch);
		print_owners(to, &s.perm);
		proc_print(to, " %10lld %10lld %10lld %21llu %21llu\n", (long long)s.atime, (long long)s.dtime, (long long)s.ctime,
			(unsigned long long)resident * PAGE_SIZE, 0ull);
	}
}
PROC_FILE(sysvipc_shm) = {.path = "sysvipc/shm", .mode = 0444, .show = show_segments};

static void show_semaphores(struct proc_text *to)
{
	struct linux_semid_ds s;
	int id;

	proc_print(to, "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n");
	for (unsigned slot = 0; semaphore_next(&slot, &s, &id); slot++) {
		proc_print(to, "%10d %10d  %4o %10llu", s.perm.key, id, s.perm.mode, (unsigned long long)s.nsems);
		print_owners(to, &s.perm);
		proc_print(to, " %10lld %10lld\n", (long long)s.otime, (long long)s.ctime);
	}
}
PROC_FILE(sysvipc_sem) = {.path = "sysvipc/sem", .mode = 0444, .show = show_semaphores};

static void show_queues(struct proc_text *to)
{
	struct linux_msqid_ds q;
	int id;

	proc_print(to, "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      rtime      ctime\n");
	for (unsigned slot = 0; message_queue_next(&slot, &q, &id); slot++) {
		proc_print(to, "%10d %10d  %4o  %10llu %10llu %5d %5d", q.perm.key, id, q.perm.mode, (unsigned long long)q.cbytes,
			(unsigned long long)q.qnum, q.lspid, q.lrpid);
		print_owners(to, &q.perm);
		proc_print(to, " %10lld %10lld %10lld\n", (long long)q.stime, (long long)q.rtime, (long long)q.ctime);
	}
}
PROC_FILE(sysvipc_msg) = {.path = "sysvipc/msg", .mode = 0444, .show = show_queues};
