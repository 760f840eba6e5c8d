/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Blocks and extent trees (ext4 disk layout, "Extent Tree"). Up to four extents stand in the inode; more go to leaf
 * blocks that an index in the inode names: two levels reach 1360 extents, 170 GiB where free space is in one piece.
 */
#include <errno.h>
#include <ext2fs/ext2fs.h>
#include <ext2fs/ext3_extents.h> /* wants the former first */
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/compose/ext4_writer.h"

enum {
	EXTENT_MAGIC = 0xf30a,
	EXTENT_BLOCKS_MAX = 32768, /* more would mean "not initialised" */
	EXTENTS_IN_INODE = 4,
	EXTENTS_IN_BLOCK = (EXT4_BLOCK - sizeof(struct ext3_extent_header)) / sizeof(struct ext3_extent),
};

void ext4_runs_release(struct ext4_runs *runs)
{
	free(runs->items);
	*runs = (struct ext4_runs){0};
}

static void add_run(struct ext4_runs *runs, uint64_t start, uint64_t count)
{
	struct ext4_run *last = runs->count > 0 ? &runs->items[runs->count - 1] : NULL;

	if (last && last->start + last->count == start)
		last->count += count;
	else
		*(struct ext4_run *)array_push(&runs->items, &runs->count, sizeof(*last)) =
			(struct ext4_run){start, count};
}

static int find_free_run(struct ext4_writer *w, struct dory_error *err)
{
	uint64_t last = ext2fs_blocks_count(w->fs->super) - 1;
	blk64_t start, end;
	errcode_t code = w->cursor > last
				 ? ENOENT
				 : ext2fs_find_first_zero_block_bitmap2(w->fs->block_map, w->cursor, last, &start);

	if (code == ENOENT)
		return error_set(err, DORY_ERROR_NO_SPACE, "the image has no block left");
	if (code)
		return ext4_fail(err, code, "looking for free blocks");
	code = ext2fs_find_first_set_block_bitmap2(w->fs->block_map, start, last, &end);
	if (code == ENOENT)
		end = last + 1;
	else if (code)
		return ext4_fail(err, code, "looking for free blocks");
	w->free_run = (struct ext4_run){start, end - start};
	w->cursor = end;
	return 0;
}

int ext4_allocate(struct ext4_writer *w, uint64_t count, struct ext4_runs *runs, struct dory_error *err)
{
	while (count > 0) {
		uint64_t n;

		if (w->free_run.count == 0 && find_free_run(w, err) < 0)
			return -1;
		n = min_u64(count, w->free_run.count);
		add_run(runs, w->free_run.start, n);
		ext2fs_block_alloc_stats_range(w->fs, w->free_run.start, (blk_t)n, +1);
		w->free_run.start += n;
		w->free_run.count -= n;
		count -= n;
	}
	return 0;
}

/* The runs cut into extents of at most EXTENT_BLOCKS_MAX. */
static size_t make_extents(const struct ext4_runs *runs, struct ext3_extent **extents)
{
	size_t count = 0;
	uint64_t logical = 0;

	*extents = NULL;
	for (size_t i = 0; i < runs->count; i++)
		for (uint64_t done = 0, n; done < runs->items[i].count; done += n) {
			struct ext3_extent *extent = array_push(extents, &count, sizeof(*extent));
			uint64_t start = runs->items[i].start + done;

			n = min_u64(runs->items[i].count - done, EXTENT_BLOCKS_MAX);
			extent->ee_block = ext2fs_cpu_to_le32((uint32_t)logical);
			extent->ee_len = ext2fs_cpu_to_le16((uint16_t)n);
			extent->ee_start = ext2fs_cpu_to_le32((uint32_t)start);
			extent->ee_start_hi = ext2fs_cpu_to_le16((uint16_t)(start >> 32));
			logical += n;
		}
	return count;
}

static void put_node(void *to, unsigned depth, const void *entries, size_t count, size_t max)
{
	struct ext3_extent_header header = {.eh_magic = ext2fs_cpu_to_le16(EXTENT_MAGIC),
		.eh_entries = ext2fs_cpu_to_le16((uint16_t)count),
		.eh_max = ext2fs_cpu_to_le16((uint16_t)max),
		.eh_depth = ext2fs_cpu_to_le16((uint16_t)depth)};

	memcpy(to, &header, sizeof(header));
	if (count > 0)
		memcpy((uint8_t *)to + sizeof(header), entries, count * sizeof(struct ext3_extent));
}

static int put_leaves(struct ext4_writer *w, struct ext2_inode *inode, const struct ext3_extent *extents, size_t count,
	struct dory_error *err)
{
	struct ext3_extent_idx index[EXTENTS_IN_INODE] = {0};
	size_t leaves = (count + EXTENTS_IN_BLOCK - 1) / EXTENTS_IN_BLOCK;

