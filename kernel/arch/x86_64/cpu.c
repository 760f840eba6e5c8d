/* SPDX-License-Identifier: BSD-3-Clause */
/* The CPU that runs this, and what is known about it. */
#include "kernel/arch/cpu.h"
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/features.h"
#include "kernel/arch/x86_64/smp.h"
#include "kernel/arch/x86_64/x86.h"
#include "kernel/platform/clock.h"
#include "lib/format.h"
#include "lib/string.h"

struct cpu boot_cpu = {.self = &boot_cpu, .timer_wanted = UINT64_MAX, .timer_set = UINT64_MAX};
struct cpu *cpus[CPU_MAX] = {&boot_cpu};

extern void cpu_wait(void);

unsigned cpu_id(void)
{
	return this_cpu()->id;
}

void cpu_poll(void)
{
	if (unlikely(__atomic_load_n(&this_cpu()->flush_pending, __ATOMIC_RELAXED)))
		tlb_serve();
}

void cpu_relax(void)
{
	__builtin_ia32_pause();
	cpu_poll();
}

void cpu_idle(void)
{
	cpu_wait();
}

noreturn_fn void cpu_halt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

void cpu_kick(unsigned cpu)
{
	apic_send(cpus[cpu]->apic_id, VECTOR_KICK);
}

struct thread *cpu_current_thread(void)
{
	struct thread *thread;

	__asm__ volatile("mov %%gs:%c1, %0" : "=r"(thread) : "i"(offsetof(struct cpu, thread)));
	return thread;
}

void cpu_set_current_thread(struct thread *thread)
{
	this_cpu()->thread = thread;
}

uint64_t cpu_cycles(void)
{
	return rdtsc();
}

bool cpu_random(uint64_t *value)
{
	if (!cpu_features.rdrand)
		return false;
	for (int i = 0; i < 10; i++) { /* SDM 1 §7.3.17.1 */
		bool is_valid;

		__asm__ volatile("rdrand %0" : "=r"(*value), "=@ccc"(is_valid));
		if (is_valid)
			return true;
	}
	return false;
}

uint64_t cpu_hwcap(void)
{
	return cpu_features.hwcap;
}

uint64_t cpu_hwcap2(void)
{
	return cpu_features.fsgsbase ? 2 : 0; /* HWCAP2_FSGSBASE */
}

/* ---- /proc/cpuinfo ---- */

/* Names as Linux prints them, by bit. */
static const char *const names_1d[32] = {
    "fpu", "vme", "de", "pse", "tsc", "msr", "pae", "mce", "cx8", "apic", NULL, "sep", "mtrr", "pge", "mca", "cmov", "pat", "pse36", "pn", "clflush",
    NULL, "dts", "acpi", "mmx", "fxsr", "sse", "sse2", "ss", "ht", "tm", "ia64", "pbe",
};
static const char *const names_1c[32] = {
    "pni", "pclmulqdq", "dtes64", "monitor", "ds_cpl", "vmx", "smx", "est", "tm2", "ssse3", "cid", "sdbg", "fma", "cx16", "xtpr", "pdcm", NULL, "pcid",
    "dca", "sse4_1", "sse4_2", "x2apic", "movbe", "popcnt", "tsc_deadline_timer", "aes", "xsave", NULL, "avx", "f16c", "rdrand", "hypervisor",
};
static const char *const names_7b[32] = {
    "fsgsbase", "tsc_adjust", "sgx", "bmi1", "hle", "avx2", NULL, "smep", "bmi2", "erms", "invpcid", "rtm", NULL, NULL, NULL, NULL, "avx512f",
    "avx512dq", "rdseed", "adx", "smap", "avx512ifma", NULL, "clflushopt", "clwb", NULL, NULL, NULL, "avx512cd", "sha_ni", "avx512bw", "avx512vl",
};
static const char *const names_81c[32] = {
    "lahf_lm", [5] = "abm", [6] = "sse4a", [8] = "3dnowprefetch",
};
static const char *const names_81d[32] = {
    [11] = "syscall", [20] = "nx", [26] = "pdpe1gb", [27] = "rdtscp", [29] = "lm",
};

struct text {
	char *to;
	size_t size, len;
};

static void text_add(struct text *text, const char *format, ...) printf_like(2, 3);
static void text_add(struct text *text, const char *format, ...)
{
	va_list args;
	size_t room = text->len < text->size ? text->size - text->len : 0;

	va_start(args, format);
	text->len += (size_t)format_text_va(text->to + (room ? text->len : 0), room, format, args);
	va_end(args);
}

static void text_add_names(struct text *text, uint32_t bits, const char *const names[32])
{
	for (unsigned i = 0; i < 32; i++)
		if (bits >> i & 1 && names[i])
			text_add(text, " %s", names[i]);
}

static void brand(char name[49])
{
	memset(name, 0, 49);
	if (cpuid(0x80000000, 0).a < 0x80000004)
		return;
	for (unsigned i = 0; i < 3; i++) {
		struct cpuid r = cpuid(0x80000002 + i, 0);

		memcpy(name + 16 * i, &r, 16);
	}
}

int cpu_describe(unsigned cpu, char *to, size_t size)
{
	struct text text = {.to = to, .size = size};
	struct cpuid zero = cpuid(0, 0), one = cpuid(1, 0), seven = {0}, extended = cpuid(0x80000001, 0);
	unsigned family = one.a >> 8 & 15, model = one.a >> 4 & 15;
	uint64_t khz = clock_cycles_per_second() / 1000;
	char name[49];

	if (zero.a >= 7)
		seven = cpuid(7, 0);
	if (family == 6 || family == 15)
		model |= one.a >> 12 & 0xf0;
	if (family == 15)
		family += one.a >> 20 & 255;
	brand(name);
	text_add(&text, "processor\t: %u\nvendor_id\t: %.4s%.4s%.4s\n", cpu, (char *)&zero.b, (char *)&zero.d, (char *)&zero.c);
	text_add(&text, "cpu family\t: %u\nmodel\t\t: %u\nmodel name\t: %s\nstepping\t: %u\n", family, model, name, one.a & 15);
	text_add(&text, "cpu MHz\t\t: %lu.%03lu\nphysical id\t: %u\nsiblings\t: 1\ncore id\t\t: 0\ncpu cores\t: 1\napicid\t\t: %u\n", khz / 1000, khz % 1000, cpu,
	    cpus[cpu]->apic_id);
	text_add(&text, "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: %u\nwp\t\t: yes\nflags\t\t:", zero.a);
	text_add_names(&text, one.d, names_1d);
	text_add_names(&text, extended.d, names_81d);
	text_add_names(&text, one.c, names_1c);
	text_add_names(&text, extended.c, names_81c);
	text_add_names(&text, seven.b, names_7b);
	text_add(&text, "\nbogomips\t: %lu.%02lu\nclflush size\t: 64\ncache_alignment\t: 64\naddress sizes\t: 40 bits physical, 48 bits virtual\n\n",
	    khz / 500, khz / 5 % 100);
	return (int)text.len;
}
