/* SPDX-License-Identifier: BSD-3-Clause */
/* Asks whoever runs an instance. */
#include "dory/supervisor/ask.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/instances/place.h"
#include "dory/supervisor/requests.h"

int ask_open(int directory, const char *line)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char text[64];
	int length = snprintf(text, sizeof(text), "%s\n", line);

	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" INSTANCE_SOCKET_FILE, directory);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		send(fd, text, (size_t)length, MSG_NOSIGNAL) == length)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* A line, or what came before the end. */
static void read_line(int fd, int timeout_ms, char line[REQUEST_LINE_MAX])
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	size_t length = 0;
	ssize_t got;
	int ready;

	line[0] = '\0';
	while (length < REQUEST_LINE_MAX - 1 && !strchr(line, '\n')) {
		ready = poll(&poll_fd, 1, timeout_ms);
		if (ready < 0 && errno == EINTR)
			continue;
		got = ready > 0 ? read(fd, line + length, REQUEST_LINE_MAX - 1 - length) : 0;
		if (got <= 0)
			return;
		length += (size_t)got;
		line[length] = '\0';
	}
}

int ask_answer(int fd, const char *word, int timeout_ms, char *text, size_t size, struct dory_error *err)
{
	static const char refusal[] = "error ";
	char line[REQUEST_LINE_MAX], *end;
	size_t length = strlen(word);

	read_line(fd, timeout_ms, line);
	close(fd);
	end = strchr(line, '\n');
	if (!end)
		return 1;
	*end = '\0';
	if (strncmp(line, refusal, strlen(refusal)) == 0)
		return error_set(err, DORY_ERROR_CONFLICT, "%s", line + strlen(refusal));
	if (strncmp(line, word, length) != 0 || (line[length] && line[length] != ' '))
		return 1;
	text_cut_to(text, size, line + length + (line[length] == ' '));
	return 0;
}

bool ask_parse_end(const char *text, int64_t *status, const char **sentence)
{
	char *end;

	*status = strtoll(text, &end, 10);
	*sentence = end + (*end == ' ');
	return end != text;
}
