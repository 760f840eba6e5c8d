/* SPDX-License-Identifier: BSD-3-Clause */
/* epoll of TCP and UDP sockets: which events, and when an edge is news. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include "inet.h"

static int ep;

static void watch(int fd, unsigned events)
{
	struct epoll_event ev = {.events = events, .data.fd = fd};

	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
}

/* What comes within a time; 0: nothing. */
static unsigned next(int ms)
{
	struct epoll_event ev = {0};

	return epoll_wait(ep, &ev, 1, ms) == 1 ? ev.events : 0;
}

static void edges(void)
{
	int s[2];
	char buf[100];

	printf("== edges\n");
	ep = epoll_create1(0);
	tcp_pair(s);
	watch(s[1], EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
	printf("at first %x\n", next(1000));
	printf("no news %x\n", next(20));
	send(s[0], "abc", 3, 0);
	printf("data %x\n", next(1000));
	printf("no news %x\n", next(20));
	recv(s[1], buf, 1, 0);
	printf("some left, no news %x\n", next(20));
	send(s[0], "d", 1, 0);
	printf("more data %x\n", next(1000));
	recv(s[1], buf, 100, 0);
	printf("empty %x\n", next(20));
	send(s[1], "answer", 6, 0);
	recv(s[0], buf, 100, 0);
	printf("acknowledged, no news %x\n", next(60));
	shutdown(s[0], SHUT_WR);
	printf("half closed %x\n", next(1000));
	printf("no news %x\n", next(20));
	close(s[0]);
	SHOW(send(s[1], "x", 1, MSG_NOSIGNAL));
	printf("reset %x\n", next(1000));
	close(s[1]);
	printf("closed %x\n", next(20));
	close(ep);
}

static void room(void)
{
	static char block[100000];
	int s[2];
	long n, total = 0, got = 0;

	printf("== room\n");
	ep = epoll_create1(0);
	tcp_pair(s);
	fcntl(s[0], F_SETFL, O_NONBLOCK);
	watch(s[0], EPOLLOUT | EPOLLET);
	printf("at first %x\n", next(1000));
	while ((n = send(s[0], block, sizeof(block), 0)) > 0 || !next(30))
		if (n > 0)
			total += n;
		else
			break;
	printf("full: %s, no news %x\n", strerrorname_np(errno), next(50));
	while (got < total && (n = recv(s[1], block, sizeof(block), 0)) > 0)
		got += n;
	printf("room %x\n", next(1000));
	printf("no news %x\n", next(20));
	SHOW(send(s[0], "x", 1, 0));
	printf("poll %x\n", poll_now(s[0]));
	close(s[0]);
	close(s[1]);
	close(ep);
}

static void kinds(void)
{
	struct epoll_event ev = {.events = EPOLLIN | EPOLLONESHOT};
	int l = listener(5), a, b, c, s[2];
	char x;

	printf("== listener\n");
	ep = epoll_create1(0);
	watch(l, EPOLLIN);
	printf("nobody %x\n", next(20));
	a = connect_to(l);
	printf("one %x\n", next(1000));
	printf("still %x\n", next(1000));
	b = accept(l, NULL, NULL);
	printf("none %x\n", next(20));
	close(ep);
	ep = epoll_create1(0);
	printf("== one shot, changes\n");
	ev.data.fd = b;
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, b, &ev));
	send(a, "1", 1, 0);
	printf("shot %x\n", next(1000));
	send(a, "2", 1, 0);
	printf("disarmed %x\n", next(30));
	SHOW(epoll_ctl(ep, EPOLL_CTL_MOD, b, &ev));
	printf("armed again %x\n", next(1000));
	ev.events = EPOLLOUT | EPOLLET;
	SHOW(epoll_ctl(ep, EPOLL_CTL_MOD, b, &ev));
	printf("writable %x\n", next(1000));
	ev.events = EPOLLIN | EPOLLPRI;
	SHOW(epoll_ctl(ep, EPOLL_CTL_MOD, b, &ev));
	send(a, "u", 1, MSG_OOB);
	poll_for(b, POLLPRI);
	printf("urgent %x\n", next(1000));
	close(a);
	close(b);
	close(ep);
	printf("== connecting\n");
	ep = epoll_create1(0);
	struct sockaddr_in name = name_of(l);
	c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	watch(c, EPOLLIN | EPOLLOUT | EPOLLET);
	printf("fresh %x\n", next(20));
	connect(c, (void *)&name, sizeof(name));
	printf("connected %x\n", next(1000));
	printf("no news %x\n", next(20));
	close(c);
	close(l);
	c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	connect(c, (void *)&name, sizeof(name));
	watch(c, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
	printf("refused %x\n", next(1000));
	close(c);
	printf("== datagrams\n");
	s[0] = socket(AF_INET, SOCK_DGRAM, 0);
	s[1] = socket(AF_INET, SOCK_DGRAM, 0);
	name = local(0);
	bind(s[0], (void *)&name, sizeof(name));
	name = name_of(s[0]);
	watch(s[0], EPOLLIN | EPOLLET);
	for (int i = 0; i < 3; i++) {
		sendto(s[1], "d", 1, 0, (void *)&name, sizeof(name));
		printf("arrived %x\n", next(1000));
	}
	printf("no news %x\n", next(20));
	for (int i = 0; i < 3; i++)
		SHOW(recv(s[0], &x, 1, MSG_DONTWAIT));
	close(s[0]);
	close(s[1]);
	close(ep);
}

/* Sets of several threads that watch one listener: with EPOLLEXCLUSIVE one connection wakes one of those who wait. */
static int exclusive_listener;

static void *one_event(void *arg)
{
	struct epoll_event ev = {.events = EPOLLIN | EPOLLEXCLUSIVE};
	int set = epoll_create1(0);
	long woken = 0;

	epoll_ctl(set, EPOLL_CTL_ADD, exclusive_listener, &ev);
	while (epoll_wait(set, &ev, 1, 300) == 1) {
		woken++;
		int fd = accept4(exclusive_listener, NULL, NULL, SOCK_NONBLOCK);
		if (fd >= 0)
			close(fd);
	}
	close(set);
	return (void *)woken;
}

static void exclusive(void)
{
	struct epoll_event ev = {.events = EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT};
	pthread_t t[6];
	long woken = 0;
	void *ret;

	printf("== exclusive\n");
	exclusive_listener = listener(50);
	fcntl(exclusive_listener, F_SETFL, O_NONBLOCK);
	ep = epoll_create1(0);
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, exclusive_listener, &ev));
	close(ep);
	for (int i = 0; i < 6; i++)
		pthread_create(&t[i], NULL, one_event, NULL);
	usleep(50000);
	for (int i = 0; i < 10; i++) {
		int fd = connect_to(exclusive_listener);
		char c;
		read(fd, &c, 1);
		close(fd);
		usleep(10000);
	}
	for (int i = 0; i < 6; i++) {
		pthread_join(t[i], &ret);
		woken += (long)ret;
	}
	printf("all were accepted, by few who woke: %d\n", woken >= 10 && woken <= 25);
	close(exclusive_listener);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	edges();
	room();
	kinds();
	exclusive();
	return 0;
}
