/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel's half of the address space:
 *
 *   DIRECT_BASE              all memory, writable, never executable; pages of 1 GiB or 2 MiB
 *   DIRECT_BASE + 511 GiB    device registers, uncached (map_device)
 *   IMAGE_AREA               the image, at a place that place.c chose: text read and execute, read-only data read, the rest read and write
 *
 * Everything hangs off entries 256 and 511 of the top level, which exist before the first program's table copies them.
 */
#include "kernel/arch/page_table.h"
#include "kernel/arch/spinlock.h"
#include "kernel/arch/x86_64/features.h"
#include "kernel/arch/x86_64/kernel_map.h"
#include "kernel/arch/x86_64/layout.h"
#include "kernel/arch/x86_64/pte.h"
#include "kernel/arch/x86_64/x86.h"
#include "kernel/log/log.h"
#include "kernel/mem/page.h"
#include "lib/string.h"

#define GIB		 (1ull << 30)
#define DEVICE_BASE	 (DIRECT_BASE + 511 * GIB)
#define DIRECT_PHYS_MAX	 (511 * GIB)
#define TOP_DIRECT	 256

extern const char image_start[], text_end[], rodata_start[], data_start[], data_end[], bss_start[], image_end[];
extern uint64_t kernel_pml4[], boot_pdpt[], image_pd[], boot_pt[], direct_pdpt[], direct_pd[];

static uint64_t early_next, early_limit;
static uint64_t device_next = DEVICE_BASE;
static struct spinlock device_lock;

static uint64_t image_phys(const void *address)
{
	return (uint64_t)address - (uint64_t)image_start + IMAGE_PHYS;
}

/* A page behind the image for a table, before the page allocator works. */
static uint64_t *early_page(uint64_t *phys)
{
	*phys = early_next;
	if (early_next + PAGE_SIZE > early_limit)
		panic("too little memory to map it all: no room behind the kernel image");
	early_next += PAGE_SIZE;
	/* Memory is mapped in ascending order, and the first GiB needs no page from here: this one is in the direct map already. */
	return memset(phys_to_virt(*phys), 0, PAGE_SIZE);
}

/* Never taken back: the page stays readable and executable at its own address in the kernel's own table, which no program shares there. */
void kernel_map_trampoline(void)
{
	uint64_t *table = kernel_pml4;

	for (unsigned shift = 39; shift > PAGE_SHIFT; shift -= 9) {
		uint64_t *entry = &table[(uint64_t)TRAMPOLINE_PHYS >> shift & 511];

		if (!*entry) {
			struct page *page = page_alloc_zero();

			if (!page)
				return;
			*entry = page_phys(page) | PTE_PRESENT | PTE_WRITE;
		}
		table = phys_to_virt(*entry & PTE_FRAME);
	}
	table[TRAMPOLINE_PHYS / PAGE_SIZE] = TRAMPOLINE_PHYS | PTE_PRESENT;
}

static void map_image_range(const void *start, const void *end, uint64_t flags)
{
	for (uint64_t phys = image_phys(start); phys < image_phys(end); phys += PAGE_SIZE)
		boot_pt[phys / PAGE_SIZE] = phys | flags | PTE_PRESENT | PTE_GLOBAL | PTE_ACCESSED;
}

void kernel_map_image(uint64_t limit)
{
	uint64_t nx = pte_no_execute(), *entry = &image_pd[(uint64_t)image_start >> HUGE_PAGE_SHIFT & 511];

	early_next = align_up(image_phys(image_end), PAGE_SIZE);
	early_limit = limit;
	kernel_pml4[TOP_DIRECT] = image_phys(direct_pdpt) | PTE_PRESENT | PTE_WRITE;
	direct_pdpt[0] = image_phys(direct_pd) | PTE_PRESENT | PTE_WRITE;

	map_image_range(image_start, text_end, 0);
	map_image_range(rodata_start, data_start, nx);
	map_image_range(data_start, data_end, nx | PTE_WRITE | PTE_DIRTY);
	map_image_range(data_end, bss_start, nx); /* constants that hold addresses: place.c has written them */
	map_image_range(bss_start, image_end, nx | PTE_WRITE | PTE_DIRTY);
	/* This code runs from what the two entries map: they change each in one store, and are never empty. */
	entry[0] = image_phys(boot_pt) | PTE_PRESENT | PTE_WRITE;
	entry[1] = (image_phys(boot_pt) + PAGE_SIZE) | PTE_PRESENT | PTE_WRITE;
	boot_pdpt[0] = kernel_pml4[0] = 0;
	write_cr3(image_phys(kernel_pml4));
	write_cr4(read_cr4() ^ PTE_CR4_PGE); /* drops global entries too */
	write_cr4(read_cr4() ^ PTE_CR4_PGE);
}

