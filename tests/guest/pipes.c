/* SPDX-License-Identifier: BSD-3-Clause */
/* Pipes and FIFOs: order, end of file, SIGPIPE, sizes, atomic writes, packet mode, blocking between processes and threads. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

static char buffer[200000];
static volatile int pipe_signals;

static void on_pipe(int sig)
{
	pipe_signals++;
}

static void basic(void)
{
	int p[2], n;

	SHOW(pipe2(p, O_NONBLOCK));
	SHOW(pipe2(p, 1));
	SHOW(read(p[0], buffer, 10));
	SHOW(write(p[1], "hello", 5));
	SHOW(write(p[1], " world", 6));
	SHOW(ioctl(p[0], FIONREAD, &n));
	printf("%d bytes\n", n);
	SHOW(read(p[0], buffer, 3));
	SHOW(read(p[0], buffer, 100));
	SHOW(read(p[1], buffer, 1));
	SHOW(write(p[0], buffer, 1));
	SHOW(lseek(p[0], 0, SEEK_SET));
	SHOW(pread(p[0], buffer, 1, 0));
	SHOW(fcntl(p[0], F_GETPIPE_SZ));
	SHOW(write(p[1], buffer, 200000));
	SHOW(write(p[1], "x", 1));
	SHOW(read(p[0], buffer, 4096));
	SHOW(write(p[1], buffer, 4096));
	SHOW(write(p[1], "x", 1));
	SHOW(read(p[0], buffer, 200000));
	SHOW(fcntl(p[0], F_SETPIPE_SZ, 5000));
	SHOW(fcntl(p[0], F_GETPIPE_SZ));
	SHOW(write(p[1], buffer, 200000));
	SHOW(fcntl(p[0], F_SETPIPE_SZ, 4096));
	SHOW(fcntl(p[0], F_SETPIPE_SZ, 131072));
	SHOW(write(p[1], buffer, 200000));
	SHOW(close(p[1]));
	SHOW(read(p[0], buffer, 200000));
	SHOW(read(p[0], buffer, 200000));
	close(p[0]);
	SHOW(pipe(p));
	close(p[0]);
	signal(SIGPIPE, on_pipe);
	SHOW(write(p[1], "x", 1));
	printf("signals %d\n", pipe_signals);
	SHOW(write(p[1], "", 0));
	close(p[1]);
}

static void packets(void)
{
	int p[2];

	SHOW(pipe2(p, O_DIRECT | O_NONBLOCK));
	SHOW(write(p[1], "first", 5));
	SHOW(write(p[1], "second", 6));
	SHOW(read(p[0], buffer, 100));
	SHOW(read(p[0], buffer, 2));
	SHOW(read(p[0], buffer, 2));
	close(p[0]);
	close(p[1]);
}

/* Many writers of PIPE_BUF bytes: no piece is mixed. */
static void atomic(void)
{
	int p[2], bad = 0, total = 0;

	pipe(p);
	for (int w = 0; w < 4; w++) {
		if (fork())
			continue;
		close(p[0]);
		memset(buffer, 'a' + w, PIPE_BUF);
		for (int i = 0; i < 50; i++)
			write(p[1], buffer, PIPE_BUF);
		_exit(0);
	}
	close(p[1]);
	for (;;) {
		int got = 0, n = 0;

		while (got < PIPE_BUF && (n = (int)read(p[0], buffer + got, (size_t)(PIPE_BUF - got))) > 0)
			got += n;
		if (!got)
			break;
		total += got;
		for (int i = 1; i < got; i++)
			bad += buffer[i] != buffer[0];
	}
	while (wait(NULL) > 0)
		continue;
	printf("total %d mixed %d\n", total, bad);
	close(p[0]);
}

static void *feed(void *arg)
{
	int fd = *(int *)arg;
	char big[50000];

	memset(big, 'z', sizeof(big));
	for (int i = 0; i < 40; i++)
		write(fd, big, sizeof(big));
	close(fd);
	return NULL;
}

static void threads(void)
{
	pthread_t thread;
	long total = 0, n;
	int p[2];

	pipe(p);
	pthread_create(&thread, NULL, feed, &p[1]);
	while ((n = read(p[0], buffer, 33333)) > 0)
		total += n;
	pthread_join(thread, NULL);
	printf("through %ld\n", total);
}

static void ping_pong(void)
{
	int a[2], b[2];
	char c = 0;

	pipe(a);
	pipe(b);
	if (!fork()) {
		for (int i = 0; i < 2000; i++) {
			read(a[0], &c, 1);
			c++;
			write(b[1], &c, 1);
		}
		_exit(0);
	}
	for (int i = 0; i < 2000; i++) {
		write(a[1], &c, 1);
		read(b[0], &c, 1);
	}
	wait(NULL);
	printf("ping pong %d\n", (unsigned char)c);
}

