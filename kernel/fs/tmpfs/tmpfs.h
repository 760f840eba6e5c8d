/* SPDX-License-Identifier: BSD-3-Clause */
/* tmpfs: a tree of inodes in memory, for those that fill one themselves (devtmpfs). */
#pragma once
#include "kernel/file/inode.h"

/* An empty one; options as tmpfs(5)'s "size=", "nr_inodes=", "mode=", "uid=", "gid=". */
int tmpfs_new(const char *options, bool read_only, struct file_system **fs) must_check;
/* Makes an entry without a permission check; the directory need not be locked, nobody else knows of it yet. The inode is borrowed. */
int tmpfs_add(struct inode *directory, const char *name, uint32_t mode, uint64_t device, const char *link_target, struct inode **made) must_check;
