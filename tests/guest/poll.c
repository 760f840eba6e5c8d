/* SPDX-License-Identifier: BSD-3-Clause */
/* poll, ppoll, select, pselect: events, time, signals. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "show.h"

static volatile int alarms;

static void on_alarm(int sig)
{
	alarms++;
}

static long elapsed_ms(struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

static void *later(void *arg)
{
	usleep(50000);
	write(*(int *)arg, "x", 1);
	return NULL;
}

static void polls(void)
{
	struct pollfd set[4];
	struct timespec start;
	int p[2], file = open("polled", O_CREAT | O_RDWR, 0644);
	pthread_t thread;

	pipe(p);
	set[0] = (struct pollfd){p[0], POLLIN, 99};
	set[1] = (struct pollfd){p[1], POLLOUT | POLLIN, 99};
	set[2] = (struct pollfd){-1, POLLIN, 99};
	set[3] = (struct pollfd){57, POLLIN, 99};
	SHOW(poll(set, 4, 0));
	printf("%x %x %x %x\n", set[0].revents, set[1].revents, set[2].revents, set[3].revents);
	set[3] = (struct pollfd){file, POLLIN | POLLOUT | POLLPRI, 0};
	write(p[1], "x", 1);
	SHOW(poll(set, 4, -1));
	printf("%x %x %x %x\n", set[0].revents, set[1].revents, set[2].revents, set[3].revents);
	read(p[0], set, 1);
	set[0] = (struct pollfd){p[0], POLLIN, 99};
	clock_gettime(CLOCK_MONOTONIC, &start);
	SHOW(poll(set, 1, 100));
	printf("waited %d\n", elapsed_ms(&start) >= 99);
	pthread_create(&thread, NULL, later, &p[1]);
	SHOW(poll(set, 1, -1));
	printf("%x\n", set[0].revents);
	pthread_join(thread, NULL);
	close(p[1]);
	SHOW(poll(set, 1, -1));
	printf("%x\n", set[0].revents);
	char c;
	read(p[0], &c, 1);
	SHOW(poll(set, 1, -1));
	printf("%x\n", set[0].revents);
	close(p[0]);
	pipe(p);
	close(p[0]);
	set[0] = (struct pollfd){p[1], POLLOUT, 0};
	SHOW(poll(set, 1, -1));
	printf("%x\n", set[0].revents);
	SHOW(poll(NULL, 0, 10));
	SHOW(poll((struct pollfd *)8, 1, 10));
}

static void signals(void)
{
	struct sigaction action = {.sa_handler = on_alarm};
	struct timespec time = {5, 0};
	sigset_t mask, none;
	struct pollfd pollfd;
	int p[2];

	pipe(p);
	pollfd = (struct pollfd){p[0], POLLIN, 0};
	sigaction(SIGALRM, &action, NULL);
	alarm(1);
	SHOW(poll(&pollfd, 1, -1));
	printf("alarms %d\n", alarms);
	sigemptyset(&mask);
	sigaddset(&mask, SIGALRM);
	sigemptyset(&none);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	raise(SIGALRM);
	printf("alarms %d\n", alarms);
	SHOW(ppoll(&pollfd, 1, &time, &none));
	printf("alarms %d\n", alarms);
	sigprocmask(SIG_BLOCK, NULL, &none);
	printf("still blocked %d\n", sigismember(&none, SIGALRM));
	time = (struct timespec){0, 1000000};
	SHOW(ppoll(&pollfd, 1, &time, NULL));
	time = (struct timespec){0, -1};
	SHOW(ppoll(&pollfd, 1, &time, NULL));
}

static void selects(void)
{
	struct timeval time = {0, 20000};
	fd_set in, out, except;
	int p[2];

	pipe(p);
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&except);
	FD_SET(p[0], &in);
	FD_SET(p[1], &out);
	SHOW(select(p[1] + 1, &in, &out, &except, NULL));
	printf("%d %d\n", FD_ISSET(p[0], &in), FD_ISSET(p[1], &out));
	FD_SET(p[0], &in);
	SHOW(select(p[0] + 1, &in, NULL, NULL, &time));
	printf("%d left %ld\n", FD_ISSET(p[0], &in), (long)time.tv_usec);
	write(p[1], "x", 1);
	FD_SET(p[0], &in);
	SHOW(select(p[1] + 1, &in, &out, NULL, &time));
	printf("%d %d\n", FD_ISSET(p[0], &in), FD_ISSET(p[1], &out));
	FD_ZERO(&in);
	FD_SET(60, &in); /* Linux looks no further than its descriptor table, which has room for 64 at first */
	SHOW(select(61, &in, NULL, NULL, NULL));
	SHOW(select(-1, NULL, NULL, NULL, NULL));
	time = (struct timeval){0, 1000};
	SHOW(select(0, NULL, NULL, NULL, &time));
	time = (struct timeval){-1, 1000};
	SHOW(select(0, NULL, NULL, NULL, &time));
}

int main(void)
{
	polls();
	signals();
	selects();
	return 0;
}
