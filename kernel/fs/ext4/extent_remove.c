/* SPDX-License-Identifier: BSD-3-Clause */
/* Extent trees shrink: stretches are cut out, empty nodes go, small trees return into the inode. */
#include "kernel/fs/ext4/extent.h"

static int node_free(struct ext4_inode *inode, uint64_t block)
{
	inode->inode.blocks_512 -= min_u64(inode->inode.blocks_512, inode->fs->block_size / 512);
	return ext4_blocks_free(inode->fs, block, 1);
}

/* Takes an entry out of a node; an empty node goes too, and its index above. */
static int remove_entry(struct ext4_inode *inode, struct extent_path *path, unsigned depth, unsigned at)
{
	struct extent_level *level = &path->levels[depth];
	struct ext4_extent *entries = extents_of(level);
	int ret;

	for (;;) {
		memmove(entries + at, entries + at + 1, (level->header->entries - at - 1) * sizeof(*entries));
		level->header->entries--;
		memset(entries + level->header->entries, 0, sizeof(*entries));
		extent_level_changed(inode, level);
		if (level->header->entries) {
			if (!at)
				extent_fix_indexes(inode, path, depth);
			return 0;
		}
		if (!depth) {
			level->header->depth = 0;
			level->header->max = ROOT_MAX;
			return 0;
		}
		ret = node_free(inode, level->buffer->block);
		if (ret)
			return ret;
		level = &path->levels[--depth];
		entries = extents_of(level);
		at = (unsigned)level->at;
	}
}

/* A tree whose only leaf fits into the inode becomes one without blocks. */
static int shrink(struct ext4_inode *inode)
{
	struct ext4_extent_header *root = (struct ext4_extent_header *)inode->block, *header;
	struct extent_path path;
	uint64_t block;
	int ret;

	while (root->depth && root->entries == 1) {
		ret = extent_find(inode, 0, &path);
		if (ret)
			return ret;
		header = path.levels[1].header;
		block = path.levels[1].buffer->block;
		if (header->entries > ROOT_MAX)
			return 0;
		memcpy(root + 1, header + 1, header->entries * sizeof(struct ext4_extent));
		root->entries = header->entries;
		root->depth = header->depth;
		extent_level_changed(inode, &path.levels[0]);
		ret = node_free(inode, block);
		if (ret)
			return ret;
	}
	return 0;
}

static int free_blocks(struct ext4_inode *inode, uint64_t first, uint64_t nr)
{
	uint64_t sectors = nr * (inode->fs->block_size / 512);

	inode->inode.blocks_512 -= min_u64(inode->inode.blocks_512, sectors);
	return ext4_blocks_free(inode->fs, first, nr);
}

/* Cuts [from, to) out of the middle of the extent that was found. */
static int cut_middle(struct ext4_inode *inode, struct extent_path *path, uint64_t from, uint64_t to)
{
	struct ext4_extent *extent = extents_of(&path->levels[path->depth]) + path->levels[path->depth].at;
	uint64_t start = start_of(extent), first = extent->block, end = first + len_of(extent);
	bool unwritten = is_unwritten(extent);
	struct block_run rest = {.logical = to, .physical = start + (to - first), .nr = end - to, .is_unwritten = unwritten};
	int ret;

	set_len(extent, from - first, unwritten);
	extent_level_changed(inode, &path->levels[path->depth]);
	ret = ext4_extent_insert(inode, &rest);
	if (ret) { /* as it was: the caller sees the error */
		if (!extent_find(inode, first, path)) {
			extent = extents_of(&path->levels[path->depth]) + path->levels[path->depth].at;
			set_len(extent, end - first, unwritten);
			extent_level_changed(inode, &path->levels[path->depth]);
		}
		return ret;
	}
	return free_blocks(inode, start + (from - first), to - from);
}

/* Cuts what lies in [from, to) off the extent that was found; the last step of removing it. */
static int cut(struct ext4_inode *inode, struct extent_path *path, uint64_t from, uint64_t to)
{
	struct extent_level *leaf = &path->levels[path->depth];
	struct ext4_extent *extent = extents_of(leaf) + leaf->at;
	uint64_t first = extent->block, end = first + len_of(extent), start = start_of(extent);
	bool unwritten = is_unwritten(extent);
	int ret;

	from = max_u64(from, first);
	to = min_u64(to, end);
	if (from > first && to < end)
		return cut_middle(inode, path, from, to);
	if (from > first) {
		set_len(extent, from - first, unwritten);
		extent_level_changed(inode, leaf);
	} else if (to < end) {
		extent->block = (uint32_t)to;
		set_start(extent, start + (to - first));
		set_len(extent, end - to, unwritten);
		extent_level_changed(inode, leaf);
		if (!leaf->at)
			extent_fix_indexes(inode, path, path->depth);
	} else {
		ret = remove_entry(inode, path, path->depth, (unsigned)leaf->at);
		if (ret)
			return ret;
	}
	return free_blocks(inode, start + (from - first), to - from);
}

int ext4_extents_remove(struct ext4_inode *inode, uint64_t from, uint64_t to)
{
	struct extent_path path;
	int ret;

	inode->last.nr = 0;
	to = min_u64(to, 1ull << 32);
	while (from < to) {
		const struct ext4_extent *extent;

		ret = extent_find(inode, from, &path);
		if (ret)
			return ret;
		extent = extent_found(&path);
		if (!extent || extent->block + len_of(extent) <= from) {
			from = extent_hole_end(&path);
			continue;
		}
		ret = cut(inode, &path, from, to);
		if (ret)
			return ret;
		ext4_buffers_trim(inode->fs);
		cpu_poll();
	}
	return shrink(inode);
}