	if (leaves > EXTENTS_IN_INODE)
		return error_set(err, DORY_ERROR_NO_SPACE, "the image's free space is in too many pieces");
	for (size_t i = 0; i < leaves; i++) {
		const struct ext3_extent *first = extents + i * EXTENTS_IN_BLOCK;
		struct ext4_runs block = {0};
		uint8_t *bytes;

		if (ext4_allocate(w, 1, &block, err) < 0)
			return -1;
		index[i].ei_block = first->ee_block;
		index[i].ei_leaf = ext2fs_cpu_to_le32((uint32_t)block.items[0].start);
		index[i].ei_leaf_hi = ext2fs_cpu_to_le16((uint16_t)(block.items[0].start >> 32));
		bytes = overlay_block(w->overlay, block.items[0].start);
		ext4_runs_release(&block);
		if (!bytes)
			return error_set_errno(err, DORY_ERROR_IO, "reading the image");
		memset(bytes, 0, EXT4_BLOCK);
		put_node(bytes, 0, first, min_u64(count - i * EXTENTS_IN_BLOCK, EXTENTS_IN_BLOCK), EXTENTS_IN_BLOCK);
	}
	put_node(inode->i_block, 1, index, leaves, EXTENTS_IN_INODE);
	return (int)leaves;
}

int ext4_set_extents(
	struct ext4_writer *w, struct ext2_inode *inode, const struct ext4_runs *runs, struct dory_error *err)
{
	struct ext3_extent *extents;
	size_t count = make_extents(runs, &extents);
	uint64_t blocks = 0;
	int leaves = 0;

	inode->i_flags |= EXT4_EXTENTS_FL;
	if (count <= EXTENTS_IN_INODE)
		put_node(inode->i_block, 0, extents, count, EXTENTS_IN_INODE);
	else
		leaves = put_leaves(w, inode, extents, count, err);
	free(extents);
	if (leaves < 0)
		return -1;
	for (size_t i = 0; i < runs->count; i++)
		blocks += runs->items[i].count;
	ext2fs_iblk_set(w->fs, inode, blocks + (unsigned)leaves);
	return 0;
}

/* One node's extents; index entries go to *leaves. False if it is not what this writer makes. */
static bool collect_node(
	const struct ext4_writer *w, const uint8_t *node, size_t max, unsigned depth, struct ext4_runs *runs)
{
	struct ext3_extent_header header;
	struct ext3_extent extent;
	struct ext3_extent_idx index;

	memcpy(&header, node, sizeof(header));
	if (ext2fs_le16_to_cpu(header.eh_magic) != EXTENT_MAGIC || ext2fs_le16_to_cpu(header.eh_entries) > max ||
		ext2fs_le16_to_cpu(header.eh_depth) != depth)
		return false;
	for (unsigned i = 0; i < ext2fs_le16_to_cpu(header.eh_entries); i++) {
		const uint8_t *entry = node + sizeof(header) + i * sizeof(extent);
		uint64_t start, count = 1;

		memcpy(&extent, entry, sizeof(extent));
		memcpy(&index, entry, sizeof(index));
		if (depth == 0) {
			start = ext2fs_le32_to_cpu(extent.ee_start) | (uint64_t)ext2fs_le16_to_cpu(extent.ee_start_hi)
									      << 32;
			count = ext2fs_le16_to_cpu(extent.ee_len);
		} else {
			start = ext2fs_le32_to_cpu(index.ei_leaf) | (uint64_t)ext2fs_le16_to_cpu(index.ei_leaf_hi)
									    << 32;
		}
		if (count > EXTENT_BLOCKS_MAX || start == 0 || start + count > ext2fs_blocks_count(w->fs->super))
			return false;
		*(struct ext4_run *)array_push(&runs->items, &runs->count, sizeof(*runs->items)) =
			(struct ext4_run){start, count};
	}
	return true;
}

int ext4_collect_blocks(
	struct ext4_writer *w, const struct ext2_inode *inode, struct ext4_runs *runs, struct dory_error *err)
{
	const uint8_t *root = (const uint8_t *)inode->i_block, *leaf;
	struct ext3_extent_header header;
	struct ext4_runs leaves = {0};
	bool is_good = true;

	if (!(inode->i_flags & EXT4_EXTENTS_FL))
		return 0; /* a short symlink */
	memcpy(&header, root, sizeof(header));
	if (header.eh_depth == 0) {
		is_good = collect_node(w, root, EXTENTS_IN_INODE, 0, runs);
	} else {
		is_good = collect_node(w, root, EXTENTS_IN_INODE, 1, &leaves);
		for (size_t i = 0; i < leaves.count && is_good; i++) {
			leaf = overlay_block(w->overlay, leaves.items[i].start);
			is_good = leaf && collect_node(w, leaf, EXTENTS_IN_BLOCK, 0, runs);
			add_run(runs, leaves.items[i].start, 1);
		}
		ext4_runs_release(&leaves);
	}
	return is_good ? 0 : error_set(err, DORY_ERROR_FORMAT, "an extent tree of the image is damaged");
}
