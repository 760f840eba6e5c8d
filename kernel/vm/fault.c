/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Page faults. Served under the space's lock as far as nothing sleeps: a page that must be read, or memory that must be
 * reclaimed, is seen to without it, and then the fault is looked at anew. fault_anonymous.c and fault_file.c enter
 * pages where there are none.
 */
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/signal.h"
#include "kernel/vm/fault.h"
#include "lib/string.h"

#define GROWTH (4 * PAGE_SIZE) /* of stacks, at least */
#define STACK_GAP (256 * PAGE_SIZE)
#define ROOM_TRIES 64
#define THRASH_NS 4000000000ull
#define THRASH_READS 512

#define SEGV_MAPERR 1 /* sigaction(2) */
#define SEGV_ACCERR 2
#define BUS_ADRERR 2

static struct address_space *(*current_space)(void);

/* ---- Entries ---- */

enum fault_outcome fault_enter(struct fault *fault, uint64_t address, struct page *page, unsigned flags)
{
	if (page_table_map(
		    &fault->space->page_table, address, page_phys(page), region_page_flags(fault->region) | flags)) {
		page_put(page);
		return NEEDS_MEMORY;
	}
	return SERVED;
}

void fault_count_resident(struct address_space *space, uint64_t nr)
{
	uint64_t now = __atomic_add_fetch(&space->resident, nr, __ATOMIC_RELAXED);

	if (now > space->peak_resident)
		space->peak_resident = now;
}

bool fault_is_absent(struct fault *fault, uint64_t address)
{
	uint64_t frame;
	unsigned flags;

	return !page_table_lookup(&fault->space->page_table, address, &frame, &flags);
}

struct page *fault_new_page(void)
{
	struct page *page = page_is_scarce() ? NULL : page_alloc(0);

	if (likely(page))
		page->owner = NULL; /* no cache's */
	return page;
}

struct page *fault_copy_page(struct page *from)
{
	struct page *copy = fault_new_page();

	if (likely(copy)) {
		if (from == zero_page)
			memset(page_virt(copy), 0, PAGE_SIZE);
		else
			memcpy(page_virt(copy), page_virt(from), PAGE_SIZE);
	}
	return copy;
}

/* ---- Pages that are there ---- */

/* Makes it writable: no one else has it, or all may see what is written. */
static enum fault_outcome allow_write(struct fault *fault, struct page *page)
{
	unsigned flags = region_page_flags(fault->region) | PAGE_WRITE | PAGE_DIRTY | PAGE_ACCESSED;

	return page_table_map(&fault->space->page_table, fault->address, page_phys(page), flags) ? NEEDS_MEMORY
												 : SERVED;
}

static enum fault_outcome copy_on_write(struct fault *fault, struct page *page)
{
	struct page *copy;

	if (region_may_write_page(fault->region, page))
		return allow_write(fault, page);
	copy = fault_copy_page(page);
	if (!copy)
		return NEEDS_MEMORY;
	if (fault_enter(fault, fault->address, copy, PAGE_WRITE | PAGE_DIRTY | PAGE_ACCESSED) != SERVED)
		return NEEDS_MEMORY;
	page_table_flush(&fault->space->page_table, fault->address, fault->address + PAGE_SIZE);
	if (page == zero_page)
		fault_count_resident(fault->space, 1);
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

static enum fault_outcome serve_present(struct fault *fault, uint64_t frame, unsigned flags)
{
	struct region *region = fault->region;

	if (!fault->is_write || (flags & PAGE_WRITE) || (region->flags & REGION_FIXED_FRAMES))
		return SERVED; /* another thread was faster, or the TLB is behind */
	if (flags & PAGE_HUGE) {
		if (divide_huge(fault) || !page_table_lookup(&fault->space->page_table, fault->address, &frame, &flags))
			return NEEDS_MEMORY;
	}
	if (region->flags & REGION_SHARED) {
		fault_note_write(fault, page_of_phys(frame));
		return allow_write(fault, page_of_phys(frame));
	}
	return copy_on_write(fault, page_of_phys(frame));
}

void fault_note_write(struct fault *fault, struct page *page)
{
	const struct mapped_file *file = &fault->region->file;

	page_cache_mark_dirty(file->cache, page);
	if (file->written && !fault->has_dirtied) {
		fault->dirtied = *file;
		file->get(file->file);
	}
	fault->has_dirtied = true;
}

static void finish_write(struct fault *fault)
{
	struct mapped_file *file = &fault->dirtied;

	if (file->written) {
		file->written(file->file);
		file->put(file->file);
	}
	*file = (struct mapped_file){.cache = NULL};
	fault->has_dirtied = false;
	page_cache_limit_dirty();
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
	if (region->flags & REGION_LOCKED && lock_check_more(space, region->start - align_down(address, PAGE_SIZE)))
		return NULL;
	start = max_u64(align_down(address, GROWTH), floor);
	if (region->end - start > space->limit_stack)
		start = address;
	region_resize(region, start, region->end);
	return region;
}

static bool is_allowed(const struct region *region, enum access access)
{
	if (access & ACCESS_FORCE)
		return true;
	if (access & ACCESS_WRITE)
		return region->flags & REGION_WRITE;
	if (access & ACCESS_EXEC)
		return region->flags & REGION_EXEC;
	return region->flags & (REGION_READ | REGION_WRITE | REGION_EXEC); /* x86 cannot forbid reading alone */
}

/* Lock held. */
static enum fault_outcome serve(struct fault *fault, enum access access)
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
	return fault->region->file.cache ? fault_serve_file(fault) : fault_serve_anonymous(fault);
}

/*
 * Code that is dropped and read again all the time: the program needs more memory than there is, and would crawl for
 * ever. Reading all of it takes far fewer faults than one a page, since each reads several.
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

static struct fault_result result_of(enum fault_outcome outcome)
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
	struct fault fault = {
		.space = space, .address = align_down(address, PAGE_SIZE), .is_write = access & ACCESS_WRITE};
	struct page *held = NULL;
	enum fault_outcome outcome;
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
			finish_write(&fault);
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
			return result.signal == LINUX_SIGBUS ? -EFAULT : -ENOMEM;
		if (thread_pause_at(address))
			return -EINTR;
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

bool memory_ask_for_victim(void)
{
	return out_of_memory && out_of_memory();
}

static bool serve_kernel_fault(uint64_t address, enum access access)
{
	struct address_space *space = current_space ? current_space() : NULL;
	int signal;

	if (!space || thread_current()->no_faults)
		return false;
	signal = address_space_fault(space, address, access).signal;
	return !signal || (signal == LINUX_SIGKILL && memory_ask_for_victim());
}

static void start(void)
{
	fault_anonymous_init();
	zero_page_init();
	user_fault_set_handler(serve_kernel_fault);
}
INITCALL(fault, INIT_CORE, start);
