/* SPDX-License-Identifier: BSD-3-Clause */
/* Asks for a program beside an instance's first. */
#include "dory/supervisor/exec_client.h"
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/supervisor/ask.h"
#include "dory/supervisor/attach.h"

enum { ANSWER_BYTES = 256 };

static bool wait_for_bytes(int socket, int stop_fd)
{
	struct pollfd fds[] = {{.fd = socket, .events = POLLIN}, {.fd = stop_fd, .events = POLLIN}};

	while (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		continue;
	return !fds[1].revents;
}

/* The answer's line, byte by byte: frames stand behind it. */
static bool read_answer(int socket, int stop_fd, char line[ANSWER_BYTES])
{
	for (size_t length = 0; length < ANSWER_BYTES; length++) {
		if (!wait_for_bytes(socket, stop_fd) || read(socket, line + length, 1) <= 0)
			return false;
		if (line[length] != '\n')
			continue;
		line[length] = '\0';
		return true;
	}
	return false;
}

static bool send_config(int socket, const char *text, size_t length, bool is_tty)
{
	const char *how = is_tty ? "tty" : "streams";

	return attach_send(socket, ATTACH_CONFIG, text, length) && attach_send(socket, ATTACH_START, how, strlen(how));
}

int exec_ask(int directory, const struct run_config *config, int stop_fd, struct dory_error *err)
{
	static const char refusal[] = "error ";
	char line[ANSWER_BYTES], *text;
	size_t length;
	int socket;

	if (run_config_text(config, &text, &length, err) < 0)
		return -1;
	socket = ask_open(directory, "exec");
	if (socket < 0 || !read_answer(socket, stop_fd, line))
		error_set(err, DORY_ERROR_NOT_FOUND, "the instance does not run");
	else if (strncmp(line, refusal, strlen(refusal)) == 0)
		error_set(err, DORY_ERROR_CONFLICT, "%s", line + strlen(refusal));
	else if (!send_config(socket, text, length, config->is_tty))
		error_set(err, DORY_ERROR_CONFLICT, "the instance has ended");
	else
		goto out;
	if (socket >= 0)
		close(socket);
	socket = -1;
out:
	free(text);
	return socket;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Keeps the last line that has something in it. */
static void note_output(const struct attach_frame *frame, char *text, size_t size)
{
	char copy[ATTACH_FRAME_MAX + 1], *rest = copy, *line;

	memcpy(copy, frame->bytes, frame->header.length + 1);
	while ((line = strsep(&rest, "\r\n"))) {
		if (*line)
			text_cut_to(text, size, line);
	}
}

/* 1: the program has ended; 0: not yet; -1: nobody runs it any more. */
static int take_frame(int socket, struct attach_reader *reader, int *status, char *text, size_t size)
{
	const char *sentence;
	int64_t number;
	bool is_whole;

	if (!attach_receive(socket, reader, &is_whole))
		return -1;
	if (is_whole && reader->frame.header.kind <= ATTACH_STDERR)
		note_output(&reader->frame, text, size);
	if (!is_whole || reader->frame.header.kind != ATTACH_END)
		return 0;
	if (!ask_parse_end(reader->frame.bytes, &number, &sentence) || *sentence) /* a sentence: the machine has ended */
		return -1;
	*status = (int)number;
	return 1;
}

int exec_await(int socket, int timeout_ms, int stop_fd, int *status, char *text, size_t size)
{
	int64_t end = now_ms() + timeout_ms, rest = timeout_ms;
	struct attach_reader reader = {0};
	int result = 0;

	text[0] = '\0';
	while (result == 0 && rest > 0) {
		struct pollfd fds[] = {{.fd = socket, .events = POLLIN}, {.fd = stop_fd, .events = POLLIN}};

		if (poll(fds, ARRAY_SIZE(fds), (int)rest) > 0) {
			if (fds[1].revents)
				break;
			result = take_frame(socket, &reader, status, text, size);
		}
		rest = end - now_ms();
	}
	close(socket);
	return result > 0 ? 0 : -1;
}
