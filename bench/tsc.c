// SPDX-License-Identifier: BSD-3-Clause
// Prints the rate of the time stamp counter in kHz, which QEMU's TCG shows its guests as it is.
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

int main(void)
{
	const struct timespec pause = {0, 200000000};
	int64_t ns = now_ns();
	uint64_t cycles = __rdtsc();

	nanosleep(&pause, NULL);
	ns = now_ns() - ns;
	cycles = __rdtsc() - cycles;
	printf("%llu\n", (unsigned long long)(cycles * 1000000 / (uint64_t)ns));
}
