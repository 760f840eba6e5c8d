/* SPDX-License-Identifier: BSD-3-Clause */
/* madvise(2), msync(2), mincore(2). */
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mman.h"
#include "kernel/vm/internal.h"

static uint64_t file_index(const struct region *region, uint64_t address)
{
	return (address - region->start + region->offset) >> PAGE_SHIFT;
}

/* ---- madvise: what is done to each region's part of the range; lock held ---- */

static int drop_part_anyhow(struct address_space *space, struct region *region, uint64_t start, uint64_t end)
{
	/* What a sealed mapping holds is as safe as what it is, where the program itself could not write it. */
	if ((region->flags & REGION_SEALED) && !region->file.cache && !(region->flags & REGION_WRITE))
		return -EPERM;
	if (region->flags & REGION_FIXED_FRAMES)
		return -EINVAL;
	if (zap_prepare(space, start, end))
		return -ENOMEM;
	zap_range(space, region, start, end, false);
	return 0;
}

static int drop_part(struct address_space *space, struct region *region, uint64_t start, uint64_t end)
{
	return region->flags & REGION_LOCKED ? -EINVAL : drop_part_anyhow(space, region, start, end);
}

/* Advice to let pages go, which changes nothing here. */
static int check_unlocked(struct address_space *space, struct region *region, uint64_t start, uint64_t end)
{
	return region->flags & (REGION_LOCKED | REGION_FIXED_FRAMES) ? -EINVAL : 0;
}

/* The pages may go at any time until they are written again: they go now. */
static int free_part(struct address_space *space, struct region *region, uint64_t start, uint64_t end)
{
	return region->file.cache ? -EINVAL : drop_part(space, region, start, end);
}

static int change_flags(
	struct address_space *space, struct region *region, uint64_t start, uint64_t end, unsigned clear, unsigned set)
{
	if (region->flags == ((region->flags & ~clear) | set))
		return 0;
	if (region_split(space, start) || region_split(space, end))
		return -ENOMEM;
	region = region_find(space, start);
	region_set_flags(region, (region->flags & ~clear) | set);
	return 0;
}

struct advice {
	int (*visit)(struct address_space *space, struct region *region, uint64_t start, uint64_t end);
	unsigned clear, set; /* or flags that change */
};

static bool advice_find(int number, struct advice *advice)
{
	*advice = (struct advice){.visit = NULL};
	switch (number) {
	case LINUX_MADV_DONTNEED:
		advice->visit = drop_part;
		return true;
	case LINUX_MADV_DONTNEED_LOCKED:
		advice->visit = drop_part_anyhow;
		return true;
	case LINUX_MADV_COLD:
	case LINUX_MADV_PAGEOUT:
		advice->visit = check_unlocked;
		return true;
	case LINUX_MADV_FREE:
		advice->visit = free_part;
		return true;
	case LINUX_MADV_DONTFORK:
		advice->set = REGION_DONT_FORK;
		return true;
	case LINUX_MADV_DOFORK:
		advice->clear = REGION_DONT_FORK;
		return true;
	case LINUX_MADV_WIPEONFORK:
		advice->set = REGION_WIPE_ON_FORK;
		return true;
	case LINUX_MADV_KEEPONFORK:
		advice->clear = REGION_WIPE_ON_FORK;
		return true;
	case LINUX_MADV_HUGEPAGE:
		advice->set = REGION_HUGE;
		advice->clear = REGION_NO_HUGE;
		return true;
	case LINUX_MADV_NOHUGEPAGE:
		advice->set = REGION_NO_HUGE;
		advice->clear = REGION_HUGE;
		return true;
	case LINUX_MADV_DONTDUMP:
		advice->set = REGION_DONT_DUMP;
		return true;
	case LINUX_MADV_DODUMP:
		advice->clear = REGION_DONT_DUMP;
		return true;
	case LINUX_MADV_NORMAL:
	case LINUX_MADV_RANDOM:
	case LINUX_MADV_SEQUENTIAL:
	case LINUX_MADV_WILLNEED:
		return true; /* hints that change nothing here */
	default:
		return false;
	}
}

static int advise_part(
	struct address_space *space, struct region *region, uint64_t start, uint64_t end, const struct advice *advice)
{
	if (advice->visit)
		return advice->visit(space, region, start, end);
	if (advice->set & REGION_WIPE_ON_FORK && region->file.cache)
		return -EINVAL;
	return advice->set | advice->clear ? change_flags(space, region, start, end, advice->clear, advice->set) : 0;
}

static int advise_range(
	struct address_space *space, uint64_t start, uint64_t end, const struct advice *advice, struct list *dead)
{
	uint64_t at = start;
	int ret = 0, holes = 0;

	while (at < end && !ret) {
		struct region *region = region_at_or_after(space, at);
		uint64_t part_end;

		if (!region || region->start > at)
			holes = -ENOMEM; /* told, after the rest has been done */
		if (!region || region->start >= end)
			break;
		at = max_u64(at, region->start);
		part_end = min_u64(region->end, end);
		ret = advise_part(space, region, at, part_end, advice);
		at = part_end;
	}
	if (advice->set | advice->clear)
		region_merge_range(space, start, end, dead);
	return ret ? ret : holes;
}

/* The one region that holds all of the range, if it is shared memory that lives in the page cache. Lock held. */
static int find_shared_memory(struct address_space *space, uint64_t start, uint64_t end, struct region **region)
{
	*region = region_find(space, start);
	if (!*region || (*region)->end < end)
		return -ENOMEM;
	return (*region)->flags & REGION_SHARED && page_cache_is_memory((*region)->file.cache) ? 0 : -EINVAL;
}

