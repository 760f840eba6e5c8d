/* SPDX-License-Identifier: BSD-3-Clause */
/* The asking side of requests.h. */
#pragma once
#include "dory/base/error.h"

/* Connects to whoever runs the instance in the open directory, and sends the line. Returns a descriptor; -1: nobody runs it. */
int ask_open(int directory, const char *line);
/*
 * The answer, without its first word if that is `word`; waits up to `timeout_ms`, -1: for ever. Closes the descriptor. 0;
 * 1: it hung up without an answer (it was killed), or was too late; -1: it refused, with its sentence in `err`.
 */
int ask_answer(int fd, const char *word, int timeout_ms, char *text, size_t size, struct dory_error *err) must_check;
/* "STATUS SENTENCE" of an end; the sentence is within the text. */
bool ask_parse_end(const char *text, int64_t *status, const char **sentence);
