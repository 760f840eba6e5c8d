/* SPDX-License-Identifier: BSD-3-Clause */
/* The hub: a thread reads what clients type; whoever has output sends it to all of them, under the lock. */
#include "dory/supervisor/attach.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "dory/base/descriptor.h"

struct attach_client {
	int socket;   /* -1: free */
	bool is_gone; /* to be closed by the hub's thread, which alone polls it */
	struct attach_reader reader;
};

struct attach_hub {
	pthread_mutex_t lock; /* of the clients' sockets; their readers are the thread's */
	pthread_t thread;
	int wake; /* eventfd: there is a new client, or the end */
	int input;
	bool is_ending;
	void (*resize)(void *context, unsigned rows, unsigned columns);
	void *context;
	struct attach_client clients[ATTACH_CLIENTS_MAX];
	char pending[ATTACH_FRAME_MAX]; /* input that the program has no room for yet */
	size_t pending_at, pending_end;
};

size_t attach_reader_take(struct attach_reader *reader, const char *bytes, size_t length, bool *is_whole)
{
	struct attach_frame *frame = &reader->frame;
	size_t want, n;

	*is_whole = false;
	if (reader->got >= sizeof(frame->header) && reader->got == sizeof(frame->header) + frame->header.length)
		reader->got = 0; /* the former frame was used */
	want = reader->got < sizeof(frame->header) ? sizeof(frame->header) : sizeof(frame->header) + frame->header.length;
	n = want - reader->got < length ? want - reader->got : length;
	memcpy((char *)frame + reader->got, bytes, n);
	reader->got += n;
	if (reader->got < sizeof(frame->header))
		return n;
	if (frame->header.length > ATTACH_FRAME_MAX || frame->header.kind >= ATTACH_KINDS)
		return 0;
	*is_whole = reader->got == sizeof(frame->header) + frame->header.length;
	if (*is_whole)
		frame->bytes[frame->header.length] = '\0';
	return n;
}

bool attach_send(int socket, enum attach_kind kind, const void *bytes, size_t length)
{
	do {
		size_t piece = length < ATTACH_FRAME_MAX ? length : ATTACH_FRAME_MAX;
		struct attach_frame frame = {.header = {.kind = kind, .length = (uint32_t)piece}};

		memcpy(frame.bytes, bytes, piece);
		if (!descriptor_send_all(socket, &frame, sizeof(frame.header) + piece))
			return false;
		bytes = (const char *)bytes + piece;
		length -= piece;
	} while (length > 0);
	return true;
}

bool attach_receive(int socket, struct attach_reader *reader, bool *is_whole)
{
	char bytes[sizeof(struct attach_frame)];

	*is_whole = false;
	while (!*is_whole) {
		size_t header = sizeof(struct attach_header);
		size_t had = reader->got >= header && reader->got == header + reader->frame.header.length ? 0 : reader->got;
		size_t want = had < header ? header - had : header + reader->frame.header.length - had;
		ssize_t got = recv(socket, bytes, want, MSG_DONTWAIT);

		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (got <= 0 || attach_reader_take(reader, bytes, (size_t)got, is_whole) == 0)
			return false;
	}
	return true;
}

/* ---- The hub's thread ---- */

static void wake(struct attach_hub *hub)
{
	uint64_t one = 1;

	if (write(hub->wake, &one, sizeof(one)) < 0)
		return; /* it is awake */
}

static void write_pending(struct attach_hub *hub)
{
	while (hub->pending_at < hub->pending_end) {
		ssize_t written = write(hub->input, hub->pending + hub->pending_at, hub->pending_end - hub->pending_at);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0 && errno == EAGAIN)
			return;
		if (written <= 0)
			break; /* nobody reads it any more */
		hub->pending_at += (size_t)written;
	}
	hub->pending_at = hub->pending_end = 0;
}

static void take_frame(struct attach_hub *hub, const struct attach_frame *frame)
{
	unsigned rows, columns;

	if (frame->header.kind == ATTACH_SIZE && sscanf(frame->bytes, "%u %u", &rows, &columns) == 2)
		hub->resize(hub->context, rows, columns);
	if (frame->header.kind != ATTACH_INPUT || hub->input < 0)
		return;
	memcpy(hub->pending, frame->bytes, frame->header.length);
	hub->pending_end = frame->header.length;
	write_pending(hub);
}

/* No more than one frame at a time: the next waits in the socket until the program has taken this one's bytes. */
static bool read_client(struct attach_hub *hub, struct attach_client *client)
{
	bool is_whole;

	if (!attach_receive(client->socket, &client->reader, &is_whole))
		return false;
	if (is_whole)
		take_frame(hub, &client->reader.frame);
	return true;
}

static void close_gone(struct attach_hub *hub)
{
	pthread_mutex_lock(&hub->lock);
	for (size_t i = 0; i < ATTACH_CLIENTS_MAX; i++) {
		struct attach_client *client = &hub->clients[i];

		if (client->socket < 0 || !client->is_gone)
			continue;
		close(client->socket);
		*client = (struct attach_client){.socket = -1};
	}
	pthread_mutex_unlock(&hub->lock);
}

