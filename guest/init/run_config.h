/* SPDX-License-Identifier: BSD-3-Clause */
/* The run configuration in memory (abi/run_config.h has the format). All text is borrowed from the buffers that were parsed. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct run_list {
	const char **items; /* NULL-terminated */
	size_t count, room;
};

struct run_config {
	struct run_list arguments; /* of all commands; NULL never inside: `next` separators are items of `separators` */
	struct run_list separators; /* for each "next": ";" or "&" */
	size_t *separator_at;	    /* index into arguments before which it stands */
	struct run_list environment;
	struct run_list mounts;
	const char *cwd, *host, *user, *stdio, *winsize;
};

/*
 * Reads one file's text, which has a NUL behind, into the configuration by the merge rules. Modifies the text (terminates values).
 * NULL, or a sentence that says what is wrong with it.
 */
const char *run_config_read(struct run_config *config, char *text, size_t len, bool is_override);

/* Sets the variable of "NAME=VALUE"; keeps the text. */
void run_config_set_environment(struct run_config *config, const char *assignment);

/* The value of an environment variable, NULL if it is not set. */
const char *run_config_environment(const struct run_config *config, const char *name);
