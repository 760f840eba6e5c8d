/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * User page tables: four levels (SDM 3A §4.5), the upper half shared with the kernel. A frame that the program must not touch (PROT_NONE)
 * stays in its entry, not present and marked PTE_HIDDEN. Tables are never taken back before the whole goes.
 */
#include "kernel/arch/page_table.h"
#include "kernel/arch/x86_64/kernel_map.h"
#include "kernel/arch/x86_64/layout.h"
#include "kernel/arch/x86_64/pte.h"
#include "kernel/arch/x86_64/smp.h"
#include "kernel/mem/page.h"
#include "kernel/uapi/errno.h"
#include "lib/string.h"

#define TOP_SHIFT  39
#define HUGE_SHIFT 21
#define HELD(entry) ((entry) & (PTE_PRESENT | PTE_HIDDEN))

static inline uint64_t *table_of(uint64_t entry)
{
	return (uint64_t *)(DIRECT_BASE + (entry & PTE_FRAME));
}

static uint64_t entry_make(uint64_t frame, unsigned flags)
{
	uint64_t entry = frame;

	entry |= flags & PAGE_USER ? PTE_PRESENT | PTE_USER : PTE_HIDDEN;
	entry |= flags & PAGE_WRITE ? PTE_WRITE : 0;
	entry |= flags & PAGE_EXEC ? 0 : pte_no_execute();
	entry |= flags & PAGE_DIRTY ? PTE_DIRTY : 0;
	entry |= flags & PAGE_ACCESSED ? PTE_ACCESSED : 0;
	return entry | (flags & PAGE_HUGE ? PTE_LARGE : 0);
}

static unsigned entry_flags(uint64_t entry, unsigned shift)
{
	unsigned flags = shift == HUGE_SHIFT ? PAGE_HUGE : 0;

	flags |= entry & PTE_USER ? PAGE_USER : 0;
	flags |= entry & PTE_WRITE ? PAGE_WRITE : 0;
	flags |= entry & PTE_NX ? 0 : PAGE_EXEC;
	flags |= entry & PTE_DIRTY ? PAGE_DIRTY : 0;
	return flags | (entry & PTE_ACCESSED ? PAGE_ACCESSED : 0);
}

int page_table_init(struct page_table *pt)
{
	struct page *page = page_alloc(0);

	*pt = (struct page_table){0};
	if (!page)
		return -ENOMEM;
	kernel_map_share(page_virt(page));
	pt->root = page_phys(page);
	return 0;
}

static bool is_table(uint64_t entry, unsigned shift)
{
	return shift > PAGE_SHIFT && (entry & PTE_PRESENT) && !(entry & PTE_LARGE);
}

static bool are_eight_empty(const uint64_t *entry)
{
	return !(entry[0] | entry[1] | entry[2] | entry[3] | entry[4] | entry[5] | entry[6] | entry[7]);
}

/* The first entry in [i, end) that is used, or end. Most tables hold few: eight empty ones are one step. */
static unsigned next_used(const uint64_t *table, unsigned i, unsigned end)
{
	while (i < end && !table[i])
		i += i % 8 == 0 && i + 8 <= end && are_eight_empty(&table[i]) ? 8 : 1;
	return i;
}

/* Depth is bounded by the four levels. */
static void free_tables(uint64_t *table, unsigned shift, unsigned count)
{
	for (unsigned i = next_used(table, 0, count); i < count; i = next_used(table, i + 1, count)) {
		if (!is_table(table[i], shift))
			continue;
		if (shift > HUGE_SHIFT)
			free_tables(table_of(table[i]), shift - 9, 512);
		page_put(page_of_phys(table[i] & PTE_FRAME));
	}
}

void page_table_fini(struct page_table *pt)
{
	if (!pt->root)
		return;
	tlb_unload(pt);
	free_tables(table_of(pt->root), TOP_SHIFT, 256);
	page_put(page_of_phys(pt->root));
	pt->root = 0;
}

/* A huge entry -> a table of 512 that map the same. */
static int split(uint64_t *entry)
{
	struct page *page = page_alloc(0);
	uint64_t old = *entry, *table;

	if (!page)
		return -ENOMEM;
	table = page_virt(page);
	for (unsigned i = 0; i < 512; i++)
		table[i] = (old & ~PTE_LARGE) + i * PAGE_SIZE;
	*entry = page_phys(page) | PTE_PRESENT | PTE_WRITE | PTE_USER;
	return 0;
}

