/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The relay's loop. A connection has two sides; what one sends waits in a buffer for the other to take, and nothing more is
 * read meanwhile. The end of what one side sends is passed on when its buffer is empty; with both ends the connection goes.
 * Events are taken one at a time, so that none can speak of a connection that another has ended.
 */
#include "dory/network/relay.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "lib/list.h"

enum {
	BUFFER = 65536,
	LISTEN_BACKLOG = 128,
	PAUSE_US = 20000, /* when no descriptor is free for a connection */
};

/* What an event is about: each is the first member of a larger struct. */
struct source {
	void (*on_event)(struct relay *relay, struct source *source, uint32_t events);
};

struct listener {
	struct source source;
	int fd;
	uint16_t target_port;
};

struct side {
	struct source source;
	struct connection *connection;
	struct side *other;
	int fd;
	uint32_t events;        /* that are waited for */
	bool has_ended;         /* no more will be read from it ... */
	bool is_told;           /* ... and the other was told so */
	size_t start, end;      /* of what was read from it and is to be written to the other */
	char buffer[BUFFER];
};

struct connection {
	struct list link; /* of relay->connections */
	struct side sides[2];
};

struct relay {
	struct source stop;
	int epoll, stop_event;
	bool is_stopping, has_thread;
	pthread_t thread;
	struct list connections;
	struct listener *listeners;
	size_t listener_count;
};

static void connection_close(struct connection *connection)
{
	list_remove(&connection->link);
	for (unsigned i = 0; i < 2; i++)
		close(connection->sides[i].fd);
	free(connection);
}

/* False: the connection is broken. */
static bool fill(struct side *side)
{
	ssize_t got = recv(side->fd, side->buffer, BUFFER, MSG_DONTWAIT);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	side->has_ended = got == 0;
	side->start = 0;
	side->end = (size_t)got;
	return true;
}

static bool drain(struct side *side)
{
	ssize_t sent;

	if (side->start < side->end) {
		sent = send(side->other->fd, side->buffer + side->start, side->end - side->start, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0)
			return errno == EAGAIN || errno == EINTR || errno == ENOTCONN; /* ENOTCONN: connecting still */
		side->start += (size_t)sent;
	}
	if (side->start == side->end && side->has_ended && !side->is_told) {
		side->is_told = shutdown(side->other->fd, SHUT_WR) == 0;
		return side->is_told || errno == ENOTCONN;
	}
	return true;
}

/* What is to be waited for now. Nothing: the side is not watched, lest its end be told again and again. */
static bool watch(struct relay *relay, struct side *side)
{
	const struct side *other = side->other;
	bool wants_input = side->start == side->end && !side->has_ended;
	bool wants_output = other->start < other->end || (other->has_ended && !other->is_told);
	struct epoll_event event = {.events = (wants_input ? EPOLLIN : 0u) | (wants_output ? EPOLLOUT : 0u), .data.ptr = side};
	int operation = !side->events ? EPOLL_CTL_ADD : event.events ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;

	if (event.events == side->events)
		return true;
	side->events = event.events;
	return epoll_ctl(relay->epoll, operation, side->fd, &event) == 0;
}

static void on_side(struct relay *relay, struct source *source, uint32_t events)
{
	struct side *side = (struct side *)source;
	struct connection *connection = side->connection;
	bool is_whole = !(events & EPOLLERR);

	if (is_whole && events & EPOLLOUT)
		is_whole = drain(side->other);
	if (is_whole && events & (EPOLLIN | EPOLLHUP) && side->start == side->end && !side->has_ended)
		is_whole = fill(side);
	if (is_whole)
		is_whole = drain(side);
	if (is_whole && connection->sides[0].is_told && connection->sides[1].is_told)
		is_whole = false;
	if (!is_whole || !watch(relay, side) || !watch(relay, side->other))
		connection_close(connection);
}

