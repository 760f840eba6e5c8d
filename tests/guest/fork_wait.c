/* SPDX-License-Identifier: BSD-3-Clause */
/* fork(2), vfork(2), wait4(2), waitid(2): statuses, options, zombies, orphans, resource usage. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void show(const char *what, int ret, const int *at)
{
	int status = *at;

	printf("%s: %s", what, ret < 0 ? strerrorname_np(errno) : ret ? "pid" : "none");
	if (ret > 0 && WIFEXITED(status))
		printf(" exited %d", WEXITSTATUS(status));
	if (ret > 0 && WIFSIGNALED(status))
		printf(" killed by %d", WTERMSIG(status));
	if (ret > 0 && WIFSTOPPED(status))
		printf(" stopped by %d", WSTOPSIG(status));
	if (ret > 0 && WIFCONTINUED(status))
		printf(" continued");
	printf("\n");
}

static void statuses(void)
{
	int status = 0, codes[] = {0, 1, 42, 255, 256};

	for (unsigned i = 0; i < 5; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(codes[i]);
		show("exit", waitpid(pid, &status, 0), &status);
	}
	int signals[] = {SIGTERM, SIGKILL, SIGUSR1, SIGRTMIN};
	for (unsigned i = 0; i < 4; i++) {
		pid_t pid = fork();

		if (!pid) {
			raise(signals[i]);
			_exit(1);
		}
		show("signal", waitpid(pid, &status, 0), &status);
	}
	show("no children", waitpid(-1, &status, 0), &status);
	show("not a child", waitpid(1, &status, 0), &status);
	show("bad option", waitpid(-1, &status, 0x100), &status);
}

static void stops(void)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		raise(SIGSTOP);
		usleep(200000);
		_exit(7);
	}
	show("stopped", waitpid(pid, &status, WUNTRACED), &status);
	show("again", waitpid(pid, &status, WUNTRACED | WNOHANG), &status);
	kill(pid, SIGCONT);
	show("continued", waitpid(pid, &status, WCONTINUED), &status);
	show("ended", waitpid(pid, &status, 0), &status);
}

static void ids(void)
{
	siginfo_t info;
	pid_t pid = fork();

	if (!pid)
		_exit(9);
	memset(&info, 0, sizeof(info));
	printf("waitid peek %d", waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
	printf(" code %d status %d pid %d signo %d\n", info.si_code, info.si_status, info.si_pid == pid, info.si_signo);
	printf("waitid take %d", waitid(P_ALL, 0, &info, WEXITED));
	printf(" code %d status %d\n", info.si_code, info.si_status);
	show("waitid gone", waitid(P_PID, (id_t)pid, &info, WEXITED), &(int){0});
	show("waitid no options", waitid(P_ALL, 0, &info, 0), &(int){0});
	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		pause();
	}
	setpgid(pid, pid);
	memset(&info, 1, sizeof(info));
	printf("nothing yet %d", waitid(P_PGID, (id_t)pid, &info, WEXITED | WNOHANG));
	printf(" pid %d\n", info.si_pid);
	kill(-pid, SIGKILL);
	printf("group %d", waitid(P_PGID, (id_t)pid, &info, WEXITED));
	printf(" code %d status %d\n", info.si_code, info.si_status);
}

static void ignored(void)
{
	int status;

	signal(SIGCHLD, SIG_IGN);
	for (int i = 0; i < 3; i++) {
		if (!fork())
			_exit(3);
	}
	show("reaped by themselves", waitpid(-1, &status, 0), &status);
	signal(SIGCHLD, SIG_DFL);
}

static void orphans(void)
{
	int status, fds[2];
	char byte;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (pipe(fds))
		exit(1);
	if (!fork()) {
		if (!fork()) {
			close(fds[1]);
			_exit(read(fds[0], &byte, 1) == 1 ? 5 : 6);
		}
		_exit(4);
	}
	show("child", waitpid(-1, &status, 0), &status);
	if (write(fds[1], "x", 1) != 1)
		exit(1);
	show("grandchild comes to the subreaper", waitpid(-1, &status, 0), &status);
	close(fds[1]);
	close(fds[0]);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static void memory(void)
{
	static int private_one = 1;
	int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *heap = malloc(100000);
	int status;
	pid_t pid;

	memset(heap, 'a', 100000);
	*shared = 1;
	pid = fork();
	if (!pid) {
		private_one = 2;
		*shared = 2;
		memset(heap, 'b', 100000);
		_exit(heap[99999] == 'b' ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	printf("fork: private %d shared %d heap %c\n", private_one, *shared, heap[5000]);
	pid = vfork();
	if (!pid) {
		private_one = 3;
		_exit(0);
	}
	printf("vfork: private %d\n", private_one);
	waitpid(pid, &status, 0);
	free(heap);
}

static void usage(void)
{
	struct rusage of_child, of_children;
	int status;
	pid_t pid = fork();

	if (!pid) {
		volatile unsigned long n = 0;
		struct rusage own;

		do {
			for (int i = 0; i < 100000; i++)
				n += (unsigned)i;
			getrusage(RUSAGE_SELF, &own);
		} while (own.ru_utime.tv_sec * 1000000 + own.ru_utime.tv_usec + own.ru_stime.tv_sec * 1000000 + own.ru_stime.tv_usec < 50000);
		_exit(0);
	}
	wait4(pid, &status, 0, &of_child);
	getrusage(RUSAGE_CHILDREN, &of_children);
	long used = of_child.ru_utime.tv_sec * 1000000 + of_child.ru_utime.tv_usec + of_child.ru_stime.tv_sec * 1000000 + of_child.ru_stime.tv_usec;
	printf("usage: %s, %s, resident %s\n", used >= 50000 && used < 5000000 ? "of the child" : "wrong",
	    of_children.ru_utime.tv_usec + of_children.ru_utime.tv_sec * 1000000 >= of_child.ru_utime.tv_usec ? "added" : "not added",
	    of_child.ru_maxrss > 0 ? "known" : "unknown");
}

static void many(void)
{
	int done = 0, status;

	for (int i = 0; i < 200; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(i & 63);
		if (pid < 0)
			break;
	}
	while (waitpid(-1, &status, 0) > 0)
		done++;
	printf("many: %d\n", done);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	statuses();
	stops();
	ids();
	ignored();
	orphans();
	memory();
	usage();
	many();
	return 0;
}
