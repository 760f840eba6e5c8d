/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading, replacing and locking files. */
#include "dory/base/file.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/descriptor.h"
#include "dory/base/text.h"
#include "dory/base/text_list.h"

/* Reads until the end or until `limit` + 1 bytes; returns how many, or -1. */
static ssize_t read_up_to(int fd, struct text_buffer *buffer, size_t limit)
{
	char chunk[16384];
	ssize_t n;

	while (buffer->length <= limit) {
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) { /* a pipe that somebody writes to */
			poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1);
			continue;
		}
		if (n <= 0)
			return n;
		text_append(buffer, chunk, (size_t)n);
	}
	return 0;
}

int file_read(const char *path, size_t limit, char **content, size_t *length, struct dory_error *err)
{
	struct text_buffer buffer = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe that nobody writes to is empty */
	ssize_t n;

	if (fd < 0)
		return error_set_errno(err, errno == ENOENT ? DORY_ERROR_NOT_FOUND : DORY_ERROR_IO, "opening %s", path);
	text_append(&buffer, "", 0);
	n = read_up_to(fd, &buffer, limit);
	if (n < 0)
		error_set_errno(err, DORY_ERROR_IO, "reading %s", path);
	else if (buffer.length > limit)
		n = error_set(err, DORY_ERROR_FORMAT, "%s is larger than %zu bytes", path, limit);
	close(fd);
	if (n < 0) {
		free(buffer.text);
		return -1;
	}
	*content = buffer.text;
	*length = buffer.length;
	return 0;
}

/* A new file beside the one that it is to replace. */
struct replacement {
	const char *path;
	char *temporary;
	int fd;
};

static int replacement_open(struct replacement *new, const char *path, struct dory_error *err)
{
	new->path = path;
	new->temporary = text_format("%s.XXXXXX", path);
	new->fd = mkostemp(new->temporary, O_CLOEXEC);
	if (new->fd >= 0)
		return 0;
	error_set_errno(err, DORY_ERROR_IO, "making a file beside %s", path);
	free(new->temporary);
	return -1;
}

/* `is_whole`: what was to be written is written; if not, errno says why. */
static int replacement_finish(struct replacement *new, bool is_whole, struct dory_error *err)
{
	int result = 0;

	if (!is_whole || fchmod(new->fd, 0644) < 0 || fdatasync(new->fd) < 0 || rename(new->temporary, new->path) < 0) {
		result = error_set_errno(err, DORY_ERROR_IO, "writing %s", new->path);
		unlink(new->temporary);
	}
	close(new->fd);
	free(new->temporary);
	return result;
}

int file_replace(const char *path, const void *content, size_t length, struct dory_error *err)
{
	struct replacement new;

	if (replacement_open(&new, path, err) < 0)
		return -1;
	return replacement_finish(&new, descriptor_write_all(new.fd, content, length), err);
}

/* By reading and writing. */
static int copy_bytes(int from, int to)
{
	enum { SIZE = 1 << 18 };
	char *buffer = malloc(SIZE);
	ssize_t n = -1;

	while (buffer && ((n = read(from, buffer, SIZE)) > 0 || (n < 0 && errno == EINTR)))
		if (n > 0 && !descriptor_write_all(to, buffer, (size_t)n)) {
			n = -1;
			break;
		}
	free(buffer);
	return n < 0 ? -1 : 0;
}

/* The kernel copies where it can: not from one kind of file system to another, nor what is made as it is read. The rest is read. */
static int copy_all(int from, int to)
{
	ssize_t n;

	while ((n = copy_file_range(from, NULL, to, NULL, 1 << 30, 0)) > 0)
		;
	if (n < 0 && errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
		return -1;
	return copy_bytes(from, to);
}

int file_copy(const char *from, const char *to, struct dory_error *err)
{
	int fd = open(from, O_RDONLY | O_CLOEXEC), result;
	struct replacement new;

	if (fd < 0)
		return error_set_errno(err, errno == ENOENT ? DORY_ERROR_NOT_FOUND : DORY_ERROR_IO, "opening %s", from);
	result = replacement_open(&new, to, err);
	if (result == 0)
		result = replacement_finish(&new, copy_all(fd, new.fd) == 0, err);
	close(fd);
	return result;
}

int file_list_names(const char *path, struct text_list *names, struct dory_error *err)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	int failure;

	if (!directory)
		return errno == ENOENT ? 0 : error_set_errno(err, DORY_ERROR_IO, "reading the directory %s", path);
	while (errno = 0, entry = readdir(directory))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			text_list_add(names, entry->d_name);
	failure = errno;
	closedir(directory);
	text_list_sort(names);
	errno = failure;
	return failure ? error_set_errno(err, DORY_ERROR_IO, "reading the directory %s", path) : 0;
}

int file_make_directories(const char *path, struct dory_error *err)
{
	char *copy = text_copy(path), *slash = copy;
	int result = 0;

	do {
		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = '\0';
		if (*copy && mkdir(copy, 0777) < 0 && errno != EEXIST) {
			result = error_set_errno(err, DORY_ERROR_IO, "making the directory %s", copy);
			break;
		}
		if (slash)
			*slash = '/';
	} while (slash);
	free(copy);
	return result;
}

int file_lock(const char *path, void (*waiting)(const char *path), int *fd, struct dory_error *err)
{
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	if (file < 0)
		return error_set_errno(err, DORY_ERROR_IO, "opening the lock %s", path);
	if (flock(file, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK && waiting)
			waiting(path);
		while (flock(file, LOCK_EX) < 0) {
			if (errno == EINTR)
				continue;
			error_set_errno(err, DORY_ERROR_IO, "locking %s", path);
			close(file);
			return -1;
		}
	}
	*fd = file;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *position)
{
	return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

int file_remove_tree(const char *path, struct dory_error *err)
{
	enum { DESCRIPTORS_MAX = 16 };

	if (nftw(path, remove_one, DESCRIPTORS_MAX, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
		return error_set_errno(err, DORY_ERROR_IO, "removing %s", path);
	return 0;
}