static void map_direct_2m(uint64_t phys)
{
	uint64_t *third = &direct_pdpt[phys / GIB], *second, table;

	if (*third & PTE_LARGE)
		return;
	if (!*third) {
		early_page(&table);
		*third = table | PTE_PRESENT | PTE_WRITE;
	}
	/* The first GiB's table is part of the image: the direct map cannot be used to make itself. */
	second = phys < GIB ? direct_pd : phys_to_virt(*third & PTE_FRAME);
	second[phys / HUGE_PAGE_SIZE % 512] = phys | PTE_PRESENT | PTE_WRITE | PTE_LARGE | PTE_GLOBAL | PTE_ACCESSED | PTE_DIRTY | pte_no_execute();
}

void kernel_map_memory(uint64_t start, uint64_t end)
{
	start = align_down(start, HUGE_PAGE_SIZE);
	end = min_u64(align_up(end, HUGE_PAGE_SIZE), DIRECT_PHYS_MAX);
	for (uint64_t phys = start; phys < end;) {
		if (cpu_features.huge_1g && !(phys % GIB) && end - phys >= GIB && !direct_pdpt[phys / GIB]) {
			direct_pdpt[phys / GIB] = phys | PTE_PRESENT | PTE_WRITE | PTE_LARGE | PTE_GLOBAL | PTE_ACCESSED | PTE_DIRTY | pte_no_execute();
			phys += GIB;
		} else {
			map_direct_2m(phys);
			phys += HUGE_PAGE_SIZE;
		}
	}
}

uint64_t kernel_map_start(void)
{
	return image_phys(image_start);
}

uint64_t kernel_map_end(void)
{
	return early_next;
}

void kernel_map_share(uint64_t *top)
{
	memset(top, 0, PAGE_SIZE / 2);
	memcpy(top + 256, kernel_pml4 + 256, PAGE_SIZE / 2);
}

uint64_t kernel_map_root(void)
{
	return image_phys(kernel_pml4);
}

void *phys_to_virt(uint64_t phys)
{
	return (void *)(DIRECT_BASE + phys);
}

uint64_t virt_to_phys(const void *virt)
{
	uint64_t address = (uint64_t)virt;

	return address >= IMAGE_AREA ? image_phys(virt) : address - DIRECT_BASE;
}

/* The entry for a page of the device area; makes the levels above it. NULL: no memory. */
static uint64_t *device_entry(uint64_t address)
{
	uint64_t *table = direct_pdpt;

	for (unsigned shift = 30; shift > PAGE_SHIFT; shift -= 9) {
		uint64_t *entry = &table[address >> shift & 511];

		if (!*entry) {
			struct page *page = page_alloc_zero();

			if (!page)
				return NULL;
			*entry = page_phys(page) | PTE_PRESENT | PTE_WRITE;
		}
		table = phys_to_virt(*entry & PTE_FRAME);
	}
	return &table[address >> PAGE_SHIFT & 511];
}

static uint64_t map_device_pages(uint64_t phys, uint64_t len)
{
	uint64_t start = device_next;

	if (len > 64ull << 20)
		return 0;
	for (uint64_t off = 0; off < len; off += PAGE_SIZE) {
		uint64_t *entry = device_entry(start + off);

		if (!entry)
			return 0;
		*entry = (phys + off) | PTE_PRESENT | PTE_WRITE | PTE_UNCACHED | PTE_GLOBAL | PTE_ACCESSED | PTE_DIRTY | pte_no_execute();
	}
	device_next += len;
	return start;
}

void *map_device(uint64_t phys, size_t len)
{
	uint64_t offset = phys % PAGE_SIZE, start;

	spin_lock(&device_lock);
	start = map_device_pages(phys - offset, align_up(len + offset, PAGE_SIZE));
	spin_unlock(&device_lock);
	return start ? (void *)(start + offset) : NULL;
}
