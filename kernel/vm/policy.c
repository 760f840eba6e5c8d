/* SPDX-License-Identifier: BSD-3-Clause */
/* Policies of memory on nodes, of which there is one: kept with the regions, and told. */
#include "kernel/uapi/errno.h"
#include "kernel/vm/internal.h"

static int set(struct address_space *space, uint64_t start, uint64_t end, const struct memory_policy *policy)
{
	int ret = region_split(space, start);
	uint64_t at = start;

	if (!ret)
		ret = region_split(space, end);
	if (ret)
		return ret;
	for (struct region *region = region_at_or_after(space, start); region && region->start == at && at < end; region = region_next(region)) {
		region->policy = *policy;
		at = region->end;
	}
	return at < end ? -EFAULT : 0;
}

int address_space_set_policy(struct address_space *space, uint64_t start, uint64_t len, const struct memory_policy *policy)
{
	struct list dead = LIST_INIT(dead);
	int ret;

	if (len > USER_END || start > USER_END - len)
		return -EFAULT;
	mutex_lock(&space->lock);
	ret = set(space, start, start + len, policy);
	region_merge_range(space, start, start + len, &dead);
	mutex_unlock(&space->lock);
	region_bury(&dead);
	return ret;
}

bool address_space_policy(struct address_space *space, uint64_t address, struct memory_policy *policy)
{
	const struct region *region;

	mutex_lock(&space->lock);
	region = region_find(space, address);
	if (region)
		*policy = region->policy;
	mutex_unlock(&space->lock);
	return region;
}
