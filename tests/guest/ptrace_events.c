/* SPDX-License-Identifier: BSD-3-Clause */
/* ptrace(2) of several tasks: events of fork, exec and exit, threads, stops of processes, and what waits of tracers and parents tell. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

#define PT(request, pid, address, data) syscall(SYS_ptrace, (long)(request), (long)(pid), (long)(address), (long)(data))

enum { TRACEME = 0, CONT = 7, GETREGS = 12, ATTACH = 16, DETACH, SYSCALL_ = 24 };

#define PIDS_MAX 16
static pid_t pids[PIDS_MAX];
static int nr_pids;

/* Numbers differ from run to run: a, b, c in the order of their appearance. */
static char name_of(pid_t pid)
{
	for (int i = 0; i < nr_pids; i++)
		if (pids[i] == pid)
			return (char)('a' + i);
	if (pid <= 0 || nr_pids == PIDS_MAX)
		return '?';
	pids[nr_pids++] = pid;
	return (char)('a' + nr_pids - 1);
}

static const char *const events[] = {"-", "FORK", "VFORK", "CLONE", "EXEC", "VFORK_DONE", "EXIT", "SECCOMP"};

static void show_stop(pid_t pid, int status)
{
	unsigned long message = 0;
	int event = status >> 16;
	long ret;

	if (WIFEXITED(status)) {
		printf("%c: exited %d\n", name_of(pid), WEXITSTATUS(status));
	} else if (WIFSIGNALED(status)) {
		printf("%c: killed by %s\n", name_of(pid), sigabbrev_np(WTERMSIG(status)));
	} else if (WIFCONTINUED(status)) {
		printf("%c: continued\n", name_of(pid));
	} else {
		printf("%c: stopped %s%s", name_of(pid), sigabbrev_np(WSTOPSIG(status) & 0x7f), WSTOPSIG(status) & 0x80 ? " (call)" : "");
		ret = PT(PTRACE_GETEVENTMSG, pid, 0, &message);
		if (event == 128)
			printf(" event STOP");
		else if (event == 6)
			printf(" event EXIT status %#lx", message);
		else if (event)
			printf(" event %s of %c", events[event], name_of((pid_t)message));
		printf("%s\n", ret ? " (not ours)" : "");
	}
	fflush(stdout);
}

static pid_t wait_any(int *status)
{
	pid_t pid = waitpid(-1, status, __WALL);

	if (pid > 0)
		show_stop(pid, *status);
	else
		printf("wait -%s\n", strerrorname_np(errno));
	return pid;
}

static pid_t wait_one(pid_t pid, int *status)
{
	pid_t got = waitpid(pid, status, __WALL);

	if (got > 0)
		show_stop(got, *status);
	else
		printf("wait -%s\n", strerrorname_np(errno));
	return got;
}

static pid_t start(void (*body)(void), unsigned long options)
{
	pid_t pid;
	int status;

	fflush(stdout);
	nr_pids = 0;
	pid = fork();
	if (!pid) {
		PT(TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		body();
		_exit(0);
	}
	wait_one(pid, &status);
	PT(PTRACE_SETOPTIONS, pid, 0, options);
	PT(CONT, pid, 0, 0);
	return pid;
}

/* ---- One child after the other, each waited for by number, so that the order is certain ---- */

static void body_fork(void)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(3);
	waitpid(pid, &status, 0);
	_exit(WEXITSTATUS(status) + 10);
}

static pid_t child_of(pid_t pid)
{
	unsigned long message = 0;

	PT(PTRACE_GETEVENTMSG, pid, 0, &message);
	return (pid_t)message;
}

static void forks(void)
{
	pid_t pid, child;
	int status;

	puts("-- fork");
	pid = start(body_fork, PTRACE_O_TRACEFORK);
	wait_one(pid, &status);
	child = child_of(pid);
	wait_one(child, &status);
	PT(CONT, child, 0, 0);
	wait_one(child, &status);
	PT(CONT, pid, 0, 0);
	wait_one(pid, &status); /* SIGCHLD of the child's end, which its parent is told of after its tracer */
	PT(CONT, pid, 0, SIGCHLD);
	wait_one(pid, &status);
	puts("-- fork, not asked for");
	pid = start(body_fork, 0);
	wait_one(pid, &status);
	PT(CONT, pid, 0, 0);
	wait_one(pid, &status);
}

static void body_vfork(void)
{
	pid_t pid = vfork();

	if (!pid)
		_exit(4);
	waitpid(pid, NULL, 0);
}

