/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads what --volume asks for. */
#include "dory/instance/volume.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "dory/base/text.h"

/* A setting and what it may be; qemu-system-x86_64(1), -drive. */
static const struct setting {
	const char *key;
	size_t offset;
	const char *const *values;
} settings[] = {
	{"format", offsetof(struct volume, format), (const char *const[]){"raw", "qcow2", "vdi", "vmdk", NULL}},
	{"cache", offsetof(struct volume, cache), (const char *const[]){"writeback", "none", "writethrough", "directsync", "unsafe", NULL}},
	{"aio", offsetof(struct volume, aio), (const char *const[]){"threads", "native", "io_uring", NULL}},
};

static int take_setting(struct volume *volume, const char *word, struct dory_error *err)
{
	size_t length = strcspn(word, "=");

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *setting = &settings[i];

		if (strlen(setting->key) != length || strncasecmp(setting->key, word, length) != 0)
			continue;
		for (const char *const *value = setting->values; *value; value++) {
			if (strcmp(*value, word + length + 1) == 0) {
				text_replace((char **)((char *)volume + setting->offset), text_copy(*value));
				return 0;
			}
		}
		return error_set(err, DORY_ERROR_USAGE, "a volume's %s cannot be '%s'", setting->key, word + length + 1);
	}
	error_set(err, DORY_ERROR_USAGE, "unknown volume setting: '%.*s'", (int)length, word);
	return error_hint(err, "There are format, cache and aio.");
}

static int take_word(struct volume *volume, const char *word, struct dory_error *err)
{
	if (strcmp(word, "ro") == 0) {
		volume->machine.is_read_only = true;
		return 0;
	}
	if (word[0] == '/' && !volume->target && !word[strcspn(word, " \t\n")]) {
		volume->target = text_copy(word);
		return 0;
	}
	if (strchr(word, '='))
		return take_setting(volume, word, err);
	error_set(err, DORY_ERROR_USAGE, "'%s' is neither ro, nor a directory of the machine, nor a setting of a volume", word);
	return error_hint(err, "Please use '=' for assignment of volume settings. Example: --volume /vol.img:format=raw");
}

/* Linux's own asynchronous I/O goes past the host's page cache. */
static int settle_cache(struct volume *volume, struct dory_error *err)
{
	bool is_native = strcmp(volume->aio, "native") == 0;

	if (!volume->cache)
		volume->cache = text_copy(is_native ? "none" : "writeback");
	if (is_native && strcmp(volume->cache, "none") != 0 && strcmp(volume->cache, "directsync") != 0)
		return error_set(err, DORY_ERROR_USAGE, "a volume with aio=native has cache=none or directsync, not %s", volume->cache);
	return 0;
}

int volume_parse(const char *text, struct volume *volume, struct dory_error *err)
{
	char *copy = text_copy(text), *rest = copy, *path = strsep(&rest, ":"), *word;
	int result = 0;

	*volume = (struct volume){.path = realpath(path, NULL), .format = text_copy("raw"), .aio = text_copy("threads")};
	if (!volume->path)
		result = error_set_errno(err, errno == ENOENT ? DORY_ERROR_NOT_FOUND : DORY_ERROR_IO, "the volume %s", path);
	while (result == 0 && (word = strsep(&rest, ":")))
		result = take_word(volume, word, err);
	if (result == 0)
		result = settle_cache(volume, err);
	if (result == 0 && access(volume->path, volume->machine.is_read_only ? R_OK : R_OK | W_OK) < 0)
		result = error_set_errno(err, DORY_ERROR_IO, "the volume %s", path);
	free(copy);
	volume->machine.path = volume->path;
	volume->machine.format = volume->format;
	volume->machine.cache = volume->cache;
	volume->machine.aio = volume->aio;
	if (result < 0)
		volume_release(volume);
	return result;
}

void volume_release(struct volume *volume)
{
	free(volume->path);
	free(volume->format);
	free(volume->cache);
	free(volume->aio);
	free(volume->target);
	*volume = (struct volume){0};
}

char *volume_mount(const struct volume *volume, size_t n)
{
	return text_format("/dev/vd%c %s ext4 %s", (char)('b' + n), volume->target, volume->machine.is_read_only ? "ro" : "rw");
}
