/* SPDX-License-Identifier: BSD-3-Clause */
/* The loop of a running machine. */
#include "dory/instance/session.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { UNSENT_MAX = 1 << 20 };

static void send_unsent(struct session *session)
{
	struct text_buffer *unsent = &session->unsent;
	ssize_t sent = send(session->control_fd, unsent->text, unsent->length, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent < 0 && errno != EAGAIN && errno != EINTR)
		sent = (ssize_t)unsent->length; /* it is gone */
	if (sent <= 0)
		return;
	unsent->length -= (size_t)sent;
	memmove(unsent->text, unsent->text + sent, unsent->length);
}

bool session_tell(struct session *session, const char *line, const void *bytes, size_t length)
{
	if (session->unsent.length + strlen(line) + length > UNSENT_MAX)
		return false;
	text_append(&session->unsent, line, strlen(line));
	if (length > 0)
		text_append(&session->unsent, bytes, length);
	send_unsent(session);
	return true;
}

/* What does not fit is dropped: the guest has stopped to read, and we must not stop with it. */
static void tell(struct session *session, const char *format, ...) printf_like(2, 3);
static void tell(struct session *session, const char *format, ...)
{
	char line[64];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (!session_tell(session, line, NULL, 0))
		return;
}

static void announce(const char *lines)
{
	while (lines && *lines) {
		size_t length = strcspn(lines, "\n");
		char line[256];

		snprintf(line, sizeof(line), "%.*s", (int)length, lines);
		message_line(STDERR_FILENO, line);
		lines += length + (lines[length] == '\n');
	}
}

static void on_program_start(struct session *session)
{
	session->has_started = true;
	announce(session->announcement);
	machine_widen_backlogs(session->machine, &session->process);
	if (session->watcher && session->watcher->on_start)
		session->watcher->on_start(session->watcher);
}

static void tell_of_exec(struct session *session, const struct control_record *record, const char *bytes, size_t length)
{
	if (session->watcher && session->watcher->on_exec)
		session->watcher->on_exec(session->watcher, record, bytes, length);
}

static void on_record(struct session *session, const struct control_record *record)
{
	static const enum instance_end ends[] = {[CONTROL_EXIT] = INSTANCE_EXITED,
		[CONTROL_SIGNAL] = INSTANCE_SIGNALED,
		[CONTROL_ERROR] = INSTANCE_REFUSED};

	if (record->kind == CONTROL_START) {
		if (!session->has_started)
			on_program_start(session);
		return;
	}
	if (record->kind == CONTROL_COUNTERS) {
		if (session->watcher && session->watcher->on_counters)
			session->watcher->on_counters(session->watcher, record->text);
		return;
	}
	if (record->kind == CONTROL_OUTPUT) {
		session->payload = *record;
		return;
	}
	if (record->kind == CONTROL_TAKEN || record->kind == CONTROL_ENDED) {
		tell_of_exec(session, record, NULL, 0);
		return;
	}
	if (session->has_record) /* the first is the program's; what follows cannot be */
		return;
	session->has_record = true;
	session->outcome->end = ends[record->kind];
	session->outcome->code = record->code;
	text_cut_to(session->outcome->text, sizeof(session->outcome->text), record->text);
}

static void on_control_bytes(struct session *session, const char *bytes, size_t length)
{
	struct control_record record;

	while (length > 0) {
		if (session->payload.number > 0) {
			size_t part = min_u64(length, (uint64_t)session->payload.number);

			session->payload.number -= (int)part;
			tell_of_exec(session, &session->payload, bytes, part);
			bytes += part;
			length -= part;
			continue;
		}
		if (line_reader_take(&session->control, &bytes, &length) &&
			control_parse(session->control.line, &record))
			on_record(session, &record);
	}
}

static void on_log_bytes(struct session *session, const char *bytes, size_t length)
{
	machine_log_take(&session->log, bytes, length);
}

static void on_complaint_bytes(struct session *session, const char *bytes, size_t length)
{
	size_t room = sizeof(session->complaints) - 1 - session->complaints_length;

	if (length > room)
		length = room;
	memcpy(session->complaints + session->complaints_length, bytes, length);
	session->complaints_length += length;
}

/* Reads what is there; false at the end. */
static bool drain(struct session *session, int fd, void (*on_bytes)(struct session *, const char *, size_t))
{
	char bytes[16384];
	ssize_t got;

	while ((got = read(fd, bytes, sizeof(bytes))) > 0)
		on_bytes(session, bytes, (size_t)got);
	return got < 0 && (errno == EAGAIN || errno == EINTR);
}

static void on_stop_signal(struct session *session, int number)
{
	if (session->is_process_gone) {
		session->is_abandoned = true; /* whoever reads our output takes too long */
	} else if (session->stop_signal || !session->has_started) {
		process_kill(&session->process);
		session->is_abandoned = true;
	} else {
		tell(session, "signal %d\n", number);
	}
	if (!session->stop_signal)
		session->stop_signal = number;
}

bool session_signal(struct session *session, int number)
{
	if (session->has_started)
		tell(session, "signal %d\n", number);
	return session->has_started;
}

