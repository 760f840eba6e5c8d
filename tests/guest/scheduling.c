/* SPDX-License-Identifier: BSD-3-Clause */
/* sched(7): policies, priorities, nice values, affinity, fairness, preemption; limits and usage (getrlimit(2), getrusage(2)). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/times.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void show(const char *what, long ret)
{
	printf("%s: %ld %s\n", what, ret, ret < 0 ? strerrorname_np(errno) : "");
}

static void policies(void)
{
	struct sched_param parameters = {.sched_priority = 10};
	struct timespec interval;

	printf("priorities %d %d %d %d\n", sched_get_priority_min(SCHED_FIFO), sched_get_priority_max(SCHED_RR), sched_get_priority_max(SCHED_OTHER), sched_get_priority_min(99));
	show("policy", sched_getscheduler(0));
	show("fifo", sched_setscheduler(0, SCHED_FIFO, &parameters));
	show("policy", sched_getscheduler(0));
	sched_getparam(0, &parameters);
	printf("priority %d\n", parameters.sched_priority);
	parameters.sched_priority = 0;
	show("fifo without priority", sched_setscheduler(0, SCHED_FIFO, &parameters));
	parameters.sched_priority = 100;
	show("fifo too high", sched_setscheduler(0, SCHED_FIFO, &parameters));
	parameters.sched_priority = 5;
	show("other with priority", sched_setscheduler(0, SCHED_OTHER, &parameters));
	show("round robin", sched_setscheduler(0, SCHED_RR, &parameters));
	show("interval", sched_rr_get_interval(0, &interval));
	printf("interval %ld\n", interval.tv_nsec);
	parameters.sched_priority = 0;
	show("batch", sched_setscheduler(0, SCHED_BATCH | SCHED_RESET_ON_FORK, &parameters));
	printf("policy %#x\n", sched_getscheduler(0));
	show("other", sched_setscheduler(0, SCHED_OTHER, &parameters));
	show("nobody", sched_getscheduler(999999));
	show("negative", sched_getscheduler(-1));
	show("unknown", sched_setscheduler(0, 77, &parameters));
}

static void niceness(void)
{
	int status;

	printf("nice %d\n", getpriority(PRIO_PROCESS, 0));
	printf("nice(5) %d\n", nice(5));
	printf("nice(-10) %d\n", nice(-10));
	show("too low", setpriority(PRIO_PROCESS, 0, -100));
	printf("clamped %d\n", getpriority(PRIO_PROCESS, 0));
	if (!fork()) {
		printf("inherited %d\n", getpriority(PRIO_PROCESS, 0));
		_exit(0);
	}
	wait(&status);
	show("nobody", setpriority(PRIO_PROCESS, 999999, 0));
	show("bad kind", setpriority(7, 0, 0));
	show("back", setpriority(PRIO_PROCESS, 0, 0));
}

static void affinity(void)
{
	cpu_set_t set, got;

	CPU_ZERO(&set);
	show("none", sched_setaffinity(0, sizeof(set), &set));
	CPU_SET(0, &set);
	show("first", sched_setaffinity(0, sizeof(set), &set));
	sched_getaffinity(0, sizeof(got), &got);
	printf("on %d count %d\n", sched_getcpu(), CPU_COUNT(&got));
	show("nobody", sched_setaffinity(999999, sizeof(set), &set));
	show("small set", syscall(SYS_sched_getaffinity, 0, 4, &got));
}

/* ---- Two that compute on one CPU. ---- */

static volatile unsigned long *counts;

static pid_t compute(int which, int nice_value)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	setpriority(PRIO_PROCESS, 0, nice_value);
	for (;;)
		counts[which * 64]++;
}

static double share(int nice_value)
{
	pid_t a, b;
	double all;

	counts[0] = counts[64] = 0;
	a = compute(0, 0);
	b = compute(1, nice_value);
	usleep(600000);
	kill(a, SIGKILL);
	kill(b, SIGKILL);
	waitpid(a, NULL, 0);
	waitpid(b, NULL, 0);
	all = (double)counts[0] + (double)counts[64];
	return (double)counts[64] / all;
}

static void fairness(void)
{
	double equal, less;

	counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	equal = share(0);
	less = share(10);
	printf("equals share: %s\n", equal > 0.3 && equal < 0.7 ? "fairly" : "unfairly");
	printf("nice 10 gets: %s\n", less > 0.01 && less < 0.35 ? "little" : "something else");
}

static void *spin(void *stop)
{
	while (!*(volatile int *)stop)
		;
	return NULL;
}

