/* SPDX-License-Identifier: BSD-3-Clause */
/* mseal(2): mappings that stay as they are until the program ends. What would change one asks here first. */
#include "kernel/uapi/errno.h"
#include "kernel/vm/internal.h"

bool region_range_is_sealed(const struct address_space *space, uint64_t start, uint64_t end)
{
	if (likely(!space->has_seals))
		return false;
	for (const struct region *region = region_at_or_after(space, start); region && region->start < end; region = region_next(region))
		if (region->flags & REGION_SEALED)
			return true;
	return false;
}

static bool is_mapped_locked(struct address_space *space, uint64_t start, uint64_t end)
{
	const struct region *region = region_find(space, start);

	while (region && region->end < end) {
		const struct region *next = region_next(region);

		if (!next || next->start != region->end)
			return false;
		region = next;
	}
	return region;
}

int address_space_seal(struct address_space *space, uint64_t start, uint64_t len)
{
	struct list dead = LIST_INIT(dead);
	uint64_t end = start + len;
	int ret = -ENOMEM;

	mutex_lock(&space->lock);
	if (is_mapped_locked(space, start, end))
		ret = region_split(space, start);
	if (!ret)
		ret = region_split(space, end);
	if (!ret) {
		space->has_seals = true;
		for (struct region *region = region_find(space, start); region && region->start < end; region = region_next(region))
			region_set_flags(region, region->flags | REGION_SEALED);
		region_merge_range(space, start, end, &dead);
	}
	mutex_unlock(&space->lock);
	region_bury(&dead);
	return ret;
}
