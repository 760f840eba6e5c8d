/* SPDX-License-Identifier: BSD-3-Clause */
/* The sizes of packages, which libsolv's parser passes over, picked from the bytes of a Packages file on their way to it. */
#pragma once
#include "lib/attr.h"

struct package_size {
	char sha256[65];
	uint64_t size;
};

/* Zeroed is empty; packages stand in the file's order. */
struct packages_sizes {
	struct package_size *packages;
	size_t count;
	struct package_size current; /* of the stanza that is being read */
	char line[96];		     /* its last line, as far as it came; longer ones are of no interest */
	size_t line_length;
};

/* Takes the next bytes of the file, wherever they are cut. */
void packages_sizes_take(struct packages_sizes *sizes, const char *bytes, size_t length);
/* The file ends. */
void packages_sizes_end(struct packages_sizes *sizes);
void packages_sizes_fini(struct packages_sizes *sizes);