static void mark_gone(struct attach_hub *hub, struct attach_client *client)
{
	pthread_mutex_lock(&hub->lock);
	client->is_gone = true;
	pthread_mutex_unlock(&hub->lock);
}

enum { WAKE = ATTACH_CLIENTS_MAX, INPUT, FDS };

/* While input is pending, of clients only their end is waited for. */
static bool prepare(struct attach_hub *hub, struct pollfd fds[FDS])
{
	bool has_pending = hub->pending_at < hub->pending_end, is_ending;

	pthread_mutex_lock(&hub->lock);
	for (size_t i = 0; i < ATTACH_CLIENTS_MAX; i++)
		fds[i] = (struct pollfd){.fd = hub->clients[i].socket, .events = has_pending ? 0 : POLLIN};
	is_ending = hub->is_ending;
	pthread_mutex_unlock(&hub->lock);
	fds[WAKE] = (struct pollfd){.fd = hub->wake, .events = POLLIN};
	fds[INPUT] = (struct pollfd){.fd = has_pending ? hub->input : -1, .events = POLLOUT};
	return !is_ending;
}

static void *serve(void *argument)
{
	struct attach_hub *hub = argument;
	struct pollfd fds[FDS];
	uint64_t count;

	while (prepare(hub, fds)) {
		if (poll(fds, FDS, -1) < 0)
			continue;
		if (fds[WAKE].revents && read(hub->wake, &count, sizeof(count)) < 0)
			continue;
		if (fds[INPUT].revents)
			write_pending(hub);
		for (size_t i = 0; i < ATTACH_CLIENTS_MAX; i++) {
			struct attach_client *client = &hub->clients[i];
			bool can_read = (fds[i].revents & POLLIN) && hub->pending_at == hub->pending_end;

			if (fds[i].revents && (can_read ? !read_client(hub, client) : (fds[i].revents & (POLLHUP | POLLERR)) != 0))
				mark_gone(hub, client);
		}
		close_gone(hub);
	}
	return NULL;
}

/* ---- For others ---- */

int attach_hub_open(struct attach_hub **hub, int input, void (*resize)(void *context, unsigned rows, unsigned columns), void *context,
	struct dory_error *err)
{
	struct attach_hub *h = calloc(1, sizeof(*h));
	int failure;

	if (!h)
		abort();
	h->input = input;
	h->resize = resize;
	h->context = context;
	h->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&h->lock, NULL);
	for (size_t i = 0; i < ATTACH_CLIENTS_MAX; i++)
		h->clients[i].socket = -1;
	failure = h->wake < 0 ? errno : pthread_create(&h->thread, NULL, serve, h);
	if (!failure) {
		*hub = h;
		return 0;
	}
	if (h->wake >= 0)
		close(h->wake);
	if (input >= 0)
		close(input);
	free(h);
	errno = failure;
	return error_set_errno(err, DORY_ERROR_IO, "preparing for those who attach");
}

bool attach_hub_add(struct attach_hub *hub, int socket)
{
	const struct timeval patience = {.tv_sec = ATTACH_PATIENCE_MS / 1000, .tv_usec = ATTACH_PATIENCE_MS % 1000 * 1000};
	bool is_added = false;

	fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) & ~O_NONBLOCK);
	setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	pthread_mutex_lock(&hub->lock);
	for (size_t i = 0; i < ATTACH_CLIENTS_MAX && !is_added; i++) {
		if (hub->clients[i].socket >= 0)
			continue;
		hub->clients[i] = (struct attach_client){.socket = socket};
		is_added = true;
	}
	pthread_mutex_unlock(&hub->lock);
	if (is_added)
		wake(hub);
	else
		close(socket);
	return is_added;
}

void attach_hub_write(struct attach_hub *hub, enum attach_kind kind, const char *bytes, size_t length)
{
	pthread_mutex_lock(&hub->lock);
	for (size_t i = 0; i < ATTACH_CLIENTS_MAX; i++) {
		struct attach_client *client = &hub->clients[i];

		if (client->socket < 0 || client->is_gone || attach_send(client->socket, kind, bytes, length))
			continue;
		client->is_gone = true;
		shutdown(client->socket, SHUT_RDWR);
		wake(hub);
	}
	pthread_mutex_unlock(&hub->lock);
}

void attach_hub_close(struct attach_hub *hub, const char *end)
{
	if (!hub)
		return;
	attach_hub_write(hub, ATTACH_END, end, strlen(end));
	pthread_mutex_lock(&hub->lock);
	hub->is_ending = true;
	pthread_mutex_unlock(&hub->lock);
	wake(hub);
	pthread_join(hub->thread, NULL);
	for (size_t i = 0; i < ATTACH_CLIENTS_MAX; i++) {
		if (hub->clients[i].socket >= 0)
			close(hub->clients[i].socket);
	}
	close(hub->wake);
	if (hub->input >= 0)
		close(hub->input);
	pthread_mutex_destroy(&hub->lock);
	free(hub);
}
