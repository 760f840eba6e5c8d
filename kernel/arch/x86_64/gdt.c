/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptor tables: segments, the task state with its stacks, and the gates of all vectors (SDM 3A chapters 3, 6 and 8). */
#include "kernel/arch/x86_64/percpu.h"
#include "kernel/arch/x86_64/features.h"
#include "kernel/arch/x86_64/x86.h"

struct gate {
	uint16_t low, selector;
	uint8_t ist, type;
	uint16_t middle;
	uint32_t high, reserved;
};

/* What LGDT and LIDT read begins at `limit`; the padding aligns the address, as place.c wants those in constants. */
struct table_pointer {
	uint16_t padding[3], limit;
	const void *base;
};

static struct gate idt[256] aligned_to(16);

extern const char trap_entries[], syscall_entry[];

static void idt_fill(void)
{
	for (unsigned i = 0; i < 256; i++) {
		uint64_t entry = (uint64_t)trap_entries + 16 * i;
		bool own_stack = i == VECTOR_NMI || i == VECTOR_DOUBLE_FAULT || i == VECTOR_MACHINE_CHECK;
		bool for_users = i == 3 || i == 4; /* int3, into */

		idt[i] = (struct gate){
		    .low = (uint16_t)entry, .middle = (uint16_t)(entry >> 16), .high = (uint32_t)(entry >> 32),
		    .selector = SELECTOR_KERNEL_CODE, .ist = own_stack, .type = for_users ? 0xee : 0x8e,
		};
	}
}

static void gdt_fill(struct cpu *cpu)
{
	uint64_t tss = (uint64_t)&cpu->tss;

	cpu->gdt[2] = 0x00af9b000000ffff; /* kernel code */
	cpu->gdt[3] = 0x00cf93000000ffff; /* kernel data */
	/* No code of 32 bits for users at 4, though SYSRET would allow it: SYSCALL from there enters the kernel by another way. */
	cpu->gdt[5] = 0x00cff3000000ffff; /* user data */
	cpu->gdt[6] = 0x00affb000000ffff; /* user code */
	cpu->gdt[8] = (sizeof(struct tss) - 1) | (tss & 0xffffff) << 16 | 0x89ull << 40 | (tss >> 24 & 0xff) << 56;
	cpu->gdt[9] = tss >> 32;
	cpu->gdt[15] = 0x0040f50000000000 | cpu->id; /* read-only data of the user; the limit is the number */
}

void descriptors_init(struct cpu *cpu, uint64_t fault_stack_top)
{
	struct table_pointer gdt = {.limit = sizeof(cpu->gdt) - 1, .base = cpu->gdt};
	struct table_pointer table = {.limit = sizeof(idt) - 1, .base = idt};

	if (!idt[0].low)
		idt_fill();
	gdt_fill(cpu);
	/* trap_on_own_stack finds the CPU behind its stack's top. */
	*(struct cpu **)(fault_stack_top - 16) = cpu;
	cpu->tss.ist[0] = fault_stack_top - 16;
	cpu->tss.io_map = sizeof(struct tss);
	__asm__ volatile("lgdt %0" : : "m"(gdt.limit), "m"(gdt.base));
	__asm__ volatile("pushq %0; leaq 1f(%%rip), %%rax; pushq %%rax; lretq; 1:" : : "i"(SELECTOR_KERNEL_CODE) : "rax", "memory");
	__asm__ volatile("mov %0, %%ss; mov %0, %%ds; mov %0, %%es" : : "r"(SELECTOR_KERNEL_DATA));
	__asm__ volatile("ltr %w0" : : "r"(SELECTOR_TSS));
	__asm__ volatile("lidt %0" : : "m"(table.limit), "m"(table.base));
	wrmsr(MSR_GS_BASE, (uint64_t)cpu);
	wrmsr(MSR_KERNEL_GS_BASE, 0);
	wrmsr(MSR_FS_BASE, 0);
}

/* SYSCALL clears what would disturb the kernel: interrupts, single steps, direction, user access, nested task, IOPL. */
void syscall_entry_enable(void)
{
	wrmsr(MSR_STAR, (uint64_t)SELECTOR_USER_BASE << 48 | (uint64_t)SELECTOR_KERNEL_CODE << 32);
	wrmsr(MSR_LSTAR, (uint64_t)syscall_entry);
	wrmsr(MSR_FMASK, RFLAGS_IF | RFLAGS_TF | RFLAGS_DF | RFLAGS_AC | RFLAGS_NT | RFLAGS_IOPL);
}
