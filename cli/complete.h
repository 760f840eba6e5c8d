/* SPDX-License-Identifier: BSD-3-Clause */
/* Completion of words of the command line: what the shells' scripts ask `dory __complete` for. */
#pragma once
#include "cli/command.h"

/* What stands in a place of the command line; told by how usage and --help name it. */
enum complete_kind {
	COMPLETE_NOTHING,
	COMPLETE_FILE,
	COMPLETE_IMAGE,
	COMPLETE_TARGET,
	COMPLETE_PACKAGE, /* of the Debian archive */
	COMPLETE_OWN_PACKAGE, /* of the local repository */
	COMPLETE_REPOSITORY,
	COMPLETE_INSTANCE,
	COMPLETE_NETWORK,
	COMPLETE_VOLUME, /* of the project in this directory */
	COMPLETE_VERB,
};

/* By the word of a table: "IMAGE...", "[PATH...]", "deb:NAME". */
enum complete_kind complete_kind_of(const char *word);

/* A candidate, a line of its own; with a tab and what it is, if that is not NULL. Only if it starts with `prefix`. */
void complete_offer(const char *prefix, const char *candidate, const char *help);

/* The names that there are of that kind, each with `before` in front. */
void complete_names(enum complete_kind kind, const struct invocation *invocation, const char *before, const char *prefix);
