/* SPDX-License-Identifier: BSD-3-Clause */
/* The attached side of dory/supervisor/attach.h: our standard streams and an instance's. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "dory/base/descriptor.h"
#include "dory/base/progress.h"
#include "dory/base/text.h"
#include "dory/detach_keys.h"
#include "dory/dory.h"
#include "dory/instance/terminal.h"
#include "dory/signals.h"
#include "dory/supervisor/ask.h"
#include "dory/supervisor/attach.h"
#include "dory/supervisor/requests.h"

enum { ANSWER_BYTES = 64 };

struct attached {
	int socket, signals;
	bool has_input, is_tty; /* of the program */
	bool is_typing;         /* our input has not ended */
	struct detach_keys keys;
	struct attach_reader reader;
	struct dory_attachment *attachment;
	bool is_over;
	int write_errno;
};

/* The answer's line, byte by byte: frames stand behind it. */
static bool read_answer(int socket, char line[ANSWER_BYTES * 4])
{
	size_t length = 0;

	while (length < ANSWER_BYTES * 4 - 1) {
		ssize_t got = read(socket, line + length, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		if (line[length] == '\n') {
			line[length] = '\0';
			return true;
		}
		length++;
	}
	return false;
}

static int connect_to(const char *root, const char *name, struct attached *a, struct dory_error *err)
{
	static const char refusal[] = "error ";
	char line[ANSWER_BYTES * 4];
	struct instance instance;
	int result = 0;

	if (instance_find(root, name, &instance, err) < 0)
		return -1;
	a->socket = ask_open(instance.directory, "attach");
	if (a->socket < 0 || !read_answer(a->socket, line)) {
		error_set(err, DORY_ERROR_CONFLICT, "the instance %s does not run", name);
		result = error_hint(err, "`dory start %s` starts it; `dory logs %s` shows what it wrote.", name, name);
	} else if (strncmp(line, refusal, strlen(refusal)) == 0) {
		result = error_set(err, DORY_ERROR_CONFLICT, "%s", line + strlen(refusal));
	} else {
		a->has_input = text_has_word(line, "input");
		a->is_tty = text_has_word(line, "tty");
	}
	if (result < 0 && a->socket >= 0)
		close(a->socket);
	instance_release(&instance);
	return result;
}

static void take_frame(struct attached *a, const struct attach_frame *frame)
{
	struct dory_end *end = &a->attachment->end;
	const char *sentence;

	if (frame->header.kind == ATTACH_END) {
		if (ask_parse_end(frame->bytes, &end->exit_status, &sentence))
			text_cut_to(end->text, sizeof(end->text), sentence);
		a->is_over = true;
	} else if (frame->header.kind <= ATTACH_STDERR &&
		   !descriptor_write_all(frame->header.kind == ATTACH_STDOUT ? STDOUT_FILENO : STDERR_FILENO, frame->bytes, frame->header.length)) {
		a->write_errno = errno;
		a->is_over = true;
	}
}

/* False: whoever runs the instance has hung up. */
static bool take_output(struct attached *a)
{
	char bytes[16384], *at = bytes;
	ssize_t got = recv(a->socket, bytes, sizeof(bytes), 0);

	if (got < 0 && errno == EINTR)
		return true;
	if (got <= 0)
		return false;
	while (got > 0 && !a->is_over) {
		bool is_whole;
		size_t n = attach_reader_take(&a->reader, at, (size_t)got, &is_whole);

		if (n == 0)
			return false;
		if (is_whole)
			take_frame(a, &a->reader.frame);
		at += n;
		got -= (ssize_t)n;
	}
	return true;
}

/* Its end is not passed on: others may attach and type. */
static void take_input(struct attached *a)
{
	char bytes[2048], out[2 * sizeof(bytes)];
	ssize_t got = read(STDIN_FILENO, bytes, sizeof(bytes));
	size_t length;

	if (got < 0 && errno == EINTR)
		return;
	if (got <= 0) {
		a->is_typing = false;
		return;
	}
	if (terminal_is_raw()) {
		a->attachment->has_detached = detach_keys_filter(&a->keys, bytes, (size_t)got, out, &length);
	} else {
		memcpy(out, bytes, (size_t)got);
		length = (size_t)got;
	}
	if (length > 0 && !attach_send(a->socket, ATTACH_INPUT, out, length))
		a->is_typing = false;
	a->is_over |= a->attachment->has_detached;
}

static void send_size(const struct attached *a)
{
	unsigned rows, columns;
	char text[32];

	terminal_size(&rows, &columns);
	snprintf(text, sizeof(text), "%u %u", rows, columns);
	if (a->is_tty && rows && columns && !attach_send(a->socket, ATTACH_SIZE, text, strlen(text)))
		return; /* its end is seen by who reads */
}

static void take_signals(struct attached *a)
{
	struct signalfd_siginfo info;

	while (read(a->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGWINCH) {
			send_size(a);
		} else {
			a->attachment->has_detached = true;
			a->is_over = true;
		}
	}
}

static int carry(struct attached *a, const char *name, struct dory_error *err)
{
	while (!a->is_over) {
		struct pollfd fds[] = {{.fd = a->socket, .events = POLLIN},
			{.fd = a->is_typing ? STDIN_FILENO : -1, .events = POLLIN},
			{.fd = a->signals, .events = POLLIN}};

		if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
			continue;
		if (fds[0].revents && !take_output(a)) {
			error_set(err, DORY_ERROR_INTERRUPTED, "the process that looks after the instance %s has hung up", name);
			return error_hint(err, "It was killed, or this side took nothing for %d s. `dory ps -a` tells.", ATTACH_PATIENCE_MS / 1000);
		}
		if (fds[1].revents && !a->is_over)
			take_input(a);
		if (fds[2].revents)
			take_signals(a);
	}
	errno = a->write_errno;
	if (a->write_errno && a->write_errno != EPIPE)
		return error_set_errno(err, DORY_ERROR_IO, "writing the program's output");
	a->attachment->has_detached |= a->write_errno == EPIPE;
	return 0;
}

/* It was told, and is about to be: the same command is to work again behind us. */
static void wait_for_end(const char *root, const char *name)
{
	struct dory_error ignored;
	struct dory_end end;

	if (dory_wait(root, name, &end, &ignored) < 0)
		return; /* removed at its end */
}

int dory_attach(const char *root, const char *name, bool is_output_only, struct dory_attachment *attachment, struct dory_error *err)
{
	struct attached a = {.attachment = attachment};
	sigset_t former;
	int result;

	*attachment = (struct dory_attachment){.end = {.exit_status = -1}};
	if (connect_to(root, name, &a, err) < 0)
		return -1;
	a.is_typing = a.has_input && !is_output_only;
	a.signals = signals_open(&former); /* they end the attachment, not the program */
	if (!a.has_input && !is_output_only)
		progress_note("the program's standard input is closed: only what it writes is shown (dory run -d --interactive keeps it open)");
	if (a.is_tty && a.is_typing && isatty(STDIN_FILENO) && terminal_make_raw() < 0)
		progress_warning("the terminal cannot be made raw");
	send_size(&a);
	result = a.signals < 0 ? error_set_errno(err, DORY_ERROR_IO, "preparing to wait for signals") : carry(&a, name, err);
	terminal_restore();
	if (a.signals >= 0)
		close(a.signals);
	close(a.socket);
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	if (result == 0 && !attachment->has_detached)
		wait_for_end(root, name);
	return result;
}
