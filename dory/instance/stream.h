/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stream between one of our descriptors and a port of the machine, carried by a thread of its own: blocking reads and
 * writes keep the back-pressure of both sides, nothing is buffered beyond one read, and a stalled reader of standard
 * output does not stall standard error. (Polling would need O_NONBLOCK on descriptors that we share with other
 * processes.)
 */
#pragma once
#include <pthread.h>
#include <stdatomic.h>
#include "dory/instance/terminal.h"

struct stream {
	int fd, socket;
	int ended_fd; /* eventfd, counted up when the stream ends */
	int stop_fd;  /* eventfd, counted up when the stream is to end */
	pthread_t thread;
	bool is_started;
	bool is_abandoned; /* an output whose reader takes too long for a person */
	atomic_bool has_ended;
	atomic_int write_errno; /* why bytes could not be written to fd; 0 */
	/* Input from a terminal in raw mode: the escape key's requests; called on the stream's thread. */
	void (*request)(enum terminal_request request, void *context);
	void *context;
};

int stream_start_input(struct stream *stream);  /* fd to socket; end of file shuts the socket's sending side down */
int stream_start_output(struct stream *stream); /* socket to fd; when fd takes no more, the socket is shut down */
/* Ends it, wherever it hangs. Accepts one that was not started. */
void stream_stop(struct stream *stream);
