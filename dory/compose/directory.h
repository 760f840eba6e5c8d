/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Directories and files of this disk as sources of content. A survey looks at everything (stat) and opens no file, so
 * that a composition in which nothing has changed ends after it.
 */
#pragma once
#include "dory/base/error.h"
#include "dory/compose/tree.h"

struct directory;

/* Takes a digest of all that would tell of a change. */
typedef void directory_digest_fn(void *context, const void *bytes, size_t size);

/* What is left out, with all in it; NULL: nothing. */
struct directory_filter {
	bool (*leaves_out)(const void *context, const char *path); /* starts with '/' */
	const void *context;
};

/*
 * Surveys the directory at `path`, or the single file, symlinks followed. What changed at or after `racy_ns`
 * (CLOCK_REALTIME) could change again without its time telling: such files get no stamp, and *is_racy is set.
 */
int directory_survey(const char *path, const struct directory_filter *filter, int64_t racy_ns, directory_digest_fn *digest, void *context,
	struct directory **directory, bool *is_racy, struct dory_error *err) must_check;
void directory_free(struct directory *directory); /* accepts NULL */

/* Sockets, pipes and devices, which images do not take over: how many, and the path of the first one. */
size_t directory_left_out(const struct directory *directory, const char **first);

/*
 * Adds what was found at `target`, owned by root. Directories that are there already keep their owner and mode. The
 * tree takes over the descriptor. `mode`: permissions of a single file, 0 for its own.
 */
int directory_add(struct directory *directory, struct tree *tree, const char *target, unsigned mode,
	struct dory_error *err) must_check;
