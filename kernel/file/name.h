/* SPDX-License-Identifier: BSD-3-Clause */
/* What opening and the descriptors' calls need of names and attributes, beside path.h. */
#pragma once
#include "kernel/file/path.h"

/* Makes a regular file that must not exist (open(2), O_CREAT) and gives its place, counted. -EEXIST. */
int name_create_open(const struct path *start, const char *name, uint32_t mode, struct path *made) must_check;
/* set_attributes without checks, and the times; the inode is locked. */
int inode_set(struct inode *inode, const struct inode_attributes *attributes) must_check;
