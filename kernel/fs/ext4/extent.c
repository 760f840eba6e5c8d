/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Extent trees: which blocks of the disk hold a file. The root is in the inode; leaves and inner nodes are blocks. Every node that is
 * read is checked against its own header and the file system's bounds. Changes are made of whole steps (split one node, enter
 * one extent), after each of which the tree is right, and which look the place up anew.
 */
#include "kernel/fs/ext4/ext4.h"

struct level {
	struct buffer *buffer; /* NULL: the root */
	struct ext4_extent_header *header;
	int at; /* entry that was followed; in a leaf: the last that starts at or before the place, -1: none */
};

struct path {
	unsigned depth; /* levels[depth] is the leaf */
	struct level levels[EXT4_EXTENT_DEPTH_MAX + 1];
	uint64_t end; /* first logical block of the next leaf */
};

enum { ROOT_MAX = (EXT4_BLOCK_AREA - sizeof(struct ext4_extent_header)) / sizeof(struct ext4_extent) };

static struct ext4_extent *extents_of(const struct level *level)
{
	return (struct ext4_extent *)(level->header + 1);
}

static struct ext4_extent_index *indexes_of(const struct level *level)
{
	return (struct ext4_extent_index *)(level->header + 1);
}

static uint64_t start_of(const struct ext4_extent *extent)
{
	return extent->start_lo | (uint64_t)extent->start_hi << 32;
}

static void set_start(struct ext4_extent *extent, uint64_t start)
{
	extent->start_lo = (uint32_t)start;
	extent->start_hi = (uint16_t)(start >> 32);
}

static bool is_unwritten(const struct ext4_extent *extent)
{
	return extent->len > EXT4_EXTENT_LEN_MAX;
}

static uint32_t len_of(const struct ext4_extent *extent)
{
	return is_unwritten(extent) ? extent->len - EXT4_EXTENT_LEN_MAX : extent->len;
}

static void set_len(struct ext4_extent *extent, uint64_t len, bool unwritten)
{
	extent->len = (uint16_t)(unwritten ? len + EXT4_EXTENT_LEN_MAX : len);
}

static uint64_t leaf_of(const struct ext4_extent_index *index)
{
	return index->leaf_lo | (uint64_t)index->leaf_hi << 32;
}

static void set_leaf(struct ext4_extent_index *index, uint64_t leaf)
{
	index->leaf_lo = (uint32_t)leaf;
	index->leaf_hi = (uint16_t)(leaf >> 32);
}

static unsigned node_max(const struct ext4 *fs)
{
	return (fs->block_size - sizeof(struct ext4_extent_header)) / sizeof(struct ext4_extent);
}

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

static int search_index(const struct level *level, uint64_t logical)
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

static int search_leaf(const struct level *level, uint64_t logical)
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

