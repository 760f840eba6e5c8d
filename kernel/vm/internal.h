/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Private to vm/: what its files say to each other.
 *
 * Locks, in order: space->lock, cache->lock, the list of caches. Files are let go of, and data is read or written,
 * without space->lock; so it may be taken with any of a file system's locks held.
 */
#pragma once
#include "kernel/vm/address_space.h"

/* ---- region.c: the tree; space->lock held ---- */
struct region *region_find(struct address_space *space, uint64_t address); /* that holds address; NULL */
struct region *region_at_or_after(
	const struct address_space *space, uint64_t address); /* first that ends behind address */
struct region *region_next(const struct region *region);
struct region *region_prev(const struct region *region);
struct region *region_first(const struct address_space *space);
struct region *region_new(uint64_t start, uint64_t end, unsigned flags); /* NULL: no memory */
void region_set_file(struct region *region, const struct mapped_file *file, uint64_t offset); /* takes a reference */
struct region *region_clone(const struct region *region);                /* the file with a reference */
unsigned region_protection(int prot);                                    /* PROT_* as REGION_* */
void region_insert(struct address_space *space, struct region *region);
/* Takes it out of the tree and puts it on `dead`, for region_bury. */
void region_remove(struct address_space *space, struct region *region, struct list *dead);
void region_bury(struct list *dead);                                     /* without the lock */
void region_resize(struct region *region, uint64_t start, uint64_t end); /* the offset follows the start */
void region_set_flags(struct region *region, unsigned flags);
/* Makes `address` a boundary between regions, if it lies inside one. */
int region_split(struct address_space *space, uint64_t address) must_check;
/* Joins the region with those beside it where they are of one kind; returns what it is part of then. */
struct region *region_merge(struct address_space *space, struct region *region, struct list *dead);
void region_merge_range(struct address_space *space, uint64_t start, uint64_t end, struct list *dead);
bool region_range_is_sealed(const struct address_space *space, uint64_t start, uint64_t end); /* any of it */
bool region_range_is_free(const struct address_space *space, uint64_t start, uint64_t end);
/* A free place for len bytes, the highest below mmap_base (or below `below`, if not 0). 0: none. */
uint64_t region_place(struct address_space *space, uint64_t len, uint64_t below);
void region_place_freed(struct address_space *space, uint64_t start, uint64_t end);
static inline uint64_t region_len(const struct region *region)
{
	return region->end - region->start;
}

/* ---- Page tables: zap.c ---- */
unsigned region_page_flags(const struct region *region); /* for entries: without PAGE_WRITE */
bool region_may_write_page(
	const struct region *region, struct page *page); /* entries may be writable without a fault */
/* Before zap_range of what is not whole regions: divides large pages at the ends. -ENOMEM. */
int zap_prepare(struct address_space *space, uint64_t start, uint64_t end) must_check;
/* Takes the pages of [start, end), which lies in the region, from the page table. Private copies stay if `only_cached`.
 */
void zap_range(
	struct address_space *space, const struct region *region, uint64_t start, uint64_t end, bool only_cached);
/* At the end of a space: nothing runs on it. */
void zap_dying(struct address_space *space, const struct region *region);
void zero_page_init(void);
extern struct page *zero_page; /* what anonymous memory reads as before it is written */
void page_put_huge(struct page *page);

/* ---- address_space.c ---- */
void address_space_pin(struct address_space *space);
void address_space_unpin(struct address_space *space);
int unmap_locked(struct address_space *space, uint64_t start, uint64_t end, struct list *dead) must_check;
int check_limits(const struct address_space *space, uint64_t more, bool is_data) must_check;
int enter_region(struct address_space *space, uint64_t start, uint64_t end, unsigned flags, const char *name,
	struct list *dead) must_check;

/* ---- locked.c ---- */
int lock_check_more(const struct address_space *space, uint64_t more) must_check; /* -EAGAIN: too much would be locked. Lock held */
int lock_check_map(const struct address_space *space, uint64_t len, int flags) must_check; /* the same for a new mapping; -EPERM: MAP_LOCKED is not allowed */
int lock_populate(struct address_space *space, uint64_t start, uint64_t end) must_check; /* -ENOMEM, -EINTR. Without the lock */
void lock_populate_grown(struct address_space *space, uint64_t start, uint64_t end); /* if the region is locked: as far as it goes */

/* ---- fault.c ---- */
int address_space_populate(struct address_space *space, uint64_t start, uint64_t end, enum access access) must_check;

bool memory_ask_for_victim(void); /* somebody is killed for memory, and it may be worth another try */

/* ---- shared_memory.c ---- */
int shared_memory_new(struct mapped_file *file) must_check; /* file->get is still to be called for each region */

/* ---- cache_tree.c: cache->lock held ---- */
struct page *cache_tree_find(const struct page_cache *cache, uint64_t index);
int cache_tree_insert(
	struct page_cache *cache, uint64_t index, struct page *page) must_check; /* -ENOMEM; the place is free */
void cache_tree_remove(struct page_cache *cache, uint64_t index);
struct page *cache_tree_next(const struct page_cache *cache, uint64_t *index); /* the first at or behind *index */

/* ---- page_cache.c ---- */
/* Takes a page out of the cache; the caller puts it. Lock held. */
void page_cache_detach_locked(struct page_cache *cache, struct page *page);
void page_cache_wait(
	struct page_cache *cache); /* lock held, released while it sleeps; some page's state has changed then */
void page_cache_clean_locked(struct page_cache *cache, struct page *page); /* no longer dirty */
void page_cache_limit_dirty(void); /* makes who writes wait for the writer if there is much */

/* ---- mapping.c: the mappings of a cache ---- */
void mapping_add(struct region *region);
void mapping_remove(struct region *region);
void mapping_unmap(struct page_cache *cache, uint64_t first, uint64_t last, bool only_cached);
void mapping_protect(struct page_cache *cache, uint64_t first, uint64_t last);
size_t mapping_age(struct page_cache *cache); /* unmaps clean pages that were not used since it was here; how many */

/* ---- writeback.c ---- */
void writeback_note_dirty_locked(struct page_cache *cache); /* its first dirty page; cache->lock held */
void writeback_add(int64_t nr);                             /* dirty pages of all caches more, or less */
void writeback_kick(void);
bool writeback_is_me(void);     /* the writer's own thread calls: it may use the last pages */
bool writeback_is_behind(void); /* much is dirty: better written than other pages unmapped */
bool writeback_help(void);      /* waits a little for the writer; false: nothing is dirty */

/* ---- reclaim.c ---- */
extern struct spinlock cache_list_lock;           /* guards the lists of caches, and nr_busy of each */
void cache_list_add(struct page_cache *cache);    /* its first page; cache->lock held */
void cache_list_remove(struct page_cache *cache); /* from all lists; waits until nobody is at it */
void cache_leave(struct page_cache *cache);       /* no longer busy */
