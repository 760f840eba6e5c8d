/* SPDX-License-Identifier: BSD-3-Clause */
/* The program of first-process.test: what it sees of process 1 and of its own start, and how it ends. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void show_file(const char *path)
{
	char text[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	printf("%s:", path);
	for (ssize_t i = 0; i < n; i++)
		putchar(text[i] ? text[i] : '|');
	if (n <= 0 || text[n - 1] != '\n')
		putchar('\n');
	close(fd);
}

/* The lines of /proc/1/status that do not depend on the moment. */
static void show_status(void)
{
	static const char *const keys[] = {"Name:", "State:", "Tgid:", "Pid:", "PPid:", "Uid:", "Threads:", "SigPnd:", "SigBlk:", "SigIgn:", "SigCgt:", "CapEff:"};
	FILE *file = fopen("/proc/1/status", "r");
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			if (!strncmp(line, keys[i], strlen(keys[i])))
				fputs(line, stdout);
	fclose(file);
}

/* Init that started the program goes on to wait for it at the same time. */
static void until_asleep(void)
{
	char text[256] = "";

	for (int tries = 0; tries < 500 && !strstr(text, ") S "); tries++) {
		int fd = open("/proc/1/stat", O_RDONLY);
		ssize_t n = read(fd, text, sizeof(text) - 1);

		text[n > 0 ? n : 0] = '\0';
		close(fd);
		usleep(tries ? 10000 : 0);
	}
}

static void show_descriptor(int fd)
{
	char name[64], path[256];
	struct stat open_one, named;
	ssize_t n;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = readlink(name, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	printf("%d %s flags %o fd flags %d", fd, path, fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
	if (!fstat(fd, &open_one) && !stat(path, &named))
		printf(" %o %llx %s", open_one.st_mode, (unsigned long long)open_one.st_rdev,
		    open_one.st_ino == named.st_ino && open_one.st_dev == named.st_dev ? "same" : "another");
	putchar('\n');
}

static int look(void)
{
	char cwd[256], host[65], link[256];
	ssize_t n;

	printf("pid %d parent %d group %d session %d\n", getpid(), getppid(), getpgrp(), getsid(0));
	for (int fd = 0; fd < 5; fd++)
		show_descriptor(fd);
	printf("kill 1: %d\n", kill(1, 0));
	printf("group of 1: %d, session %d\n", getpgid(1), getsid(1));
	show_file("/proc/1/comm");
	show_file("/proc/1/cmdline");
	show_file("/proc/1/environ");
	until_asleep();
	show_status();
	n = readlink("/proc/1/exe", link, sizeof(link));
	printf("exe of 1: %zd %d\n", n, n < 0 ? errno : 0);
	n = readlink("/proc/1/fd/0", link, sizeof(link) - 1);
	printf("control: %.*s\n", (int)(n > 0 ? n : 0), link);
	gethostname(host, sizeof(host));
	printf("cwd %s host %s PATH %s A %s\n", getcwd(cwd, sizeof(cwd)), host, getenv("PATH"), getenv("A"));
	show_file("/proc/self/comm");
	show_file("/proc/self/cmdline");
	return 0;
}

/* A grandchild whose parent is gone belongs to process 1, which reaps it. */
static int orphan(void)
{
	int ends[2];
	char path[64];
	pid_t grandchild;

	if (pipe(ends))
		return 2;
	if (!fork()) {
		if (!fork()) {
			struct timespec shortly = {.tv_nsec = 1000000};

			while (getppid() != 1)
				nanosleep(&shortly, NULL);
			grandchild = getpid();
			_exit(write(ends[1], &grandchild, sizeof(grandchild)) != sizeof(grandchild));
		}
		_exit(0);
	}
	wait(NULL);
	if (read(ends[0], &grandchild, sizeof(grandchild)) != sizeof(grandchild))
		return 3;
	snprintf(path, sizeof(path), "/proc/%d", grandchild);
	for (int tries = 0; tries < 500 && !access(path, F_OK); tries++)
		usleep(10000);
	puts(access(path, F_OK) ? "reaped" : "a zombie stays");
	return 0;
}

/* Ends while a process that it left behind runs on. */
static int leave(void)
{
	if (!fork()) {
		setsid();
		sleep(1000);
	}
	return 6;
}

static void ignore(int signal)
{
}

static int await(int signal)
{
	struct sigaction action = {.sa_handler = ignore};
	struct winsize size = {0};
	sigset_t mask, old;

	sigemptyset(&mask);
	sigaddset(&mask, signal);
	sigprocmask(SIG_BLOCK, &mask, &old);
	sigaction(signal, &action, NULL);
	fputs("waiting\n", stderr);
	sigsuspend(&old);
	ioctl(0, TIOCGWINSZ, &size);
	printf("signal %d size %d %d\n", signal, size.ws_row, size.ws_col);
	return 5;
}

static volatile sig_atomic_t handled;
static void on_signal(int signal) { handled = signal; }

/* Asks to be traced by process 1, as programs do that look for debuggers: each signal is told to it, and it lets the program go on. */
static int traced(void)
{
	signal(SIGUSR1, on_signal);
	if (ptrace(PTRACE_TRACEME, 0, 0, 0))
		return 1;
	raise(SIGUSR1);
	return handled == SIGUSR1 ? 7 : 2;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOFBF, 65536);
	if (!strcmp(what, "look"))
		return look();
	if (!strcmp(what, "orphan"))
		return orphan();
	if (!strcmp(what, "leave"))
		return leave();
	if (!strcmp(what, "traced"))
		return traced();
	if (!strcmp(what, "crash"))
		raise(SIGSEGV);
	if (!strcmp(what, "term"))
		return await(SIGTERM);
	if (!strcmp(what, "winch"))
		return await(SIGWINCH);
	return 1;
}
