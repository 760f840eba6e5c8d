/* SPDX-License-Identifier: BSD-3-Clause */
/* What changes a file beside the writing of its pages: room for writes, its size and attributes, fallocate(2), fsync(2). */
#include "kernel/fs/ext4/ext4.h"
#include "kernel/uapi/fcntl.h"

static uint64_t blocks_of_page(const struct ext4 *fs)
{
	return 1ull << (PAGE_SHIFT - fs->block_shift);
}

/* ---- Room for writes ---- */

/* Goes over the holes in [from, to): adds up what is to be reserved, or (with `add`) reserves it. */
static int walk_holes(struct ext4_inode *inode, uint64_t from, uint64_t to, bool add, uint64_t *missing)
{
	int ret = 0;

	*missing = 0;
	for (uint64_t at = from; at < to && !ret;) {
		struct block_run run;

		ret = ext4_map(inode, at, to - at, &run);
		if (ret)
			return ret;
		if (!run.physical && !add)
			*missing += ext4_reserve_missing(inode, at, at + run.nr);
		else if (!run.physical)
			ret = ext4_reserve_add(inode, at, at + run.nr);
		at += run.nr;
	}
	return ret;
}

static int reserve(struct ext4_inode *inode, uint64_t from, uint64_t to)
{
	uint64_t missing;
	int ret = walk_holes(inode, from, to, false, &missing);

	if (ret || !missing)
		return ret;
	if (!(inode->flags & EXT4_USES_EXTENTS))
		return -EOPNOTSUPP;
	ret = ext4_space_check(inode->fs, missing);
	return ret ? ret : walk_holes(inode, from, to, true, &missing);
}

int ext4_prepare_write(struct inode *generic, uint64_t offset, uint64_t len)
{
	struct ext4_inode *inode = ext4_of(generic);
	struct ext4 *fs = inode->fs;
	uint64_t from = align_down(offset, PAGE_SIZE) >> fs->block_shift, to = align_up(offset + len, PAGE_SIZE) >> fs->block_shift;
	int ret;

	if (fs->fs.is_read_only || inode->is_deleted)
		return -EROFS;
	ext4_lock(fs);
	ret = reserve(inode, from, to);
	ext4_unlock(fs);
	return ret;
}

/* ---- Taking blocks away ---- */

int ext4_data_remove(struct ext4_inode *inode, uint64_t from_block)
{
	ext4_reserve_remove(inode, from_block, UINT64_MAX);
	if (inode->flags & EXT4_USES_EXTENTS)
		return ext4_extents_remove(inode, from_block, 1ull << 32);
	return from_block ? -EOPNOTSUPP : ext4_indirect_free(inode);
}

static bool is_mapped(struct ext4_inode *inode, uint64_t offset)
{
	struct ext4 *fs = inode->fs;
	struct block_run run;
	bool mapped = false;

	ext4_lock(fs);
	for (uint64_t at = align_down(offset, PAGE_SIZE) >> fs->block_shift, end = at + blocks_of_page(fs); at < end && !mapped; at++)
		mapped = !ext4_map(inode, at, 1, &run) && run.physical && !run.is_unwritten;
	ext4_unlock(fs);
	return mapped;
}

/* Makes bytes of one page zeros, in memory and, when it is written, on the disk. */
static int clear_in_page(struct inode *generic, uint64_t offset, uint64_t len)
{
	uint64_t index = offset >> PAGE_SHIFT;
	bool mapped = is_mapped(ext4_of(generic), offset);
	struct page *page = page_cache_find(&generic->cache, index);
	int ret;

	if (!page && !mapped)
		return 0;
	if (!page) {
		ret = page_cache_get(&generic->cache, index, index + 1, &page);
		if (ret)
			return ret;
	}
	memset((char *)page_virt(page) + offset % PAGE_SIZE, 0, len);
	if (mapped)
		page_cache_mark_dirty(&generic->cache, page);
	page_put(page);
	return 0;
}

static int shorten(struct inode *generic, uint64_t size)
{
	struct ext4_inode *inode = ext4_of(generic);
	struct ext4 *fs = inode->fs;
	uint64_t old = generic->size;
	int ret;

	if (!(inode->flags & EXT4_USES_EXTENTS) && size)
		return -EOPNOTSUPP;
	__atomic_store_n(&generic->size, size, __ATOMIC_RELEASE);
	page_cache_truncate(&generic->cache, (size + PAGE_SIZE - 1) >> PAGE_SHIFT);
	if (size % PAGE_SIZE) {
		ret = clear_in_page(generic, size, min_u64(PAGE_SIZE - size % PAGE_SIZE, old - size));
		/* Blocks of that page are freed below: no write to them may still be under way. */
		if (!ret && fs->block_size < PAGE_SIZE)
			ret = page_cache_flush(&generic->cache, size >> PAGE_SHIFT, size >> PAGE_SHIFT);
		if (ret)
			return ret;
	}
	ext4_lock(fs);
	ret = ext4_begin_change(fs);
	if (!ret)
		ret = ext4_data_remove(inode, (size + fs->block_size - 1) >> fs->block_shift);
	ext4_inode_changed(inode);
	ext4_unlock(fs);
	return ret;
}

