/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * YAML documents read by tables of keys. Every error names file, line and column, and what was expected; a misspelt key
 * is an error that names the one that was meant, any other unknown key a warning, since Capstan skips them in silence.
 * Scalars are taken verbatim: "1.10" stays "1.10". A key that stands twice counts as it stands last; << merges mappings.
 */
#pragma once
#include <yaml.h>
#include "dory/base/error.h"
#include "dory/base/text_list.h"

enum { DOCUMENT_SIZE_MAX = 1 << 20 };

struct document {
	const char *name; /* of the file, for messages; borrowed */
	yaml_document_t yaml;
	yaml_node_t *root;   /* NULL: an empty file */
	unsigned nodes_left; /* that may still be read: aliases can name one node a million times */
	bool is_quiet;       /* no warnings */
};

/* Error: FORMAT. */
int document_open(
	struct document *document, const char *name, const char *text, size_t length, struct dory_error *err) must_check;
void document_close(struct document *document);

/* "NAME, line L, column C: ..."; returns -1. */
int document_fail(const struct document *document, const yaml_node_t *node, struct dory_error *err, const char *format,
	...) printf_like(4, 5);
void document_warn(const struct document *document, const yaml_node_t *node, const char *format, ...) printf_like(3, 4);

struct document_key {
	const char *name;
	int (*take)(struct document *document, void *into, const yaml_node_t *value, struct dory_error *err);
	size_t offset; /* `into` is the struct's address plus this */
};

/* Reads the mapping `node` into the struct at `into`. `what`: what the mapping is, "a package.yaml". */
int document_mapping(struct document *document, const yaml_node_t *node, const struct document_key *keys, size_t count,
	void *into, const char *what, struct dory_error *err) must_check;

/* Takes of common kinds. A text: char **; an empty value, "null" or "~" is the empty text. */
int document_take_text(struct document *document, void *into, const yaml_node_t *value, struct dory_error *err);
/* struct text_list *: a list of texts; an empty value is the empty list. */
int document_take_list(struct document *document, void *into, const yaml_node_t *value, struct dory_error *err);
int document_take_bool(struct document *document, void *into, const yaml_node_t *value, struct dory_error *err);

/* Calls `take` for each pair of a mapping; an empty value is the empty mapping. */
typedef int document_pair_fn(struct document *document, void *into, const yaml_node_t *key, const char *name,
	const yaml_node_t *value, struct dory_error *err);
int document_each_pair(struct document *document, const yaml_node_t *node, document_pair_fn *take, void *into,
	struct dory_error *err) must_check;

/* The text of a scalar, borrowed; NULL and an error if it is none. */
const char *document_scalar(struct document *document, const yaml_node_t *node, struct dory_error *err);
bool document_is_empty(const yaml_node_t *node);

/* YAML 1.1 makes something else of this unquoted word than the text that it is ("yes", "1.10", "0x10"). */
bool scalar_changes(const char *text);
/* YAML 1.1 takes this word for a number, truth value, time or nothing, so that as a text it has to be quoted. */
bool scalar_is_typed(const char *text);
/* Warns of a plain scalar that Capstan would have changed. */
void document_warn_changed(const struct document *document, const yaml_node_t *node);
