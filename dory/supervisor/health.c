/* SPDX-License-Identifier: BSD-3-Clause */
/* Health checks. */
#include "dory/supervisor/health.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/instance/command_line.h"

enum { HTTP_PORT = 80, LISTENS_MS = 1000, STATUS_LINE = 12 /* "HTTP/1.1 200" */ };

static bool parse_port(const char **text, uint16_t *port)
{
	char *end;
	unsigned long number = strtoul(*text, &end, 10);

	if (**text < '0' || **text > '9' || number == 0 || number > UINT16_MAX)
		return false;
	*port = (uint16_t)number;
	*text = end;
	return true;
}

/* Behind "http:". */
static bool parse_url(const char *text, struct health_check *check)
{
	if (strncmp(text, "http://", 7) == 0) {
		text += 7;
		text += strcspn(text, ":/");
		if (*text == ':')
			text++;
	}
	check->guest_port = HTTP_PORT;
	if (*text && *text != '/' && !parse_port(&text, &check->guest_port))
		return false;
	if ((*text && *text != '/') || strlen(text) >= sizeof(check->path) || text[strcspn(text, " \r\n")])
		return false;
	strcpy(check->path, *text ? text : "/");
	return true;
}

static int parse_command(const char *text, struct health_check *check, struct dory_error *err)
{
	struct command_line line = {0};
	bool is_one;

	if (command_line_split(&line, text, err) < 0)
		return -1;
	is_one = line.count > 0;
	for (size_t i = 0; i < line.count; i++)
		is_one &= !line.words[i].is_separator;
	command_line_release(&line);
	if (!is_one)
		return error_set(err, DORY_ERROR_USAGE, "--health-cmd takes one command, not '%s'", text);
	if (strlen(text) >= sizeof(check->command))
		return error_set(err, DORY_ERROR_USAGE, "the command of --health-cmd is longer than %zu bytes", sizeof(check->command) - 1);
	strcpy(check->command, text);
	return 0;
}

int health_parse(const char *text, struct health_check *check, struct dory_error *err)
{
	bool is_read = false;
	const char *rest = text + 4;

	*check = (struct health_check){0};
	if (strncmp(text, "tcp:", 4) == 0) {
		is_read = parse_port(&rest, &check->guest_port) && !*rest;
	} else if (strncmp(text, "http:", 5) == 0) {
		check->is_http = true;
		is_read = parse_url(text + 5, check);
	} else if (strncmp(text, "cmd:", 4) == 0) {
		return parse_command(rest, check, err);
	}
	if (is_read)
		return 0;
	error_set(err, DORY_ERROR_USAGE, "'%s' is no health check", text[0] && strchr(text, ':') ? strchr(text, ':') + 1 : text);
	return error_hint(err, "Write --health-tcp PORT or --health-http [PORT]/PATH, the port being the program's.");
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until the socket is ready for `events`, or the time has come; false: it has. */
static bool wait_until(int fd, short events, int64_t end_ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = events};
	int64_t rest = end_ms - now_ms();

	while (rest > 0) {
		int ready = poll(&poll_fd, 1, (int)rest);

		if (ready > 0)
			return true;
		if (ready < 0 && errno != EINTR)
			return false;
		rest = end_ms - now_ms();
	}
	return false;
}

static int connect_until(const char *address, uint16_t port, int64_t end_ms)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), failure = 0;
	socklen_t length = sizeof(failure);

	if (address && *address && inet_pton(AF_INET, address, &in.sin_addr) == 1 && in.sin_addr.s_addr == INADDR_ANY)
		in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd >= 0 && (connect(fd, (struct sockaddr *)&in, sizeof(in)) == 0 ||
			       (errno == EINPROGRESS && wait_until(fd, POLLOUT, end_ms) &&
				       getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &length) == 0 && failure == 0)))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool ask_tcp(int fd, int64_t end_ms, char text[128])
{
	int64_t patience = now_ms() + LISTENS_MS;
	char byte;
	ssize_t got;

	if (!wait_until(fd, POLLIN, patience < end_ms ? patience : end_ms)) {
		text_cut_to(text, 128, "the program took the connection");
		return true;
	}
	got = recv(fd, &byte, 1, 0);
	text_cut_to(text, 128, got > 0 ? "the program answered" : "nobody took the connection");
	return got > 0;
}

static bool ask_http(const struct health_check *check, int fd, int64_t end_ms, char text[128])
{
	char request[400], answer[STATUS_LINE + 1] = "";
	int length = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: dory\r\nConnection: close\r\n\r\n",
		check->path);
	size_t got = 0;
	int status;

	if (send(fd, request, (size_t)length, MSG_NOSIGNAL) != length) {
		text_cut_to(text, 128, "nobody took the connection");
		return false;
	}
	while (got < STATUS_LINE && wait_until(fd, POLLIN, end_ms)) {
		ssize_t n = recv(fd, answer + got, STATUS_LINE - got, 0);

		if (n <= 0)
			break;
		got += (size_t)n;
	}
	if (sscanf(answer, "HTTP/1.%*1d %3d", &status) != 1) {
		text_cut_to(text, 128, got ? "the answer is not HTTP" : "no answer came");
		return false;
	}
	snprintf(text, 128, "the answer was %d", status);
	return status >= 200 && status < 400;
}

bool health_ask(const struct health_check *check, const char *address, uint16_t port, int timeout_ms, char text[128])
{
	int64_t end_ms = now_ms() + timeout_ms;
	int fd = connect_until(address, port, end_ms);
	bool is_well;

	if (fd < 0) {
		text_cut_to(text, 128, "the port cannot be connected to");
		return false;
	}
	is_well = check->is_http ? ask_http(check, fd, end_ms, text) : ask_tcp(fd, end_ms, text);
	close(fd);
	return is_well;
}

bool health_note(struct health_record *record, bool is_well, bool is_starting)
{
	bool was_known = record->is_known, was_well = record->is_well;

	if (is_well) {
		record->failures = 0;
		record->is_known = record->is_well = true;
	} else if (!is_starting || record->is_known) {
		record->failures++;
		if (record->failures >= record->retries) {
			record->is_known = true;
			record->is_well = false;
		}
	}
	return record->is_known != was_known || record->is_well != was_well;
}
