/* SPDX-License-Identifier: BSD-3-Clause */
/* POSIX timers: what they take, one signal at a time, overruns; many threads that set the same ones; sleeping on CPU clocks. */
#define _GNU_SOURCE
#include "show.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static int create(clockid_t clock, int notify, int signal, int tid, int *id)
{
	struct sigevent event = {.sigev_notify = notify, .sigev_signo = signal, .sigev_value.sival_int = 7};

	event._sigev_un._tid = tid;
	return (int)syscall(SYS_timer_create, clock, &event, id);
}

static void set(int id, long value_ns, long interval_ns)
{
	struct itimerspec spec = {.it_value = {value_ns / 1000000000, value_ns % 1000000000}, .it_interval = {interval_ns / 1000000000, interval_ns % 1000000000}};

	syscall(SYS_timer_settime, id, 0, &spec, NULL);
}

static void sleep_ms(long ms)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += ms * 1000000;
	end.tv_sec += end.tv_nsec / 1000000000;
	end.tv_nsec %= 1000000000;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL))
		;
}

static void arguments(void)
{
	struct rlimit limit, none;
	int id;

	SHOW_OK(create(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, &id));
	SHOW(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, 0, 0, &id));
	SHOW(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, 65, 0, &id));
	SHOW(create(CLOCK_MONOTONIC, 3, SIGUSR1, 0, &id));
	SHOW(create(CLOCK_MONOTONIC, SIGEV_THREAD_ID, SIGUSR1, 1, &id));
	SHOW_OK(create(CLOCK_MONOTONIC, SIGEV_THREAD_ID, SIGUSR1, gettid(), &id));
	SHOW(create(CLOCK_MONOTONIC_RAW, SIGEV_SIGNAL, SIGUSR1, 0, &id));
	SHOW(create(CLOCK_REALTIME_COARSE, SIGEV_SIGNAL, SIGUSR1, 0, &id));
	SHOW(create(99, SIGEV_SIGNAL, SIGUSR1, 0, &id));
	SHOW(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0, (int *)8));
	SHOW(syscall(SYS_timer_getoverrun, 12345));
	SHOW(syscall(SYS_timer_delete, 12345));
	getrlimit(RLIMIT_SIGPENDING, &limit);
	none = (struct rlimit){0, limit.rlim_max};
	setrlimit(RLIMIT_SIGPENDING, &none);
	SHOW(create(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, &id));
	setrlimit(RLIMIT_SIGPENDING, &limit);
}

static void overruns(void)
{
	struct timespec now = {0};
	siginfo_t info;
	sigset_t waited;
	int id, other;

	sigemptyset(&waited);
	sigaddset(&waited, SIGRTMIN);
	sigaddset(&waited, SIGUSR1);
	sigprocmask(SIG_BLOCK, &waited, NULL);
	create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN, 0, &id);
	set(id, 1000000, 1000000);
	sleep_ms(60);
	sigwaitinfo(&waited, &info);
	printf("overruns: code %d, value %d, more than 20: %d, told twice: %d\n", info.si_code, info.si_value.sival_int, info.si_overrun > 20, info.si_overrun == syscall(SYS_timer_getoverrun, id));
	set(id, 1000000, 0);
	sleep_ms(20);
	sigwaitinfo(&waited, &info);
	printf("once: overruns %d %ld\n", info.si_overrun, syscall(SYS_timer_getoverrun, id));
	SHOW(sigtimedwait(&waited, &info, &now));

	/* Two timers with one standard signal are two signals. */
	create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0, &id);
	create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0, &other);
	set(id, 1000000, 0);
	set(other, 2000000, 0);
	sleep_ms(20);
	SHOW(sigwaitinfo(&waited, &info));
	SHOW(sigwaitinfo(&waited, &info));
	SHOW(sigtimedwait(&waited, &info, &now));
	/* One that nobody takes does not hinder the next. */
	signal(SIGUSR2, SIG_IGN);
	create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR2, 0, &id);
	set(id, 1000000, 1000000);
	sleep_ms(5);
	sigaddset(&waited, SIGUSR2);
	sigprocmask(SIG_BLOCK, &waited, NULL);
	signal(SIGUSR2, SIG_DFL);
	SHOW(sigwaitinfo(&waited, &info));
	SHOW(syscall(SYS_timer_delete, id));
}

/* ---- Threads ---- */

#define ROUNDS 3000
static int shared_ids[4], shared_file;

