/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory at start: the loader's table, less what is in use: the kernel image with its first page tables, the page where other CPUs start,
 * and the loader's own structures, which are read in place.
 */
#include "kernel/platform/memory_map.h"
#include "kernel/arch/page_table.h"
#include "kernel/arch/x86_64/kernel_map.h"
#include "kernel/arch/x86_64/layout.h"
#include "kernel/log/log.h"
#include "kernel/mem/page.h"

#define START_INFO_MAGIC 0x336ec578
#define MEMORY_RAM	 1
#define LOW_END		 0x100000 /* the BIOS's area: ACPI's pointer */
#define NR_KEPT		 6

struct start_info {
	uint32_t magic, version, flags, nr_modules;
	uint64_t modules, command_line, rsdp;
	uint64_t memory_map; /* from version 1 */
	uint32_t nr_memory, reserved;
};

struct memory_entry {
	uint64_t start, size;
	uint32_t type, reserved;
};

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

static size_t text_len(const char *text)
{
	size_t len = 0;

	while (text[len])
		len++;
	return len;
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

void memory_map_init(uint64_t start_info, struct boot_information *information)
{
	/* Still reached by the start's mapping of the first GiB. */
	const struct start_info *info = (const void *)start_info;
	struct start_info copy = *info;
	const struct memory_entry *entries;

	if (copy.magic != START_INFO_MAGIC || copy.version < 1 || !copy.memory_map)
		panic("the loader's start information has no memory map");
	entries = (const void *)copy.memory_map;
	kernel_map_image(image_limit(entries, copy.nr_memory));
	/* From here it is the direct map: first where the loader's structures are, which all put below 1 GiB. */
	kernel_map_memory(0, LOW_END);
	kernel_map_memory(copy.memory_map, copy.memory_map + copy.nr_memory * sizeof(*entries));
	kernel_map_memory(copy.command_line, copy.command_line + PAGE_SIZE);
	entries = phys_to_virt(copy.memory_map);
	information->command_line = copy.command_line ? phys_to_virt(copy.command_line) : "";
	information->rsdp = copy.rsdp;
	map_memory(entries, copy.nr_memory);

	keep(TRAMPOLINE_PHYS, PAGE_SIZE);
	keep(kernel_map_start(), kernel_map_end() - kernel_map_start());
	keep(copy.memory_map, copy.nr_memory * sizeof(*entries));
	if (copy.command_line)
		keep(copy.command_line, text_len(information->command_line) + 1);
	for (unsigned i = 0; i < copy.nr_memory; i++) {
		struct range range = usable(&entries[i]);

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
