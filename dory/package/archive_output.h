/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A package's file while it is written. The caller puts entries into `archive` (tar); compressing them, and writing and
 * digesting what comes out, go on beside it (press.h), so that a large package needs no more memory than a small one.
 */
#pragma once
#include <archive.h>
#include "dory/package/archive.h"

struct archive_output;

/* A new file beside `path`. */
int archive_output_open(const char *path, enum archive_format format, struct archive_output **output,
	struct dory_error *err) must_check;
struct archive *archive_output_tar(struct archive_output *output);
/* After a call on the tar archive has failed: says why; returns -1. */
int archive_output_fail(const struct archive_output *output, struct dory_error *err);
/* Ends the file, gives it its name, sets size and digest of `facts`; frees the output, also on failure. */
int archive_output_finish(struct archive_output *output, struct archive_facts *facts, struct dory_error *err) must_check;
/* Frees it, and nothing was made; accepts NULL. */
void archive_output_drop(struct archive_output *output);
