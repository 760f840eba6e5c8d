/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Page faults. Served under the space's lock as far as nothing sleeps: a page that must be read, or memory that must be reclaimed, is seen
 * to without it, and then the fault is looked at anew.
 *
 * Anonymous memory comes in blocks that grow while the program goes on in order, up to large pages; files' pages that are in memory come
 * with their neighbours, read-only: the first write to a private one copies it, to a shared one marks it dirty.
 */
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/signal.h"
#include "kernel/vm/internal.h"
#include "lib/string.h"

#define AROUND_FILE    16u
#define WINDOW_INITIAL 4u
#define WINDOW_MAX     64u
#define WINDOW_HUGE    32u /* who has come so far gets large pages */
#define HUGE_PAGES     (HUGE_PAGE_SIZE / PAGE_SIZE)
#define PLENTY_MIN     2048 /* free pages under which none is given unasked */
#define HUGE_PLENTY    16384
#define GROWTH	       (4 * PAGE_SIZE) /* of stacks, at least */
#define STACK_GAP      (256 * PAGE_SIZE)
#define ROOM_TRIES     64
#define THRASH_NS      4000000000ull
#define THRASH_READS   512

#define SEGV_MAPERR 1 /* sigaction(2) */
#define SEGV_ACCERR 2
#define BUS_ADRERR  2

enum outcome { SERVED, NEEDS_READ, NEEDS_MEMORY, NOT_MAPPED, NOT_ALLOWED, BEYOND_END };

struct fault {
	struct address_space *space;
	struct region *region;
	uint64_t address; /* of the page */
	bool is_write;
	bool has_dirtied; /* a page of a file: who writes much waits for the writer, once the lock is released */
	uint64_t index, nr_in_file; /* NEEDS_READ */
};

static struct address_space *(*current_space)(void);
static uint64_t nr_total;

/* ---- Entries ---- */

static enum outcome enter(struct fault *fault, uint64_t address, struct page *page, unsigned flags)
{
	if (page_table_map(&fault->space->page_table, address, page_phys(page), region_page_flags(fault->region) | flags)) {
		page_put(page);
		return NEEDS_MEMORY;
	}
	return SERVED;
}

static void count_resident(struct address_space *space, uint64_t nr)
{
	uint64_t now = __atomic_add_fetch(&space->resident, nr, __ATOMIC_RELAXED);

	if (now > space->peak_resident)
		space->peak_resident = now;
}

static bool is_absent(struct fault *fault, uint64_t address)
{
	uint64_t frame;
	unsigned flags;

	return !page_table_lookup(&fault->space->page_table, address, &frame, &flags);
}

/* A page for a program: the last ones are the kernel's. */
static struct page *new_page(void)
{
	struct page *page = page_is_scarce() ? NULL : page_alloc(0);

	if (likely(page))
		page->owner = NULL; /* no cache's */
	return page;
}

static struct page *new_zero_page(void)
{
	struct page *page = new_page();

	if (likely(page))
		memset(page_virt(page), 0, PAGE_SIZE);
	return page;
}

/* ---- Anonymous memory ---- */

static bool is_plenty(uint64_t at_least)
{
	uint64_t nr_free = page_free_count();

	return nr_free > at_least && nr_free > nr_total / 4;
}

static enum page_action note_entry(void *context, uint64_t address, uint64_t *frame, unsigned *flags)
{
	*(bool *)context = true;
	return PAGE_KEEP;
}

static bool wants_huge(struct fault *fault, uint64_t start)
{
	const struct region *region = fault->region;
	bool is_used = false;

	if (start < region->start || region->end - start < HUGE_PAGE_SIZE || (region->flags & REGION_NO_HUGE) || !is_plenty(HUGE_PLENTY))
		return false;
	if (region->window < WINDOW_HUGE && !(region->flags & REGION_HUGE))
		return false;
	return !page_table_visit(&fault->space->page_table, start, start + HUGE_PAGE_SIZE, note_entry, &is_used) && !is_used;
}

static bool enter_huge(struct fault *fault, uint64_t start)
{
	struct page *page = page_alloc(21 - PAGE_SHIFT);
	unsigned flags = region_page_flags(fault->region) | PAGE_WRITE | PAGE_DIRTY | PAGE_ACCESSED | PAGE_HUGE;

	if (!page)
		return false;
	page_split(page, 21 - PAGE_SHIFT);
	for (unsigned i = 0; i < HUGE_PAGES; i++) {
		page[i].owner = NULL;
		memset(page_virt(page + i), 0, PAGE_SIZE);
		if (i % 64 == 0)
			cpu_poll();
	}
	if (page_table_map(&fault->space->page_table, start, page_phys(page), flags)) {
		page_put_huge(page);
		return false;
	}
	count_resident(fault->space, HUGE_PAGES);
	fault->region->next_fault = start + HUGE_PAGE_SIZE;
	return true;
}

