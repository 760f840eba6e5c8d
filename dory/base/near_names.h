/* SPDX-License-Identifier: BSD-3-Clause */
/* Names that somebody may have meant. */
#pragma once
#include "dory/base/error.h"

enum { NEAR_NAMES_MAX = 5 };

/* The best so far; zeroed is empty. Names are borrowed. */
struct near_names {
	const char *names[NEAR_NAMES_MAX];
	unsigned distances[NEAR_NAMES_MAX];
	size_t count;
};

/* Keeps `name` if it is near to `wanted` and not there yet; names that are not are left out. */
void near_names_offer(struct near_names *near, const char *wanted, const char *name);

/* Sets the hint "Did you mean a, b or c?", if there is any; returns -1. */
int near_names_hint(const struct near_names *near, struct dory_error *err);

/* "a, b or c"; returns owned. */
char *near_names_text(const struct near_names *near);

/* Insertions, deletions, replacements and swaps of neighbours that make one of the other; `most` + 1 if there are more than `most`. */
unsigned near_names_distance(const char *a, const char *b, unsigned most);