static int connect_to(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 && errno != EINPROGRESS) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void connection_open(struct relay *relay, int client, int target)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	const int fds[2] = {client, target};
	int on = 1;

	if (!connection)
		abort();
	list_push_back(&relay->connections, &connection->link);
	for (unsigned i = 0; i < 2; i++) {
		struct side *side = &connection->sides[i];

		side->source.on_event = on_side;
		side->connection = connection;
		side->other = &connection->sides[1 - i];
		side->fd = fds[i];
		setsockopt(side->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	}
	if (!watch(relay, &connection->sides[0]) || !watch(relay, &connection->sides[1]))
		connection_close(connection);
}

static void on_listener(struct relay *relay, struct source *source, uint32_t events)
{
	const struct listener *listener = (struct listener *)source;
	int client = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), target;

	if (client < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			usleep(PAUSE_US);
		return;
	}
	target = connect_to(listener->target_port);
	if (target < 0)
		close(client);
	else
		connection_open(relay, client, target);
}

static void on_stop(struct relay *relay, struct source *source, uint32_t events)
{
	relay->is_stopping = true;
}

static void *run(void *context)
{
	struct relay *relay = context;
	struct epoll_event event;

	while (!relay->is_stopping) {
		struct source *source;

		if (epoll_wait(relay->epoll, &event, 1, -1) != 1)
			continue;
		source = event.data.ptr;
		source->on_event(relay, source, event.events);
	}
	return NULL;
}

static bool listen_on(struct relay *relay, struct listener *listener, const struct relay_route *route)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = listener};

	*listener = (struct listener){.source.on_event = on_listener, .fd = route->listener, .target_port = route->target_port};
	return fcntl(listener->fd, F_SETFL, O_NONBLOCK) == 0 && listen(listener->fd, LISTEN_BACKLOG) == 0 &&
	       epoll_ctl(relay->epoll, EPOLL_CTL_ADD, listener->fd, &event) == 0;
}

static bool start_thread(struct relay *relay)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = &relay->stop};
	sigset_t all, former;

	relay->stop.on_event = on_stop;
	if (epoll_ctl(relay->epoll, EPOLL_CTL_ADD, relay->stop_event, &event) < 0)
		return false;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &former);
	errno = pthread_create(&relay->thread, NULL, run, relay);
	relay->has_thread = errno == 0;
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	return relay->has_thread;
}

int relay_start(struct relay **result, const struct relay_route *routes, size_t count, struct dory_error *err)
{
	struct relay *relay = calloc(1, sizeof(*relay));
	bool is_ready;

	if (!relay || !(relay->listeners = calloc(count + 1, sizeof(*relay->listeners))))
		abort();
	list_init(&relay->connections);
	relay->epoll = epoll_create1(EPOLL_CLOEXEC);
	relay->stop_event = eventfd(0, EFD_CLOEXEC);
	is_ready = relay->epoll >= 0 && relay->stop_event >= 0;
	for (size_t i = 0; i < count && is_ready; i++)
		is_ready = listen_on(relay, &relay->listeners[i], &routes[i]);
	if (!is_ready || !start_thread(relay)) {
		error_set_errno(err, errno == EADDRINUSE ? DORY_ERROR_CONFLICT : DORY_ERROR_IO, "listening on a port of this machine");
		relay_stop(relay);
		return -1;
	}
	*result = relay;
	return 0;
}

void relay_stop(struct relay *relay)
{
	uint64_t one = 1;

	if (!relay)
		return;
	if (relay->has_thread && write(relay->stop_event, &one, sizeof(one)) == (ssize_t)sizeof(one))
		pthread_join(relay->thread, NULL);
	while (!list_empty(&relay->connections))
		connection_close(container_of(relay->connections.next, struct connection, link));
	if (relay->epoll >= 0)
		close(relay->epoll);
	if (relay->stop_event >= 0)
		close(relay->stop_event);
	free(relay->listeners);
	free(relay);
}
