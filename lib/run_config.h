/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The run configuration in memory (abi/run_config.h has the format): the kernel reads it to start the program, and init where there is more to do
 * than that. All text is borrowed from the buffers that were parsed.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct run_list {
	const char **items; /* NULL-terminated */
	size_t count, room;
};

struct run_config {
	void *(*allocate)(size_t size); /* set by the caller: memory that stays as long as the configuration is used; NULL: there is none */
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

/* Whether the text of an override holds the image's configuration too. */
bool run_config_holds_image(const char *text, size_t len);

/* Sets the variable of "NAME=VALUE"; keeps the text. False: no memory. */
bool run_config_set_environment(struct run_config *config, const char *assignment);

/* The value of an environment variable, NULL if it is not set. */
const char *run_config_environment(const struct run_config *config, const char *name);

/* The first variable of every environment, which the configuration may replace. */
#define RUN_CONFIG_DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
/* The value of HOME where nothing else says it: of root, who runs the program unless the configuration has a user. */
#define RUN_CONFIG_DEFAULT_HOME "/root"
