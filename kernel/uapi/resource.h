/* SPDX-License-Identifier: BSD-3-Clause */
/* Resource limits and usage (getrlimit(2), getrusage(2)). */
#pragma once
#include <stdint.h>

enum {
	LINUX_RLIMIT_CPU, LINUX_RLIMIT_FSIZE, LINUX_RLIMIT_DATA, LINUX_RLIMIT_STACK, LINUX_RLIMIT_CORE, LINUX_RLIMIT_RSS, LINUX_RLIMIT_NPROC, LINUX_RLIMIT_NOFILE,
	LINUX_RLIMIT_MEMLOCK, LINUX_RLIMIT_AS, LINUX_RLIMIT_LOCKS, LINUX_RLIMIT_SIGPENDING, LINUX_RLIMIT_MSGQUEUE, LINUX_RLIMIT_NICE, LINUX_RLIMIT_RTPRIO, LINUX_RLIMIT_RTTIME,
	LINUX_RLIM_NLIMITS
};
#define LINUX_RLIM_INFINITY UINT64_MAX

struct linux_rlimit {
	uint64_t soft, hard;
};

struct linux_timeval {
	int64_t seconds, microseconds;
};

struct linux_rusage {
	struct linux_timeval user, system;
	int64_t maxrss, ixrss, idrss, isrss, minflt, majflt, nswap, inblock, oublock, msgsnd, msgrcv, nsignals, nvcsw, nivcsw;
};
