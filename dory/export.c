/* SPDX-License-Identifier: BSD-3-Clause */
/* Images leave the store: as disks of other formats, as archives. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/progress.h"
#include "dory/base/text.h"
#include "dory/content/content.h"
#include "dory/disk/disk.h"
#include "dory/image_tools.h"
#include "dory/parts.h"

static bool quiet; /* the settings'; one image is exported at a time */

/* Is this ending, with or without one of a compression behind it, a tar archive's? */
static bool is_tar_name(const char *path)
{
	static const char *const endings[] = {".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz"};
	size_t length = strlen(path);

	for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
		size_t ending = strlen(endings[i]);

		if (length > ending && strcmp(path + length - ending, endings[i]) == 0)
			return true;
	}
	return false;
}

static int choose_format(const char *format, const char *path, bool *is_tar, const struct disk_format **disk, struct dory_error *err)
{
	const char *dot = strrchr(path, '.');

	*is_tar = format ? strcmp(format, "tar") == 0 : is_tar_name(path);
	if (!format)
		format = dot ? dot + 1 : "";
	*disk = disk_format_find(strcmp(format, "img") == 0 ? "raw" : strcmp(format, "vpc") == 0 ? "vhd" : format);
	if (*is_tar || *disk)
		return 0;
	error_set(err, DORY_ERROR_USAGE, "there is no format '%s'", format);
	return error_hint(err, "Choose one with --format: raw, qcow2, vmdk, vdi, vhd, vhdx or tar.");
}

static void tell(void *context, uint64_t done)
{
	progress_update(context, done);
}

static int export_disk(const struct image *image, const struct disk_format *disk, int from, int to, struct dory_error *err)
{
	char *title = text_format("exporting %s", image->name);
	struct progress progress;
	int result;

	progress_start(&progress, title, 0, image->size, quiet);
	progress.purpose = "to go through";
	disk_set_progress(tell, &progress);
	result = disk_export(disk, from, to, err);
	disk_set_progress(NULL, NULL);
	progress_finish(&progress, result == 0);
	free(title);
	return result;
}

static int write_to(const struct image *image, bool is_tar, const struct disk_format *disk, int fd, const char *path,
	struct dory_error *err)
{
	int from = compose_image_open(image->disk_path, err), result; /* no composition changes it meanwhile */
	struct content *content;

	if (from < 0)
		return -1;
	if (!is_tar) {
		result = export_disk(image, disk, from, fd, err);
	} else {
		result = content_open(image->disk_path, &content, err);
		if (result == 0) {
			result = content_write_tar(content, fd, path, err);
			content_close(content);
		}
	}
	close(from);
	return result;
}

static int write_file(const struct image *image, bool is_tar, const struct disk_format *disk, const char *path, struct dory_error *err)
{
	char *temporary = text_format("%s.partial", path);
	int fd = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), result = -1;

	if (fd < 0) {
		error_set_errno(err, DORY_ERROR_IO, "making %s", temporary);
		free(temporary);
		return -1;
	}
	if (write_to(image, is_tar, disk, fd, path, err) == 0)
		result = rename(temporary, path) < 0 ? error_set_errno(err, DORY_ERROR_IO, "renaming %s", temporary) : 0;
	if (result < 0)
		unlink(temporary);
	close(fd);
	free(temporary);
	return result;
}

/* A pipe or device is written to as it is, and never replaced. */
static int write_special(const struct image *image, bool is_tar, const char *path, struct dory_error *err)
{
	int fd, result;

	if (!is_tar)
		return error_set(err, DORY_ERROR_USAGE, "only a tar archive can be written to %s, which is no file", path);
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return error_set_errno(err, DORY_ERROR_IO, "opening %s", path);
	result = write_to(image, true, NULL, fd, path, err);
	close(fd);
	return result;
}

static int write_target(
	const struct image *image, bool is_tar, const struct disk_format *disk, const char *path, struct dory_error *err)
{
	struct stat st;

	if (strcmp(path, "-") == 0)
		return write_to(image, is_tar, disk, STDOUT_FILENO, path, err);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return write_special(image, is_tar, path, err);
	return write_file(image, is_tar, disk, path, err);
}

int dory_image_export(
	const struct dory_config *config, const char *name, const char *format, const char *path, struct dory_error *err)
{
	const struct disk_format *disk;
	struct image image;
	bool is_tar;
	int result;

	quiet = config->quiet;
	if (choose_format(format, path, &is_tar, &disk, err) < 0)
		return -1;
	if (strcmp(path, "-") == 0 && !is_tar)
		return error_set(err, DORY_ERROR_USAGE, "only a tar archive can be written to standard output");
	if (image_find(config->root, name, &image, err) < 0)
		return -1;
	result = write_target(&image, is_tar, disk, path, err);
	image_release(&image);
	return result < 0 ? error_wrap(err, "exporting the image %s", name) : 0;
}