/* The block to enter: [*start, *end), holding the address. */
static void choose_window(struct fault *fault, uint64_t *start, uint64_t *end)
{
	struct region *region = fault->region;
	uint64_t next_huge = align_down(fault->address, HUGE_PAGE_SIZE) + HUGE_PAGE_SIZE, size;

	if (!is_plenty(PLENTY_MIN))
		region->window = 1;
	else if (fault->address == region->next_fault && region->window)
		region->window = (unsigned)min_u64(region->window * 2, WINDOW_MAX);
	else
		region->window = WINDOW_INITIAL;
	size = (uint64_t)region->window << PAGE_SHIFT;
	*start = fault->address;
	if (region->window <= WINDOW_INITIAL)
		*start = max_u64(align_down(fault->address, size), region->start);
	*end = min_u64(min_u64(*start + size, region->end), next_huge);
	region->next_fault = *end;
}

static enum outcome write_anonymous(struct fault *fault)
{
	uint64_t start, end, huge = align_down(fault->address, HUGE_PAGE_SIZE), nr = 0;
	enum outcome outcome = SERVED;

	choose_window(fault, &start, &end);
	if (wants_huge(fault, huge) && enter_huge(fault, huge))
		return SERVED;
	for (uint64_t address = start; address < end; address += PAGE_SIZE) {
		struct page *page;

		if (address != fault->address && !is_absent(fault, address))
			continue;
		page = new_zero_page();
		if (!page || enter(fault, address, page, PAGE_WRITE | PAGE_DIRTY | (address == fault->address ? PAGE_ACCESSED : 0)) != SERVED) {
			outcome = address <= fault->address ? NEEDS_MEMORY : SERVED;
			break;
		}
		nr++;
	}
	count_resident(fault->space, nr);
	return outcome;
}

static enum outcome serve_anonymous(struct fault *fault)
{
	if (fault->is_write)
		return write_anonymous(fault);
	page_get(zero_page);
	return enter(fault, fault->address, zero_page, PAGE_ACCESSED);
}

/* ---- Files ---- */

static uint64_t index_of(const struct region *region, uint64_t address)
{
	return (address - region->start + region->offset) >> PAGE_SHIFT;
}

/* Enters neighbours that are in memory, where nothing is mapped yet. */
static void enter_neighbours(struct fault *fault, uint64_t nr_in_file)
{
	struct region *region = fault->region;
	uint64_t start = max_u64(align_down(fault->address, AROUND_FILE * PAGE_SIZE), region->start);
	uint64_t end = min_u64(align_down(fault->address, AROUND_FILE * PAGE_SIZE) + AROUND_FILE * PAGE_SIZE, region->end);
	uint64_t first = index_of(region, start), nr = (end - start) >> PAGE_SHIFT, entered = 0;
	unsigned flags = region_may_write_page(region, NULL) ? PAGE_WRITE : 0;
	struct page *pages[AROUND_FILE];

	nr = min_u64(nr, nr_in_file - first);
	page_cache_find_range(region->file.cache, first, nr, pages);
	for (uint64_t i = 0; i < nr; i++) {
		uint64_t address = start + (i << PAGE_SHIFT);

		if (!pages[i])
			continue;
		if (address == fault->address || !is_absent(fault, address))
			page_put(pages[i]);
		else if (enter(fault, address, pages[i], flags) == SERVED)
			entered++;
	}
	count_resident(fault->space, entered);
}

static struct page *copy_page(struct page *from)
{
	struct page *copy = new_page();

	if (likely(copy)) {
		if (from == zero_page)
			memset(page_virt(copy), 0, PAGE_SIZE);
		else
			memcpy(page_virt(copy), page_virt(from), PAGE_SIZE);
	}
	return copy;
}

/* The file's page, with a reference. */
static enum outcome find_file_page(struct fault *fault, struct page **page)
{
	struct region *region = fault->region;
	struct page_cache *cache = region->file.cache;

	fault->index = index_of(region, fault->address);
	fault->nr_in_file = (region->file.size(region->file.file) + PAGE_SIZE - 1) >> PAGE_SHIFT;
	if (fault->index >= fault->nr_in_file)
		return BEYOND_END;
	*page = page_cache_find(cache, fault->index);
	return *page ? SERVED : NEEDS_READ;
}

static enum outcome serve_file(struct fault *fault)
{
	struct region *region = fault->region;
	unsigned flags = PAGE_ACCESSED;
	enum outcome outcome;
	struct page *page;

