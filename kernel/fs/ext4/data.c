/* SPDX-License-Identifier: BSD-3-Clause */
/* File data between the page cache and the disk: each stretch of blocks that follow each other is one request. */
#include "kernel/fs/ext4/ext4.h"

enum { SEGMENTS_MAX = 64, TRIES = 100 };

/* Pages that follow each other, and the logical block of the first one's start. */
struct window {
	struct ext4_inode *inode;
	struct page **pages;
	uint64_t first, end; /* logical blocks */
};

static struct window window_of(struct page_cache *cache, struct page **pages, size_t nr)
{
	struct ext4_inode *inode = container_of(cache, struct ext4_inode, inode.cache);
	unsigned shift = PAGE_SHIFT - inode->fs->block_shift;

	return (struct window){.inode = inode, .pages = pages, .first = pages[0]->index << shift, .end = (pages[0]->index + nr) << shift};
}

static char *block_memory(const struct window *window, uint64_t logical)
{
	uint64_t offset = (logical - window->first) << window->inode->fs->block_shift;

	return (char *)page_virt(window->pages[offset >> PAGE_SHIFT]) + offset % PAGE_SIZE;
}

/* Up to the end of its page, or of the run. */
static uint32_t piece_len(const struct window *window, uint64_t logical, uint64_t end)
{
	uint64_t offset = (logical - window->first) << window->inode->fs->block_shift;

	return (uint32_t)min_u64(PAGE_SIZE - offset % PAGE_SIZE, (end - logical) << window->inode->fs->block_shift);
}

static void clear(const struct window *window, uint64_t logical, uint64_t nr)
{
	for (uint64_t at = logical, end = logical + nr; at < end;) {
		uint32_t len = piece_len(window, at, end);

		memset(block_memory(window, at), 0, len);
		at += len >> window->inode->fs->block_shift;
	}
}

/* Without the lock. */
static int transfer(const struct window *window, enum block_operation operation, const struct block_run *run)
{
	struct ext4 *fs = window->inode->fs;
	struct block_segment segments[SEGMENTS_MAX];
	uint64_t at = run->logical, end = run->logical + run->nr, start = run->physical;
	int ret = 0;

	while (at < end && !ret) {
		uint64_t begin = at;
		size_t count = 0;

		while (at < end && count < SEGMENTS_MAX) {
			uint32_t len = piece_len(window, at, end);

			segments[count++] = (struct block_segment){.data = block_memory(window, at), .len = len};
			at += len >> fs->block_shift;
		}
		ret = block_transfer(fs->device, operation, start << fs->block_shift, segments, count);
		start += at - begin;
	}
	return ret;
}

/* What lies behind the end of the file is zeros, whatever the disk holds there: it may be another file's by now, if the file was just made shorter. */
static void clear_behind_end(const struct window *window)
{
	uint64_t size = __atomic_load_n(&window->inode->inode.size, __ATOMIC_ACQUIRE);
	unsigned shift = window->inode->fs->block_shift;
	uint64_t start = window->first << shift, end = window->end << shift;

	for (uint64_t at = max_u64(size, start); at < end; at = align_down(at, PAGE_SIZE) + PAGE_SIZE)
		memset((char *)page_virt(window->pages[(at - start) >> PAGE_SHIFT]) + at % PAGE_SIZE, 0, PAGE_SIZE - at % PAGE_SIZE);
}

static int ext4_read_pages(struct page_cache *cache, struct page **pages, size_t nr)
{
	struct window window = window_of(cache, pages, nr);
	struct ext4 *fs = window.inode->fs;
	int ret = 0;

	for (uint64_t at = window.first; at < window.end && !ret;) {
		struct block_run run;

		ext4_lock(fs);
		ret = ext4_map(window.inode, at, window.end - at, &run);
		ext4_unlock(fs);
		if (ret)
			break;
		if (!run.physical || run.is_unwritten)
			clear(&window, at, run.nr);
		else
			ret = transfer(&window, BLOCK_READ, &run);
		at += run.nr;
	}
	if (!ret)
		clear_behind_end(&window);
	return ret;
}

