/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding, listing and removing images. Reading takes no lock: what has its name is whole. */
#include "dory/image/image.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/compose/compose.h"
#include "dory/image/store.h"
#include "dory/base/near_names.h"

void image_release(struct image *image)
{
	free(image->name);
	free(image->disk_path);
	free(image->created);
	free(image->origin);
	free(image->fingerprint);
	free(image->default_command);
	free(image->run_config);
	free(image->disk_uuid);
	free(image->boot);
	*image = (struct image){0};
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of all images, sorted; returns owned. */
static int list_names(const char *root, char ***names, size_t *count, struct dory_error *err)
{
	char *path = store_directory(root);
	DIR *directory = opendir(path);
	const struct dirent *entry;
	int result = 0;

	*names = NULL;
	*count = 0;
	if (!directory && errno != ENOENT)
		result = error_set_errno(err, DORY_ERROR_IO, "reading the directory %s", path);
	while (directory && (entry = readdir(directory))) {
		char *name = store_name_of(entry->d_name);

		if (name)
			*(char **)array_push(names, count, sizeof(char *)) = name;
	}
	if (directory)
		closedir(directory);
	free(path);
	if (*count > 1)
		qsort(*names, *count, sizeof(char *), compare_texts);
	return result;
}

static void release_names(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

static int explain_missing(const char *root, const char *name, struct dory_error *err)
{
	struct near_names near = {0};
	struct dory_error ignored;
	char **names, *text;
	size_t count;

	error_set(err, DORY_ERROR_NOT_FOUND, "there is no image %s", name);
	if (list_names(root, &names, &count, &ignored) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		near_names_offer(&near, name, names[i]);
	if (near.count > 0) {
		text = near_names_text(&near);
		error_hint(err, "Did you mean %s?", text);
		free(text);
	}
	release_names(names, count);
	return -1;
}

/* A composition that was killed while it changed the disk left a journal; the image is whole again after it is applied.
 */
static int recover(const struct image *image, struct dory_error *err)
{
	char *journal = text_format("%s.journal", image->disk_path);
	int fd, result = 0;

	if (access(journal, F_OK) == 0) {
		fd = compose_image_open(image->disk_path, err);
		result = fd < 0 ? -1 : 0;
		if (fd >= 0)
			close(fd);
	}
	free(journal);
	return result;
}

int image_find(const char *root, const char *name, struct image *image, struct dory_error *err)
{
	struct image found = {0};
	char *directory;
	int result;

	if (image_name_check(name, err) < 0)
		return -1;
	directory = store_path(root, "", name, "");
	found.disk_path = text_format("%s/disk.raw", directory);
	result = recover(&found, err);
	free(found.disk_path);
	found = (struct image){.name = text_copy(name)};
	if (result == 0)
		result = description_read(directory, &found, err);
	free(directory);
	if (result < 0) {
		image_release(&found);
		return err->kind == DORY_ERROR_NOT_FOUND ? explain_missing(root, name, err) : -1;
	}
	*image = found;
	return 0;
}

int image_list(const char *root, struct image **images, size_t *count, struct dory_error *err)
{
	struct dory_error ignored;
	char **names;
	size_t name_count;

	*images = NULL;
	*count = 0;
	if (list_names(root, &names, &name_count, err) < 0) {
		release_names(names, name_count);
		return -1;
	}
	for (size_t i = 0; i < name_count; i++) {
		struct image image;

		if (image_find(root, names[i], &image, &ignored) == 0) /* else removed since, or no image */
			*(struct image *)array_push(images, count, sizeof(image)) = image;
	}
	release_names(names, name_count);
	return 0;
}

int image_remove(const char *root, const char *name, struct dory_error *err)
{
	char *directory, *removed;
	int lock, result = 0;

	if (image_name_check(name, err) < 0)
		return -1;
	directory = store_path(root, "", name, "");
	removed = store_path(root, ".", name, ".removed");
	if (access(directory, F_OK) < 0) {
		result = explain_missing(root, name, err);
	} else if (store_lock(root, name, &lock, err) < 0) {
		result = -1;
	} else {
		result = file_remove_tree(removed, err);
		if (result == 0 && rename(directory, removed) < 0)
			result = errno == ENOENT ? explain_missing(root, name, err)
						 : error_set_errno(err, DORY_ERROR_IO, "removing the image %s", name);
		if (result == 0)
			result = file_remove_tree(removed, err);
		close(lock);
	}
	free(directory);
	free(removed);
	return result;
}
