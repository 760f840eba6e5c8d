/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random requests of ptrace(2) with hostile arguments, at tracees that start threads and children, execute programs, get signals and are killed: the kernel
 * lives, and in the end there is nobody left. Arguments: seed, rounds.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIDS_MAX 1024
#define STEPS	 400
#define BELOW(n) ((unsigned)(draw() % (n)))
#define ONE_OF(array) ((array)[BELOW(sizeof(array) / sizeof((array)[0]))])

static uint64_t state;
static char *page; /* the page behind it is not mapped */
static pid_t pids[PIDS_MAX];
static unsigned nr_pids;

static uint64_t draw(void) /* xorshift64* */
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 0x2545f4914f6cdd1du) >> 8;
}

/* ---- The tracees ---- */

static void on_signal(int signal) { }

static void *thread(void *unused)
{
	for (int i = 0; i < 50; i++)
		syscall(i % 3 ? SYS_getppid : SYS_sched_yield);
	return NULL;
}

static void act(void)
{
	pthread_t t;
	pid_t pid;

	switch (BELOW(12)) {
	case 0:
		if (!pthread_create(&t, NULL, thread, NULL))
			pthread_detach(t);
		break;
	case 1:
		pid = fork();
		if (!pid)
			_exit((int)BELOW(4));
		break;
	case 2:
		pid = vfork();
		if (!pid)
			_exit(0);
		break;
	case 3:
		kill(getpid(), BELOW(2) ? SIGUSR1 : SIGWINCH);
		break;
	case 4:
		kill(getpid(), SIGSTOP);
		break;
	case 5:
		usleep(BELOW(300));
		break;
	case 6:
		waitpid(-1, NULL, WNOHANG);
		break;
	case 7:
		raise(SIGTRAP);
		break;
	case 8:
		if (!BELOW(20))
			execl("/proc/self/exe", "fuzz", "tracee", NULL);
		break;
	default:
		syscall(SYS_getpid);
	}
}

static void tracee(void)
{
	signal(SIGUSR1, on_signal);
	signal(SIGTRAP, on_signal);
	for (int i = 0; i < 2000; i++)
		act();
	_exit(0);
}

/* ---- The tracer ---- */

static void know(pid_t pid)
{
	for (unsigned i = 0; i < nr_pids; i++)
		if (pids[i] == pid)
			return;
	pids[nr_pids < PIDS_MAX ? nr_pids++ : BELOW(PIDS_MAX)] = pid;
}

static uint64_t argument(void)
{
	static const uint64_t edges[] = {0, 1, 2, 5, 8, 10, 17, 19, 64, 65, 216, 512, 848, 856, 904, 912, 4096, 0x7fffffff, 0xffffffff, UINT64_MAX, 1ull << 63, 0x7ffffffff000, 0xffff800000000000};

	switch (BELOW(5)) {
	case 0:
		return ONE_OF(edges);
	case 1:
		return (uint64_t)(uintptr_t)page + BELOW(4096);
	case 2:
		return (uint64_t)(uintptr_t)page;
	case 3:
		return BELOW(130);
	default:
		return draw();
	}
}

static void request(pid_t pid)
{
	static const int go[] = {7 /* CONT */, 24 /* SYSCALL */, 9 /* STEP */, 31 /* SYSEMU */, 32, 17 /* DETACH */, 0x4208 /* LISTEN */};
	static const int any[] = {1, 2, 3, 4, 5, 6, 7, 9, 12, 13, 14, 15, 16, 24, 30, 31, 32, 33, 0x4200, 0x4201, 0x4202, 0x4203, 0x4204, 0x4205, 0x4206, 0x4207, 0x4208, 0x4209, 0x420a, 0x420b, 0x420e, 0x420f, 8};
	static const unsigned long options[] = {0, 1, 0x7f, 0x10007f, 0x7e, 0x40};

	for (unsigned i = 0; i < 32; i++)
		((uint64_t *)page)[BELOW(512)] = BELOW(3) ? argument() : (uint64_t)(uintptr_t)page;
	switch (BELOW(6)) {
	case 0:
	case 1:
		syscall(SYS_ptrace, BELOW(8) ? ONE_OF(go) : 7, pid, 0, BELOW(3) ? 0 : BELOW(66));
		break;
	case 2:
		syscall(SYS_ptrace, BELOW(2) ? 0x4207 /* INTERRUPT */ : 0x4206 /* SEIZE */, pid, 0, BELOW(2) ? 0 : ONE_OF(options));
		break;
	case 3:
		syscall(SYS_ptrace, 0x4200 /* SETOPTIONS */, pid, 0, ONE_OF(options));
		break;
	case 4:
		if (!BELOW(3))
			syscall(SYS_tgkill, pid, pid, BELOW(2) ? SIGCONT : SIGUSR1);
		break;
	default:
		syscall(SYS_ptrace, ONE_OF(any), pid, argument(), argument());
	}
}

