/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP under load over loopback: both ways at once with checksums, many connections, several who accept, resets amid transfers. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include "inet.h"

enum { BIG = 8 << 20 };

static uint8_t byte_at(uint64_t at, unsigned seed)
{
	return (uint8_t)((at + seed) * 0x9e3779b97f4a7c15u >> 56);
}

struct flow {
	int fd;
	unsigned seed;
	size_t len, chunk;
	int is_good;
};

static void *sender(void *arg)
{
	struct flow *f = arg;
	uint8_t *buf = malloc(f->chunk);

	f->is_good = 1;
	for (size_t at = 0; at < f->len;) {
		size_t n = f->len - at < f->chunk ? f->len - at : f->chunk;
		for (size_t i = 0; i < n; i++)
			buf[i] = byte_at(at + i, f->seed);
		for (size_t done = 0; done < n;) {
			ssize_t w = send(f->fd, buf + done, n - done, MSG_NOSIGNAL);
			if (w < 0 && errno == EAGAIN) {
				poll_for(f->fd, POLLOUT);
				continue;
			}
			if (w <= 0) {
				f->is_good = 0;
				return NULL;
			}
			done += (size_t)w;
		}
		at += n;
	}
	shutdown(f->fd, SHUT_WR);
	free(buf);
	return NULL;
}

static void *receiver(void *arg)
{
	struct flow *f = arg;
	uint8_t *buf = malloc(f->chunk);
	size_t at = 0;
	ssize_t n;

	f->is_good = 1;
	while ((n = recv(f->fd, buf, f->chunk, 0)) != 0) {
		if (n < 0 && errno == EAGAIN) {
			poll_for(f->fd, POLLIN);
			continue;
		}
		if (n < 0)
			break;
		for (ssize_t i = 0; i < n; i++)
			f->is_good &= buf[i] == byte_at(at + (size_t)i, f->seed);
		at += (size_t)n;
	}
	f->is_good &= at == f->len && n == 0;
	free(buf);
	return NULL;
}

static void both_ways(const char *name, size_t len, size_t out_chunk, size_t in_chunk, int nonblocking)
{
	pthread_t t[4];
	int s[2];

	tcp_pair(s);
	if (nonblocking) {
		fcntl(s[0], F_SETFL, O_NONBLOCK);
		fcntl(s[1], F_SETFL, O_NONBLOCK);
	}
	struct flow f[4] = {{s[0], 1, len, out_chunk}, {s[1], 1, len, in_chunk}, {s[1], 2, len, out_chunk}, {s[0], 2, len, in_chunk}};
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, i % 2 ? receiver : sender, &f[i]);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	printf("%s: %d %d %d %d\n", name, f[0].is_good, f[1].is_good, f[2].is_good, f[3].is_good);
	close(s[0]);
	close(s[1]);
}

/* ---- Several threads and processes that accept from one listener ---- */

static int shared_listener;

static void *accepter(void *arg)
{
	long served = 0;
	char c;

	for (;;) {
		int fd = accept(shared_listener, NULL, NULL);
		if (fd < 0)
			break;
		ssize_t n = read(fd, &c, 1);
		if (n == 1)
			n = write(fd, &c, 1);
		close(fd);
		served++;
		if (n == 1 && c == 'e')
			break;
	}
	return (void *)served;
}

static int ask(char c)
{
	int fd = connect_to(shared_listener);
	char answer = 0;

	if (write(fd, &c, 1) != 1 || read(fd, &answer, 1) != 1)
		answer = 0;
	close(fd);
	return answer == c;
}

static void accepting(void)
{
	pthread_t t[4];
	long served = 0, right = 0;
	void *ret;

	shared_listener = listener(128);
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, accepter, NULL);
	for (int i = 0; i < 400; i++)
		right += ask('x');
	for (int i = 0; i < 4; i++)
		right += ask('e');
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &ret);
		served += (long)ret;
	}
	printf("threads: served %ld right %ld\n", served, right);
	for (int i = 0; i < 3; i++)
		if (!fork()) {
			accepter(NULL);
			_exit(0);
		}
	right = 0;
	for (int i = 0; i < 200; i++)
		right += ask('x');
	for (int i = 0; i < 3; i++)
		right += ask('e');
	while (wait(NULL) > 0)
		;
	printf("processes: right %ld\n", right);
	close(shared_listener);
}

/* ---- Many connections at once, served by one epoll loop, edge-triggered ---- */

enum { MANY = 300 };

