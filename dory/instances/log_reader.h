/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads an instance's log, through all its files, also while it grows and is turned over. */
#pragma once
#include "dory/instances/log.h"

struct log_line {
	enum log_stream stream;
	const char *time; /* LOG_TIME_SIZE - 1 characters; not terminated */
	bool is_whole;    /* ends with a newline */
	const char *text;
	size_t length;
};

struct log_query {
	bool follow;       /* go on as long as the instance runs */
	bool has_tail;
	uint64_t tail;     /* only so many lines from the end */
	const char *since; /* a time as log_time_now writes it; lines before are left out; NULL */
	bool (*take)(void *context, const struct log_line *line); /* false: enough */
	void *context;
};

/* One line without its newline; false: it is damaged. */
bool log_line_parse(const char *text, size_t length, struct log_line *line);

int instance_log_read(int directory, const struct log_query *query, struct dory_error *err) must_check;
