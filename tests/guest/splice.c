/* SPDX-License-Identifier: BSD-3-Clause */
/* splice(2), tee(2), vmsplice(2), and sendfile(2) into pipes: what is moved, what stays, and who waits for whom. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include "inet.h"

enum { BIG = 1 << 20 };

static unsigned char pattern(size_t at)
{
	return (unsigned char)(at * 31 + (at >> 8) * 7 + (at >> 16));
}

static int make_file(size_t size)
{
	int fd = open("splice-data", O_RDWR | O_CREAT | O_TRUNC, 0600);
	unsigned char *bytes = malloc(size);

	for (size_t i = 0; i < size; i++)
		bytes[i] = pattern(i);
	if (write(fd, bytes, size) != (ssize_t)size)
		perror("write");
	free(bytes);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static int in_pipe(int fd)
{
	int n = -1;

	ioctl(fd, FIONREAD, &n);
	return n;
}

static void pages_of_a_file(void)
{
	unsigned char buf[8192];
	int p[2], fd = make_file(3 * 4096 + 100);
	loff_t at = 4000;
	ssize_t n;
	size_t total = 0, wrong = 0;

	printf("== pages of a file\n");
	pipe(p);
	SHOW(splice(fd, &at, p[1], NULL, 200, 0)); /* two slots */
	printf("offset %lld, position %lld, in the pipe %d\n", (long long)at, (long long)lseek(fd, 0, SEEK_CUR), in_pipe(p[0]));
	SHOW(write(p[1], "tail", 4)); /* not into the file's page */
	n = read(p[0], buf, sizeof(buf));
	printf("read %zd, right %d, behind it %.4s\n", n, buf[0] == pattern(4000) && buf[199] == pattern(4199), buf + 200);
	SHOW(pread(fd, buf, 1, 4200));
	printf("the file is as it was: %d\n", buf[0] == pattern(4200));
	SHOW(splice(fd, NULL, p[1], NULL, BIG, 0));
	printf("position %lld\n", (long long)lseek(fd, 0, SEEK_CUR));
	SHOW(splice(fd, NULL, p[1], NULL, BIG, SPLICE_F_NONBLOCK)); /* the end */
	close(p[1]);
	while ((n = read(p[0], buf, 1000)) > 0)
		for (ssize_t i = 0; i < n; i++)
			wrong += buf[i] != pattern(total++);
	printf("total %zu wrong %zu\n", total, wrong);
	close(p[0]);
	close(fd);
}

static void short_room(void)
{
	int p[2], fd = make_file(BIG), n = 0;
	char buf[4096];

	printf("== what a pipe has room for\n");
	pipe(p);
	SHOW(splice(fd, NULL, p[1], NULL, BIG, 0));
	SHOW(splice(fd, NULL, p[1], NULL, BIG, SPLICE_F_NONBLOCK));
	SHOW(read(p[0], buf, 4096));
	SHOW(sendfile(p[1], fd, NULL, BIG)); /* it does not wait for the rest */
	fcntl(p[1], F_SETFL, O_NONBLOCK);
	SHOW(sendfile(p[1], fd, NULL, BIG));
	fcntl(p[0], F_SETFL, O_NONBLOCK);
	while (read(p[0], buf, sizeof(buf)) > 0)
		n++;
	printf("reads %d\n", n);
	SHOW(splice(p[0], NULL, fd, NULL, 100, 0)); /* empty: O_NONBLOCK counts */
	close(p[1]);
	SHOW(splice(p[0], NULL, fd, NULL, 100, 0));
	close(p[0]);
	close(fd);
}

/* The other end takes a part only: the rest stays in the pipe. */
static void into_a_full_socket(void)
{
	int p[2], s[2], fd = make_file(BIG), sent = 0, n, left;
	static unsigned char buf[65536];
	size_t total = 0, wrong = 0;

	printf("== into a full socket\n");
	pipe(p);
	tcp_pair(s);
	set_int(s[0], SOL_SOCKET, SO_SNDBUF, 8192);
	fcntl(s[0], F_SETFL, O_NONBLOCK);
	fcntl(s[1], F_SETFL, O_NONBLOCK);
	for (unsigned rounds = 0; rounds < 100000; rounds++) {
		if (in_pipe(p[0]) == 0 && splice(fd, NULL, p[1], NULL, 65536, 0) == 0)
			break;
		n = (int)splice(p[0], NULL, s[0], NULL, 65536, SPLICE_F_NONBLOCK);
		sent += n > 0 ? n : 0;
		if (n > 0 && rounds % 3)
			continue;
		while ((n = (int)recv(s[1], buf, sizeof(buf), 0)) > 0)
			for (int i = 0; i < n; i++)
				wrong += buf[i] != pattern(total++);
		if (n < 0 && errno == EAGAIN)
			poll(&(struct pollfd){.fd = s[1], .events = POLLIN}, 1, 10);
	}
	shutdown(s[0], SHUT_WR);
	fcntl(s[1], F_SETFL, 0);
	while ((n = (int)recv(s[1], buf, sizeof(buf), 0)) > 0)
		for (int i = 0; i < n; i++)
			wrong += buf[i] != pattern(total++);
	left = in_pipe(p[0]);
	printf("sent %d received %zu wrong %zu left %d\n", sent, total, wrong, left);
	close(p[0]);
	close(p[1]);
	close(s[0]);
	close(s[1]);
	close(fd);
}

