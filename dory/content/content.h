/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is in an image's file system, for reading only. The image may come from anywhere: a damaged one gives errors, never more.
 */
#pragma once
#include <sys/types.h>
#include "dory/base/error.h"

struct content;

struct content_entry {
	char *path; /* absolute in the image: "/", "/etc/passwd" */
	uint32_t mode, uid, gid;
	uint32_t inode, links;
	uint32_t major, minor; /* devices */
	int64_t mtime;
	uint64_t size;
	uint64_t blocks; /* of 512 bytes, that its content takes */
	char *link;      /* symlinks: the target; otherwise NULL */
};

struct content_list { /* zeroed is empty */
	struct content_entry *entries;
	size_t count;
};

/* Opens the ext4 file system in the file at `path`. FORMAT if there is none, or one that has to be repaired first. */
int content_open(const char *path, struct content **content, struct dory_error *err) must_check;
void content_close(struct content *content); /* accepts NULL */

/*
 * The name at `path` and, if it is a directory, all below it down to `depth` levels (0: the name alone), each directory
 * before what is in it, names in order of bytes. Symlinks within the path are followed, at its end not. NOT_FOUND.
 */
int content_list(const struct content *content, const char *path, unsigned depth, struct content_list *list,
	struct dory_error *err) must_check;
void content_list_release(struct content_list *list);
/* In the order of such lists: each component of a path by its bytes. */
int content_path_compare(const char *a, const char *b);

/* Reads a regular file of at most `limit` bytes; returns owned, with a NUL behind. */
int content_read(const struct content *content, const char *path, size_t limit, char **text, size_t *length,
	struct dory_error *err) must_check;

/* Calls `use` with a regular file's bytes, piece by piece, until it returns another value than 0, which is returned. */
typedef int content_use_fn(void *context, const void *bytes, size_t length, struct dory_error *err);
int content_each_piece(const struct content *content, const struct content_entry *entry, content_use_fn *use, void *context,
	struct dory_error *err) must_check;

enum content_change { /* what two entries of the same path differ in */
	CONTENT_ADDED = 1,
	CONTENT_REMOVED = 2,
	CONTENT_TYPE = 4,
	CONTENT_MODE = 8,
	CONTENT_OWNER = 16,
	CONTENT_BYTES = 32, /* of a file, or a link's target, or a device's number */
	CONTENT_TIME = 64,
};

struct content_difference {
	unsigned changes;
	const struct content_entry *before, *after; /* NULL: not there */
};

/* Calls `found` for each name that is not the same in both, in order. Times are told only where something else is, too. */
typedef void content_difference_fn(void *context, const struct content_difference *difference);
int content_compare(const struct content *before, const struct content *after, content_difference_fn *found, void *context,
	struct dory_error *err) must_check;

/* Writes all of the image to `fd` as a tar archive (pax), compressed as the name `name` says: .gz, .zst, .xz, else not. */
int content_write_tar(const struct content *content, int fd, const char *name, struct dory_error *err) must_check;
