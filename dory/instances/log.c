/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes and turns over log files. */
#include "dory/instances/log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/instances/place.h"

void log_time_now(char text[LOG_TIME_SIZE])
{
	struct timespec now;
	struct tm tm;
	size_t length;

	clock_gettime(CLOCK_REALTIME, &now);
	length = strftime(text, LOG_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", gmtime_r(&now.tv_sec, &tm));
	snprintf(text + length, LOG_TIME_SIZE - length, ".%06ldZ", now.tv_nsec / 1000);
}

static char *file_name(unsigned index)
{
	return index ? text_format(INSTANCE_LOG_FILE ".%u", index) : text_copy(INSTANCE_LOG_FILE);
}

/* A supervisor that was killed may have left half a line. */
static void end_last_line(struct instance_log *log)
{
	char last;

	if (log->size > 0 && pread(log->fd, &last, 1, (off_t)log->size - 1) == 1 && last != '\n' && write(log->fd, "\n", 1) == 1)
		log->size++;
}

static int open_file(struct instance_log *log)
{
	struct stat st;

	log->fd = openat(log->directory, INSTANCE_LOG_FILE, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log->fd < 0 || fstat(log->fd, &st) < 0)
		return -1;
	log->size = (uint64_t)st.st_size;
	end_last_line(log);
	return 0;
}

int instance_log_open(struct instance_log *log, int directory, uint64_t size_max, unsigned file_count, struct dory_error *err)
{
	*log = (struct instance_log){.directory = directory, .fd = -1, .size_max = size_max, .file_count = file_count ? file_count : 1};
	return open_file(log) < 0 ? error_set_errno(err, DORY_ERROR_IO, "opening the instance's log") : 0;
}

void instance_log_close(struct instance_log *log)
{
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
}

/* If a new file cannot be made, the old one goes on. */
static void turn_over(struct instance_log *log)
{
	int former = log->fd;

	for (unsigned i = log->file_count - 1; i > 0; i--) {
		char *to = file_name(i), *from = file_name(i - 1);

		if (renameat(log->directory, from, log->directory, to) < 0 && errno != ENOENT)
			i = 1;
		free(to);
		free(from);
	}
	if (log->file_count == 1)
		unlinkat(log->directory, INSTANCE_LOG_FILE, 0);
	if (open_file(log) < 0) {
		if (log->fd >= 0)
			close(log->fd);
		log->fd = former;
		return;
	}
	close(former);
}

static bool append(struct instance_log *log, const struct text_buffer *text)
{
	size_t done = 0;

	while (done < text->length) {
		ssize_t written = write(log->fd, text->text + done, text->length - done);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			log->lost_errno = errno;
			if (ftruncate(log->fd, (off_t)log->size) < 0)
				log->size += done;
			return false;
		}
		done += (size_t)written;
	}
	log->size += text->length;
	return true;
}

static void add_line(struct text_buffer *text, const char *time, enum log_stream stream, const char *bytes, size_t length, bool is_whole)
{
	text_append_format(text, "%s %s %c ", time, stream == LOG_STDOUT ? "stdout" : "stderr", is_whole ? 'F' : 'P');
	text_append(text, bytes, length);
	text_append(text, "\n", 1);
}

static void add_loss(struct instance_log *log, struct text_buffer *text, const char *time)
{
	char line[160];
	int length;

	if (log->lost == 0)
		return;
	length = snprintf(line, sizeof(line), "dory: %llu bytes of output are not in the log: %s.", (unsigned long long)log->lost,
		strerror(log->lost_errno));
	add_line(text, time, LOG_STDERR, line, (size_t)length, true);
}

void instance_log_write(struct instance_log *log, enum log_stream stream, const char *bytes, size_t length)
{
	struct text_buffer text = {0};
	char time[LOG_TIME_SIZE];
	size_t rest = length;

	log_time_now(time);
	add_loss(log, &text, time);
	while (rest > 0) {
		const char *newline = memchr(bytes, '\n', rest);
		size_t line = newline ? (size_t)(newline - bytes) : rest;

		add_line(&text, time, stream, bytes, line, newline != NULL);
		bytes += line + (newline != NULL);
		rest -= line + (newline != NULL);
	}
	if (log->size > 0 && log->size + text.length > log->size_max)
		turn_over(log);
	if (append(log, &text))
		log->lost = 0;
	else
		log->lost += length;
	free(text.text);
}

void instance_log_say(struct instance_log *log, const char *format, ...)
{
	va_list args;
	char *sentence, *line;
	int length;

	va_start(args, format);
	length = vasprintf(&sentence, format, args);
	va_end(args);
	if (length < 0)
		abort();
	line = text_format("dory: %s.\n", sentence);
	instance_log_write(log, LOG_STDERR, line, strlen(line));
	free(sentence);
	free(line);
}
