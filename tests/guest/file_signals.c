/* SPDX-License-Identifier: BSD-3-Clause */
/* fcntl(2), socket(7): signals about open files: SIGIO when something can be read, a chosen signal with details, SIGURG for urgent data, and who gets them. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "show.h"

static volatile sig_atomic_t nr_io, nr_urgent, nr_chosen, last_code, last_fd;
static volatile long last_band;

static void on_signal(int signal, siginfo_t *info, void *context)
{
	if (signal == SIGIO) {
		nr_io++;
	} else if (signal == SIGURG) {
		nr_urgent++;
	} else {
		nr_chosen++;
		last_code = info->si_code;
		last_fd = info->si_fd;
		last_band = info->si_band;
	}
}

/* Signals come a moment later. */
static void settle(void)
{
	for (int i = 0; i < 10; i++) {
		struct timespec time = {0, 10000000};

		nanosleep(&time, NULL);
	}
}

static void show_counts(const char *what)
{
	settle();
	printf("%s: io %s, urgent %s, chosen %s\n", what, nr_io ? "yes" : "no", nr_urgent ? "yes" : "no", nr_chosen ? "yes" : "no");
	nr_io = nr_urgent = nr_chosen = 0;
}

static void drain(int fd)
{
	char bytes[100];

	while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
}

static void connect_pair(int pair[2])
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(at);

	pair[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&at, len) || listen(listener, 1) || getsockname(listener, (struct sockaddr *)&at, &len) ||
	    connect(pair[0], (struct sockaddr *)&at, len))
		perror("pair");
	pair[1] = accept(listener, NULL, NULL);
	close(listener);
}

static void test_io(const char *what, int reader, int writer)
{
	printf("-- %s\n", what);
	SHOW(fcntl(reader, F_SETFL, O_ASYNC));
	SHOW((fcntl(reader, F_GETFL) & O_ASYNC) != 0);
	SHOW(write(writer, "x", 1));
	show_counts("nobody owns it");
	drain(reader);
	SHOW(fcntl(reader, F_SETOWN, getpid()));
	SHOW(fcntl(reader, F_GETOWN) == getpid());
	settle();
	nr_io = 0;
	SHOW(write(writer, "x", 1));
	show_counts("owned");
	drain(reader);
	SHOW(fcntl(reader, F_SETSIG, SIGRTMIN + 1));
	SHOW(fcntl(reader, F_GETSIG) == SIGRTMIN + 1);
	settle();
	nr_io = nr_chosen = 0;
	SHOW(write(writer, "x", 1));
	settle();
	printf("code %d, fd %s, band %s\n", (int)last_code, last_fd == reader ? "the reader's" : "another", last_band & POLLIN ? "in" : "other");
	show_counts("chosen");
	drain(reader);
	SHOW(fcntl(reader, F_SETSIG, 0));
	SHOW(fcntl(reader, F_SETSIG, 1000));
	SHOW(fcntl(reader, F_SETFL, 0));
	settle();
	nr_io = nr_chosen = 0;
	SHOW(write(writer, "x", 1));
	show_counts("no longer");
	drain(reader);
}

static void test_ioctl(int reader, int writer)
{
	int one = 1, zero = 0, pid = getpid(), got = 0;

	puts("-- ioctl");
	SHOW(ioctl(reader, SIOCSPGRP, &pid));
	SHOW(ioctl(reader, SIOCGPGRP, &got));
	SHOW(got == pid);
	got = 0;
	SHOW(ioctl(reader, FIOGETOWN, &got));
	SHOW(got == pid);
	SHOW(ioctl(reader, FIOASYNC, &one));
	SHOW((fcntl(reader, F_GETFL) & O_ASYNC) != 0);
	SHOW(write(writer, "x", 1));
	show_counts("by ioctl");
	drain(reader);
	SHOW(ioctl(reader, FIOASYNC, &zero));
	settle();
	nr_io = 0;
	SHOW(write(writer, "x", 1));
	show_counts("off");
	drain(reader);
	pid = -getpgrp();
	SHOW(ioctl(reader, FIOSETOWN, &pid));
	SHOW(fcntl(reader, F_GETOWN) == -getpgrp());
	SHOW(fcntl(reader, F_SETOWN, 0));
}

static void test_urgent(void)
{
	int pair[2];

	puts("-- urgent data");
	connect_pair(pair);
	SHOW(send(pair[0], "!", 1, MSG_OOB));
	show_counts("nobody owns it");
	SHOW(fcntl(pair[1], F_SETOWN, getpid()));
	SHOW(send(pair[0], "!", 1, MSG_OOB));
	show_counts("owned");
	close(pair[0]);
	close(pair[1]);
}

/* A child owns the parent's socket. */
static void test_other_owner(int reader, int writer)
{
	int status, ready[2];
	sigset_t set;
	pid_t child;

	puts("-- another owner");
	if (pipe(ready))
		perror("pipe");
	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	child = fork();
	if (!child) {
		struct timespec time = {10, 0};

		sigprocmask(SIG_BLOCK, &set, NULL);
		if (write(ready[1], "", 1) != 1)
			_exit(3);
		_exit(sigtimedwait(&set, NULL, &time) == SIGIO ? 7 : 1);
	}
	if (read(ready[0], &status, 1) != 1)
		perror("read");
	SHOW_OK(fcntl(reader, F_SETOWN, child));
	SHOW(fcntl(reader, F_SETFL, O_ASYNC));
	SHOW(write(writer, "x", 1));
	waitpid(child, &status, 0);
	printf("the child got it: %d\n", WEXITSTATUS(status) == 7);
	show_counts("we");
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
	int pair[2];

	sigaction(SIGIO, &action, NULL);
	sigaction(SIGURG, &action, NULL);
	sigaction(SIGRTMIN + 1, &action, NULL);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		perror("socketpair");
	test_io("AF_UNIX", pair[0], pair[1]);
	test_ioctl(pair[0], pair[1]);
	test_other_owner(pair[0], pair[1]);
	close(pair[0]);
	close(pair[1]);
	connect_pair(pair);
	test_io("TCP", pair[0], pair[1]);
	test_urgent();
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		perror("socketpair");
	test_io("datagrams", pair[0], pair[1]);
	return 0;
}