static void look(void)
{
	int status;
	pid_t pid = waitpid(-1, &status, WNOHANG | __WALL);

	if (pid > 0 && WIFSTOPPED(status)) {
		know(pid);
		if (BELOW(2))
			syscall(SYS_ptrace, BELOW(2) ? 7 : 24, pid, 0, 0);
	}
}

/* Something cannot be ended: which, and how it is. */
static void on_alarm(int signal)
{
	char path[64], text[1024];
	FILE *f;

	for (unsigned i = 0; i < nr_pids; i++) {
		snprintf(path, sizeof(path), "/proc/%d/status", pids[i]);
		f = fopen(path, "r");
		while (f && fgets(text, sizeof(text), f)) {
			if (!strncmp(text, "State", 5) || !strncmp(text, "Pid", 3) || !strncmp(text, "PPid", 4) || !strncmp(text, "Tr", 2) || !strncmp(text, "Thr", 3) || !strncmp(text, "Sh", 2))
				fputs(text, stdout);
		}
		if (f)
			fclose(f);
	}
	fflush(stdout);
	_exit(1);
}

/* All that came of a round is killed; what stands at its end already (PTRACE_O_TRACEEXIT) is let go. */
static int clean_up(void)
{
	int status;
	pid_t pid;

	signal(SIGALRM, on_alarm);
	alarm(30);
	for (;;) {
		for (unsigned i = 0; i < nr_pids; i++) {
			kill(pids[i], SIGKILL);
			syscall(SYS_ptrace, 7, pids[i], 0, 0);
		}
		pid = waitpid(-1, &status, __WALL);
		if (pid < 0 && errno == ECHILD)
			return 0;
		if (pid > 0)
			know(pid);
		if (pid > 0 && WIFSTOPPED(status))
			syscall(SYS_ptrace, 7, pid, 0, 0);
	}
}

static int round_of(void)
{
	pid_t pid;

	nr_pids = 0;
	pid = fork();
	if (!pid) {
		state += 77;
		if (BELOW(2))
			syscall(SYS_ptrace, 0, 0, 0, 0);
		tracee();
	}
	know(pid);
	if (BELOW(2))
		syscall(SYS_ptrace, 0x4206, pid, 0, 0x10007f);
	for (int i = 0; i < STEPS; i++) {
		request(pids[BELOW(nr_pids)]);
		look();
	}
	return clean_up();
}

/*
 * A program that wakes up with other registers may say so: glibc does. Tracees begin with nowhere to say it: a request could spoil what they
 * did about that themselves. Returns where the standard output was.
 */
static int silence(void)
{
	int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10), nowhere = open("/dev/null", O_WRONLY);

	dup2(nowhere, STDOUT_FILENO);
	dup2(nowhere, STDERR_FILENO);
	close(nowhere);
	return out;
}

int main(int argc, char **argv)
{
	struct rlimit none = {0, 0};
	unsigned rounds = argc > 2 ? (unsigned)atoi(argv[2]) : 100;
	int out;

	if (argc > 1 && argv[1][0] == 't') {
		state = 4711;
		tracee();
	}
	state = (argc > 1 ? strtoull(argv[1], NULL, 0) : 1) * 0x9e3779b97f4a7c15u | 1;
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(page + 4096, 4096);
	out = silence();
	for (unsigned i = 0; i < rounds; i++)
		round_of();
	dup2(out, STDOUT_FILENO);
	printf("%u rounds\n", rounds);
	return 0;
}
