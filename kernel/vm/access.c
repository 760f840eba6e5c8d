/* SPDX-License-Identifier: BSD-3-Clause */
/* Looking into address spaces from outside: other processes' memory, futex words, /proc. */
#include "kernel/uapi/errno.h"
#include "kernel/vm/fault.h"
#include "lib/string.h"

/* What an entry must allow. */
enum { FOR_READ = PAGE_USER, FOR_WRITE = PAGE_USER | PAGE_WRITE, FOR_PEEK = 0 };

/* Copies what lies in one page, if the entry allows it; false: a fault has to be served first. */
static bool copy_part(struct address_space *space, uint64_t address, void *data, size_t len, unsigned wanted)
{
	bool is_write = wanted == FOR_WRITE;
	unsigned flags;
	uint64_t frame;
	bool is_there;

	mutex_lock(&space->lock);
	is_there = page_table_lookup(&space->page_table, address, &frame, &flags) && (flags & wanted) == wanted;
	if (is_there) {
		char *memory = (char *)phys_to_virt(frame) + address % (flags & PAGE_HUGE ? HUGE_PAGE_SIZE : PAGE_SIZE);

		memcpy(is_write ? memory : data, is_write ? data : memory, len);
	}
	mutex_unlock(&space->lock);
	return is_there;
}

static long copy_all(struct address_space *space, uint64_t address, char *data, size_t len, unsigned wanted)
{
	enum access access = wanted == FOR_WRITE ? ACCESS_WRITE : wanted == FOR_PEEK ? ACCESS_READ | ACCESS_FORCE : ACCESS_READ;
	size_t done = 0;

	if (len > USER_END || address > USER_END - len)
		return -EFAULT;
	while (done < len) {
		size_t part = min_u64(len - done, PAGE_SIZE - (address + done) % PAGE_SIZE);

		if (copy_part(space, address + done, data + done, part, wanted))
			done += part;
		else if (address_space_fault(space, address + done, access).signal)
			break;
	}
	return done || !len ? (long)done : -EFAULT;
}

long address_space_read(struct address_space *space, uint64_t address, void *to, size_t len)
{
	return copy_all(space, address, to, len, FOR_READ);
}

long address_space_peek(struct address_space *space, uint64_t address, void *to, size_t len)
{
	return copy_all(space, address, to, len, FOR_PEEK);
}

long address_space_write(struct address_space *space, uint64_t address, const void *from, size_t len)
{
	return copy_all(space, address, (char *)(uintptr_t)from, len, FOR_WRITE);
}

bool address_space_has_page(struct address_space *space, uint64_t address)
{
	uint64_t frame;
	unsigned flags;
	bool is_there;

	mutex_lock(&space->lock);
	is_there = page_table_lookup(&space->page_table, address, &frame, &flags) && page_of_phys(frame) != zero_page;
	mutex_unlock(&space->lock);
	return is_there;
}

static enum page_action find_private(void *context, uint64_t address, uint64_t *frame, unsigned *flags)
{
	const struct page *page = page_of_phys(*frame);

	if (page && page != zero_page && !(page->flags & PAGE_IS_CACHE))
		*(bool *)context = true;
	return PAGE_KEEP;
}

bool region_has_private_pages(const struct region *region)
{
	bool found = false;

	(void)page_table_visit(&region->space->page_table, region->start, region->end, find_private, &found);
	return found;
}

/* ---- Writing what the program may not write ---- */

/* The page becomes the space's own, in the entry's place, which stays read-only. 0, -EAGAIN: there is none yet, -EFAULT, -ENOMEM. Lock held. */
static int own_page_locked(struct address_space *space, uint64_t address, struct page **page)
{
	struct fault fault = {.space = space, .address = align_down(address, PAGE_SIZE), .region = region_find(space, address)};
	struct page *copy;
	uint64_t frame;
	unsigned flags;

	if (!fault.region || fault.region->flags & (REGION_SHARED | REGION_FIXED_FRAMES))
		return -EFAULT;
	if (!page_table_lookup(&space->page_table, address, &frame, &flags))
		return -EAGAIN;
	if (flags & PAGE_HUGE)
		frame += align_down(address % HUGE_PAGE_SIZE, PAGE_SIZE);
	*page = page_of_phys(frame);
	if (!((*page)->flags & PAGE_IS_CACHE) && __atomic_load_n(&(*page)->references, __ATOMIC_ACQUIRE) == 1)
		return 0;
	if (flags & PAGE_HUGE)
		return -EFAULT; /* shared with a child: rare enough, under a debugger, not to be divided for it */
	copy = fault_copy_page(*page);
	if (!copy || fault_enter(&fault, fault.address, copy, PAGE_DIRTY | PAGE_ACCESSED) != SERVED)
		return -ENOMEM;
	page_table_flush(&space->page_table, fault.address, fault.address + PAGE_SIZE);
	if (*page == zero_page)
		fault_count_resident(space, 1);
	page_put(*page);
	*page = copy;
	return 0;
}

