/* SPDX-License-Identifier: BSD-3-Clause */
/* mremap(2): mappings grow and shrink where they are, or move with their page table entries: no data is copied. */
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mman.h"
#include "kernel/vm/internal.h"

struct move {
	struct page_table *pt;
	uint64_t distance; /* to the new place, modulo 2^64 */
	bool failed;
};

/* Enters what is at the old address at the new one; a large page as small ones if it would not be aligned. */
static enum page_action move_entry(void *context, uint64_t address, uint64_t *frame, unsigned *flags)
{
	struct move *move = context;
	uint64_t to = address + move->distance, size = PAGE_SIZE, len = *flags & PAGE_HUGE ? HUGE_PAGE_SIZE : PAGE_SIZE;
	unsigned wanted = *flags;

	if (to % len == 0)
		size = len;
	else
		wanted &= ~(unsigned)PAGE_HUGE;
	for (uint64_t off = 0; off < len && !move->failed; off += size)
		if (page_table_map(move->pt, to + off, *frame + off, wanted))
			move->failed = true;
	return move->failed ? PAGE_KEEP : PAGE_CLEAR;
}

static enum page_action clear_entry(void *context, uint64_t address, uint64_t *frame, unsigned *flags)
{
	return PAGE_CLEAR;
}

/* Enters that could not be made leave the page at its old place too: those at the new one are forgotten. */
static int move_pages(struct address_space *space, uint64_t from, uint64_t to, uint64_t len)
{
	struct move move = {.pt = &space->page_table, .distance = to - from};
	int ret = page_table_visit(move.pt, from, from + len, move_entry, &move);

	page_table_flush(move.pt, from, from + len);
	if (!ret && !move.failed)
		return 0;
	move = (struct move){.pt = &space->page_table, .distance = from - to};
	(void)page_table_visit(move.pt, to, to + len, move_entry, &move); /* the tables are there: it cannot fail */
	(void)page_table_visit(move.pt, to, to + len, clear_entry, NULL);
	page_table_flush(move.pt, to, to + len);
	return -ENOMEM;
}

/* The region that holds all of the range; NULL if there is none. */
static struct region *region_of_range(struct address_space *space, uint64_t start, uint64_t len)
{
	struct region *region = region_find(space, start);

	return region && region->end - start >= len ? region : NULL;
}

static bool can_grow(struct address_space *space, const struct region *region, uint64_t end, uint64_t more)
{
	return region->end == end && end + more <= USER_END && end + more > end &&
	       region_range_is_free(space, end, end + more);
}

/* The old range is a region of its own, for the move; its twin at the new place. */
static int64_t move_region(struct address_space *space, struct region *region, uint64_t new_len, int flags,
	uint64_t place, struct list *dead)
{
	uint64_t old_len = region_len(region), old = region->start;
	struct region *twin = region_clone(region);
	int ret;

	if (!twin)
		return -ENOMEM;
	twin->start = place;
	twin->end = place + new_len;
	region_insert(space, twin);
	ret = move_pages(space, old, place, min_u64(old_len, new_len));
	if (ret) {
		region_remove(space, twin, dead);
		return ret;
	}
	if (!(flags & LINUX_MREMAP_DONTUNMAP))
		region_remove(space, region, dead);
	else
		region_set_flags(region, region->flags & ~(unsigned)REGION_LOCK_MASK);
	(void)region_merge(space, twin, dead);
	return (int64_t)place;
}

static int64_t move_range(struct address_space *space, uint64_t old, uint64_t old_len, uint64_t new_len, int flags,
	uint64_t new_address, struct list *dead)
{
	uint64_t place = new_address;
	int ret = 0;

	if (flags & LINUX_MREMAP_FIXED)
		ret = unmap_locked(space, new_address, new_address + new_len, dead);
	else
		place = region_place(space, new_len, 0);
	if (!ret && !place)
		ret = -ENOMEM;
	if (!ret && new_len < old_len) {
		ret = unmap_locked(space, old + new_len, old + old_len, dead);
		old_len = new_len;
	}
	if (!ret)
		ret = region_split(space, old);
	if (!ret)
		ret = region_split(space, old + old_len);
	if (ret)
		return ret;
	return move_region(space, region_find(space, old), new_len, flags, place, dead);
}

static int check_remap(uint64_t old, uint64_t old_len, uint64_t new_len, int flags, uint64_t new_address)
{
	if (flags & ~(LINUX_MREMAP_MAYMOVE | LINUX_MREMAP_FIXED | LINUX_MREMAP_DONTUNMAP) || old % PAGE_SIZE ||
		!new_len)
		return -EINVAL;
	if (flags & (LINUX_MREMAP_FIXED | LINUX_MREMAP_DONTUNMAP) && !(flags & LINUX_MREMAP_MAYMOVE))
		return -EINVAL;
	if (flags & LINUX_MREMAP_DONTUNMAP && old_len != new_len)
		return -EINVAL;
	if (old_len > USER_END || old > USER_END - old_len || new_len > USER_END)
		return -EINVAL;
	if (!(flags & LINUX_MREMAP_FIXED))
		return 0;
	if (new_address % PAGE_SIZE || new_address < PAGE_SIZE || new_address > USER_END - new_len)
		return -EINVAL;
	return new_address < old + old_len && old < new_address + new_len ? -EINVAL : 0;
}

