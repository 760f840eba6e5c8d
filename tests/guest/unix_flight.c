/* SPDX-License-Identifier: BSD-3-Clause */
/* Sockets that travel in sockets (unix(7), SCM_RIGHTS): chains of any depth end, circles that nobody can reach are collected, and nothing else is. */
#define _GNU_SOURCE
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "show.h"

enum { DEPTH = 5000, CIRCLES = 1000, MIB = 1024 * 1024 };

static int send_file(int via, int fd)
{
	char byte = 'x';
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec io = {&byte, 1};
	struct msghdr message = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(via, &message, MSG_DONTWAIT) == 1 ? 0 : -1;
}

static int receive_file(int via)
{
	char byte;
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec io = {&byte, 1};
	struct msghdr message = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)};
	int fd = -1;

	if (recvmsg(via, &message, 0) == 1 && message.msg_controllen >= CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static void pair(int type, int ends[2])
{
	if (socketpair(AF_UNIX, type, 0, ends)) {
		perror("socketpair");
		exit(1);
	}
}

/* Each socket lies in the queue of the next: the last close ends them all. */
static void chain(void)
{
	int last = -1, nr = 0;

	for (; nr < DEPTH; nr++) {
		int ends[2];

		pair(SOCK_DGRAM, ends);
		if (last >= 0 && send_file(ends[0], last))
			break;
		if (last >= 0)
			close(last);
		close(ends[0]);
		last = ends[1];
	}
	close(last);
	printf("a chain of %d sockets is closed\n", nr);
}

static long sockets_there_are(void)
{
	FILE *file = fopen("/proc/net/unix", "r");
	long lines = 0;
	int c;

	while (file && (c = getc(file)) != EOF)
		lines += c == '\n';
	if (file)
		fclose(file);
	return lines;
}

static void circle(int type)
{
	int ends[2];

	pair(type, ends);
	send_file(ends[0], ends[0]);
	send_file(ends[0], ends[1]);
	send_file(ends[1], ends[0]);
	close(ends[0]);
	close(ends[1]);
}

static void circle_through_listener(unsigned n)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	socklen_t len = (socklen_t)(sizeof(sa_family_t) + 1 + (unsigned)snprintf(name.sun_path + 1, 40, "flight-%d-%u", getpid(), n));
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);

	if (bind(listener, (struct sockaddr *)&name, len) || listen(listener, 3) || connect(client, (struct sockaddr *)&name, len) || send_file(client, listener))
		perror("listener");
	close(listener);
	close(client);
}

/* Some may lie about for a while; collectors begin when more come, or a little later. */
static void tell_leftovers(const char *what, long before)
{
	long more = 0;

	for (int i = 0; i < 50; i++) {
		int ends[2];

		pair(SOCK_STREAM, ends);
		close(ends[0]);
		close(ends[1]);
		more = sockets_there_are() - before;
		if (more < CIRCLES / 4)
			break;
		usleep(100000);
	}
	printf("%s: %s\n", what, more < CIRCLES / 4 ? "collected" : "they pile up");
}

static void circles(void)
{
	long before = sockets_there_are();

	for (int i = 0; i < CIRCLES; i++)
		circle(i % 3 == 0 ? SOCK_STREAM : i % 3 == 1 ? SOCK_DGRAM : SOCK_SEQPACKET);
	tell_leftovers("circles", before);
	for (unsigned i = 0; i < CIRCLES; i++)
		circle_through_listener(i);
	tell_leftovers("circles through listeners", before);
}

/* What garbage held is let go too. */
static void garbage_with_memory(void)
{
	int ends[2], watch[2], file = memfd_create("garbage", 0), fd;
	struct pollfd hung;

	pair(SOCK_STREAM, ends);
	pair(SOCK_STREAM, watch);
	send_file(ends[0], ends[1]);
	send_file(ends[0], watch[1]);
	send_file(ends[0], file);
	close(watch[1]);
	close(file);
	close(ends[0]);
	close(ends[1]);
	hung = (struct pollfd){.fd = watch[0], .events = POLLIN};
	for (int i = 0; i < 100 && !poll(&hung, 1, 50); i++) {
		fd = socket(AF_UNIX, SOCK_DGRAM, 0);
		close(fd);
	}
	printf("what garbage held is closed: %d\n", (hung.revents & POLLHUP) != 0);
	close(watch[0]);
}

/* Reachable ones stay, however many collections there are, even if they can be reached only through two others. */
static void reachable_ones(void)
{
	int outer[2], inner[2], kept[2], fd;
	char byte = 0;

	pair(SOCK_DGRAM, outer);
	pair(SOCK_DGRAM, inner);
	pair(SOCK_STREAM, kept);
	send_file(inner[0], kept[1]);
	send_file(inner[0], inner[0]);
	send_file(outer[0], inner[1]);
	close(kept[1]);
	close(inner[0]);
	close(inner[1]);
	for (int i = 0; i < CIRCLES; i++)
		circle(SOCK_DGRAM);
	fd = receive_file(outer[1]);
	fd = receive_file(fd);
	if (write(fd, "k", 1) != 1 || read(kept[0], &byte, 1) != 1)
		perror("kept");
	printf("reachable ones stay: %d\n", byte == 'k');
}

int main(void)
{
	chain();
	circles();
	garbage_with_memory();
	reachable_ones();
	return 0;
}