/* The table below an entry, made if it is not there. NULL: no memory. */
static uint64_t *table_below(uint64_t *entry, unsigned shift)
{
	struct page *page;

	if (likely(is_table(*entry, shift)))
		return table_of(*entry);
	if (HELD(*entry))
		return split(entry) ? NULL : table_of(*entry);
	page = page_alloc_zero();
	if (!page)
		return NULL;
	*entry = page_phys(page) | PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED;
	return page_virt(page);
}

/* An entry that becomes huge may have a table of cleared entries under it, from earlier use. */
static void drop_table(struct page_table *pt, uint64_t *entry, uint64_t address)
{
	uint64_t old = *entry;

	*entry = 0;
	page_table_flush(pt, address, address + HUGE_PAGE_SIZE);
	page_put(page_of_phys(old & PTE_FRAME));
}

int page_table_map(struct page_table *pt, uint64_t address, uint64_t frame, unsigned flags)
{
	unsigned last = flags & PAGE_HUGE ? HUGE_SHIFT : PAGE_SHIFT;
	uint64_t *table = table_of(pt->root), *entry;

	for (unsigned shift = TOP_SHIFT; shift > last; shift -= 9) {
		table = table_below(&table[address >> shift & 511], shift);
		if (unlikely(!table))
			return -ENOMEM;
	}
	entry = &table[address >> last & 511];
	if (unlikely(is_table(*entry, last)))
		drop_table(pt, entry, address);
	__atomic_store_n(entry, entry_make(frame, flags), __ATOMIC_RELEASE);
	return 0;
}

/* The last-level entry for an address and its level's shift; NULL where a level is absent. */
static uint64_t *entry_find(struct page_table *pt, uint64_t address, unsigned *shift)
{
	uint64_t *table = table_of(pt->root);

	for (*shift = TOP_SHIFT;; *shift -= 9) {
		uint64_t *entry = &table[address >> *shift & 511];

		if (!HELD(*entry))
			return NULL;
		if (!is_table(*entry, *shift))
			return entry;
		table = table_of(*entry);
	}
}

bool page_table_lookup(struct page_table *pt, uint64_t address, uint64_t *frame, unsigned *flags)
{
	unsigned shift;
	uint64_t *entry = entry_find(pt, address, &shift), value;

	if (!entry)
		return false;
	value = *entry;
	*frame = value & PTE_FRAME;
	*flags = entry_flags(value, shift);
	return true;
}

struct walk {
	uint64_t start, end;
	page_visit *visit;
	void *context;
};

static void visit_entry(const struct walk *walk, uint64_t *entry, uint64_t address, unsigned shift)
{
	uint64_t old = *entry, frame = old & PTE_FRAME, new_entry;
	unsigned flags = entry_flags(old, shift);
	enum page_action action = walk->visit(walk->context, address, &frame, &flags);

	if (action == PAGE_KEEP)
		return;
	/* The CPU sets accessed and dirty bits behind our back: not lost, since a replaced page is either new or keeps them by `flags`. */
	new_entry = action == PAGE_CLEAR ? 0 : entry_make(frame, flags | (shift == HUGE_SHIFT ? PAGE_HUGE : 0));
	__atomic_store_n(entry, new_entry, __ATOMIC_RELEASE);
}

/* Depth is bounded by the four levels. */
static int walk_table(const struct walk *walk, uint64_t *table, uint64_t base, unsigned shift)
{
	uint64_t span = 1ull << shift;
	unsigned first = walk->start > base ? (unsigned)((walk->start - base) >> shift) : 0;
	unsigned end = (unsigned)min_u64((walk->end - base + span - 1) >> shift, 512);

	for (unsigned i = next_used(table, first, end); i < end; i = next_used(table, i + 1, end)) {
		uint64_t address = base + ((uint64_t)i << shift), *entry = &table[i];
		int ret;

		if (!is_table(*entry, shift)) {
			bool is_whole = address >= walk->start && address + span <= walk->end;

			if (is_whole || shift == PAGE_SHIFT) {
				visit_entry(walk, entry, address, shift);
				continue;
			}
			ret = split(entry);
			if (ret)
				return ret;
		}
		ret = walk_table(walk, table_of(*entry), address, shift - 9);
		if (ret)
			return ret;
	}
	return 0;
}

int page_table_visit(struct page_table *pt, uint64_t start, uint64_t end, page_visit *visit, void *context)
{
	struct walk walk = {.start = start, .end = end, .visit = visit, .context = context};

	return walk_table(&walk, table_of(pt->root), 0, TOP_SHIFT);
}
