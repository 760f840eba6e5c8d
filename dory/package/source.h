/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where packages come from, behind one interface: the store and other local directories here, repositories over a
 * network elsewhere. Resolution sees entries of all sources at once, and fetches what it chose.
 */
#pragma once
#include "dory/base/error.h"
#include "dory/manifest/package_manifest.h"

struct package_source;

struct package_entry {
	struct package_manifest manifest; /* sha256 and size where the source knows them */
	char *stem;                       /* name of its files in the source, without suffix */
	char *path;                       /* of the archive on this disk; NULL until it is fetched */
	struct package_source *source;
};

struct package_list {
	struct package_entry *entries; /* in order of stem within a source */
	size_t count;
};

struct package_source {
	const char *name; /* for people: "the store", a directory, a URL */
	bool has_checked_digests; /* what its manifests say of digests is so: they were made here, or are checked by fetch */
	/* Adds what there is. What cannot be read is a warning, not an error. */
	int (*list)(struct package_source *source, struct package_list *list, struct dory_error *err);
	/* Sets the entry's path; checks what the source promises of size and digest. */
	int (*fetch)(struct package_source *source, struct package_entry *entry, struct dory_error *err);
	void (*free)(struct package_source *source);
};

/* The packages below <root>/packages. */
struct package_source *package_store_source(const char *root);
/* A directory in Capstan's layout: NAME.yaml beside NAME.mpm (or NAME.dory), there or in its folder packages. */
struct package_source *package_directory_source(const char *directory);
void package_source_free(struct package_source *source); /* accepts NULL */

void package_entry_release(struct package_entry *entry);
void package_list_release(struct package_list *list);

/* The entry of that name: of that version, or (NULL) of the highest; NULL if there is none. */
struct package_entry *package_list_find(const struct package_list *list, const char *name, const char *version);
/* "NAME" or "NAME=VERSION", NOT_FOUND with near names. */
int package_list_get(const struct package_list *list, const char *word, struct package_entry **entry,
	struct dory_error *err) must_check;

/* Debian's order (deb-version(7)): negative, 0 or positive. */
int package_version_compare(const char *a, const char *b);
