/* SPDX-License-Identifier: BSD-3-Clause */
/* Clocks and timers. */
#include "kernel/syscall/strace_line.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/time.h"

static const struct strace_name clocks[] = {{0, "CLOCK_REALTIME"}, {1, "CLOCK_MONOTONIC"}, {2, "CLOCK_PROCESS_CPUTIME_ID"}, {3, "CLOCK_THREAD_CPUTIME_ID"}, {4, "CLOCK_MONOTONIC_RAW"}, {5, "CLOCK_REALTIME_COARSE"},
    {6, "CLOCK_MONOTONIC_COARSE"}, {7, "CLOCK_BOOTTIME"}, {8, "CLOCK_REALTIME_ALARM"}, {9, "CLOCK_BOOTTIME_ALARM"}, {11, "CLOCK_TAI"}, {0, NULL}};
static const struct strace_name absolute[] = {{1, "TIMER_ABSTIME"}, {0, NULL}};
static const struct strace_name timerfd_flags[] = {{O_CLOEXEC, "TFD_CLOEXEC"}, {O_NONBLOCK, "TFD_NONBLOCK"}, {0, NULL}};
static const struct strace_name timerfd_set_flags[] = {{1, "TFD_TIMER_ABSTIME"}, {2, "TFD_TIMER_CANCEL_ON_SET"}, {0, NULL}};
static const struct strace_name interval_timers[] = {{0, "ITIMER_REAL"}, {1, "ITIMER_VIRTUAL"}, {2, "ITIMER_PROF"}, {0, NULL}};

static void show_timer(struct strace_line *line, const struct strace_value *v)
{
	struct linux_itimerspec t;

	if (strace_fetch(line, v, &t, sizeof(t)))
		strace_add(line, "{it_interval={tv_sec=%lld, tv_nsec=%lld}, it_value={tv_sec=%lld, tv_nsec=%lld}}", (long long)t.interval_seconds, (long long)t.interval_nanoseconds,
		    (long long)t.value_seconds, (long long)t.value_nanoseconds);
}

static void show_interval(struct strace_line *line, const struct strace_value *v)
{
	struct linux_itimerval t;

	if (strace_fetch(line, v, &t, sizeof(t)))
		strace_add(line, "{it_interval={tv_sec=%lld, tv_usec=%lld}, it_value={tv_sec=%lld, tv_usec=%lld}}", (long long)t.interval_seconds, (long long)t.interval_microseconds,
		    (long long)t.value_seconds, (long long)t.value_microseconds);
}

STRACE(nanosleep, TIME, FILLED(strace_show_timespec));
STRACE(clock_nanosleep, NAME(clocks), FLAGS(absolute), TIME, FILLED(strace_show_timespec));
STRACE(clock_gettime, NAME(clocks), FILLED(strace_show_timespec));
STRACE(clock_getres, NAME(clocks), FILLED(strace_show_timespec));
STRACE(clock_settime, NAME(clocks), TIME);
STRACE(clock_adjtime, NAME(clocks), ADDRESS);
STRACE(gettimeofday, FILLED(strace_show_timeval), ADDRESS);
STRACE(settimeofday, {.show = strace_show_timeval}, ADDRESS);
STRACE(time, FILLED(strace_show_long_at));
STRACE(getitimer, NAME(interval_timers), FILLED(show_interval));
STRACE(setitimer, NAME(interval_timers), {.show = show_interval}, FILLED(show_interval));
STRACE(timer_create, NAME(clocks), ADDRESS, FILLED(strace_show_int_at));
STRACE(timer_settime, INT, FLAGS(absolute), {.show = show_timer}, FILLED(show_timer));
STRACE(timer_gettime, INT, FILLED(show_timer));
STRACE(timerfd_create, NAME(clocks), FLAGS(timerfd_flags));
STRACE(timerfd_settime, INT, FLAGS(timerfd_set_flags), {.show = show_timer}, FILLED(show_timer));
STRACE(timerfd_gettime, INT, FILLED(show_timer));
STRACE(sched_rr_get_interval, INT, FILLED(strace_show_timespec));
