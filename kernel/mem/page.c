/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Physical pages: a buddy allocator (Knuth, TAOCP 1 §2.5) over sections of 32 MiB, in front of it a small stock of
 * single pages for each CPU.
 *
 * A section's descriptors are made when the free lists run dry, and lie in the section's own memory; so the
 * descriptor's address tells the section, and the section the frame. Only descriptors of blocks' first pages are valid:
 * a split makes that of the second half. The buddy of any block was once made by a split, or is at the edge of the
 * section's memory, where add_runs has marked it as never free.
 */
#include "kernel/mem/page.h"
#include "kernel/arch/spinlock.h"
#include "kernel/log/log.h"
#include "lib/string.h"

#define SECTION_SHIFT 25
#define SECTION_FRAMES (1u << (SECTION_SHIFT - PAGE_SHIFT))
#define RANGES_MAX 32 /* longer memory maps lose their smallest pieces */
#define STOCK_MAX 64

struct section {
	struct page *pages;   /* of frame 0 of the section, where it has one; NULL: not made */
	uint32_t first, last; /* frames that have descriptors */
};

struct run { /* of frames, in a section */
	uint32_t first, last;
};

static struct {
	uint64_t start, end;
} ranges[RANGES_MAX];
static unsigned nr_ranges;

static struct section *sections;
static uint64_t nr_sections, next_section;
static char *direct; /* where physical address 0 is mapped */

static struct spinlock lock; /* guards the free lists, and sections */
static struct list free_lists[PAGE_ORDER_MAX + 1];
static uint64_t nr_total, nr_free; /* free: in the lists and in sections not made; atomic to read */
static uint64_t nr_reserve;        /* left to the kernel */
static int64_t nr_used[PAGE_USES]; /* atomic */

/* Single pages at hand for one CPU, which alone uses them: the kernel is not interrupted. */
static struct stock {
	struct list pages;
	unsigned count;
	bool is_reclaiming;
} aligned_to(64) stocks[CPU_MAX];
static unsigned stock_max;

static struct page_reclaimer *reclaimers;
static void (*low_hook)(void);

/* ---- Descriptors and frames ---- */

static inline struct section *section_of(const struct page *page)
{
	return &sections[(uint64_t)((const char *)page - direct) >> SECTION_SHIFT];
}

uint64_t page_phys(const struct page *page)
{
	const struct section *section = section_of(page);

	return ((uint64_t)(section - sections) << SECTION_SHIFT) + ((uint64_t)(page - section->pages) << PAGE_SHIFT);
}

void *page_virt(const struct page *page)
{
	return direct + page_phys(page);
}

struct page *page_of_phys(uint64_t phys)
{
	uint64_t number = phys >> SECTION_SHIFT;
	uint32_t frame = phys >> PAGE_SHIFT & (SECTION_FRAMES - 1);

	if (number >= nr_sections || frame < sections[number].first || frame >= sections[number].last)
		return NULL;
	return &sections[number].pages[frame];
}

static inline void set_free_count(int64_t change)
{
	__atomic_store_n(&nr_free, nr_free + (uint64_t)change, __ATOMIC_RELAXED);
}

/* ---- Buddies; `lock` held ---- */

static void list_block(struct page *page, unsigned order)
{
	page->references = 0;
	page->flags = PAGE_IS_FREE;
	page->order = (uint8_t)order;
	list_push_front(&free_lists[order], &page->list);
}

static void free_block(struct page *page, unsigned order)
{
	const struct section *section = section_of(page);
	uint32_t frame = (uint32_t)(page - section->pages);

	set_free_count(1l << order);
	for (; order < PAGE_ORDER_MAX; order++) {
		uint32_t other = frame ^ 1u << order;
		struct page *buddy;

		if (other < section->first || other >= section->last)
			break;
		buddy = &section->pages[other];
		if (!(buddy->flags & PAGE_IS_FREE) || buddy->order != order)
			break;
		list_remove(&buddy->list);
		buddy->flags = 0;
		frame &= ~(1u << order);
	}
	list_block(&section->pages[frame], order);
}

