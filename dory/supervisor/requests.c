/* SPDX-License-Identifier: BSD-3-Clause */
/* The listening side. Clients are this user's own commands; one that stops to read or write holds up nobody. */
#include "dory/supervisor/requests.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { SIGNAL_MAX = 64, GRACE_MAX_MS = 86400000 };

static bool parse_number(const char *text, int64_t least, int64_t most, int64_t *number)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	*number = strtoll(text, &end, 10);
	return *end == '\0' && *number >= least && *number <= most;
}

bool request_parse(const char *line, struct request *request)
{
	static const struct {
		const char *word; /* ends with a blank if a number follows */
		int64_t least, most;
	} forms[] = {[REQUEST_SIGNAL] = {"signal ", 1, SIGNAL_MAX},
		[REQUEST_STOP] = {"stop ", 0, GRACE_MAX_MS},
		[REQUEST_KILL] = {"kill", 0, 0},
		[REQUEST_WAIT] = {"wait", 0, 0},
		[REQUEST_COUNTERS] = {"counters", 0, 0},
		[REQUEST_ATTACH] = {"attach", 0, 0},
		[REQUEST_EXEC] = {"exec", 0, 0}};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		size_t length = strlen(forms[i].word);
		bool has_number = forms[i].word[length - 1] == ' ';

		*request = (struct request){.kind = (enum request_kind)i};
		if (!has_number && strcmp(line, forms[i].word) == 0)
			return true;
		if (has_number && strncmp(line, forms[i].word, length) == 0)
			return parse_number(line + length, forms[i].least, forms[i].most, &request->number);
	}
	return false;
}

static bool watch(struct request_server *server, int fd, uint32_t index)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};

	return epoll_ctl(server->events, EPOLL_CTL_ADD, fd, &event) == 0;
}

enum { LISTENER = REQUEST_CLIENTS_MAX };

static bool listen_at(struct request_server *server, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	strcpy(address.sun_path, path);
	unlink(path);
	server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	server->events = epoll_create1(EPOLL_CLOEXEC);
	return server->listener >= 0 && server->events >= 0 && bind(server->listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	       listen(server->listener, REQUEST_CLIENTS_MAX) == 0 && watch(server, server->listener, LISTENER);
}

int requests_open(struct request_server *server, const char *path, struct dory_error *err)
{
	server->listener = server->events = -1;
	for (size_t i = 0; i < REQUEST_CLIENTS_MAX; i++)
		server->clients[i] = (struct request_client){.fd = -1};
	if (listen_at(server, path))
		return 0;
	error_set_errno(err, DORY_ERROR_IO, "listening for requests to the instance");
	requests_close(server);
	return -1;
}

static void hang_up(struct request_client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	*client = (struct request_client){.fd = -1};
}

static void answer(struct request_client *client, const char *line)
{
	char text[REQUEST_LINE_MAX];
	int length = snprintf(text, sizeof(text), "%.*s\n", (int)sizeof(text) - 2, line);

	if (send(client->fd, text, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		client->length = 0; /* it is gone, or reads nothing: so be it */
	hang_up(client);
}

static void accept_client(struct request_server *server)
{
	int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	for (uint32_t i = 0; i < REQUEST_CLIENTS_MAX && fd >= 0; i++) {
		struct request_client *client = &server->clients[i];

		if (client->fd >= 0)
			continue;
		if (!watch(server, fd, i))
			break;
		*client = (struct request_client){.fd = fd};
		return;
	}
	if (fd >= 0)
		close(fd);
}

/* The connection goes on elsewhere. */
static void hand_over(struct request_server *server, struct request_client *client)
{
	enum request_kind kind = client->kind;
	int fd = client->fd;

	epoll_ctl(server->events, EPOLL_CTL_DEL, fd, NULL);
	*client = (struct request_client){.fd = -1};
	server->hand_over(server->context, kind, fd);
}

static void act(struct request_server *server, struct request_client *client)
{
	struct request request;
	const char *why;
	char line[REQUEST_LINE_MAX];

	if (!request_parse(client->line, &request)) {
		answer(client, "error this is no request");
		return;
	}
	client->has_asked = true;
	client->kind = request.kind;
	why = server->take(server->context, &request);
	if (client->fd < 0)
		return; /* answered meanwhile */
	snprintf(line, sizeof(line), "error %s", why ? why : "");
	if (why)
		answer(client, line);
	else if (request.kind == REQUEST_SIGNAL)
		answer(client, "ok");
	else if (request.kind == REQUEST_ATTACH || request.kind == REQUEST_EXEC)
		hand_over(server, client);
}

static void read_client(struct request_server *server, struct request_client *client)
{
	ssize_t got;
	char *end;

	if (client->fd < 0)
		return;
	got = read(client->fd, client->line + client->length, sizeof(client->line) - 1 - client->length);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0 || client->has_asked) {
		hang_up(client);
		return;
	}
	client->length += (size_t)got;
	client->line[client->length] = '\0';
	end = strchr(client->line, '\n');
	if (end) {
		*end = '\0';
		act(server, client);
	} else if (client->length == sizeof(client->line) - 1) {
		answer(client, "error this is no request");
	}
}

void requests_serve(struct request_server *server)
{
	struct epoll_event events[16];
	int count = epoll_wait(server->events, events, ARRAY_SIZE(events), 0);

	for (int i = 0; i < count; i++) {
		if (events[i].data.u32 == LISTENER)
			accept_client(server);
		else
			read_client(server, &server->clients[events[i].data.u32]);
	}
}

static bool is_answered_by(enum request_kind asked, enum request_kind kind)
{
	if (kind == REQUEST_WAIT)
		return asked == REQUEST_WAIT || asked == REQUEST_STOP || asked == REQUEST_KILL;
	return asked == kind;
}

void requests_answer(struct request_server *server, enum request_kind kind, const char *line)
{
	for (size_t i = 0; i < REQUEST_CLIENTS_MAX; i++) {
		struct request_client *client = &server->clients[i];

		if (client->fd >= 0 && client->has_asked && is_answered_by(client->kind, kind))
			answer(client, line);
	}
}

void requests_close(struct request_server *server)
{
	for (size_t i = 0; i < REQUEST_CLIENTS_MAX; i++)
		hang_up(&server->clients[i]);
	if (server->listener >= 0)
		close(server->listener);
	if (server->events >= 0)
		close(server->events);
	server->listener = server->events = -1;
}
