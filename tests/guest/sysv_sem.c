// SPDX-License-Identifier: BSD-3-Clause
// System V semaphores: operations all at once or not at all, waiting, SEM_UNDO, removal under waiters, rights.
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "show.h"

union semun {
	int val;
	struct semid_ds *buf;
	unsigned short *array;
	struct seminfo *info;
};

static key_t key;

static int op(int id, int number, int value, int flags)
{
	struct sembuf one = {(unsigned short)number, (short)value, (short)flags};

	return semop(id, &one, 1);
}

static int value(int id, int number)
{
	return semctl(id, number, GETVAL);
}

static int set(int id, int number, int to)
{
	return semctl(id, number, SETVAL, (union semun){.val = to});
}

static void making(void)
{
	int id = semget(key, 3, IPC_CREAT | IPC_EXCL | 0640);
	struct semid_ds ds;

	SHOW(semget(key, 3, IPC_CREAT | IPC_EXCL | 0640));
	SHOW(semget(key, 4, 0));
	printf("found %d\n", semget(key, 0, 0) == id && semget(key, 3, IPC_CREAT | 0600) == id);
	SHOW(semget(key + 1, 1, 0));
	SHOW(semget(IPC_PRIVATE, 0, 0600));
	SHOW(semget(IPC_PRIVATE, -1, 0600));
	SHOW(semget(IPC_PRIVATE, 32001, 0600));
	SHOW(semctl(id, 0, IPC_STAT, (union semun){.buf = &ds}));
	printf("nsems %lu mode %o operated %d changed %d\n", (unsigned long)ds.sem_nsems, ds.sem_perm.mode, ds.sem_otime != 0, ds.sem_ctime != 0);
	SHOW(semctl(id, 0, IPC_STAT, (union semun){.buf = (void *)8}));
	SHOW(semctl(id, 0, 99));
	SHOW(semctl(id, 0, IPC_RMID));
	SHOW(semctl(id, 0, GETVAL));
	SHOW(op(id, 0, 1, 0));
}

static void values(void)
{
	int id = semget(IPC_PRIVATE, 3, 0600);
	unsigned short all[3] = {1, 2, 3}, got[3] = {9, 9, 9};

	SHOW(value(id, 0));
	SHOW(semctl(id, 0, SETALL, (union semun){.array = all}));
	SHOW(semctl(id, 0, GETALL, (union semun){.array = got}));
	printf("%d %d %d\n", got[0], got[1], got[2]);
	SHOW(set(id, 1, 32767));
	SHOW(set(id, 1, 32768));
	SHOW(set(id, 1, -1));
	SHOW(set(id, 3, 1));
	SHOW(value(id, 3));
	SHOW(op(id, 1, 1, 0));
	SHOW(op(id, 1, -32767, 0));
	SHOW(value(id, 1));
	SHOW(op(id, 3, 1, 0));
	SHOW(op(id, 0, -2, IPC_NOWAIT));
	SHOW(op(id, 0, 0, IPC_NOWAIT));
	SHOW(op(id, 0, -1, IPC_NOWAIT));
	SHOW(op(id, 0, 0, IPC_NOWAIT));
	printf("last %s\n", semctl(id, 0, GETPID) == getpid() ? "us" : "other");
	all[2] = 40000;
	SHOW(semctl(id, 0, SETALL, (union semun){.array = all}));
	SHOW(semctl(id, 0, IPC_RMID));
}

// Several operations in one call see each other's results, and are taken back together.
static void together(void)
{
	int id = semget(IPC_PRIVATE, 2, 0600);
	struct sembuf swap[] = {{0, 1, 0}, {0, -1, 0}, {0, 0, IPC_NOWAIT}, {1, 5, 0}}, fails[] = {{0, 3, 0}, {1, -6, IPC_NOWAIT}},
		      many[501] = {{0, 0, 0}};

	SHOW(semop(id, swap, 4));
	SHOW(value(id, 1));
	SHOW(semop(id, fails, 2));
	SHOW(value(id, 0));
	SHOW(semop(id, many, 500));
	SHOW(semop(id, many, 501));
	SHOW(semop(id, many, 0));
	SHOW(semop(id, (void *)8, 1));
	SHOW(semop(-1, swap, 1));
	SHOW(semctl(id, 0, IPC_RMID));
}