static struct page *take_block(unsigned order)
{
	unsigned found = order;
	struct page *page;

	while (found <= PAGE_ORDER_MAX && list_empty(&free_lists[found]))
		found++;
	if (found > PAGE_ORDER_MAX)
		return NULL;
	page = container_of(list_pop_front(&free_lists[found]), struct page, list);
	while (found > order) {
		found--;
		list_block(page + (1ul << found), found);
	}
	page->flags = 0;
	page->order = (uint8_t)order;
	set_free_count(-(1l << order));
	return page;
}

/* ---- Sections; `lock` held ---- */

/* The largest order of a block that begins at `frame` and fits before `last`. */
static unsigned order_at(uint32_t frame, uint32_t last)
{
	unsigned order = 0;

	while (order < PAGE_ORDER_MAX && !(frame & 1u << order) && frame + (2u << order) <= last)
		order++;
	return order;
}

static bool in_runs(const struct run *runs, unsigned nr, uint32_t frame)
{
	for (unsigned i = 0; i < nr; i++)
		if (frame >= runs[i].first && frame < runs[i].last)
			return true;
	return false;
}

static void add_runs(struct section *section, const struct run *runs, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		for (uint32_t frame = runs[i].first, order; frame < runs[i].last; frame += 1u << order) {
			uint32_t other;

			order = order_at(frame, runs[i].last);
			other = frame ^ 1u << order;
			if (other >= section->first && other < section->last && !in_runs(runs, nr, other))
				section->pages[other].flags = 0;
			list_block(&section->pages[frame], order);
		}
	}
}

/* The usable frames of a section. */
static unsigned collect_runs(uint64_t number, struct run *runs)
{
	uint64_t base = number << SECTION_SHIFT, end = base + (1ul << SECTION_SHIFT);
	unsigned nr = 0;

	for (unsigned i = 0; i < nr_ranges; i++) {
		uint64_t from = max_u64(ranges[i].start, base), to = min_u64(ranges[i].end, end);

		if (from < to)
			runs[nr++] = (struct run){.first = (uint32_t)((from - base) >> PAGE_SHIFT),
				.last = (uint32_t)((to - base) >> PAGE_SHIFT)};
	}
	return nr;
}

static void make_section(uint64_t number)
{
	struct section *section = &sections[number];
	struct run runs[RANGES_MAX];
	unsigned nr = collect_runs(number, runs), largest = 0;
	uint32_t nr_own, nr_usable = 0;

	if (!nr)
		return;
	for (unsigned i = 0; i < nr; i++) {
		nr_usable += runs[i].last - runs[i].first;
		if (runs[i].last - runs[i].first > runs[largest].last - runs[largest].first)
			largest = i;
	}
	nr_own = (uint32_t)(align_up((runs[nr - 1].last - runs[0].first) * sizeof(struct page), PAGE_SIZE) >>
			    PAGE_SHIFT);
	if (nr_own >= runs[largest].last - runs[largest].first) { /* shreds that cannot hold their own descriptors */
		set_free_count(-(int64_t)nr_usable);
		return;
	}
	section->pages =
		(struct page *)(direct + (number << SECTION_SHIFT) + ((uint64_t)runs[largest].first << PAGE_SHIFT)) -
		runs[0].first;
	section->first = runs[0].first;
	section->last = runs[nr - 1].last;
	runs[largest].first += nr_own;
	set_free_count(-(int64_t)nr_own);
	add_runs(section, runs, nr);
}

static bool make_next_section(void)
{
	while (next_section < nr_sections) {
		make_section(next_section);
		if (sections[next_section++].pages)
			return true;
	}
	return false;
}

static struct page *take_or_make(unsigned order)
{
	struct page *page;

	do
		page = take_block(order);
	while (unlikely(!page) && make_next_section());
	return page;
}

/* ---- Start ---- */

static void forget_smallest(void)
{
	unsigned smallest = 0;

	for (unsigned i = 1; i < nr_ranges; i++)
		if (ranges[i].end - ranges[i].start < ranges[smallest].end - ranges[smallest].start)
			smallest = i;
	log_line(LOG_WARNING, "memory at %lx is left unused: too many pieces", ranges[smallest].start);
	memmove(&ranges[smallest], &ranges[smallest + 1], (nr_ranges - smallest - 1) * sizeof(ranges[0]));
	nr_ranges--;
}

