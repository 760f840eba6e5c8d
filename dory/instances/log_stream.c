/* SPDX-License-Identifier: BSD-3-Clause */
/* Pipes in the places of standard output and error, and the thread that empties them. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include "dory/instances/log.h"

enum { PIECE = 65536 };

struct log_streams {
	struct instance_log *log;
	struct pollfd fds[2]; /* by enum log_stream */
	pthread_t thread;
	log_listener *listener;
	void *context;
	char bytes[PIECE];
};

/* False at the end. */
static bool carry(struct log_streams *streams, enum log_stream stream)
{
	ssize_t got = read(streams->fds[stream].fd, streams->bytes, sizeof(streams->bytes));

	if (got > 0)
		instance_log_write(streams->log, stream, streams->bytes, (size_t)got);
	if (got > 0 && streams->listener)
		streams->listener(streams->context, stream, streams->bytes, (size_t)got);
	return got > 0 || (got < 0 && errno == EINTR);
}

static void *carry_all(void *argument)
{
	struct log_streams *streams = argument;
	unsigned open_count = 2;

	while (open_count > 0) {
		if (poll(streams->fds, 2, -1) < 0)
			continue;
		for (enum log_stream stream = LOG_STDOUT; stream <= LOG_STDERR; stream++) {
			struct pollfd *fd = &streams->fds[stream];

			if (!fd->revents || carry(streams, stream))
				continue;
			close(fd->fd);
			fd->fd = -1;
			open_count--;
		}
	}
	return NULL;
}

static bool occupy(int fd, int with)
{
	return dup2(with, fd) == fd;
}

static void occupy_with_nothing(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || !occupy(STDOUT_FILENO, null) || !occupy(STDERR_FILENO, null))
		abort(); /* the thread would wait for ever for the end of the pipes */
	close(null);
}

static bool open_pipe(struct log_streams *streams, enum log_stream stream, int fd)
{
	int ends[2];
	bool is_there;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	streams->fds[stream] = (struct pollfd){.fd = ends[0], .events = POLLIN};
	is_there = occupy(fd, ends[1]);
	close(ends[1]);
	return is_there;
}

int log_streams_open(struct log_streams **streams, struct instance_log *log, log_listener *listener, void *context, struct dory_error *err)
{
	struct log_streams *s = calloc(1, sizeof(*s));
	int failure = 0;

	if (!s)
		abort();
	s->log = log;
	s->listener = listener;
	s->context = context;
	s->fds[LOG_STDOUT].fd = s->fds[LOG_STDERR].fd = -1;
	if (!open_pipe(s, LOG_STDOUT, STDOUT_FILENO) || !open_pipe(s, LOG_STDERR, STDERR_FILENO))
		failure = errno;
	else
		failure = pthread_create(&s->thread, NULL, carry_all, s);
	if (!failure) {
		*streams = s;
		return 0;
	}
	occupy_with_nothing();
	for (size_t i = 0; i < ARRAY_SIZE(s->fds); i++) {
		if (s->fds[i].fd >= 0)
			close(s->fds[i].fd);
	}
	free(s);
	errno = failure;
	return error_set_errno(err, DORY_ERROR_IO, "preparing the instance's log");
}

void log_streams_close(struct log_streams *streams)
{
	if (!streams)
		return;
	occupy_with_nothing();
	pthread_join(streams->thread, NULL);
	free(streams);
}
