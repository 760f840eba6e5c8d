/* SPDX-License-Identifier: BSD-3-Clause */
/* Files of one instance's directory. */
#include "dory/instances/place.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"

enum { RECORD_SIZE_MAX = 4 << 20 };

static char *path_of(int directory, const char *file)
{
	return text_format("/proc/self/fd/%d/%s", directory, file);
}

char *instance_place_path(const struct instance_place *place, const char *file)
{
	return path_of(place->directory, file);
}

void instance_place_close(struct instance_place *place)
{
	if (place->lock >= 0)
		close(place->lock);
	if (place->directory >= 0)
		close(place->directory);
	*place = INSTANCE_PLACE_NONE;
}

bool place_lock(struct instance_place *place)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = openat(place->directory, INSTANCE_LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return false;
	if (fcntl(fd, F_OFD_SETLK, &whole) < 0) {
		close(fd);
		errno = EAGAIN;
		return false;
	}
	place->lock = fd;
	return true;
}

bool place_is_locked(int directory)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = openat(directory, INSTANCE_LOCK_FILE, O_RDWR | O_CLOEXEC);
	bool is_locked;

	if (fd < 0)
		return false;
	is_locked = fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
	close(fd);
	return is_locked;
}

int place_read_record(int directory, const char *file, const struct record_field *fields, void *record, struct dory_error *err)
{
	char *path = path_of(directory, file), *text;
	size_t length;
	int result = file_read(path, RECORD_SIZE_MAX, &text, &length, err);

	if (result == 0) {
		result = record_parse(fields, file, text, length, record, err);
		free(text);
	}
	free(path);
	return result;
}

static char *draft_name(const char *file)
{
	return text_format("%s.new", file);
}

void place_reserve_record(int directory, const char *file)
{
	enum { ROOM = 8192 };
	char *draft = draft_name(file);
	int fd = openat(directory, draft, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0 && posix_fallocate(fd, 0, ROOM) != 0)
		unlinkat(directory, draft, 0);
	if (fd >= 0)
		close(fd);
	free(draft);
}

/* The draft's name is fixed: only the owner of the lock writes, and what a kill leaves is written over. */
static int replace(int directory, const char *file, const char *text, bool is_durable, struct dory_error *err)
{
	char *draft = draft_name(file);
	int fd = openat(directory, draft, O_WRONLY | O_CREAT | O_CLOEXEC, 0600), result = 0;
	size_t length = strlen(text);

	if (fd < 0 || write(fd, text, length) != (ssize_t)length || ftruncate(fd, (off_t)length) < 0 ||
		(is_durable && fdatasync(fd) < 0) || renameat(directory, draft, directory, file) < 0) {
		result = error_set_errno(err, DORY_ERROR_IO, "writing the instance's %s", file);
		unlinkat(directory, draft, 0);
	}
	if (fd >= 0)
		close(fd);
	free(draft);
	return result;
}

int place_write_record(int directory, const char *file, const struct record_field *fields, const void *record, bool is_durable,
	struct dory_error *err)
{
	char *text;
	int result = record_print(fields, record, &text, err);

	if (result < 0)
		return -1;
	result = replace(directory, file, text, is_durable, err);
	free(text);
	return result;
}
