/* SPDX-License-Identifier: BSD-3-Clause */
/* The run configuration (abi/run_config.h) on the tool's side: what is to be run and how, and its text for the guest.
 */
#pragma once
#include "dory/base/error.h"
#include "dory/instance/command_line.h"

/* Zeroed asks for nothing. Strings are borrowed, but for the command. */
struct run_config {
	struct command_line command;    /* owned */
	const char *const *environment; /* "NAME=VALUE", later ones win */
	size_t environment_count;
	const char *const *unset; /* names of variables of the image's that are not there; of an override */
	size_t unset_count;
	const char *const *mounts; /* "SOURCE TARGET TYPE OPTIONS" */
	size_t mount_count;
	const char *directory, *host_name, *user;
	const char *image; /* of an override: the text that the image holds, which the guest need not read then; NULL: not known */
	bool is_override; /* beside the machine: says how stdio is connected */
	bool is_tty;
	unsigned rows, columns; /* 0: not known */
	const char *terminal_type;  /* TERM, where it is a terminal; the environment asked for counts more. NULL: none */
};

/* Checks what people wrote: environment's names, the user's form, lengths. Error: USAGE. */
int run_config_check(const struct run_config *config, struct dory_error *err) must_check;

/* The text for the guest; returns owned. USAGE if it is larger than RUN_CONFIG_MAX. */
int run_config_text(const struct run_config *config, char **text, size_t *length, struct dory_error *err) must_check;