/* ---- Writing ---- */

static uint64_t goal_for(struct ext4_inode *inode, uint64_t logical)
{
	struct block_run before;

	if (logical && !ext4_map(inode, logical - 1, 1, &before) && before.physical)
		return before.physical + 1;
	return ext4_group_first_block(inode->fs, ext4_inode_group(inode->fs, inode->inode.number));
}

/* Gives a hole blocks: as many of run->nr as there are in a row. */
static int fill_hole(struct ext4_inode *inode, struct block_run *run)
{
	struct ext4 *fs = inode->fs;
	int ret = ext4_blocks_alloc(fs, goal_for(inode, run->logical), &run->nr, &run->physical);

	if (ret)
		return ret;
	ret = ext4_extent_insert(inode, run); /* one window is never more than one extent: all of it or nothing */
	if (ret) {
		(void)ext4_blocks_free(fs, run->physical, run->nr);
		return ret;
	}
	inode->inode.blocks_512 += run->nr * (fs->block_size / 512);
	ext4_inode_changed(inode);
	return 0;
}

/* The stretch from `at` on, with blocks that are ready to be written. */
static int ready_run(struct ext4_inode *inode, uint64_t at, uint64_t max, struct block_run *run)
{
	int ret = ext4_map(inode, at, max, run);

	if (ret)
		return ret;
	if (!run->physical)
		return inode->flags & EXT4_USES_EXTENTS ? fill_hole(inode, run) : -EOPNOTSUPP;
	if (!run->is_unwritten)
		return 0;
	ret = ext4_begin_change(inode->fs);
	return ret ? ret : ext4_extent_mark_written(inode, run);
}

/* One stretch; *end is where the file ends by now. */
static int write_run(struct window *window, uint64_t at, uint64_t *nr)
{
	struct ext4_inode *inode = window->inode;
	struct ext4 *fs = inode->fs;
	struct block_run run = {.nr = 0};
	uint64_t size, end;
	int ret;

	ext4_lock(fs);
	size = __atomic_load_n(&inode->inode.size, __ATOMIC_ACQUIRE);
	end = min_u64(window->end, (size + fs->block_size - 1) >> fs->block_shift);
	ret = inode->is_deleted ? 0 : ext4_begin_change(fs);
	if (!ret && at < end && !inode->is_deleted)
		ret = ready_run(inode, at, end - at, &run);
	ext4_unlock(fs);
	if (!ret && run.nr)
		ret = transfer(window, BLOCK_WRITE, &run);
	*nr = run.nr;
	return ret;
}

static void pause_ms(unsigned ms)
{
	struct wait_queue nobody;
	struct waiter waiter;

	wait_queue_init(&nobody);
	wait_begin(&waiter, &nobody);
	(void)wait_sleep(clock_monotonic_ns() + ms * 1000000ull, WAIT_UNINTERRUPTIBLE);
	wait_end(&waiter);
}

static int ext4_write_pages(struct page_cache *cache, struct page **pages, size_t nr)
{
	struct window window = window_of(cache, pages, nr);
	struct ext4 *fs = window.inode->fs;
	uint64_t written;
	int ret = 0;

	for (uint64_t at = window.first; at < window.end && !ret; at += written) {
		ret = write_run(&window, at, &written);
		for (unsigned tries = 0; ret == -ENOMEM && tries < TRIES; tries++) { /* writing is what gives memory back */
			pause_ms(10);
			ret = write_run(&window, at, &written);
		}
		if (!written)
			break;
	}
	ext4_lock(fs);
	ext4_reserve_remove(window.inode, window.first, window.end);
	if (ret)
		(void)ext4_corrupt(fs, ret == -ENOSPC ? COMPLAIN_SPACE : COMPLAIN_IO, window.inode->inode.number, "data of a file cannot be written");
	ext4_unlock(fs);
	return ret;
}

const struct page_cache_ops ext4_cache_ops = {.read_pages = ext4_read_pages, .write_pages = ext4_write_pages};
