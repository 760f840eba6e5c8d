/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory at start: the loader's table, less what is in use: the kernel image with its first page tables, and the page where other CPUs start.
 */
#include "kernel/platform/memory_map.h"
#include "kernel/arch/page_table.h"
#include "kernel/arch/x86_64/kernel_map.h"
#include "kernel/arch/x86_64/layout.h"
#include "kernel/mem/page.h"

#define LOW_END 0x100000 /* the BIOS's area: ACPI's pointer */
#define NR_KEPT 2

struct range {
	uint64_t start, end;
};

static struct range kept[NR_KEPT]; /* sorted by start when memory is given away */
static unsigned nr_kept;
static uint64_t end_below_4g;

static void keep(uint64_t start, uint64_t len)
{
	unsigned i = nr_kept++;

	for (; i > 0 && kept[i - 1].start > start; i--)
		kept[i] = kept[i - 1];
	kept[i] = (struct range){align_down(start, PAGE_SIZE), align_up(start + len, PAGE_SIZE)};
}

/* Whole pages of RAM in an entry; the first page is never used, so that 0 is no frame. */
static struct range usable(const struct memory_entry *entry)
{
	struct range range = {align_up(entry->start, PAGE_SIZE), align_down(entry->start + entry->size, PAGE_SIZE)};

	if (entry->type != MEMORY_RAM || entry->start + entry->size < entry->start)
		range.end = range.start;
	if (!range.start)
		range.start = PAGE_SIZE;
	return range;
}

static void add_without_kept(struct range range)
{
	for (unsigned i = 0; i < nr_kept; i++) {
		if (kept[i].end <= range.start || kept[i].start >= range.end)
			continue;
		if (kept[i].start > range.start)
			page_add_range(range.start, kept[i].start);
		range.start = kept[i].end;
	}
	if (range.start < range.end)
		page_add_range(range.start, range.end);
}

/* The end of the RAM that the image lies in: its first page tables go behind the image. */
static uint64_t image_limit(const struct memory_entry *entries, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct range range = usable(&entries[i]);

		if (range.start <= kernel_map_start() && kernel_map_start() < range.end)
			return range.end;
	}
	return 0;
}

/* In ascending order, as kernel_map_memory needs it; loaders sort their tables, but none promises to. */
static void map_memory(const struct memory_entry *entries, unsigned count)
{
	uint64_t done = 0;

	for (;;) {
		struct range next = {UINT64_MAX, 0};

		for (unsigned i = 0; i < count; i++) {
			struct range range = usable(&entries[i]);

			if (range.start < range.end && range.start >= done && range.start < next.start)
				next = range;
		}
		if (!next.end)
			return;
		kernel_map_memory(next.start, next.end);
		done = next.end;
	}
}

void memory_map_init(const struct loader_table *table)
{
	kernel_map_image(image_limit(table->entries, table->nr_entries));
	/* From here it is the direct map. */
	kernel_map_memory(0, LOW_END);
	map_memory(table->entries, table->nr_entries);

	keep(TRAMPOLINE_PHYS, PAGE_SIZE);
	keep(kernel_map_start(), kernel_map_end() - kernel_map_start());
	for (unsigned i = 0; i < table->nr_entries; i++) {
		struct range range = usable(&table->entries[i]);

		if (range.start >= range.end)
			continue;
		add_without_kept(range);
		if (range.end <= 1ull << 32 && range.end > end_below_4g)
			end_below_4g = range.end;
	}
}

uint64_t memory_map_end_below_4g(void)
{
	return end_below_4g;
}
