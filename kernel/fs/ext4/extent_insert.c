/* SPDX-License-Identifier: BSD-3-Clause */
/* Extent trees grow: new extents, longer ones, unwritten ones that become written. */
#include "kernel/fs/ext4/extent.h"

void extent_level_changed(struct ext4_inode *inode, struct extent_level *level)
{
	inode->last.nr = 0;
	if (level->buffer)
		ext4_buffer_dirty(inode->fs, level->buffer);
	else
		ext4_inode_changed(inode);
}

static int node_alloc(struct ext4_inode *inode, uint64_t near, struct buffer **made, uint64_t *block)
{
	uint64_t nr = 1;
	int ret = ext4_blocks_alloc(inode->fs, near, &nr, block);

	if (ret)
		return ret;
	ret = ext4_buffer_new(inode->fs, *block, BUFFER_EXTENTS, inode->seed, made);
	if (ret) {
		(void)ext4_blocks_free(inode->fs, *block, 1);
		return ret;
	}
	inode->inode.blocks_512 += inode->fs->block_size / 512;
	return 0;
}

static uint64_t home_of(const struct ext4_inode *inode)
{
	return ext4_group_first_block(inode->fs, ext4_inode_group(inode->fs, inode->inode.number));
}

/* The root's entries move to a block of their own; the tree is one level deeper. */
static int grow(struct ext4_inode *inode, struct extent_path *path)
{
	struct ext4_extent_header *root = path->levels[0].header, *header;
	struct ext4_extent_index *index = indexes_of(&path->levels[0]);
	uint32_t first = root->entries ? index->block : 0; /* `block` is the first field of both kinds of entries */
	struct buffer *buffer;
	uint64_t block;
	int ret;

	if (root->depth == EXT4_EXTENT_DEPTH_MAX)
		return -EFBIG;
	ret = node_alloc(inode, home_of(inode), &buffer, &block);
	if (ret)
		return ret;
	header = (struct ext4_extent_header *)buffer->data;
	memcpy(header, root, EXT4_BLOCK_AREA);
	header->max = (uint16_t)node_max(inode->fs);
	memset(index, 0, sizeof(*index) * ROOT_MAX);
	index->block = first;
	set_leaf(index, block);
	root->entries = 1;
	root->depth++;
	extent_level_changed(inode, &path->levels[0]);
	return 0;
}

/* Splits the full node at `depth`, whose parent has room. Appending leaves the old node full. */
static int split(struct ext4_inode *inode, struct extent_path *path, unsigned depth)
{
	struct extent_level *level = &path->levels[depth], *parent = level - 1;
	struct ext4_extent *entries = extents_of(level); /* entries of both kinds are 12 bytes with the logical block first */
	struct ext4_extent_index *indexes = indexes_of(parent);
	unsigned count = level->header->entries, keep = level->at == (int)count - 1 ? count - 1 : count / 2;
	struct ext4_extent_header *header;
	struct buffer *buffer;
	uint64_t block;
	int ret = node_alloc(inode, level->buffer->block, &buffer, &block);

	if (ret)
		return ret;
	header = (struct ext4_extent_header *)buffer->data;
	*header = (struct ext4_extent_header){.magic = EXT4_EXTENT_MAGIC, .max = (uint16_t)node_max(inode->fs), .depth = level->header->depth, .entries = (uint16_t)(count - keep)};
	memcpy(header + 1, entries + keep, (count - keep) * sizeof(*entries));
	memmove(indexes + parent->at + 2, indexes + parent->at + 1, (size_t)(parent->header->entries - parent->at - 1) * sizeof(*indexes));
	indexes[parent->at + 1] = (struct ext4_extent_index){.block = entries[keep].block};
	set_leaf(&indexes[parent->at + 1], block);
	parent->header->entries++;
	memset(entries + keep, 0, (count - keep) * sizeof(*entries));
	level->header->entries = (uint16_t)keep;
	extent_level_changed(inode, level);
	extent_level_changed(inode, parent);
	return 0;
}

static bool has_room(const struct extent_level *level, unsigned room)
{
	return level->header->entries + room <= level->header->max;
}

/* Finds the place of `logical` in a leaf that has room for so many more entries. */
static int find_with_room(struct ext4_inode *inode, uint64_t logical, unsigned room, struct extent_path *path)
{
	for (;;) {
		unsigned depth;
		int ret = extent_find(inode, logical, path);

		if (ret || has_room(&path->levels[path->depth], room))
			return ret;
		for (depth = path->depth; depth > 0 && !has_room(&path->levels[depth - 1], 1); depth--)
			;
		ret = depth ? split(inode, path, depth) : grow(inode, path);
		if (ret)
			return ret;
	}
}

void extent_fix_indexes(struct ext4_inode *inode, struct extent_path *path, unsigned depth)
{
	for (; depth > 0; depth--) {
		struct extent_level *parent = &path->levels[depth - 1];
		uint32_t first = extents_of(&path->levels[depth])->block;

		if (indexes_of(parent)[parent->at].block == first)
			return;
		indexes_of(parent)[parent->at].block = first;
		extent_level_changed(inode, parent);
		if (parent->at)
			return;
	}
}

