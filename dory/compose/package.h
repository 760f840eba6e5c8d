/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Debian's packages, and those of our own (tar), as a source of content. A .deb is unpacked once into one file of the cache, its blob: the contents of
 * all its files, one behind the other, then an index of the names. Composing from it needs no decompression, nothing is
 * ever created on this disk under a name that an archive chose, and file contents are copied from blob to image.
 */
#pragma once
#include "dory/base/error.h"
#include "dory/compose/tree.h"

struct package;

enum package_kind {
	PACKAGE_DEB,
	PACKAGE_TAR,
	PACKAGE_ARCHIVE, /* no package: any archive, all of it but devices, pipes and sockets */
};

/*
 * Opens the package at `deb`; unpacks it first if `cache` (a directory, made if need be) has no blob of it. Without a
 * cache (NULL) the blob is a temporary file without a name in the directory `temporary`. FORMAT, naming the file, if it
 * is damaged or holds what a package must not. Threads may open packages at the same time.
 */
int package_open(enum package_kind kind, const char *deb, const char *cache, const char *temporary, struct package **package,
	struct dory_error *err) must_check;
void package_free(struct package *package); /* accepts NULL */

enum package_part {
	PACKAGE_DOCUMENTATION = 1, /* of a .deb, what package_is_documentation says */
	PACKAGE_META = 2,          /* of a tar package, its folder meta */
	PACKAGE_OF_ROOT = 4,       /* everything belongs to root, whatever owners it names */
};

/* Adds the content to the tree, which takes over the blob's descriptor. `parts`: what comes along, enum package_part. */
int package_add(struct package *package, struct tree *tree, unsigned parts, struct dory_error *err) must_check;

/* One regular file of the content. */
struct package_file {
	const char *path; /* without leading '/' */
	uint64_t offset, size; /* in the blob */
	int64_t mtime;
};
void package_visit_files(const struct package *package, void (*visit)(void *context, const struct package_file *file), void *context);
int package_blob(const struct package *package); /* its descriptor, borrowed; until package_add */

/*
 * A further package, of what can be made from this one's content once and for all; it is kept in the cache beside it, under its name and `suffix`. `make`
 * writes it as a tar archive into an empty file; 1: it cannot be made here, *derived is NULL then.
 */
typedef int package_make_fn(void *context, int archive, struct dory_error *err);
int package_derive(const struct package *package, const char *suffix, package_make_fn *make, void *context, struct package **derived,
	struct dory_error *err) must_check;

/* A file of the control archive ("postinst", "control"), borrowed; NULL if there is none. */
const char *package_control(const struct package *package, const char *name);

/* Is this path (without leading '/') documentation that images leave out? */
bool package_is_documentation(const char *path);
