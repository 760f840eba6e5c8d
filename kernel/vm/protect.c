/* SPDX-License-Identifier: BSD-3-Clause */
/* mprotect(2). Rights that are taken away go at once; those that are given may wait for a fault, which sees to copies
 * and dirty pages. */
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mman.h"
#include "kernel/vm/internal.h"

struct protect {
	const struct region *region;
	bool needs_flush;
};

static enum page_action protect_entry(void *context, uint64_t address, uint64_t *frame, unsigned *flags)
{
	struct protect *protect = context;
	unsigned wanted = region_page_flags(protect->region), old = *flags;

	/* A large page's frames are looked at one by one when they are written to. */
	if (protect->region->flags & REGION_WRITE &&
		(old & PAGE_WRITE ||
			(!(old & PAGE_HUGE) && region_may_write_page(protect->region, page_of_phys(*frame)))))
		wanted |= PAGE_WRITE;
	if (wanted == (old & (PAGE_USER | PAGE_EXEC | PAGE_WRITE)))
		return PAGE_KEEP;
	if (old & PAGE_USER && (old & ~wanted & (PAGE_USER | PAGE_EXEC | PAGE_WRITE)))
		protect->needs_flush = true;
	*flags = wanted | (old & ~(unsigned)(PAGE_USER | PAGE_EXEC | PAGE_WRITE));
	return PAGE_REPLACE;
}

static int protect_region(struct address_space *space, struct region *region, unsigned flags)
{
	struct protect protect = {.region = region};
	int ret;

	region_set_flags(region, (region->flags & ~(unsigned)(REGION_READ | REGION_WRITE | REGION_EXEC)) | flags);
	ret = page_table_visit(&space->page_table, region->start, region->end, protect_entry, &protect);
	if (protect.needs_flush)
		page_table_flush(&space->page_table, region->start, region->end);
	return ret;
}

/* May all of the range have the protection? -ENOMEM: it has holes. */
static int check_protect(struct address_space *space, uint64_t start, uint64_t end, unsigned flags)
{
	struct region *region = region_at_or_after(space, start);

	for (uint64_t at = start; at < end; at = region->end, region = region_next(region)) {
		if (!region || region->start > at)
			return -ENOMEM;
		if (flags & REGION_WRITE && !(region->flags & REGION_MAY_WRITE))
			return -EACCES;
		if (flags & REGION_WRITE && !(region->flags & (REGION_WRITE | REGION_SHARED)) &&
			check_limits(space, 0, true))
			return -ENOMEM;
		if (region->end >= end)
			break;
	}
	return 0;
}

static int protect_locked(struct address_space *space, uint64_t start, uint64_t end, unsigned flags, struct list *dead)
{
	int ret = check_protect(space, start, end, flags);

	if (!ret)
		ret = region_split(space, start);
	if (!ret)
		ret = region_split(space, end);
	for (struct region *region = region_at_or_after(space, start); !ret && region && region->start < end;
		region = region_next(region))
		ret = protect_region(space, region, flags);
	region_merge_range(space, start, end, dead);
	return ret;
}

int address_space_protect(struct address_space *space, uint64_t address, uint64_t len, int prot)
{
	struct list dead = LIST_INIT(dead);
	struct region *region;
	int ret;

	if (prot & ~(LINUX_PROT_READ | LINUX_PROT_WRITE | LINUX_PROT_EXEC | LINUX_PROT_GROWSDOWN) ||
		address % PAGE_SIZE)
		return -EINVAL;
	if (len > USER_END || address > USER_END - len)
		return -ENOMEM;
	len = align_up(len, PAGE_SIZE);
	if (!len)
		return 0;
	mutex_lock(&space->lock);
	region = region_find(space, address);
	if (prot & LINUX_PROT_GROWSDOWN && (!region || !(region->flags & REGION_GROWS_DOWN))) {
		ret = -EINVAL;
	} else {
		uint64_t start = prot & LINUX_PROT_GROWSDOWN ? region->start : address;

		ret = region_range_is_sealed(space, start, address + len) ? -EPERM : protect_locked(space, start, address + len, region_protection(prot), &dead);
	}
	mutex_unlock(&space->lock);
	region_bury(&dead);
	return ret;
}

void address_space_keep_read_only(struct address_space *space, uint64_t address, uint64_t len)
{
	mutex_lock(&space->lock);
	for (struct region *region = region_at_or_after(space, address); region && region->start < address + len; region = region_next(region))
		region_set_flags(region, region->flags & ~(unsigned)REGION_MAY_WRITE);
	mutex_unlock(&space->lock);
}
