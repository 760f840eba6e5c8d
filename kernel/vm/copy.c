/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A copy of an address space, as fork(2) makes it. Private pages that were written are shared read-only until one side
 * writes; pages that come from the page cache are left out, since a fault brings them back, sixteen at a time, if the
 * child lives to want them.
 */
#include "kernel/uapi/errno.h"
#include "kernel/vm/internal.h"

#define HUGE_PAGES (HUGE_PAGE_SIZE / PAGE_SIZE)

struct copy {
	struct address_space *to;
	uint64_t nr_resident;
	bool needs_flush, failed;
};

static enum page_action copy_entry(void *context, uint64_t address, uint64_t *frame, unsigned *flags)
{
	struct copy *copy = context;
	struct page *page = page_of_phys(*frame);
	unsigned nr = *flags & PAGE_HUGE ? HUGE_PAGES : 1;

	if (copy->failed || (page->flags & PAGE_IS_CACHE))
		return PAGE_KEEP;
	for (unsigned i = 0; i < nr; i++)
		page_get(page + i);
	if (page_table_map(&copy->to->page_table, address, *frame, *flags & ~(unsigned)PAGE_WRITE)) {
		for (unsigned i = 0; i < nr; i++)
			page_put(page + i);
		copy->failed = true;
		return PAGE_KEEP;
	}
	copy->nr_resident += nr;
	cpu_poll();
	if (!(*flags & PAGE_WRITE))
		return PAGE_KEEP;
	*flags &= ~(unsigned)PAGE_WRITE;
	copy->needs_flush = true;
	return PAGE_REPLACE;
}

static int copy_frames(struct address_space *to, const struct region *region)
{
	for (uint64_t off = 0; off < region_len(region); off += PAGE_SIZE)
		if (page_table_map(&to->page_table, region->start + off, region->fixed_frame + off,
			    region_page_flags(region) | PAGE_ACCESSED))
			return -ENOMEM;
	return 0;
}

static int copy_region(
	struct address_space *from, struct address_space *to, const struct region *region, struct copy *copy)
{
	struct region *twin = region_clone(region);

	if (!twin)
		return -ENOMEM;
	twin->flags &= ~(unsigned)REGION_LOCK_MASK; /* fork(2): locks are not inherited */
	region_insert(to, twin);
	if (region->flags & REGION_FIXED_FRAMES)
		return copy_frames(to, region);
	if (region->flags & (REGION_SHARED | REGION_WIPE_ON_FORK))
		return 0;
	if (page_table_visit(&from->page_table, region->start, region->end, copy_entry, copy) || copy->failed)
		return -ENOMEM;
	return 0;
}

static void copy_fields(struct address_space *to, const struct address_space *from)
{
	to->brk_start = from->brk_start;
	to->brk = from->brk;
	to->stack_top = from->stack_top;
	to->mmap_base = from->mmap_base;
	to->arg_start = from->arg_start;
	to->arg_end = from->arg_end;
	to->env_start = from->env_start;
	to->env_end = from->env_end;
	to->auxv_start = from->auxv_start;
	to->auxv_end = from->auxv_end;
	to->limit_bytes = from->limit_bytes;
	to->limit_data = from->limit_data;
	to->limit_stack = from->limit_stack;
	to->vdso = from->vdso;
	to->has_seals = from->has_seals;
	to->has_no_huge = from->has_no_huge;
}

struct address_space *address_space_copy(struct address_space *from)
{
	struct address_space *to = address_space_new();
	struct copy copy = {.to = to};
	int ret = 0;

	if (!to)
		return NULL;
	mutex_lock(&from->lock);
	mutex_lock(&to->lock); /* its regions are in caches' lists as soon as they exist */
	copy_fields(to, from);
	for (struct region *region = region_first(from); region && !ret; region = region_next(region))
		if (!(region->flags & REGION_DONT_FORK))
			ret = copy_region(from, to, region, &copy);
	to->resident = to->peak_resident = copy.nr_resident;
	mutex_unlock(&to->lock);
	if (copy.needs_flush)
		page_table_flush(&from->page_table, 0, USER_END);
	mutex_unlock(&from->lock);
	if (!ret)
		return to;
	address_space_put(to);
	return NULL;
}
