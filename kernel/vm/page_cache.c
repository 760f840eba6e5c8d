/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The page cache: pages of files, how they come in, and how they go. A page in a cache is
 *
 *   LOCKED             being read; who wants it waits
 *   UPTODATE           whole; and perhaps DIRTY, WRITEBACK (being written) or both: changed again meanwhile
 *
 * and holds one reference for the cache. Caches with a medium list their pages as clean or dirty, oldest first. A page
 * for overwriting enters the cache when it is filled, with mark_dirty: until then others see what was there before.
 */
#include "kernel/log/log.h"
#include "kernel/uapi/errno.h"
#include "kernel/vm/internal.h"
#include "lib/string.h"

#define READ_MAX 64u /* 256 KiB */
#define SMALL_FILE 256u
#define READ_INITIAL 16u
#define READ_SCARCE 4u    /* where memory is short */
#define READ_PLENTY 32u   /* instead of that, */
#define PLENTY_FREE 4096u /* while so many pages are free */
#define ROOM_TRIES 16

void page_cache_init(struct page_cache *cache, const struct page_cache_ops *ops)
{
	*cache = (struct page_cache){.ops = ops};
	list_init(&cache->regions);
	list_init(&cache->dirty_node);
	list_init(&cache->all_node);
	list_init(&cache->clean_pages);
	list_init(&cache->dirty_pages);
	wait_queue_init(&cache->wait);
}

void page_cache_fini(struct page_cache *cache)
{
	if (!cache->nr_pages && list_empty(&cache->all_node) && list_empty(&cache->dirty_node))
		return;
	cache_list_remove(cache);
	page_cache_truncate(cache, 0);
}

void page_cache_wait(struct page_cache *cache)
{
	struct waiter waiter;

	wait_begin(&waiter, &cache->wait);
	spin_unlock(&cache->lock);
	(void)wait_sleep(WAIT_FOREVER, WAIT_UNINTERRUPTIBLE);
	wait_end(&waiter);
	spin_lock(&cache->lock);
}

/* ---- Pages in and out; lock held ---- */

static void account(const struct page_cache *cache, int64_t nr)
{
	page_account(PAGE_USE_CACHE, nr);
	if (page_cache_is_memory(cache))
		page_account(PAGE_USE_MEMORY_FILE, nr);
}

static int attach_locked(struct page_cache *cache, struct page *page, uint64_t index, unsigned flags)
{
	int ret = cache_tree_insert(cache, index, page);

	if (ret)
		return ret;
	page->owner = cache;
	page->index = index;
	page->flags = (uint16_t)(PAGE_IS_CACHE | flags);
	list_init(&page->list);
	if (!page_cache_is_memory(cache)) {
		if (list_empty(&cache->all_node))
			cache_list_add(cache);
		if (flags & PAGE_IS_UPTODATE)
			list_push_back(&cache->clean_pages, &page->list);
	}
	account(cache, 1);
	return 0;
}

void page_cache_clean_locked(struct page_cache *cache, struct page *page)
{
	page->flags &= (uint16_t)~PAGE_IS_DIRTY;
	list_remove(&page->list);
	list_push_back(&cache->clean_pages, &page->list);
	cache->nr_dirty--;
	writeback_add(-1);
}

void page_cache_detach_locked(struct page_cache *cache, struct page *page)
{
	if (page->flags & PAGE_IS_DIRTY)
		page_cache_clean_locked(cache, page);
	cache_tree_remove(cache, page->index);
	list_remove(&page->list);
	page->flags &= (uint16_t)~PAGE_IS_CACHE;
	account(cache, -1);
}

/* ---- Finding ---- */

static struct page *find_locked(struct page_cache *cache, uint64_t index)
{
	struct page *page = cache_tree_find(cache, index);

	if (!page || !(page->flags & PAGE_IS_UPTODATE))
		return NULL;
	page->flags |= PAGE_IS_REFERENCED;
	page_get(page);
	return page;
}

struct page *page_cache_find(struct page_cache *cache, uint64_t index)
{
	struct page *page;

	spin_lock(&cache->lock);
	page = find_locked(cache, index);
	spin_unlock(&cache->lock);
	return page;
}

void page_cache_find_range(struct page_cache *cache, uint64_t first, size_t nr, struct page **pages)
{
	spin_lock(&cache->lock);
	for (size_t i = 0; i < nr; i++) {
		pages[i] = cache_tree_find(cache, first + i);
		if (pages[i] && !(pages[i]->flags & PAGE_IS_UPTODATE))
			pages[i] = NULL;
		if (pages[i])
			page_get(pages[i]);
	}
	spin_unlock(&cache->lock);
}

/* ---- Reading in ---- */

