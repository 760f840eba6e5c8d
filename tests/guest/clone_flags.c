/* SPDX-License-Identifier: BSD-3-Clause */
/* clone(2) and clone3(2): what each flag shares, and what is refused. pidfd_open(2), pidfd_send_signal(2). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char stack[65536] __attribute__((aligned(16)));
static volatile int memory, handled;
static int descriptor;

static void handler(int signal)
{
	handled++;
}

static int child(void *unused)
{
	memory = 2;
	close(descriptor);
	if (chdir("/"))
		return 1;
	umask(0);
	signal(SIGUSR1, handler);
	return 3;
}

static void flags(const char *name, int flags)
{
	struct sigaction action;
	char cwd[256];
	int status;
	pid_t pid;

	memory = 1;
	descriptor = open("/dev/null", O_RDONLY);
	if (chdir("/tmp"))
		return;
	umask(022);
	signal(SIGUSR1, SIG_DFL);
	pid = clone(child, stack + sizeof(stack), flags, NULL);
	if (pid < 0) {
		printf("%s: %s\n", name, strerrorname_np(errno));
		return;
	}
	pid_t got = waitpid(pid, &status, __WALL);
	sigaction(SIGUSR1, NULL, &action);
	printf("%s: waited %d status %d memory %d descriptor %s cwd %s umask %o handler %s\n", name, got == pid, WEXITSTATUS(status), memory,
	    fcntl(descriptor, F_GETFD) < 0 ? "closed" : "open", getcwd(cwd, sizeof(cwd)) ? cwd : "?", umask(022), action.sa_handler == handler ? "set" : "default");
	close(descriptor);
}

static long clone3(struct clone_args *args, size_t size)
{
	return syscall(SYS_clone3, args, size);
}

static void show(const char *what, long ret)
{
	printf("%s: %ld %s\n", what, ret, ret < 0 ? strerrorname_np(errno) : "");
}

static void refused(void)
{
	struct {
		struct clone_args args;
		char more[8];
	} big;
	struct clone_args args = {.exit_signal = SIGCHLD};
	int status;
	long pid;

	flags("SIGHAND without VM", CLONE_SIGHAND | SIGCHLD);
	flags("THREAD without SIGHAND", CLONE_THREAD | CLONE_VM | SIGCHLD);
	show("clone3 too small", clone3(&args, 32));
	memset(&big, 0, sizeof(big));
	big.args.exit_signal = SIGCHLD;
	big.more[3] = 1;
	show("clone3 unknown tail", clone3(&big.args, sizeof(big)));
	args.exit_signal = 70;
	show("clone3 bad signal", clone3(&args, sizeof(args)));
	args = (struct clone_args){.exit_signal = SIGCHLD, .stack = 4096};
	show("clone3 stack without size", clone3(&args, sizeof(args)));
	args = (struct clone_args){.exit_signal = SIGCHLD, .flags = CLONE_DETACHED};
	show("clone3 detached", clone3(&args, sizeof(args)));
	args = (struct clone_args){.exit_signal = SIGCHLD};
	pid = clone3(&args, sizeof(args));
	if (!pid)
		_exit(21);
	waitpid((pid_t)pid, &status, 0);
	printf("clone3: %d\n", WEXITSTATUS(status));
}

static void signals(void)
{
	int status = 0;
	pid_t pid = clone(child, stack + sizeof(stack), 0, NULL), got;

	got = waitpid(pid, &status, 0);
	printf("no exit signal: plain wait %d %s\n", got, strerrorname_np(errno));
	got = waitpid(pid, &status, __WCLONE);
	printf("__WCLONE: %d %d\n", got == pid, WEXITSTATUS(status));
	signal(SIGUSR2, handler);
	handled = 0;
	pid = clone(child, stack + sizeof(stack), SIGUSR2, NULL);
	while (waitpid(pid, &status, __WALL) < 0)
		;
	printf("exit signal of choice: %d\n", handled);
}

static void tids(void)
{
	pid_t parent_tid = 0, pid, *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;

	pid = (pid_t)syscall(SYS_clone, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, NULL, &parent_tid, shared, 0);
	if (!pid)
		_exit(*shared == getpid() ? 0 : 1);
	waitpid(pid, &status, 0);
	printf("SETTID: parent %d child %d\n", parent_tid == pid, WEXITSTATUS(status) == 0 && *shared == pid);
	*shared = 99;
	pid = clone(child, stack + sizeof(stack), CLONE_VM | CLONE_CHILD_CLEARTID | SIGCHLD, NULL, NULL, NULL, shared);
	waitpid(pid, &status, 0);
	printf("CLEARTID: %d\n", *shared);
}

static int unsharing_child(void *unused)
{
	show("unshare", unshare(CLONE_FILES | CLONE_FS));
	return child(NULL);
}

static void unsharing(void)
{
	int status;
	char cwd[256];
	pid_t pid;

	descriptor = open("/dev/null", O_RDONLY);
	if (chdir("/tmp"))
		return;
	pid = clone(unsharing_child, stack + sizeof(stack), CLONE_FILES | CLONE_FS | SIGCHLD, NULL);
	waitpid(pid, &status, 0);
	printf("descriptor %s cwd %s\n", fcntl(descriptor, F_GETFD) < 0 ? "closed" : "open", getcwd(cwd, sizeof(cwd)));
	show("unshare nothing", unshare(0));
	show("unshare unknown", unshare(4));
	close(descriptor);
}

static void pidfds(void)
{
	struct clone_args args = {.exit_signal = SIGCHLD, .flags = CLONE_PIDFD};
	siginfo_t info;
	int fd = -1, second;
	long pid;

	args.pidfd = (unsigned long)&fd;
	pid = clone3(&args, sizeof(args));
	if (!pid) {
		pause();
		_exit(0);
	}
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	printf("pidfd: close-on-exec %d poll %d\n", fcntl(fd, F_GETFD), poll(&poll_fd, 1, 0));
	second = (int)syscall(SYS_pidfd_open, (int)pid, 0);
	printf("open: %d\n", second >= 0);
	show("signal", syscall(SYS_pidfd_send_signal, second, SIGTERM, NULL, 0));
	printf("poll %d\n", poll(&poll_fd, 1, 5000));
	show("waitid", waitid(P_PIDFD, (id_t)fd, &info, WEXITED));
	printf("code %d status %d\n", info.si_code, info.si_status);
	show("gone", syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0));
	show("open gone", syscall(SYS_pidfd_open, (int)pid, 0));
	show("open bad", syscall(SYS_pidfd_open, -1, 0));
	show("not a pidfd", syscall(SYS_pidfd_send_signal, 0, SIGTERM, NULL, 0));
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	flags("nothing", SIGCHLD);
	flags("VM", CLONE_VM | SIGCHLD);
	flags("FILES", CLONE_FILES | SIGCHLD);
	flags("FS", CLONE_FS | SIGCHLD);
	flags("VM SIGHAND", CLONE_VM | CLONE_SIGHAND | SIGCHLD);
	flags("VFORK VM", CLONE_VM | CLONE_VFORK | SIGCHLD);
	flags("PARENT_SETTID without address", CLONE_PARENT_SETTID | SIGCHLD);
	refused();
	signals();
	tids();
	unsharing();
	pidfds();
	return 0;
}