static int poke_part(struct address_space *space, uint64_t address, const void *from, size_t len)
{
	struct page *page;
	int ret;

	for (;;) {
		mutex_lock(&space->lock);
		ret = own_page_locked(space, address, &page);
		if (!ret)
			memcpy((char *)page_virt(page) + address % PAGE_SIZE, from, len);
		mutex_unlock(&space->lock);
		if (ret != -EAGAIN)
			return ret;
		if (address_space_fault(space, address, ACCESS_READ | ACCESS_FORCE).signal)
			return -EFAULT;
	}
}

long address_space_poke(struct address_space *space, uint64_t address, const void *from, size_t len)
{
	size_t done = 0;

	if (len > USER_END || address > USER_END - len)
		return -EFAULT;
	while (done < len) {
		size_t part = min_u64(len - done, PAGE_SIZE - (address + done) % PAGE_SIZE);
		const char *bytes = (const char *)from + done;

		if (address_space_write(space, address + done, bytes, part) != (long)part && poke_part(space, address + done, bytes, part))
			break;
		done += part;
	}
	return done || !len ? (long)done : -EFAULT;
}

int address_space_key(struct address_space *space, uint64_t address, bool is_private, struct memory_key *key)
{
	struct region *region;
	int ret = 0;

	*key = (struct memory_key){.object = (uint64_t)(uintptr_t)space, .offset = address};
	if (is_private)
		return address < USER_END ? 0 : -EFAULT;
	mutex_lock(&space->lock);
	region = region_find(space, address);
	if (!region || !(region->flags & (region->flags & REGION_SHARED ? REGION_READ | REGION_WRITE : REGION_WRITE)))
		ret = -EFAULT; /* as futex(2) says of private memory that nobody can write */
	else if (region->flags & REGION_SHARED && align_down(address - region->start + region->offset, PAGE_SIZE) >= region->file.size(region->file.file))
		ret = -EFAULT; /* beyond the end of the file there is no page */
	else if (region->flags & REGION_SHARED)
		*key = (struct memory_key){.object = (uint64_t)(uintptr_t)region->file.cache,
			.offset = address - region->start + region->offset};
	mutex_unlock(&space->lock);
	return ret;
}

/* How many hold the page beside the cache that it is of. */
static uint64_t holders(const struct page *page)
{
	uint32_t references = __atomic_load_n(&page->references, __ATOMIC_RELAXED);
	bool is_cached = page->flags & PAGE_IS_CACHE;

	return references > is_cached ? references - is_cached : 1;
}

static enum page_action count_entry(void *context, uint64_t address, uint64_t *frame, unsigned *flags)
{
	uint64_t nr = *flags & PAGE_HUGE ? HUGE_PAGE_SIZE / PAGE_SIZE : 1;
	const struct page *page = page_of_phys(*frame);
	struct region_usage *usage = context;
	bool is_dirty, is_shared;

	if (!page || page == zero_page)
		return PAGE_KEEP;
	is_dirty = *flags & PAGE_DIRTY || !(page->flags & PAGE_IS_CACHE);
	is_shared = holders(page) > 1;
	usage->resident += nr;
	usage->huge += *flags & PAGE_HUGE ? nr : 0;
	usage->anonymous += page->flags & PAGE_IS_CACHE ? 0 : nr;
	usage->referenced += *flags & PAGE_ACCESSED ? nr : 0;
	usage->dirty += is_dirty ? nr : 0;
	usage->shared += is_shared ? nr : 0;
	usage->shared_dirty += is_dirty && is_shared ? nr : 0;
	usage->share += nr * PAGE_SIZE / holders(page);
	return PAGE_KEEP;
}

void address_space_walk(struct address_space *space,
	bool (*visit)(void *context, const struct region *region, const struct region_usage *usage), void *context)
{
	bool goes_on = true;

	mutex_lock(&space->lock);
	for (struct region *region = region_first(space); region && goes_on; region = region_next(region)) {
		struct region_usage usage = {0};

		if (!(region->flags & REGION_FIXED_FRAMES))
			(void)page_table_visit(&space->page_table, region->start, region->end, count_entry, &usage);
		goes_on = visit(context, region, &usage);
	}
	mutex_unlock(&space->lock);
}

bool address_space_entry(struct address_space *space, uint64_t address, struct page_entry *entry)
{
	const struct region *region;
	const struct page *page;
	unsigned flags;
	bool is_there;

	mutex_lock(&space->lock);
	region = region_find(space, address);
	is_there = region && page_table_lookup(&space->page_table, address, &entry->frame, &flags);
	if (is_there) {
		entry->frame = align_down(entry->frame + (flags & PAGE_HUGE ? address % HUGE_PAGE_SIZE : 0), PAGE_SIZE);
		page = region->flags & REGION_FIXED_FRAMES ? NULL : page_of_phys(entry->frame);
		entry->is_file = !page || page->flags & PAGE_IS_CACHE;
		entry->is_exclusive = page && page != zero_page && holders(page) == 1;
	}
	mutex_unlock(&space->lock);
	return is_there;
}

bool address_space_is_mapped(struct address_space *space, uint64_t start, uint64_t end)
{
	const struct region *region;

	mutex_lock(&space->lock);
	for (region = region_find(space, start); region && region->start <= start && region->end < end; region = region_next(region))
		start = region->end;
	mutex_unlock(&space->lock);
	return region && region->start <= start;
}
