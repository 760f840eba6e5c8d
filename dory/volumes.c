/* SPDX-License-Identifier: BSD-3-Clause */
/* Volumes of a project. */
#include "dory/volumes.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/compose/ext4_image.h"
#include "dory/disk/disk.h"
#include "dory/manifest/requirement.h"

/* The names are as safe as those of packages: they become files. */
static int check_name(const char *name, struct dory_error *err)
{
	struct dory_error ignored;

	if (package_name_check(name, &ignored) == 0)
		return 0;
	error_set(err, DORY_ERROR_USAGE, "\"%.120s\" cannot be the name of a volume", name);
	return error_hint(err, "A name has letters, digits and . _ + -, and starts with a letter or digit.");
}

static int make_ext4(int fd, uint64_t size, struct dory_error *err)
{
	struct ext4_options options = {.total_bytes = size, .timestamp = time(NULL)};
	struct tree *tree = tree_new();
	int result;

	if (getrandom(options.uuid, sizeof(options.uuid), 0) < 0)
		memset(options.uuid, 0x5a, sizeof(options.uuid)); /* only tells it from others */
	tree_sort(tree);
	result = ext4_image_create(fd, tree, &options, err);
	tree_free(tree);
	return result;
}

/* The disk, raw, in `fd`. */
static int fill(int fd, const struct dory_volume *volume, struct dory_error *err)
{
	if (volume->file_system && make_ext4(fd, volume->size, err) < 0)
		return -1;
	if (ftruncate(fd, (off_t)volume->size) < 0)
		return error_set_errno(err, DORY_ERROR_IO, "making room for the volume %s", volume->name);
	return 0;
}

/* A raw disk is made where it is to be; others are written from one without a name. */
static int write_disk(int fd, const char *directory, const struct dory_volume *volume, const struct disk_format *format, struct dory_error *err)
{
	int raw, result;

	if (strcmp(format->name, "raw") == 0)
		return fill(fd, volume, err);
	raw = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (raw < 0)
		raw = memfd_create("volume", MFD_CLOEXEC);
	if (raw < 0)
		return error_set_errno(err, DORY_ERROR_IO, "making a file in %s", directory);
	result = fill(raw, volume, err);
	if (result == 0)
		result = disk_export(format, raw, fd, err);
	close(raw);
	return result;
}

/* Under a name of its own until it is whole; then the metadata, and the disk at last. */
static int put(const char *directory, const struct dory_volume *volume, const struct disk_format *format, struct dory_error *err)
{
	char *path = text_format("%s/%s", directory, volume->name), *yaml = text_format("%s.yaml", path);
	char *new = text_format("%s/.%s.%d", directory, volume->name, (int)getpid()), *text = text_format("format: %s\n", format->name);
	int fd = -1, result = -1;

	if (access(path, F_OK) == 0)
		error_set(err, DORY_ERROR_CONFLICT, "could not create volume: Volume already exists");
	else if ((fd = open(new, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) < 0)
		error_set_errno(err, DORY_ERROR_IO, "making %s", new);
	else
		result = write_disk(fd, directory, volume, format, err);
	if (result == 0 && link(new, path) < 0) {
		result = errno == EEXIST ? error_set(err, DORY_ERROR_CONFLICT, "could not create volume: Volume already exists")
					 : error_set_errno(err, DORY_ERROR_IO, "making %s", path);
	} else if (result == 0 && file_replace(yaml, text, strlen(text), err) < 0) {
		unlink(path);
		result = -1;
	}
	if (fd >= 0) {
		unlink(new);
		close(fd);
	}
	free(path);
	free(yaml);
	free(new);
	free(text);
	return result;
}

int dory_volume_create(const char *project, const struct dory_volume *volume, struct dory_error *err)
{
	char *manifest = text_format("%s/meta/package.yaml", project), *directory = text_format("%s/volumes", project);
	const struct disk_format *format = disk_format_find(volume->format);
	int result = check_name(volume->name, err);

	if (result == 0 && !format)
		result = error_set(err, DORY_ERROR_USAGE, "there is no format '%.40s' of volumes: write raw, qcow2, vdi or vmdk", volume->format);
	if (result == 0 && volume->file_system && strcmp(volume->file_system, "ext4") != 0)
		result = error_set(err, DORY_ERROR_USAGE, "there is no file system '%.40s' of volumes: write ext4", volume->file_system);
	if (result == 0 && access(manifest, F_OK) < 0) {
		error_set(err, DORY_ERROR_NOT_FOUND, "must be in package root directory: there is no meta/package.yaml");
		result = error_hint(err, "`dory package init` makes one.");
	}
	if (result == 0)
		result = file_make_directories(directory, err);
	if (result == 0)
		result = put(directory, volume, format, err);
	free(manifest);
	free(directory);
	return result;
}

int dory_volume_delete(const char *project, const char *name, struct dory_error *err)
{
	char *path = text_format("%s/volumes/%s", project, name), *yaml = text_format("%s.yaml", path);
	int result = check_name(name, err);

	if (result == 0 && unlink(path) < 0)
		result = errno == ENOENT ? error_set(err, DORY_ERROR_NOT_FOUND, "could not find volume with name '%s'", name)
					 : error_set_errno(err, DORY_ERROR_IO, "removing %s", path);
	if (result == 0 && unlink(yaml) < 0 && errno != ENOENT)
		result = error_set_errno(err, DORY_ERROR_IO, "removing %s", yaml);
	free(path);
	free(yaml);
	return result;
}