static bool can_append(const struct ext4_extent *extent, const struct block_run *run)
{
	return is_unwritten(extent) == run->is_unwritten && extent->block + len_of(extent) == run->logical && start_of(extent) + len_of(extent) == run->physical &&
	       len_of(extent) + run->nr <= (uint64_t)EXT4_EXTENT_LEN_MAX - run->is_unwritten;
}

static bool can_prepend(const struct ext4_extent *extent, const struct block_run *run)
{
	return is_unwritten(extent) == run->is_unwritten && run->logical + run->nr == extent->block && run->physical + run->nr == start_of(extent) &&
	       len_of(extent) + run->nr <= (uint64_t)EXT4_EXTENT_LEN_MAX - run->is_unwritten;
}

/* Makes a neighbour in the leaf longer, if one fits. */
static bool merge(struct ext4_inode *inode, struct extent_path *path, const struct block_run *run)
{
	struct extent_level *leaf = &path->levels[path->depth];
	struct ext4_extent *extent = extents_of(leaf) + leaf->at;

	if (leaf->at >= 0 && can_append(extent, run)) {
		set_len(extent, len_of(extent) + run->nr, run->is_unwritten);
		extent_level_changed(inode, leaf);
		return true;
	}
	extent++;
	if (leaf->at + 1 < leaf->header->entries && can_prepend(extent, run)) {
		set_len(extent, len_of(extent) + run->nr, run->is_unwritten);
		extent->block = (uint32_t)run->logical;
		set_start(extent, run->physical);
		extent_level_changed(inode, leaf);
		if (leaf->at < 0)
			extent_fix_indexes(inode, path, path->depth);
		return true;
	}
	return false;
}

static void enter(struct ext4_inode *inode, struct extent_path *path, const struct block_run *run)
{
	struct extent_level *leaf = &path->levels[path->depth];
	struct ext4_extent *extent = extents_of(leaf) + leaf->at + 1;

	memmove(extent + 1, extent, (size_t)(leaf->header->entries - leaf->at - 1) * sizeof(*extent));
	extent->block = (uint32_t)run->logical;
	set_start(extent, run->physical);
	set_len(extent, run->nr, run->is_unwritten);
	leaf->header->entries++;
	extent_level_changed(inode, leaf);
	if (leaf->at < 0)
		extent_fix_indexes(inode, path, path->depth);
}

static int insert_part(struct ext4_inode *inode, const struct block_run *part)
{
	struct extent_path path;
	int ret = extent_find(inode, part->logical, &path);

	if (ret)
		return ret;
	if (merge(inode, &path, part))
		return 0;
	ret = find_with_room(inode, part->logical, 1, &path);
	if (!ret)
		enter(inode, &path, part);
	return ret;
}

int ext4_extent_insert(struct ext4_inode *inode, const struct block_run *run)
{
	uint64_t max = run->is_unwritten ? EXT4_EXTENT_LEN_MAX - 1 : EXT4_EXTENT_LEN_MAX;
	int ret = 0;

	for (uint64_t done = 0; done < run->nr && !ret;) {
		struct block_run part = {.logical = run->logical + done, .physical = run->physical + done, .nr = min_u64(max, run->nr - done), .is_unwritten = run->is_unwritten};

		ret = insert_part(inode, &part);
		done += part.nr;
	}
	return ret;
}

int ext4_extent_mark_written(struct ext4_inode *inode, const struct block_run *run)
{
	struct block_run written = {.logical = run->logical, .physical = run->physical, .nr = run->nr}, after = {.is_unwritten = true};
	struct ext4_extent *extent;
	struct extent_level *leaf;
	struct extent_path path;
	uint64_t first, end, start;
	int ret = find_with_room(inode, run->logical, 2, &path);

	if (ret)
		return ret;
	leaf = &path.levels[path.depth];
	extent = (struct ext4_extent *)(uintptr_t)extent_found(&path);
	if (!extent || !is_unwritten(extent) || run->logical + run->nr > (uint64_t)extent->block + len_of(extent))
		return ext4_corrupt(inode->fs, COMPLAIN_EXTENT, inode->inode.number, "an unwritten extent is missing");
	first = extent->block;
	end = first + len_of(extent);
	start = start_of(extent);
	after.logical = run->logical + run->nr;
	after.physical = start + (after.logical - first);
	after.nr = end - after.logical;
	if (run->logical > first)
		set_len(extent, run->logical - first, true);
	else if (after.nr == 0)
		set_len(extent, run->nr, false);
	else { /* what stays unwritten keeps the entry; the front becomes a new one or joins its neighbour */
		extent->block = (uint32_t)after.logical;
		set_start(extent, after.physical);
		set_len(extent, after.nr, true);
		after.nr = 0;
		if (!leaf->at)
			extent_fix_indexes(inode, &path, path.depth);
	}
	extent_level_changed(inode, leaf);
	if (run->logical == first && end == run->logical + run->nr)
		return 0;
	ret = insert_part(inode, &written);
	return ret || !after.nr ? ret : insert_part(inode, &after);
}
