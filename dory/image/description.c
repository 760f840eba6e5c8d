/* SPDX-License-Identifier: BSD-3-Clause */
/* image.json, and what stat says of the disk. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/json.h"
#include "dory/base/text.h"
#include "dory/image/store.h"

enum { JSON_SIZE_MAX = 1 << 20, RUN_CONFIG_KEPT_MAX = 1 << 16, UUID_OFFSET = 1024 + 0x68 /* ext4 disk layout, "Super Block": s_uuid */ };

void store_disk_uuid(const char *disk, char text[STORE_UUID_SIZE])
{
	uint8_t uuid[16];
	int fd = open(disk, O_RDONLY | O_CLOEXEC);
	bool is_read = fd >= 0 && pread(fd, uuid, sizeof(uuid), UUID_OFFSET) == (ssize_t)sizeof(uuid);

	if (fd >= 0)
		close(fd);
	text[0] = '\0';
	for (unsigned i = 0; i < sizeof(uuid) && is_read; i++) {
		static const char digits[] = "0123456789abcdef";

		text[2 * i] = digits[uuid[i] >> 4];
		text[2 * i + 1] = digits[uuid[i] & 15];
		text[2 * i + 2] = '\0';
	}
}

static void set_text(json_t *object, const char *key, const char *value)
{
	json_object_set_new(object, key, json_string(value ? value : ""));
}

int description_write(const char *directory, const struct image *image, struct dory_error *err)
{
	char *path = text_format("%s/image.json", directory), *disk = text_format("%s/disk.raw", directory), *text,
	     uuid[STORE_UUID_SIZE];
	json_t *object = json_object();
	int result;

	store_disk_uuid(disk, uuid);
	set_text(object, "name", image->name);
	set_text(object, "created", image->created);
	set_text(object, "origin", image->origin);
	set_text(object, "command", image->default_command);
	set_text(object, "fingerprint", image->fingerprint);
	set_text(object, "disk_uuid", uuid);
	if (image->run_config && strlen(image->run_config) <= RUN_CONFIG_KEPT_MAX)
		set_text(object, "run", image->run_config);
	if (image->boot)
		json_object_set_new(object, "boot", json_loads(image->boot, 0, NULL));
	text = json_dumps(object, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	if (text)
		result = file_replace(path, text, strlen(text), err);
	else
		result = error_set(err, DORY_ERROR_USAGE, "the description of the image is not UTF-8 text");
	json_decref(object);
	free(text);
	free(path);
	free(disk);
	return result;
}

bool image_is_current(const struct image *image)
{
	char uuid[STORE_UUID_SIZE];

	store_disk_uuid(image->disk_path, uuid);
	return image->disk_uuid && strcmp(uuid, image->disk_uuid) == 0;
}

static int parse(const char *path, const char *text, size_t length, struct image *image, struct dory_error *err)
{
	json_error_t failure;
	json_t *object = json_loadb(text, length, 0, &failure), *boot;

	if (!json_is_object(object)) {
		json_decref(object);
		return error_set(
			err, DORY_ERROR_FORMAT, "%s is damaged (line %d: %s)", path, failure.line, failure.text);
	}
	image->created = json_member_text(object, "created");
	image->origin = json_member_text(object, "origin");
	image->default_command = json_member_text(object, "command");
	image->fingerprint = json_member_text(object, "fingerprint");
	boot = json_object_get(object, "boot");
	image->boot = boot ? json_dumps(boot, JSON_COMPACT) : NULL;
	image->disk_uuid = json_member_text(object, "disk_uuid");
	if (!image_is_current(image))
		image->fingerprint[0] = '\0';
	else if (json_object_get(object, "run"))
		image->run_config = json_member_text(object, "run");
	json_decref(object);
	return 0;
}

int description_read(const char *directory, struct image *image, struct dory_error *err)
{
	char *path = text_format("%s/image.json", directory), *text = NULL;
	size_t length;
	struct stat st;
	int result;

	image->disk_path = text_format("%s/disk.raw", directory);
	result = file_read(path, JSON_SIZE_MAX, &text, &length, err);
	if (result == 0)
		result = parse(path, text, length, image, err);
	if (result == 0 && stat(image->disk_path, &st) < 0)
		result = error_set_errno(
			err, errno == ENOENT ? DORY_ERROR_NOT_FOUND : DORY_ERROR_IO, "looking at %s", image->disk_path);
	if (result == 0) {
		image->size = (uint64_t)st.st_size;
		image->used = (uint64_t)st.st_blocks * 512;
	}
	free(text);
	free(path);
	return result;
}