static int64_t remap_locked(struct address_space *space, uint64_t old, uint64_t old_len, uint64_t new_len, int flags,
	uint64_t new_address, struct list *dead)
{
	bool must_move = flags & (LINUX_MREMAP_FIXED | LINUX_MREMAP_DONTUNMAP);
	bool shrinks = !must_move && new_len <= old_len; /* then what lies behind the new end may have holes */
	struct region *region = region_of_range(space, old, shrinks ? PAGE_SIZE : max_u64(old_len, PAGE_SIZE));
	uint64_t more = new_len > old_len ? new_len - old_len : flags & LINUX_MREMAP_DONTUNMAP ? new_len : 0;
	int ret;

	if (region_range_is_sealed(space, old, old + max_u64(old_len, PAGE_SIZE)))
		return -EPERM;
	if (!region)
		return -EFAULT;
	if (!old_len && !(region->flags & REGION_SHARED)) /* a second mapping of what is private makes no sense */
		return -EINVAL;
	if (region->flags & REGION_FIXED_FRAMES || (flags & LINUX_MREMAP_DONTUNMAP && region->file.cache))
		return -EINVAL;
	if (more && check_limits(space, more, (region->flags & (REGION_WRITE | REGION_SHARED)) == REGION_WRITE))
		return -ENOMEM;
	if (more && region->flags & REGION_LOCKED && lock_check_more(space, more))
		return -EAGAIN;
	if (shrinks) {
		ret = new_len < old_len ? unmap_locked(space, old + new_len, old + old_len, dead) : 0;
		return ret ? ret : (int64_t)old;
	}
	if (!must_move && old_len && can_grow(space, region, old + old_len, new_len - old_len)) {
		region_resize(region, region->start, old + new_len);
		(void)region_merge(space, region, dead);
		return (int64_t)old;
	}
	if (!(flags & LINUX_MREMAP_MAYMOVE))
		return -ENOMEM;
	if (!old_len) { /* mremap(2): the same pages are mapped once more */
		struct region *twin;
		uint64_t place = must_move ? new_address : region_place(space, new_len, 0);

		ret = must_move ? unmap_locked(space, place, place + new_len, dead) : place ? 0 : -ENOMEM;
		region = region_find(space, old);
		twin = ret || !region ? NULL : region_clone(region);
		if (!twin)
			return ret ? ret : -ENOMEM;
		twin->offset += old - region->start;
		twin->start = place;
		twin->end = place + new_len;
		region_insert(space, twin);
		return (int64_t)place;
	}
	return move_range(space, old, old_len, new_len, flags, new_address, dead);
}

int64_t address_space_remap(
	struct address_space *space, uint64_t old, uint64_t old_len, uint64_t new_len, int flags, uint64_t new_address)
{
	struct list dead = LIST_INIT(dead);
	int64_t ret;

	old_len = old_len > USER_END ? old_len : align_up(old_len, PAGE_SIZE);
	new_len = new_len > USER_END ? new_len : align_up(new_len, PAGE_SIZE);
	ret = check_remap(old, old_len, new_len, flags, new_address);
	if (ret)
		return ret;
	mutex_lock(&space->lock);
	ret = remap_locked(space, old, old_len, new_len, flags, new_address, &dead);
	mutex_unlock(&space->lock);
	region_bury(&dead);
	if (ret > 0 && new_len > old_len)
		lock_populate_grown(space, (uint64_t)ret + old_len, (uint64_t)ret + new_len);
	return ret;
}

/* The shared file mapping that holds all of the range, and what it takes to map it again. */
static int find_shared_file(struct address_space *space, uint64_t start, uint64_t end, struct mapped_file *file, int *prot)
{
	const struct region *region = region_find(space, start);

	if (!region || !(region->flags & REGION_SHARED) || !region->file.cache || start < region->start)
		return -EINVAL;
	for (const struct region *next = region; next->end < end;) {
		const struct region *following = region_next(next);

		if (!following || following->start != next->end || following->file.file != region->file.file || following->flags != region->flags)
			return -EINVAL;
		next = following;
	}
	*file = region->file;
	file->get(file->file);
	*prot = (region->flags & REGION_READ ? LINUX_PROT_READ : 0) | (region->flags & REGION_WRITE ? LINUX_PROT_WRITE : 0) |
		(region->flags & REGION_EXEC ? LINUX_PROT_EXEC : 0);
	return 0;
}

/* What Linux has done since 4.0: a mapping of its own takes the range's place. */
int address_space_remap_file(struct address_space *space, uint64_t address, uint64_t len, int prot, uint64_t page)
{
	uint64_t start = align_down(address, PAGE_SIZE), size = align_down(len, PAGE_SIZE);
	struct mapped_file file;
	int64_t ret;

	if (prot || !size || size > USER_END || start > USER_END - size || page + (size >> PAGE_SHIFT) < page)
		return -EINVAL;
	mutex_lock(&space->lock);
	ret = find_shared_file(space, start, start + size, &file, &prot);
	mutex_unlock(&space->lock);
	if (ret)
		return (int)ret;
	ret = address_space_map(space, start, size, prot, LINUX_MAP_SHARED | LINUX_MAP_FIXED | LINUX_MAP_POPULATE, &file, page << PAGE_SHIFT);
	file.put(file.file);
	return ret < 0 ? (int)ret : 0;
}