void page_add_range(uint64_t start, uint64_t end)
{
	unsigned at;

	start = align_up(start, PAGE_SIZE);
	end = align_down(end, PAGE_SIZE);
	if (start >= end)
		return;
	for (at = 0; at < nr_ranges && ranges[at].end < start; at++)
		;
	if (at < nr_ranges && ranges[at].start <= end) { /* touches what is known */
		ranges[at].start = min_u64(ranges[at].start, start);
		ranges[at].end = max_u64(ranges[at].end, end);
		while (at + 1 < nr_ranges && ranges[at + 1].start <= ranges[at].end) {
			ranges[at].end = max_u64(ranges[at].end, ranges[at + 1].end);
			nr_ranges--;
			memmove(&ranges[at + 1], &ranges[at + 2], (nr_ranges - at - 1) * sizeof(ranges[0]));
		}
		return;
	}
	if (nr_ranges == RANGES_MAX) {
		forget_smallest();
		page_add_range(start, end);
		return;
	}
	memmove(&ranges[at + 1], &ranges[at], (nr_ranges - at) * sizeof(ranges[0]));
	ranges[at].start = start;
	ranges[at].end = end;
	nr_ranges++;
}

/* Takes the table of sections from the end of a range that has room. */
static void place_sections(void)
{
	uint64_t size;

	nr_sections = ((ranges[nr_ranges - 1].end - 1) >> SECTION_SHIFT) + 1;
	size = align_up(nr_sections * sizeof(struct section), PAGE_SIZE);
	for (unsigned i = 0; i < nr_ranges; i++) {
		if (ranges[i].end - ranges[i].start < 2 * size)
			continue;
		ranges[i].end -= size;
		sections = (struct section *)(direct + ranges[i].end);
		memset(sections, 0, size);
		return;
	}
	panic("too little memory for the table of %lu sections", nr_sections);
}

void page_init(void)
{
	direct = phys_to_virt(0);
	if (!nr_ranges)
		panic("no memory");
	place_sections();
	for (unsigned i = 0; i <= PAGE_ORDER_MAX; i++)
		list_init(&free_lists[i]);
	for (unsigned i = 0; i < CPU_MAX; i++)
		list_init(&stocks[i].pages);
	for (unsigned i = 0; i < nr_ranges; i++)
		nr_total += (ranges[i].end - ranges[i].start) >> PAGE_SHIFT;
	nr_free = nr_total;
	nr_reserve = max_u64(8, min_u64(nr_total / 64, 1024));
	stock_max = (unsigned)max_u64(8, min_u64(nr_total / 512, STOCK_MAX));
}

/* ---- Allocation ---- */

static void fill_stock(struct stock *stock)
{
	spin_lock(&lock);
	for (unsigned i = 0; i < stock_max / 2; i++) {
		struct page *page = take_or_make(0);

		if (!page)
			break;
		list_push_back(&stock->pages, &page->list);
		stock->count++;
	}
	spin_unlock(&lock);
	if (unlikely(page_is_low()) && low_hook)
		low_hook();
}

static void drain_stock(struct stock *stock, unsigned leave)
{
	spin_lock(&lock);
	while (stock->count > leave) {
		struct page *page = container_of(stock->pages.prev, struct page, list);

		list_remove(&page->list);
		stock->count--;
		free_block(page, 0);
	}
	spin_unlock(&lock);
}

static struct page *try_alloc(struct stock *stock, unsigned order)
{
	struct page *page;

	if (likely(order == 0)) {
		if (unlikely(!stock->count))
			fill_stock(stock);
		if (unlikely(!stock->count))
			return NULL;
		stock->count--;
		return container_of(list_pop_front(&stock->pages), struct page, list);
	}
	spin_lock(&lock);
	page = take_or_make(order);
	spin_unlock(&lock);
	return page;
}

