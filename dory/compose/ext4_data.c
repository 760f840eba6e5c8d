/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Contents of files into the image. Small files that lie one behind the other in the image are put together in one
 * buffer and written with one call.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/compose/ext4_writer.h"

enum { STAGING_SIZE = 1 << 19 };

static bool is_zero(const uint8_t *bytes, size_t size)
{
	return size > 0 && bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

int ext4_flush_contents(struct ext4_writer *w, struct dory_error *err)
{
	if (w->is_new && is_zero(w->staging, w->staged))
		w->staged = 0; /* a hole reads the same, and costs no room on the host */
	for (size_t done = 0; done < w->staged;) {
		ssize_t n = pwrite(w->fd, w->staging + done, w->staged - done, (off_t)(w->staging_at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set_errno(err, DORY_ERROR_IO, "writing the image");
		done += (size_t)n;
	}
	w->staged = 0;
	return 0;
}

/* Room in the buffer for bytes that belong at `offset` of the image: *size becomes what fits. */
static uint8_t *stage(struct ext4_writer *w, uint64_t offset, size_t *size, struct dory_error *err)
{
	if (!w->staging) {
		w->staging = malloc(STAGING_SIZE);
		if (!w->staging)
			abort();
	}
	if (w->staged == STAGING_SIZE || w->staging_at + w->staged != offset) {
		if (ext4_flush_contents(w, err) < 0)
			return NULL;
		w->staging_at = offset;
	}
	*size = min_u64(*size, STAGING_SIZE - w->staged);
	return w->staging + w->staged;
}

static int fail_source(const struct tree_inode *inode, ssize_t n, struct dory_error *err)
{
	const char *path = inode->content.path ? inode->content.path : "a file";

	if (n < 0)
		return error_set_errno(err, DORY_ERROR_IO, "reading %s", path);
	error_set(err, DORY_ERROR_IO, "%s became shorter while it was read", path);
	return error_hint(err, "compose again when nobody writes to it");
}

/* Copies the part of the file from `from` on that belongs to one run of blocks, the last block filled up with zeros. */
static int copy_run(struct ext4_writer *w, const struct tree_inode *inode, int fd, uint64_t from,
	const struct ext4_run *run, struct dory_error *err)
{
	uint64_t at = run->start * EXT4_BLOCK, end = at + run->count * EXT4_BLOCK;

	while (at < end) {
		size_t size = end - at;
		uint8_t *to = stage(w, at, &size, err);
		uint64_t left = inode->size - from;
		ssize_t n;

		if (!to)
			return -1;
		if (left > 0) {
			n = tree_read_at(inode, fd, to, min_u64(size, left), from);
			if (n <= 0)
				return fail_source(inode, n, err);
			size = (size_t)n;
			from += size;
		} else {
			memset(to, 0, size);
		}
		w->staged += size;
		at += size;
	}
	return 0;
}

int ext4_copy_contents(
	struct ext4_writer *w, const struct tree_inode *inode, const struct ext4_runs *runs, struct dory_error *err)
{
	int fd = tree_open(inode), result = 0;
	uint64_t from = 0;

	if (fd == -2)
		return fail_source(inode, -1, err);
	for (size_t i = 0; i < runs->count && result == 0; i++) {
		result = copy_run(w, inode, fd, from, &runs->items[i], err);
		from += min_u64(inode->size - from, runs->items[i].count * EXT4_BLOCK);
	}
	tree_close(inode, fd);
	return result;
}
