/* SPDX-License-Identifier: BSD-3-Clause */
/* The boot chart: marks are cycle counts until it is printed, since the first are set before there is a clock. */
#include "kernel/arch/cpu.h"
#include "kernel/log/log.h"
#include "lib/format.h"

#define MARKS_MAX 32 /* of steps that are written in the source; later ones are not kept */

static struct {
	const char *name;
	uint64_t cycles;
} marks[MARKS_MAX];
static unsigned nr_marks;
static uint64_t (*cycles_to_ns)(uint64_t cycles);

void log_set_cycles_to_ns(uint64_t (*convert)(uint64_t cycles))
{
	cycles_to_ns = convert;
}

void boot_mark(const char *name)
{
	unsigned i = __atomic_fetch_add(&nr_marks, 1, __ATOMIC_RELAXED);

	if (i >= MARKS_MAX)
		return;
	marks[i].name = name;
	marks[i].cycles = cpu_cycles();
}

/* Each line: when the step was done, since the machine was started, and how long it took. */
void boot_chart_print(void)
{
	unsigned count = nr_marks < MARKS_MAX ? nr_marks : MARKS_MAX;
	uint64_t before = 0;

	for (unsigned i = 0; i < count && cycles_to_ns; i++) {
		uint64_t us = cycles_to_ns(marks[i].cycles) / 1000;
		char line[100];
		int len = format_text(line, sizeof(line), "bootchart %6llu.%03llu ms  +%llu.%03llu  %s\n", (unsigned long long)us / 1000,
		    (unsigned long long)us % 1000, (unsigned long long)(us - before) / 1000, (unsigned long long)(us - before) % 1000, marks[i].name);

		log_raw(line, min_u64((uint64_t)len, sizeof(line) - 1));
		before = us;
	}
}