static void fifos(void)
{
	struct pollfd pollfd;
	struct stat st;
	int fd, w, status;

	SHOW(mkfifo("fifo", 0600));
	SHOW(mkfifo("fifo", 0600));
	SHOW(open("fifo", O_WRONLY | O_NONBLOCK));
	SHOW_OK(fd = open("fifo", O_RDONLY | O_NONBLOCK));
	SHOW(read(fd, buffer, 1));
	pollfd = (struct pollfd){fd, POLLIN, 0};
	SHOW(poll(&pollfd, 1, 0));
	SHOW_OK(w = open("fifo", O_WRONLY | O_NONBLOCK));
	SHOW(read(fd, buffer, 1));
	SHOW(write(w, "abc", 3));
	SHOW(poll(&pollfd, 1, 0));
	SHOW(read(fd, buffer, 10));
	close(w);
	SHOW(poll(&pollfd, 1, 0));
	printf("revents %x\n", pollfd.revents);
	SHOW(read(fd, buffer, 10));
	close(fd);
	if (!fork()) {
		w = open("fifo", O_WRONLY);
		write(w, "from child", 10);
		_exit(0);
	}
	SHOW_OK(fd = open("fifo", O_RDONLY));
	SHOW(read(fd, buffer, 100));
	wait(&status);
	SHOW(read(fd, buffer, 100));
	fstat(fd, &st);
	printf("%o\n", st.st_mode);
	close(fd);
	SHOW_OK(fd = open("fifo", O_RDWR));
	SHOW(write(fd, "self", 4));
	SHOW(read(fd, buffer, 100));
	close(fd);
	SHOW(unlink("fifo"));
}

static void on_alarm(int sig)
{
}

static void interrupted(void)
{
	struct sigaction action = {.sa_handler = on_alarm};
	int p[2];

	pipe(p);
	sigaction(SIGALRM, &action, NULL);
	alarm(1);
	SHOW(read(p[0], buffer, 1));
	action.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &action, NULL);
	if (!fork()) {
		usleep(1500000);
		write(p[1], "late", 4);
		_exit(0);
	}
	alarm(1);
	SHOW(read(p[0], buffer, 10));
	wait(NULL);
}

/* The ends of pipe(2) are opened again without waiting for the other side, even when there is none (bash's <(...) relies on it). */
static void reopened(void)
{
	char name[50];
	int p[2], fd;

	SHOW(pipe(p));
	SHOW(write(p[1], "left", 4));
	SHOW(close(p[1]));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", p[0]);
	SHOW_OK(fd = open(name, O_RDONLY));
	SHOW(read(fd, buffer, 10));
	SHOW(read(fd, buffer, 10));
	close(fd);
	close(p[0]);
	SHOW(pipe(p));
	SHOW(close(p[0]));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", p[1]);
	SHOW_OK(fd = open(name, O_WRONLY));
	close(fd);
	SHOW_OK(fd = open(name, O_WRONLY | O_NONBLOCK));
	SHOW(write(fd, "x", 1));
	close(fd);
	close(p[1]);
}

/* RWF_NOWAIT of preadv2(2) and pwritev2(2). */
static void without_waiting(void)
{
	struct iovec some = {buffer, 100}, all = {buffer, sizeof(buffer)};
	int p[2], fd = open("now", O_RDWR | O_CREAT | O_TRUNC, 0600);

	SHOW(pipe(p));
	SHOW(preadv2(p[0], &some, 1, -1, RWF_NOWAIT));
	SHOW(pwritev2(p[1], &some, 1, -1, RWF_NOWAIT));
	SHOW(preadv2(p[0], &some, 1, -1, RWF_NOWAIT));
	SHOW(pwritev2(p[1], &all, 1, -1, RWF_NOWAIT));
	SHOW(pwritev2(p[1], &some, 1, -1, RWF_NOWAIT));
	SHOW(fcntl(p[1], F_GETFL) & O_NONBLOCK);
	SHOW(preadv2(p[0], &some, 1, 0, RWF_NOWAIT));
	SHOW(write(fd, buffer, 50));
	SHOW(preadv2(fd, &some, 1, 0, RWF_NOWAIT));
	SHOW(preadv2(fd, &some, 1, 50, RWF_NOWAIT));
	SHOW(preadv2(fd, &some, 1, 0, 0x8000));
	close(fd);
	close(p[0]);
	close(p[1]);
	unlink("now");
}

int main(void)
{
	char name[50];
	int p[2], fd;

	basic();
	packets();
	atomic();
	threads();
	ping_pong();
	fifos();
	interrupted();
	without_waiting();
	SHOW(pipe(p));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", p[1]);
	SHOW_OK(fd = open(name, O_WRONLY));
	SHOW(write(fd, "again", 5));
	SHOW(read(p[0], buffer, 10));
	SHOW(pipe((int *)8));
	reopened();
	return 0;
}
