// SPDX-License-Identifier: BSD-3-Clause
// System V shared memory: making, finding, attaching, detaching, removing; rights; what fork, exit and munmap make of users.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

#define PAGE 4096

static key_t key;

static struct shmid_ds stat_of(int id)
{
	struct shmid_ds ds;

	memset(&ds, 0xee, sizeof(ds));
	if (shmctl(id, IPC_STAT, &ds))
		printf("IPC_STAT: %s\n", strerrorname_np(errno));
	return ds;
}

static void print(const char *when, int id)
{
	struct shmid_ds ds = stat_of(id);

	printf("%s: size %zu users %ld mode %o key %s creator %s last %s times %d %d %d\n", when, ds.shm_segsz, (long)ds.shm_nattch,
		ds.shm_perm.mode, ds.shm_perm.__key == key ? "ours" : "0", ds.shm_cpid == getpid() ? "us" : "other",
		ds.shm_lpid == getpid() ? "us" : ds.shm_lpid ? "other" : "0", ds.shm_atime != 0, ds.shm_dtime != 0, ds.shm_ctime != 0);
}

// A child's exit status.
static int in_child(int (*run)(int), int id)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(run(id));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void making(void)
{
	int id = shmget(key, 3 * PAGE + 1, IPC_CREAT | IPC_EXCL | 0640);

	print("made", id);
	SHOW(shmget(key, 1, IPC_CREAT | IPC_EXCL | 0640));
	SHOW(shmget(key, 3 * PAGE + 2, 0));
	printf("found %d\n", shmget(key, PAGE, 0) == id && shmget(key, 0, IPC_CREAT | 0600) == id);
	SHOW(shmget(key + 1, PAGE, 0600));
	SHOW(shmget(IPC_PRIVATE, 0, 0600));
	SHOW(shmget(IPC_PRIVATE, SIZE_MAX, 0600));
	SHOW(shmctl(id, IPC_RMID, NULL));
	SHOW(shmget(key, PAGE, 0));
	SHOW(shmctl(id, IPC_STAT, &(struct shmid_ds){}));
	SHOW(shmctl(-1, IPC_RMID, NULL));
	SHOW(shmctl(id, 99, NULL));
	printf("another id %d\n", (id = shmget(IPC_PRIVATE, PAGE, 0600)) >= 0 && shmctl(id, IPC_RMID, NULL) == 0);
}

static int write_there(int id)
{
	char *p = shmat(id, NULL, 0);

	if (p == (void *)-1)
		return 1;
	strcpy(p + 5000, "from the child");
	return shmdt(p);
}

static int write_read_only(int id)
{
	char *p = shmat(id, NULL, SHM_RDONLY);

	p[0] = 1;
	return 0;
}

static void attaching(void)
{
	int id = shmget(key, 2 * PAGE + 10, IPC_CREAT | 0600);
	char *p = shmat(id, NULL, 0), *q = shmat(id, NULL, SHM_RDONLY);

	printf("attached %d, zero %d\n", p != (void *)-1 && q != (void *)-1 && p != q, p[0] == 0 && p[3 * PAGE - 1] == 0);
	print("twice", id);
	strcpy(p, "seen through both");
	printf("%s\n", q);
	SHOW(in_child(write_there, id));
	printf("%s\n", p + 5000);
	print("after the child", id);
	SHOW(in_child(write_read_only, id));
	SHOW(mprotect(q, PAGE, PROT_READ | PROT_WRITE));
	SHOW(shmdt(q));
	SHOW(shmdt(q));
	SHOW(shmdt(p + PAGE));
	SHOW(shmdt(p + 1));
	print("once", id);
	SHOW(shmdt(p));
	print("none", id);
	p = shmat(id, NULL, 0);
	printf("kept: %s, %s\n", p, p + 5000);
	SHOW(shmdt(p));
	SHOW(shmctl(id, IPC_RMID, NULL));
}

