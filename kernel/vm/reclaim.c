/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Getting memory back from the page cache: clean pages go, oldest first, those used meanwhile get a second chance.
 * Pages that programs map are unmapped first, which only page_cache_make_room does: the page allocator's own call must
 * not sleep.
 */
#include "kernel/platform/platform.h"
#include "kernel/vm/internal.h"

#define SCAN_MAX 256 /* pages of one cache at a time */
#define ROUNDS 3     /* the first only takes away the marks of use */
#define ROOM_PAGES 64
#define PATIENCE 5
#define PATIENCE_NS 2000000ull

struct spinlock cache_list_lock;
static struct list all_caches = LIST_INIT(all_caches); /* with a medium, that have had pages */
static unsigned nr_caches;
static struct wait_queue idle_wait;

void cache_list_add(struct page_cache *cache)
{
	spin_lock(&cache_list_lock);
	list_push_back(&all_caches, &cache->all_node);
	nr_caches++;
	spin_unlock(&cache_list_lock);
}

void cache_leave(struct page_cache *cache)
{
	bool is_idle;

	spin_lock(&cache_list_lock);
	is_idle = --cache->nr_busy == 0;
	spin_unlock(&cache_list_lock);
	if (is_idle)
		wait_wake_all(&idle_wait, 0);
}

static bool is_busy(struct page_cache *cache)
{
	bool busy;

	spin_lock(&cache_list_lock);
	busy = cache->nr_busy > 0;
	spin_unlock(&cache_list_lock);
	return busy;
}

void cache_list_remove(struct page_cache *cache)
{
	struct waiter waiter;

	spin_lock(&cache_list_lock);
	nr_caches -= !list_empty(&cache->all_node);
	list_remove(&cache->all_node);
	list_remove(&cache->dirty_node);
	spin_unlock(&cache_list_lock);
	if (!is_busy(cache))
		return;
	wait_begin(&waiter, &idle_wait);
	while (is_busy(cache))
		(void)wait_sleep(WAIT_FOREVER, WAIT_UNINTERRUPTIBLE);
	wait_end(&waiter);
}

/* The next cache in turn. cache_list_lock held. */
static struct page_cache *next_cache(void)
{
	struct page_cache *cache = container_of(list_pop_front(&all_caches), struct page_cache, all_node);

	list_push_back(&all_caches, &cache->all_node);
	return cache;
}

/* Lock held. */
static size_t reclaim_cache(struct page_cache *cache, size_t wanted)
{
	size_t freed = 0;

	for (unsigned i = 0; i < SCAN_MAX && freed < wanted && !list_empty(&cache->clean_pages); i++) {
		struct page *page = container_of(list_pop_front(&cache->clean_pages), struct page, list);

		if ((page->flags & (PAGE_IS_REFERENCED | PAGE_IS_WRITEBACK)) ||
			__atomic_load_n(&page->references, __ATOMIC_ACQUIRE) != 1) {
			page->flags &= (uint16_t)~PAGE_IS_REFERENCED;
			list_push_back(&cache->clean_pages, &page->list);
			continue;
		}
		page_cache_detach_locked(cache, page);
		page_put(page);
		freed++;
	}
	return freed;
}

/* May be called with a cache's lock held, or any other but cache_list_lock, whose holders do not allocate: so caches in
 * use are passed over. */
static size_t reclaim_clean(size_t wanted)
{
	size_t freed = 0;

	spin_lock(&cache_list_lock);
	for (unsigned i = 0; i < ROUNDS * nr_caches && freed < wanted; i++) {
		struct page_cache *cache = next_cache();

		if (!spin_try_lock(&cache->lock))
			continue;
		freed += reclaim_cache(cache, wanted - freed);
		spin_unlock(&cache->lock);
	}
	spin_unlock(&cache_list_lock);
	return freed;
}

/* Unmaps pages that programs have not used of late. */
static size_t age_mapped(void)
{
	size_t nr = 0;

	for (unsigned i = 0; i < 2 * __atomic_load_n(&nr_caches, __ATOMIC_RELAXED) && nr < ROOM_PAGES; i++) {
		struct page_cache *cache = NULL;

		spin_lock(&cache_list_lock);
		if (nr_caches) {
			cache = next_cache();
			cache->nr_busy++;
		}
		spin_unlock(&cache_list_lock);
		if (!cache)
			break;
		nr += mapping_age(cache);
		cache_leave(cache);
	}
	return nr;
}

/* What other CPUs have at hand, or are just letting go of, is not seen: a little patience before giving up. */
static bool wait_for_others(void)
{
	for (unsigned i = 0; i < PATIENCE; i++) {
		struct waiter waiter;

		wait_begin(&waiter, &idle_wait);
		(void)wait_sleep(clock_monotonic_ns() + PATIENCE_NS, WAIT_UNINTERRUPTIBLE);
		wait_end(&waiter);
		if (!page_is_scarce() || reclaim_clean(ROOM_PAGES))
			return true;
	}
	return false;
}

bool page_cache_make_room(void)
{
	if (reclaim_clean(ROOM_PAGES))
		return true;
	if (writeback_is_behind())
		(void)writeback_help();
	if (age_mapped()) {
		(void)reclaim_clean(ROOM_PAGES);
		return true;
	}
	return writeback_help() || wait_for_others();
}

void page_cache_drop_clean(void)
{
	while (reclaim_clean(ROOM_PAGES))
		cpu_poll();
}

static struct page_reclaimer reclaimer = {.reclaim = reclaim_clean};

static void start(void)
{
	wait_queue_init(&idle_wait);
	page_add_reclaimer(&reclaimer);
}
INITCALL(reclaim, INIT_CORE, start);
