/* SPDX-License-Identifier: BSD-3-Clause */
/* Taking pages out of page tables: frames are let go of only after the TLBs have been flushed, in batches. */
#include "kernel/log/log.h"
#include "kernel/mem/heap.h"
#include "kernel/vm/internal.h"

#define HUGE_PAGES (HUGE_PAGE_SIZE / PAGE_SIZE)
#define BATCH_SMALL 32
#define BATCH_LARGE (PAGE_SIZE / sizeof(uintptr_t))
#define HUGE_MARK 1ul

struct page *zero_page;

struct zap {
	struct address_space *space;
	uint64_t flush_start, flush_end;
	uintptr_t *batch; /* struct page *, and HUGE_MARK */
	unsigned nr, max;
	uint64_t nr_resident;
	bool only_cached, is_dying;
};

void zero_page_init(void)
{
	zero_page = page_alloc_zero();
	ASSERT(zero_page);
	zero_page->flags = PAGE_IS_CACHE; /* never written: copied first */
}

unsigned region_page_flags(const struct region *region)
{
	unsigned flags = region->flags & (REGION_READ | REGION_WRITE | REGION_EXEC) ? PAGE_USER : 0;

	return flags | (region->flags & REGION_EXEC ? PAGE_EXEC : 0);
}

bool region_may_write_page(const struct region *region, struct page *page)
{
	if (!(region->flags & REGION_WRITE))
		return false;
	if (region->flags & REGION_SHARED)
		return page_cache_is_memory(region->file.cache);
	return page && !(page->flags & PAGE_IS_CACHE) && __atomic_load_n(&page->references, __ATOMIC_ACQUIRE) == 1;
}

void page_put_huge(struct page *page)
{
	for (unsigned i = 0; i < HUGE_PAGES; i++)
		page_put(page + i);
}

static void let_go(uintptr_t entry)
{
	if (entry & HUGE_MARK)
		page_put_huge((struct page *)(entry & ~HUGE_MARK));
	else
		page_put((struct page *)entry);
}

static void flush_batch(struct zap *zap)
{
	if (zap->flush_start < zap->flush_end)
		page_table_flush(&zap->space->page_table, zap->flush_start, zap->flush_end);
	for (unsigned i = 0; i < zap->nr; i++)
		let_go(zap->batch[i]);
	zap->nr = 0;
	zap->flush_start = UINT64_MAX;
	zap->flush_end = 0;
	cpu_poll();
}

static enum page_action zap_entry(void *context, uint64_t address, uint64_t *frame, unsigned *flags)
{
	struct zap *zap = context;
	struct page *page = page_of_phys(*frame);
	uintptr_t entry = (uintptr_t)page | (*flags & PAGE_HUGE ? HUGE_MARK : 0);

	if (zap->only_cached && !(page->flags & PAGE_IS_CACHE) && !page->owner)
		return PAGE_KEEP;
	zap->nr_resident += *flags & PAGE_HUGE ? HUGE_PAGES : page != zero_page;
	if (zap->is_dying) {
		let_go(entry);
		if (zap->nr_resident % 64 == 0)
			cpu_poll();
		return PAGE_KEEP;
	}
	if (zap->nr == zap->max)
		flush_batch(zap);
	zap->batch[zap->nr++] = entry;
	zap->flush_start = min_u64(zap->flush_start, address);
	zap->flush_end = max_u64(zap->flush_end, address + (*flags & PAGE_HUGE ? HUGE_PAGE_SIZE : PAGE_SIZE));
	return PAGE_CLEAR;
}

static enum page_action clear_entry(void *context, uint64_t address, uint64_t *frame, unsigned *flags)
{
	return PAGE_CLEAR;
}

/* Frames that are not the region's to free. */
static void zap_fixed(struct address_space *space, uint64_t start, uint64_t end)
{
	(void)page_table_visit(&space->page_table, start, end, clear_entry, NULL);
	page_table_flush(&space->page_table, start, end);
}

/* Cannot fail: large pages at the ends were divided before (zap_prepare). */
static void visit(struct zap *zap, uint64_t start, uint64_t end)
{
	if (page_table_visit(&zap->space->page_table, start, end, zap_entry, zap))
		panic("a large page was to be divided while it is unmapped");
}

static enum page_action keep_entry(void *context, uint64_t address, uint64_t *frame, unsigned *flags)
{
	return PAGE_KEEP;
}

static int divide_at(struct address_space *space, uint64_t address)
{
	uint64_t page = address - PAGE_SIZE; /* the visitor divides what its range covers partly */

	return address % HUGE_PAGE_SIZE ? page_table_visit(&space->page_table, page, address, keep_entry, NULL) : 0;
}

int zap_prepare(struct address_space *space, uint64_t start, uint64_t end)
{
	int ret = divide_at(space, start);

	return ret ? ret : divide_at(space, end);
}

void zap_range(struct address_space *space, const struct region *region, uint64_t start, uint64_t end, bool only_cached)
{
	uintptr_t small[BATCH_SMALL], *large = NULL;
	struct zap zap = {.space = space,
		.flush_start = UINT64_MAX,
		.batch = small,
		.max = BATCH_SMALL,
		.only_cached = only_cached};

	if (region->flags & REGION_FIXED_FRAMES) {
		zap_fixed(space, start, end);
		return;
	}
	if ((end - start) >> PAGE_SHIFT > BATCH_SMALL && !page_is_scarce() && (large = heap_alloc(PAGE_SIZE))) {
		zap.batch = large;
		zap.max = BATCH_LARGE;
	}
	visit(&zap, start, end);
	flush_batch(&zap);
	heap_free(large);
	__atomic_fetch_sub(&space->resident, zap.nr_resident, __ATOMIC_RELAXED);
}

void zap_dying(struct address_space *space, const struct region *region)
{
	struct zap zap = {.space = space, .is_dying = true};

	if (!(region->flags & REGION_FIXED_FRAMES))
		visit(&zap, region->start, region->end);
}
