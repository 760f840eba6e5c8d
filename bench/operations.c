/* SPDX-License-Identifier: BSD-3-Clause */
/* What single operations cost: prints "NAME NANOSECONDS" for each, the best of several rounds. Runs as any program, or as a Linux guest's /init. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int null_fd, event_fd;

static void op_getppid(void)
{
	syscall(SYS_getppid);
}

static void op_clock_gettime(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
}

static void op_write_null(void)
{
	if (write(null_fd, "x", 1) != 1)
		abort();
}

static void op_open_close(void)
{
	close(open("/dev/null", O_RDONLY));
}

static void op_access(void)
{
	access("/", R_OK);
}

static void op_mmap_touch(void)
{
	volatile char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (int i = 0; i < 65536; i += 4096)
		p[i] = 1;
	munmap((void *)p, 65536);
}

static void op_fault(void)
{
	static volatile char *p;
	static size_t at, size = 16 << 20;

	if (!p || at >= size) {
		if (p)
			munmap((void *)p, size);
		p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		at = 0;
	}
	p[at] = 1;
	at += 4096;
}

static void op_eventfd(void)
{
	uint64_t v = 1;

	if (write(event_fd, &v, 8) != 8 || read(event_fd, &v, 8) != 8)
		abort();
}

static int ping[2], pong[2];

static void *pipe_echo(void *unused)
{
	char c;

	while (read(ping[0], &c, 1) == 1 && c)
		if (write(pong[1], &c, 1) != 1)
			break;
	return unused;
}

static void op_pipe(void)
{
	char c = 1;

	if (write(ping[1], &c, 1) != 1 || read(pong[0], &c, 1) != 1)
		abort();
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int turn;

static void take_turn(int mine)
{
	pthread_mutex_lock(&mutex);
	while (turn != mine && turn != 2)
		pthread_cond_wait(&cond, &mutex);
	if (turn != 2)
		turn = !mine;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&mutex);
}

static void *cond_echo(void *unused)
{
	while (turn != 2)
		take_turn(1);
	return unused;
}

static void op_cond(void)
{
	take_turn(0);
}

static void *nothing(void *unused)
{
	return unused;
}

static void op_thread(void)
{
	pthread_t t;

	pthread_create(&t, NULL, nothing, NULL);
	pthread_join(t, NULL);
}

static void op_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static void measure(const char *name, void (*op)(void), int count)
{
	double best = 1e18;

	for (int round = 0; round < 5; round++) {
		double start = now_ns(), each;

		for (int i = 0; i < count; i++)
			op();
		each = (now_ns() - start) / count;
		if (each < best)
			best = each;
	}
	printf("%s %.0f\n", name, best);
}

int main(void)
{
	pthread_t echo;

	if (getpid() == 1) {
		mkdir("/dev", 0755);
		mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	}
	null_fd = open("/dev/null", O_WRONLY);
	event_fd = eventfd(0, 0);
	measure("getppid", op_getppid, 20000);
	measure("clock_gettime", op_clock_gettime, 20000);
	measure("write-null", op_write_null, 20000);
	measure("open-close", op_open_close, 5000);
	measure("access-root", op_access, 5000);
	measure("fault", op_fault, 4096);
	measure("mmap-64K", op_mmap_touch, 500);
	measure("eventfd", op_eventfd, 5000);
	if (pipe(ping) || pipe(pong))
		abort();
	pthread_create(&echo, NULL, pipe_echo, NULL);
	measure("pipe-ping-pong", op_pipe, 2000);
	if (write(ping[1], "", 1) != 1)
		abort();
	pthread_join(echo, NULL);
	pthread_create(&echo, NULL, cond_echo, NULL);
	measure("cond-ping-pong", op_cond, 2000);
	turn = 2;
	pthread_cond_broadcast(&cond);
	pthread_join(echo, NULL);
	measure("thread", op_thread, 300);
	measure("fork-exit-wait", op_fork, 100);
	printf("end 0\n");
	fflush(stdout);
	if (getpid() == 1)
		reboot(RB_AUTOBOOT);
	return 0;
}