static void *hammer(void *seed)
{
	unsigned state = (unsigned)(size_t)seed;
	struct itimerspec spec = {{0}};
	struct itimerval interval = {{0}};

	for (int i = 0; i < ROUNDS; i++) {
		int slot, id;

		state = state * 1103515245 + 12345;
		slot = state >> 16 & 3;
		id = __atomic_load_n(&shared_ids[slot], __ATOMIC_RELAXED);
		spec.it_value.tv_nsec = spec.it_interval.tv_nsec = state >> 8 & 0xfffff;
		interval.it_value.tv_usec = interval.it_interval.tv_usec = state >> 20;
		switch (state >> 24 & 7) {
		case 0:
			if (!create(state & 64 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_REALTIME, SIGEV_SIGNAL, SIGRTMIN + 1, 0, &id))
				syscall(SYS_timer_delete, __atomic_exchange_n(&shared_ids[slot], id, __ATOMIC_RELAXED));
			break;
		case 1:
			syscall(SYS_timer_delete, id);
			break;
		case 2:
			timerfd_settime(shared_file, state & 128 ? TFD_TIMER_ABSTIME : 0, &spec, NULL);
			break;
		case 3:
			setitimer(state & 256 ? ITIMER_REAL : ITIMER_PROF, &interval, NULL);
			break;
		default:
			syscall(SYS_timer_settime, id, state & 128 ? TIMER_ABSTIME : 0, &spec, NULL);
			syscall(SYS_timer_gettime, id, &spec);
			syscall(SYS_timer_getoverrun, id);
			break;
		}
	}
	return NULL;
}

static void ignore(int signal)
{
	(void)signal;
}

static void threads(void)
{
	struct itimerval none = {{0}};
	pthread_t made[4];

	signal(SIGRTMIN + 1, ignore);
	signal(SIGALRM, ignore);
	signal(SIGPROF, ignore);
	shared_file = timerfd_create(CLOCK_REALTIME, 0);
	for (long i = 0; i < 4; i++)
		pthread_create(&made[i], NULL, hammer, (void *)(i + 1));
	for (int i = 0; i < 4; i++)
		pthread_join(made[i], NULL);
	for (int i = 0; i < 4; i++)
		syscall(SYS_timer_delete, shared_ids[i]);
	setitimer(ITIMER_REAL, &none, NULL);
	setitimer(ITIMER_PROF, &none, NULL);
	printf("threads have ended\n");
}

/* ---- CPU clocks ---- */

static volatile int has_to_stop;

static void *burn(void *unused)
{
	while (!has_to_stop)
		;
	return unused;
}

static void cpu_clocks(void)
{
	struct timespec before, after, span = {0, 20000000}, bad = {0, 1000000000};
	pthread_t thread;
	clockid_t clock;

	pthread_create(&thread, NULL, burn, NULL);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	SHOW(syscall(SYS_clock_nanosleep, CLOCK_PROCESS_CPUTIME_ID, 0, &span, NULL));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	printf("used as much: %d\n", (after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec >= 20000000);
	pthread_getcpuclockid(thread, &clock);
	clock_gettime(clock, &before);
	SHOW(syscall(SYS_clock_nanosleep, clock, 0, &span, NULL));
	clock_gettime(clock, &after);
	printf("used as much: %d\n", (after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec >= 20000000);
	SHOW(syscall(SYS_clock_nanosleep, clock, TIMER_ABSTIME, &span, NULL));
	has_to_stop = 1;
	pthread_join(thread, NULL);
	SHOW(syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &span, NULL));
	pthread_getcpuclockid(pthread_self(), &clock);
	SHOW(syscall(SYS_clock_nanosleep, clock, 0, &span, NULL));
	SHOW(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC_RAW, 0, &span, NULL));
	SHOW(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC_COARSE, 0, &span, NULL));
	SHOW(syscall(SYS_clock_nanosleep, CLOCK_BOOTTIME, 0, &span, NULL));
	SHOW(syscall(SYS_clock_nanosleep, CLOCK_TAI, 0, &bad, NULL));
}

/* Nothing that would set a clock. */
static void setting(void)
{
	struct timespec bad = {0, -1}, early = {0, 1};
	struct timezone zone = {1000, 0};
	struct timeval time = {0, 1000000};

	SHOW(syscall(SYS_clock_settime, CLOCK_REALTIME, &bad));
	SHOW(syscall(SYS_clock_settime, CLOCK_REALTIME, &early));
	SHOW(syscall(SYS_clock_settime, CLOCK_MONOTONIC, &early));
	SHOW(syscall(SYS_clock_settime, CLOCK_PROCESS_CPUTIME_ID, &early));
	SHOW(syscall(SYS_clock_settime, ~0u << 3 | 2, &early));
	SHOW(syscall(SYS_clock_settime, CLOCK_REALTIME, 8));
	SHOW(syscall(SYS_settimeofday, &time, NULL));
	SHOW(syscall(SYS_settimeofday, NULL, &zone));
	SHOW(syscall(SYS_settimeofday, 8, NULL));
}

int main(void)
{
	arguments();
	overruns();
	threads();
	cpu_clocks();
	setting();
	return 0;
}
