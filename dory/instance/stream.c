/* SPDX-License-Identifier: BSD-3-Clause */
/* The threads that carry bytes. */
#include "dory/instance/stream.h"
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "dory/base/descriptor.h"

enum { PIECE = 65536 };

static void end(struct stream *stream)
{
	uint64_t one = 1;

	atomic_store(&stream->has_ended, true);
	if (write(stream->ended_fd, &one, sizeof(one)) < 0)
		return; /* an eventfd takes 2^64-2 of them */
}

static void *carry_output(void *argument)
{
	struct stream *stream = argument;
	static _Thread_local char bytes[PIECE];

	for (;;) {
		ssize_t got = recv(stream->socket, bytes, sizeof(bytes), 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		if (!descriptor_write_all(stream->fd, bytes, (size_t)got)) {
			atomic_store(&stream->write_errno, errno);
			shutdown(stream->socket, SHUT_RDWR); /* the program gets EPIPE, as it would from a pipe */
			break;
		}
	}
	end(stream);
	return NULL;
}

/* Waits until fd has something to read; false: the stream is to stop. */
static bool wait_for_input(const struct stream *stream)
{
	struct pollfd fds[] = {{.fd = stream->stop_fd, .events = POLLIN}, {.fd = stream->fd, .events = POLLIN}};
	pid_t foreground;

	/* Reading a terminal from the background would stop us (SIGTTIN), though the program may never want to read. */
	while ((foreground = tcgetpgrp(stream->fd)) >= 0 && foreground != getpgrp()) {
		if (poll(fds, 1, 200) > 0)
			return false;
	}
	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	return !fds[0].revents;
}

static bool carry_keys(struct stream *stream, struct terminal_keys *keys, const char *bytes, size_t length)
{
	char out[PIECE + 1];

	while (length > 0) {
		size_t taken, out_length;
		enum terminal_request request = terminal_keys_filter(keys, bytes, length, &taken, out, &out_length);

		if (!descriptor_send_all(stream->socket, out, out_length))
			return false;
		if (request != TERMINAL_NOTHING)
			stream->request(request, stream->context);
		bytes += taken;
		length -= taken;
	}
	return true;
}

static void *carry_input(void *argument)
{
	struct stream *stream = argument;
	static _Thread_local char bytes[PIECE];
	struct terminal_keys keys = {0};

	while (wait_for_input(stream)) {
		ssize_t got = read(stream->fd, bytes, sizeof(bytes));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		if (stream->request ? !carry_keys(stream, &keys, bytes, (size_t)got)
				    : !descriptor_send_all(stream->socket, bytes, (size_t)got))
			break;
	}
	/* Half of the socket only: QEMU takes a full close for the loss of what is still unread. */
	shutdown(stream->socket, SHUT_WR);
	end(stream);
	return NULL;
}

static int start(struct stream *stream, void *(*carry)(void *))
{
	int failure;

	stream->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (stream->stop_fd < 0)
		return -1;
	failure = pthread_create(&stream->thread, NULL, carry, stream);
	if (failure) {
		close(stream->stop_fd);
		errno = failure;
		return -1;
	}
	stream->is_started = true;
	return 0;
}

int stream_start_input(struct stream *stream)
{
	return start(stream, carry_input);
}

int stream_start_output(struct stream *stream)
{
	return start(stream, carry_output);
}

void stream_stop(struct stream *stream)
{
	uint64_t one = 1;

	if (!stream->is_started)
		return;
	/* The input's thread sees the eventfd, both see the socket; one that hangs in write(2) takes stronger means. */
	shutdown(stream->socket, SHUT_RDWR);
	if (write(stream->stop_fd, &one, sizeof(one)) < 0 || stream->is_abandoned)
		pthread_cancel(stream->thread);
	pthread_join(stream->thread, NULL);
	close(stream->stop_fd);
	stream->is_started = false;
}
