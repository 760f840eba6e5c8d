/* SPDX-License-Identifier: BSD-3-Clause */
/* epoll(7): level- and edge-triggered, one-shot, nested sets, closed files, threads. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "show.h"

static struct epoll_event events[20];
static char c;

static int control(int epoll, int operation, int fd, unsigned mask)
{
	struct epoll_event event = {.events = mask, .data.u64 = (unsigned)fd + 1000ul};

	return epoll_ctl(epoll, operation, fd, &event);
}

static void wait_show(int epoll, int base)
{
	int n = epoll_wait(epoll, events, 20, 0);

	printf("%d:", n);
	for (int i = 0; i < n; i++)
		printf(" fd+%d %x", (int)events[i].data.u64 - 1000 - base, events[i].events);
	printf("\n");
}

static void basic(void)
{
	int epoll, p[2], file = open("watched", O_CREAT | O_RDWR, 0644);

	SHOW(epoll_create(0));
	SHOW(epoll_create1(1));
	SHOW_OK(epoll = epoll_create1(EPOLL_CLOEXEC));
	pipe(p);
	SHOW(control(epoll, EPOLL_CTL_ADD, p[0], EPOLLIN));
	SHOW(control(epoll, EPOLL_CTL_ADD, p[0], EPOLLIN));
	SHOW(control(epoll, EPOLL_CTL_MOD, p[1], EPOLLIN));
	SHOW(control(epoll, EPOLL_CTL_DEL, p[1], EPOLLIN));
	SHOW(control(epoll, EPOLL_CTL_ADD, file, EPOLLIN));
	SHOW(control(epoll, EPOLL_CTL_ADD, epoll, EPOLLIN));
	SHOW(control(epoll, EPOLL_CTL_ADD, 99, EPOLLIN));
	SHOW(control(p[0], EPOLL_CTL_ADD, p[1], EPOLLIN));
	SHOW(control(epoll, 77, p[0], EPOLLIN));
	SHOW(control(epoll, EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLEXCLUSIVE));
	SHOW(control(epoll, EPOLL_CTL_ADD, p[1], EPOLLOUT | EPOLLONESHOT | EPOLLEXCLUSIVE));
	SHOW(epoll_wait(epoll, events, 0, 0));
	SHOW(epoll_wait(p[0], events, 1, 0));
	wait_show(epoll, p[0]);
	write(p[1], "ab", 2);
	wait_show(epoll, p[0]);
	wait_show(epoll, p[0]);
	read(p[0], &c, 1);
	wait_show(epoll, p[0]);
	SHOW(control(epoll, EPOLL_CTL_ADD, p[1], EPOLLOUT));
	wait_show(epoll, p[0]);
	SHOW(control(epoll, EPOLL_CTL_MOD, p[1], 0));
	wait_show(epoll, p[0]);
	read(p[0], &c, 1);
	wait_show(epoll, p[0]);
	SHOW(control(epoll, EPOLL_CTL_DEL, p[1], 0));
	close(p[1]);
	wait_show(epoll, p[0]);
	close(p[0]);
	wait_show(epoll, p[0]);
	close(epoll);
}

static void edges(void)
{
	int epoll = epoll_create1(0), p[2];

	pipe2(p, O_NONBLOCK);
	control(epoll, EPOLL_CTL_ADD, p[0], EPOLLIN | EPOLLET);
	wait_show(epoll, p[0]);
	write(p[1], "a", 1);
	wait_show(epoll, p[0]);
	wait_show(epoll, p[0]);
	write(p[1], "b", 1);
	wait_show(epoll, p[0]);
	wait_show(epoll, p[0]);
	read(p[0], &c, 1);
	wait_show(epoll, p[0]);
	control(epoll, EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLET);
	wait_show(epoll, p[0]);
	control(epoll, EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLONESHOT);
	wait_show(epoll, p[0]);
	wait_show(epoll, p[0]);
	write(p[1], "c", 1);
	wait_show(epoll, p[0]);
	control(epoll, EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLONESHOT);
	wait_show(epoll, p[0]);
	control(epoll, EPOLL_CTL_ADD, p[1], EPOLLOUT | EPOLLET);
	wait_show(epoll, p[0]);
	wait_show(epoll, p[0]);
	close(p[0]);
	wait_show(epoll, p[0]);
	close(p[1]);
	close(epoll);
}

/* Sets in sets: five in a row, and no ring. */
static void deep(void)
{
	int p[2], last, set;
	struct epoll_event event = {.events = EPOLLIN};

	printf("== deep\n");
	pipe(p);
	last = p[0];
	for (int i = 0; i < 6; i++) {
		set = epoll_create1(0);
		SHOW(epoll_ctl(set, EPOLL_CTL_ADD, last, &event));
		last = set;
	}
	set = epoll_create1(0);
	last = epoll_create1(0);
	SHOW(epoll_ctl(set, EPOLL_CTL_ADD, last, &event));
	SHOW(epoll_ctl(last, EPOLL_CTL_ADD, set, &event));
}

static void nested(void)
{
	int outer = epoll_create1(0), inner = epoll_create1(0), event = eventfd(0, 0);
	struct pollfd pollfd = {inner, POLLIN, 0};

	SHOW(control(outer, EPOLL_CTL_ADD, inner, EPOLLIN));
	SHOW(control(inner, EPOLL_CTL_ADD, outer, EPOLLIN));
	SHOW(control(inner, EPOLL_CTL_ADD, event, EPOLLIN));
	wait_show(outer, inner);
	SHOW(poll(&pollfd, 1, 0));
	SHOW(eventfd_write(event, 1));
	wait_show(outer, inner);
	SHOW(poll(&pollfd, 1, 0));
	wait_show(inner, event);
	eventfd_t value;
	SHOW(eventfd_read(event, &value));
	wait_show(outer, inner);
	wait_show(inner, event);
	close(outer);
	close(inner);
	close(event);
}

static int shared, event;

static void *waiter(void *arg)
{
	struct epoll_event e;

	return (void *)(long)epoll_wait(shared, &e, 1, 5000);
}

static void threads(void)
{
	struct timespec start, end;
	pthread_t thread[3];
	long total = 0;
	void *ret;

	shared = epoll_create1(0);
	event = eventfd(0, EFD_SEMAPHORE);
	control(shared, EPOLL_CTL_ADD, event, EPOLLIN);
	for (int i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, waiter, NULL);
	usleep(100000);
	eventfd_write(event, 3);
	for (int i = 0; i < 3; i++) {
		pthread_join(thread[i], &ret);
		total += (long)ret;
	}
	printf("woken %ld\n", total);
	close(event);
	clock_gettime(CLOCK_MONOTONIC, &start);
	SHOW(epoll_wait(shared, events, 1, 60));
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("waited %d\n", (end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000 >= 59);
}

/* One file under two numbers, and one that lives on under another number. */
static void duplicates(void)
{
	int epoll = epoll_create1(0), p[2], copy;

	pipe(p);
	copy = dup(p[0]);
	SHOW(control(epoll, EPOLL_CTL_ADD, p[0], EPOLLIN));
	SHOW(control(epoll, EPOLL_CTL_ADD, copy, EPOLLIN));
	write(p[1], "x", 1);
	SHOW(epoll_wait(epoll, events, 20, 0));
	close(p[0]);
	SHOW(epoll_wait(epoll, events, 20, 0));
	close(copy);
	SHOW(epoll_wait(epoll, events, 20, 0));
}

int main(void)
{
	basic();
	edges();
	nested();
	deep();
	threads();
	duplicates();
	return 0;
}
