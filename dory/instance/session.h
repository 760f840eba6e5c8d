/* SPDX-License-Identifier: BSD-3-Clause */
/* One machine while it runs: waits for its streams, its control port, its log and our signals, all at once. */
#pragma once
#include "dory/base/text.h"
#include "dory/instance/control.h"
#include "dory/instance/instance.h"
#include "dory/instance/machine_log.h"
#include "dory/instance/stream.h"

struct session {
	struct process process;
	const struct machine *machine;
	bool is_tty;
	bool is_remote; /* is_tty: nobody sits at our standard input; who types is elsewhere */
	struct instance_watcher *watcher; /* NULL: nobody */
	const char *announcement;                    /* lines for when the program starts; NULL: none */
	int control_fd, log_fd, signal_fd, ended_fd; /* ours; non-blocking */
	struct stream input, output, errors;         /* is_tty: input and output are the console's */
	struct line_reader control;
	struct control_record payload; /* CONTROL_OUTPUT: of its bytes, `number` are still to come */
	struct text_buffer unsent;     /* to the guest */
	struct machine_log log;
	char complaints[4096]; /* what the hypervisor wrote to its stderr */
	size_t complaints_length;
	int hypervisor_status; /* its wait status */
	bool is_process_gone, has_started, has_record;
	int stop_signal;              /* the first signal that asked for an end */
	atomic_bool is_killed_by_key; /* written by the input's thread */
	bool is_abandoned;            /* a person does not want to wait for the streams */
	struct instance_outcome *outcome;
};

/* For a watcher. False: the program was not started yet. */
bool session_signal(struct session *session, int number);
/* Ends the machine. `abandons`: what its program wrote and nobody has read yet is not waited for. */
void session_kill(struct session *session, bool abandons);
void session_ask_counters(struct session *session);
/* Sends a line of abi/control.h and the bytes behind it, whole or not at all. False: the guest has long stopped to read. */
bool session_tell(struct session *session, const char *line, const void *bytes, size_t length);
/* The size of its terminal has changed. */
void session_resize(struct session *session, unsigned rows, unsigned columns);

/* Starts the streams and stays until the machine and its streams have ended. Error: IO. */
int session_run(struct session *session, struct dory_error *err) must_check;
