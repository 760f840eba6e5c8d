/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The store's .index: a line for each manifest, its fields separated by tabs: stem, what stat says of the file (inode,
 * size, time in nanoseconds), and the manifest's keys; the elements of lists are separated by the character 0x1f.
 */
#pragma once
#include <sys/stat.h>
#include "dory/base/text.h"
#include "dory/manifest/package_manifest.h"

struct index_file {
	char *text, *next; /* lines are looked for in order, as they stand */
};

void index_file_open(struct index_file *index, const char *path); /* none is as good as an empty one */
void index_file_close(struct index_file *index);
/* False if there is no line for exactly this file. Stems are asked for in the order in which they were written. */
bool index_file_find(struct index_file *index, const char *stem, const struct stat *st, struct package_manifest *manifest);
void index_file_append(struct text_buffer *text, const char *stem, const struct stat *st,
	const struct package_manifest *manifest);
