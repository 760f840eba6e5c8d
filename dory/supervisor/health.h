/* SPDX-License-Identifier: BSD-3-Clause */
/* Is the program well? Asked over a port of this machine that leads to one of the guest's, or by a program beside it. */
#pragma once
#include "dory/base/error.h"

/* What is asked for, by the words of --health-tcp, --health-http and --health-cmd. */
struct health_check {
	bool is_http;
	uint16_t guest_port; /* 0: a command is run instead of asking it */
	char path[256];      /* "/healthz" */
	char command[1024];  /* a line, as command_line.h has it: the program is well if that exits with 0 */
};
/* "tcp:PORT", "http:URL", the URL as in http://localhost:80/healthz, 8080/healthz or /healthz, or "cmd:COMMAND LINE". Error: USAGE. */
int health_parse(const char *text, struct health_check *check, struct dory_error *err) must_check;

/*
 * Asks once: connects to the port of 127.0.0.1 (or `address`). TCP: is well if the program takes the connection, which it
 * is seen to have if it says something or, since the hypervisor answers for it at first, does not hang up at once. HTTP: if
 * it answers GET with a status from 200 to 399. `text` says what was seen.
 */
bool health_ask(const struct health_check *check, const char *address, uint16_t port, int timeout_ms, char text[128]);

/* The verdict over time. */
struct health_record {
	int64_t retries; /* so many failures in a row make it unwell */
	bool is_known;   /* it was well, or is not */
	bool is_well;
	int64_t failures;
};
/* `is_starting`: failures do not count yet. True: the verdict is another. */
bool health_note(struct health_record *record, bool is_well, bool is_starting);
