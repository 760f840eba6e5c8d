/* SPDX-License-Identifier: BSD-3-Clause */
/* What tests ask of an image: is it sound (e2fsck), and what is in it (libext2fs, through its own reader of files). */
#pragma once
#include <ext2fs/ext2fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/child.h"
#include "dory/base/text.h"

static inline bool image_is_sound(const char *path)
{
	const char *argv[] = {"e2fsck", "-fn", path, NULL};
	struct child_result result;
	struct dory_error err;
	bool is_sound;

	if (child_run(argv, &result, &err) < 0) {
		printf("# %s\n", err.message);
		return false;
	}
	is_sound = result.status == 0;
	if (!is_sound)
		printf("# e2fsck says %d: %s\n", result.status, result.output);
	child_result_release(&result);
	return is_sound;
}

/* One line for each name: path, type and mode, owner, size or target, and a sum of the contents; sorted by path. */
struct listing {
	char **lines;
	size_t count;
};

static inline void listing_add(struct listing *listing, char *line)
{
	*(char **)array_push(&listing->lines, &listing->count, sizeof(char *)) = line;
}

static inline void listing_release(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->lines[i]);
	free(listing->lines);
	*listing = (struct listing){0};
}

static inline int listing_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static inline void listing_sort(struct listing *listing)
{
	if (listing->count > 1)
		qsort(listing->lines, listing->count, sizeof(char *), listing_compare);
}

static inline uint64_t listing_sum(uint64_t sum, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		sum = (sum ^ (uint8_t)bytes[i]) * 0x100000001b3u;
	return sum;
}

static inline char *listing_line(
	const char *path, unsigned mode, unsigned uid, unsigned gid, uint64_t size, const char *target, uint64_t sum)
{
	return text_format("%s %o %u:%u %llu %s %llx", path, mode, uid, gid, (unsigned long long)size, target,
		(unsigned long long)sum);
}

struct image_reading {
	ext2_filsys fs;
	struct listing *listing;
	const char *above;
	bool is_bad;
};

static inline uint64_t image_sum(ext2_filsys fs, ext2_ino_t number, bool *is_bad)
{
	char buffer[65536];
	uint64_t sum = 1;
	ext2_file_t file;
	unsigned n = 1;

	if (ext2fs_file_open(fs, number, 0, &file)) {
		*is_bad = true;
		return 0;
	}
	while (n > 0 && !*is_bad) {
		*is_bad = ext2fs_file_read(file, buffer, sizeof(buffer), &n) != 0;
		sum = listing_sum(sum, buffer, n);
	}
	ext2fs_file_close(file);
	return sum;
}

static inline char *image_link(ext2_filsys fs, ext2_ino_t number, const struct ext2_inode *inode, bool *is_bad)
{
	char target[4097] = "";
	ext2_file_t file;
	unsigned n = 0;

	if (ext2fs_is_fast_symlink((struct ext2_inode *)(uintptr_t)inode)) {
		memcpy(target, inode->i_block, inode->i_size);
	} else if (ext2fs_file_open(fs, number, 0, &file) == 0) {
		*is_bad |= ext2fs_file_read(file, target, sizeof(target) - 1, &n) != 0;
		ext2fs_file_close(file);
	}
	return text_copy(target);
}

static inline int image_read_entry(ext2_ino_t directory, int entry, struct ext2_dir_entry *dirent, int offset,
	int block_size, char *buffer, void *context)
{
	struct image_reading *reading = context, below = *reading;
	unsigned length = ext2fs_dirent_name_len(dirent);
	struct ext2_inode inode;
	char *path, *target;
	uint64_t sum = 0, size;

	if (entry == DIRENT_DOT_FILE || entry == DIRENT_DOT_DOT_FILE)
		return 0;
	path = text_format("%s/%.*s", reading->above, (int)length, dirent->name);
	if (ext2fs_read_inode(reading->fs, dirent->inode, &inode)) {
		reading->is_bad = true;
		free(path);
		return DIRENT_ABORT;
	}
	size = EXT2_I_SIZE(&inode);
	target = LINUX_S_ISLNK(inode.i_mode) ? image_link(reading->fs, dirent->inode, &inode, &reading->is_bad)
					     : text_copy("");
	if (LINUX_S_ISREG(inode.i_mode))
		sum = image_sum(reading->fs, dirent->inode, &reading->is_bad);
	listing_add(reading->listing, listing_line(path, inode.i_mode, inode_uid(inode), inode_gid(inode),
					      LINUX_S_ISDIR(inode.i_mode) ? 0 : size, target, sum));
	free(target);
	if (LINUX_S_ISDIR(inode.i_mode)) {
		below.above = path;
		if (ext2fs_dir_iterate2(reading->fs, dirent->inode, 0, NULL, image_read_entry, &below) || below.is_bad)
			reading->is_bad = true;
	}
	free(path);
	return reading->is_bad ? DIRENT_ABORT : 0;
}

/* False if the image cannot be read whole. */
static inline bool image_list_content(const char *path, struct listing *listing)
{
	struct image_reading reading = {.listing = listing, .above = ""};

	if (ext2fs_open(path, 0, 0, 0, unix_io_manager, &reading.fs))
		return false;
	if (ext2fs_dir_iterate2(reading.fs, EXT2_ROOT_INO, 0, NULL, image_read_entry, &reading))
		reading.is_bad = true;
	ext2fs_close_free(&reading.fs);
	listing_sort(listing);
	return !reading.is_bad;
}

static inline bool listing_has(const struct listing *listing, const char *start)
{
	for (size_t i = 0; i < listing->count; i++)
		if (strncmp(listing->lines[i], start, strlen(start)) == 0)
			return true;
	return false;
}
