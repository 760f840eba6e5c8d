/* SPDX-License-Identifier: BSD-3-Clause */
/* Nodes and entries of extent trees, and the way to a place in one: shared by extent.c, extent_insert.c and extent_remove.c. */
#pragma once
#include "kernel/fs/ext4/ext4.h"

struct extent_level {
	struct buffer *buffer; /* NULL: the root */
	struct ext4_extent_header *header;
	int at; /* entry that was followed; in a leaf: the last that starts at or before the place, -1: none */
};

struct extent_path {
	unsigned depth; /* levels[depth] is the leaf */
	struct extent_level levels[EXT4_EXTENT_DEPTH_MAX + 1];
	uint64_t end; /* first logical block of the next leaf */
};

enum { ROOT_MAX = (EXT4_BLOCK_AREA - sizeof(struct ext4_extent_header)) / sizeof(struct ext4_extent) };

static inline struct ext4_extent *extents_of(const struct extent_level *level)
{
	return (struct ext4_extent *)(level->header + 1);
}

static inline struct ext4_extent_index *indexes_of(const struct extent_level *level)
{
	return (struct ext4_extent_index *)(level->header + 1);
}

static inline uint64_t start_of(const struct ext4_extent *extent)
{
	return extent->start_lo | (uint64_t)extent->start_hi << 32;
}

static inline void set_start(struct ext4_extent *extent, uint64_t start)
{
	extent->start_lo = (uint32_t)start;
	extent->start_hi = (uint16_t)(start >> 32);
}

static inline bool is_unwritten(const struct ext4_extent *extent)
{
	return extent->len > EXT4_EXTENT_LEN_MAX;
}

static inline uint32_t len_of(const struct ext4_extent *extent)
{
	return is_unwritten(extent) ? extent->len - EXT4_EXTENT_LEN_MAX : extent->len;
}

static inline void set_len(struct ext4_extent *extent, uint64_t len, bool unwritten)
{
	extent->len = (uint16_t)(unwritten ? len + EXT4_EXTENT_LEN_MAX : len);
}

static inline uint64_t leaf_of(const struct ext4_extent_index *index)
{
	return index->leaf_lo | (uint64_t)index->leaf_hi << 32;
}

static inline void set_leaf(struct ext4_extent_index *index, uint64_t leaf)
{
	index->leaf_lo = (uint32_t)leaf;
	index->leaf_hi = (uint16_t)(leaf >> 32);
}

static inline unsigned node_max(const struct ext4 *fs)
{
	return (fs->block_size - sizeof(struct ext4_extent_header)) / sizeof(struct ext4_extent);
}

/* The way to `logical`; every node on it is checked. */
int extent_find(struct ext4_inode *inode, uint64_t logical, struct extent_path *path) must_check;
const struct ext4_extent *extent_found(const struct extent_path *path); /* starts at or before the place; NULL */
uint64_t extent_hole_end(const struct extent_path *path); /* where the hole that the place lies in ends */
void extent_level_changed(struct ext4_inode *inode, struct extent_level *level);
/* The first entry of the node at `depth` changed: the indexes above name its logical block. */
void extent_fix_indexes(struct ext4_inode *inode, struct extent_path *path, unsigned depth);
