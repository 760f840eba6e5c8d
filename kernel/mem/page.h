/* SPDX-License-Identifier: BSD-3-Clause */
/* Physical pages: a buddy allocator over all memory, and a descriptor for each page. Descriptors are made lazily, so that large memory costs nothing at boot. */
#pragma once
#include "kernel/arch/page_table.h"
#include "lib/list.h"

struct page {
	uint32_t references; /* atomic; 0: free. Mappings and caches hold one each */
	uint16_t flags;	     /* PAGE_IS_*; guarded by whoever owns the page */
	uint8_t order;	     /* of the block, in its first page */
	uint8_t reserved;
	struct list list;    /* free list, or the owner's */
	void *owner;	     /* page cache: the struct page_cache; slab: the slab cache */
	uint64_t index;	     /* page cache: page number in the file */
};

enum {
	PAGE_IS_FREE = 1, PAGE_IS_SLAB = 2, PAGE_IS_CACHE = 4, PAGE_IS_UPTODATE = 8, PAGE_IS_DIRTY = 16, PAGE_IS_WRITEBACK = 32,
	PAGE_IS_LOCKED = 64, PAGE_IS_REFERENCED = 128,
};

#define PAGE_ORDER_MAX 10 /* 4 MiB */

/* Boot: tells of a range of usable memory; ranges may come in any order, before the first allocation. */
void page_add_range(uint64_t start, uint64_t end);
void page_init(void);

/* 2^order pages, contiguous, with one reference on the first; contents undefined. NULL: none left, after reclaim was tried.
 * Never sleeps; reclaim hooks free clean caches. */
struct page *page_alloc(unsigned order);
struct page *page_alloc_zero(void); /* one page of zeros */
struct page *page_try_alloc(unsigned order); /* as page_alloc, but nothing is reclaimed for it */
void page_get(struct page *page);
void page_put(struct page *page); /* the last one frees it */

struct page *page_of_phys(uint64_t phys); /* NULL if it is no memory of ours */
uint64_t page_phys(const struct page *page);
void *page_virt(const struct page *page);

struct page_counts {
	uint64_t total, free, slab;
	uint64_t cached; /* content of files, of those too that are nowhere but in memory: */
	uint64_t memory_files;
};
void page_count(struct page_counts *counts);

/* Pages free now; a rough figure, and cheap. */
uint64_t page_free_count(void);
/* True when what is left should be kept for the kernel itself: programs' pages are then to come from reclaim. */
bool page_is_scarce(void);
/* Called, without sleeping, when free pages get so few that somebody should reclaim some: set at start. */
void page_set_low_hook(void (*hook)(void));
bool page_is_low(void);
/* Makes a block of 2^order pages as many single pages, each with one reference. */
void page_split(struct page *page, unsigned order);
/* What page_count tells of users: pages more, or less. */
enum page_use { PAGE_USE_CACHE, PAGE_USE_MEMORY_FILE, PAGE_USE_SLAB, PAGE_USES };
void page_account(enum page_use use, int64_t nr);

/* Called when memory runs out: frees up to nr pages without sleeping, returns how many. Registered at start, e.g. by the page cache. */
struct page_reclaimer {
	size_t (*reclaim)(size_t nr_pages);
	struct page_reclaimer *next;
};
void page_add_reclaimer(struct page_reclaimer *reclaimer);