static void vforks(void)
{
	pid_t pid, child;
	int status;

	puts("-- vfork");
	pid = start(body_vfork, PTRACE_O_TRACEVFORK | PTRACE_O_TRACEVFORKDONE);
	wait_one(pid, &status);
	child = child_of(pid);
	PT(CONT, pid, 0, 0);
	wait_one(child, &status);
	PT(CONT, child, 0, 0);
	wait_one(child, &status);
	wait_one(pid, &status);
	PT(CONT, pid, 0, 0);
	wait_one(pid, &status);
	PT(CONT, pid, 0, 0);
	wait_one(pid, &status);
}

static void body_exec(void)
{
	execl("/proc/self/exe", "again", "exec", NULL);
}

static void execs(void)
{
	struct user_regs_struct regs;
	pid_t pid;
	int status;
	siginfo_t info;

	puts("-- exec");
	pid = start(body_exec, 0);
	wait_one(pid, &status);
	PT(PTRACE_GETSIGINFO, pid, 0, &info);
	printf("siginfo code %d of itself %d\n", info.si_code, info.si_pid == pid);
	PT(CONT, pid, 0, 0);
	wait_one(pid, &status);
	puts("-- exec, event");
	pid = start(body_exec, PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXIT);
	wait_one(pid, &status);
	PT(SYSCALL_, pid, 0, 0);
	wait_one(pid, &status);
	PT(GETREGS, pid, 0, &regs);
	printf("rax %lld orig_rax %lld rbx %lld\n", (long long)regs.rax, (long long)regs.orig_rax, (long long)regs.rbx);
	PT(CONT, pid, 0, 0);
	wait_one(pid, &status);
	PT(CONT, pid, 0, 0);
	wait_one(pid, &status);
}

/* ---- Threads ---- */

static void *thread_body(void *unused)
{
	syscall(SYS_exit, 0x105);
	return NULL;
}

static void body_thread(void)
{
	pthread_t t;

	pthread_create(&t, NULL, thread_body, NULL);
	pthread_join(t, NULL);
	_exit(5);
}

static void threads(void)
{
	pid_t pid, thread;
	int status;
	siginfo_t info = {0};
	char path[40];

	puts("-- threads");
	pid = start(body_thread, PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXIT);
	wait_one(pid, &status);
	thread = child_of(pid);
	wait_one(thread, &status);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", thread, pid); /* as debuggers look for what a number is */
	SHOW(access(path, F_OK));
	printf("tgkill %ld\n", syscall(SYS_tgkill, pid, thread, 0));
	PT(CONT, pid, 0, 0);
	PT(CONT, thread, 0, 0);
	wait_one(thread, &status);
	PT(CONT, thread, 0, 0);
	/* The leader waits for it; its end is not told by a wait that is not for it. */
	SHOW(waitid(P_PID, (id_t)thread, &info, WEXITED | WNOWAIT | __WALL));
	printf("%c code %d status %d\n", name_of(info.si_pid), info.si_code, info.si_status);
	wait_one(thread, &status);
	wait_one(thread, &status);
	wait_one(pid, &status);
	PT(CONT, pid, 0, 0);
	wait_one(pid, &status);
	wait_one(pid, &status);
}

static void *sleeper(void *unused)
{
	for (;;)
		pause();
	return NULL;
}

static void body_group_end(void)
{
	pthread_t t;

	pthread_create(&t, NULL, sleeper, NULL);
	usleep(20000);
	_exit(6);
}

static void group_end(void)
{
	pid_t pid, thread;
	int status;

	puts("-- threads, the end of all");
	pid = start(body_group_end, PTRACE_O_TRACECLONE);
	wait_one(pid, &status);
	thread = child_of(pid);
	wait_one(thread, &status);
	PT(CONT, thread, 0, 0);
	PT(CONT, pid, 0, 0);
	usleep(200000);
	SHOW(waitpid(pid, &status, WNOHANG | __WALL)); /* not before its thread */
	wait_one(thread, &status);
	wait_one(pid, &status);
}

static void *executes(void *unused)
{
	body_exec();
	return NULL;
}

static void body_thread_exec(void)
{
	pthread_t t;

	pthread_create(&t, NULL, executes, NULL);
	for (;;)
		pause();
}

static void thread_exec(void)
{
	pid_t pid, thread;
	int status;

	puts("-- exec of a thread");
	pid = start(body_thread_exec, PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC);
	wait_one(pid, &status);
	thread = child_of(pid);
	wait_one(thread, &status);
	PT(CONT, pid, 0, 0);
	PT(CONT, thread, 0, 0);
	wait_one(pid, &status); /* under the process's number, with the thread's as the message */
	SHOW(PT(CONT, thread, 0, 0));
	SHOW(PT(CONT, pid, 0, 0));
	wait_one(pid, &status);
	wait_any(&status);
}

