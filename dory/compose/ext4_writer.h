/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the ext4 writer share; see ext4_image.h for the whole. */
#pragma once
#include <ext2fs/ext2fs.h>
#include "dory/base/error.h"
#include "dory/compose/overlay.h"
#include "dory/compose/tree.h"

enum { EXT4_BLOCK = DISK_BLOCK };

struct ext4_run { /* neighbouring blocks */
	uint64_t start, count;
};

struct ext4_runs {
	struct ext4_run *items;
	size_t count;
};

struct ext4_writer {
	ext2_filsys fs;
	struct overlay *overlay;
	int fd;      /* the image */
	bool is_new; /* all its blocks are zeros still */
	struct tree *tree;
	struct ext4_run free_run; /* the next blocks to be given out */
	uint64_t cursor;          /* free blocks are looked for from here */
	ext2_ino_t next_inode;
	struct ext4_runs freed; /* blocks that the image no longer uses; still marked as used */
	uint8_t *staging;       /* bytes on their way into the image */
	uint64_t staging_at;    /* where in the image */
	size_t staged;
};

/* "FORMAT: what libext2fs says"; returns -1. */
int ext4_fail(struct dory_error *err, errcode_t code, const char *what);

struct ext4_options;
/* What tells this image from others, in the superblock. */
void ext4_set_identity(ext2_filsys fs, const struct ext4_options *options);

static inline uint64_t ext4_blocks_for(uint64_t bytes)
{
	return (bytes + EXT4_BLOCK - 1) / EXT4_BLOCK;
}

/* ext4_extent.c: blocks and extent trees */
int ext4_allocate(struct ext4_writer *w, uint64_t count, struct ext4_runs *runs, struct dory_error *err) must_check;
int ext4_set_extents(struct ext4_writer *w, struct ext2_inode *inode, const struct ext4_runs *runs,
	struct dory_error *err) must_check;
/* Adds all blocks of an inode, those of its extent tree, too, to `runs`. */
int ext4_collect_blocks(struct ext4_writer *w, const struct ext2_inode *inode, struct ext4_runs *runs,
	struct dory_error *err) must_check;
void ext4_runs_release(struct ext4_runs *runs);

/* ext4_data.c: contents of regular files */
int ext4_copy_contents(struct ext4_writer *w, const struct tree_inode *inode, const struct ext4_runs *runs,
	struct dory_error *err) must_check;
int ext4_flush_contents(struct ext4_writer *w, struct dory_error *err) must_check;

/* ext4_directory.c */
uint64_t ext4_directory_blocks(const struct tree_node *directory);
int ext4_fill_directory(struct ext4_writer *w, const struct tree_node *directory, const struct ext4_runs *runs,
	struct dory_error *err) must_check;

/* ext4_inode.c: writes the inodes, directories and contents that tree_inode.change asks for */
int ext4_number_inodes(struct ext4_writer *w, struct dory_error *err) must_check;
int ext4_write_changes(struct ext4_writer *w, struct dory_error *err) must_check;
