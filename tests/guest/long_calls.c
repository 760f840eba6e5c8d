/* SPDX-License-Identifier: BSD-3-Clause */
/* System calls that have two gigabytes to move: others run meanwhile, on the same CPU too, and SIGKILL ends them long before they are done. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 0x7ffff000, PART = 2 << 20, PARTS = 1024, TICK_MS = 10, TICKS = 5, DEATH_MS = 10000 };

static int sparse, null, zero;
static struct iovec parts[PARTS];

static void do_sendfile(void)
{
	off_t offset = 0;

	sendfile(null, sparse, &offset, SIZE);
}

static void do_read_file(void)
{
	preadv(sparse, parts, PARTS, 0);
}

static void do_read_zeros(void)
{
	readv(zero, parts, PARTS);
}

static const struct {
	const char *name;
	void (*call)(void);
} calls[] = {{"sendfile", do_sendfile}, {"read of a file", do_read_file}, {"read of zeros", do_read_zeros}};

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Again and again, so that it is under way whenever it is looked at. */
static pid_t start(void (*call)(void))
{
	pid_t pid = fork();

	if (pid)
		return pid;
	for (;;)
		call();
}

static int dies_soon(pid_t pid)
{
	long end = now_ms() + DEATH_MS;

	kill(pid, SIGKILL);
	while (now_ms() < end) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return 1;
		usleep(1000);
	}
	return 0;
}

int main(void)
{
	cpu_set_t one;
	char *buffer = malloc(PART);

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one); /* all on one CPU */
	sparse = open("sparse", O_RDWR | O_CREAT | O_TRUNC, 0600);
	null = open("/dev/null", O_RDWR);
	zero = open("/dev/zero", O_RDONLY);
	if (ftruncate(sparse, SIZE) || null < 0 || zero < 0)
		return 1;
	unlink("sparse");
	for (int i = 0; i < PARTS; i++)
		parts[i] = (struct iovec){buffer, PART};
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		pid_t pid = start(calls[i].call);
		long began = now_ms();

		for (int tick = 0; tick < TICKS; tick++)
			usleep(TICK_MS * 1000);
		printf("%s: others run: %d\n", calls[i].name, now_ms() - began < DEATH_MS);
		printf("%s: it dies: %d\n", calls[i].name, dies_soon(pid));
	}
	return 0;
}
