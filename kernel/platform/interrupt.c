/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts: vectors are shared out over all devices and mean the same on each CPU. Messages go to the CPU that was asked for, lines (IO-APIC
 * inputs, Intel 82093AA) to the boot CPU.
 */
#include "kernel/platform/interrupt.h"
#include "kernel/arch/page_table.h"
#include "kernel/arch/spinlock.h"
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/percpu.h"
#include "kernel/arch/x86_64/smp.h"
#include "kernel/arch/x86_64/x86.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/acpi.h"
#include "kernel/platform/clock.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"

#define NR_VECTORS	 (VECTOR_DEVICE_LAST - VECTOR_DEVICE_FIRST + 1)
#define ISA_LINES	 16
#define MESSAGE_BASE	 0xfee00000u /* SDM 3A §11.11 */
#define REDIRECTION	 0x10	     /* IO-APIC: first register of the table, two for each input */
#define REDIRECT_LOW	 (1u << 13)
#define REDIRECT_LEVEL	 (1u << 15)
#define REDIRECT_MASKED	 (1u << 16)
#define NO_LINE		 ~0u

struct handler {
	interrupt_handler *function;
	void *argument;
	struct handler *next; /* on the same line */
};

struct io_apic {
	volatile uint32_t *registers;
	unsigned first_line, nr_lines;
	struct io_apic *next;
};

static struct {
	struct handler *first; /* atomic: other CPUs may take interrupts meanwhile */
	unsigned line;	       /* NO_LINE: a message */
} vectors[NR_VECTORS];
static uint64_t counts[CPU_MAX]; /* each written by its CPU alone */
static unsigned nr_vectors;
static struct spinlock lock; /* guards all here but reading handlers */
static struct io_apic *io_apics;

void interrupt_init(void)
{
	/* The 8259s: all masked. Where there are none the writes go nowhere. */
	port_write_8(0x21, 0xff);
	port_write_8(0xa1, 0xff);
	/* The 8254 counts on from reset, 18 times a second for nobody, and wakes up a hypervisor for each. In mode 0, without a count, it stops. */
	port_write_8(0x43, 0x30);
}

uint64_t interrupt_count(void)
{
	uint64_t nr = 0;

	for (unsigned cpu = 0; cpu < cpu_count(); cpu++)
		nr += counts[cpu];
	return nr;
}

void interrupt_dispatch(unsigned vector)
{
	const struct handler *handler;

	counts[cpu_id()]++;

	switch (vector) {
	case VECTOR_SPURIOUS:
		return; /* wants no end-of-interrupt */
	case VECTOR_TIMER:
		apic_end_of_interrupt();
		clock_interrupt();
		return;
	case VECTOR_FLUSH:
		apic_end_of_interrupt();
		tlb_serve();
		return;
	case VECTOR_KICK:
		apic_end_of_interrupt();
		return;
	}
	if (vector >= VECTOR_DEVICE_FIRST && vector <= VECTOR_DEVICE_LAST) {
		handler = __atomic_load_n(&vectors[vector - VECTOR_DEVICE_FIRST].first, __ATOMIC_ACQUIRE);
		for (; handler; handler = handler->next)
			handler->function(handler->argument);
	}
	/* After the handler has quieted the device, or a level-triggered line would interrupt again at once. */
	apic_end_of_interrupt();
}

static int vector_connect(unsigned index, interrupt_handler *function, void *argument)
{
	struct handler *handler = heap_alloc(sizeof(*handler));

	if (!handler)
		return -ENOMEM;
	*handler = (struct handler){.function = function, .argument = argument, .next = vectors[index].first};
	__atomic_store_n(&vectors[index].first, handler, __ATOMIC_RELEASE);
	return 0;
}

/* A new vector with its first handler: its number, or -errno. */
static int vector_new(unsigned line, interrupt_handler *function, void *argument)
{
	int ret;

	if (nr_vectors == NR_VECTORS)
		return -ENOSPC;
	vectors[nr_vectors].line = line;
	ret = vector_connect(nr_vectors, function, argument);
	return ret ? ret : (int)(VECTOR_DEVICE_FIRST + nr_vectors++);
}

int interrupt_request_message(interrupt_handler *handler, void *argument, unsigned cpu, uint64_t *address, uint32_t *data)
{
	int vector;

	spin_lock(&lock);
	vector = vector_new(NO_LINE, handler, argument);
	spin_unlock(&lock);
	if (vector < 0)
		return vector;
	*address = MESSAGE_BASE | (uint64_t)(cpus[cpu < cpu_count() ? cpu : 0]->apic_id & 0xff) << 12;
	*data = (uint32_t)vector;
	return 0;
}

static uint32_t io_apic_read(const struct io_apic *io_apic, unsigned reg)
{
	io_apic->registers[0] = reg;
	return io_apic->registers[4];
}

static void io_apic_write(const struct io_apic *io_apic, unsigned reg, uint32_t value)
{
	io_apic->registers[0] = reg;
	io_apic->registers[4] = value;
}

static void io_apic_add(const struct acpi_io_apic *found)
{
	struct io_apic *io_apic = heap_alloc(sizeof(*io_apic));
	void *registers = map_device(found->base, 0x20);

	if (!io_apic || !registers) {
		heap_free(io_apic);
		return;
	}
	*io_apic = (struct io_apic){.registers = registers, .first_line = found->first_line, .next = io_apics};
	io_apic->nr_lines = (io_apic_read(io_apic, 1) >> 16 & 0xff) + 1;
	io_apics = io_apic;
}

static struct io_apic *io_apic_of_line(unsigned line)
{
	struct acpi_io_apic found = {.base = 0xfec00000};
	struct io_apic *io_apic;

	if (!io_apics) {
		if (!acpi_io_apic(0, &found))
			io_apic_add(&found);
		for (unsigned i = 0; acpi_io_apic(i, &found); i++)
			io_apic_add(&found);
	}
	for (io_apic = io_apics; io_apic; io_apic = io_apic->next)
		if (line >= io_apic->first_line && line - io_apic->first_line < io_apic->nr_lines)
			return io_apic;
	return NULL;
}

static unsigned find_line(unsigned line)
{
	for (unsigned i = 0; i < nr_vectors; i++)
		if (vectors[i].line == line)
			return i;
	return NR_VECTORS;
}

static int line_connect(unsigned line, uint32_t mode, interrupt_handler *handler, void *argument)
{
	struct io_apic *io_apic = io_apic_of_line(line);
	unsigned old = find_line(line), reg;
	int vector;

	if (!io_apic)
		return -ENODEV;
	if (old != NR_VECTORS)
		return vector_connect(old, handler, argument);
	vector = vector_new(line, handler, argument);
	if (vector < 0)
		return vector;
	reg = REDIRECTION + 2 * (line - io_apic->first_line);
	io_apic_write(io_apic, reg, REDIRECT_MASKED);
	io_apic_write(io_apic, reg + 1, boot_cpu.apic_id << 24);
	io_apic_write(io_apic, reg, mode | (uint32_t)vector);
	return 0;
}

int interrupt_request_line(unsigned line, bool level_triggered, interrupt_handler *handler, void *argument)
{
	uint32_t mode = level_triggered ? REDIRECT_LEVEL : 0;
	struct acpi_override override;
	int ret;

	if (line < ISA_LINES && acpi_override(line, &override)) {
		line = override.line;
		mode = (override.level ? REDIRECT_LEVEL : 0) | (override.active_low ? REDIRECT_LOW : 0);
	}
	spin_lock(&lock);
	ret = line_connect(line, mode, handler, argument);
	spin_unlock(&lock);
	return ret;
}