/* Which pages to read for one that is wanted: more each time where a reader goes on in order, else the block around it. A small file, as
 * many programs are, is mostly wanted whole: its blocks are large, since each request costs more than the bytes that it brings. */
static void choose_run(struct page_cache *cache, uint64_t index, uint64_t nr_in_file, uint64_t *first, uint64_t *end)
{
	bool is_scarce = page_is_scarce();
	unsigned nr = is_scarce ? READ_SCARCE : nr_in_file <= SMALL_FILE ? READ_MAX : READ_INITIAL;
	uint64_t lowest = align_down(index, nr);

	if (index == cache->next_read && cache->read_window && !is_scarce) {
		nr = (unsigned)min_u64(cache->read_window * 2, READ_MAX);
		lowest = index;
	}
	*first = index;
	while (*first > lowest && !cache_tree_find(cache, *first - 1))
		--*first;
	*end = index + 1;
	while (*end < nr_in_file && *end - *first < nr && !cache_tree_find(cache, *end))
		++*end;
	cache->next_read = *end;
	cache->read_window = nr;
}

static struct page *enter_locked_page(struct page_cache *cache, uint64_t index)
{
	struct page *page = page_is_scarce() && !writeback_is_me() ? NULL : page_alloc(0);

	if (page && attach_locked(cache, page, index, PAGE_IS_LOCKED)) {
		page_put(page);
		page = NULL;
	}
	return page;
}

static void drop_run(struct page_cache *cache, struct page **pages, size_t nr)
{
	while (nr--) {
		page_cache_detach_locked(cache, pages[nr]);
		page_put(pages[nr]);
	}
}

/* Enters locked pages for the run, as many as memory allows: at least the one wanted, or 0. Lock held. */
static size_t enter_run(struct page_cache *cache, uint64_t index, uint64_t *first, uint64_t end, struct page **pages)
{
	size_t nr = 0;

	while (*first + nr < end && (pages[nr] = enter_locked_page(cache, *first + nr)))
		nr++;
	if (*first + nr > index)
		return nr;
	drop_run(cache, pages, nr); /* what lies before the one that is wanted has to wait, then */
	*first = index;
	return (pages[0] = enter_locked_page(cache, index)) ? 1 : 0;
}

static void finish_run(struct page_cache *cache, struct page **pages, size_t nr, int error)
{
	spin_lock(&cache->lock);
	for (size_t i = 0; i < nr; i++) {
		pages[i]->flags &= (uint16_t)~PAGE_IS_LOCKED;
		if (error) {
			page_cache_detach_locked(cache, pages[i]);
			page_put(pages[i]);
		} else {
			pages[i]->flags |= PAGE_IS_UPTODATE;
			list_push_back(&cache->clean_pages, &pages[i]->list);
		}
	}
	spin_unlock(&cache->lock);
	wait_wake_all(&cache->wait, 0);
}

/* Lock held, released meanwhile. */
static int read_in_locked(struct page_cache *cache, uint64_t index, uint64_t nr_in_file, struct page **page)
{
	struct page *pages[READ_MAX];
	uint64_t first, end;
	size_t nr;
	int ret;

	choose_run(cache, index, nr_in_file, &first, &end);
	nr = enter_run(cache, index, &first, end, pages);
	if (!nr)
		return -ENOMEM;
	page_get(*page = pages[index - first]);
	spin_unlock(&cache->lock);
	thread_current()->io.medium_read += nr * PAGE_SIZE;
	ret = cache->ops->read_pages(cache, pages, nr);
	finish_run(cache, pages, nr, ret);
	if (ret)
		page_put(*page);
	spin_lock(&cache->lock);
	return ret;
}

static int make_zeros_locked(struct page_cache *cache, uint64_t index, struct page **page)
{
	struct page *fresh = page_is_scarce() ? NULL : page_alloc_zero();

	if (!fresh)
		return -ENOMEM;
	if (attach_locked(cache, fresh, index, PAGE_IS_UPTODATE)) {
		page_put(fresh);
		return -ENOMEM;
	}
	page_get(*page = fresh);
	return 0;
}

static int try_get(struct page_cache *cache, uint64_t index, uint64_t nr_in_file, struct page **page)
{
	struct page *there;
	int ret = 0;

	spin_lock(&cache->lock);
	while ((there = cache_tree_find(cache, index)) && (there->flags & PAGE_IS_LOCKED))
		page_cache_wait(cache);
	if (there)
		*page = find_locked(cache, index);
	else if (page_cache_is_memory(cache))
		ret = make_zeros_locked(cache, index, page);
	else
		ret = read_in_locked(cache, index, nr_in_file, page);
	spin_unlock(&cache->lock);
	return ret;
}