/* True if something was freed. Reclaimers that allocate themselves do not come here again. */
static bool reclaim(struct stock *stock, unsigned order)
{
	size_t wanted = max_u64(1ul << order, 16), freed = 0;

	if (stock->is_reclaiming)
		return false;
	stock->is_reclaiming = true;
	for (struct page_reclaimer *r = reclaimers; r && freed < wanted; r = r->next)
		freed += r->reclaim(wanted - freed);
	stock->is_reclaiming = false;
	return freed > 0;
}

static inline struct page *prepare(struct page *page, unsigned order)
{
	page->references = 1;
	page->flags = 0;
	page->order = (uint8_t)order;
	return page;
}

struct page *page_alloc(unsigned order)
{
	struct stock *stock = &stocks[cpu_id()];
	struct page *page;

	if (unlikely(order > PAGE_ORDER_MAX))
		return NULL;
	page = try_alloc(stock, order);
	for (unsigned tries = 8 + 8 * order; unlikely(!page) && tries; tries--) {
		bool has_drained = order && stock->count;

		if (has_drained)
			drain_stock(stock, 0); /* they may be what a block lacks */
		else if (!reclaim(stock, order))
			break;
		page = try_alloc(stock, order);
	}
	return page ? prepare(page, order) : NULL;
}

struct page *page_try_alloc(unsigned order)
{
	struct page *page = try_alloc(&stocks[cpu_id()], order);

	return page ? prepare(page, order) : NULL;
}

struct page *page_alloc_zero(void)
{
	struct page *page = page_alloc(0);

	if (likely(page))
		memset(page_virt(page), 0, PAGE_SIZE);
	return page;
}

void page_get(struct page *page)
{
	__atomic_fetch_add(&page->references, 1, __ATOMIC_RELAXED);
}

static void free_page(struct page *page)
{
	struct stock *stock = &stocks[cpu_id()];

	if (unlikely(page->order)) {
		spin_lock(&lock);
		free_block(page, page->order);
		spin_unlock(&lock);
		return;
	}
	page->flags = 0;
	list_push_front(&stock->pages, &page->list);
	if (unlikely(++stock->count > stock_max))
		drain_stock(stock, stock_max / 2);
}

void page_put(struct page *page)
{
	uint32_t left = __atomic_sub_fetch(&page->references, 1, __ATOMIC_ACQ_REL);

	if (left == 0)
		free_page(page);
	else
		ASSERT(left != UINT32_MAX);
}

void page_split(struct page *page, unsigned order)
{
	for (unsigned i = 0; i < 1u << order; i++) {
		page[i].references = 1;
		page[i].flags = 0;
		page[i].order = 0;
	}
}

/* ---- Counts, reclaim ---- */

uint64_t page_free_count(void)
{
	return __atomic_load_n(&nr_free, __ATOMIC_RELAXED);
}

bool page_is_scarce(void)
{
	return page_free_count() + stocks[cpu_id()].count < nr_reserve;
}

bool page_is_low(void)
{
	return page_free_count() < 2 * nr_reserve;
}

void page_set_low_hook(void (*hook)(void))
{
	low_hook = hook;
}

void page_account(enum page_use use, int64_t nr)
{
	__atomic_fetch_add(&nr_used[use], nr, __ATOMIC_RELAXED);
}

void page_count(struct page_counts *counts)
{
	counts->total = nr_total;
	counts->free = page_free_count();
	for (unsigned i = 0; i < CPU_MAX; i++)
		counts->free += __atomic_load_n(&stocks[i].count, __ATOMIC_RELAXED);
	counts->cached = (uint64_t)__atomic_load_n(&nr_used[PAGE_USE_CACHE], __ATOMIC_RELAXED);
	counts->memory_files = (uint64_t)__atomic_load_n(&nr_used[PAGE_USE_MEMORY_FILE], __ATOMIC_RELAXED);
	counts->slab = (uint64_t)__atomic_load_n(&nr_used[PAGE_USE_SLAB], __ATOMIC_RELAXED);
}

void page_add_reclaimer(struct page_reclaimer *reclaimer)
{
	reclaimer->next = reclaimers;
	reclaimers = reclaimer;
}
