/* SPDX-License-Identifier: BSD-3-Clause */
/* The tree of regions of an address space: finding, splitting, joining, and places for new ones. Knows nothing of page
 * tables. */
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mman.h"
#include "kernel/vm/internal.h"

#define PLACE_MIN 0x10000ul           /* vm.mmap_min_addr */
#define STACK_GUARD (256 * PAGE_SIZE) /* kept free below regions that grow down, as Linux does */

static struct region *of_node(const struct rb_node *node)
{
	return node ? container_of(node, struct region, node) : NULL;
}

struct region *region_at_or_after(const struct address_space *space, uint64_t address)
{
	struct region *found = NULL;

	for (struct rb_node *node = space->regions.root; node;) {
		struct region *region = of_node(node);

		if (region->end > address) {
			found = region;
			node = node->left;
		} else {
			node = node->right;
		}
	}
	return found;
}

struct region *region_find(struct address_space *space, uint64_t address)
{
	struct region *region = space->last_hit;

	if (region && address >= region->start && address < region->end)
		return region;
	region = region_at_or_after(space, address);
	if (!region || address < region->start)
		return NULL;
	space->last_hit = region;
	return region;
}

struct region *region_next(const struct region *region)
{
	return of_node(rb_next(&region->node));
}

struct region *region_prev(const struct region *region)
{
	return of_node(rb_prev(&region->node));
}

struct region *region_first(const struct address_space *space)
{
	return of_node(rb_first(&space->regions));
}

/* ---- Making, entering, removing ---- */

unsigned region_protection(int prot)
{
	return (prot & LINUX_PROT_READ ? REGION_READ : 0) | (prot & LINUX_PROT_WRITE ? REGION_WRITE : 0) |
	       (prot & LINUX_PROT_EXEC ? REGION_EXEC : 0);
}

struct region *region_new(uint64_t start, uint64_t end, unsigned flags)
{
	struct region *region = heap_alloc_zero(sizeof(*region));

	if (!region)
		return NULL;
	region->start = start;
	region->end = end;
	region->flags = flags;
	list_init(&region->cache_node);
	return region;
}

void region_set_file(struct region *region, const struct mapped_file *file, uint64_t offset)
{
	region->file = *file;
	region->offset = offset;
	file->get(file->file);
	if (file->attached)
		file->attached(file->file);
}

struct region *region_clone(const struct region *region)
{
	struct region *copy = region_new(region->start, region->end, region->flags);

	if (!copy)
		return NULL;
	copy->name = region->name;
	copy->policy = region->policy;
	copy->fixed_frame = region->fixed_frame;
	if (region->file.cache)
		region_set_file(copy, &region->file, region->offset);
	else
		copy->offset = region->offset;
	return copy;
}

static bool is_data(unsigned flags)
{
	return (flags & (REGION_WRITE | REGION_SHARED)) == REGION_WRITE;
}

/* Adds a region's bytes to the space's counts, or takes them away. */
static void account(const struct region *region, uint64_t sign)
{
	struct address_space *space = region->space;

	space->mapped_bytes += sign * region_len(region);
	space->locked_bytes += sign * (region->flags / REGION_LOCKED & 1) * region_len(region);
	if (is_data(region->flags))
		space->data_bytes += sign * region_len(region);
}

static void link_node(struct address_space *space, struct region *region)
{
	struct rb_node **link = &space->regions.root, *parent = NULL;

	while (*link) {
		parent = *link;
		link = region->start < of_node(parent)->start ? &parent->left : &parent->right;
	}
	rb_insert(&space->regions, &region->node, parent, link);
}

void region_insert(struct address_space *space, struct region *region)
{
	region->space = space;
	link_node(space, region);
	space->nr_regions++;
	account(region, 1);
	if (region->file.cache)
		mapping_add(region);
}

void region_remove(struct address_space *space, struct region *region, struct list *dead)
{
	rb_remove(&space->regions, &region->node);
	space->nr_regions--;
	account(region, -1ul);
	region_place_freed(space, region->start, region->end);
	if (space->last_hit == region)
		space->last_hit = NULL;
	if (region->file.cache)
		mapping_remove(region);
	list_push_back(dead, &region->cache_node);
}

void region_bury(struct list *dead)
{
	struct region *region, *next;

	list_for_each_safe(region, next, dead, cache_node)
	{
		list_remove(&region->cache_node);
		if (region->file.cache && region->file.detached)
			region->file.detached(region->file.file);
		if (region->file.cache)
			region->file.put(region->file.file);
		heap_free(region);
	}
}