/* ---- Stops of processes ---- */

static void body_spin(void) { for (;;) pause(); }

static void group_stop(void)
{
	pid_t pid;
	int status;
	siginfo_t info;

	puts("-- stop, attached");
	pid = start(body_spin, 0);
	kill(pid, SIGTSTP);
	wait_one(pid, &status);
	SHOW(PT(PTRACE_GETSIGINFO, pid, 0, &info));
	PT(CONT, pid, 0, SIGSTOP); /* the signal itself: the stop follows */
	wait_one(pid, &status);
	SHOW(PT(PTRACE_GETSIGINFO, pid, 0, &info));
	SHOW(waitpid(pid, &status, WNOHANG | WUNTRACED));
	PT(CONT, pid, 0, 0); /* it runs */
	kill(pid, SIGUSR1);
	wait_one(pid, &status);
	PT(CONT, pid, 0, 0);
	kill(pid, SIGCONT);
	wait_one(pid, &status);
	PT(CONT, pid, 0, SIGCONT);
	kill(pid, SIGKILL);
	wait_one(pid, &status);
}

static void listening(void)
{
	pid_t pid;
	int status;
	siginfo_t info = {0};

	puts("-- stop, seized");
	fflush(stdout);
	nr_pids = 0;
	pid = fork();
	if (!pid)
		body_spin();
	usleep(20000);
	SHOW(PT(PTRACE_SEIZE, pid, 0, 0));
	kill(pid, SIGSTOP);
	wait_one(pid, &status);
	SHOW(PT(PTRACE_LISTEN, pid, 0, 0));
	PT(CONT, pid, 0, SIGSTOP);
	wait_one(pid, &status);
	SHOW(PT(PTRACE_GETSIGINFO, pid, 0, &info));
	printf("signo %d code %#x\n", info.si_signo, (unsigned)info.si_code);
	SHOW(PT(PTRACE_LISTEN, pid, 0, 0));
	SHOW(PT(CONT, pid, 0, 0));
	SHOW(waitpid(pid, &status, WNOHANG));
	kill(pid, SIGCONT);
	wait_one(pid, &status); /* TRAP: the stop is over */
	SHOW(PT(PTRACE_GETSIGINFO, pid, 0, &info));
	printf("signo %d code %#x\n", info.si_signo, (unsigned)info.si_code);
	PT(CONT, pid, 0, 0);
	wait_one(pid, &status); /* SIGCONT itself */
	PT(CONT, pid, 0, SIGCONT);
	SHOW(waitpid(pid, &status, WCONTINUED) == pid);
	show_stop(pid, status);
	puts("-- interrupt in a stop");
	kill(pid, SIGSTOP);
	wait_one(pid, &status);
	PT(CONT, pid, 0, SIGSTOP);
	wait_one(pid, &status);
	PT(PTRACE_LISTEN, pid, 0, 0);
	SHOW(PT(PTRACE_INTERRUPT, pid, 0, 0));
	wait_one(pid, &status);
	SHOW(PT(DETACH, pid, 0, 0));
	SHOW(waitpid(pid, &status, WNOHANG | WUNTRACED) >= 0);
	kill(pid, SIGKILL);
	wait_one(pid, &status);
}

/* ---- What the parent and the tracer are told ---- */

static volatile siginfo_t told;
static void on_child(int signal, siginfo_t *info, void *context) { *(siginfo_t *)&told = *info; }

