/* SPDX-License-Identifier: BSD-3-Clause */
#include "dory/hub/serial.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"

enum { FILE_SIZE_MAX = 64 };

static char *serial_path(const char *root, const char *name)
{
	return text_format("%s/repositories/%s.serial", root, name);
}

/* 0 if none was seen. A file that is there and cannot be read is an error: it is no leave to go back. */
static int read_serial(const char *root, const char *name, uint64_t *serial, struct dory_error *err)
{
	char *path = serial_path(root, name), *text, *end;
	size_t length;
	int result = 0;

	*serial = 0;
	if (access(path, F_OK) == 0) {
		result = file_read(path, FILE_SIZE_MAX, &text, &length, err);
		if (result == 0) {
			*serial = strtoull(text, &end, 10);
			if (end == text || *end != '\n')
				result = error_set(
					err, DORY_ERROR_UNTRUSTED, "%s is damaged: it is to hold one number", path);
			free(text);
		}
	}
	free(path);
	return result;
}

static void print_time(uint64_t serial, char text[32])
{
	time_t seconds = (time_t)serial;
	struct tm tm;

	if (serial == 0 || !gmtime_r(&seconds, &tm) || strftime(text, 32, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		strcpy(text, "an unknown time");
}

int hub_serial_check(const char *root, const struct hub *hub, uint64_t serial, struct dory_error *err)
{
	char offered[32], seen[32];
	uint64_t kept;

	if (read_serial(root, hub->name, &kept, err) < 0)
		return -1;
	if (serial >= kept)
		return 0;
	print_time(serial, offered);
	print_time(kept, seen);
	error_set(err, DORY_ERROR_UNTRUSTED, "the index of %s is of %s, older than the one of %s that was here before",
		hub->url, offered, seen);
	return error_hint(err, "Somebody may be keeping newer packages from you. If its maker has gone back, remove "
			       "the repository and add it again.");
}

int hub_serial_keep(const char *root, const struct hub *hub, uint64_t serial, struct dory_error *err)
{
	char *path = serial_path(root, hub->name), *directory = text_format("%s/repositories", root);
	char *text = text_format("%llu\n", (unsigned long long)serial);
	uint64_t kept;
	int result = file_make_directories(directory, err);

	if (result == 0)
		result = read_serial(root, hub->name, &kept, err);
	if (result == 0 && serial > kept)
		result = file_replace(path, text, strlen(text), err);
	free(path);
	free(directory);
	free(text);
	return result;
}

void hub_serial_forget(const char *root, const char *name)
{
	char *path = serial_path(root, name);

	unlink(path);
	free(path);
}