static void *echo_server(void *arg)
{
	int l = *(int *)arg, ep = epoll_create1(0), open = 0, closed = 0;
	struct epoll_event ev = {.events = EPOLLIN, .data.fd = l}, got[64];
	char buf[512];

	fcntl(l, F_SETFL, O_NONBLOCK);
	epoll_ctl(ep, EPOLL_CTL_ADD, l, &ev);
	while (closed < MANY) {
		int n = epoll_wait(ep, got, 64, 5000);
		if (n <= 0)
			break;
		for (int i = 0; i < n; i++) {
			int fd = got[i].data.fd;
			if (fd == l) {
				while ((fd = accept4(l, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
					ev = (struct epoll_event){.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.fd = fd};
					epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
					open++;
				}
				continue;
			}
			ssize_t r;
			while ((r = read(fd, buf, sizeof(buf))) > 0)
				if (write(fd, buf, (size_t)r) != r)
					printf("short answer\n");
			if (r == 0) {
				close(fd);
				closed++;
			}
		}
	}
	close(ep);
	return (void *)(long)(open * 1000 + closed);
}

static void many(void)
{
	int l = listener(512), fd[MANY], right = 0;
	pthread_t server;
	void *ret;
	char buf[64];

	pthread_create(&server, NULL, echo_server, &l);
	for (int i = 0; i < MANY; i++)
		fd[i] = connect_to(l);
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < MANY; i++) {
			int n = sprintf(buf, "%d of %d", i, round);
			if (write(fd[i], buf, (size_t)n) != n)
				printf("short\n");
		}
		for (int i = 0; i < MANY; i++) {
			char want[64] = "";
			int n = sprintf(want, "%d of %d", i, round);
			memset(buf, 0, sizeof(buf));
			right += recv(fd[i], buf, (size_t)n, MSG_WAITALL) == n && !strcmp(buf, want);
		}
	}
	for (int i = 0; i < MANY; i++)
		close(fd[i]);
	pthread_join(server, &ret);
	printf("many: right %d, opened and closed %ld\n", right, (long)ret);
	close(l);
}

static void resets(void)
{
	struct linger now = {1, 0};
	int ended = 0;
	static char block[100000];

	for (int i = 0; i < 100; i++) {
		int s[2];
		pthread_t t;
		tcp_pair(s);
		struct flow f = {s[0], 3, 1 << 20, 50000};
		pthread_create(&t, NULL, sender, &f);
		recv(s[1], block, (size_t)(i * 997) % sizeof(block) + 1, i % 2 ? MSG_WAITALL : 0);
		setsockopt(s[1], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(s[1]);
		pthread_join(t, NULL);
		ended += !f.is_good || recv(s[0], block, 1, 0) < 0;
		close(s[0]);
	}
	printf("resets amid transfers: %d\n", ended);
}

static void opened_and_closed(void)
{
	int l = listener(128), right = 0;
	char c = 0;

	for (int i = 0; i < 2000; i++) {
		int a = connect_to(l), b = accept(l, NULL, NULL);
		right += write(a, "q", 1) == 1 && read(b, &c, 1) == 1;
		if (i % 2)
			close(a);
		close(b);
		if (!(i % 2))
			close(a);
	}
	printf("opened and closed: %d\n", right);
	close(l);
}

static void files(void)
{
	int s[2], file = open("data", O_RDWR | O_CREAT | O_TRUNC, 0600), is_good = 1;
	static uint8_t buf[1 << 20];
	off_t at = 1000;
	pthread_t t;

	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = byte_at(i, 4);
	SHOW(write(file, buf, sizeof(buf)));
	tcp_pair(s);
	struct flow f = {s[1], 4, sizeof(buf), 30000};
	pthread_create(&t, NULL, receiver, &f);
	SHOW(lseek(file, 0, SEEK_SET));
	for (size_t done = 0; done < sizeof(buf);) {
		ssize_t n = sendfile(s[0], file, NULL, sizeof(buf) - done);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	SHOW(lseek(file, 0, SEEK_CUR));
	shutdown(s[0], SHUT_WR);
	pthread_join(t, NULL);
	printf("sendfile: %d\n", f.is_good);
	close(s[0]);
	close(s[1]);
	tcp_pair(s);
	SHOW(sendfile(s[0], file, &at, 5000));
	printf("at %ld\n", (long)at);
	SHOW(recv(s[1], buf, 5000, MSG_WAITALL));
	for (int i = 0; i < 5000; i++)
		is_good &= buf[i] == byte_at((uint64_t)i + 1000, 4);
	printf("bytes %d\n", is_good);
	at = 1 << 20;
	SHOW(sendfile(s[0], file, &at, 5000));
	/* What was sent is what the file had then. */
	at = 0;
	SHOW(sendfile(s[0], file, &at, 3000));
	close(file);
	unlink("data");
	SHOW(recv(s[1], buf, 3000, MSG_WAITALL));
	printf("first %d\n", buf[0] == byte_at(0, 4));
	close(s[1]);
	file = open("data", O_RDWR | O_CREAT | O_TRUNC, 0600);
	write(file, buf, 3000);
	at = 0;
	signal(SIGPIPE, SIG_IGN);
	usleep(10000);
	sendfile(s[0], file, &at, 100);
	usleep(10000);
	SHOW(sendfile(s[0], file, &at, 100));
	close(s[0]);
	/* Through a pipe. */
	int p[2];
	tcp_pair(s);
	pipe(p);
	write(p[1], "through a pipe", 14);
	SHOW(splice(p[0], NULL, s[0], NULL, 100, 0));
	SHOW(recv(s[1], buf, 14, MSG_WAITALL));
	send(s[1], "and back", 8, 0);
	poll_for(s[0], POLLIN);
	SHOW(splice(s[0], NULL, p[1], NULL, 100, 0));
	SHOW(read(p[0], buf, 100));
	unlink("data");
	close(s[0]);
	close(s[1]);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	both_ways("large", BIG, 100000, 70000, 0);
	both_ways("nonblocking", BIG / 4, 300000, 50000, 1);
	both_ways("small", BIG / 32, 97, 1000, 0);
	both_ways("large to small", BIG / 32, 100000, 61, 0);
	accepting();
	many();
	resets();
	opened_and_closed();
	files();
	return 0;
}