/* Before an operation is tried again that failed for want of memory: first by making room, in the end by killing. */
static bool may_retry(unsigned tries)
{
	return (tries < ROOM_TRIES && page_cache_make_room()) || memory_ask_for_victim();
}

int page_cache_get(struct page_cache *cache, uint64_t index, uint64_t nr_in_file, struct page **page)
{
	int ret = try_get(cache, index, nr_in_file, page);

	for (unsigned tries = 0; unlikely(ret == -ENOMEM) && may_retry(tries); tries++)
		ret = try_get(cache, index, nr_in_file, page);
	return ret;
}

/* ---- Writing ---- */

int page_cache_get_for_overwrite(struct page_cache *cache, uint64_t index, struct page **page)
{
	struct page *fresh;

	page_cache_limit_dirty();
	spin_lock(&cache->lock);
	while ((fresh = cache_tree_find(cache, index)) && (fresh->flags & PAGE_IS_LOCKED))
		page_cache_wait(cache);
	if (fresh)
		page_get(fresh);
	spin_unlock(&cache->lock);
	for (unsigned tries = 0; !fresh; tries++) {
		fresh = page_is_scarce() ? NULL : page_alloc(0);
		if (!fresh && !may_retry(tries))
			break;
		if (fresh) {
			fresh->owner = NULL;
			fresh->index = index;
		}
	}
	*page = fresh;
	return fresh ? 0 : -ENOMEM;
}

static void set_dirty_locked(struct page_cache *cache, struct page *page)
{
	page->flags |= PAGE_IS_UPTODATE | PAGE_IS_REFERENCED;
	if ((page->flags & (PAGE_IS_DIRTY | PAGE_IS_CACHE)) != PAGE_IS_CACHE || page_cache_is_memory(cache))
		return;
	page->flags |= PAGE_IS_DIRTY;
	list_remove(&page->list);
	list_push_back(&cache->dirty_pages, &page->list);
	if (cache->nr_dirty++ == 0)
		writeback_note_dirty_locked(cache);
	thread_current()->io.medium_dirtied += PAGE_SIZE;
	writeback_add(1);
}

/* A page that get_for_overwrite made enters the cache; if another has come there meanwhile, its content does. NULL: no
 * memory. */
static struct page *enter_filled_locked(struct page_cache *cache, struct page *page)
{
	struct page *there;

	while ((there = cache_tree_find(cache, page->index)) && (there->flags & PAGE_IS_LOCKED))
		page_cache_wait(cache);
	if (there) {
		memcpy(page_virt(there), page_virt(page), PAGE_SIZE);
		return there;
	}
	if (attach_locked(cache, page, page->index, PAGE_IS_UPTODATE))
		return NULL;
	page_get(page);
	return page;
}

static void mark_filled_dirty(struct page_cache *cache, struct page *page)
{
	struct page *entered = NULL;

	for (unsigned tries = 0; !entered && (tries == 0 || may_retry(tries)); tries++) {
		spin_lock(&cache->lock);
		entered = enter_filled_locked(cache, page);
		if (entered)
			set_dirty_locked(cache, entered);
		spin_unlock(&cache->lock);
	}
	if (!entered)
		log_line(LOG_ERROR, "out of memory: 4 KiB that a program wrote are lost");
}

void page_cache_mark_dirty(struct page_cache *cache, struct page *page)
{
	if (unlikely(!(page->flags & PAGE_IS_CACHE) && !page->owner)) {
		mark_filled_dirty(cache, page);
		return;
	}
	spin_lock(&cache->lock);
	set_dirty_locked(cache, page);
	spin_unlock(&cache->lock);
}

/* ---- Going ---- */

/* Takes the pages of a range out of the cache, waiting for those that are being read or written. */
static void remove_range(struct page_cache *cache, uint64_t first, uint64_t last)
{
	uint64_t index = first;
	struct page *page;

	spin_lock(&cache->lock);
	while ((page = cache_tree_next(cache, &index)) && index <= last) {
		if (page->flags & (PAGE_IS_LOCKED | PAGE_IS_WRITEBACK)) {
			page_cache_wait(cache);
			continue;
		}
		page_cache_detach_locked(cache, page);
		page_put(page);
	}
	spin_unlock(&cache->lock);
}

void page_cache_truncate(struct page_cache *cache, uint64_t first)
{
	remove_range(cache, first, UINT64_MAX);
	mapping_unmap(cache, first, UINT64_MAX, false);
}

void page_cache_drop_range(struct page_cache *cache, uint64_t first, uint64_t last)
{
	remove_range(cache, first, last);
	mapping_unmap(cache, first, last, true);
}
