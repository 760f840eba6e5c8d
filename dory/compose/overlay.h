/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where libext2fs's writes go: into memory, over the image's file. What was written reaches the file only when the
 * caller says so: straight (a new file that nobody sees yet) or through a redo journal (journal.h).
 */
#pragma once
#include <ext2fs/ext2fs.h>
#include "dory/base/error.h"
#include "dory/compose/journal.h"

struct overlay;

/* Over `fd` (borrowed). `is_empty`: the file holds only zeros and is never read. */
struct overlay *overlay_new(int fd, bool is_empty);
void overlay_free(struct overlay *overlay); /* accepts NULL */

/* Makes `overlay` the one that the next open of overlay_manager by this thread uses. */
io_manager overlay_manager(struct overlay *overlay);

/* The block's contents, to be read and written in place. NULL if it cannot be read. */
uint8_t *overlay_block(struct overlay *overlay, uint64_t block);

/*
 * For a new file that nobody sees yet: writes out what is in memory if that is much, and forgets it. Pointers from overlay_block
 * are no longer good. -1 with errno.
 */
int overlay_spill(struct overlay *overlay);

/* The blocks that differ from the file's, in order; the array is owned by the caller, the bytes are the overlay's. */
struct disk_block *overlay_changed(struct overlay *overlay, size_t *count);