void session_kill(struct session *session, bool abandons)
{
	if (!session->stop_signal)
		session->stop_signal = SIGKILL;
	if (!session->is_process_gone)
		process_kill(&session->process);
	session->is_abandoned |= abandons;
}

void session_ask_counters(struct session *session)
{
	tell(session, "counters\n");
}

void session_resize(struct session *session, unsigned rows, unsigned columns)
{
	if (session->is_tty && rows && columns)
		tell(session, "winsize %u %u\n", rows, columns);
}

static void on_signals(struct session *session)
{
	struct signalfd_siginfo info;
	unsigned rows, columns;

	while (read(session->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGTSTP) {
			terminal_stop();
		} else if (info.ssi_signo == SIGWINCH) {
			terminal_size(&rows, &columns);
			session_resize(session, rows, columns);
		} else {
			on_stop_signal(session, (int)info.ssi_signo);
		}
	}
}

/* On the input's thread. */
static void on_key_request(enum terminal_request request, void *context)
{
	struct session *session = context;

	if (request == TERMINAL_HELP) {
		message_line(STDERR_FILENO, "");
		message_line(STDERR_FILENO, "Ctrl-a x       kill the machine");
		message_line(STDERR_FILENO, "Ctrl-a h       this help");
		message_line(STDERR_FILENO, "Ctrl-a Ctrl-a  send Ctrl-a");
		return;
	}
	atomic_store(&session->is_killed_by_key, true);
	process_kill(&session->process);
}

static int start_streams(struct session *session)
{
	if (session->is_tty && !session->is_remote) {
		session->input.request = on_key_request;
		session->input.context = session;
	}
	session->input.ended_fd = session->output.ended_fd = session->errors.ended_fd = session->ended_fd;
	if (stream_start_input(&session->input) < 0 || stream_start_output(&session->output) < 0)
		return -1;
	return session->is_tty ? 0 : stream_start_output(&session->errors);
}

static bool output_has_ended(const struct session *session)
{
	return session->is_abandoned || (atomic_load(&session->output.has_ended) &&
						(session->is_tty || atomic_load(&session->errors.has_ended)));
}

enum { CONTROL, LOG, COMPLAINTS, PROCESS, SIGNALS, STREAMS, WATCHER, FDS };

static void on_process_gone(struct session *session, struct pollfd *fds)
{
	drain(session, session->control_fd, on_control_bytes);
	drain(session, session->log_fd, on_log_bytes);
	drain(session, session->process.stderr_fd, on_complaint_bytes);
	for (int i = CONTROL; i <= PROCESS; i++)
		fds[i].fd = -1;
	session->is_process_gone = true;
}

static void on_ready(struct session *session, struct pollfd *fds)
{
	static const struct {
		int index;
		void (*on_bytes)(struct session *, const char *, size_t);
	} readers[] = {{CONTROL, on_control_bytes}, {LOG, on_log_bytes}, {COMPLAINTS, on_complaint_bytes}};
	uint64_t count;

	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		struct pollfd *fd = &fds[readers[i].index];

		if (fd->revents && !drain(session, fd->fd, readers[i].on_bytes))
			fd->fd = -1;
	}
	if (session->unsent.length > 0 && fds[CONTROL].revents & POLLOUT)
		send_unsent(session);
	if (fds[STREAMS].revents && read(session->ended_fd, &count, sizeof(count)) < 0)
		return;
	if (fds[SIGNALS].revents)
		on_signals(session);
	if (fds[PROCESS].revents)
		on_process_gone(session, fds);
	if (fds[WATCHER].revents)
		session->watcher->on_ready(session->watcher, session);
}

int session_run(struct session *session, struct dory_error *err)
{
	struct pollfd fds[FDS] = {
		[CONTROL] = {.fd = session->control_fd, .events = POLLIN},
		[LOG] = {.fd = session->log_fd, .events = POLLIN},
		[COMPLAINTS] = {.fd = session->process.stderr_fd, .events = POLLIN},
		[PROCESS] = {.fd = session->process.pidfd, .events = POLLIN},
		[SIGNALS] = {.fd = session->signal_fd, .events = POLLIN},
		[STREAMS] = {.fd = session->ended_fd, .events = POLLIN},
		[WATCHER] = {.fd = session->watcher ? session->watcher->fd : -1, .events = POLLIN},
	};
	int result = 0;

	if (start_streams(session) < 0) {
		result = error_set_errno(err, DORY_ERROR_IO, "starting the threads of the program's streams");
		process_kill(&session->process);
	}
	while (result == 0 && !(session->is_process_gone && output_has_ended(session))) {
		fds[CONTROL].events = session->unsent.length > 0 ? POLLIN | POLLOUT : POLLIN;
		if (poll(fds, FDS, -1) < 0 && errno != EINTR) {
			result = error_set_errno(err, DORY_ERROR_IO, "waiting for the machine");
			process_kill(&session->process);
			break;
		}
		on_ready(session, fds);
	}
	session->hypervisor_status = process_wait(&session->process);
	session->output.is_abandoned = session->errors.is_abandoned = session->is_abandoned || result < 0;
	stream_stop(&session->input);
	stream_stop(&session->output);
	stream_stop(&session->errors);
	free(session->unsent.text);
	session->unsent = (struct text_buffer){0};
	return result;
}
