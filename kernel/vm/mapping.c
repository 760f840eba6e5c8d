/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mappings of a cache, from the file's side: truncation takes pages out of page tables, write-back makes them
 * read-only, reclaim takes those that are not used. The cache's lock guards its list of regions, but their spaces'
 * locks come first; so each walk has a mark of its own in the list, behind the regions that it has seen: many may walk at
 * once, and each goes through the list but once. New regions come in at the end.
 */
#include "kernel/vm/internal.h"

struct walk {
	struct page_cache *cache;
	struct region mark; /* of no space */
	uint64_t first, last;
	bool only_cached, only_shared;
	size_t nr;
	void (*visit)(struct walk *walk, struct region *region, uint64_t start, uint64_t end);
};

static bool is_shared_writable(const struct region *region)
{
	return (region->flags & REGION_SHARED) && (region->flags & REGION_WRITE) &&
	       !page_cache_is_memory(region->file.cache);
}

void mapping_add(struct region *region)
{
	struct page_cache *cache = region->file.cache;

	spin_lock(&cache->lock);
	list_push_back(&cache->regions, &region->cache_node);
	cache->nr_shared += is_shared_writable(region);
	spin_unlock(&cache->lock);
}

void mapping_remove(struct region *region)
{
	struct page_cache *cache = region->file.cache;

	spin_lock(&cache->lock);
	list_remove(&region->cache_node);
	cache->nr_shared -= is_shared_writable(region);
	spin_unlock(&cache->lock);
}

/* The part of the region that maps pages first to last of the file. */
static bool part_of(const struct region *region, const struct walk *walk, uint64_t *start, uint64_t *end)
{
	uint64_t first = region->offset >> PAGE_SHIFT, nr = region_len(region) >> PAGE_SHIFT;
	uint64_t from = max_u64(walk->first, first), to = walk->last < first + nr - 1 ? walk->last : first + nr - 1;

	if (from > to || (walk->only_shared && !is_shared_writable(region)))
		return false;
	*start = region->start + ((from - first) << PAGE_SHIFT);
	*end = region->start + ((to - first + 1) << PAGE_SHIFT);
	return true;
}

/* The next space that has regions behind the walk's mark, pinned; NULL at the end. The mark goes behind those that follow each other. */
static struct address_space *next_space(struct walk *walk)
{
	struct list *node, *end = &walk->cache->regions;
	struct address_space *space = NULL;
	uint64_t from, to;

	spin_lock(&walk->cache->lock);
	node = walk->mark.cache_node.next;
	for (; node != end; node = node->next) {
		struct region *region = container_of(node, struct region, cache_node);

		if (!region->space || !part_of(region, walk, &from, &to))
			continue;
		if (space && region->space != space)
			break;
		if (!space)
			address_space_pin(space = region->space);
	}
	list_remove(&walk->mark.cache_node);
	list_insert_between(&walk->mark.cache_node, node->prev, node);
	spin_unlock(&walk->cache->lock);
	return space;
}

static void visit_space(struct walk *walk, struct address_space *space)
{
	uint64_t start, end;

	mutex_lock(&space->lock);
	for (struct region *region = region_first(space); region; region = region_next(region))
		if (region->file.cache == walk->cache && part_of(region, walk, &start, &end))
			walk->visit(walk, region, start, end);
	mutex_unlock(&space->lock);
}

static void walk_mappings(struct walk *walk)
{
	struct address_space *space;

	spin_lock(&walk->cache->lock);
	list_push_front(&walk->cache->regions, &walk->mark.cache_node);
	spin_unlock(&walk->cache->lock);
	while ((space = next_space(walk))) {
		visit_space(walk, space);
		address_space_unpin(space);
	}
	spin_lock(&walk->cache->lock);
	list_remove(&walk->mark.cache_node);
	spin_unlock(&walk->cache->lock);
}

static bool is_unmapped(struct page_cache *cache)
{
	return __atomic_load_n(&cache->regions.next, __ATOMIC_ACQUIRE) == &cache->regions;
}

/* ---- Truncation ---- */

static void unmap_part(struct walk *walk, struct region *region, uint64_t start, uint64_t end)
{
	zap_range(region->space, region, start, end, walk->only_cached);
}

void mapping_unmap(struct page_cache *cache, uint64_t first, uint64_t last, bool only_cached)
{
	struct walk walk = {
		.cache = cache, .first = first, .last = last, .only_cached = only_cached, .visit = unmap_part};

	if (!is_unmapped(cache))
		walk_mappings(&walk);
}

/* ---- Write-back ---- */

static enum page_action protect_entry(void *context, uint64_t address, uint64_t *frame, unsigned *flags)
{
	bool *changed = context;

	if (!(*flags & PAGE_WRITE))
		return PAGE_KEEP;
	*flags &= ~(unsigned)(PAGE_WRITE | PAGE_DIRTY);
	*changed = true;
	return PAGE_REPLACE;
}

static void protect_part(struct walk *walk, struct region *region, uint64_t start, uint64_t end)
{
	bool changed = false;

	(void)page_table_visit(
		&region->space->page_table, start, end, protect_entry, &changed); /* file pages are never huge */
	if (changed)
		page_table_flush(&region->space->page_table, start, end);
}

void mapping_protect(struct page_cache *cache, uint64_t first, uint64_t last)
{
	struct walk walk = {.cache = cache, .first = first, .last = last, .only_shared = true, .visit = protect_part};

	if (__atomic_load_n(&cache->nr_shared, __ATOMIC_ACQUIRE))
		walk_mappings(&walk);
}

/* ---- Reclaim ---- */

#define AGE_BATCH 64

struct age {
	struct page *pages[AGE_BATCH];
	unsigned nr;
	uint64_t stop; /* the batch is full: go on from here */
};

/* Pages of the cache that were not used since the last time; written ones are left to write-back. */
static enum page_action age_entry(void *context, uint64_t address, uint64_t *frame, unsigned *flags)
{
	struct age *age = context;
	struct page *page = page_of_phys(*frame);

	if (age->stop || (*flags & PAGE_WRITE) || !(page->flags & PAGE_IS_CACHE) || page == zero_page)
		return PAGE_KEEP;
	if (*flags & PAGE_ACCESSED) {
		*flags &= ~(unsigned)PAGE_ACCESSED;
		return PAGE_REPLACE;
	}
	if (age->nr == AGE_BATCH) {
		age->stop = address;
		return PAGE_KEEP;
	}
	age->pages[age->nr++] = page;
	return PAGE_CLEAR;
}

/* Without a flush for the accessed bits alone: a page whose use goes unseen is read again. */
static void age_part(struct walk *walk, struct region *region, uint64_t start, uint64_t end)
{
	struct address_space *space = region->space;
	struct age age;

	if (region->flags & REGION_LOCKED)
		return;
	do {
		age.nr = 0;
		age.stop = 0;
		(void)page_table_visit(&space->page_table, start, end, age_entry, &age);
		page_table_flush(&space->page_table, start, end);
		for (unsigned i = 0; i < age.nr; i++)
			page_put(age.pages[i]);
		__atomic_fetch_sub(&space->resident, age.nr, __ATOMIC_RELAXED);
		walk->nr += age.nr;
		start = age.stop;
	} while (age.stop);
}

size_t mapping_age(struct page_cache *cache)
{
	struct walk walk = {.cache = cache, .last = UINT64_MAX, .visit = age_part};

	if (!is_unmapped(cache))
		walk_mappings(&walk);
	return walk.nr;
}
