/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Extent trees: which blocks of the disk hold a file. The root is in the inode; leaves and inner nodes are blocks. Every node that is
 * read is checked against its own header and the file system's bounds. Changes are made of whole steps (split one node, enter
 * one extent), after each of which the tree is right, and which look the place up anew.
 */
#include "kernel/fs/ext4/extent.h"

void ext4_extents_init(struct ext4_inode *inode)
{
	struct ext4_extent_header *header = (struct ext4_extent_header *)inode->block;

	memset(inode->block, 0, EXT4_BLOCK_AREA);
	*header = (struct ext4_extent_header){.magic = EXT4_EXTENT_MAGIC, .max = ROOT_MAX};
	inode->flags |= EXT4_USES_EXTENTS;
}

/* ---- Looking up ---- */

static const char *check_leaf(const struct ext4 *fs, const struct ext4_extent_header *header)
{
	const struct ext4_extent *extents = (const struct ext4_extent *)(header + 1);
	uint64_t next = 0;

	for (unsigned i = 0; i < header->entries; i++) {
		if (!len_of(&extents[i]) || extents[i].block < next)
			return "extents are not in order";
		if (!ext4_block_is_valid(fs, start_of(&extents[i]), len_of(&extents[i])))
			return "an extent outside of the file system";
		next = (uint64_t)extents[i].block + len_of(&extents[i]);
		if (next > 1ull << 32)
			return "an extent beyond the largest file";
	}
	return NULL;
}

static const char *check_inner(const struct ext4 *fs, const struct ext4_extent_header *header)
{
	const struct ext4_extent_index *indexes = (const struct ext4_extent_index *)(header + 1);

	if (!header->entries)
		return "an empty node in an extent tree";
	for (unsigned i = 0; i < header->entries; i++) {
		if (i && indexes[i].block <= indexes[i - 1].block)
			return "an extent tree is not in order";
		if (!ext4_block_is_valid(fs, leaf_of(&indexes[i]), 1))
			return "an extent tree leads outside of the file system";
	}
	return NULL;
}

static int check_node(struct ext4_inode *inode, const struct ext4_extent_header *header, unsigned max, unsigned depth)
{
	const char *wrong = NULL;

	if (header->magic != EXT4_EXTENT_MAGIC || header->max > max || header->entries > header->max || header->depth != depth)
		wrong = "wrong header in an extent tree";
	if (!wrong)
		wrong = depth ? check_inner(inode->fs, header) : check_leaf(inode->fs, header);
	return wrong ? ext4_corrupt(inode->fs, COMPLAIN_EXTENT, inode->inode.number, wrong) : 0;
}

static int search_index(const struct extent_level *level, uint64_t logical)
{
	int low = 0, high = level->header->entries - 1;

	while (low < high) {
		int middle = (low + high + 1) / 2;

		if (indexes_of(level)[middle].block <= logical)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

static int search_leaf(const struct extent_level *level, uint64_t logical)
{
	int low = -1, high = level->header->entries - 1;

	while (low < high) {
		int middle = (low + high + 1) / 2;

		if (extents_of(level)[middle].block <= logical)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

int extent_find(struct ext4_inode *inode, uint64_t logical, struct extent_path *path)
{
	struct ext4 *fs = inode->fs;
	struct extent_level *level = &path->levels[0];
	unsigned depth;
	int ret;

	*level = (struct extent_level){.header = (struct ext4_extent_header *)inode->block};
	path->end = 1ull << 32;
	path->depth = depth = level->header->depth;
	if (depth > EXT4_EXTENT_DEPTH_MAX)
		return ext4_corrupt(fs, COMPLAIN_EXTENT, inode->inode.number, "an extent tree is too deep");
	ret = check_node(inode, level->header, ROOT_MAX, depth);
	while (!ret && depth--) {
		level->at = search_index(level, logical);
		if (level->at + 1 < level->header->entries)
			path->end = min_u64(path->end, indexes_of(level)[level->at + 1].block);
		ret = ext4_buffer_read(fs, leaf_of(&indexes_of(level)[level->at]), BUFFER_EXTENTS, inode->seed, &level[1].buffer);
		if (ret)
			return ret;
		level++;
		level->header = (struct ext4_extent_header *)level->buffer->data;
		ret = check_node(inode, level->header, node_max(fs), depth);
	}
	if (!ret)
		level->at = search_leaf(level, logical);
	return ret;
}

const struct ext4_extent *extent_found(const struct extent_path *path)
{
	const struct extent_level *leaf = &path->levels[path->depth];

	return leaf->at < 0 ? NULL : &extents_of(leaf)[leaf->at];
}

uint64_t extent_hole_end(const struct extent_path *path)
{
	const struct extent_level *leaf = &path->levels[path->depth];

	return leaf->at + 1 < leaf->header->entries ? extents_of(leaf)[leaf->at + 1].block : path->end;
}

static int map_extents(struct ext4_inode *inode, uint64_t logical, uint64_t max, struct block_run *run)
{
	const struct ext4_extent *extent;
	struct extent_path path;
	uint64_t skip;
	int ret;

	if (logical >= 1ull << 32) {
		*run = (struct block_run){.logical = logical, .nr = max};
		return 0;
	}
	ret = extent_find(inode, logical, &path);
	if (ret)
		return ret;
	extent = extent_found(&path);
	skip = extent ? logical - extent->block : 0;
	if (!extent || skip >= len_of(extent)) {
		*run = (struct block_run){.logical = logical, .nr = min_u64(max, extent_hole_end(&path) - logical)};
		return 0;
	}
	inode->last = (struct block_run){.logical = extent->block, .physical = start_of(extent), .nr = len_of(extent), .is_unwritten = is_unwritten(extent)};
	*run = (struct block_run){.logical = logical, .physical = start_of(extent) + skip, .nr = min_u64(max, len_of(extent) - skip), .is_unwritten = is_unwritten(extent)};
	return 0;
}

int ext4_map(struct ext4_inode *inode, uint64_t logical, uint64_t max, struct block_run *run)
{
	const struct block_run *last = &inode->last;

	if (!(inode->flags & EXT4_USES_EXTENTS))
		return ext4_indirect_map(inode, logical, max, run);
	if (last->nr && logical >= last->logical && logical - last->logical < last->nr) {
		uint64_t skip = logical - last->logical;

		*run = (struct block_run){.logical = logical, .physical = last->physical + skip, .nr = min_u64(max, last->nr - skip), .is_unwritten = last->is_unwritten};
		return 0;
	}
	return map_extents(inode, logical, max, run);
}
