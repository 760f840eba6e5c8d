/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a command asks whoever runs an instance: a stream socket in the instance's directory, one line each way.
 *
 *   signal N         sends the signal to the program                     ok | error SENTENCE
 *   stop MS          has the program end; after so long, the machine     ended STATUS SENTENCE, when it has
 *   kill             ends the machine                                    ended STATUS SENTENCE, when it has
 *   wait             nothing                                             ended STATUS SENTENCE, when it has
 *   counters         asks the guest                                      counters NAME=NUMBER ... | error SENTENCE
 *   attach           gets what the program writes                        attached [input] [tty] | error SENTENCE; then frames (attach.h)
 *   exec             runs another program beside it                      ready | error SENTENCE; then frames (attach.h)
 */
#pragma once
#include "dory/base/error.h"

enum { REQUEST_LINE_MAX = 512, REQUEST_CLIENTS_MAX = 64 };

enum request_kind { REQUEST_SIGNAL, REQUEST_STOP, REQUEST_KILL, REQUEST_WAIT, REQUEST_COUNTERS, REQUEST_ATTACH, REQUEST_EXEC };

struct request {
	enum request_kind kind;
	int64_t number; /* SIGNAL: from 1 to 64; STOP: milliseconds, up to a day's */
};
/* A line without its newline; false: it is none. */
bool request_parse(const char *line, struct request *request);

struct request_client {
	int fd; /* -1: free */
	char line[64];
	size_t length;
	bool has_asked;
	enum request_kind kind;
};

struct request_server {
	int listener;
	int events; /* an epoll(7) descriptor: readable when requests_serve has something to do */
	struct request_client clients[REQUEST_CLIENTS_MAX];
	/* SIGNAL: returns NULL, or the sentence that says why not. Others are answered later: requests_answer. */
	const char *(*take)(void *context, const struct request *request);
	void (*hand_over)(void *context, enum request_kind kind, int fd); /* ATTACH, EXEC, if it was taken: the connection, which it owns */
	void *context;
};

/* Listens at the path; what is there from a killed one is replaced. */
int requests_open(struct request_server *server, const char *path, struct dory_error *err) must_check;
void requests_serve(struct request_server *server);
/* Answers all that asked for this kind (wait, stop and kill alike are ended by REQUEST_WAIT), and hangs up. */
void requests_answer(struct request_server *server, enum request_kind kind, const char *line);
void requests_close(struct request_server *server);
