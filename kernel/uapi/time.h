/* SPDX-License-Identifier: BSD-3-Clause */
/* Clocks and timers (clock_gettime(2), timer_create(2), setitimer(2)). */
#pragma once
#include <stdint.h>

enum {
	LINUX_CLOCK_REALTIME, LINUX_CLOCK_MONOTONIC, LINUX_CLOCK_PROCESS_CPUTIME_ID, LINUX_CLOCK_THREAD_CPUTIME_ID, LINUX_CLOCK_MONOTONIC_RAW, LINUX_CLOCK_REALTIME_COARSE,
	LINUX_CLOCK_MONOTONIC_COARSE, LINUX_CLOCK_BOOTTIME, LINUX_CLOCK_REALTIME_ALARM, LINUX_CLOCK_BOOTTIME_ALARM, LINUX_CLOCK_TAI = 11,
};
enum { LINUX_TIMER_ABSTIME = 1 };
enum { LINUX_ITIMER_REAL, LINUX_ITIMER_VIRTUAL, LINUX_ITIMER_PROF };
enum { LINUX_SIGEV_SIGNAL, LINUX_SIGEV_NONE, LINUX_SIGEV_THREAD, LINUX_SIGEV_THREAD_ID = 4 };

#define NS_PER_SECOND 1000000000ull
#define TIME_MAX_NS   (UINT64_MAX >> 2) /* over a century: for ever, whatever is added to it once */

struct linux_itimerval {
	int64_t interval_seconds, interval_microseconds, value_seconds, value_microseconds;
};

struct linux_itimerspec {
	int64_t interval_seconds, interval_nanoseconds, value_seconds, value_nanoseconds;
};

struct linux_sigevent { /* 64 bytes */
	uint64_t value;
	int32_t signo, notify, tid;
	int32_t pad[11];
};
