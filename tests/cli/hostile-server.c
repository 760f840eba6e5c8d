/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The server that network-hostile attacks: echoes at TCP port 7 and UDP port 7, sends without end at TCP port 9, and says how connections end that are not closed.
 * Connections at port 7 are asked if they live, those at port 9 must be acknowledged within three seconds. When the standard input ends it tells what the
 * machine has counted, and how much memory is free more or less than at the start.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 512, FIRST = 4 }; /* before the connections: standard input, echo, endless, datagrams */

static struct pollfd polled[FIRST + CONNECTIONS_MAX];
static bool is_endless[FIRST + CONNECTIONS_MAX];
static int nr = FIRST;
static char bytes[65536];

static void set(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)))
		perror("setsockopt");
}

static int serve(int type, unsigned short port)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int fd = socket(AF_INET6, type, 0);

	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) || (type == SOCK_STREAM && listen(fd, 64)))
		perror("serve");
	return fd;
}

static void greet(int listener, bool endless)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (nr == FIRST + CONNECTIONS_MAX) {
		close(fd);
		return;
	}
	if (endless) {
		set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 3000);
	} else {
		set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
		set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 1);
		set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1);
		set(fd, IPPROTO_TCP, TCP_KEEPCNT, 2);
	}
	is_endless[nr] = endless;
	polled[nr++] = (struct pollfd){.fd = fd, .events = endless ? POLLOUT : POLLIN};
}

/* False: it is over. */
static bool go_on(struct pollfd *p, bool endless)
{
	ssize_t n = endless ? send(p->fd, bytes, sizeof(bytes), MSG_NOSIGNAL) : recv(p->fd, bytes, sizeof(bytes), 0);

	if (n > 0 && !endless)
		n = send(p->fd, bytes, (size_t)n, MSG_NOSIGNAL);
	if (n < 0 && errno == EAGAIN)
		return true;
	if (n < 0)
		printf("%s: %s\n", endless ? "endless" : "echo", strerror(errno));
	return n > 0;
}

static void serve_connections(void)
{
	for (int i = FIRST; i < nr; i++) {
		if (!polled[i].revents || go_on(&polled[i], is_endless[i]))
			continue;
		close(polled[i].fd);
		nr--;
		polled[i] = polled[nr];
		is_endless[i] = is_endless[nr];
		i--;
	}
}

static void echo_datagram(int fd)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	ssize_t n = recvfrom(fd, bytes, sizeof(bytes), MSG_DONTWAIT, (struct sockaddr *)&from, &len);

	if (n >= 0)
		sendto(fd, bytes, (size_t)n, MSG_DONTWAIT, (struct sockaddr *)&from, len);
}

static long free_kib(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[200];
	long kib = 0;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemFree: %ld", &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib;
}

static void tell_counters(void)
{
	FILE *file = fopen("/proc/dory/net", "r");
	char line[200];

	while (file && fgets(line, sizeof(line), file))
		fputs(line, stdout);
	if (file)
		fclose(file);
}

int main(void)
{
	long before, least;

	setvbuf(stdout, NULL, _IOLBF, 0);
	polled[0] = (struct pollfd){.fd = 0, .events = POLLIN};
	polled[1] = (struct pollfd){.fd = serve(SOCK_STREAM, 7), .events = POLLIN};
	polled[2] = (struct pollfd){.fd = serve(SOCK_STREAM, 9), .events = POLLIN};
	polled[3] = (struct pollfd){.fd = serve(SOCK_DGRAM, 7), .events = POLLIN};
	before = least = free_kib();
	while (poll(polled, (nfds_t)nr, 1000) >= 0) {
		long now = free_kib();

		least = now < least ? now : least;
		if (polled[0].revents && read(0, bytes, sizeof(bytes)) <= 0)
			break;
		serve_connections();
		if (polled[1].revents)
			greet(polled[1].fd, false);
		if (polled[2].revents)
			greet(polled[2].fd, true);
		if (polled[3].revents)
			echo_datagram(polled[3].fd);
	}
	tell_counters();
	printf("FREE_MORE_KIB %ld\nUSED_MOST_KIB %ld\n", free_kib() - before, before - least);
	return 0;
}