static int find(struct ext4_inode *inode, uint64_t logical, struct path *path)
{
	struct ext4 *fs = inode->fs;
	struct level *level = &path->levels[0];
	unsigned depth;
	int ret;

	*level = (struct level){.header = (struct ext4_extent_header *)inode->block};
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

static const struct ext4_extent *found_extent(const struct path *path)
{
	const struct level *leaf = &path->levels[path->depth];

	return leaf->at < 0 ? NULL : &extents_of(leaf)[leaf->at];
}

/* Where the hole that `logical` lies in ends. */
static uint64_t hole_end(const struct path *path)
{
	const struct level *leaf = &path->levels[path->depth];

	return leaf->at + 1 < leaf->header->entries ? extents_of(leaf)[leaf->at + 1].block : path->end;
}

static int map_extents(struct ext4_inode *inode, uint64_t logical, uint64_t max, struct block_run *run)
{
	const struct ext4_extent *extent;
	struct path path;
	uint64_t skip;
	int ret;

	if (logical >= 1ull << 32) {
		*run = (struct block_run){.logical = logical, .nr = max};
		return 0;
	}
	ret = find(inode, logical, &path);
	if (ret)
		return ret;
	extent = found_extent(&path);
	skip = extent ? logical - extent->block : 0;
	if (!extent || skip >= len_of(extent)) {
		*run = (struct block_run){.logical = logical, .nr = min_u64(max, hole_end(&path) - logical)};
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

/* ---- Changing ---- */

static void level_changed(struct ext4_inode *inode, struct level *level)
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
static int grow(struct ext4_inode *inode, struct path *path)
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
	level_changed(inode, &path->levels[0]);
	return 0;
}

/* Splits the full node at `depth`, whose parent has room. Appending leaves the old node full. */
static int split(struct ext4_inode *inode, struct path *path, unsigned depth)
{
	struct level *level = &path->levels[depth], *parent = level - 1;
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
	level_changed(inode, level);
	level_changed(inode, parent);
	return 0;
}

static bool has_room(const struct level *level, unsigned room)
{
	return level->header->entries + room <= level->header->max;
}

/* Finds the place of `logical` in a leaf that has room for so many more entries. */
static int find_with_room(struct ext4_inode *inode, uint64_t logical, unsigned room, struct path *path)
{
	for (;;) {
		unsigned depth;
		int ret = find(inode, logical, path);

		if (ret || has_room(&path->levels[path->depth], room))
			return ret;
		for (depth = path->depth; depth > 0 && !has_room(&path->levels[depth - 1], 1); depth--)
			;
		ret = depth ? split(inode, path, depth) : grow(inode, path);
		if (ret)
			return ret;
	}
}

/* The first entry of the node at `depth` changed: the indexes above name its logical block. */
static void fix_indexes(struct ext4_inode *inode, struct path *path, unsigned depth)
{
	for (; depth > 0; depth--) {
		struct level *parent = &path->levels[depth - 1];
		uint32_t first = extents_of(&path->levels[depth])->block;

		if (indexes_of(parent)[parent->at].block == first)
			return;
		indexes_of(parent)[parent->at].block = first;
		level_changed(inode, parent);
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
static bool merge(struct ext4_inode *inode, struct path *path, const struct block_run *run)
{
	struct level *leaf = &path->levels[path->depth];
	struct ext4_extent *extent = extents_of(leaf) + leaf->at;

	if (leaf->at >= 0 && can_append(extent, run)) {
		set_len(extent, len_of(extent) + run->nr, run->is_unwritten);
		level_changed(inode, leaf);
		return true;
	}
	extent++;
	if (leaf->at + 1 < leaf->header->entries && can_prepend(extent, run)) {
		set_len(extent, len_of(extent) + run->nr, run->is_unwritten);
		extent->block = (uint32_t)run->logical;
		set_start(extent, run->physical);
		level_changed(inode, leaf);
		if (leaf->at < 0)
			fix_indexes(inode, path, path->depth);
		return true;
	}
	return false;
}

static void enter(struct ext4_inode *inode, struct path *path, const struct block_run *run)
{
	struct level *leaf = &path->levels[path->depth];
	struct ext4_extent *extent = extents_of(leaf) + leaf->at + 1;

	memmove(extent + 1, extent, (size_t)(leaf->header->entries - leaf->at - 1) * sizeof(*extent));
	extent->block = (uint32_t)run->logical;
	set_start(extent, run->physical);
	set_len(extent, run->nr, run->is_unwritten);
	leaf->header->entries++;
	level_changed(inode, leaf);
	if (leaf->at < 0)
		fix_indexes(inode, path, path->depth);
}

static int insert_part(struct ext4_inode *inode, const struct block_run *part)
{
	struct path path;
	int ret = find(inode, part->logical, &path);

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

/* ---- Removing ---- */

static int node_free(struct ext4_inode *inode, uint64_t block)
{
	inode->inode.blocks_512 -= min_u64(inode->inode.blocks_512, inode->fs->block_size / 512);
	return ext4_blocks_free(inode->fs, block, 1);
}

/* Takes an entry out of a node; an empty node goes too, and its index above. */
static int remove_entry(struct ext4_inode *inode, struct path *path, unsigned depth, unsigned at)
{
	struct level *level = &path->levels[depth];
	struct ext4_extent *entries = extents_of(level);
	int ret;

	for (;;) {
		memmove(entries + at, entries + at + 1, (level->header->entries - at - 1) * sizeof(*entries));
		level->header->entries--;
		memset(entries + level->header->entries, 0, sizeof(*entries));
		level_changed(inode, level);
		if (level->header->entries) {
			if (!at)
				fix_indexes(inode, path, depth);
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
	struct path path;
	uint64_t block;
	int ret;

	while (root->depth && root->entries == 1) {
		ret = find(inode, 0, &path);
		if (ret)
			return ret;
		header = path.levels[1].header;
		block = path.levels[1].buffer->block;
		if (header->entries > ROOT_MAX)
			return 0;
		memcpy(root + 1, header + 1, header->entries * sizeof(struct ext4_extent));
		root->entries = header->entries;
		root->depth = header->depth;
		level_changed(inode, &path.levels[0]);
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
static int cut_middle(struct ext4_inode *inode, struct path *path, uint64_t from, uint64_t to)
{
	struct ext4_extent *extent = extents_of(&path->levels[path->depth]) + path->levels[path->depth].at;
	uint64_t start = start_of(extent), first = extent->block, end = first + len_of(extent);
	bool unwritten = is_unwritten(extent);
	struct block_run rest = {.logical = to, .physical = start + (to - first), .nr = end - to, .is_unwritten = unwritten};
	int ret;

	set_len(extent, from - first, unwritten);
	level_changed(inode, &path->levels[path->depth]);
	ret = ext4_extent_insert(inode, &rest);
	if (ret) { /* as it was: the caller sees the error */
		if (!find(inode, first, path)) {
			extent = extents_of(&path->levels[path->depth]) + path->levels[path->depth].at;
			set_len(extent, end - first, unwritten);
			level_changed(inode, &path->levels[path->depth]);
		}
		return ret;
	}
	return free_blocks(inode, start + (from - first), to - from);
}

/* Cuts what lies in [from, to) off the extent that was found; the last step of removing it. */
static int cut(struct ext4_inode *inode, struct path *path, uint64_t from, uint64_t to)
{
	struct level *leaf = &path->levels[path->depth];
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
		level_changed(inode, leaf);
	} else if (to < end) {
		extent->block = (uint32_t)to;
		set_start(extent, start + (to - first));
		set_len(extent, end - to, unwritten);
		level_changed(inode, leaf);
		if (!leaf->at)
			fix_indexes(inode, path, path->depth);
	} else {
		ret = remove_entry(inode, path, path->depth, (unsigned)leaf->at);
		if (ret)
			return ret;
	}
	return free_blocks(inode, start + (from - first), to - from);
}

int ext4_extents_remove(struct ext4_inode *inode, uint64_t from, uint64_t to)
{
	struct path path;
	int ret;

	inode->last.nr = 0;
	to = min_u64(to, 1ull << 32);
	while (from < to) {
		const struct ext4_extent *extent;

		ret = find(inode, from, &path);
		if (ret)
			return ret;
		extent = found_extent(&path);
		if (!extent || extent->block + len_of(extent) <= from) {
			from = hole_end(&path);
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

int ext4_extent_mark_written(struct ext4_inode *inode, const struct block_run *run)
{
	struct block_run written = {.logical = run->logical, .physical = run->physical, .nr = run->nr}, after = {.is_unwritten = true};
	struct ext4_extent *extent;
	struct level *leaf;
	struct path path;
	uint64_t first, end, start;
	int ret = find_with_room(inode, run->logical, 2, &path);

	if (ret)
		return ret;
	leaf = &path.levels[path.depth];
	extent = (struct ext4_extent *)(uintptr_t)found_extent(&path);
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
			fix_indexes(inode, &path, path.depth);
	}
	level_changed(inode, leaf);
	if (run->logical == first && end == run->logical + run->nr)
		return 0;
	ret = insert_part(inode, &written);
	return ret || !after.nr ? ret : insert_part(inode, &after);
}
