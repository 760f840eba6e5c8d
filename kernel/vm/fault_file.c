/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Faults on memory that maps a file. Pages that are in memory come with their neighbours, read-only: the first write to
 * a private one copies it, to a shared one marks it dirty. A page that is not in memory is read without the space's
 * lock (fault.c).
 */
#include "kernel/vm/fault.h"

#define AROUND 16u /* pages of a block of neighbours */

static uint64_t index_of(const struct region *region, uint64_t address)
{
	return (address - region->start + region->offset) >> PAGE_SHIFT;
}

/* Enters neighbours that are in memory, where nothing is mapped yet. */
static void enter_neighbours(struct fault *fault, uint64_t nr_in_file)
{
	struct region *region = fault->region;
	uint64_t start = max_u64(align_down(fault->address, AROUND * PAGE_SIZE), region->start);
	uint64_t end = min_u64(align_down(fault->address, AROUND * PAGE_SIZE) + AROUND * PAGE_SIZE, region->end);
	uint64_t first = index_of(region, start), nr = (end - start) >> PAGE_SHIFT, entered = 0;
	unsigned flags = region_may_write_page(region, NULL) ? PAGE_WRITE : 0;
	struct page *pages[AROUND];

	nr = min_u64(nr, nr_in_file - first);
	page_cache_find_range(region->file.cache, first, nr, pages);
	for (uint64_t i = 0; i < nr; i++) {
		uint64_t address = start + (i << PAGE_SHIFT);

		if (!pages[i])
			continue;
		if (address == fault->address || !fault_is_absent(fault, address))
			page_put(pages[i]);
		else if (fault_enter(fault, address, pages[i], flags) == SERVED)
			entered++;
	}
	fault_count_resident(fault->space, entered);
}

/* The file's page, with a reference. */
static enum fault_outcome find_file_page(struct fault *fault, struct page **page)
{
	struct region *region = fault->region;
	struct page_cache *cache = region->file.cache;

	fault->index = index_of(region, fault->address);
	fault->nr_in_file = (region->file.size(region->file.file) + PAGE_SIZE - 1) >> PAGE_SHIFT;
	if (fault->index >= fault->nr_in_file)
		return BEYOND_END;
	*page = page_cache_find(cache, fault->index);
	return *page ? SERVED : NEEDS_READ;
}

enum fault_outcome fault_serve_file(struct fault *fault)
{
	struct region *region = fault->region;
	unsigned flags = PAGE_ACCESSED;
	enum fault_outcome outcome;
	struct page *page;

	outcome = find_file_page(fault, &page);
	if (outcome != SERVED)
		return outcome;
	if (fault->is_write && !(region->flags & REGION_SHARED)) {
		struct page *copy = fault_copy_page(page);

		page_put(page);
		if (!copy)
			return NEEDS_MEMORY;
		page = copy;
		flags |= PAGE_WRITE | PAGE_DIRTY;
	} else if (fault->is_write) {
		fault_note_write(fault, page);
		flags |= PAGE_WRITE | PAGE_DIRTY;
	} else if (region_may_write_page(region, NULL)) {
		flags |= PAGE_WRITE;
	}
	outcome = fault_enter(fault, fault->address, page, flags);
	if (outcome == SERVED) {
		fault_count_resident(fault->space, 1);
		enter_neighbours(fault, fault->nr_in_file);
	}
	return outcome;
}
