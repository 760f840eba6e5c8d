/* SPDX-License-Identifier: BSD-3-Clause */
/* flock(2), fcntl(2) locks of processes and of open file descriptions. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

static int lock(int fd, int command, int type, off_t start, off_t len)
{
	struct flock f = {.l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = len};

	return fcntl(fd, command, &f);
}

static void who(int fd, int command, int type, off_t start, off_t len)
{
	struct flock f = {.l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = len};
	int ret = fcntl(fd, command, &f);

	printf("get %d: type %d start %ld len %ld pid %s\n", ret, f.l_type, (long)f.l_start, (long)f.l_len,
	    f.l_pid == -1 ? "-1" : f.l_pid == 0 ? "0" : f.l_pid == getppid() ? "parent" : "other");
}

/* Runs a step in a child, so that the parent's locks stand against it. */
#define IN_CHILD(step)                                                                                              \
	do {                                                                                                        \
		fflush(stdout);                                                                                     \
		if (!fork()) {                                                                                      \
			step;                                                                                       \
			fflush(stdout);                                                                             \
			_exit(0);                                                                                   \
		}                                                                                                   \
		wait(NULL);                                                                                         \
	} while (0)

/* Of several, the one that begins first, in whatever order they were set. */
static void first_in_the_way(int fd)
{
	lock(fd, F_SETLK, F_WRLCK, 60, 5);
	lock(fd, F_SETLK, F_RDLCK, 50, 5);
	lock(fd, F_SETLK, F_WRLCK, 40, 1);
	IN_CHILD(who(fd, F_GETLK, F_WRLCK, 30, 0); who(fd, F_GETLK, F_RDLCK, 45, 0); who(fd, F_GETLK, F_WRLCK, 45, 0));
	lock(fd, F_SETLK, F_UNLCK, 40, 100);
}

static void processes(void)
{
	int fd = open("locked", O_CREAT | O_RDWR, 0644), other, read_only;

	SHOW(lock(fd, F_SETLK, F_WRLCK, 10, 10));
	SHOW(lock(fd, F_SETLK, F_RDLCK, 12, 2));
	IN_CHILD(SHOW(lock(fd, F_SETLK, F_WRLCK, 0, 10)); SHOW(lock(fd, F_SETLK, F_WRLCK, 5, 6)); SHOW(lock(fd, F_SETLK, F_RDLCK, 12, 2));
		 SHOW(lock(fd, F_SETLK, F_RDLCK, 11, 2)));
	IN_CHILD(who(fd, F_GETLK, F_WRLCK, 0, 0); who(fd, F_GETLK, F_RDLCK, 12, 0); who(fd, F_GETLK, F_WRLCK, 20, 0));
	who(fd, F_GETLK, F_WRLCK, 0, 0);
	first_in_the_way(fd);
	SHOW(lock(fd, F_SETLK, F_UNLCK, 10, 1));
	SHOW(lock(fd, F_SETLK, F_WRLCK, 12, 0));
	IN_CHILD(who(fd, F_GETLK, F_WRLCK, 0, 0); who(fd, F_GETLK, F_WRLCK, 12, 1); who(fd, F_GETLK, F_WRLCK, 100, 5));
	SHOW(lock(fd, F_SETLK, F_WRLCK, -1, 5));
	SHOW(lock(fd, F_SETLK, 7, 0, 5));
	SHOW(lock(fd, F_GETLK, F_UNLCK, 0, 5));
	SHOW_OK(read_only = open("locked", O_RDONLY));
	SHOW(lock(read_only, F_SETLK, F_WRLCK, 0, 1));
	SHOW_OK(other = open("locked", O_RDONLY));
	close(other); /* drops all of the process */
	IN_CHILD(SHOW(lock(fd, F_SETLK, F_WRLCK, 0, 0)));
	close(fd);
}

static void waiting(void)
{
	int fd = open("locked", O_RDWR), p[2];
	char c;

	pipe(p);
	lock(fd, F_SETLK, F_WRLCK, 0, 0);
	fflush(stdout);
	if (!fork()) {
		write(p[1], "x", 1);
		SHOW(lock(fd, F_SETLKW, F_WRLCK, 0, 0));
		printf("got it\n");
		fflush(stdout);
		_exit(0);
	}
	read(p[0], &c, 1);
	usleep(50000);
	printf("releasing\n");
	fflush(stdout);
	lock(fd, F_SETLK, F_UNLCK, 0, 0);
	wait(NULL);
	/* Each holds one and wants the other's. */
	lock(fd, F_SETLK, F_WRLCK, 0, 1);
	fflush(stdout);
	if (!fork()) {
		lock(fd, F_SETLK, F_WRLCK, 1, 1);
		write(p[1], "x", 1);
		lock(fd, F_SETLKW, F_WRLCK, 0, 1);
		_exit(0);
	}
	read(p[0], &c, 1);
	usleep(100000);
	SHOW(lock(fd, F_SETLKW, F_WRLCK, 1, 1));
	lock(fd, F_SETLK, F_UNLCK, 0, 1);
	wait(NULL);
	close(fd);
}

static void descriptions(void)
{
	int a = open("locked", O_RDWR), b = open("locked", O_RDWR), c = dup(a);

	SHOW(lock(a, F_OFD_SETLK, F_WRLCK, 0, 10));
	SHOW(lock(b, F_OFD_SETLK, F_WRLCK, 5, 10));
	SHOW(lock(c, F_OFD_SETLK, F_WRLCK, 5, 10));
	SHOW(lock(b, F_SETLK, F_WRLCK, 5, 10));
	who(b, F_OFD_GETLK, F_WRLCK, 0, 0);
	close(a);
	SHOW(lock(b, F_OFD_SETLK, F_WRLCK, 5, 10));
	close(c);
	SHOW(lock(b, F_OFD_SETLK, F_WRLCK, 5, 10));
	close(b);
}

static void on_alarm(int sig)
{
}

static void whole_files(void)
{
	struct sigaction action = {.sa_handler = on_alarm};
	int a = open("locked", O_RDWR), b = open("locked", O_RDONLY), c = dup(a);

	SHOW(flock(a, LOCK_EX));
	SHOW(flock(b, LOCK_SH | LOCK_NB));
	SHOW(flock(c, LOCK_EX | LOCK_NB));
	SHOW(flock(a, LOCK_SH));
	SHOW(flock(b, LOCK_SH | LOCK_NB));
	SHOW(flock(b, LOCK_EX | LOCK_NB));
	SHOW(flock(a, LOCK_EX | LOCK_NB));
	SHOW(flock(b, LOCK_UN));
	SHOW(flock(a, 77));
	SHOW(flock(99, LOCK_SH));
	SHOW(flock(a, LOCK_EX));
	SHOW(lock(b, F_SETLK, F_RDLCK, 0, 0));
	sigaction(SIGALRM, &action, NULL);
	alarm(1);
	SHOW(flock(b, LOCK_EX));
	close(a);
	SHOW(flock(b, LOCK_EX | LOCK_NB));
	close(c);
	SHOW(flock(b, LOCK_EX | LOCK_NB));
}

int main(void)
{
	processes();
	waiting();
	descriptions();
	whole_files();
	return 0;
}
