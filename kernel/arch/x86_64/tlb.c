/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which page table each CPU is on, and dropping stale TLB entries everywhere.
 *
 * A CPU that leaves a program for the idle or a kernel thread keeps CR3, in the hope that the same program comes back ("lazy"), but
 * leaves table->active_cpus: it is not asked to flush. When it comes back, table->generation tells whether it missed anything.
 * Order: a flush increments the generation, then reads active_cpus; a CPU sets its bit there, then reads the generation. All are
 * sequentially consistent, so one of the two sees the other.
 *
 * A request goes to the CPUs concerned as an interrupt, taken at once in user mode or when idle; CPUs in the kernel serve it in cpu_relax,
 * cpu_poll, or as they leave. Whoever waits for answers serves requests itself, so two that flush at once do not wait for each other.
 */
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/features.h"
#include "kernel/arch/x86_64/kernel_map.h"
#include "kernel/arch/x86_64/smp.h"
#include "kernel/arch/x86_64/x86.h"

#define FLUSH_PAGES_MAX	  32 /* above, dropping all is cheaper */
#define REFRESH_PERIOD_NS 100000000ull /* at 20 ms what is dropped costs more than what is gained */

static inline uint64_t cpu_bit(const struct cpu *cpu)
{
	return 1ull << cpu->id;
}

static void leave_table(struct cpu *cpu)
{
	struct page_table *old = cpu->table;

	if (!old)
		return;
	if (!cpu->is_lazy)
		__atomic_fetch_and(&old->active_cpus, ~cpu_bit(cpu), __ATOMIC_SEQ_CST);
	__atomic_fetch_and(&old->loaded_cpus, ~cpu_bit(cpu), __ATOMIC_SEQ_CST);
}

static void become_lazy(struct cpu *cpu)
{
	if (!cpu->table || cpu->is_lazy)
		return;
	cpu->lazy_generation = __atomic_load_n(&cpu->table->generation, __ATOMIC_SEQ_CST);
	__atomic_fetch_and(&cpu->table->active_cpus, ~cpu_bit(cpu), __ATOMIC_SEQ_CST);
	cpu->is_lazy = true;
}

void page_table_activate(struct page_table *pt)
{
	struct cpu *cpu = this_cpu();

	if (!pt || !pt->root) {
		become_lazy(cpu);
		return;
	}
	if (cpu->table == pt) {
		if (!cpu->is_lazy)
			return;
		__atomic_fetch_or(&pt->active_cpus, cpu_bit(cpu), __ATOMIC_SEQ_CST);
		cpu->is_lazy = false;
		if (__atomic_load_n(&pt->generation, __ATOMIC_SEQ_CST) != cpu->lazy_generation)
			write_cr3(pt->root);
		return;
	}
	__atomic_fetch_or(&pt->loaded_cpus, cpu_bit(cpu), __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&pt->active_cpus, cpu_bit(cpu), __ATOMIC_SEQ_CST);
	write_cr3(pt->root);
	leave_table(cpu);
	cpu->table = pt;
	cpu->is_lazy = false;
}

uint64_t page_table_refresh_period(void)
{
	return cpu_features.is_tcg ? REFRESH_PERIOD_NS : 0;
}

void page_table_refresh(void)
{
	write_cr3(read_cr3());
}

static void unload(struct cpu *cpu)
{
	write_cr3(kernel_map_root());
	leave_table(cpu);
	cpu->table = NULL;
	cpu->is_lazy = false;
}

static void flush_here(uint64_t start, uint64_t end)
{
	if (end - start > FLUSH_PAGES_MAX * PAGE_SIZE) {
		write_cr3(read_cr3());
		return;
	}
	for (uint64_t address = start; address < end; address += PAGE_SIZE)
		invalidate_page(address);
}

static void serve(struct cpu *cpu, const struct flush_request *request)
{
	if (cpu->table != request->table)
		return;
	if (request->unload)
		unload(cpu);
	else
		flush_here(request->start, request->end);
}

void tlb_serve(void)
{
	struct cpu *cpu = this_cpu();
	uint64_t askers = __atomic_exchange_n(&cpu->flush_pending, 0, __ATOMIC_SEQ_CST);

	while (askers) {
		struct flush_request *request = &cpus[__builtin_ctzll(askers)]->request;

		askers &= askers - 1;
		serve(cpu, request);
		__atomic_fetch_and(&request->waiting, ~cpu_bit(cpu), __ATOMIC_RELEASE);
	}
}

static void ask(struct cpu *cpu, uint64_t targets, const struct flush_request *what)
{
	struct flush_request *request = &cpu->request;

	request->table = what->table;
	request->start = what->start;
	request->end = what->end;
	request->unload = what->unload;
	__atomic_store_n(&request->waiting, targets, __ATOMIC_RELEASE);
	for (uint64_t left = targets; left; left &= left - 1) {
		struct cpu *target = cpus[__builtin_ctzll(left)];

		/* A CPU that others asked already has its interrupt on the way, or serves at this moment and sees the bit. */
		if (!__atomic_fetch_or(&target->flush_pending, cpu_bit(cpu), __ATOMIC_SEQ_CST))
			apic_send(target->apic_id, VECTOR_FLUSH);
	}
	while (__atomic_load_n(&request->waiting, __ATOMIC_ACQUIRE))
		cpu_relax();
}

void page_table_flush(struct page_table *pt, uint64_t start, uint64_t end)
{
	struct cpu *cpu = this_cpu();
	uint64_t targets;

	if (cpu->table == pt)
		flush_here(start, end);
	if (cpu_count() == 1)
		return;
	__atomic_fetch_add(&pt->generation, 1, __ATOMIC_SEQ_CST);
	targets = __atomic_load_n(&pt->active_cpus, __ATOMIC_SEQ_CST) & ~cpu_bit(cpu);
	if (targets)
		ask(cpu, targets, &(struct flush_request){.table = pt, .start = start, .end = end});
}

void tlb_unload(struct page_table *table)
{
	struct cpu *cpu = this_cpu();
	uint64_t targets;

	if (cpu->table == table)
		unload(cpu);
	targets = __atomic_load_n(&table->loaded_cpus, __ATOMIC_SEQ_CST);
	if (targets)
		ask(cpu, targets, &(struct flush_request){.table = table, .unload = true});
}
