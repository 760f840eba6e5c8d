/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vsock(7) over the loopback (VMADDR_CID_LOCAL). Where Linux has no loopback (CONFIG_VSOCKETS_LOOPBACK), a note says so, and what the manual page says is printed
 * instead of what happens: check() knows both.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <linux/vm_sockets.h>
#include <unistd.h>
#include "show.h"

static int has_loopback;

/* Prints what it is; without a loopback, what it is to be. */
static void check(const char *what, long is, long to_be)
{
	printf("%s = %ld\n", what, has_loopback ? is : to_be);
	fflush(stdout);
}
#define CHECK(call, to_be)                                                                                          \
	do {                                                                                                        \
		long check_ret = has_loopback ? (long)(call) : 0;                                                   \
		check(#call, check_ret == -1 ? -errno : check_ret, to_be);                                          \
	} while (0)

static struct sockaddr_vm address(unsigned cid, unsigned port)
{
	return (struct sockaddr_vm){.svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = port};
}

static int bind_to(int fd, unsigned cid, unsigned port)
{
	struct sockaddr_vm a = address(cid, port);

	return bind(fd, (struct sockaddr *)&a, sizeof(a));
}

static int connect_to(int fd, unsigned cid, unsigned port)
{
	struct sockaddr_vm a = address(cid, port);

	return connect(fd, (struct sockaddr *)&a, sizeof(a));
}

static unsigned port_of(int fd)
{
	struct sockaddr_vm a = {0};
	socklen_t len = sizeof(a);

	getsockname(fd, (struct sockaddr *)&a, &len);
	return a.svm_port;
}

/* ---- What needs no loopback is compared with any Linux ---- */

static void show_sockets(void)
{
	struct sockaddr_vm a = address(VMADDR_CID_ANY, 70000);
	socklen_t len = sizeof(a);
	struct timeval t = {.tv_sec = 3, .tv_usec = 500000};
	uint64_t size = 0;
	int fd, other;
	char byte;

	SHOW(socket(AF_VSOCK, SOCK_RAW, 0));
	SHOW(socket(AF_VSOCK, SOCK_STREAM, 7));
	SHOW_OK(fd = socket(AF_VSOCK, SOCK_STREAM, 0));
	SHOW_OK(other = socket(AF_VSOCK, SOCK_STREAM, AF_VSOCK));
	SHOW(listen(fd, 1));
	SHOW(accept(fd, NULL, NULL));
	SHOW(recv(fd, &byte, 1, MSG_DONTWAIT));
	SHOW(send(fd, "x", 1, MSG_NOSIGNAL));
	SHOW(shutdown(fd, SHUT_RDWR));
	SHOW(bind(fd, (struct sockaddr *)&a, 4));
	a.svm_family = AF_INET;
	SHOW(bind(fd, (struct sockaddr *)&a, sizeof(a)));
	SHOW(connect(fd, (struct sockaddr *)&a, sizeof(a)));
	SHOW(bind_to(fd, 4711, 70000));
	SHOW(bind_to(fd, VMADDR_CID_ANY, 70000));
	SHOW(bind_to(fd, VMADDR_CID_ANY, 70001));
	SHOW(bind_to(other, VMADDR_CID_ANY, 70000));
	SHOW(bind_to(other, VMADDR_CID_ANY, VMADDR_PORT_ANY));
	printf("a port was chosen: %d\n", port_of(other) > 1023 && port_of(other) != VMADDR_PORT_ANY);
	SHOW(getsockname(fd, (struct sockaddr *)&a, &len));
	printf("family %d cid %d port %u length %u\n", a.svm_family, (int)a.svm_cid, a.svm_port, len);
	SHOW(getpeername(fd, (struct sockaddr *)&a, &len));
	SHOW(listen(fd, 1));
	len = sizeof(size);
	SHOW(getsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size, &len));
	printf("buffer %llu\n", (unsigned long long)size);
	size = 100;
	SHOW(setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size, sizeof(size)));
	SHOW(getsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size, &len));
	printf("buffer %llu\n", (unsigned long long)size);
	SHOW(setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &size, 4));
	SHOW(setsockopt(fd, AF_VSOCK, 99, &size, sizeof(size)));
	SHOW(setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &t, sizeof(t)));
	t.tv_usec = 1000000;
	SHOW(setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &t, sizeof(t)));
	len = sizeof(t);
	SHOW(getsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &t, &len));
	printf("timeout %ld.%06ld\n", (long)t.tv_sec, (long)t.tv_usec);
	close(fd);
	close(other);
}

