/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The clocks: cycles of the TSC times a rate. Where the hypervisor or the CPU tells the rate, that is it. QEMU's emulator does not: there the
 * local APIC's timer, which counts nanoseconds, is the yardstick. It starts to count as the machine does and nobody waits for it: the first
 * reading of the clock takes the rate from what has elapsed by then, and longer spans narrow the bounds of it later. A change of rate begins
 * at the time that the old one had reached, so that the clock never jumps.
 *
 * The bounds are strict: the yardstick is read between two readings of the TSC, so the cycles of a span lie between the inner and outer
 * distance, however long the emulator was held up in between. Spans are intersected.
 */
#include "kernel/platform/clock.h"
#include "abi/control.h"
#include "kernel/arch/page_table.h"
#include "kernel/arch/spinlock.h"
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/features.h"
#include "kernel/arch/x86_64/percpu.h"
#include "kernel/arch/x86_64/x86.h"
#include "kernel/platform/arithmetic.h"
#include "kernel/platform/platform.h"
#include "kernel/platform/rtc.h"
#include "lib/format.h"

#define NS_PER_S	 1000000000ull
#define NEVER		 UINT64_MAX
#define FIRST_SPAN_NS	 30000 /* the first reading of the clock wants so much to have elapsed */
#define NARROW_ENOUGH	 20    /* bounds closer than 2^-20 of the rate are not worth more work */
#define KVM_SYSTEM_TIME	 0x4b564d01
#define KVM_CLOCKSOURCE2 (1u << 3)

static union {
	struct clock_parameters parameters;
	char page[PAGE_SIZE];
} shown aligned_to(PAGE_SIZE);

static struct spinlock lock;   /* guards changes of the parameters and all below */
static uint64_t rate_low, rate_high; /* bounds, cycles a second */
static uint64_t longest_span;  /* cycles: shorter ones can tell no more */
static uint64_t yardstick_hz;  /* of the APIC timer; 0 where the TSC deadline is used */
static struct reading start;   /* the boot CPU's, running since clock_init */
static bool is_measured;       /* the rate comes from the yardstick */
static void (*timer_handler)(void);

const struct clock_parameters *clock_parameters(void)
{
	clock_realtime_ns();
	return &shown.parameters;
}

static uint64_t scale(const struct clock_parameters *p, uint64_t cycles)
{
	if (cycles <= p->base_cycles)
		return p->base_ns;
	return p->base_ns + (uint64_t)((unsigned __int128)(cycles - p->base_cycles) * p->multiplier >> p->shift);
}