static void preemption(void)
{
	volatile int stop = 0;
	pthread_t thread;
	struct timespec start, end, short_one = {.tv_nsec = 1000000};
	int late = 0;

	pthread_create(&thread, NULL, spin, (void *)&stop);
	for (int i = 0; i < 20; i++) {
		clock_gettime(CLOCK_MONOTONIC, &start);
		nanosleep(&short_one, NULL);
		clock_gettime(CLOCK_MONOTONIC, &end);
		late += (end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000 > 200;
	}
	stop = 1;
	pthread_join(thread, NULL);
	printf("late wake-ups beside a thread that computes: %s\n", late < 5 ? "few" : "many");
}

/* ---- Limits. ---- */

static void limits(void)
{
	struct rlimit limit;
	int fds[2] = {-1, -1}, status;
	pid_t pid;

	getrlimit(RLIMIT_STACK, &limit);
	printf("stack known: %d\n", limit.rlim_cur > 0);
	limit = (struct rlimit){10, 5};
	show("soft above hard", setrlimit(RLIMIT_NOFILE, &limit));
	show("no resource", setrlimit(99, &limit));
	pid = fork();
	if (!pid) {
		limit = (struct rlimit){3, 3};
		setrlimit(RLIMIT_NOFILE, &limit);
		show("descriptors", open("/dev/null", O_RDONLY));
		limit = (struct rlimit){100 << 20, 100 << 20};
		setrlimit(RLIMIT_AS, &limit);
		show("memory", mmap(NULL, 200 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	pid = fork();
	if (!pid) {
		limit = (struct rlimit){1, 2};
		setrlimit(RLIMIT_CPU, &limit);
		for (;;)
			;
	}
	waitpid(pid, &status, 0);
	printf("CPU limit: signal %d\n", WTERMSIG(status));
	pid = fork();
	if (!pid) {
		if (setuid(4711))
			_exit(1);
		limit = (struct rlimit){1, 1};
		setrlimit(RLIMIT_NPROC, &limit);
		show("processes", fork());
		_exit(0);
	}
	waitpid(pid, &status, 0);
	pid = fork();
	if (!pid)
		pause();
	limit = (struct rlimit){7, 9};
	show("prlimit", prlimit(pid, RLIMIT_FSIZE, &limit, NULL));
	show("prlimit", prlimit(pid, RLIMIT_FSIZE, NULL, &limit));
	printf("other's limit %ld %ld\n", (long)limit.rlim_cur, (long)limit.rlim_max);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	(void)fds;
}

static void usage(void)
{
	struct rusage self, thread;
	struct tms ticks;
	volatile unsigned long n = 0;
	clock_t start = clock();

	while (clock() - start < CLOCKS_PER_SEC / 10)
		n++;
	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_THREAD, &thread);
	printf("self %s thread %s ticks %s\n", self.ru_utime.tv_sec + self.ru_utime.tv_usec + self.ru_stime.tv_usec > 0 ? "some" : "none",
	    thread.ru_utime.tv_sec + thread.ru_utime.tv_usec + thread.ru_stime.tv_usec > 0 ? "some" : "none",
	    times(&ticks) > 0 && ticks.tms_utime + ticks.tms_stime > 0 ? "some" : "none");
	show("bad", getrusage(5, &self));
}

/* Of real-time threads that wait for one word, the most urgent is woken first. */
static int word, place, order[3];

static void *wait_in_order(void *argument)
{
	int priority = (int)(long)argument;
	struct sched_param param = {.sched_priority = priority};

	pthread_setschedparam(pthread_self(), SCHED_FIFO, &param);
	syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	order[__atomic_fetch_add(&place, 1, __ATOMIC_SEQ_CST)] = priority;
	return NULL;
}

static int nr_waiting(void)
{
	return (int)syscall(SYS_futex, &word, FUTEX_CMP_REQUEUE_PRIVATE, 0, 100, &word, 0);
}

static void urgency(void)
{
	static const long priorities[3] = {5, 20, 10};
	pthread_t threads[3];

	for (int i = 0; i < 3; i++) {
		pthread_create(&threads[i], NULL, wait_in_order, (void *)priorities[i]);
		while (nr_waiting() != i + 1)
			sched_yield();
	}
	for (int i = 0; i < 3; i++) {
		syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1);
		while (__atomic_load_n(&place, __ATOMIC_SEQ_CST) != i + 1)
			sched_yield();
	}
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	printf("woken %d %d %d\n", order[0], order[1], order[2]);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	policies();
	niceness();
	affinity();
	fairness();
	preemption();
	limits();
	usage();
	urgency();
	return 0;
}
