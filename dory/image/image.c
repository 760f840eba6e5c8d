/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding, listing and removing images. Reading takes no lock: what has its name is whole. */
#include "dory/image/image.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/base/text_list.h"
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

/* The names of all images, sorted. */
static int list_names(const char *root, struct text_list *names, struct dory_error *err)
{
	char *path = store_directory(root);
	struct text_list files = {0};
	int result = file_list_names(path, &files, err);

	for (size_t i = 0; i < files.count; i++) {
		char *name = store_name_of(files.items[i]);

		if (name)
			text_list_take(names, name);
	}
	text_list_sort(names);
	text_list_release(&files);
	free(path);
	return result;
}

static int explain_missing(const char *root, const char *name, struct dory_error *err)
{
	struct text_list names = {0};
	struct near_names near = {0};
	struct dory_error ignored;

	error_set(err, DORY_ERROR_NOT_FOUND, "there is no image %s", name);
	if (list_names(root, &names, &ignored) == 0)
		for (size_t i = 0; i < names.count; i++)
			near_names_offer(&near, name, names.items[i]);
	near_names_hint(&near, err);
	text_list_release(&names);
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
	struct text_list names = {0};
	struct dory_error ignored;
	int result = list_names(root, &names, err);

	*images = NULL;
	*count = 0;
	for (size_t i = 0; i < names.count && result == 0; i++) {
		struct image image;

		if (image_find(root, names.items[i], &image, &ignored) == 0) /* else removed since, or no image */
			*(struct image *)array_push(images, count, sizeof(image)) = image;
	}
	text_list_release(&names);
	return result;
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
