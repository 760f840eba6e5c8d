/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a file has data (lseek(2), SEEK_DATA and SEEK_HOLE): blocks that were written, room promised to data in the page cache, and pages
 * that wait to be written to blocks that are allocated and not written yet.
 */
#include "kernel/fs/ext4/ext4.h"

/* Whether the page of the block waits to be written: one that was only read ahead is as much of a hole as the disk. */
static bool has_new_page(struct ext4_inode *inode, uint64_t block)
{
	struct page *page = page_cache_find(&inode->inode.cache, block >> (PAGE_SHIFT - inode->fs->block_shift));
	bool is_new = page && __atomic_load_n(&page->flags, __ATOMIC_ACQUIRE) & (PAGE_IS_DIRTY | PAGE_IS_WRITEBACK);

	if (page)
		page_put(page);
	return is_new;
}

/* Of blocks that are not written: to the end of the page, or of the stretch. */
static uint64_t page_end(const struct ext4_inode *inode, uint64_t block, uint64_t end)
{
	uint64_t per_page = 1ull << (PAGE_SHIFT - inode->fs->block_shift);

	return min_u64(end, align_down(block, per_page) + per_page);
}

/* The stretch from `at` to at most `end` that is all data or all hole: its end. */
static int stretch(struct ext4_inode *inode, uint64_t at, uint64_t end, uint64_t *stretch_end, bool *is_data)
{
	struct block_run run;
	int ret = ext4_map(inode, at, end - at, &run);

	if (ret)
		return ret;
	*stretch_end = at + run.nr;
	*is_data = run.physical;
	if (!run.physical) {
		*stretch_end = ext4_reserve_stretch(inode, at, at + run.nr, is_data);
	} else if (run.is_unwritten) {
		*is_data = has_new_page(inode, at);
		*stretch_end = page_end(inode, at, at + run.nr);
	}
	return 0;
}

int64_t ext4_find_data(struct inode *generic, uint64_t offset, bool for_hole)
{
	struct ext4_inode *inode = ext4_of(generic);
	struct ext4 *fs = inode->fs;
	uint64_t size = generic->size, at = offset >> fs->block_shift, end = (size + fs->block_size - 1) >> fs->block_shift, next;
	bool is_data = false;
	int ret = 0;

	ext4_lock(fs);
	for (; at < end; at = next) {
		ret = stretch(inode, at, end, &next, &is_data);
		if (ret || is_data != for_hole)
			break;
		cpu_poll();
	}
	ext4_unlock(fs);
	if (ret)
		return ret;
	if (at >= end)
		return for_hole ? (int64_t)size : -ENXIO;
	return (int64_t)max_u64(offset, at << fs->block_shift);
}
