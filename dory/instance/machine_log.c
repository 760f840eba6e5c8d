/* SPDX-License-Identifier: BSD-3-Clause */
/* Sorts the serial line's lines by gravity. */
#include "dory/instance/machine_log.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/instance/terminal.h"

enum { HIDDEN_MAX = 4096, GRAVE = 3 /* RFC 5424's "error" */ };

void message_line(int fd, const char *text)
{
	char *line = text_format(terminal_is_raw() ? "%s\r\n" : "%s\n", text);
	size_t length = strlen(line), done = 0;

	while (done < length) {
		ssize_t written = write(fd, line + done, length - done);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			break;
		done += (size_t)written;
	}
	free(line);
}

static void hide(struct machine_log *log, const char *line)
{
	size_t length = strlen(line) + 1;

	while (log->hidden.length > 0 && log->hidden.length + length > HIDDEN_MAX) {
		size_t first =
			(size_t)((char *)memchr(log->hidden.text, '\n', log->hidden.length) - log->hidden.text) + 1;

		log->hidden.length -= first;
		memmove(log->hidden.text, log->hidden.text + first, log->hidden.length + 1);
	}
	text_append_format(&log->hidden, "%s\n", line);
}

/* The kernel may say the same again and again: once is enough, and how often. */
static void end_repetition(struct machine_log *log)
{
	char text[64];

	if (log->repetitions > 0) {
		snprintf(text, sizeof(text), "(%u times more)", log->repetitions);
		message_line(log->fd, text);
	}
	log->repetitions = 0;
}

static bool is_repetition(struct machine_log *log, const char *line)
{
	if (strcmp(log->last_shown, line) == 0) {
		log->repetitions++;
		return true;
	}
	end_repetition(log);
	text_cut_to(log->last_shown, sizeof(log->last_shown), line);
	return false;
}

static void take_line(struct machine_log *log, const char *line)
{
	int level = -1;

	if (line[0] == '<' && line[1] >= '0' && line[1] <= '7' && line[2] == '>') {
		level = line[1] - '0';
		line += 3;
	}
	if (level > log->shown_level) {
		hide(log, line);
		return;
	}
	if (level >= 0 && level <= GRAVE)
		log->has_shown = true;
	if (level >= 0 && is_repetition(log, line))
		return;
	message_line(log->fd, line);
}

void machine_log_take(struct machine_log *log, const char *bytes, size_t length)
{
	while (length > 0) {
		if (line_reader_take(&log->reader, &bytes, &length))
			take_line(log, log->reader.line);
	}
}

void machine_log_reveal(struct machine_log *log)
{
	if (log->reader.length > 0)
		machine_log_take(log, "\n", 1);
	if (log->hidden.length == 0)
		return;
	log->hidden.text[log->hidden.length - 1] = '\0';
	message_line(log->fd, log->hidden.text);
	log->hidden.length = 0;
}

void machine_log_release(struct machine_log *log)
{
	end_repetition(log);
	free(log->hidden.text);
	log->hidden = (struct text_buffer){0};
}