/* MADV_REMOVE: makes a hole. */
static int remove_range(struct address_space *space, uint64_t start, uint64_t end)
{
	struct mapped_file file;
	struct region *region;
	uint64_t first = 0;
	int ret;

	mutex_lock(&space->lock);
	ret = find_shared_memory(space, start, end, &region);
	if (!ret) {
		file = region->file;
		file.get(file.file);
		first = file_index(region, start);
	}
	mutex_unlock(&space->lock);
	if (ret)
		return ret;
	page_cache_drop_range(file.cache, first, first + ((end - start) >> PAGE_SHIFT) - 1);
	file.put(file.file);
	return 0;
}

int address_space_advise(struct address_space *space, uint64_t address, uint64_t len, int number)
{
	struct list dead = LIST_INIT(dead);
	struct advice advice;
	uint64_t end;
	int ret;

	if (address % PAGE_SIZE || (len && !align_up(len, PAGE_SIZE)) || __builtin_add_overflow(address, align_up(len, PAGE_SIZE), &end))
		return -EINVAL;
	if (end > USER_END) { /* no memory is there: told as any hole */
		ret = address < USER_END ? address_space_advise(space, address, USER_END - address, number) : -ENOMEM;

		return ret ? ret : -ENOMEM;
	}
	if (number == LINUX_MADV_POPULATE_READ || number == LINUX_MADV_POPULATE_WRITE)
		return address_space_populate(
			space, address, end, number == LINUX_MADV_POPULATE_READ ? ACCESS_READ : ACCESS_WRITE);
	if (number == LINUX_MADV_REMOVE && address < end)
		return remove_range(space, address, end);
	if (number != LINUX_MADV_REMOVE && !advice_find(number, &advice))
		return -EINVAL;
	if (address == end)
		return 0;
	mutex_lock(&space->lock);
	ret = advise_range(space, address, end, &advice, &dead);
	mutex_unlock(&space->lock);
	region_bury(&dead);
	return ret;
}

/* ---- msync ---- */

struct shared_walk {
	uint64_t at, end;
	bool has_hole, ends_at_locked, is_locked; /* the last: it has ended there */
};

/* The next shared file mapping at or behind walk->at: its file, with a reference, and the pages; false at the end. */
static bool next_shared(struct address_space *space, struct shared_walk *walk, struct mapped_file *file, uint64_t *first, uint64_t *last)
{
	struct region *region;
	bool found = false;

	mutex_lock(&space->lock);
	while (walk->at < walk->end && !found) {
		uint64_t from = walk->at;

		region = region_at_or_after(space, from);
		walk->has_hole |= !region || region->start > from;
		walk->is_locked = region && region->start < walk->end && walk->ends_at_locked && region->flags & REGION_LOCKED;
		if (!region || region->start >= walk->end || walk->is_locked)
			break;
		from = max_u64(from, region->start);
		walk->at = min_u64(region->end, walk->end);
		if (region->file.cache && (region->flags & REGION_SHARED)) {
			*file = region->file;
			file->get(file->file);
			*first = file_index(region, from);
			*last = file_index(region, walk->at) - 1;
			found = true;
		}
	}
	mutex_unlock(&space->lock);
	return found;
}

int address_space_sync(struct address_space *space, uint64_t address, uint64_t len, int flags)
{
	struct shared_walk walk = {.at = address, .ends_at_locked = flags & LINUX_MS_INVALIDATE};
	struct mapped_file file;
	uint64_t first, last;
	int ret = 0;

	if (flags & ~(LINUX_MS_ASYNC | LINUX_MS_INVALIDATE | LINUX_MS_SYNC) ||
		(flags & LINUX_MS_ASYNC && flags & LINUX_MS_SYNC) || address % PAGE_SIZE)
		return -EINVAL;
	len = align_up(len, PAGE_SIZE); /* a length that wraps is none, as on Linux */
	if (len > USER_END || address > USER_END - len)
		return -ENOMEM;
	walk.end = address + len;
	while (!ret && next_shared(space, &walk, &file, &first, &last)) {
		if (flags & LINUX_MS_SYNC)
			ret = page_cache_flush(file.cache, first, last);
		file.put(file.file);
	}
	if (!ret && walk.is_locked)
		return -EBUSY;
	return ret ? ret : walk.has_hole ? -ENOMEM : 0;
}

/* ---- mincore ---- */

static bool is_in_memory(struct address_space *space, const struct region *region, uint64_t address)
{
	struct page *page;
	uint64_t frame;
	unsigned flags;

	if (page_table_lookup(&space->page_table, address, &frame, &flags))
		return true;
	if (!region->file.cache)
		return false;
	page = page_cache_find(region->file.cache, file_index(region, address));
	if (page)
		page_put(page);
	return page;
}

int address_space_mincore(struct address_space *space, uint64_t address, uint64_t len, uint8_t *vector)
{
	uint64_t end = address + align_up(len, PAGE_SIZE);
	struct region *region;
	int ret = 0;

	if (address % PAGE_SIZE)
		return -EINVAL;
	if (len > USER_END || address > USER_END - len)
		return -ENOMEM;
	mutex_lock(&space->lock);
	for (uint64_t at = address; at < end && !ret; at += PAGE_SIZE) {
		region = region_find(space, at);
		if (region)
			*vector++ = is_in_memory(space, region, at);
		else
			ret = -ENOMEM;
	}
	mutex_unlock(&space->lock);
	return ret;
}
