/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an image holds, kept beside it for the next composition: every name with its inode's attributes, its number in
 * the image, and the stamp of the contents. Parents stand before children. A manifest counts only with the very file it
 * was written for.
 */
#pragma once
#include "dory/base/error.h"
#include "dory/compose/tree.h"

struct manifest_record {
	uint32_t parent;     /* index of a record before; the root is its own */
	uint32_t name, link; /* offsets in the texts; 0 is "" */
	uint32_t mode, uid, gid, number, names;
	uint32_t source; /* of the request's sources, counted from 1; 0: made by composition */
	uint32_t reserved;
	int64_t mtime;
	uint64_t size, stamp[4];
};

struct manifest {
	void *map;
	size_t map_size;
	const uint8_t *digest; /* 32 bytes: of the sources as the survey saw them; zeros match nothing */
	const struct manifest_record *records;
	size_t count;
	const char *texts;
	size_t texts_size;
};

/* False if there is none, it is damaged, or `image` (the image's file) is not the one it was written for. */
bool manifest_open(const char *path, int image, struct manifest *manifest);
void manifest_close(struct manifest *manifest);
const char *manifest_text(const struct manifest *manifest, uint32_t offset);

/* For the image's file as it is now; replaces a former manifest atomically. */
int manifest_write(const char *path, int image, const struct tree *tree, const uint8_t digest[32],
	struct dory_error *err) must_check;
