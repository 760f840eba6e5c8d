/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Faults on anonymous memory. What is read first is a page of zeros that all share. What is written comes in blocks,
 * which grow while the program goes on in order, up to large pages; where memory is not plentiful, a page at a time.
 */
#include "kernel/vm/fault.h"
#include "lib/string.h"

#define WINDOW_INITIAL 4u
#define WINDOW_MAX 64u
#define WINDOW_HUGE 32u /* who has come so far gets large pages */
#define HUGE_ORDER 9u
#define HUGE_PAGES (1u << HUGE_ORDER)
#define PLENTY_MIN 2048 /* free pages under which none is given unasked */
#define HUGE_PLENTY 16384

static uint64_t nr_total; /* pages of memory */

void fault_anonymous_init(void)
{
	struct page_counts counts;

	page_count(&counts);
	nr_total = counts.total;
}

static struct page *new_zero_page(void)
{
	struct page *page = fault_new_page();

	if (likely(page))
		memset(page_virt(page), 0, PAGE_SIZE);
	return page;
}

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

	if (start < region->start || region->end - start < HUGE_PAGE_SIZE || (region->flags & REGION_NO_HUGE) ||
		fault->space->has_no_huge || !is_plenty(HUGE_PLENTY))
		return false;
	if (region->window < WINDOW_HUGE && !(region->flags & REGION_HUGE))
		return false;
	return !page_table_visit(&fault->space->page_table, start, start + HUGE_PAGE_SIZE, note_entry, &is_used) &&
	       !is_used;
}

static bool enter_huge(struct fault *fault, uint64_t start)
{
	struct page *page = page_try_alloc(HUGE_ORDER);
	unsigned flags = region_page_flags(fault->region) | PAGE_WRITE | PAGE_DIRTY | PAGE_ACCESSED | PAGE_HUGE;

	if (!page)
		return false;
	page_split(page, HUGE_ORDER);
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
	fault_count_resident(fault->space, HUGE_PAGES);
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
	else if (!region->window || region->flags & REGION_GROWS_DOWN)
		region->window = WINDOW_INITIAL;
	else /* here and there: what was given unasked last time was for nothing, perhaps */
		region->window = (unsigned)max_u64(min_u64(region->window, 2 * WINDOW_INITIAL) / 2, 1);
	size = (uint64_t)region->window << PAGE_SHIFT;
	*start = fault->address;
	if (region->window <= WINDOW_INITIAL)
		*start = max_u64(align_down(fault->address, size), region->start);
	*end = min_u64(min_u64(*start + size, region->end), next_huge);
	region->next_fault = *end;
}

static enum fault_outcome write_anonymous(struct fault *fault)
{
	uint64_t start, end, huge = align_down(fault->address, HUGE_PAGE_SIZE), nr = 0;
	enum fault_outcome outcome = SERVED;

	choose_window(fault, &start, &end);
	if (wants_huge(fault, huge) && enter_huge(fault, huge))
		return SERVED;
	for (uint64_t address = start; address < end; address += PAGE_SIZE) {
		struct page *page;

		if (address != fault->address && !fault_is_absent(fault, address))
			continue;
		page = new_zero_page();
		if (!page ||
			fault_enter(fault, address, page,
				PAGE_WRITE | PAGE_DIRTY | (address == fault->address ? PAGE_ACCESSED : 0)) != SERVED) {
			outcome = address <= fault->address ? NEEDS_MEMORY : SERVED;
			break;
		}
		nr++;
	}
	fault_count_resident(fault->space, nr);
	return outcome;
}

enum fault_outcome fault_serve_anonymous(struct fault *fault)
{
	if (fault->is_write)
		return write_anonymous(fault);
	page_get(zero_page);
	return fault_enter(fault, fault->address, zero_page, PAGE_ACCESSED);
}
