/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finding free blocks and inodes. Blocks: as many in a row as are wanted, from the goal on if that is free, else the first stretch
 * that is long enough in the goal's group and those after it, else the longest that was seen.
 */
#include "kernel/fs/ext4/ext4.h"

enum { GROUPS_LOOKED_AT = 16 /* before a shorter stretch is good enough */ };

static bool bit_of(const uint8_t *bitmap, unsigned bit)
{
	return bitmap[bit / 8] >> bit % 8 & 1;
}

/* The first clear bit in [from, end), or end. */
static unsigned next_clear(const uint8_t *bitmap, unsigned from, unsigned end)
{
	while (from < end) {
		if (from % 64 == 0 && end - from >= 64) {
			uint64_t word;

			memcpy(&word, bitmap + from / 8, sizeof(word));
			if (word == UINT64_MAX) {
				from += 64;
				continue;
			}
			return from + (unsigned)__builtin_ctzll(~word);
		}
		if (!bit_of(bitmap, from))
			return from;
		from++;
	}
	return end;
}

static unsigned next_set(const uint8_t *bitmap, unsigned from, unsigned end)
{
	while (from < end) {
		if (from % 64 == 0 && end - from >= 64) {
			uint64_t word;

			memcpy(&word, bitmap + from / 8, sizeof(word));
			if (!word) {
				from += 64;
				continue;
			}
			return from + (unsigned)__builtin_ctzll(word);
		}
		if (bit_of(bitmap, from))
			return from;
		from++;
	}
	return end;
}

struct stretch {
	unsigned group, first, nr;
};

/* Looks for `want` clear bits in a row from `from` on; keeps the longest in *best. */
static bool search_bitmap(const uint8_t *bitmap, unsigned group, unsigned from, unsigned end, uint64_t want, struct stretch *best)
{
	while (from < end) {
		unsigned first = next_clear(bitmap, from, end), stop;

		if (first == end)
			break;
		stop = next_set(bitmap, first, (unsigned)min_u64(end, first + want));
		if (stop - first > best->nr)
			*best = (struct stretch){.group = group, .first = first, .nr = stop - first};
		if (best->nr >= want)
			return true;
		from = stop + 1;
	}
	return false;
}

static int search_group(struct ext4 *fs, unsigned group, unsigned from, uint64_t want, struct stretch *best)
{
	struct ext4_group *desc;
	struct buffer *buffer;
	unsigned nr = ext4_group_nr_blocks(fs, group);
	int ret = ext4_group_get(fs, group, &desc, &buffer);

	if (ret || ext4_group_count(fs, desc, COUNT_FREE_BLOCKS) <= best->nr)
		return ret;
	ret = ext4_group_bitmap(fs, group, false, &buffer);
	if (!ret && !search_bitmap(buffer->data, group, from, nr, want, best) && from)
		search_bitmap(buffer->data, group, 0, nr, want, best);
	return ret;
}

/* The goal itself, if it is free. */
static int try_goal(struct ext4 *fs, unsigned group, unsigned at, uint64_t want, struct stretch *best)
{
	struct buffer *bitmap;
	int ret = ext4_group_bitmap(fs, group, false, &bitmap);
	unsigned end = ext4_group_nr_blocks(fs, group);

	if (ret || at >= end || bit_of(bitmap->data, at))
		return ret;
	*best = (struct stretch){.group = group, .first = at, .nr = next_set(bitmap->data, at, (unsigned)min_u64(end, at + want)) - at};
	return 0;
}

/* Is the stretch free of what the group itself needs? A damaged bitmap must not lead to the tables being overwritten. */
static int check_stretch(struct ext4 *fs, uint64_t first, uint64_t nr)
{
	unsigned group = (unsigned)((first - fs->super.first_data_block) / fs->super.blocks_per_group);
	struct ext4_group *desc;
	struct buffer *buffer;
	uint64_t table, len = (fs->super.inodes_per_group + fs->inodes_per_block - 1) / fs->inodes_per_block;
	int ret = ext4_group_get(fs, group, &desc, &buffer);

	if (ret)
		return ret;
	table = ext4_group_inode_table(fs, desc);
	if (!ext4_block_is_valid(fs, first, nr) || (first < table + len && first + nr > table))
		return ext4_corrupt(fs, COMPLAIN_BITMAP, group, "tables are marked as free");
	return 0;
}