void region_resize(struct region *region, uint64_t start, uint64_t end)
{
	account(region, -1ul);
	region->offset += start - region->start;
	region->fixed_frame += start - region->start;
	region->start = start;
	region->end = end;
	account(region, 1);
}

void region_set_flags(struct region *region, unsigned flags)
{
	account(region, -1ul);
	if (region->file.cache)
		mapping_remove(region);
	region->flags = flags;
	if (region->file.cache)
		mapping_add(region);
	account(region, 1);
}

/* ---- Splitting and joining ---- */

int region_split(struct address_space *space, uint64_t address)
{
	struct region *region = region_find(space, address), *upper;

	if (!region || region->start == address)
		return 0;
	if (space->nr_regions >= address_space_max_regions)
		return -ENOMEM;
	upper = region_clone(region);
	if (!upper)
		return -ENOMEM;
	upper->start = address;
	upper->offset += address - region->start;
	upper->fixed_frame += address - region->start;
	region_resize(region, region->start, address);
	region_insert(space, upper);
	return 0;
}

static bool can_join(const struct region *low, const struct region *high)
{
	if (low->end != high->start || low->flags != high->flags || low->name != high->name ||
		(low->flags & (REGION_FIXED_FRAMES | REGION_GROWS_DOWN)))
		return false;
	if (low->policy.mode != high->policy.mode || low->policy.flags != high->policy.flags)
		return false;
	if (low->file.cache != high->file.cache || low->file.file != high->file.file)
		return false;
	return !low->file.cache || low->offset + region_len(low) == high->offset;
}

static struct region *join(struct address_space *space, struct region *low, struct region *high, struct list *dead)
{
	uint64_t end = high->end;

	region_remove(space, high, dead);
	region_resize(low, low->start, end);
	return low;
}

struct region *region_merge(struct address_space *space, struct region *region, struct list *dead)
{
	struct region *other = region_prev(region);

	if (other && can_join(other, region))
		region = join(space, other, region, dead);
	other = region_next(region);
	if (other && can_join(region, other))
		region = join(space, region, other, dead);
	return region;
}

void region_merge_range(struct address_space *space, uint64_t start, uint64_t end, struct list *dead)
{
	struct region *region = region_at_or_after(space, start);

	while (region && region->start <= end) {
		region = region_merge(space, region, dead);
		region = region_next(region);
	}
}

/* ---- Places ---- */

bool region_range_is_free(const struct address_space *space, uint64_t start, uint64_t end)
{
	const struct region *region = region_at_or_after(space, start);

	return !region || region->start >= end;
}

static uint64_t guarded_start(const struct region *region)
{
	uint64_t guard = region->flags & REGION_GROWS_DOWN ? STACK_GUARD : 0;

	return region->start > guard ? region->start - guard : 0;
}

/* The highest place that ends at or below `top`; sets *skipped to the largest hole passed over. */
static uint64_t search_down(const struct address_space *space, uint64_t len, uint64_t top, uint64_t *skipped)
{
	const struct region *above = region_at_or_after(space, top), *below;
	uint64_t limit = top;

	if (above && guarded_start(above) < limit)
		limit = guarded_start(above);
	below = above ? region_prev(above) : of_node(rb_last(&space->regions));
	for (;;) {
		uint64_t floor = below ? below->end : PLACE_MIN;

		floor = max_u64(floor, PLACE_MIN);
		if (limit >= floor && limit - floor >= len)
			return limit - len;
		if (limit > floor)
			*skipped = max_u64(*skipped, limit - floor);
		if (!below)
			return 0;
		limit = min_u64(guarded_start(below), top);
		below = region_prev(below);
	}
}

uint64_t region_place(struct address_space *space, uint64_t len, uint64_t below)
{
	uint64_t place, skipped = 0;

	if (below)
		return search_down(space, len, below, &skipped);
	if (len <= space->place_skipped || space->place_from > space->mmap_base) {
		space->place_from = space->mmap_base;
		space->place_skipped = 0;
	}
	skipped = space->place_skipped;
	place = search_down(space, len, space->place_from, &skipped);
	if (!place) /* as Linux: what lies above the base is better than nothing */
		return search_down(space, len, USER_END, &skipped);
	space->place_skipped = skipped;
	space->place_from = place + len;
	return place;
}

void region_place_freed(struct address_space *space, uint64_t start, uint64_t end)
{
	const struct region *next;

	if (end <= space->place_from)
		return;
	next = region_at_or_after(space, end);
	space->place_from = next ? max_u64(space->place_from, next->start) : space->mmap_base;
}
