/* SPDX-License-Identifier: BSD-3-Clause */
/* `dory exec`: a program beside an instance's first one, its streams joined to ours. Neither side waits for the other: both read and write at once. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "abi/exit_code.h"
#include "dory/base/descriptor.h"
#include "dory/base/text.h"
#include "dory/dory.h"
#include "dory/instance/terminal.h"
#include "dory/signals.h"
#include "dory/supervisor/ask.h"
#include "dory/supervisor/attach.h"
#include "dory/supervisor/exec_client.h"

struct executing {
	int socket, signals;
	bool is_tty;
	bool is_typing; /* our input has not ended */
	bool is_over;
	int stop_signal;           /* the first that asked for the end */
	struct text_buffer unsent; /* frames */
	struct attach_reader reader;
	struct dory_end *end;
	int write_errno;
};

static void add_frame(struct executing *e, enum attach_kind kind, const char *bytes, size_t length)
{
	struct attach_header header = {.kind = kind, .length = (uint32_t)length};

	text_append(&e->unsent, (const char *)&header, sizeof(header));
	if (length > 0)
		text_append(&e->unsent, bytes, length);
}

/* False: whoever runs the instance has hung up. */
static bool send_unsent(struct executing *e)
{
	ssize_t sent = send(e->socket, e->unsent.text, e->unsent.length, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent < 0)
		return errno == EAGAIN || errno == EINTR;
	e->unsent.length -= (size_t)sent;
	memmove(e->unsent.text, e->unsent.text + sent, e->unsent.length);
	return true;
}

static void take_frame(struct executing *e, const struct attach_frame *frame)
{
	const char *sentence;

	if (frame->header.kind == ATTACH_END) {
		if (ask_parse_end(frame->bytes, &e->end->exit_status, &sentence))
			text_cut_to(e->end->text, sizeof(e->end->text), sentence);
		e->is_over = true;
	} else if (frame->header.kind <= ATTACH_STDERR && !e->write_errno &&
		   !descriptor_write_all(frame->header.kind == ATTACH_STDOUT ? STDOUT_FILENO : STDERR_FILENO, frame->bytes, frame->header.length)) {
		e->write_errno = errno;
		e->is_over = true;
	}
}

static bool take_output(struct executing *e)
{
	bool is_whole;

	if (!attach_receive(e->socket, &e->reader, &is_whole))
		return false;
	if (is_whole)
		take_frame(e, &e->reader.frame);
	return true;
}

static void take_input(struct executing *e)
{
	char bytes[ATTACH_FRAME_MAX];
	ssize_t got = read(STDIN_FILENO, bytes, sizeof(bytes));

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	e->is_typing = got > 0;
	add_frame(e, got > 0 ? ATTACH_INPUT : ATTACH_CLOSE, bytes, got > 0 ? (size_t)got : 0);
}

static void add_size(struct executing *e)
{
	unsigned rows, columns;
	char text[32];
	int length;

	terminal_size(&rows, &columns);
	length = snprintf(text, sizeof(text), "%u %u", rows, columns);
	if (e->is_tty && rows && columns)
		add_frame(e, ATTACH_SIZE, text, (size_t)length);
}

/* The first goes to the program, the second ends the waiting, and the program with it. */
static void take_signals(struct executing *e)
{
	struct signalfd_siginfo info;
	char text[16];

	while (read(e->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGWINCH) {
			add_size(e);
			continue;
		}
		add_frame(e, ATTACH_SIGNAL, text, (size_t)snprintf(text, sizeof(text), "%u", info.ssi_signo));
		e->is_over |= e->stop_signal != 0;
		e->stop_signal = (int)info.ssi_signo;
		e->end->exit_status = EXIT_SIGNAL_BASE + e->stop_signal; /* if nothing else is heard */
	}
}

static int carry(struct executing *e, const char *name, struct dory_error *err)
{
	while (!e->is_over) {
		struct pollfd fds[] = {{.fd = e->socket, .events = e->unsent.length > 0 ? POLLIN | POLLOUT : POLLIN},
			{.fd = e->is_typing && e->unsent.length == 0 ? STDIN_FILENO : -1, .events = POLLIN},
			{.fd = e->signals, .events = POLLIN}};
		bool is_there = true;

		if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
			continue;
		if (fds[0].revents & POLLOUT)
			is_there = send_unsent(e);
		if (fds[0].revents & ~POLLOUT)
			is_there = take_output(e);
		if (!is_there)
			return error_set(err, DORY_ERROR_INTERRUPTED, "the process that looks after the instance %s has hung up", name);
		if (fds[1].revents && !e->is_over)
			take_input(e);
		if (fds[2].revents)
			take_signals(e);
	}
	errno = e->write_errno;
	return e->write_errno && e->write_errno != EPIPE ? error_set_errno(err, DORY_ERROR_IO, "writing the program's output") : 0;
}

static int run(struct executing *e, const char *name, struct dory_error *err)
{
	sigset_t former;
	int result;

	e->signals = signals_open(&former);
	if (e->is_tty && terminal_make_raw() < 0)
		e->is_tty = false;
	result = e->signals < 0 ? error_set_errno(err, DORY_ERROR_IO, "preparing to wait for signals") : carry(e, name, err);
	terminal_restore();
	if (e->signals >= 0)
		close(e->signals);
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	return result;
}

int dory_exec(const char *root, const char *name, const struct run_config *config, bool has_input, struct dory_end *end, struct dory_error *err)
{
	struct executing e = {.is_tty = config->is_tty, .is_typing = has_input, .end = end};
	struct run_config asked = *config;
	struct instance instance;
	int result;

	*end = (struct dory_end){.exit_status = -1};
	if (run_config_check(config, err) < 0 || instance_find(root, name, &instance, err) < 0)
		return -1;
	asked.is_override = true;
	asked.terminal_type = getenv("TERM");
	if (asked.is_tty)
		terminal_size(&asked.rows, &asked.columns);
	e.socket = exec_ask(instance.directory, &asked, -1, err);
	instance_release(&instance);
	if (e.socket < 0) {
		if (err->kind == DORY_ERROR_NOT_FOUND)
			error_hint(err, "`dory start %s` starts it; `dory ps -a` tells how it does.", name);
		return error_wrap(err, "running a program in the instance %s", name);
	}
	if (!has_input)
		add_frame(&e, ATTACH_CLOSE, NULL, 0);
	result = run(&e, name, err);
	free(e.unsent.text);
	close(e.socket);
	return result;
}
