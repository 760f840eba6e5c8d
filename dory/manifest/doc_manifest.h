/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * meta/doc.yaml: what a person who uses the package has to know, for programs to read.
 *
 *   purpose: TEXT                       what the package is for
 *   limits: [TEXT...]                   what it cannot do
 *   config_set:
 *     NAME:                             one of run.yaml's
 *       purpose: TEXT
 *       parameters:
 *         VARIABLE: TEXT                or
 *         VARIABLE:
 *           purpose: TEXT
 *           default: TEXT
 *           required: true | false
 */
#pragma once
#include "dory/base/error.h"
#include "dory/base/text_list.h"

struct doc_parameter {
	char *name, *purpose, *default_value; /* NULL: not said */
	bool is_required;
};
struct doc_set {
	char *name, *purpose;
	struct doc_parameter *parameters;
	size_t count;
};
struct doc_manifest {
	char *purpose;
	struct text_list limits;
	struct doc_set *sets;
	size_t count;
};

int doc_manifest_parse(const char *name, const char *text, size_t length, bool is_quiet, struct doc_manifest *manifest,
	struct dory_error *err) must_check;
void doc_manifest_release(struct doc_manifest *manifest);
