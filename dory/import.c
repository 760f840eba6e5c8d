/* SPDX-License-Identifier: BSD-3-Clause */
/* Images come into the store: disks that hold an ext4 file system, and archives. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/child.h"
#include "dory/base/text.h"
#include "dory/content/configuration.h"
#include "dory/content/content.h"
#include "dory/disk/disk.h"
#include "dory/image/contents.h"
#include "dory/image_tools.h"
#include "dory/parts.h"

struct import {
	const char *path; /* the file */
	const char *format;
	const char *fingerprint; /* of the image; "": none */
	int fd;
};

/* What qemu-img calls it. */
static const char *qemu_format(const char *format)
{
	return strcmp(format, "vhd") == 0 ? "vpc" : format;
}

static int qemu_img_failed(const struct import *import, const char *said, struct dory_error *err)
{
	return error_set(err, DORY_ERROR_FORMAT, "qemu-img cannot read %s as %s%s%.200s", import->path, import->format, *said ? ": " : "", said);
}

/* A disk that refers to other files could bring in any file of this machine. */
static int check_alone(const struct import *import, struct dory_error *err)
{
	char *path = realpath(import->path, NULL);
	const char *const argv[] = {"qemu-img", "info", "--output=json", "-f", qemu_format(import->format), path ? path : import->path, NULL};
	struct child_result said;
	json_t *object;
	int result = 0;

	if (child_run(argv, &said, err) < 0) {
		free(path);
		if (err->kind == DORY_ERROR_NOT_FOUND)
			error_hint(err, "Disks of the format %s are read by qemu-img: install Debian's package qemu-utils.", import->format);
		return -1;
	}
	object = json_loads(said.output ? said.output : "", 0, NULL);
	if (said.status != 0 || !object)
		result = qemu_img_failed(import, "", err);
	else if (json_object_get(object, "backing-filename") || json_object_get(object, "full-backing-filename"))
		result = error_set(err, DORY_ERROR_FORMAT, "%s needs another file, its backing file", import->path);
	json_decref(object);
	child_result_release(&said);
	free(path);
	return result;
}

static int import_by_qemu(const struct import *import, const char *disk, struct dory_error *err)
{
	char *path, *target;
	const char *argv[] = {"qemu-img", "convert", "-f", qemu_format(import->format), "-O", "raw", NULL, NULL, NULL};
	struct child_result said;
	char magic[4] = {0};
	int result;

	if (strcmp(import->format, "vmdk") == 0 && (pread(import->fd, magic, 4, 0) != 4 || memcmp(magic, "KDMV", 4) != 0))
		return error_set(err, DORY_ERROR_FORMAT, "%s is the description of a VMDK whose data is in other files", import->path);
	if (check_alone(import, err) < 0)
		return -1;
	path = realpath(import->path, NULL); /* absolute: no name of a protocol */
	target = realpath(disk, NULL);
	argv[6] = path;
	argv[7] = target;
	result = path && target ? child_run(argv, &said, err) : error_set_errno(err, DORY_ERROR_IO, "%s", import->path);
	if (result == 0) {
		if (said.status != 0)
			result = qemu_img_failed(import, said.output, err);
		child_result_release(&said);
	}
	free(path);
	free(target);
	return result;
}

static int read_disk(const struct import *import, const char *disk, struct dory_error *err)
{
	int to = open(disk, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), result;

	if (to < 0)
		return error_set_errno(err, DORY_ERROR_IO, "making %s", disk);
	if (strcmp(import->format, "raw") == 0)
		result = disk_import_raw(import->fd, to, err);
	else if (strcmp(import->format, "qcow2") == 0)
		result = disk_import_qcow2(import->fd, to, err);
	else
		result = import_by_qemu(import, disk, err);
	close(to);
	return result;
}

int disk_command_read(const char *disk, char **command, struct dory_error *err)
{
	struct content_configuration configuration;
	struct command_line line = {0};
	struct content *content;
	int result = content_open(disk, &content, err);

	if (result < 0)
		return -1;
	result = content_read_configuration(content, &configuration, err);
	content_close(content);
	if (result < 0)
		return -1;
	for (size_t i = 0; i < configuration.word_count; i++)
		command_line_add(&line, configuration.words[i].text, configuration.words[i].is_separator);
	*command = command_line_join(&line);
	command_line_release(&line);
	content_configuration_release(&configuration);
	return 0;
}

