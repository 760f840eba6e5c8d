/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptor tables: lowest numbers, dup, close-on-exec, limits, close_range, shared by threads, copied by fork. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

static int base;

/* Numbers relative to the first that was free at the start. */
#define REL(call)                                                                                                   \
	do {                                                                                                        \
		long rel_ret = (call);                                                                              \
		if (rel_ret < 0)                                                                                    \
			printf(#call " = -%s\n", strerrorname_np(errno));                                           \
		else                                                                                                \
			printf(#call " = base+%ld\n", rel_ret - base);                                              \
	} while (0)

static void *opener(void *arg)
{
	return (void *)(long)open("/dev/null", O_RDONLY);
}

static void numbers(void)
{
	base = open("/dev/null", O_RDONLY);
	REL(open("/dev/null", O_RDONLY));
	REL(open("/dev/null", O_RDONLY));
	SHOW(close(base + 1));
	REL(dup(base));
	REL(fcntl(base, F_DUPFD, base + 10));
	REL(fcntl(base, F_DUPFD, base + 10));
	REL(fcntl(base, F_DUPFD_CLOEXEC, 0));
	SHOW(fcntl(base + 3, F_GETFD));
	SHOW(fcntl(base + 10, F_GETFD));
	REL(dup2(base, base + 70));
	REL(dup2(base, base));
	REL(dup2(base + 71, base + 71));
	REL(dup2(99, base));
	REL(dup2(base, -1));
	REL(dup2(base, 100000000));
	REL(dup3(base, base, 0));
	REL(dup3(base, base + 300, O_CLOEXEC));
	SHOW(fcntl(base + 300, F_GETFD));
	SHOW(fcntl(base + 300, F_SETFD, 0));
	SHOW(fcntl(base + 300, F_GETFD));
	SHOW(ioctl(base, FIOCLEX));
	SHOW(fcntl(base, F_GETFD));
	SHOW(ioctl(base, FIONCLEX));
	SHOW(fcntl(base, F_DUPFD, -1));
	SHOW(fcntl(base, 12345, 0));
	SHOW(fcntl(-1, F_GETFD));
	SHOW(close(base + 300));
	SHOW(close(base + 300));
	SHOW(close(-1));
	SHOW(close_range((unsigned)base + 10, (unsigned)base + 11, 0));
	SHOW(fcntl(base + 10, F_GETFD));
	SHOW(close_range((unsigned)base + 1, ~0u, CLOSE_RANGE_CLOEXEC));
	SHOW(fcntl(base + 2, F_GETFD));
	SHOW(close_range((unsigned)base + 1, ~0u, 0));
	SHOW(close_range(5, 4, 0));
	REL(open("/dev/null", O_RDONLY));
}

static void sharing(void)
{
	pthread_t thread;
	void *fd;
	int file = open("shared", O_CREAT | O_RDWR, 0644), copy = dup(file), status;

	pthread_create(&thread, NULL, opener, NULL);
	pthread_join(thread, &fd);
	SHOW(fcntl((int)(long)fd, F_GETFD));
	if (!fork()) {
		close((int)(long)fd);
		write(file, "child", 5);
		_exit(lseek(copy, 0, SEEK_CUR));
	}
	wait(&status);
	printf("child at %d, we at %ld\n", WEXITSTATUS(status), (long)lseek(file, 0, SEEK_CUR));
	SHOW(fcntl((int)(long)fd, F_GETFD));
	SHOW(fcntl(file, F_SETFL, O_APPEND | O_NONBLOCK));
	SHOW(fcntl(copy, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK));
}

static void limits(void)
{
	struct rlimit limit = {(rlim_t)base + 20, 4096};
	int last = -1, fd;

	SHOW(setrlimit(RLIMIT_NOFILE, &limit));
	while ((fd = open("/dev/null", O_RDONLY)) >= 0)
		last = fd;
	printf("last base+%d %s\n", last - base, strerrorname_np(errno));
	SHOW(dup(0));
	SHOW(fcntl(0, F_DUPFD, base + 20));
	SHOW(dup2(0, base + 20));
	int p[2];
	SHOW(pipe(p));
	limit.rlim_cur = 4096;
	SHOW(setrlimit(RLIMIT_NOFILE, &limit));
	while ((fd = open("/dev/null", O_RDONLY)) >= 0)
		last = fd;
	printf("last %d %s\n", last, strerrorname_np(errno));
	SHOW(close_range(10, 4000, 0));
	SHOW(open("/dev/null", O_RDONLY) < 11);
}

int main(void)
{
	numbers();
	sharing();
	limits();
	return 0;
}
