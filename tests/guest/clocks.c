/* SPDX-License-Identifier: BSD-3-Clause */
/* Clocks, sleeps, interval and POSIX timers. */
#define _GNU_SOURCE
#include <stdbool.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int alarms;

static void on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

static double diff_ms(struct timespec a, struct timespec b)
{
	return (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6;
}

static void show(const char *what, int ret)
{
	printf("%s: %d%s%s\n", what, ret, ret ? " " : "", ret ? strerror(errno) : "");
}

int main(void)
{
	static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI};
	struct timespec a, b;

	for (unsigned i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
		int backwards = 0;

		clock_gettime(clocks[i], &a);
		for (int n = 0; n < 20000; n++) {
			clock_gettime(clocks[i], &b);
			backwards += diff_ms(a, b) < 0;
			a = b;
		}
		printf("clock %d: backwards %d\n", clocks[i], backwards);
	}
	show("bad clock", clock_gettime(99, &a));
	struct timeval tv;
	gettimeofday(&tv, NULL);
	clock_gettime(CLOCK_REALTIME, &a);
	printf("gettimeofday agrees: %d\n", a.tv_sec - tv.tv_sec <= 1);
	printf("vdso agrees with the kernel: %d\n", ({ struct timespec k; clock_gettime(CLOCK_MONOTONIC, &a); syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &k); clock_gettime(CLOCK_MONOTONIC, &b); diff_ms(a, k) >= 0 && diff_ms(k, b) >= 0; }));
	printf("after 2024: %d\n", time(NULL) > 1704067200);

	clock_gettime(CLOCK_MONOTONIC, &a);
	struct timespec t = {0, 30000000};
	show("nanosleep", nanosleep(&t, NULL));
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("slept: %d\n", diff_ms(a, b) >= 30 && diff_ms(a, b) < 2000);
	clock_gettime(CLOCK_MONOTONIC, &t);
	a = t;
	t.tv_nsec += 20000000;
	if (t.tv_nsec >= 1000000000)
		t.tv_sec++, t.tv_nsec -= 1000000000;
	printf("absolute: %d\n", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL));
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("slept: %d\n", diff_ms(a, b) >= 20);
	printf("in the past: %d\n", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &a, NULL));
	t.tv_nsec = 1000000000;
	show("bad nanoseconds", nanosleep(&t, NULL));

	struct sigaction sa = {.sa_handler = on_alarm};
	sigaction(SIGALRM, &sa, NULL);
	struct itimerval it = {.it_value = {0, 20000}};
	show("setitimer", setitimer(ITIMER_REAL, &it, NULL));
	t = (struct timespec){5, 0};
	struct timespec left;
	show("interrupted", nanosleep(&t, &left));
	printf("left: %d, alarms %d\n", left.tv_sec >= 3, alarms);
	it.it_interval.tv_usec = 10000;
	setitimer(ITIMER_REAL, &it, NULL);
	while (alarms < 4)
		pause();
	memset(&it, 0, sizeof(it));
	setitimer(ITIMER_REAL, &it, NULL);
	printf("interval: %d\n", alarms >= 4);
	printf("alarm before: %u\n", alarm(100));
	printf("alarm left: %d\n", alarm(0) >= 99);

	timer_t timer;
	struct sigevent ev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1};
	ev.sigev_value.sival_int = 77;
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	show("timer_create", timer_create(CLOCK_MONOTONIC, &ev, &timer));
	struct itimerspec its = {.it_value = {0, 10000000}};
	show("timer_settime", timer_settime(timer, 0, &its, NULL));
	siginfo_t info;
	printf("timer signal: %d", sigwaitinfo(&set, &info) == SIGRTMIN + 1);
	printf(" code %d value %d\n", info.si_code, info.si_value.sival_int);
	show("timer_delete", timer_delete(timer));
	show("timer gone", timer_delete(timer));

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	for (volatile int i = 0; i < 20000000; i++)
		;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	printf("cpu time grows: %d\n", diff_ms(a, b) > 1);
	bool stands = false; /* once is proof: a host that takes the CPU from a machine makes its time look used */
	for (int i = 0; i < 20 && !stands; i++) {
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
		usleep(50000);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
		stands = diff_ms(a, b) < 40;
	}
	printf("cpu time stands while sleeping: %d\n", stands);
	return 0;
}
