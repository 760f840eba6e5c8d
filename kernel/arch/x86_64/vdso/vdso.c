/* SPDX-License-Identifier: BSD-3-Clause */
/* The vDSO's functions (vdso(7)). They run in programs: no kernel memory but the page of clock parameters before the image. */
#include <stddef.h>
#include "kernel/platform/platform.h"

extern const struct clock_parameters vdso_clock __attribute__((visibility("hidden")));

#define NS_PER_S 1000000000ull
#define CPU_NUMBER_SELECTOR 0x7b /* layout.h */

enum {
	CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME, CLOCK_THREAD_CPUTIME, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE,
	CLOCK_BOOTTIME,
};
enum { SYS_gettimeofday = 96, SYS_clock_gettime = 228, SYS_clock_getres = 229 };

struct timespec {
	int64_t s, ns;
};
struct timeval {
	int64_t s, us;
};

int __vdso_clock_gettime(int clock, struct timespec *to);
int __vdso_clock_getres(int clock, struct timespec *to);
int __vdso_gettimeofday(struct timeval *to, int *zone);
int64_t __vdso_time(int64_t *to);
int __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused);

static long system_call(long number, long a, long b)
{
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "0"(number), "D"(a), "S"(b) : "rcx", "r11", "memory");
	return ret;
}

static inline uint64_t cycles_now(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

/* False while the rate is not known. */
static bool monotonic_ns(uint64_t *ns, uint64_t *realtime_offset)
{
	const volatile struct clock_parameters *p = &vdso_clock;
	uint32_t sequence;

	do {
		uint64_t base, cycles;

		sequence = __atomic_load_n(&p->sequence, __ATOMIC_ACQUIRE);
		cycles = cycles_now();
		base = p->base_cycles;
		*ns = p->base_ns;
		if (cycles > base)
			*ns += (uint64_t)((unsigned __int128)(cycles - base) * p->multiplier >> p->shift);
		*realtime_offset = p->realtime_offset_ns;
		if (!p->multiplier)
			return false;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while ((sequence & 1) || sequence != p->sequence);
	return true;
}

static bool read_clock(int clock, uint64_t *ns)
{
	uint64_t offset;

	if ((unsigned)clock > CLOCK_BOOTTIME || clock == CLOCK_PROCESS_CPUTIME || clock == CLOCK_THREAD_CPUTIME || !monotonic_ns(ns, &offset))
		return false;
	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) {
		if (!offset)
			return false; /* not set yet: the kernel does at the first call */
		*ns += offset;
	}
	return true;
}

int __vdso_clock_gettime(int clock, struct timespec *to)
{
	uint64_t ns;

	if (!read_clock(clock, &ns))
		return (int)system_call(SYS_clock_gettime, clock, (long)to);
	to->s = (int64_t)(ns / NS_PER_S);
	to->ns = (int64_t)(ns % NS_PER_S);
	return 0;
}

int __vdso_clock_getres(int clock, struct timespec *to)
{
	return (int)system_call(SYS_clock_getres, clock, (long)to);
}

int __vdso_gettimeofday(struct timeval *to, int *zone)
{
	uint64_t ns;

	if (zone || !read_clock(CLOCK_REALTIME, &ns))
		return (int)system_call(SYS_gettimeofday, (long)to, (long)zone);
	if (to) {
		to->s = (int64_t)(ns / NS_PER_S);
		to->us = (int64_t)(ns % NS_PER_S / 1000);
	}
	return 0;
}

int64_t __vdso_time(int64_t *to)
{
	struct timespec now;

	__vdso_clock_gettime(CLOCK_REALTIME, &now);
	if (to)
		*to = now.s;
	return now.s;
}

/* The kernel keeps the CPU's number as the limit of a segment, which LSL reads in every CPU mode (SDM 2A). */
int __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused)
{
	unsigned number;

	__asm__ volatile("lsl %1, %0" : "=r"(number) : "r"(CPU_NUMBER_SELECTOR));
	if (cpu)
		*cpu = number & 0xfff;
	if (node)
		*node = 0;
	return 0;
}

int clock_gettime(int, struct timespec *) __attribute__((weak, alias("__vdso_clock_gettime")));
int clock_getres(int, struct timespec *) __attribute__((weak, alias("__vdso_clock_getres")));
int gettimeofday(struct timeval *, int *) __attribute__((weak, alias("__vdso_gettimeofday")));
int64_t time(int64_t *) __attribute__((weak, alias("__vdso_time")));
int getcpu(unsigned *, unsigned *, void *) __attribute__((weak, alias("__vdso_getcpu")));
