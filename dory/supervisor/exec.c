/* SPDX-License-Identifier: BSD-3-Clause */
/* From connections to the control channel and back. */
#include "dory/supervisor/exec.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "abi/exit_code.h"

static int id_of(const struct exec_table *table, const struct exec_slot *slot)
{
	return (int)(slot - table->slots);
}

static void tell(struct exec_table *table, const struct exec_slot *slot, const char *word, const char *rest)
{
	char line[64];

	snprintf(line, sizeof(line), "%s %d%s%s\n", word, id_of(table, slot), *rest ? " " : "", rest);
	table->tell(table->context, line, NULL, 0);
}

static void tell_number(struct exec_table *table, const struct exec_slot *slot, const char *word, size_t number)
{
	char rest[24];

	snprintf(rest, sizeof(rest), "%zu", number);
	tell(table, slot, word, rest);
}

/* Waits for what can be done. */
static void watch(struct exec_table *table, const struct exec_slot *slot, int operation)
{
	bool reads = slot->state == EXEC_CONFIGURING || (slot->state == EXEC_RUNNING && slot->room >= ATTACH_FRAME_MAX);
	struct epoll_event event = {.events = (reads ? EPOLLIN : 0u) | (slot->unsent.length > 0 ? EPOLLOUT : 0u),
		.data.u32 = (uint32_t)id_of(table, slot)};

	epoll_ctl(table->events, operation, slot->socket, &event);
}

static void hang_up(struct exec_slot *slot, enum exec_state state)
{
	if (slot->socket >= 0)
		close(slot->socket);
	free(slot->config.text);
	free(slot->unsent.text);
	*slot = (struct exec_slot){.state = state, .socket = -1};
}

/* The command is gone. */
static void forget(struct exec_table *table, struct exec_slot *slot)
{
	bool is_running = slot->state == EXEC_RUNNING;

	hang_up(slot, is_running ? EXEC_FORGOTTEN : EXEC_FREE);
	if (is_running)
		tell(table, slot, "forget", "");
}

/* ---- To the command ---- */

/* What it reads goes; then the guest may send more. */
static void send_unsent(struct exec_table *table, struct exec_slot *slot)
{
	while (slot->unsent.length > 0) {
		ssize_t sent = send(slot->socket, slot->unsent.text, slot->unsent.length, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno == EAGAIN)
			break;
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0) {
			forget(table, slot);
			return;
		}
		slot->unsent.length -= (size_t)sent;
		memmove(slot->unsent.text, slot->unsent.text + sent, slot->unsent.length);
	}
	if (slot->unsent.length == 0 && slot->state == EXEC_ENDING) {
		hang_up(slot, EXEC_FREE);
		return;
	}
	if (slot->unsent.length == 0 && slot->unsent_bytes > 0) {
		tell_number(table, slot, "more", slot->unsent_bytes);
		slot->unsent_bytes = 0;
	}
	watch(table, slot, EPOLL_CTL_MOD);
}

static void add_frame(struct exec_slot *slot, enum attach_kind kind, const char *bytes, size_t length)
{
	struct attach_header header = {.kind = kind, .length = (uint32_t)length};

	text_append(&slot->unsent, (const char *)&header, sizeof(header));
	if (length > 0)
		text_append(&slot->unsent, bytes, length);
}

static void end(struct exec_table *table, struct exec_slot *slot, int status, const char *sentence)
{
	char text[200];
	int length = snprintf(text, sizeof(text), "%d %s", status, sentence);

	add_frame(slot, ATTACH_END, text, (size_t)length);
	slot->state = EXEC_ENDING;
	send_unsent(table, slot);
}

/* ---- From the command ---- */

static void start(struct exec_table *table, struct exec_slot *slot, bool is_tty)
{
	char line[64];

	snprintf(line, sizeof(line), "exec %d %s %zu\n", id_of(table, slot), is_tty ? "tty" : "streams", slot->config.length);
	if (slot->config.length == 0 || !table->tell(table->context, line, slot->config.text, slot->config.length)) {
		end(table, slot, EXIT_DORY, "the machine does not listen");
		return;
	}
	free(slot->config.text);
	slot->config = (struct text_buffer){0};
	slot->state = EXEC_RUNNING;
	slot->room = EXEC_WINDOW;
}

static void configure(struct exec_table *table, struct exec_slot *slot, const struct attach_frame *frame)
{
	if (frame->header.kind == ATTACH_START) {
		start(table, slot, strcmp(frame->bytes, "tty") == 0);
	} else if (frame->header.kind != ATTACH_CONFIG || slot->config.length + frame->header.length > EXEC_CONFIG_MAX) {
		end(table, slot, EXIT_DORY, "arguments and environment are too long");
	} else if (frame->header.length > 0) {
		text_append(&slot->config, frame->bytes, frame->header.length);
	}
}

static void pass_input(struct exec_table *table, struct exec_slot *slot, const struct attach_frame *frame)
{
	char line[64];

	if (frame->header.length == 0)
		return;
	snprintf(line, sizeof(line), "input %d %u\n", id_of(table, slot), frame->header.length);
	table->tell(table->context, line, frame->bytes, frame->header.length);
	slot->room -= frame->header.length;
}

