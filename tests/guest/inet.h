/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of Internet sockets share: addresses of this host with ports that the kernel chooses, pairs of connected sockets. */
#pragma once
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "show.h"

static inline struct sockaddr_in local(unsigned port)
{
	return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static inline struct sockaddr_in name_of(int fd)
{
	struct sockaddr_in a = {0};
	socklen_t len = sizeof(a);

	getsockname(fd, (void *)&a, &len);
	return a;
}

/* A listener on 127.0.0.1, on a port of the kernel's choice. */
static inline int listener(int backlog)
{
	struct sockaddr_in a = local(0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (void *)&a, sizeof(a)) || listen(fd, backlog))
		perror("listener");
	return fd;
}

static inline int connect_to(int listening)
{
	struct sockaddr_in a = name_of(listening);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (void *)&a, sizeof(a)))
		perror("connect");
	return fd;
}

/* s[0] connected to s[1], which was accepted. */
static inline void tcp_pair(int s[2])
{
	int l = listener(1);

	s[0] = connect_to(l);
	s[1] = accept(l, NULL, NULL);
	close(l);
}

/* Waits for any of the events, a second at most. */
static inline short poll_for(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	poll(&p, 1, 1000);
	return p.revents;
}

static inline short poll_now(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP | POLLPRI};

	poll(&p, 1, 0);
	return p.revents;
}

static inline int int_option(int fd, int level, int option)
{
	int v = -12345;
	socklen_t len = sizeof(v);

	return getsockopt(fd, level, option, &v, &len) ? -errno : v;
}

/* What recv(2) gives, and where it leaves SO_PEEK_OFF. */
static inline void show_look(int fd, size_t len, int flags)
{
	char bytes[64];
	ssize_t n = recv(fd, bytes, len, flags);

	if (n < 0)
		printf("-%s, offset %d\n", strerrorname_np(errno), int_option(fd, SOL_SOCKET, SO_PEEK_OFF));
	else
		printf("%zd bytes %.*s, offset %d\n", n, (int)(n < (ssize_t)len ? n : (ssize_t)len), bytes, int_option(fd, SOL_SOCKET, SO_PEEK_OFF));
}

static inline int set_int(int fd, int level, int option, int v)
{
	return setsockopt(fd, level, option, &v, sizeof(v));
}
