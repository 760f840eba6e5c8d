/* SPDX-License-Identifier: BSD-3-Clause */
/* File handles (open_by_handle_at(2)): what names a file of a file system without a path, as long as it is there. */
#pragma once
#include "kernel/file/path.h"

struct file_handle_bytes { /* what programs carry about */
	uint64_t number;
	uint32_t generation;
} packed_struct;
enum { FILE_HANDLE_TYPE = 0x81 /* FILEID_INO64_GEN */ };

/* Of one whose file system finds files by number. */
static inline struct file_handle_bytes file_handle_of_inode(const struct inode *inode)
{
	return (struct file_handle_bytes){.number = inode->number, .generation = inode->generation};
}

/* -EOPNOTSUPP: its file system does not find files by number. */
int file_handle_of(const struct path *path, struct file_handle_bytes *handle) must_check;
/* The file of that handle in the file system of `anchor`, seen through that mount. -ESTALE: it is gone; -EOPNOTSUPP, -ENOMEM. */
int file_handle_find(const struct path *anchor, const struct file_handle_bytes *handle, struct path *found) must_check;
