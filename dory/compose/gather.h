/* SPDX-License-Identifier: BSD-3-Clause */
/* From a request's sources to the content tree, in two steps: a survey that only looks, and the gathering itself. */
#pragma once
#include "dory/compose/compose.h"
#include "dory/compose/tree.h"

struct gathering;

int gathering_survey(
	const struct compose_request *request, struct gathering **gathering, struct dory_error *err) must_check;
/* 32 bytes that are the same as long as request and sources are; zeros if that could not be promised. */
const uint8_t *gathering_digest(const struct gathering *gathering);
/* Gathers; once. The tree is the caller's. */
int gathering_tree(struct gathering *gathering, struct tree **tree, struct dory_error *err) must_check;
void gathering_free(struct gathering *gathering); /* accepts NULL */

struct tree_totals {
	uint64_t bytes;
	int64_t newest;   /* modification time; what was made here gets it */
	uint8_t uuid[16]; /* from names and attributes */
};

/* Sorts, completes times (bounded by SOURCE_DATE_EPOCH) and stamps, and sums up. */
struct tree_totals gathering_finish(struct tree *tree);
