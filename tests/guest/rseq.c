/* Restartable sequences (rseq(2)). The C library's own registration is switched off. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "show.h"

#define SIGNATURE 0x53053053u

struct area {
	int cpu_start, cpu;
	uint64_t section;
	uint32_t flags, node, mm_cid, pad;
} __attribute__((aligned(32)));

struct section {
	uint32_t version, flags;
	uint64_t start, len, abort;
} __attribute__((aligned(32)));

static struct area area;
static volatile int turns;

static long rseq(void *at, unsigned len, int flags, unsigned signature)
{
	return syscall(SYS_rseq, at, len, flags, signature);
}

/* Stays in a section until it is aborted; how often it went round. */
static long spin(struct area *a)
{
	static struct section section;
	long rounds = 0;

	__asm__ volatile("leaq 1f(%%rip), %%rax\n\tmovq %%rax, 8(%1)\n\t" /* start */
			 "leaq 2f(%%rip), %%rcx\n\tsubq %%rax, %%rcx\n\tmovq %%rcx, 16(%1)\n\t"
			 "leaq 3f(%%rip), %%rax\n\tmovq %%rax, 24(%1)\n\t"
			 "movq %1, 8(%2)\n\t"
			 "1:\n\tincq %0\n\tjmp 1b\n\t2:\n\t"
			 "ud2\n\t.byte 0x0f, 0xb9, 0x3d\n\t.long 0x53053053\n\t"
			 "3:\n\t"
			 : "+r"(rounds)
			 : "r"(&section), "r"(a)
			 : "rax", "rcx", "memory");
	return rounds;
}

static volatile uint64_t interrupted_at;

static void on_alarm(int signal, siginfo_t *info, void *context)
{
	interrupted_at = (uint64_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
}

static void test_registration(void)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t pid;
	int status;

	SHOW(rseq(&area, sizeof(area), 1, SIGNATURE));
	SHOW(rseq(&area, 16, 0, SIGNATURE));
	SHOW(rseq((char *)&area + 8, sizeof(area), 0, SIGNATURE));
	SHOW(rseq(&area, sizeof(area), 2, SIGNATURE));
	SHOW(rseq((void *)0xffff888000000000, sizeof(area), 0, SIGNATURE));
	area.cpu = -1;
	SHOW(rseq(&area, sizeof(area), 0, SIGNATURE));
	sched_yield();
	printf("cpu is told: %d %d\n", area.cpu == sched_getcpu(), area.cpu_start == area.cpu);
	SHOW(rseq(&area, sizeof(area), 0, SIGNATURE));
	SHOW(rseq(&area, sizeof(area), 0, SIGNATURE + 1));
	SHOW(rseq(page, sizeof(area), 0, SIGNATURE));
	SHOW(rseq(&area, sizeof(area), 1, SIGNATURE + 1));
	SHOW(rseq(page, sizeof(area), 1, SIGNATURE));
	pid = fork();
	if (!pid) {
		area.cpu = -5;
		usleep(1000);
		SHOW(rseq(&area, sizeof(area), 0, SIGNATURE));
		SHOW(rseq(&area, sizeof(area), 1, SIGNATURE));
		printf("after: %d %d\n", area.cpu, area.cpu_start);
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	SHOW(rseq(&area, sizeof(area), 0, SIGNATURE));
}

static void test_signal(void)
{
	struct sigaction action = {.sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO};
	struct itimerval soon = {{0, 0}, {0, 20000}};
	long rounds;

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	do {
		rounds = spin(&area); /* others may be first to abort it */
	} while (!interrupted_at);
	printf("a handler aborts the section: %d\n", rounds > 0);
	printf("its context is behind it, and none is named any more: %d %d\n", interrupted_at != 0, area.section == 0);
}

static void *disturb(void *unused)
{
	while (!turns)
		sched_yield();
	return NULL;
}

static void test_preemption(void)
{
	pthread_t thread;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	pthread_create(&thread, NULL, disturb, NULL);
	for (int i = 0; i < 3; i++)
		printf("another thread aborts the section: %d\n", spin(&area) > 0);
	turns = 1;
	pthread_join(thread, NULL);
}

static void *in_thread(void *unused)
{
	static struct area mine;

	mine.cpu = -1;
	SHOW(rseq(&mine, sizeof(mine), 1, SIGNATURE));
	SHOW(rseq(&mine, sizeof(mine), 0, SIGNATURE));
	printf("a thread has its own: %d\n", mine.cpu == sched_getcpu());
	return NULL;
}

/* A description that is wrong ends the program, when it is looked at. */
static void dies(const char *name, struct section section, void *named)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		signal(SIGALRM, SIG_DFL);
		area.section = (uint64_t)(uintptr_t)(named ? named : &section);
		for (int i = 0; i < 200; i++) {
			struct timespec t = {0, 1000000};

			nanosleep(&t, NULL);
			raise(SIGURG);
			kill(getpid(), SIGUSR1);
		}
		_exit(0);
	}
	waitpid(pid, &status, 0);
	printf("%s: %s\n", name, WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "lives");
}

static void nothing(int signal)
{
}

int main(int argc, char **argv)
{
	static uint32_t code[8] = {0, 0, SIGNATURE, 0};
	uint64_t place = (uint64_t)(uintptr_t)&code[3];
	pthread_t thread;

	if (argc == 1) {
		setenv("GLIBC_TUNABLES", "glibc.pthread.rseq=0", 1);
		execl("/proc/self/exe", argv[0], "again", NULL);
		return 1;
	}
	test_registration();
	test_signal();
	test_preemption();
	pthread_create(&thread, NULL, in_thread, NULL);
	pthread_join(thread, NULL);
	signal(SIGUSR1, nothing);
	dies("elsewhere", (struct section){.start = 0x1000, .len = 16, .abort = place}, NULL);
	dies("wrong version", (struct section){.version = 1, .start = 0x1000, .len = 16, .abort = place}, NULL);
	dies("abort address inside", (struct section){.start = place - 4, .len = 16, .abort = place}, NULL);
	dies("no signature", (struct section){.start = 0x1000, .len = 16, .abort = place + 4}, NULL);
	dies("section in the kernel", (struct section){.start = 0xffff888000000000, .len = 16, .abort = place}, NULL);
	dies("no description", (struct section){0}, (void *)8);
	SHOW(rseq(&area, sizeof(area), 1, SIGNATURE));
	printf("unregistered: %d\n", area.cpu);
	return 0;
}