static int commit_disk(const char *name, const struct import *import, struct image_draft *draft, struct dory_error *err)
{
	struct image_contents contents = {0};
	struct image description = {.name = text_copy(name), .fingerprint = text_copy(import->fingerprint)};
	char *path = realpath(import->path, NULL);
	int result = disk_command_read(image_draft_disk(draft), &description.default_command, err);

	if (result < 0 && err->kind == DORY_ERROR_FORMAT && !err->hint[0]) {
		error_set(err, DORY_ERROR_FORMAT, "%s has no ext4 file system that can be read", import->path);
		error_hint(err, "A disk has to hold an ext4 file system, without partitions.");
	}
	if (result == 0) {
		description.created = time_text();
		description.origin = text_format("%s (imported)", path ? path : import->path);
		image_contents_add_source(&contents, "disk", path ? path : import->path, "/");
		image_contents_add_composition(&contents, description.created, description.origin);
		result = image_draft_write_contents(draft, &contents, err);
	}
	if (result == 0)
		result = image_draft_commit(draft, &description, err);
	else
		image_draft_discard(draft);
	image_contents_release(&contents);
	image_release(&description);
	free(path);
	return result;
}

/* A composition can be brought up to date, a disk only be replaced: nobody loses an image by a slip. Under the draft's lock. */
static int check_absence(const struct dory_config *config, const char *name, struct dory_error *err)
{
	struct image there;
	struct dory_error ignored;

	if (image_find(config->root, name, &there, &ignored) < 0)
		return 0;
	image_release(&there);
	error_set(err, DORY_ERROR_CONFLICT, "there is an image %s already", name);
	return error_hint(err, "Choose another name, or remove it: dory rmi %s", name);
}

static int import_disk(const struct dory_config *config, const char *name, const struct import *import, struct dory_error *err)
{
	struct image_draft *draft;

	if (image_draft_open(config->root, name, &draft, err) < 0)
		return -1;
	if (check_absence(config, name, err) < 0 || read_disk(import, image_draft_disk(draft), err) < 0) {
		image_draft_discard(draft);
		return -1;
	}
	return commit_disk(name, import, draft, err);
}

static int import_archive(const struct dory_config *config, const char *name, const struct import *import,
	const struct run_config *run, struct dory_error *err)
{
	const struct compose_source archive = {.kind = COMPOSE_ARCHIVE, .path = import->path};
	char *origin = text_format("%s (imported)", import->path);
	const struct image_recipe recipe = {
		.image = name, .origin = origin, .fingerprint = (char *)"", .files = &archive, .file_count = 1, .config = run,
		.keeps_config = run->command.count == 0 && run->environment_count == 0};
	int result = recipe_compose(config, &recipe, err);

	free(origin);
	return result;
}

static int import_open(const struct dory_config *config, const char *name, struct import *import, const struct run_config *run,
	struct dory_error *err)
{
	struct stat st;

	if (fstat(import->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set(err, DORY_ERROR_USAGE, "%s is not a file", import->path);
	import->format = disk_format_recognize(import->fd);
	if (strcmp(import->format, "raw") != 0 || disk_has_ext4(import->fd)) {
		if (run->command.count > 0 || run->environment_count > 0)
			return error_set(err, DORY_ERROR_USAGE, "a disk keeps the run configuration that it holds; give it at the run");
		return import_disk(config, name, import, err);
	}
	if (disk_has_partitions(import->fd)) {
		error_set(err, DORY_ERROR_FORMAT, "%s is a disk with partitions", import->path);
		return error_hint(err, "Import the partition that holds the ext4 file system: it can be cut out with dd(1).");
	}
	return import_archive(config, name, import, run, err);
}

static int open_file(struct import *import, struct dory_error *err)
{
	import->fd = open(import->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (import->fd >= 0)
		return 0;
	return error_set_errno(err, errno == ENOENT ? DORY_ERROR_NOT_FOUND : DORY_ERROR_IO, "opening %s", import->path);
}

int dory_image_import(const struct dory_config *config, const char *name, const char *path, const struct run_config *run,
	struct dory_error *err)
{
	struct import import = {.path = path, .fingerprint = ""};
	int result;

	if (image_name_check(name, err) < 0 || run_config_check(run, err) < 0 || open_file(&import, err) < 0)
		return -1;
	result = import_open(config, name, &import, run, err);
	close(import.fd);
	return result < 0 ? error_wrap(err, "importing %s", path) : 0;
}

/* The name tells the file and its state: an image that is there by now is the same. */
int disk_image_make(const struct dory_config *config, const struct dory_target *target, struct dory_error *err)
{
	struct import import = {.path = target->name, .fingerprint = "disk"};
	int result;

	if (open_file(&import, err) < 0)
		return -1;
	import.format = disk_format_recognize(import.fd);
	if (strcmp(import.format, "raw") == 0 && !disk_has_ext4(import.fd)) {
		error_set(err, DORY_ERROR_FORMAT, "%s is a disk with partitions or a boot loader, not one of Dory's", target->name);
		result = error_hint(err, "What can be run is a disk that holds one ext4 file system, as `dory image export` writes it.");
	} else {
		result = import_disk(config, target->image_name, &import, err);
	}
	close(import.fd);
	return result < 0 && err->kind == DORY_ERROR_CONFLICT ? 0 : result;
}
