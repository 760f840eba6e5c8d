/* SPDX-License-Identifier: BSD-3-Clause */
/* From a run configuration (abi/run_config.h) to a program that runs. */
#pragma once
#include "guest/init/account.h"
#include "lib/run_config.h"

/* Why something was not started. */
struct refusal {
	int code;	     /* EXIT_* */
	const char *subject; /* NULL: none */
	const char *sentence;
};
/* "SUBJECT: SENTENCE" */
void refusal_text(const struct refusal *refusal, char *text, size_t size);

/* One command of the run configuration. */
struct command {
	const char **argv; /* NULL-terminated */
	const char *path;  /* the program's path, once found */
	int error;	   /* errno of the execve that failed, 0 if it did not */
	const char *sentence; /* why it was not started, if it is not execve's errno */
	struct account account;
	bool has_account;
};

/* Reads the machine's configuration, the image's and what is beside the machine, into one that has nothing yet. False: it is wrong. */
bool program_configure(struct run_config *config, struct refusal *refusal);
/* Looks up whom the command runs as, and sets HOME. False: there is no such user or group. */
bool program_prepare(struct run_config *config, struct command *command, struct refusal *refusal);
/* Becomes the command, with the descriptors that are open: returns if that failed, and the command says why. */
void program_become(struct run_config *config, struct command *command);
/* Of a command that could not be started. */
void program_explain(const struct command *command, struct refusal *refusal);