	outcome = find_file_page(fault, &page);
	if (outcome != SERVED)
		return outcome;
	if (fault->is_write && !(region->flags & REGION_SHARED)) {
		struct page *copy = copy_page(page);

		page_put(page);
		if (!copy)
			return NEEDS_MEMORY;
		page = copy;
		flags |= PAGE_WRITE | PAGE_DIRTY;
	} else if (fault->is_write) {
		page_cache_mark_dirty(region->file.cache, page);
		fault->has_dirtied = true;
		flags |= PAGE_WRITE | PAGE_DIRTY;
	} else if (region_may_write_page(region, NULL)) {
		flags |= PAGE_WRITE;
	}
	outcome = enter(fault, fault->address, page, flags);
	if (outcome == SERVED) {
		count_resident(fault->space, 1);
		enter_neighbours(fault, fault->nr_in_file);
	}
	return outcome;
}

/* ---- Pages that are there ---- */

/* Makes it writable: no one else has it, or all may see what is written. */
static enum outcome allow_write(struct fault *fault, struct page *page)
{
	unsigned flags = region_page_flags(fault->region) | PAGE_WRITE | PAGE_DIRTY | PAGE_ACCESSED;

	return page_table_map(&fault->space->page_table, fault->address, page_phys(page), flags) ? NEEDS_MEMORY : SERVED;
}

static enum outcome copy_on_write(struct fault *fault, struct page *page)
{
	struct page *copy;

	if (region_may_write_page(fault->region, page))
		return allow_write(fault, page);
	copy = copy_page(page);
	if (!copy)
		return NEEDS_MEMORY;
	if (enter(fault, fault->address, copy, PAGE_WRITE | PAGE_DIRTY | PAGE_ACCESSED) != SERVED)
		return NEEDS_MEMORY;
	page_table_flush(&fault->space->page_table, fault->address, fault->address + PAGE_SIZE);
	if (page == zero_page)
		count_resident(fault->space, 1);
	page_put(page);
	return SERVED;
}

static enum page_action keep_entry(void *context, uint64_t address, uint64_t *frame, unsigned *flags)
{
	return PAGE_KEEP;
}

/* One entry for each page instead of the large one: what is written next is copied alone. */
static int divide_huge(struct fault *fault)
{
	struct page_table *pt = &fault->space->page_table;
	uint64_t start = align_down(fault->address, HUGE_PAGE_SIZE);
	int ret = page_table_visit(pt, fault->address, fault->address + PAGE_SIZE, keep_entry, NULL);

	if (!ret)
		page_table_flush(pt, start, start + HUGE_PAGE_SIZE);
	return ret;
}

static enum outcome serve_present(struct fault *fault, uint64_t frame, unsigned flags)
{
	struct region *region = fault->region;

	if (!fault->is_write || (flags & PAGE_WRITE) || (region->flags & REGION_FIXED_FRAMES))
		return SERVED; /* another thread was faster, or the TLB is behind */
	if (flags & PAGE_HUGE) {
		if (divide_huge(fault) || !page_table_lookup(&fault->space->page_table, fault->address, &frame, &flags))
			return NEEDS_MEMORY;
	}
	if (region->flags & REGION_SHARED) {
		page_cache_mark_dirty(region->file.cache, page_of_phys(frame));
		fault->has_dirtied = true;
		return allow_write(fault, page_of_phys(frame));
	}
	return copy_on_write(fault, page_of_phys(frame));
}

/* ---- The whole ---- */

/* The region above grows down to the address if it may (mmap(2), MAP_GROWSDOWN). */
static struct region *grow_down(struct address_space *space, uint64_t address)
{
	struct region *region = region_at_or_after(space, address), *below;
	uint64_t floor, start;

	if (!region || !(region->flags & REGION_GROWS_DOWN) || region->end - address > space->limit_stack)
		return NULL;
	below = region_prev(region);
	floor = below ? below->end + (below->flags & REGION_GROWS_DOWN ? 0 : STACK_GAP) : PAGE_SIZE;
	if (address < floor || check_limits(space, region->start - address, true))
		return NULL;
	start = max_u64(align_down(address, GROWTH), floor);
	if (region->end - start > space->limit_stack)
		start = address;
	region_resize(region, start, region->end);
	return region;
}

static bool is_allowed(const struct region *region, enum access access)
{
	if (access & ACCESS_WRITE)
		return region->flags & REGION_WRITE;
	if (access & ACCESS_EXEC)
		return region->flags & REGION_EXEC;
	return region->flags & (REGION_READ | REGION_WRITE | REGION_EXEC); /* x86 cannot forbid reading alone */
}

/* Lock held. */
static enum outcome serve(struct fault *fault, enum access access)
{
	struct address_space *space = fault->space;
	uint64_t frame;
	unsigned flags;

