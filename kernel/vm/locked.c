/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Locked memory (mlock(2)). Nothing is ever paged out to a swap device, so that a locked region is one whose pages are brought in beforehand, which
 * reclaim and madvise(2) leave alone, and which counts against RLIMIT_MEMLOCK.
 */
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mman.h"
#include "kernel/vm/internal.h"

static uint64_t (*limit_hook)(void);

void address_space_set_lock_limit_hook(uint64_t (*limit)(void))
{
	limit_hook = limit;
}

static uint64_t limit(void)
{
	return limit_hook ? limit_hook() : UINT64_MAX;
}

int lock_check_more(const struct address_space *space, uint64_t more)
{
	uint64_t most = limit();

	return more > most || space->locked_bytes > most - more ? -EAGAIN : 0;
}

int lock_check_map(const struct address_space *space, uint64_t len, int flags)
{
	if (flags & LINUX_MAP_LOCKED && !limit())
		return -EPERM;
	return lock_check_more(space, len);
}

/* ---- Bringing pages in, without the lock ---- */

struct part {
	uint64_t start, end;
	enum access access;
};

/* The part of the first region that ends behind `at` which lies below `end`; false: there is none, or `at` is a hole and holes are not passed over. */
static bool next_part(struct address_space *space, uint64_t at, uint64_t end, bool skips_holes, struct part *part)
{
	const struct region *region;
	bool is_there;

	mutex_lock(&space->lock);
	region = region_at_or_after(space, at);
	is_there = region && region->start < end && (skips_holes || region->start <= at);
	if (is_there) {
		part->start = max_u64(region->start, at);
		part->end = min_u64(region->end, end);
		part->access = (region->flags & (REGION_WRITE | REGION_SHARED)) == REGION_WRITE ? ACCESS_WRITE : ACCESS_READ;
		/* There is nothing to bring in. */
		if (region->flags & REGION_FIXED_FRAMES || (skips_holes && !(region->flags & (REGION_READ | REGION_WRITE | REGION_EXEC))))
			part->start = part->end;
	}
	mutex_unlock(&space->lock);
	return is_there;
}

int lock_populate(struct address_space *space, uint64_t start, uint64_t end)
{
	struct part part;

	for (uint64_t at = start; at < end; at = part.end) {
		int ret;

		if (!next_part(space, at, end, false, &part))
			return -ENOMEM;
		ret = address_space_populate(space, part.start, part.end, part.access);
		if (ret)
			return ret == -EINTR ? ret : -ENOMEM;
	}
	return 0;
}

void lock_populate_grown(struct address_space *space, uint64_t start, uint64_t end)
{
	const struct region *region;
	bool is_wanted;

	if (!__atomic_load_n(&space->locked_bytes, __ATOMIC_RELAXED))
		return;
	mutex_lock(&space->lock);
	region = region_find(space, start);
	is_wanted = region && (region->flags & REGION_LOCK_MASK) == REGION_LOCKED;
	mutex_unlock(&space->lock);
	if (is_wanted)
		(void)!lock_populate(space, start, end);
}

/* As far as it goes. */
static void populate_all(struct address_space *space)
{
	struct part part;

	for (uint64_t at = 0; next_part(space, at, USER_END, true, &part); at = part.end)
		if (address_space_populate(space, part.start, part.end, part.access) == -EINTR)
			return;
}

/* ---- Marking, under the lock ---- */

static uint64_t locked_within(struct address_space *space, uint64_t start, uint64_t end)
{
	uint64_t bytes = 0;

	for (const struct region *region = region_at_or_after(space, start); region && region->start < end; region = region_next(region))
		if (region->flags & REGION_LOCKED)
			bytes += min_u64(region->end, end) - max_u64(region->start, start);
	return bytes;
}

static int check_range_limit(struct address_space *space, uint64_t start, uint64_t end)
{
	uint64_t most = limit(), others = space->locked_bytes - locked_within(space, start, end);

	if (!most)
		return -EPERM;
	return end - start > most || others > most - (end - start) ? -ENOMEM : 0;
}

static void mark(struct region *region, unsigned lock)
{
	if (!(region->flags & REGION_FIXED_FRAMES))
		region_set_flags(region, (region->flags & ~(unsigned)REGION_LOCK_MASK) | lock);
}

static int mark_range(struct address_space *space, uint64_t start, uint64_t end, unsigned lock, struct list *dead)
{
	int ret = region_split(space, start);
	uint64_t at = start;

	if (!ret)
		ret = region_split(space, end);
	for (struct region *region = region_at_or_after(space, start); !ret && region && region->start == at && at < end; region = region_next(region)) {
		mark(region, lock);
		at = region->end;
	}
	region_merge_range(space, start, end, dead);
	return ret ? ret : at < end ? -ENOMEM : 0;
}

int address_space_lock(struct address_space *space, uint64_t start, uint64_t len, unsigned lock)
{
	struct list dead = LIST_INIT(dead);
	int ret;

	mutex_lock(&space->lock);
	ret = lock ? check_range_limit(space, start, start + len) : 0;
	if (!ret)
		ret = mark_range(space, start, start + len, lock, &dead);
	mutex_unlock(&space->lock);
	region_bury(&dead);
	return ret || lock != REGION_LOCKED ? ret : lock_populate(space, start, start + len);
}

int address_space_lock_all(struct address_space *space, bool current, unsigned lock, unsigned lock_future)
{
	uint64_t most = limit();
	int ret = 0;

	mutex_lock(&space->lock);
	if (lock | lock_future)
		ret = !most ? -EPERM : current && space->mapped_bytes > most ? -ENOMEM : 0;
	if (!ret) {
		space->lock_future = lock_future;
		for (struct region *region = region_first(space); current && region; region = region_next(region))
			mark(region, lock);
	}
	mutex_unlock(&space->lock);
	if (!ret && current && lock == REGION_LOCKED)
		populate_all(space);
	return ret;
}