static int take(struct ext4 *fs, const struct stretch *stretch)
{
	struct buffer *bitmap, *desc_buffer;
	struct ext4_group *desc;
	uint32_t free;
	int ret = ext4_group_bitmap(fs, stretch->group, false, &bitmap);

	if (!ret)
		ret = ext4_group_get(fs, stretch->group, &desc, &desc_buffer);
	if (ret)
		return ret;
	free = ext4_group_count(fs, desc, COUNT_FREE_BLOCKS);
	if (free < stretch->nr || fs->free_blocks < stretch->nr)
		return ext4_corrupt(fs, COMPLAIN_BITMAP, stretch->group, "a group has more free blocks than it counts");
	for (unsigned i = 0; i < stretch->nr; i++)
		bitmap->data[(stretch->first + i) / 8] |= (uint8_t)(1u << (stretch->first + i) % 8);
	ext4_group_set_count(fs, desc, COUNT_FREE_BLOCKS, free - stretch->nr);
	ext4_group_changed(fs, stretch->group, desc, desc_buffer);
	ext4_group_bitmap_changed(fs, stretch->group, false, bitmap);
	fs->free_blocks -= stretch->nr;
	return 0;
}

int ext4_blocks_alloc(struct ext4 *fs, uint64_t goal, uint64_t *nr, uint64_t *first)
{
	struct stretch best = {0};
	uint64_t base = fs->super.first_data_block;
	unsigned group, at;
	int ret = ext4_begin_change(fs);

	if (ret)
		return ret;
	if (goal < base || goal >= fs->nr_blocks)
		goal = fs->last_goal >= base && fs->last_goal < fs->nr_blocks ? fs->last_goal : base;
	group = (unsigned)((goal - base) / fs->super.blocks_per_group);
	at = (unsigned)((goal - base) % fs->super.blocks_per_group);
	ret = try_goal(fs, group, at, *nr, &best);
	for (unsigned i = 0; !ret && i < fs->nr_groups && best.nr < *nr && !(best.nr && (i >= GROUPS_LOOKED_AT || best.nr >= 2048)); i++) {
		ret = search_group(fs, (group + i) % fs->nr_groups, i ? 0 : at, *nr, &best);
		cpu_poll();
	}
	if (!ret && !best.nr)
		ret = -ENOSPC;
	if (ret)
		return ret;
	*first = ext4_group_first_block(fs, best.group) + best.first;
	ret = check_stretch(fs, *first, best.nr);
	if (!ret)
		ret = take(fs, &best);
	if (ret)
		return ret;
	*nr = best.nr;
	fs->last_goal = *first + best.nr;
	return 0;
}

static int free_in_group(struct ext4 *fs, unsigned group, unsigned at, unsigned nr)
{
	struct buffer *bitmap, *desc_buffer;
	struct ext4_group *desc;
	uint32_t freed = 0;
	int ret = ext4_group_bitmap(fs, group, false, &bitmap);

	if (!ret)
		ret = ext4_group_get(fs, group, &desc, &desc_buffer);
	if (ret)
		return ret;
	for (unsigned i = at; i < at + nr; i++) {
		freed += bit_of(bitmap->data, i);
		bitmap->data[i / 8] &= (uint8_t)~(1u << i % 8);
	}
	ext4_group_set_count(fs, desc, COUNT_FREE_BLOCKS, ext4_group_count(fs, desc, COUNT_FREE_BLOCKS) + freed);
	ext4_group_changed(fs, group, desc, desc_buffer);
	ext4_group_bitmap_changed(fs, group, false, bitmap);
	fs->free_blocks += freed;
	if (freed != nr)
		(void)ext4_corrupt(fs, COMPLAIN_BITMAP, group, "a block was free already"); /* e2fsck finds out which file is wrong */
	return 0;
}

int ext4_blocks_free(struct ext4 *fs, uint64_t first, uint64_t nr)
{
	uint64_t base = fs->super.first_data_block, each = fs->super.blocks_per_group;
	int ret = ext4_begin_change(fs);

	if (!ret && !ext4_block_is_valid(fs, first, nr))
		ret = ext4_corrupt(fs, COMPLAIN_MAP, first, "a block outside of the file system");
	while (!ret && nr) {
		unsigned group = (unsigned)((first - base) / each), at = (unsigned)((first - base) % each);
		unsigned part = (unsigned)min_u64(nr, each - at);

		for (unsigned i = 0; i < part && fs->nr_buffers; i++)
			ext4_buffer_forget(fs, first + i);
		ret = free_in_group(fs, group, at, part);
		first += part;
		nr -= part;
	}
	return ret;
}

/* ---- Inodes ---- */

