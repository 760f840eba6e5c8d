/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The content tree as an ext4 file system (Linux: Documentation/filesystems/ext4): block size 4096, inodes of 256
 * bytes, extents, flexible groups, no journal, no checksums, linear directories. libext2fs makes the structures; the
 * contents of files go straight from where they are into runs of blocks.
 */
#pragma once
#include "dory/base/error.h"
#include "dory/compose/manifest.h"
#include "dory/compose/tree.h"

struct ext4_options {
	uint64_t free_bytes; /* to be left for the guest */
	uint64_t total_bytes; /* of the whole file system, instead; 0: as much as content and free_bytes take */
	int64_t timestamp;   /* of the file system; reproducible */
	uint8_t uuid[16];
};

/* Writes the sorted tree into the new, empty file `fd`. Sets every inode's number. */
int ext4_image_create(int fd, struct tree *tree, const struct ext4_options *options, struct dory_error *err) must_check;

/*
 * Brings the image in `fd`, which holds what `manifest` says, to the sorted tree. Only blocks that the image does not
 * use are written; all else goes to a journal committed at `journal`, which the caller then applies. *is_possible is
 * false, and nothing has happened, where making the image anew is better.
 */
int ext4_image_update(int fd, struct tree *tree, const struct manifest *manifest, const struct ext4_options *options,
	const char *journal, bool *is_possible, struct dory_error *err) must_check;