	fault->region = region_find(space, fault->address);
	if (!fault->region)
		fault->region = grow_down(space, fault->address);
	if (!fault->region)
		return NOT_MAPPED;
	if (!is_allowed(fault->region, access))
		return NOT_ALLOWED;
	if (page_table_lookup(&space->page_table, fault->address, &frame, &flags))
		return serve_present(fault, frame, flags);
	if (fault->region->flags & REGION_FIXED_FRAMES)
		return BEYOND_END;
	return fault->region->file.cache ? serve_file(fault) : serve_anonymous(fault);
}

/*
 * Code that is dropped and read again all the time: the program needs more memory than there is, and would crawl for ever. Reading all of
 * it takes far fewer faults than one a page, since each reads several.
 */
static bool is_thrashing(struct address_space *space)
{
	uint64_t now = clock_monotonic_ns(), nr_pages = 0;

	if (now - space->thrash_since_ns > THRASH_NS) {
		space->thrash_since_ns = now;
		space->thrash_reads = 0;
	}
	if (++space->thrash_reads % THRASH_READS)
		return false;
	for (struct region *region = region_first(space); region; region = region_next(region))
		if (region->file.cache && region->flags & REGION_EXEC)
			nr_pages += region_len(region) >> PAGE_SHIFT;
	return space->thrash_reads > nr_pages + THRASH_READS;
}

/* Has the page read; *held keeps it in memory until the fault is served. Releases the lock. */
static int read_page(struct fault *fault, struct page **held)
{
	struct mapped_file file = fault->region->file;
	int ret;

	file.get(file.file);
	mutex_unlock(&fault->space->lock);
	if (*held)
		page_put(*held);
	*held = NULL;
	ret = page_cache_get(file.cache, fault->index, fault->nr_in_file, held);
	file.put(file.file);
	return ret;
}

static struct fault_result result_of(enum outcome outcome)
{
	static const struct fault_result results[] = {
	    [NEEDS_READ] = {LINUX_SIGBUS, BUS_ADRERR},
	    [NEEDS_MEMORY] = {LINUX_SIGKILL, 0},
	    [NOT_MAPPED] = {LINUX_SIGSEGV, SEGV_MAPERR},
	    [NOT_ALLOWED] = {LINUX_SIGSEGV, SEGV_ACCERR},
	    [BEYOND_END] = {LINUX_SIGBUS, BUS_ADRERR},
	};

	return results[outcome];
}

struct fault_result address_space_fault(struct address_space *space, uint64_t address, enum access access)
{
	struct fault fault = {.space = space, .address = align_down(address, PAGE_SIZE), .is_write = access & ACCESS_WRITE};
	struct page *held = NULL;
	enum outcome outcome;
	unsigned tries = 0;
	int ret;

	for (;;) {
		mutex_lock(&space->lock);
		outcome = likely(address < USER_END) ? serve(&fault, access) : NOT_MAPPED;
		if (outcome == NEEDS_READ && access & ACCESS_EXEC && is_thrashing(space))
			outcome = NEEDS_MEMORY, tries = ROOM_TRIES;
		if (outcome == NEEDS_READ) {
			space->faults_major += !page_cache_is_memory(fault.region->file.cache);
			ret = read_page(&fault, &held);
			if (!ret)
				continue;
			outcome = ret == -ENOMEM ? NEEDS_MEMORY : NEEDS_READ;
			break;
		}
		space->faults_minor += outcome == SERVED && !held;
		mutex_unlock(&space->lock);
		if (fault.has_dirtied)
			page_cache_limit_dirty();
		if (outcome != NEEDS_MEMORY || ++tries > ROOM_TRIES || !page_cache_make_room())
			break;
	}
	if (held)
		page_put(held);
	return result_of(outcome);
}

int address_space_populate(struct address_space *space, uint64_t start, uint64_t end, enum access access)
{
	for (uint64_t address = start; address < end; address += PAGE_SIZE) {
		struct fault_result result = address_space_fault(space, address, access);

		if (result.signal)
			return result.signal == LINUX_SIGSEGV ? -ENOMEM : -EFAULT;
		cpu_poll();
	}
	return 0;
}

/* ---- Faults of the kernel's own copies ---- */

void address_space_set_current_hook(struct address_space *(*current)(void))
{
	current_space = current;
}

static bool (*out_of_memory)(void);

void address_space_set_memory_hook(bool (*retry)(void))
{
	out_of_memory = retry;
}

static bool serve_kernel_fault(uint64_t address, enum access access)
{
	struct address_space *space = current_space ? current_space() : NULL;
	int signal;

	if (!space || thread_current()->no_faults)
		return false;
	signal = address_space_fault(space, address, access).signal;
	return !signal || (signal == LINUX_SIGKILL && out_of_memory && out_of_memory());
}

static void start(void)
{
	struct page_counts counts;

	page_count(&counts);
	nr_total = counts.total;
	zero_page_init();
	user_fault_set_handler(serve_kernel_fault);
}
INITCALL(fault, INIT_CORE, start);