int ext4_set_attributes(struct inode *generic, const struct inode_attributes *attributes)
{
	struct ext4_inode *inode = ext4_of(generic);
	int ret = 0;

	if (inode->fs->fs.is_read_only || inode->is_deleted)
		return -EROFS;
	if ((attributes->valid & ATTRIBUTE_SIZE) && (generic->mode & S_IFMT) == S_IFREG) {
		if (attributes->size < generic->size)
			ret = shorten(generic, attributes->size);
		else
			__atomic_store_n(&generic->size, attributes->size, __ATOMIC_RELEASE);
	}
	if (ret)
		return ret;
	inode_apply_attributes(generic, attributes);
	ext4_inode_changed(inode);
	return 0;
}

/* ---- fallocate(2) ---- */

/* Holes in [from, to) become blocks that read as zeros. */
static int fill_holes(struct ext4_inode *inode, uint64_t from, uint64_t to)
{
	struct ext4 *fs = inode->fs;
	uint64_t goal = 0;
	int ret = 0;

	while (from < to && !ret) {
		struct block_run run;

		ret = ext4_map(inode, from, to - from, &run);
		if (!ret && !run.physical) {
			run.is_unwritten = true;
			ret = ext4_space_check(fs, 1);
			run.nr = min_u64(run.nr, EXT4_EXTENT_LEN_MAX - 1);
			if (!ret)
				ret = ext4_blocks_alloc(fs, goal, &run.nr, &run.physical);
			if (ret)
				break;
			inode->inode.blocks_512 += run.nr * (fs->block_size / 512);
			ret = ext4_extent_insert(inode, &run);
			if (ret) {
				inode->inode.blocks_512 -= run.nr * (fs->block_size / 512);
				(void)ext4_blocks_free(fs, run.physical, run.nr);
			}
			ext4_inode_changed(inode);
		}
		goal = run.physical + run.nr;
		from += run.nr;
		cpu_poll();
	}
	return ret;
}

static int reserve_range(struct ext4_inode *inode, uint64_t offset, uint64_t len)
{
	struct ext4 *fs = inode->fs;
	uint64_t to = (offset + len + fs->block_size - 1) >> fs->block_shift, missing;
	int ret;

	ext4_lock(fs);
	ret = walk_holes(inode, offset >> fs->block_shift, to, false, &missing);
	if (!ret && missing)
		ret = ext4_space_check(fs, missing);
	if (!ret)
		ret = fill_holes(inode, offset >> fs->block_shift, to);
	ext4_unlock(fs);
	return ret;
}

/* Whole pages lose their blocks; what is left of the first and last page is cleared. */
static int punch(struct inode *generic, uint64_t offset, uint64_t len)
{
	struct ext4_inode *inode = ext4_of(generic);
	struct ext4 *fs = inode->fs;
	uint64_t end = min_u64(offset + len, align_up(generic->size, PAGE_SIZE)), first = align_up(offset, PAGE_SIZE), last = align_down(end, PAGE_SIZE);
	int ret = 0;

	if (offset >= end)
		return 0;
	if (first > last) /* inside of one page */
		return clear_in_page(generic, offset, end - offset);
	if (offset < first)
		ret = clear_in_page(generic, offset, first - offset);
	if (!ret && last < end)
		ret = clear_in_page(generic, last, end - last);
	if (ret || first == last)
		return ret;
	page_cache_drop_range(&generic->cache, first >> PAGE_SHIFT, (last >> PAGE_SHIFT) - 1);
	ext4_lock(fs);
	ret = ext4_begin_change(fs);
	if (!ret) {
		ext4_reserve_remove(inode, first >> fs->block_shift, last >> fs->block_shift);
		ret = ext4_extents_remove(inode, first >> fs->block_shift, last >> fs->block_shift);
	}
	ext4_inode_changed(inode);
	ext4_unlock(fs);
	page_cache_drop_range(&generic->cache, first >> PAGE_SHIFT, (last >> PAGE_SHIFT) - 1); /* what a mapping read meanwhile */
	return ret;
}

int ext4_allocate(struct inode *generic, int mode, uint64_t offset, uint64_t len)
{
	struct ext4_inode *inode = ext4_of(generic);
	int kind = mode & ~FALLOC_FL_KEEP_SIZE, ret = 0;

	if (kind & ~(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE) || !(inode->flags & EXT4_USES_EXTENTS))
		return -EOPNOTSUPP;
	if (inode->fs->fs.is_read_only || inode->is_deleted)
		return -EROFS;
	if (offset + len > inode->fs->fs.max_file_size)
		return -EFBIG;
	if (kind)
		ret = punch(generic, offset, len);
	if (!ret && kind != FALLOC_FL_PUNCH_HOLE)
		ret = reserve_range(inode, offset, len);
	if (ret || (mode & FALLOC_FL_KEEP_SIZE) || offset + len <= generic->size)
		return ret;
	__atomic_store_n(&generic->size, offset + len, __ATOMIC_RELEASE);
	ext4_inode_changed(inode);
	return 0;
}

/* ---- fsync(2): the page cache has written the data already. ---- */

int ext4_sync_inode(struct inode *generic, bool data_only)
{
	struct ext4 *fs = ext4_fs(generic);

	return fs->fs.is_read_only ? 0 : ext4_sync_and_flush(fs);
}