static void notices(void)
{
	struct sigaction action = {.sa_sigaction = on_child, .sa_flags = SA_SIGINFO | SA_RESTART};
	siginfo_t info = {0};
	pid_t pid;
	int status;

	puts("-- notices");
	sigaction(SIGCHLD, &action, NULL);
	pid = start(body_spin, 0);
	kill(pid, SIGUSR1);
	SHOW(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
	printf("waitid: code %d status %d\n", info.si_code, info.si_status);
	printf("told: code %d status %d pid %c\n", told.si_code, told.si_status, name_of(told.si_pid));
	wait_one(pid, &status);
	SHOW(waitpid(pid, &status, WNOHANG));
	PT(CONT, pid, 0, SIGUSR1);
	wait_one(pid, &status);
	printf("told: code %d status %d\n", told.si_code, told.si_status);
	signal(SIGCHLD, SIG_DFL);
}

static void other_tracer(void)
{
	int ends[2], back[2], status;
	pid_t pid, tracer;
	char c;

	puts("-- a tracer that is not the parent");
	fflush(stdout);
	nr_pids = 0;
	pipe(ends);
	pipe(back);
	pid = fork();
	if (!pid)
		body_spin();
	name_of(pid);
	tracer = fork();
	if (!tracer) {
		PT(ATTACH, pid, 0, 0);
		wait_one(pid, &status);
		PT(CONT, pid, 0, 0);
		write(ends[1], "a", 1);
		wait_one(pid, &status); /* TERM */
		PT(CONT, pid, 0, SIGTERM);
		usleep(100000);
		write(ends[1], "b", 1);
		read(back[0], &c, 1);
		wait_one(pid, &status);
		fflush(stdout);
		_exit(0);
	}
	read(ends[0], &c, 1);
	SHOW(waitpid(pid, &status, WNOHANG | WUNTRACED));
	kill(pid, SIGTERM);
	read(ends[0], &c, 1);
	SHOW(waitpid(pid, &status, WNOHANG)); /* dead, but its tracer is told first */
	write(back[1], "x", 1);
	wait_one(pid, &status);
	waitpid(tracer, &status, 0);
}

static void body_filter(void)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE | 0x123),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getgid, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 99),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
	long results[5];

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
	for (int i = 0; i < 5; i++) {
		results[i] = syscall(SYS_getppid);
		if (results[i] < 0)
			results[i] = -errno;
	}
	printf("allowed %d, left out %ld, getpid instead %d, forbidden instead %ld, made %d\n", results[0] > 0, results[1], results[2] == getpid(), results[3], results[4] > 0);
	fflush(stdout);
	_exit(0);
}

#define ORIG_RAX offsetof(struct user_regs_struct, orig_rax)
#define RAX	 offsetof(struct user_regs_struct, rax)

static void filtered(void)
{
	struct { uint8_t op, pad[3]; uint32_t arch; uint64_t ip, sp, nr, args[6]; uint32_t data; } info = {0};
	unsigned long message = 0;
	pid_t pid;
	int status;
	long size;

	puts("-- filters of system calls");
	pid = start(body_filter, PTRACE_O_TRACESECCOMP | PTRACE_O_TRACESYSGOOD);
	waitpid(pid, &status, 0);
	PT(PTRACE_GETEVENTMSG, pid, 0, &message);
	size = PT(PTRACE_GET_SYSCALL_INFO, pid, 84, &info);
	printf("event %d message %#lx size at least 84 %d op %d call %d data %#x\n", status >> 16, message, size >= 84, info.op, info.nr == SYS_getppid, info.data);
	PT(SYSCALL_, pid, 0, 0);
	wait_one(pid, &status); /* its end */
	PT(CONT, pid, 0, 0);
	waitpid(pid, &status, 0);
	PT(6, pid, ORIG_RAX, -1);
	PT(6, pid, RAX, 4711);
	PT(CONT, pid, 0, 0);
	waitpid(pid, &status, 0);
	PT(6, pid, ORIG_RAX, SYS_getpid);
	PT(CONT, pid, 0, 0);
	waitpid(pid, &status, 0);
	PT(6, pid, ORIG_RAX, SYS_getgid);
	PT(CONT, pid, 0, 0);
	waitpid(pid, &status, 0);
	PT(PTRACE_SETOPTIONS, pid, 0, 0);
	PT(CONT, pid, 0, 0);
	wait_one(pid, &status);
	printf("-- and without the option\n");
	pid = start(body_filter, 0);
	wait_one(pid, &status);
}

static void seized_children(void)
{
	pid_t pid, child;
	int status, ends[2];

	puts("-- children of a seized one");
	fflush(stdout);
	nr_pids = 0;
	pipe(ends);
	pid = fork();
	if (!pid) {
		char c;

		read(ends[0], &c, 1);
		body_fork();
	}
	SHOW(PT(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEFORK | PTRACE_O_TRACEEXIT));
	write(ends[1], "x", 1);
	wait_one(pid, &status);
	child = child_of(pid);
	wait_one(child, &status);
	SHOW(PT(DETACH, child, 0, 0));
	PT(CONT, pid, 0, 0);
	wait_one(pid, &status); /* SIGCHLD */
	PT(CONT, pid, 0, 0);
	wait_one(pid, &status);
	PT(CONT, pid, 0, 0);
	wait_one(pid, &status);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1)
		return 8;
	forks();
	vforks();
	execs();
	threads();
	group_end();
	thread_exec();
	group_stop();
	listening();
	notices();
	other_tracer();
	filtered();
	seized_children();
	return 0;
}