static void places(void)
{
	int id = shmget(IPC_PRIVATE, 2 * PAGE, 0600);
	char *room = mmap(NULL, 16 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(room + 4 * PAGE, 8 * PAGE);
	printf("at %ld\n", (long)((char *)shmat(id, room + 4 * PAGE, 0) - room) / PAGE);
	SHOW((long)shmat(id, room + 4 * PAGE, 0));
	SHOW((long)shmat(id, room + 6 * PAGE + 1, 0));
	printf("rounded to %ld\n", (long)((char *)shmat(id, room + 7 * PAGE + 100, SHM_RND) - room) / PAGE);
	printf("over it %ld\n", (long)((char *)shmat(id, room + 4 * PAGE, SHM_REMAP) - room) / PAGE);
	SHOW((long)shmat(id, NULL, SHM_REMAP));
	SHOW((long)shmat(id + (1 << 15), NULL, 0));
	SHOW((long)shmat(-1, NULL, 0));
	print("two", id);
	// A hole divides the mapping: each part counts, and shmdt finds both.
	SHOW(mprotect(room + 7 * PAGE, PAGE, PROT_READ));
	print("divided", id);
	SHOW(munmap(room + 7 * PAGE, PAGE));
	SHOW(shmdt(room + 8 * PAGE));
	SHOW(shmdt(room + 7 * PAGE));
	SHOW(munmap(room + 4 * PAGE, 2 * PAGE));
	print("unmapped", id);
	SHOW(shmctl(id, IPC_RMID, NULL));
}

static int attach_only(int id)
{
	return shmat(id, NULL, 0) == (void *)-1;
}

static int inherit_and_look(int id)
{
	return (int)stat_of(id).shm_nattch;
}

static int inherit_and_exec(int id)
{
	execl("/proc/self/exe", "x", "exit", NULL);
	return 1;
}

static void users(void)
{
	int id = shmget(IPC_PRIVATE, PAGE, 0600);
	char *p = shmat(id, NULL, 0);

	SHOW(in_child(inherit_and_look, id));
	print("after a fork", id);
	SHOW(in_child(attach_only, id));
	print("after an exit", id);
	SHOW(in_child(inherit_and_exec, id));
	print("after an exec", id);
	SHOW(shmctl(id, IPC_RMID, NULL));
	print("removed, in use", id);
	strcpy(p, "still there");
	printf("attached again %d\n", !strcmp(shmat(id, NULL, 0), "still there"));
	SHOW(shmdt(p));
	print("removed, in use", id);
	SHOW(in_child(inherit_and_look, id));
}

static int as_nobody(int id)
{
	if (setgid(65534) || setuid(65534))
		return 99;
	SHOW_OK(shmget(key, 1, 0));
	SHOW_OK(shmget(key, 1, 0400));
	printf("read only %d\n", shmat(id, NULL, SHM_RDONLY) != (void *)-1);
	SHOW((long)shmat(id, NULL, 0));
	SHOW(shmctl(id, IPC_RMID, NULL));
	SHOW(shmctl(id, IPC_SET, &(struct shmid_ds){}));
	SHOW(shmctl(id, SHM_LOCK, NULL));
	return 0;
}

static void rights(void)
{
	int id = shmget(key, PAGE, IPC_CREAT | 0604);
	struct shmid_ds ds = stat_of(id);

	SHOW(in_child(as_nobody, id) >= 0);
	ds.shm_perm.uid = 65534;
	ds.shm_perm.mode = 07600;
	SHOW(shmctl(id, IPC_SET, &ds));
	ds = stat_of(id);
	printf("owner %u creator %u mode %o\n", ds.shm_perm.uid, ds.shm_perm.cuid, ds.shm_perm.mode);
	SHOW(shmctl(id, SHM_LOCK, NULL));
	printf("locked %o\n", stat_of(id).shm_perm.mode);
	SHOW(shmctl(id, SHM_UNLOCK, NULL));
	SHOW(shmctl(id, IPC_STAT, (void *)8));
	SHOW(shmctl(id, IPC_RMID, NULL));
}

// Programs find leftovers by walking the slots, as ipcs(1) does.
static void walking(void)
{
	int id = shmget(key, 5 * PAGE, IPC_CREAT | 0600), found = 0;
	struct shm_info info;
	struct shminfo limits;
	struct shmid_ds ds;
	int last = shmctl(0, SHM_INFO, (struct shmid_ds *)&info);

	for (int slot = 0; slot <= last; slot++)
		found += shmctl(slot, SHM_STAT, &ds) == id && ds.shm_segsz == 5 * PAGE;
	printf("found %d, used %d, pages %d\n", found, info.used_ids >= 1, info.shm_tot >= 5);
	printf("limits %d\n", shmctl(0, IPC_INFO, (struct shmid_ds *)&limits) == last && limits.shmmni == 4096 && limits.shmmin == 1);
	SHOW(shmctl(id, IPC_RMID, NULL));
}

static void maps(void)
{
	int id = shmget(0x1234abcd, PAGE, IPC_CREAT | 0600), found = 0;
	char *p = shmat(id, NULL, 0), line[512], want[64];
	FILE *f = fopen("/proc/self/maps", "r");

	snprintf(want, sizeof(want), " 00:01 %d", id);
	while (fgets(line, sizeof(line), f))
		found += strstr(line, "/SYSV1234abcd (deleted)") && strstr(line, " rw-s ") && strtoul(line, NULL, 16) == (uintptr_t)p && strstr(line, want);
	fclose(f);
	printf("in maps %d\n", found);
	SHOW(shmctl(id, IPC_RMID, NULL));
}

// Many segments, by turns: what was removed leaves no key behind.
static void many(void)
{
	int ids[200], ok = 1;

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 200; i++)
			ok &= (ids[i] = shmget(key + 1 + i, (size_t)(i + 1) * PAGE, IPC_CREAT | IPC_EXCL | 0600)) >= 0;
		for (int i = 0; i < 200; i++) {
			char *p = shmat(ids[i], NULL, 0);

			ok &= p[i * PAGE] == 0;
			p[i * PAGE] = (char)(i + 1);
			ok &= shmget(key + 1 + i, 0, 0) == ids[i] && shmdt(p) == 0;
		}
		for (int i = 0; i < 200; i++) {
			char *p = shmat(ids[i], NULL, SHM_RDONLY);

			ok &= p[i * PAGE] == (char)(i + 1) && shmdt(p) == 0 && shmctl(ids[i], IPC_RMID, NULL) == 0;
		}
	}
	printf("many %d\n", ok);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return 0;
	key = 0x5d000000 | (getpid() & 0xffff) << 8;
	making();
	attaching();
	places();
	users();
	rights();
	walking();
	maps();
	many();
	return 0;
}