/* ---- Connections ---- */

static int listener(int type, unsigned port)
{
	int fd = socket(AF_VSOCK, type, 0);

	if (fd < 0 || bind_to(fd, VMADDR_CID_ANY, port) || listen(fd, 4))
		return -1;
	return fd;
}

/* A connection; its other end in *server. */
static int pair(int type, unsigned port, int *server)
{
	int l = listener(type, port), fd = socket(AF_VSOCK, type, 0);

	*server = -1;
	if (has_loopback && connect_to(fd, VMADDR_CID_LOCAL, port) == 0)
		*server = accept(l, NULL, NULL);
	close(l);
	return fd;
}

static unsigned events(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP};

	poll(&p, 1, 0);
	return (unsigned)p.revents;
}

static void check_connecting(void)
{
	int l = listener(SOCK_STREAM, 70010), fd = socket(AF_VSOCK, SOCK_STREAM, 0), server, none = socket(AF_VSOCK, SOCK_STREAM, 0);
	struct sockaddr_vm a = {0};
	socklen_t len = sizeof(a);

	CHECK(connect_to(none, VMADDR_CID_LOCAL, 70011), -ECONNRESET);
	CHECK(events(l), 0);
	CHECK(connect_to(fd, VMADDR_CID_LOCAL, 70010), 0);
	CHECK(connect_to(fd, VMADDR_CID_LOCAL, 70010), -EISCONN);
	CHECK(events(l), POLLIN);
	server = has_loopback ? accept(l, (struct sockaddr *)&a, &len) : -1;
	CHECK(server >= 0, 1);
	CHECK(len, sizeof(a));
	CHECK(a.svm_cid, VMADDR_CID_LOCAL);
	CHECK(a.svm_port == port_of(fd), 1);
	CHECK(getpeername(fd, (struct sockaddr *)&a, &len), 0);
	CHECK(a.svm_port, 70010);
	CHECK(events(fd), POLLOUT);
	fcntl(l, F_SETFL, O_NONBLOCK);
	CHECK(accept(l, NULL, NULL), -EAGAIN);
	close(fd);
	close(server);
	close(none);
	close(l);
}

static void check_stream(void)
{
	int server, fd = pair(SOCK_STREAM, 70020, &server);
	char text[64];

	CHECK(send(fd, "hello ", 6, 0), 6);
	CHECK(send(fd, "world", 5, 0), 5);
	CHECK(recv(server, text, 4, MSG_PEEK), 4);
	CHECK(recv(server, text, sizeof(text), 0), 11);
	CHECK(memcmp(text, "hello world", 11), 0);
	CHECK(recv(server, text, sizeof(text), MSG_DONTWAIT), -EAGAIN);
	CHECK(send(fd, "x", 1, MSG_OOB), -EOPNOTSUPP);
	CHECK(shutdown(fd, SHUT_WR), 0);
	CHECK(send(fd, "x", 1, MSG_NOSIGNAL), -EPIPE);
	CHECK(events(server), POLLIN | POLLOUT | POLLRDHUP);
	CHECK(recv(server, text, sizeof(text), 0), 0);
	CHECK(send(server, "back", 4, 0), 4);
	CHECK(recv(fd, text, sizeof(text), 0), 4);
	close(server);
	usleep(20000);
	CHECK(events(fd) & (POLLIN | POLLRDHUP | POLLHUP), POLLIN | POLLRDHUP | POLLHUP);
	CHECK(recv(fd, text, sizeof(text), 0), 0);
	close(fd);
}

/* Data that was sent before the end can still be read. */
static void check_closing(void)
{
	int server, fd = pair(SOCK_STREAM, 70030, &server);
	char text[64];

	CHECK(send(fd, "last words", 10, 0), 10);
	close(fd);
	usleep(20000);
	CHECK(recv(server, text, sizeof(text), 0), 10);
	CHECK(recv(server, text, sizeof(text), 0), 0);
	CHECK(send(server, "x", 1, MSG_NOSIGNAL), -EPIPE);
	close(server);
}

