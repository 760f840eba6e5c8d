/* SPDX-License-Identifier: BSD-3-Clause */
/* Process groups, sessions, stops and continuations, orphaned groups, prctl(2)'s death signal. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t children, last_code, last_status, hangups, continuations;

static void show(const char *what, long ret)
{
	printf("%s: %ld %s\n", what, ret, ret < 0 ? strerrorname_np(errno) : "");
}

static void on_child(int signal, siginfo_t *info, void *context)
{
	children++;
	last_code = info->si_code;
	last_status = info->si_status;
}

static void on_hangup(int signal)
{
	if (signal == SIGHUP)
		hangups++;
	else
		continuations++;
}

static void groups(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		show("setpgid", setpgid(0, 0));
		printf("own group: %d\n", getpgrp() == getpid());
		show("setsid as leader", setsid());
		show("group of nobody", setpgid(0, 999999));
		show("setpgid negative", setpgid(0, -1));
		show("getpgid of nobody", getpgid(999999));
		if (!fork()) {
			pid_t session = setsid();

			printf("session: %d %d %d\n", session == getpid(), getsid(0) == getpid(), getpgrp() == getpid());
			show("setpgid as session leader", setpgid(0, 0));
			_exit(0);
		}
		wait(NULL);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	pid = fork();
	if (!pid)
		_exit((execl("/proc/self/exe", "x", "sleep", NULL), 1));
	usleep(200000);
	show("setpgid after exec", setpgid(pid, pid));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

static void wait_for_children(int count)
{
	for (int i = 0; i < 200 && children < count; i++)
		usleep(10000);
}

static void notices(int flags)
{
	struct sigaction action = {.sa_sigaction = on_child, .sa_flags = SA_SIGINFO | flags};
	int status;
	pid_t pid;

	sigaction(SIGCHLD, &action, NULL);
	children = 0;
	pid = fork();
	if (!pid) {
		for (;;)
			pause();
	}
	kill(pid, SIGSTOP);
	if (!flags) {
		wait_for_children(1);
		printf("SIGCHLD of a stop: code %d status %d\n", last_code, last_status);
		kill(pid, SIGCONT);
		wait_for_children(2);
		printf("SIGCHLD of a continuation: code %d status %d\n", last_code, last_status);
	} else {
		waitpid(pid, &status, WUNTRACED);
		kill(pid, SIGCONT);
		waitpid(pid, &status, WCONTINUED);
		printf("SA_NOCLDSTOP: %d\n", children);
	}
	kill(pid, SIGTERM);
	wait_for_children(flags ? 1 : 3);
	printf("SIGCHLD of the end: code %d status %d\n", last_code, last_status);
	waitpid(pid, &status, 0);
	signal(SIGCHLD, SIG_DFL);
}

/* A stopped process can be killed, and takes other signals when it goes on. */
static void stopped(void)
{
	int status, fds[2];
	char byte = 0;
	pid_t pid;

	if (pipe(fds))
		exit(1);
	pid = fork();
	if (!pid) {
		setpgid(0, 0); /* whose parent is in another group of the session: not orphaned, so that SIGTSTP stops it */
		signal(SIGCONT, on_hangup);
		raise(SIGSTOP);
		printf("handled SIGCONT: %d\n", continuations);
		for (;;)
			pause();
	}
	waitpid(pid, &status, WUNTRACED);
	kill(pid, SIGCONT);
	usleep(100000);
	kill(pid, SIGTSTP);
	usleep(50000);
	waitpid(pid, &status, WUNTRACED);
	printf("stopped by %d\n", WIFSTOPPED(status) ? WSTOPSIG(status) : -1);
	kill(pid, SIGTERM);
	usleep(50000);
	printf("not yet: %d\n", waitpid(pid, &status, WNOHANG));
	kill(pid, SIGCONT);
	waitpid(pid, &status, 0);
	printf("ended by %d\n", WTERMSIG(status));
	pid = fork();
	if (!pid) {
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(pid, &status, WUNTRACED);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	printf("killed while stopped: %d\n", WTERMSIG(status));
	(void)byte;
}

static void orphaned(void)
{
	int fds[2], status;
	char text[64] = "";
	pid_t middle;

	if (pipe(fds))
		exit(1);
	middle = fork();
	if (!middle) {
		pid_t inner;

		setsid();
		inner = fork();
		if (!inner) {
			setpgid(0, 0);
			signal(SIGHUP, on_hangup);
			signal(SIGCONT, on_hangup);
			raise(SIGSTOP);
			usleep(20000);
			snprintf(text, sizeof(text), "hangups %d continuations %d", hangups, continuations);
			_exit(write(fds[1], text, sizeof(text)) < 0);
		}
		waitpid(inner, &status, WUNTRACED);
		_exit(0); /* the inner one's group has nobody left in its session to continue it */
	}
	waitpid(middle, &status, 0);
	close(fds[1]);
	if (read(fds[0], text, sizeof(text)) > 0)
		printf("orphaned group: %s\n", text);
	close(fds[0]);
}

static void death(void)
{
	int fds[2], status;
	char byte;
	pid_t pid;

	if (pipe(fds))
		exit(1);
	pid = fork();
	if (!pid) {
		if (!fork()) {
			int signal = 0;

			prctl(PR_SET_PDEATHSIG, SIGKILL);
			prctl(PR_GET_PDEATHSIG, &signal);
			printf("death signal %d\n", signal);
			if (write(fds[1], "r", 1) != 1)
				_exit(1);
			for (;;)
				pause();
		}
		_exit(read(fds[0], &byte, 1) != 1);
	}
	waitpid(pid, &status, 0);
	close(fds[1]);
	printf("the pipe ends: %zd\n", read(fds[0], &byte, 1));
	close(fds[0]);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc > 1) {
		sleep(5);
		return 0;
	}
	groups();
	notices(0);
	notices(SA_NOCLDSTOP);
	stopped();
	orphaned();
	death();
	return 0;
}
