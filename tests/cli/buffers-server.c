/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fills buffers: at port 1 each connection is sent 2 MiB, at port 2 nothing is read for three seconds, then all, and its sum is answered; port 3 echoes.
 * A thread for each connection. Whatever is wrong is told on the standard output.
 */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SENT = 2 << 20, STACK = 65536, PART = 16384 };

static void send_much(int fd)
{
	char bytes[PART];
	size_t sent = 0;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i % 251);
	while (sent < SENT) {
		size_t at = sent % sizeof(bytes);
		ssize_t n = send(fd, bytes + at, sizeof(bytes) - at, MSG_NOSIGNAL);

		if (n < 0) {
			printf("send: %s\n", strerror(errno));
			return;
		}
		sent += (size_t)n;
	}
}

static void read_late(int fd)
{
	unsigned char bytes[PART];
	uint32_t sum = 0;
	char answer[32];
	ssize_t n;

	sleep(3);
	while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
		for (ssize_t i = 0; i < n; i++)
			sum = sum * 31 + bytes[i];
	if (n < 0)
		printf("recv: %s\n", strerror(errno));
	send(fd, answer, (size_t)sprintf(answer, "%u\n", sum), MSG_NOSIGNAL);
}

static void echo(int fd)
{
	char bytes[PART];
	ssize_t n;

	while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
		send(fd, bytes, (size_t)n, MSG_NOSIGNAL);
}

static void *serve(void *argument)
{
	static void (*const ways[])(int) = {send_much, read_late, echo};
	int port = (int)((uintptr_t)argument >> 16), fd = (int)((uintptr_t)argument & 0xffff);

	ways[port - 1](fd);
	close(fd);
	return NULL;
}

static void *listen_at(void *argument)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(uintptr_t)argument)};
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd;
	pthread_attr_t small;
	pthread_t thread;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, STACK);
	pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
	if (bind(listener, (struct sockaddr *)&any, sizeof(any)) || listen(listener, 128))
		perror("listen");
	while ((fd = accept(listener, NULL, NULL)) >= 0)
		if (pthread_create(&thread, &small, serve, (void *)((uintptr_t)argument << 16 | (uintptr_t)fd)))
			puts("no thread");
	perror("accept");
	return NULL;
}

int main(void)
{
	pthread_t thread;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (uintptr_t port = 2; port <= 3; port++)
		pthread_create(&thread, NULL, listen_at, (void *)port);
	listen_at((void *)1);
	return 1;
}