static void take_frame(struct exec_table *table, struct exec_slot *slot, const struct attach_frame *frame)
{
	unsigned a, b;
	char rest[32];

	if (slot->state == EXEC_CONFIGURING) {
		configure(table, slot, frame);
	} else if (frame->header.kind == ATTACH_INPUT) {
		pass_input(table, slot, frame);
	} else if (frame->header.kind == ATTACH_CLOSE) {
		tell(table, slot, "close", "");
	} else if (frame->header.kind == ATTACH_SIZE && sscanf(frame->bytes, "%u %u", &a, &b) == 2 && a <= UINT16_MAX && b <= UINT16_MAX) {
		snprintf(rest, sizeof(rest), "%u %u", a, b);
		tell(table, slot, "window", rest);
	} else if (frame->header.kind == ATTACH_SIGNAL && sscanf(frame->bytes, "%u", &a) == 1 && a > 0 && a <= 64) {
		tell_number(table, slot, "tell", a);
	}
}

static void serve(struct exec_table *table, struct exec_slot *slot, uint32_t events)
{
	bool is_whole;

	if (events & EPOLLIN) {
		if (!attach_receive(slot->socket, &slot->reader, &is_whole)) {
			forget(table, slot);
			return;
		}
		if (is_whole)
			take_frame(table, slot, &slot->reader.frame);
	} else if (events & (EPOLLHUP | EPOLLERR)) {
		forget(table, slot);
		return;
	}
	if (slot->socket >= 0)
		send_unsent(table, slot);
}

void exec_table_serve(struct exec_table *table)
{
	struct epoll_event events[EXEC_MAX];
	int count = epoll_wait(table->events, events, EXEC_MAX, 0);

	for (int i = 0; i < count; i++)
		serve(table, &table->slots[events[i].data.u32], events[i].events);
}

/* ---- From the guest ---- */

void exec_table_output(struct exec_table *table, int id, int stream, const char *bytes, size_t length)
{
	struct exec_slot *slot = &table->slots[id];

	if (slot->state != EXEC_RUNNING)
		return;
	if (slot->unsent_bytes + length > EXEC_WINDOW) { /* more than it was told there is room for */
		forget(table, slot);
		return;
	}
	add_frame(slot, stream == 1 ? ATTACH_STDOUT : ATTACH_STDERR, bytes, length);
	slot->unsent_bytes += length;
	send_unsent(table, slot);
}

void exec_table_taken(struct exec_table *table, int id, size_t length)
{
	struct exec_slot *slot = &table->slots[id];

	if (slot->state != EXEC_RUNNING)
		return;
	slot->room = slot->room + length > EXEC_WINDOW ? EXEC_WINDOW : slot->room + length;
	watch(table, slot, EPOLL_CTL_MOD);
}

void exec_table_ended(struct exec_table *table, int id, int status)
{
	struct exec_slot *slot = &table->slots[id];

	if (slot->state == EXEC_RUNNING)
		end(table, slot, status, "");
	else if (slot->state == EXEC_FORGOTTEN)
		hang_up(slot, EXEC_FREE);
}

void exec_table_end_all(struct exec_table *table, const char *sentence)
{
	for (size_t i = 0; i < EXEC_MAX; i++) {
		struct exec_slot *slot = &table->slots[i];

		if (slot->state == EXEC_RUNNING || slot->state == EXEC_CONFIGURING)
			end(table, slot, EXIT_DORY, sentence);
		else if (slot->state == EXEC_FORGOTTEN)
			hang_up(slot, EXEC_FREE);
	}
}

/* ---- The table ---- */

bool exec_table_is_full(const struct exec_table *table)
{
	for (size_t i = 0; i < EXEC_MAX; i++) {
		if (table->slots[i].state == EXEC_FREE)
			return false;
	}
	return true;
}

void exec_table_add(struct exec_table *table, int socket)
{
	for (size_t i = 0; i < EXEC_MAX; i++) {
		struct exec_slot *slot = &table->slots[i];

		if (slot->state != EXEC_FREE)
			continue;
		*slot = (struct exec_slot){.state = EXEC_CONFIGURING, .socket = socket};
		watch(table, slot, EPOLL_CTL_ADD);
		return;
	}
	close(socket);
}

int exec_table_open(struct exec_table *table, struct dory_error *err)
{
	for (size_t i = 0; i < EXEC_MAX; i++)
		table->slots[i] = (struct exec_slot){.socket = -1};
	table->events = epoll_create1(EPOLL_CLOEXEC);
	return table->events < 0 ? error_set_errno(err, DORY_ERROR_IO, "preparing for further programs") : 0;
}

void exec_table_close(struct exec_table *table)
{
	for (size_t i = 0; i < EXEC_MAX; i++)
		hang_up(&table->slots[i], EXEC_FREE);
	if (table->events >= 0)
		close(table->events);
	table->events = -1;
}
