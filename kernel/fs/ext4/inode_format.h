/* SPDX-License-Identifier: BSD-3-Clause */
/* Between inodes in memory and those of the table: inode_format.c for inode.c. */
#pragma once
#include "kernel/fs/ext4/ext4.h"

/* What is wrong with an inode that a name leads to; NULL: nothing. */
const char *inode_check(const struct ext4 *fs, uint32_t number, const struct ext4_raw_inode *raw);
void inode_decode(struct ext4 *fs, const struct ext4_raw_inode *raw, struct ext4_inode *inode);
void inode_encode(struct ext4 *fs, struct ext4_inode *inode, struct ext4_raw_inode *raw); /* with its checksum */
/* Of its checksums. Where there are none, its number: blocks still tell whose they are. */
uint32_t inode_seed(const struct ext4 *fs, uint32_t number, uint32_t generation);
