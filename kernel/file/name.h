/* SPDX-License-Identifier: BSD-3-Clause */
/* What opening and the descriptors' calls need of names and attributes, beside path.h. */
#pragma once
#include "kernel/file/path.h"

/* Makes a regular file that must not exist (open(2), O_CREAT) and gives its place, counted. -EEXIST. */
int name_create_open(const struct path *start, const char *name, uint32_t mode, unsigned walk_flags, struct path *made) must_check;
/* The group of a new inode in a directory; the mode that was asked for becomes the one it gets (umask(2); inode(7), set-group-ID directories). */
uint32_t name_new_gid(const struct inode *directory, uint32_t *mode);
/* set_attributes without checks, and the times; the inode is locked. */
int inode_set(struct inode *inode, const struct inode_attributes *attributes) must_check;
