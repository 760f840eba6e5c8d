/* SPDX-License-Identifier: BSD-3-Clause */
/* tmpfs: a tree of inodes in memory, for those that fill one themselves (devtmpfs). */
#pragma once
#include "kernel/file/inode.h"

/* An empty one; options as tmpfs(5)'s "size=", "nr_inodes=", "mode=", "uid=", "gid=". */
int tmpfs_new(const char *options, bool read_only, struct file_system **fs) must_check;
/* Makes an entry without a permission check; the directory need not be locked, nobody else knows of it yet. The inode is borrowed. */
int tmpfs_add(struct inode *directory, const char *name, uint32_t mode, uint64_t device, const char *link_target, struct inode **made) must_check;
/* The entry of that name, borrowed; NULL: none (yet). */
struct inode *tmpfs_find(struct inode *directory, const char *name, size_t len);

/* What makes the root folder's entries when they are first asked for, so that a start does not pay for nodes that nobody opens. */
struct tmpfs_filler {
	int (*one)(struct inode *root, const char *name, size_t len); /* -ENOENT: there is to be no such entry */
	int (*all)(struct inode *root); /* those that are not there yet */
};
void tmpfs_set_filler(struct file_system *fs, const struct tmpfs_filler *filler);
