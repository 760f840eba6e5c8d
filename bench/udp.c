// SPDX-License-Identifier: BSD-3-Clause
// Questions and answers over UDP. "udp serve PORT" answers each datagram with itself; "udp ask ADDRESS PORT COUNT [SIZE]" asks one
// after another and prints the median, the 99th percentile and the number of answers that never came: "MICROSECONDS MICROSECONDS LOST".
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int serve(uint16_t port)
{
	struct sockaddr_in6 here = {.sin6_family = AF_INET6, .sin6_port = htons(port)}, from;
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	char datagram[65536];

	if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof(here))) {
		perror("udp");
		return 1;
	}
	for (;;) {
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(fd, datagram, sizeof(datagram), 0, (struct sockaddr *)&from, &len);

		if (n >= 0)
			sendto(fd, datagram, (size_t)n, 0, (struct sockaddr *)&from, len);
	}
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

// Microseconds until the answer to question `number`; -1: none within a second.
static double ask_once(int fd, uint32_t number, size_t size)
{
	char question[65536] = {0}, answer[65536];
	double start = now_us();

	memcpy(question, &number, sizeof(number));
	if (send(fd, question, size, 0) < 0)
		return -1;
	while (recv(fd, answer, sizeof(answer), 0) == (ssize_t)size)
		if (!memcmp(answer, question, size))
			return now_us() - start;
	return -1;
}

// A socket connected to an address in digits, of either family; a second is the longest wait for an answer. -1.
static int connect_to(const char *address, uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int is_4 = inet_pton(AF_INET, address, &in.sin_addr) == 1, fd = socket(is_4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
	struct timeval second = {1, 0};

	if (!is_4 && inet_pton(AF_INET6, address, &in6.sin6_addr) != 1)
		return -1;
	if (connect(fd, is_4 ? (void *)&in : (void *)&in6, is_4 ? sizeof(in) : sizeof(in6)))
		return -1;
	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)) ? -1 : fd;
}

static int ask(const char *address, uint16_t port, int count, size_t size)
{
	double *took = calloc((size_t)count, sizeof(*took));
	int fd = connect_to(address, port), answered = 0;

	if (!took || fd < 0)
		return 1;
	for (int i = 0; i < count && i - answered < 3; i++) {
		double us = ask_once(fd, (uint32_t)i, size);

		if (us >= 0)
			took[answered++] = us;
	}
	if (!answered)
		return 1;
	qsort(took, (size_t)answered, sizeof(*took), by_value);
	printf("%.1f %.1f %d\n", took[answered / 2], took[answered * 99 / 100], count - answered);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "serve"))
		return serve((uint16_t)atoi(argv[2]));
	if (argc >= 5 && !strcmp(argv[1], "ask"))
		return ask(argv[2], (uint16_t)atoi(argv[3]), atoi(argv[4]), argc > 5 ? (size_t)atoi(argv[5]) : 32);
	fprintf(stderr, "Usage: udp serve PORT | udp ask ADDRESS PORT COUNT [SIZE]\n");
	return 2;
}
