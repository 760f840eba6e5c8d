/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The page cache: a file's content in memory, one for each inode of a file system that stores data; read, write, mmap and exec all share it.
 * tmpfs lives in it for good (no `read_pages`: pages begin as zeros, and are never dropped).
 */
#pragma once
#include "kernel/mem/page.h"
#include "kernel/sched/wait.h"

struct page_cache;

struct page_cache_ops {
	/* Fills nr pages, consecutive from pages[0]->index, from the medium (beyond its end: zeros); waits until done. 0 or -errno.
	 * NULL: memory is the medium. */
	int (*read_pages)(struct page_cache *cache, struct page **pages, size_t nr);
	/* Writes nr dirty pages, consecutive, to the medium (allocating blocks where delayed); waits until done. */
	int (*write_pages)(struct page_cache *cache, struct page **pages, size_t nr);
};

struct page_cache {
	const struct page_cache_ops *ops;
	struct spinlock lock;	 /* guards tree, counts, page flags of its pages */
	void *tree;		 /* index -> page */
	unsigned levels;
	uint64_t nr_pages, nr_dirty;
	struct list regions;	 /* struct region that map it (vm/address_space.h), guarded by `lock` */
	struct list dirty_node;	 /* in the list of caches with dirty pages */
	struct list all_node;
	struct wait_queue wait;	 /* pages being read or written */

	struct list clean_pages, dirty_pages; /* of caches with a medium; oldest first */
	uint64_t dirty_since_ns; /* when the first of dirty_pages became so */
	uint64_t nr_writeback;
	uint64_t next_read;	 /* index that goes on where the last read-in ended */
	unsigned read_window;	 /* pages of the last read-in */
	unsigned nr_shared;	 /* writable shared mappings: write-back has to write-protect */
	int write_error;	 /* of the writer: for the next flush to tell; atomic */
	unsigned nr_busy;	 /* the writer or reclaim is at it: fini waits; guarded by the list's lock */
};

void page_cache_init(struct page_cache *cache, const struct page_cache_ops *ops);
void page_cache_fini(struct page_cache *cache); /* drops all pages, dirty ones too; nothing may map it */

/* The up-to-date page of that number, with a reference; reads it, and those that follow (readahead), if need be. -EIO, -ENOMEM. */
int page_cache_get(struct page_cache *cache, uint64_t index, uint64_t nr_in_file, struct page **page) must_check;
/* As get, but if it is in memory and up to date; NULL otherwise. Never sleeps. */
struct page *page_cache_find(struct page_cache *cache, uint64_t index);
/* As get, for a page that the caller overwrites whole: not read. Contents undefined if it was not there; the caller calls mark_dirty when filled. */
int page_cache_get_for_overwrite(struct page_cache *cache, uint64_t index, struct page **page) must_check;
void page_cache_mark_dirty(struct page_cache *cache, struct page *page);

/* Writes dirty pages whose index lies in [first, last] and waits. The error of the first that failed. */
int page_cache_flush(struct page_cache *cache, uint64_t first, uint64_t last) must_check;
/* Takes away pages from index `first` on, from mappings too (truncate); the rest of a partial last page is the caller's to clear. */
void page_cache_truncate(struct page_cache *cache, uint64_t first);
void page_cache_drop_range(struct page_cache *cache, uint64_t first, uint64_t last); /* hole punched; mapped ones are unmapped */
int page_cache_flush_all(void); /* sync(2) */

/* Up-to-date pages from `first` on into pages[nr], with references; NULL where there is none. Never sleeps. */
void page_cache_find_range(struct page_cache *cache, uint64_t first, size_t nr, struct page **pages);
/* Memory is the medium: nothing to track. */
static inline bool page_cache_is_memory(const struct page_cache *cache)
{
	return !cache->ops || !cache->ops->read_pages;
}
/* Frees memory, sleeping if need be: unmaps and drops clean pages, has dirty ones written. False: there was nothing to gain.
 * Not with an address space's lock held. */
bool page_cache_make_room(void);
/* Frees all pages that are clean and that no program maps. */
void page_cache_drop_clean(void);
uint64_t page_cache_nr_dirty(void); /* pages that are to be written */
