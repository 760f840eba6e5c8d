/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runtimes: what kinds of programs run.yaml can describe. A runtime is a table of keys and a base: the configuration
 * set that a set of this runtime inherits from. The base stands in a package that the project requires, or is built in
 * and belongs to a Debian package.
 */
#pragma once
#include "dory/base/error.h"
#include "dory/base/text_list.h"
#include "dory/manifest/document.h"

struct runtime_key {
	const char *name;
	bool is_required;
	const char *comment, *example; /* for the stub */
};

struct run_set;

struct runtime {
	const char *name, *description;
	const char *debian; /* the package that has it; NULL: none is needed */
	const char *set;    /* the set of a package that has this runtime, "node" in node-4.4.5; NULL: no base */
	const struct runtime_key *keys; /* as the stub shows them */
	size_t key_count;
	const struct document_key *document_keys; /* of struct run_set */
	size_t document_key_count;
	/* What is wrong with a set, or NULL; in `buffer` if need be. */
	const char *(*check)(const struct run_set *set);
};
extern const struct runtime *const runtimes[]; /* NULL-terminated */

/* NULL if there is none. */
const struct runtime *runtime_find(const char *name);
/* "Unknown runtime: 'x'" with what there is; returns -1. */
int runtime_explain_unknown(const char *name, struct dory_error *err);

/* The run.yaml that a person starts from, with comments or without; returns owned. */
char *runtime_stub(const struct runtime *runtime, bool is_plain);
