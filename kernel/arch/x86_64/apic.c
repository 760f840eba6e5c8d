/* SPDX-License-Identifier: BSD-3-Clause */
/* The local APIC, through memory or, as x2APIC, through MSRs (SDM 3A §11.4, §11.12). */
#include "kernel/arch/page_table.h"
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/features.h"
#include "kernel/arch/x86_64/layout.h"
#include "kernel/arch/x86_64/x86.h"
#include "kernel/log/log.h"

enum apic_register {
	APIC_ID = 0x20, APIC_TPR = 0x80, APIC_EOI = 0xb0, APIC_SPURIOUS = 0xf0, APIC_ICR = 0x300, APIC_ICR_HIGH = 0x310, APIC_LVT_TIMER = 0x320,
	APIC_LVT_LINT0 = 0x350, APIC_LVT_LINT1 = 0x360, APIC_LVT_ERROR = 0x370, APIC_TIMER_INITIAL = 0x380, APIC_TIMER_CURRENT = 0x390, APIC_TIMER_DIVIDE = 0x3e0,
};

#define APIC_BASE_ENABLE (1u << 11)
#define APIC_BASE_X2	 (1u << 10)
#define LVT_MASKED	 (1u << 16)
#define LVT_DEADLINE	 (2u << 17)
#define ICR_NMI		 (4u << 8)
#define ICR_INIT	 (5u << 8)
#define ICR_STARTUP	 (6u << 8)
#define ICR_ASSERT	 (1u << 14)
#define ICR_BUSY	 (1u << 12)
#define DIVIDE_BY_1	 0xb

static volatile uint32_t *registers; /* NULL: x2APIC */

static void apic_write(enum apic_register reg, uint32_t value)
{
	if (registers)
		registers[reg / 4] = value;
	else
		wrmsr(MSR_X2APIC + reg / 16, value);
}

static uint32_t apic_read(enum apic_register reg)
{
	return registers ? registers[reg / 4] : (uint32_t)rdmsr(MSR_X2APIC + reg / 16);
}

void apic_init(void)
{
	if (cpu_features.x2apic)
		return;
	registers = map_device(rdmsr(MSR_APIC_BASE) & 0xffffff000, PAGE_SIZE);
	if (!registers)
		panic("no memory to map the local APIC");
}

void apic_enable(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	/* From "enabled" alone may x2APIC be reached; the firmware may have left it there already (§11.12.1). */
	if (!registers || !(base & APIC_BASE_ENABLE))
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
	if (!registers)
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE | APIC_BASE_X2);
	apic_write(APIC_TPR, 0);
	apic_write(APIC_LVT_LINT0, LVT_MASKED);
	apic_write(APIC_LVT_ERROR, LVT_MASKED);
	apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
	apic_write(APIC_LVT_TIMER, cpu_features.tsc_deadline ? LVT_DEADLINE | VECTOR_TIMER : LVT_MASKED | VECTOR_TIMER);
	apic_write(APIC_SPURIOUS, 0x100 | VECTOR_SPURIOUS);
}

uint32_t apic_id(void)
{
	return registers ? apic_read(APIC_ID) >> 24 : apic_read(APIC_ID);
}

void apic_end_of_interrupt(void)
{
	apic_write(APIC_EOI, 0);
}

static void apic_command(uint32_t id, uint32_t command)
{
	if (!registers) {
		/* Stores before must be seen by whoever gets the interrupt: WRMSR to the x2APIC does not wait for them (§11.12.3). */
		__asm__ volatile("mfence; lfence" : : : "memory");
		wrmsr(MSR_X2APIC + APIC_ICR / 16, (uint64_t)id << 32 | command);
		return;
	}
	while (apic_read(APIC_ICR) & ICR_BUSY)
		__builtin_ia32_pause();
	apic_write(APIC_ICR_HIGH, id << 24);
	apic_write(APIC_ICR, command);
}

void apic_send(uint32_t id, uint8_t vector)
{
	apic_command(id, ICR_ASSERT | vector);
}

void apic_send_nmi(uint32_t id)
{
	apic_command(id, ICR_ASSERT | ICR_NMI);
}

void apic_send_init(uint32_t id)
{
	apic_command(id, ICR_ASSERT | ICR_INIT);
}

void apic_send_startup(uint32_t id, uint64_t phys)
{
	apic_command(id, ICR_ASSERT | ICR_STARTUP | (uint32_t)(phys >> 12));
}

void apic_timer_set(uint32_t count)
{
	apic_write(APIC_TIMER_INITIAL, count);
}

void apic_timer_unmask(void)
{
	apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
}

uint32_t apic_timer_count(void)
{
	return apic_read(APIC_TIMER_CURRENT);
}

void apic_timer_deadline(uint64_t cycles)
{
	wrmsr(MSR_TSC_DEADLINE, cycles);
}
