/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starting and stopping the other CPUs. All are started at once, without waiting; each takes the next prepared struct cpu, and gets its number
 * when it is ready, so that the numbers below cpu_count() always belong to CPUs that run. Those never taken stay prepared, which is harmless.
 */
#include "kernel/arch/cpu.h"
#include "kernel/arch/spinlock.h"
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/features.h"
#include "kernel/arch/x86_64/kernel_map.h"
#include "kernel/arch/x86_64/smp.h"
#include "kernel/arch/x86_64/x86.h"
#include "kernel/mem/heap.h"
#include "kernel/mem/page.h"
#include "kernel/platform/acpi.h"
#include "lib/string.h"

#define OTHER_STACK_ORDER 2 /* 16 KiB */

extern const char trampoline_start[], trampoline_end[], trampoline_efer[], trampoline_root[];
void smp_enter(struct cpu *cpu);

struct cpu **other_cpus; /* start.S takes from here, by ticket */
uint32_t other_ticket;

static unsigned nr_running = 1;
static unsigned stopper; /* 1 + the number of the CPU that stops the others; atomic */
static struct spinlock number_lock;
static void (*other_entry)(void);

unsigned cpu_count(void)
{
	return __atomic_load_n(&nr_running, __ATOMIC_ACQUIRE);
}

/* Gives the CPU that runs this its number, and shows it to all. */
static void take_number(struct cpu *cpu)
{
	spin_lock(&number_lock);
	cpu->id = nr_running;
	cpu->gdt[15] |= cpu->id;
	if (cpu_features.rdtscp)
		wrmsr(MSR_TSC_AUX, cpu->id);
	cpus[cpu->id] = cpu;
	__atomic_store_n(&nr_running, nr_running + 1, __ATOMIC_RELEASE);
	spin_unlock(&number_lock);
}

/* From start.S, on the CPU's own stack, which has its fault stack's page below. */
void smp_enter(struct cpu *cpu)
{
	features_enable();
	descriptors_init(cpu, cpu->fault_stack);
	write_cr3(kernel_map_root());
	apic_enable();
	cpu->apic_id = apic_id();
	take_number(cpu);
	other_entry();
	cpu_halt();
}

static struct cpu *prepare(void)
{
	struct cpu *cpu = heap_alloc_zero(sizeof(*cpu));
	struct page *stack = page_alloc(OTHER_STACK_ORDER), *fault_stack = page_alloc(0);

	if (!cpu || !stack || !fault_stack) {
		heap_free(cpu);
		if (stack)
			page_put(stack);
		if (fault_stack)
			page_put(fault_stack);
		return NULL;
	}
	cpu->self = cpu;
	cpu->timer_wanted = cpu->timer_set = UINT64_MAX;
	cpu->boot_stack = (uint64_t)page_virt(stack) + (PAGE_SIZE << OTHER_STACK_ORDER);
	cpu->fault_stack = (uint64_t)page_virt(fault_stack) + PAGE_SIZE;
	return cpu;
}

static void trampoline_install(void)
{
	char *to = phys_to_virt(TRAMPOLINE_PHYS);

	memcpy(to, trampoline_start, (size_t)(trampoline_end - trampoline_start));
	/* The page tables have no-execute bits: the CPU must know them before it walks them. */
	*(uint32_t *)(to + (trampoline_root - trampoline_start)) = (uint32_t)kernel_map_root();
	*(uint32_t *)(to + (trampoline_efer - trampoline_start)) = 0x101 | (cpu_features.nx ? 0x800 : 0);
	kernel_map_trampoline();
}

void cpu_start_others(unsigned max, void (*entry)(void))
{
	uint32_t ids[CPU_MAX];
	size_t count = acpi_cpus(ids, CPU_MAX), nr_prepared = 0;

	if (count < 2 || max < 2 || !(other_cpus = heap_alloc_zero(count * sizeof(*other_cpus))))
		return;
	other_entry = entry;
	for (size_t i = 0; i < count && nr_prepared + 1 < max; i++)
		if (ids[i] != boot_cpu.apic_id && (other_cpus[nr_prepared] = prepare()))
			ids[nr_prepared++] = ids[i]; /* nr_prepared <= i */
	if (!nr_prepared)
		return;
	trampoline_install();
	for (size_t i = 0; i < nr_prepared; i++)
		apic_send_init(ids[i]);
	for (size_t i = 0; i < nr_prepared; i++)
		apic_send_startup(ids[i], TRAMPOLINE_PHYS);
}

bool cpus_are_stopping(void)
{
	return __atomic_load_n(&stopper, __ATOMIC_ACQUIRE) != 0;
}

/* By NMI: they may spin in the kernel, where interrupts are off. */
void cpu_stop_others(void)
{
	unsigned self = cpu_id(), count = cpu_count(), nobody = 0;

	if (!__atomic_compare_exchange_n(&stopper, &nobody, self + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		if (nobody != self + 1)
			cpu_halt(); /* another CPU came first */
		return;
	}
	for (unsigned i = 0; i < count; i++)
		if (i != self)
			apic_send_nmi(cpus[i]->apic_id);
}
