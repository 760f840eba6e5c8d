/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The files are opened from the newest to the oldest, and known by their inodes; if they are turned over meanwhile, again.
 */
#include "dory/instances/log_reader.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/instances/place.h"

enum { FILES_MAX = 100, CHUNK = 1 << 16, CHECK_MS = 1000, OPEN_TRIES = 1000 };

struct log_file {
	int fd;
	ino_t inode;
};

struct log_files {
	struct log_file files[FILES_MAX]; /* the newest first */
	size_t count;
};

struct log_scan {
	const struct log_query *query;
	uint64_t skip; /* whole lines that are still to be left out */
	uint64_t seen; /* whole lines */
	bool is_counting, is_enough;
	struct text_buffer rest; /* the beginning of a line */
};

bool log_line_parse(const char *text, size_t length, struct log_line *line)
{
	static const char *const streams[] = {[LOG_STDOUT] = " stdout ", [LOG_STDERR] = " stderr "};
	const size_t head = LOG_TIME_SIZE - 1, word = strlen(streams[0]);

	if (length < head + word + 2 || text[head - 1] != 'Z' || text[head + word + 1] != ' ')
		return false;
	*line = (struct log_line){.time = text, .text = text + head + word + 2, .length = length - head - word - 2};
	if (strncmp(text + head, streams[LOG_STDERR], word) == 0)
		line->stream = LOG_STDERR;
	else if (strncmp(text + head, streams[LOG_STDOUT], word) != 0)
		return false;
	line->is_whole = text[head + word] == 'F';
	return line->is_whole || text[head + word] == 'P';
}

static bool is_open(const struct log_files *files, ino_t inode)
{
	for (size_t i = 0; i < files->count; i++) {
		if (files->files[i].inode == inode)
			return true;
	}
	return false;
}

static void files_close(struct log_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		close(files->files[i].fd);
	files->count = 0;
}

static int open_nth(int directory, unsigned n)
{
	char *name = n ? text_format(INSTANCE_LOG_FILE ".%u", n) : text_copy(INSTANCE_LOG_FILE);
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);

	free(name);
	return fd;
}

/* Takes the descriptor. False: it is the one to stop at. */
static bool files_add(struct log_files *files, int fd, ino_t until)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_ino == until) {
		close(fd);
		return false;
	}
	if (is_open(files, st.st_ino))
		close(fd);
	else
		files->files[files->count++] = (struct log_file){.fd = fd, .inode = st.st_ino};
	return true;
}

/* False: they were turned over meanwhile, so that one may be missing, or two in the wrong order. */
static bool try_to_open(struct log_files *files, int directory, ino_t until)
{
	bool is_missing = false;
	struct stat st;

	files->count = 0;
	for (unsigned n = 0; n < FILES_MAX; n++) {
		int fd = open_nth(directory, n);

		if (fd < 0 && is_missing)
			break;
		if (fd >= 0 && is_missing) { /* in the middle of being renamed */
			close(fd);
			return false;
		}
		is_missing = fd < 0;
		if (fd >= 0 && !files_add(files, fd, until))
			break;
	}
	return files->count == 0 || (fstatat(directory, INSTANCE_LOG_FILE, &st, 0) == 0 && st.st_ino == files->files[0].inode);
}

/* Opens those that are newer than the file `until`, or all (0). */
static void files_open(struct log_files *files, int directory, ino_t until)
{
	for (unsigned tries = 0; !try_to_open(files, directory, until) && tries < OPEN_TRIES; tries++)
		files_close(files);
}

static void scan_line(struct log_scan *scan, const char *text, size_t length)
{
	const struct log_query *query = scan->query;
	struct log_line line;

	if (!log_line_parse(text, length, &line))
		return;
	if (query->since && strncmp(line.time, query->since, LOG_TIME_SIZE - 1) < 0)
		return;
	scan->seen += line.is_whole;
	if (scan->is_counting)
		return;
	if (scan->skip > 0)
		scan->skip -= line.is_whole;
	else
		scan->is_enough = !query->take(query->context, &line);
}

static void scan_bytes(struct log_scan *scan, const char *bytes, size_t length)
{
	while (length > 0 && !scan->is_enough) {
		const char *newline = memchr(bytes, '\n', length);
		size_t part = newline ? (size_t)(newline - bytes) : length;

		if (!newline || scan->rest.length > 0)
			text_append(&scan->rest, bytes, part);
		if (newline && scan->rest.length > 0)
			scan_line(scan, scan->rest.text, scan->rest.length);
		else if (newline)
			scan_line(scan, bytes, part);
		if (newline)
			scan->rest.length = 0;
		bytes += part + (newline != NULL);
		length -= part + (newline != NULL);
	}
}

/* To the end that it has now. */
static void scan_file(struct log_scan *scan, int fd)
{
	static char bytes[CHUNK];
	ssize_t got;

	while (!scan->is_enough && (got = read(fd, bytes, sizeof(bytes))) > 0)
		scan_bytes(scan, bytes, (size_t)got);
}

/* The oldest first. The newest stays as far as it was read. */
static void scan_files(struct log_scan *scan, const struct log_files *files)
{
	for (size_t i = files->count; i-- > 0;) {
		scan_file(scan, files->files[i].fd);
		if (i > 0)
			scan->rest.length = 0;
	}
}

static void skip_to_tail(struct log_scan *scan, const struct log_files *files)
{
	scan->is_counting = true;
	scan_files(scan, files);
	scan->is_counting = false;
	scan->rest.length = 0;
	if (scan->seen > scan->query->tail)
		scan->skip = scan->seen - scan->query->tail;
	for (size_t i = 0; i < files->count; i++)
		lseek(files->files[i].fd, 0, SEEK_SET);
}

static int watch(int directory)
{
	char *path = text_format("/proc/self/fd/%d", directory);
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd >= 0 && inotify_add_watch(fd, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE) < 0) {
		close(fd);
		fd = -1;
	}
	free(path);
	return fd;
}

/* Without inotify (its limits are the user's) it only looks more seldom than it could. */
static void wait_for_change(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	char events[4096];

	if (poll(&poll_fd, 1, CHECK_MS) > 0 && read(fd, events, sizeof(events)) < 0)
		return;
}

static void follow(struct log_scan *scan, struct log_files *files, int directory)
{
	int change = watch(directory);
	bool is_running = true;

	while (is_running && !scan->is_enough) {
		struct log_files newer;

		is_running = place_is_locked(directory); /* before the last look */
		if (files->count > 0)
			scan_file(scan, files->files[0].fd);
		files_open(&newer, directory, files->count > 0 ? files->files[0].inode : 0);
		if (newer.count > 0) {
			if (files->count > 0)
				scan_file(scan, files->files[0].fd); /* what came before it was turned over */
			scan->rest.length = 0;
			files_close(files);
			*files = newer;
			scan_files(scan, files);
		} else if (is_running && !scan->is_enough) {
			wait_for_change(change);
		}
	}
	if (change >= 0)
		close(change);
}

int instance_log_read(int directory, const struct log_query *query, struct dory_error *err)
{
	struct log_scan scan = {.query = query};
	struct log_files files;

	files_open(&files, directory, 0);
	if (query->has_tail)
		skip_to_tail(&scan, &files);
	scan_files(&scan, &files);
	if (query->follow)
		follow(&scan, &files, directory);
	files_close(&files);
	free(scan.rest.text);
	return 0;
}
