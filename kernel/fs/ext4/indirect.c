/* SPDX-License-Identifier: BSD-3-Clause */
/* Block maps of ext2 and ext3: twelve blocks, then tables of tables, up to three deep. They are read and freed, not extended. */
#include "kernel/fs/ext4/ext4.h"

enum { DIRECT = 12, LEVELS = 3 };

/* How many blocks a table of that level leads to. */
static uint64_t span(const struct ext4 *fs, unsigned level)
{
	return 1ull << (level * (fs->block_shift - 2));
}

static uint32_t slot_of(const struct ext4_inode *inode, unsigned i)
{
	uint32_t block;

	memcpy(&block, inode->block + 4 * i, sizeof(block));
	return block;
}

/* Consecutive blocks in an array of numbers, from `at`. */
static void run_in(const uint32_t *numbers, uint64_t at, uint64_t count, uint64_t max, struct block_run *run)
{
	uint64_t nr = 1;

	run->physical = numbers[at];
	while (nr < max && at + nr < count && numbers[at + nr] == (run->physical ? run->physical + nr : 0))
		nr++;
	run->nr = nr;
}

static int walk(struct ext4_inode *inode, uint32_t table, unsigned level, uint64_t index, uint64_t max, struct block_run *run)
{
	struct ext4 *fs = inode->fs;

	for (;; level--) {
		struct buffer *buffer;
		const uint32_t *numbers;
		int ret;

		if (!table) {
			run->nr = min_u64(max, span(fs, level) - index);
			return 0;
		}
		if (!ext4_block_is_valid(fs, table, 1))
			return ext4_corrupt(fs, COMPLAIN_MAP, inode->inode.number, "a block map leads outside of the file system");
		ret = ext4_buffer_read(fs, table, BUFFER_PLAIN, 0, &buffer);
		if (ret)
			return ret;
		numbers = (const uint32_t *)buffer->data;
		if (level == 1) {
			run_in(numbers, index, span(fs, 1), max, run);
			return 0;
		}
		table = numbers[index / span(fs, level - 1)];
		index %= span(fs, level - 1);
	}
}

int ext4_indirect_map(struct ext4_inode *inode, uint64_t logical, uint64_t max, struct block_run *run)
{
	struct ext4 *fs = inode->fs;
	uint64_t index = logical;
	int ret = 0;

	*run = (struct block_run){.logical = logical, .nr = max};
	if (logical < DIRECT) {
		uint32_t numbers[DIRECT];

		memcpy(numbers, inode->block, sizeof(numbers));
		run_in(numbers, logical, DIRECT, max, run);
	} else {
		index -= DIRECT;
		for (unsigned level = 1; level <= LEVELS; index -= span(fs, level++))
			if (index < span(fs, level)) {
				ret = walk(inode, slot_of(inode, DIRECT + level - 1), level, index, max, run);
				break;
			}
	}
	if (!ret && run->physical && !ext4_block_is_valid(fs, run->physical, run->nr))
		return ext4_corrupt(fs, COMPLAIN_MAP, inode->inode.number, "a block map leads outside of the file system");
	return ret;
}

/* Frees a table and all below it; the depth is at most LEVELS. */
static int free_table(struct ext4_inode *inode, uint32_t table, unsigned level)
{
	struct ext4 *fs = inode->fs;
	struct buffer *buffer;
	uint32_t *numbers;
	int ret;

	if (!table)
		return 0;
	if (!ext4_block_is_valid(fs, table, 1))
		return ext4_corrupt(fs, COMPLAIN_MAP, inode->inode.number, "a block map leads outside of the file system");
	if (level) {
		numbers = heap_alloc(fs->block_size); /* a copy: buffers may go while tables below are read */
		if (!numbers)
			return -ENOMEM;
		ret = ext4_buffer_read(fs, table, BUFFER_PLAIN, 0, &buffer);
		if (!ret)
			memcpy(numbers, buffer->data, fs->block_size);
		for (uint64_t i = 0; i < span(fs, 1) && !ret; i++)
			ret = free_table(inode, numbers[i], level - 1);
		heap_free(numbers);
		if (ret)
			return ret;
	}
	return ext4_blocks_free(fs, table, 1);
}

int ext4_indirect_free(struct ext4_inode *inode)
{
	int ret = 0;

	for (unsigned i = 0; i < DIRECT && !ret; i++)
		ret = free_table(inode, slot_of(inode, i), 0);
	for (unsigned level = 1; level <= LEVELS && !ret; level++)
		ret = free_table(inode, slot_of(inode, DIRECT + level - 1), level);
	if (!ret) {
		memset(inode->block, 0, EXT4_BLOCK_AREA);
		inode->inode.blocks_512 = 0;
	}
	return ret;
}
