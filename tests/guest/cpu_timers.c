/* SPDX-License-Identifier: BSD-3-Clause */
/* Timers on CPU time, limits of it, sleeps that go on after a stop, adjtimex. */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "show.h"

static volatile sig_atomic_t virtual_fired, profile_fired, timer_fired;

static void on_signal(int sig)
{
	if (sig == SIGVTALRM)
		virtual_fired++;
	else if (sig == SIGPROF)
		profile_fired++;
	else
		timer_fired++;
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double now_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Computes until the condition holds, 20 s at most. */
#define BURN_UNTIL(condition)                                                                                       \
	for (double burn_end = now_seconds() + 20; !(condition) && now_seconds() < burn_end;)                       \
		for (volatile int burn_i = 0; burn_i < 20000; burn_i++)                                             \
			;

static void interval_timers(void)
{
	struct itimerval tick = {{0, 20000}, {0, 20000}}, off = {{0, 0}, {0, 0}}, got;
	int seen;

	signal(SIGVTALRM, on_signal);
	signal(SIGPROF, on_signal);
	SHOW(setitimer(ITIMER_VIRTUAL, &tick, NULL));
	SHOW(setitimer(ITIMER_PROF, &tick, &got));
	printf("old %ld %ld\n", (long)got.it_value.tv_usec, (long)got.it_interval.tv_usec);
	usleep(200000);
	printf("asleep, fired %s\n", virtual_fired > 2 && virtual_fired * 0.02 > cpu_seconds() + 0.04 ? "too often" : "not"); /* by the time that it ran, which a busy machine may stretch */
	BURN_UNTIL(virtual_fired >= 5 && profile_fired >= 5);
	printf("fired %d %d\n", virtual_fired >= 5, profile_fired >= 5);
	SHOW(getitimer(ITIMER_VIRTUAL, &got));
	printf("interval %ld, left %d\n", (long)got.it_interval.tv_usec, got.it_value.tv_usec > 0 && got.it_value.tv_usec <= 24000);
	SHOW(setitimer(ITIMER_VIRTUAL, &off, &got));
	SHOW(setitimer(ITIMER_PROF, &off, NULL));
	seen = profile_fired;
	BURN_UNTIL(cpu_seconds() > 0.5);
	printf("off: fired %d more\n", profile_fired - seen);
	SHOW(getitimer(ITIMER_PROF, &got));
	printf("left %ld\n", (long)got.it_value.tv_usec);
	tick.it_value.tv_usec = 1000000;
	SHOW(setitimer(ITIMER_PROF, &tick, NULL));
	tick.it_value.tv_usec = -1;
	SHOW(setitimer(ITIMER_VIRTUAL, &tick, NULL));
	SHOW(setitimer(3, &off, NULL));
	SHOW(getitimer(-1, &got));
}

static void *compute(void *clock)
{
	volatile int *stop = clock;

	while (!*stop)
		;
	return NULL;
}

static void posix_timers(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	struct itimerspec setting = {{0, 10000000}, {0, 10000000}}, got;
	volatile int stop = 0;
	pthread_t thread;
	clockid_t clock;
	timer_t timer;

	signal(SIGUSR1, on_signal);
	SHOW(timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer));
	SHOW(timer_settime(timer, 0, &setting, NULL));
	usleep(100000);
	printf("asleep: %d\n", timer_fired > 1);
	BURN_UNTIL(timer_fired >= 3);
	printf("fired %d\n", timer_fired >= 3);
	SHOW(timer_gettime(timer, &got));
	printf("left %d interval %ld\n", got.it_value.tv_nsec > 0, got.it_interval.tv_nsec);
	SHOW(timer_delete(timer));

	pthread_create(&thread, NULL, compute, (void *)&stop);
	pthread_getcpuclockid(thread, &clock);
	timer_fired = 0;
	SHOW(timer_create(clock, &event, &timer));
	SHOW(timer_settime(timer, 0, &setting, NULL));
	for (double end = now_seconds() + 20; timer_fired < 3 && now_seconds() < end;)
		usleep(1000);
	printf("the thread's time fired %d\n", timer_fired >= 3);
	stop = 1;
	pthread_join(thread, NULL);
	timer_fired = 0;
	BURN_UNTIL(cpu_seconds() > 2);
	printf("of a dead thread: %d\n", timer_fired > 0);
	SHOW(timer_delete(timer));
	SHOW(timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer));
	setting.it_value.tv_nsec = 1;
	SHOW(timer_settime(timer, TIMER_ABSTIME, &setting, NULL));
	BURN_UNTIL(timer_fired);
	printf("long past: %d\n", timer_fired > 0);
	SHOW(timer_delete(timer));
}

static void cpu_limit(void)
{
	struct rlimit limit = {1, 2};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGXCPU, SIG_IGN);
		setrlimit(RLIMIT_CPU, &limit);
		BURN_UNTIL(0);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	printf("hard: killed %d by %s\n", WIFSIGNALED(status), strsignal(WTERMSIG(status)));
	pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_CPU, &limit);
		BURN_UNTIL(0);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	printf("soft: killed %d by %s\n", WIFSIGNALED(status), strsignal(WTERMSIG(status)));
}

/* A child sleeps in one of several ways, and is stopped and continued in the middle. */
static void stopped_while(const char *how, int (*wait)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		double start = now_seconds();
		int ret = wait();
		double took = now_seconds() - start;

		printf("%s: %d, error %s, in time %d\n", how, ret, ret < 0 ? strerrorname_np(errno) : "none", took > 0.39 && took < 0.8);
		fflush(stdout);
		_exit(0);
	}
	usleep(100000);
	kill(pid, SIGSTOP);
	waitpid(pid, &status, WUNTRACED);
	usleep(150000);
	kill(pid, SIGCONT);
	waitpid(pid, &status, 0);
}

static int with_nanosleep(void)
{
	return nanosleep(&(struct timespec){0, 400000000}, NULL);
}

static int with_clock_nanosleep(void)
{
	int ret = clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){0, 400000000}, NULL);

	errno = ret;
	return ret ? -1 : 0;
}

static int with_poll(void)
{
	return poll(NULL, 0, 400);
}

static int with_futex(void)
{
	int word = 0;

	return (int)syscall(SYS_futex, &word, 0, 0, &(struct timespec){0, 400000000}, NULL, 0);
}

static void adjustments(void)
{
	struct timex t = {.modes = 0};
	struct timeval now;
	int ret = adjtimex(&t);

	gettimeofday(&now, NULL);
	printf("adjtimex %d, tick %ld, near %d\n", ret >= 0, t.tick, labs((long)(now.tv_sec - t.time.tv_sec)) <= 1);
	SHOW(clock_adjtime(CLOCK_MONOTONIC, &t));
	SHOW(clock_adjtime(77, &t));
	SHOW(syscall(SYS_adjtimex, 8));
}

int main(void)
{
	interval_timers();
	posix_timers();
	cpu_limit();
	stopped_while("nanosleep", with_nanosleep);
	stopped_while("clock_nanosleep", with_clock_nanosleep);
	stopped_while("poll", with_poll);
	stopped_while("futex", with_futex);
	adjustments();
	return 0;
}
