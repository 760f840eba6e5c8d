/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The redo journal of an image that is changed in place: a file beside it with the blocks that are to be written.
 *
 *   header | block numbers | contents
 *
 * It counts from the moment it has its name (one rename). Applying it twice does no harm, so whoever finds one, with
 * the image locked, applies it and removes it.
 */
#pragma once
#include "dory/base/error.h"

enum { DISK_BLOCK = 4096 };

struct disk_block {
	uint64_t number;
	uint8_t *bytes;
};

/* Writes blocks, sorted by number, to a file; -1 with errno. */
int disk_blocks_write(int fd, const struct disk_block *blocks, size_t count);

int journal_commit(const char *path, const struct disk_block *blocks, size_t count, struct dory_error *err) must_check;

/*
 * Writes the journal's blocks to the image's file `fd`. The journal stays. *was_there: whether there was one. FORMAT if
 * it is damaged, which neither a kill nor a full disk does: then the image cannot be trusted.
 */
int journal_apply(const char *path, int fd, bool *was_there, struct dory_error *err) must_check;