struct relay {
	int from, to;
	size_t moved;
};

static void *relay(void *argument)
{
	struct relay *r = argument;
	int p[2];
	ssize_t n;

	pipe(p);
	while ((n = splice(r->from, NULL, p[1], NULL, 65536, SPLICE_F_MOVE)) > 0)
		while (n > 0) {
			ssize_t m = splice(p[0], NULL, r->to, NULL, (size_t)n, SPLICE_F_MOVE);

			if (m <= 0)
				break;
			n -= m;
			r->moved += (size_t)m;
		}
	shutdown(r->to, SHUT_WR);
	close(p[0]);
	close(p[1]);
	return NULL;
}

static void *feed(void *argument)
{
	static unsigned char bytes[BIG];
	int fd = *(int *)argument;

	for (size_t i = 0; i < BIG; i++)
		bytes[i] = pattern(i);
	for (size_t done = 0; done < BIG;) {
		ssize_t n = write(fd, bytes + done, BIG - done);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	shutdown(fd, SHUT_WR);
	return NULL;
}

/* A proxy: from one connection to another, everybody waiting. */
static void between_sockets(const char *what, int from[2], int to[2])
{
	struct relay r = {.from = from[1], .to = to[0]};
	static unsigned char buf[65536];
	pthread_t relaying, feeding;
	size_t total = 0, wrong = 0;
	ssize_t n;

	pthread_create(&relaying, NULL, relay, &r);
	pthread_create(&feeding, NULL, feed, &from[0]);
	while ((n = read(to[1], buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < n; i++)
			wrong += buf[i] != pattern(total++);
	pthread_join(relaying, NULL);
	pthread_join(feeding, NULL);
	printf("%s: moved %zu total %zu wrong %zu\n", what, r.moved, total, wrong);
	for (int i = 0; i < 2; i++) {
		close(from[i]);
		close(to[i]);
	}
}

static void proxies(void)
{
	int a[2], b[2];

	printf("== proxies\n");
	tcp_pair(a);
	tcp_pair(b);
	between_sockets("tcp to tcp", a, b);
	socketpair(AF_UNIX, SOCK_STREAM, 0, a);
	tcp_pair(b);
	between_sockets("unix to tcp", a, b);
	tcp_pair(a);
	socketpair(AF_UNIX, SOCK_STREAM, 0, b);
	between_sockets("tcp to unix", a, b);
}

static void pipe_to_pipe(void)
{
	int a[2], b[2];
	char buf[64] = "";

	printf("== pipe to pipe\n");
	pipe2(a, O_NONBLOCK);
	pipe2(b, O_NONBLOCK);
	SHOW(splice(a[0], NULL, b[1], NULL, 10, 0));
	SHOW(write(a[1], "hello world", 11));
	SHOW(tee(a[0], b[1], 5, 0));
	SHOW(splice(a[0], NULL, b[1], NULL, 6, 0));
	printf("%d and %d bytes\n", in_pipe(a[0]), in_pipe(b[0]));
	SHOW(write(b[1], "!", 1));
	SHOW(write(a[1], "?", 1));
	SHOW(read(b[0], buf, sizeof(buf)));
	printf("%.12s\n", buf);
	SHOW(read(a[0], buf, sizeof(buf)));
	printf("%.6s\n", buf);
	SHOW(tee(a[0], a[1], 5, 0));
	SHOW(splice(a[0], NULL, a[1], NULL, 5, 0));
	SHOW(tee(a[0], b[1], 0, 0));
	SHOW(tee(a[1], b[1], 5, 0));
	SHOW(write(a[1], "abc", 3));
	while (write(b[1], buf, sizeof(buf)) > 0)
		;
	SHOW(tee(a[0], b[1], 5, 0));
	SHOW(splice(a[0], NULL, b[1], NULL, 5, 0));
	close(b[1]);
	while (read(b[0], buf, sizeof(buf)) > 0)
		;
	close(a[1]);
	SHOW(read(a[0], buf, sizeof(buf)));
	pipe(b);
	SHOW(splice(a[0], NULL, b[1], NULL, 5, 0));
	SHOW(tee(a[0], b[1], 5, 0));
}

static void memory(void)
{
	static char bytes[BIG] __attribute__((aligned(4096))), back[BIG];
	struct iovec v[2] = {{bytes, BIG / 2}, {bytes + BIG / 2, BIG / 2}};
	int p[2];

	printf("== memory\n");
	for (size_t i = 0; i < BIG; i++)
		bytes[i] = (char)pattern(i);
	pipe(p);
	SHOW(vmsplice(p[1], v, 2, 0)); /* what there is room for */
	SHOW(vmsplice(p[1], v, 2, SPLICE_F_NONBLOCK));
	v[0] = (struct iovec){back, 1000};
	SHOW(vmsplice(p[0], v, 1, 0));
	printf("right %d\n", !memcmp(back, bytes, 1000));
	v[0].iov_len = BIG;
	SHOW(vmsplice(p[0], v, 1, 0));
	printf("right %d\n", !memcmp(back, bytes + 1000, 64536));
	SHOW(vmsplice(p[0], v, 1, SPLICE_F_NONBLOCK));
	SHOW(vmsplice(p[1], v, 0, 0));
	SHOW(vmsplice(p[1], v, 1, 16));
	SHOW(vmsplice(0, v, 1, 0));
	close(p[0]);
	close(p[1]);
}

static void arguments(void)
{
	int p[2], q[2], s[2], fd = make_file(100), append = open("splice-data", O_WRONLY | O_APPEND), directory = open(".", O_RDONLY);
	loff_t at = 0, bad = -1;
	off_t place = 0;

	printf("== arguments\n");
	pipe(p);
	pipe(q);
	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	write(p[1], "0123456789", 10);
	write(s[0], "0123456789", 10);
	SHOW(splice(p[0], &at, q[1], NULL, 5, 0));
	SHOW(splice(p[0], NULL, fd, &bad, 5, 0));
	SHOW(splice(p[0], NULL, s[0], &at, 5, 0));
	SHOW(splice(s[1], &at, q[1], NULL, 5, 0));
	SHOW(splice(p[0], NULL, append, NULL, 5, 0));
	SHOW(splice(fd, NULL, append, NULL, 5, 0));
	SHOW(splice(directory, NULL, q[1], NULL, 5, 0));
	SHOW(splice(p[1], NULL, q[1], NULL, 5, 0));
	SHOW(splice(p[0], NULL, q[0], NULL, 5, 0));
	SHOW(splice(-1, NULL, q[1], NULL, 0, 0));
	SHOW(splice(p[0], NULL, q[1], NULL, 5, 16));
	SHOW(splice(p[0], NULL, fd, &at, 5, 0));
	printf("offset %lld\n", (long long)at);
	SHOW(sendfile(fd, p[0], NULL, 5));
	SHOW(sendfile(q[1], p[0], NULL, 5));
	SHOW(sendfile(fd, s[1], NULL, 5));
	SHOW(sendfile(q[1], s[1], NULL, 5));
	SHOW(sendfile(q[1], s[1], &place, 5));
	SHOW(sendfile(q[1], directory, NULL, 5));
	SHOW(sendfile(append, fd, NULL, 5));
	int event = eventfd(1, 0), set = epoll_create1(0);
	SHOW(splice(p[0], NULL, event, NULL, 8, 0)); /* at once, whatever the pipe has */
	SHOW(splice(event, NULL, q[1], NULL, 8, 0));
	SHOW(splice(p[0], NULL, set, NULL, 8, 0));
	close(q[0]);
	signal(SIGPIPE, SIG_IGN);
	SHOW(splice(fd, NULL, q[1], NULL, 5, 0));
	SHOW(splice(p[0], NULL, q[1], NULL, 5, 0));
	SHOW(tee(p[0], q[1], 5, 0));
	SHOW(sendfile(q[1], fd, NULL, 5));
	unlink("splice-data");
}

int main(void)
{
	pages_of_a_file();
	short_room();
	into_a_full_socket();
	proxies();
	pipe_to_pipe();
	memory();
	arguments();
	return 0;
}
