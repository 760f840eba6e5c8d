/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Delayed allocation: a write into a hole reserves blocks, so that it is told at once if the disk is full; which blocks they
 * become is decided when the page cache writes the data, in long stretches. Each inode has the set of its reserved logical blocks, as ranges.
 */
#include "kernel/fs/ext4/ext4.h"

enum { METADATA_SHARE = 64, METADATA_LEAST = 8 };

static struct reserved_range *range_of(struct rb_node *node)
{
	return container_of(node, struct reserved_range, node);
}

/* The first range that ends behind `at`; NULL: none. */
static struct reserved_range *first_behind(const struct ext4_inode *inode, uint64_t at)
{
	struct reserved_range *found = NULL;

	for (struct rb_node *node = inode->reserved.root; node;) {
		struct reserved_range *range = range_of(node);

		if (range->end > at) {
			found = range;
			node = node->left;
		} else {
			node = node->right;
		}
	}
	return found;
}

static struct reserved_range *next_of(struct reserved_range *range)
{
	struct rb_node *node = rb_next(&range->node);

	return node ? range_of(node) : NULL;
}

uint64_t ext4_reserve_missing(const struct ext4_inode *inode, uint64_t from, uint64_t to)
{
	uint64_t missing = to - from;

	for (struct reserved_range *range = first_behind(inode, from); range && range->start < to; range = next_of(range))
		missing -= min_u64(range->end, to) - max_u64(range->start, from);
	return missing;
}

uint64_t ext4_reserve_stretch(const struct ext4_inode *inode, uint64_t at, uint64_t end, bool *is_reserved)
{
	const struct reserved_range *range = first_behind(inode, at);

	*is_reserved = range && range->start <= at;
	if (!range)
		return end;
	return min_u64(end, *is_reserved ? range->end : range->start);
}

int ext4_space_check(const struct ext4 *fs, uint64_t nr)
{
	return fs->free_blocks >= fs->reserved_blocks + nr + nr / METADATA_SHARE + METADATA_LEAST ? 0 : -ENOSPC;
}

static void insert(struct ext4_inode *inode, struct reserved_range *range)
{
	struct rb_node *parent = NULL, **link = &inode->reserved.root;

	while (*link) {
		parent = *link;
		link = range->start < range_of(parent)->start ? &parent->left : &parent->right;
	}
	rb_insert(&inode->reserved, &range->node, parent, link);
}

/* They count among the file's blocks, as far as programs see: a file with data must not look as if it had none. */
static void count(struct ext4_inode *inode, uint64_t nr)
{
	inode->nr_reserved += nr;
	inode->fs->reserved_blocks += nr;
	inode->inode.blocks_512 += nr * (inode->fs->block_size / 512);
}

int ext4_reserve_add(struct ext4_inode *inode, uint64_t from, uint64_t to)
{
	struct reserved_range *range = first_behind(inode, from ? from - 1 : 0), *next;

	if (from >= to)
		return 0;
	if (!range || range->start > to) {
		range = heap_alloc(sizeof(*range));
		if (!range)
			return -ENOMEM;
		count(inode, to - from);
		*range = (struct reserved_range){.start = from, .end = to};
		insert(inode, range);
		return 0;
	}
	count(inode, ext4_reserve_missing(inode, from, to));
	range->start = min_u64(range->start, from);
	range->end = max_u64(range->end, to);
	while ((next = next_of(range)) && next->start <= range->end) {
		range->end = max_u64(range->end, next->end);
		rb_remove(&inode->reserved, &next->node);
		heap_free(next);
	}
	return 0;
}

uint64_t ext4_reserve_remove(struct ext4_inode *inode, uint64_t from, uint64_t to)
{
	struct reserved_range *range = first_behind(inode, from), *next;
	uint64_t removed = 0;

	for (; range && range->start < to; range = next) {
		uint64_t start = max_u64(range->start, from), end = min_u64(range->end, to);

		next = next_of(range);
		if (start > range->start && end < range->end) {
			struct reserved_range *rest = heap_alloc(sizeof(*rest));

			if (rest) {
				*rest = (struct reserved_range){.start = end, .end = range->end};
				insert(inode, rest);
			} else {
				end = range->end; /* gives up more than was asked: the rest may meet a full disk later */
			}
			range->end = start;
		} else if (start > range->start) {
			range->end = start;
		} else if (end < range->end) {
			range->start = end;
		} else {
			rb_remove(&inode->reserved, &range->node);
			heap_free(range);
		}
		removed += end - start;
	}
	count(inode, -removed);
	return removed;
}