static int wait_count(int id, int number, int command, int wanted)
{
	for (int i = 0; i < 5000 && semctl(id, number, command) != wanted; i++)
		usleep(1000);
	return semctl(id, number, command);
}

static pid_t child(int id, struct sembuf *ops, int nr)
{
	pid_t pid = fork();

	if (!pid)
		_exit(semop(id, ops, (size_t)nr) ? errno : 0);
	return pid;
}

static int status_of(pid_t pid)
{
	int status;

	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static void waiting(void)
{
	int id = semget(IPC_PRIVATE, 2, 0600);
	struct sembuf two = {0, -2, 0}, zero = {1, 0, 0}, both[] = {{0, -1, 0}, {1, -1, 0}};
	const struct timespec short_time = {0, 20000000}, bad = {0, -1};
	pid_t a, b;

	a = child(id, &two, 1);
	SHOW(wait_count(id, 0, GETNCNT, 1));
	SHOW(op(id, 0, 1, 0));
	SHOW(semctl(id, 0, GETNCNT));
	SHOW(op(id, 0, 1, 0));
	SHOW(status_of(a));
	SHOW(value(id, 0));

	set(id, 1, 1);
	a = child(id, &zero, 1);
	SHOW(wait_count(id, 1, GETZCNT, 1));
	SHOW(op(id, 1, -1, 0));
	SHOW(status_of(a));

	// Served in order, each when its turn is possible.
	a = child(id, both, 2);
	SHOW(wait_count(id, 0, GETNCNT, 1));
	b = child(id, &two, 1);
	SHOW(wait_count(id, 0, GETNCNT, 2));
	SHOW(op(id, 0, 2, 0));
	SHOW(status_of(b));
	SHOW(set(id, 0, 1));
	SHOW(wait_count(id, 1, GETNCNT, 1));
	SHOW(op(id, 1, 1, 0));
	SHOW(status_of(a));
	printf("%d %d\n", value(id, 0), value(id, 1));

	SHOW(semtimedop(id, &two, 1, &short_time));
	SHOW(semtimedop(id, &two, 1, &bad));
	SHOW(semctl(id, 0, GETNCNT));
	a = child(id, &two, 1);
	SHOW(wait_count(id, 0, GETNCNT, 1));
	SHOW(semctl(id, 0, IPC_RMID));
	printf("%s\n", strerrorname_np(status_of(a)));
}

static void handler(int signal)
{
}

static void interrupted(void)
{
	int id = semget(IPC_PRIVATE, 1, 0600);
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
	struct sembuf one = {0, -1, 0};
	pid_t pid;

	sigaction(SIGUSR1, &action, NULL);
	pid = child(id, &one, 1);
	SHOW(wait_count(id, 0, GETNCNT, 1));
	kill(pid, SIGUSR1);
	printf("%s\n", strerrorname_np(status_of(pid)));
	SHOW(semctl(id, 0, GETNCNT));
	pid = child(id, &one, 1);
	SHOW(wait_count(id, 0, GETNCNT, 1));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	SHOW(semctl(id, 0, GETNCNT));
	SHOW(semctl(id, 0, IPC_RMID));
}

static void *in_thread(void *id)
{
	op((int)(intptr_t)id, 0, -1, SEM_UNDO);
	return NULL;
}

static void undo(void)
{
	int id = semget(IPC_PRIVATE, 2, 0600);
	pthread_t thread;
	pid_t pid;

	set(id, 0, 5);
	pid = fork();
	if (!pid) {
		op(id, 0, -2, SEM_UNDO);
		op(id, 1, 7, SEM_UNDO);
		op(id, 1, 1, 0);
		_exit(value(id, 0) * 10 + value(id, 1));
	}
	SHOW(status_of(pid));
	printf("%d %d\n", value(id, 0), value(id, 1));
	// Who waits is served by what is taken back.
	pid = fork();
	if (!pid) {
		op(id, 0, -5, SEM_UNDO);
		usleep(20000);
		_exit(0);
	}
	for (int i = 0; i < 5000 && value(id, 0); i++)
		usleep(1000);
	SHOW(op(id, 0, -1, 0));
	SHOW(status_of(pid));
	SHOW(value(id, 0));
	// A value that is set is nobody's to take back; a thread's is its process's.
	pid = fork();
	if (!pid) {
		op(id, 0, -1, SEM_UNDO);
		set(id, 0, 3);
		pthread_create(&thread, NULL, in_thread, (void *)(intptr_t)id);
		pthread_join(thread, NULL);
		_exit(value(id, 0));
	}
	SHOW(status_of(pid));
	SHOW(value(id, 0));
	// A child does not take back what its parent did.
	op(id, 0, -3, SEM_UNDO);
	pid = fork();
	if (!pid)
		_exit(0);
	SHOW(status_of(pid));
	SHOW(value(id, 0));
	SHOW(op(id, 1, -1, SEM_UNDO | IPC_NOWAIT));
	SHOW(semctl(id, 0, IPC_RMID));
}

static void rights(void)
{
	int id = semget(key, 1, IPC_CREAT | 0604), status;
	pid_t pid = fork();

	if (!pid) {
		if (setgid(65534) || setuid(65534))
			_exit(99);
		SHOW_OK(semget(key, 1, 0004));
		SHOW(semget(key, 1, 0002));
		SHOW(value(id, 0));
		SHOW(op(id, 0, 0, 0));
		SHOW(op(id, 0, 1, 0));
		SHOW(set(id, 0, 1));
		SHOW(semctl(id, 0, IPC_RMID));
		exit(0);
	}
	waitpid(pid, &status, 0);
	SHOW(semctl(id, 0, IPC_RMID));
}

// Four processes and a counter that each would spoil without the semaphore.
static void contended(void)
{
	int id = semget(IPC_PRIVATE, 2, 0600), left = 4;
	struct sembuf take = {0, -1, SEM_UNDO}, give = {0, 1, SEM_UNDO};

	set(id, 0, 1);
	for (int i = 0; i < 4; i++) {
		if (fork())
			continue;
		for (int n = 0; n < 200; n++) {
			int was;

			semop(id, &take, 1);
			was = value(id, 1);
			set(id, 1, was + 1);
			semop(id, &give, 1);
		}
		_exit(0);
	}
	while (left-- > 0)
		wait(NULL);
	printf("counted %d, free %d\n", value(id, 1), value(id, 0));
	SHOW(semctl(id, 0, IPC_RMID));
}

static void walking(void)
{
	int id = semget(key, 4, IPC_CREAT | 0600), found = 0;
	struct seminfo info;
	struct semid_ds ds;
	int last = semctl(0, 0, SEM_INFO, (union semun){.info = &info});

	for (int slot = 0; slot <= last; slot++)
		found += semctl(slot, 0, SEM_STAT, (union semun){.buf = &ds}) == id && ds.sem_nsems == 4;
	printf("found %d, sets %d, semaphores %d\n", found, info.semusz >= 1, info.semaem >= 4);
	SHOW(semctl(0, 0, IPC_INFO, (union semun){.info = &info}) == last);
	printf("limits %d %d %d %d\n", info.semmni, info.semmsl, info.semopm, info.semvmx);
	SHOW(semctl(id, 0, IPC_RMID));
}

int main(void)
{
	key = 0x5e000000 | (getpid() & 0xffff) << 8;
	making();
	values();
	together();
	waiting();
	interrupted();
	undo();
	rights();
	contended();
	walking();
	return 0;
}