static void change_begin(void)
{
	__atomic_store_n(&shown.parameters.sequence, shown.parameters.sequence + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void change_end(void)
{
	__atomic_store_n(&shown.parameters.sequence, shown.parameters.sequence + 1, __ATOMIC_RELEASE);
}

static void set_rate(uint64_t hz)
{
	struct clock_parameters *p = &shown.parameters;
	uint64_t now = rdtsc(), now_ns = p->multiplier ? scale(p, now) : 0;
	uint32_t shift = 32;

	while (multiply_divide(NS_PER_S, 1ull << shift, hz) > UINT32_MAX)
		shift--;
	change_begin();
	if (p->multiplier) {
		p->base_cycles = now;
		p->base_ns = now_ns;
	}
	p->multiplier = (uint32_t)multiply_divide(NS_PER_S, 1ull << shift, hz);
	p->shift = shift;
	change_end();
}

/* ---- The rate, told ---- */

/* The hypervisor's page of clock parameters, asked for once (Linux, Documentation/virt/kvm/x86/msr.rst). */
static uint64_t kvm_rate(void)
{
	static volatile struct {
		uint32_t version, padding;
		uint64_t tsc, system_time;
		uint32_t multiplier;
		int8_t shift;
		uint8_t flags, padding2[2];
	} page aligned_to(32);
	uint64_t hz;

	if (!cpu_features.is_kvm || !(cpuid(0x40000001, 0).a & KVM_CLOCKSOURCE2))
		return 0;
	wrmsr(KVM_SYSTEM_TIME, virt_to_phys((const void *)&page) | 1);
	hz = page.multiplier ? multiply_divide(NS_PER_S, 1ull << 32, page.multiplier) : 0;
	hz = page.shift < 0 ? hz << -page.shift : hz >> page.shift;
	wrmsr(KVM_SYSTEM_TIME, 0);
	return hz;
}

/* CPUID's leaves that state frequencies: hypervisors' 0x40000010, Intel's 0x15 and 0x16. */
static uint64_t cpuid_rate(void)
{
	struct cpuid r;

	if (cpu_features.hypervisor[0] && cpuid(0x40000000, 0).a >= 0x40000010) {
		r = cpuid(0x40000010, 0);
		if (r.a)
			return r.a * 1000ull;
	}
	if (cpuid(0, 0).a >= 0x15) {
		r = cpuid(0x15, 0);
		if (r.a && r.b && r.c)
			return multiply_divide(r.c, r.b, r.a);
	}
	return 0;
}

/* ---- The rate, measured ---- */

static struct reading read_yardstick(void)
{
	struct reading best = {0}, r;

	/* The closest of a few: the emulator may be interrupted between the three. */
	for (int i = 0; i < 3; i++) {
		r.before = rdtsc();
		r.count = apic_timer_count();
		r.after = rdtsc();
		if (!i || r.after - r.before < best.after - best.before)
			best = r;
	}
	return best;
}

static void narrow(uint64_t low, uint64_t high)
{
	if (low > rate_high || high < rate_low) {
		/* They do not meet: the machine was stopped, or moved. The newer is right. */
		rate_low = low;
		rate_high = high;
	}
	rate_low = max_u64(rate_low, low);
	rate_high = min_u64(rate_high, high);
	set_rate((rate_low + rate_high) / 2);
}

/* From a span that began with `from`, of which count is left. */
static void measure(const struct reading *from, const struct reading *to)
{
	uint64_t elapsed = from->count - to->count;

	if (!to->count || !elapsed)
		return;
	if (to->after - from->before > longest_span)
		longest_span = to->after - from->before;
	narrow(to->before > from->after ? multiply_divide(to->before - from->after, yardstick_hz, elapsed) : 0,
	    multiply_divide(to->after - from->before, yardstick_hz, elapsed));
}

static void measure_first(void)
{
	struct reading now;

	spin_lock(&lock);
	if (!shown.parameters.multiplier) {
		while (start.count - apic_timer_count() < FIRST_SPAN_NS * yardstick_hz / NS_PER_S)
			cpu_relax();
		now = read_yardstick();
		rate_high = UINT64_MAX;
		measure(&start, &now);
	}
	spin_unlock(&lock);
}

static bool is_narrow(void)
{
	return !is_measured || rate_high - rate_low <= rate_high >> NARROW_ENOUGH;
}

/* What this CPU's timer counted so far may tell more about the rate, if it is twice as long as what was seen before. */
static void measure_running(const struct cpu *cpu)
{
	struct reading now;

	if (is_narrow() || !cpu->timer_start.count || rdtsc() - cpu->timer_start.before < 2 * longest_span || !spin_try_lock(&lock))
		return;
	now = read_yardstick();
	measure(&cpu->timer_start, &now);
	spin_unlock(&lock);
}

/* As the timer has run out, at least its count has elapsed: an upper bound. */
static void measure_expired(const struct cpu *cpu)
{
	uint64_t cycles = rdtsc() - cpu->timer_start.before, bound;

	if (is_narrow() || cycles < longest_span || !spin_try_lock(&lock))
		return;
	bound = multiply_divide(cycles, yardstick_hz, cpu->timer_start.count);
	if (bound > rate_low && bound < rate_high)
		narrow(rate_low, bound);
	spin_unlock(&lock);
}

/* ---- Start ---- */

static uint16_t pit_count(void)
{
	uint8_t low;

	port_write_8(0x43, 0x00); /* latch channel 0 */
	low = port_read_8(0x40);
	return (uint16_t)(low | port_read_8(0x40) << 8);
}

/*
 * No frequency is known at all: both counters against the PIT (Intel 8254), for a millisecond. Not on the hypervisors that count. Without a PIT
 * it must be a hypervisor, and there the APIC's timer counts nanoseconds.
 */
static void measure_with_pit(void)
{
	enum { PIT_HZ = 1193182, SPAN = 1193 };
	uint64_t before, cycles;
	uint32_t count;
	uint16_t first, elapsed;

	port_write_8(0x43, 0x30); /* channel 0, both bytes, mode 0: down from 65536 once */
	port_write_8(0x40, 0);
	port_write_8(0x40, 0);
	first = pit_count();
	before = rdtsc();
	count = apic_timer_count();
	do {
		elapsed = (uint16_t)(first - pit_count());
		cycles = rdtsc() - before;
	} while (elapsed < SPAN && cycles < NS_PER_S / 20);
	count -= apic_timer_count();
	if (elapsed < SPAN) {
		yardstick_hz = NS_PER_S;
		return;
	}
	yardstick_hz = multiply_divide(count, PIT_HZ, elapsed);
	if (!shown.parameters.multiplier)
		set_rate(multiply_divide(cycles, PIT_HZ, elapsed));
}

void clock_init(void)
{
	uint64_t hz = kvm_rate();

	if (!hz)
		hz = cpuid_rate();
	if (hz)
		set_rate(hz);
	if (cpu_features.tsc_deadline && hz)
		return;
	apic_timer_set(UINT32_MAX);
	start = read_yardstick();
	if (cpu_features.is_tcg || cpu_features.is_kvm)
		yardstick_hz = NS_PER_S;
	else
		measure_with_pit();
	is_measured = !shown.parameters.multiplier;
	boot_cpu.timer_start = start;
}

/* ---- Reading ---- */

uint64_t clock_monotonic_ns(void)
{
	const struct clock_parameters *p = &shown.parameters;
	uint32_t sequence;
	uint64_t ns;

	if (unlikely(!__atomic_load_n(&p->multiplier, __ATOMIC_RELAXED)))
		measure_first();
	do {
		sequence = __atomic_load_n(&p->sequence, __ATOMIC_ACQUIRE);
		ns = scale(p, rdtsc());
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (unlikely((sequence & 1) || sequence != __atomic_load_n(&p->sequence, __ATOMIC_RELAXED)));
	return ns;
}

uint64_t clock_cycles_to_ns(uint64_t cycles)
{
	const struct clock_parameters *p = &shown.parameters;

	clock_monotonic_ns();
	if (cycles >= p->base_cycles)
		return scale(p, cycles);
	return p->base_ns - min_u64(p->base_ns, (uint64_t)((unsigned __int128)(p->base_cycles - cycles) * p->multiplier >> p->shift));
}

uint64_t clock_cycles_per_second(void)
{
	clock_monotonic_ns();
	return multiply_divide(NS_PER_S, 1ull << shown.parameters.shift, shown.parameters.multiplier);
}

/* The option says when the machine was started, which is where monotonic time begins; else the clock chip knows the second. */
static uint64_t realtime_at_start(void)
{
	char text[24];
	const char *end;
	uint64_t ns;

	if (boot_option(BOOT_OPTION_TIME, text, sizeof(text)) && format_parse_u64(text, &end, &ns) && ns)
		return ns;
	return rtc_read_seconds() * NS_PER_S - clock_monotonic_ns();
}

void clock_set_realtime_ns(uint64_t ns)
{
	uint64_t now = clock_monotonic_ns();

	spin_lock(&lock);
	change_begin();
	shown.parameters.realtime_offset_ns = ns - now;
	change_end();
	spin_unlock(&lock);
}

uint64_t clock_realtime_ns(void)
{
	if (unlikely(!__atomic_load_n(&shown.parameters.realtime_offset_ns, __ATOMIC_RELAXED)))
		clock_set_realtime_ns(realtime_at_start() + clock_monotonic_ns());
	return clock_monotonic_ns() + shown.parameters.realtime_offset_ns;
}

/* ---- The timer ---- */

void clock_set_timer_handler(void (*handler)(void))
{
	timer_handler = handler;
}

static uint64_t ns_to_cycles(uint64_t ns)
{
	const struct clock_parameters *p = &shown.parameters;

	if (ns <= p->base_ns)
		return p->base_cycles;
	if (ns - p->base_ns > 1000ull * 365 * 86400 * NS_PER_S >> 10)
		return NEVER;
	return p->base_cycles + multiply_divide(ns - p->base_ns, 1ull << p->shift, p->multiplier) + 1;
}

static void count_down(struct cpu *cpu, uint64_t deadline_ns)
{
	uint64_t now, delta;

	now = clock_monotonic_ns();
	delta = deadline_ns > now ? min_u64(deadline_ns - now, 4 * NS_PER_S) : 0;
	cpu->timer_start.count = (uint32_t)min_u64(multiply_divide(delta, yardstick_hz, NS_PER_S) + 1, UINT32_MAX);
	cpu->timer_set = now + delta;
	apic_timer_unmask();
	cpu->timer_start.before = rdtsc();
	apic_timer_set(cpu->timer_start.count);
	cpu->timer_start.after = rdtsc();
}

static void set_timer(struct cpu *cpu, uint64_t deadline_ns)
{
	if (yardstick_hz) {
		count_down(cpu, deadline_ns);
		return;
	}
	cpu->timer_set = deadline_ns;
	apic_timer_deadline(ns_to_cycles(deadline_ns));
}

/* Setting the timer costs an exit to the hypervisor: one that fires too early is left alone, and set anew when it has fired. */
void clock_program(uint64_t deadline_ns)
{
	struct cpu *cpu = this_cpu();

	measure_running(cpu);
	cpu->timer_wanted = deadline_ns;
	if (deadline_ns < cpu->timer_set)
		set_timer(cpu, deadline_ns);
}

void clock_interrupt(void)
{
	struct cpu *cpu = this_cpu();
	uint64_t wanted = cpu->timer_wanted;

	if (cpu->timer_start.count)
		measure_expired(cpu);
	cpu->timer_start.count = 0;
	cpu->timer_set = NEVER;
	if (wanted == NEVER)
		return;
	if (clock_monotonic_ns() < wanted) {
		set_timer(cpu, wanted);
		return;
	}
	cpu->timer_wanted = NEVER;
	if (timer_handler)
		timer_handler();
}
