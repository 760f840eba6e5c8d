/* SPDX-License-Identifier: BSD-3-Clause */
/* Two images beside each other: both lists in order, merged. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "dory/content/content_private.h"

/* '/' sorts before every other byte, so that what is in a directory stands right behind it. */
int content_path_compare(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (!*a || !*b)
		return (*a != 0) - (*b != 0);
	if (*a == '/' || *b == '/')
		return *a == '/' ? -1 : 1;
	return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
}

/* The second file's bytes, read along with the first one's. */
struct second {
	const struct content *content;
	ext2_file_t file;
	char *bytes;
	size_t capacity;
};

static int compare_piece(void *context, const void *bytes, size_t length, struct dory_error *err)
{
	struct second *second = context;
	size_t done = 0;

	if (length > second->capacity) {
		free(second->bytes);
		second->bytes = malloc(length);
		second->capacity = length;
		if (!second->bytes)
			abort();
	}
	while (done < length) {
		unsigned got = 0;
		errcode_t code = ext2fs_file_read(second->file, second->bytes + done, (unsigned)(length - done), &got);

		if (code || got == 0)
			return content_fail(second->content, code ? code : EXT2_ET_SHORT_READ, "reading a file", err);
		done += got;
	}
	return memcmp(bytes, second->bytes, length) != 0;
}

/* 0: the same bytes; 1: not. */
static int compare_files(const struct content *before, const struct content_entry *a, const struct content *after,
	const struct content_entry *b, struct dory_error *err)
{
	struct second second = {.content = after};
	errcode_t code;
	int result;

	if (a->size != b->size)
		return 1;
	code = ext2fs_file_open(after->fs, b->inode, 0, &second.file);
	if (code)
		return content_fail(after, code, b->path, err);
	result = content_each_piece(before, a, compare_piece, &second, err);
	ext2fs_file_close(second.file);
	free(second.bytes);
	return result;
}

static int compare_entries(const struct content *before, const struct content_entry *a, const struct content *after,
	const struct content_entry *b, unsigned *changes, struct dory_error *err)
{
	int differs = 0;

	*changes = 0;
	if ((a->mode & S_IFMT) != (b->mode & S_IFMT))
		*changes |= CONTENT_TYPE;
	if ((a->mode & 07777) != (b->mode & 07777))
		*changes |= CONTENT_MODE;
	if (a->uid != b->uid || a->gid != b->gid)
		*changes |= CONTENT_OWNER;
	if (*changes & CONTENT_TYPE)
		return 0;
	if (S_ISREG(a->mode))
		differs = compare_files(before, a, after, b, err);
	else if (S_ISLNK(a->mode))
		differs = strcmp(a->link, b->link) != 0;
	else if (S_ISCHR(a->mode) || S_ISBLK(a->mode))
		differs = a->major != b->major || a->minor != b->minor;
	if (differs < 0)
		return -1;
	if (differs)
		*changes |= CONTENT_BYTES;
	if (*changes && a->mtime != b->mtime)
		*changes |= CONTENT_TIME;
	return 0;
}

static int merge(const struct content *before, const struct content_list *a, const struct content *after,
	const struct content_list *b, content_difference_fn *found, void *context, struct dory_error *err)
{
	size_t i = 0, j = 0;

	while (i < a->count || j < b->count) {
		struct content_difference d = {0};
		int order = i == a->count   ? 1
			    : j == b->count ? -1
					    : content_path_compare(a->entries[i].path, b->entries[j].path);

		if (order <= 0)
			d.before = &a->entries[i++];
		if (order >= 0)
			d.after = &b->entries[j++];
		d.changes = order < 0 ? CONTENT_REMOVED : order > 0 ? CONTENT_ADDED : 0;
		if (order == 0 && compare_entries(before, d.before, after, d.after, &d.changes, err) < 0)
			return -1;
		if (d.changes)
			found(context, &d);
	}
	return 0;
}

int content_compare(const struct content *before, const struct content *after, content_difference_fn *found, void *context,
	struct dory_error *err)
{
	struct content_list a, b;
	int result;

	if (content_list(before, "/", UINT32_MAX, &a, err) < 0)
		return -1;
	if (content_list(after, "/", UINT32_MAX, &b, err) < 0) {
		content_list_release(&a);
		return -1;
	}
	result = merge(before, &a, after, &b, found, context, err);
	content_list_release(&a);
	content_list_release(&b);
	return result;
}
