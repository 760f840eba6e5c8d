/* SPDX-License-Identifier: BSD-3-Clause */
/* Contents of regular files. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "dory/base/text.h"
#include "dory/content/content_private.h"

enum { PIECE = 1 << 18 };

int content_each_piece(const struct content *content, const struct content_entry *entry, content_use_fn *use, void *context,
	struct dory_error *err)
{
	uint64_t left = entry->size;
	ext2_file_t file;
	errcode_t code = ext2fs_file_open(content->fs, entry->inode, 0, &file);
	char *piece;
	int result = 0;

	if (code)
		return content_fail(content, code, entry->path, err);
	piece = malloc(PIECE);
	if (!piece)
		abort();
	while (left > 0 && result == 0) {
		unsigned got = 0;

		code = ext2fs_file_read(file, piece, (unsigned)min_u64(left, PIECE), &got);
		if (code || got == 0)
			result = content_fail(content, code ? code : EXT2_ET_SHORT_READ, entry->path, err);
		else
			result = use(context, piece, got, err);
		left -= got;
	}
	free(piece);
	ext2fs_file_close(file);
	return result;
}

static int append(void *context, const void *bytes, size_t length, struct dory_error *err)
{
	text_append(context, bytes, length);
	return 0;
}

int content_read(const struct content *content, const char *path, size_t limit, char **text, size_t *length,
	struct dory_error *err)
{
	struct text_buffer buffer = {0};
	struct content_list list;
	int result;

	if (content_list(content, path, 0, &list, err) < 0)
		return -1;
	if (!S_ISREG(list.entries[0].mode) || list.entries[0].size > limit)
		result = error_set(err, DORY_ERROR_FORMAT, "%s in the image is not a file of at most %zu bytes", path, limit);
	else
		result = content_each_piece(content, &list.entries[0], append, &buffer, err);
	content_list_release(&list);
	if (result < 0) {
		free(buffer.text);
		return -1;
	}
	text_append(&buffer, "", 0);
	*text = buffer.text ? buffer.text : text_copy("");
	*length = buffer.length;
	return 0;
}