/* Table entries that were never used may hold anything: those up to the new one become zeros. */
static int clear_unused(struct ext4 *fs, unsigned group, struct ext4_group *desc, unsigned index)
{
	unsigned used = fs->super.inodes_per_group - (unsigned)min_u64(ext4_group_count(fs, desc, COUNT_UNUSED_INODES), fs->super.inodes_per_group);
	uint64_t table = ext4_group_inode_table(fs, desc);

	if (!(fs->has_checksums || fs->has_group_checksums) || index < used)
		return 0;
	for (unsigned i = used; i <= index; i++) {
		struct buffer *buffer;
		int ret = ext4_buffer_read(fs, table + i / fs->inodes_per_block, BUFFER_PLAIN, 0, &buffer);

		if (ret)
			return ret;
		memset(buffer->data + (size_t)(i % fs->inodes_per_block) * fs->inode_size, 0, fs->inode_size);
		ext4_buffer_dirty(fs, buffer);
	}
	ext4_group_set_count(fs, desc, COUNT_UNUSED_INODES, fs->super.inodes_per_group - index - 1);
	return 0;
}

static int take_inode(struct ext4 *fs, unsigned group, unsigned index, bool is_directory, struct buffer *bitmap)
{
	struct ext4_group *desc;
	struct buffer *desc_buffer;
	int ret = ext4_group_get(fs, group, &desc, &desc_buffer);

	if (!ret)
		ret = clear_unused(fs, group, desc, index);
	if (ret)
		return ret;
	bitmap->data[index / 8] |= (uint8_t)(1u << index % 8);
	ext4_group_bitmap_changed(fs, group, true, bitmap);
	ext4_group_set_count(fs, desc, COUNT_FREE_INODES, ext4_group_count(fs, desc, COUNT_FREE_INODES) - 1);
	if (is_directory)
		ext4_group_set_count(fs, desc, COUNT_DIRECTORIES, ext4_group_count(fs, desc, COUNT_DIRECTORIES) + 1);
	ext4_group_changed(fs, group, desc, desc_buffer);
	fs->free_inodes -= fs->free_inodes != 0;
	return 0;
}

/* The first free inode of the group, or -ENOSPC. */
static int alloc_in_group(struct ext4 *fs, unsigned group, bool is_directory, uint32_t *number)
{
	unsigned from = group ? 0 : fs->super.rev_level ? fs->super.first_ino - 1 : 10, index;
	struct ext4_group *desc;
	struct buffer *buffer;
	int ret = ext4_group_get(fs, group, &desc, &buffer);

	if (ret)
		return ret;
	if (!ext4_group_count(fs, desc, COUNT_FREE_INODES))
		return -ENOSPC;
	ret = ext4_group_bitmap(fs, group, true, &buffer);
	if (ret)
		return ret;
	index = next_clear(buffer->data, from, fs->super.inodes_per_group);
	if (index == fs->super.inodes_per_group)
		return -ENOSPC;
	*number = group * fs->super.inodes_per_group + index + 1;
	return take_inode(fs, group, index, is_directory, buffer);
}

int ext4_inode_alloc(struct ext4 *fs, unsigned group, bool is_directory, uint32_t *number)
{
	int ret = ext4_begin_change(fs);

	if (ret)
		return ret;
	for (unsigned i = 0; i < fs->nr_groups; i++) {
		ret = alloc_in_group(fs, (group + i) % fs->nr_groups, is_directory, number);
		if (ret != -ENOSPC)
			return ret;
	}
	return -ENOSPC;
}

int ext4_inode_free(struct ext4 *fs, uint32_t number, bool is_directory)
{
	unsigned group = ext4_inode_group(fs, number), index = (number - 1) % fs->super.inodes_per_group;
	struct buffer *bitmap, *desc_buffer;
	struct ext4_group *desc;
	int ret = ext4_begin_change(fs);

	if (!ret)
		ret = ext4_group_bitmap(fs, group, true, &bitmap);
	if (!ret)
		ret = ext4_group_get(fs, group, &desc, &desc_buffer);
	if (ret)
		return ret;
	if (!bit_of(bitmap->data, index))
		return ext4_corrupt(fs, COMPLAIN_BITMAP, group, "an inode was free already");
	bitmap->data[index / 8] &= (uint8_t)~(1u << index % 8);
	ext4_group_bitmap_changed(fs, group, true, bitmap);
	ext4_group_set_count(fs, desc, COUNT_FREE_INODES, ext4_group_count(fs, desc, COUNT_FREE_INODES) + 1);
	if (is_directory && ext4_group_count(fs, desc, COUNT_DIRECTORIES))
		ext4_group_set_count(fs, desc, COUNT_DIRECTORIES, ext4_group_count(fs, desc, COUNT_DIRECTORIES) - 1);
	ext4_group_changed(fs, group, desc, desc_buffer);
	fs->free_inodes++;
	return 0;
}
