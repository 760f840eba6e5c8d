/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Programs that commands have run beside an instance's first one (`dory exec`): each has a connection, on which both sides send frames
 * (attach.h), and a number on the control channel (abi/control.h: exec). All on one thread, which waits for nobody.
 *
 * A connection that ends kills its program. The program stops while its command reads nothing: the windows of both ends are passed on.
 */
#pragma once
#include "abi/control.h"
#include "dory/base/text.h"
#include "dory/supervisor/attach.h"

enum exec_state {
	EXEC_FREE,
	EXEC_CONFIGURING, /* the command is telling what to run */
	EXEC_RUNNING,
	EXEC_FORGOTTEN, /* the command is gone; the guest has not told the end yet */
	EXEC_ENDING,    /* the command has not read all yet */
};

struct exec_slot {
	enum exec_state state;
	int socket;
	struct attach_reader reader;
	struct text_buffer config, unsent; /* unsent: frames for the command */
	size_t unsent_bytes;               /* of output in them */
	size_t room;                       /* bytes of input that the guest has room for */
};

struct exec_table {
	int events; /* an epoll(7) descriptor: readable when exec_table_serve has something to do */
	struct exec_slot slots[EXEC_MAX];
	/* session_tell, while the first program runs. */
	bool (*tell)(void *context, const char *line, const void *bytes, size_t length);
	void *context;
};

int exec_table_open(struct exec_table *table, struct dory_error *err) must_check;
void exec_table_close(struct exec_table *table);
bool exec_table_is_full(const struct exec_table *table);
/* Takes the connection. */
void exec_table_add(struct exec_table *table, int socket);
void exec_table_serve(struct exec_table *table);

/* What the guest tells: `length` bytes of output; that bytes of input were taken; an end. */
void exec_table_output(struct exec_table *table, int id, int stream, const char *bytes, size_t length);
void exec_table_taken(struct exec_table *table, int id, size_t length);
void exec_table_ended(struct exec_table *table, int id, int status);
/* The machine is gone: all end with the sentence. */
void exec_table_end_all(struct exec_table *table, const char *sentence);