static void check_messages(void)
{
	int server, fd = pair(SOCK_SEQPACKET, 70040, &server);
	char text[64];
	struct iovec io = {.iov_base = text, .iov_len = 4};
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1};

	CHECK(send(fd, "first", 5, 0), 5);
	CHECK(send(fd, "second", 6, MSG_EOR), 6);
	CHECK(recv(server, text, sizeof(text), 0), 5);
	CHECK(recvmsg(server, &m, 0), 4);
	CHECK(m.msg_flags & (MSG_TRUNC | MSG_EOR), MSG_TRUNC | MSG_EOR);
	CHECK(recv(server, text, sizeof(text), MSG_DONTWAIT), -EAGAIN);
	close(fd);
	usleep(20000);
	CHECK(recv(server, text, sizeof(text), 0), 0);
	close(server);
}

/* ---- Much data, in both directions at once ---- */

enum { MUCH = 3000000 };

static void *send_much(void *arg)
{
	int fd = *(int *)arg;
	static uint8_t bytes[50000];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i % 250);
	for (size_t sent = 0; sent < MUCH; sent += sizeof(bytes))
		if (send(fd, bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
			return NULL;
	shutdown(fd, SHUT_WR);
	return arg;
}

static long receive_much(int fd)
{
	static uint8_t bytes[40000];
	long got = 0;
	ssize_t n;

	while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			if (bytes[i] != (got + i) % 50000 % 250)
				return -1;
		got += n;
	}
	return got;
}

static void check_much(void)
{
	int server, fd = pair(SOCK_STREAM, 70050, &server);
	pthread_t sender;
	void *sent = NULL;
	long got = MUCH;

	if (has_loopback) {
		pthread_create(&sender, NULL, send_much, &fd);
		got = receive_much(server);
		pthread_join(sender, &sent);
	}
	CHECK(got, MUCH);
	CHECK(sent == &fd, 1);
	close(fd);
	close(server);
}

/* A sender that is not read from is stopped, and goes on. */
static void check_full(void)
{
	int server, fd = pair(SOCK_STREAM, 70060, &server), ep = epoll_create1(0);
	struct epoll_event e = {.events = EPOLLOUT | EPOLLET}, got;
	static char bytes[65536];
	long sent = 0, read_back = 0;
	ssize_t n = 0;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (has_loopback && (n = send(fd, bytes, sizeof(bytes), 0)) > 0)
		sent += n;
	CHECK(n, -EAGAIN);
	CHECK(sent >= 65536 && sent <= 1 << 20, 1);
	CHECK(events(fd), 0);
	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
	CHECK(epoll_wait(ep, &got, 1, 0), 0);
	while (has_loopback && read_back < sent && (n = recv(server, bytes, sizeof(bytes), 0)) > 0)
		read_back += n;
	CHECK(read_back == sent, 1);
	CHECK(epoll_wait(ep, &got, 1, 1000), 1);
	CHECK(send(fd, "x", 1, 0), 1);
	close(ep);
	close(fd);
	close(server);
}

static void check_nonblocking(void)
{
	int l = listener(SOCK_STREAM, 70070), fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK, 0), ret = 0, error = -1;
	socklen_t len = sizeof(error);
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	if (has_loopback)
		ret = connect_to(fd, VMADDR_CID_LOCAL, 70070);
	CHECK(ret == 0 || errno == EINPROGRESS, 1);
	CHECK(poll(&p, 1, 1000), 1);
	CHECK(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len), 0);
	CHECK(error, 0);
	close(fd);
	close(l);
}

/* With one, nobody there is a reset. Without, there is no way, or a host that does not answer for others. */
static int find_loopback(void)
{
	struct timeval t = {.tv_usec = 300000};
	int fd = socket(AF_VSOCK, SOCK_STREAM, 0), found;

	setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &t, sizeof(t));
	found = connect_to(fd, VMADDR_CID_LOCAL, 79999) == -1 && errno == ECONNRESET;
	if (!found)
		printf("# no loopback here (%s): connections are compared with what vsock(7) says\n", strerror(errno));
	close(fd);
	return found;
}

int main(void)
{
	alarm(60);
	signal(SIGPIPE, SIG_IGN);
	show_sockets();
	has_loopback = find_loopback();
	check_connecting();
	check_stream();
	check_closing();
	check_messages();
	check_much();
	check_full();
	check_nonblocking();
	return 0;
}
