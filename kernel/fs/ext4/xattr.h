/* SPDX-License-Identifier: BSD-3-Clause */
/* Where extended attributes are found: shared by xattr.c and xattr_change.c. */
#pragma once
#include "kernel/fs/ext4/ext4.h"

/* One place where attributes are: in the buffer of the inode's table, or in the block's. */
struct xattr_area {
	uint8_t *base;	 /* what value offsets count from */
	size_t first;	 /* offset of the first entry */
	size_t len;
};

struct xattr_prefix {
	uint8_t index;
	const char *text;
};
enum { XATTR_PREFIXES = 3 };
extern const struct xattr_prefix xattr_prefixes[XATTR_PREFIXES];

/* The inode's own area, in its buffer; len 0: none. */
int xattr_inode_area(struct ext4_inode *inode, struct xattr_area *area) must_check;
/* The area of the attribute block; len 0: none. */
int xattr_block_area(struct ext4_inode *inode, struct xattr_area *area, struct buffer **buffer) must_check;
/* The entry at an offset; NULL at the end. -EUCLEAN if it does not hold together. */
int xattr_entry_at(struct ext4_inode *inode, const struct xattr_area *area, size_t offset, struct ext4_xattr_entry **entry) must_check;
static inline size_t xattr_entry_len(const struct ext4_xattr_entry *entry)
{
	return align_up(sizeof(*entry) + entry->name_len, 4);
}
