/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the image goes in the kernel's address space: to one of a quarter of a million places, so that who finds a way to make the kernel jump
 * does not know where to. Runs once, at the image's physical address, before the kernel is mapped: nothing here may read a constant that holds
 * an address. A debugger that wants the image where it was linked sets image_stays before the first instruction (CONTRIBUTING.md).
 */
#include "kernel/arch/x86_64/layout.h"
#include "kernel/arch/x86_64/pte.h"
#include "kernel/arch/x86_64/x86.h"
#include "kernel/log/log.h"
#include "kernel/mem/page.h"
#include "lib/attr.h"

#define RDRAND	    (1u << 30)

/* Hidden: found relative to this code. */
#define hidden __attribute__((visibility("hidden")))
extern const uint64_t relr_start[] hidden, relr_end[] hidden;
extern uint64_t kernel_pml4[] hidden, boot_pdpt[] hidden, image_pd[] hidden;

uint64_t image_place(void);
void __stack_chk_fail(void);

/* What the compiler's stack protector puts between a function's arrays and its return address. */
uint64_t __stack_chk_guard __attribute__((used)) = 0x0d0a00ff;
/* Volatile: a debugger changes it. */
const volatile int image_stays __attribute__((used)) = 0;

/* From the CPU's generator where it has one; the time since power-on otherwise, which is little, but all there is. */
static uint64_t random_at_start(void)
{
	uint64_t value = 0;

	if (cpuid(1, 0).c & RDRAND)
		__asm__ volatile("rdrand %0" : "=r"(value) : : "cc");
	return (value ^ rdtsc()) * 0x9e3779b97f4a7c15; /* spreads what varies over all bits */
}

/* The format of SHT_RELR (System V ABI, gABI): an even entry is the place of an address, an odd one a bitmap of those among the 63 words behind. */
static void correct_addresses(uint64_t distance)
{
	uint64_t *next = NULL;

	for (const uint64_t *entry = relr_start; entry < relr_end; entry++) {
		if (!(*entry & 1)) {
			next = (uint64_t *)(*entry - KERNEL_BASE);
			*next++ += distance;
			continue;
		}
		for (uint64_t bits = *entry >> 1, *word = next; bits; bits >>= 1, word++)
			if (bits & 1)
				*word += distance;
		next += 63;
	}
}

/* Maps the image's two first 2 MiB of memory and corrects its addresses: how far above its physical address it lies now. */
uint64_t image_place(void)
{
	uint64_t random = random_at_start(), base = KERNEL_BASE;

	if (!image_stays) {
		/* Not in the first GiB, whose third level serves the start's own mapping too, nor over two tables. */
		uint64_t gib = 1 + (random >> 32) % 511, slot = (random >> 48) % 511;

		base = IMAGE_AREA + (gib << 30) + (slot << HUGE_PAGE_SHIFT);
	}
	kernel_pml4[511] = (uint64_t)boot_pdpt | PTE_PRESENT | PTE_WRITE;
	boot_pdpt[base >> 30 & 511] = (uint64_t)image_pd | PTE_PRESENT | PTE_WRITE;
	image_pd[base >> HUGE_PAGE_SHIFT & 511] = PTE_PRESENT | PTE_WRITE | PTE_LARGE;
	image_pd[(base >> HUGE_PAGE_SHIFT & 511) + 1] = HUGE_PAGE_SIZE | PTE_PRESENT | PTE_WRITE | PTE_LARGE;
	correct_addresses(base - KERNEL_BASE);
	__stack_chk_guard = random << 8; /* its first byte is 0, which ends a text */
	return base;
}

__attribute__((used)) void __stack_chk_fail(void)
{
	panic("a function wrote beyond its array on the stack");
}
