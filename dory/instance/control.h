/* SPDX-License-Identifier: BSD-3-Clause */
/* The lines that the guest sends through the control port (abi/control.h). */
#pragma once
#include "lib/attr.h"

enum control_kind {
	CONTROL_START,
	CONTROL_EXIT,
	CONTROL_SIGNAL,
	CONTROL_ERROR,
	CONTROL_COUNTERS,
	CONTROL_OUTPUT, /* of a further program: `number` bytes stand behind the line */
	CONTROL_TAKEN,  /* `number` bytes of its input */
	CONTROL_ENDED,  /* code: its exit status */
};

struct control_record {
	enum control_kind kind;
	int code;         /* exit status, signal or EXIT_* */
	bool has_core;    /* CONTROL_SIGNAL: the core-dump flag */
	int id, stream;   /* CONTROL_OUTPUT: 1 or 2; CONTROL_TAKEN, CONTROL_ENDED: id alone */
	int number;
	const char *text; /* CONTROL_SIGNAL: the program; CONTROL_ERROR: the reason; CONTROL_COUNTERS: they. Within the line */
};

/* Reads a line without its newline; false: not a record of this version. */
bool control_parse(const char *line, struct control_record *record);

/* Collects bytes to lines. Zeroed is empty; what is longer than a line may be is cut. */
struct line_reader {
	char line[4096];
	size_t length;
};
/* Takes bytes up to the end of a line; true: `line` is whole, without newline or CR. `*bytes` and `*length` move on. */
bool line_reader_take(struct line_reader *reader, const char **bytes, size_t *length);
