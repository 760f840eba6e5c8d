/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the cache holds of the configured sources: <root>/cache/debian/<source>/ with
 *
 *   InRelease, Release     as fetched, and the text that its signature covers
 *   *.solv                 one for each component: its packages (solv_file.h)
 *   state                  when the source was last asked, and what to ask it with: lines "KEY VALUE"
 */
#pragma once
#include "dory/config/config.h"

struct index {
	const struct debian_source *source; /* borrowed */
	char *directory;
	char *dist_url;		/* where its Release is */
	int64_t checked;	/* when the source last said what is current; seconds since 1970, 0: never */
	int64_t attempted;	/* when it last was asked */
	char *etag, *modified;	/* of InRelease */
	bool is_not_automatic;
};

struct index_list {
	char *directory; /* <root>/cache/debian */
	struct index *indices;
	size_t count;
};

/* The indices of the configured sources, cached or not. NOT_FOUND if no source is configured. */
int index_list_init(struct index_list *list, const struct dory_config *config, struct dory_error *err) must_check;
void index_list_fini(struct index_list *list);

/* Calls `use` with the paths of its .solv files; stops at the first call that does not return 0, and returns what that returned. */
int index_each_solv(const struct index *index, const char *architecture,
    int (*use)(const char *path, bool is_optional, void *context), void *context);

/* Where the packages of a component, for an architecture, are kept. Returns owned. */
char *index_solv_path(const struct index *index, const char *component, const char *architecture);

bool index_is_cached(const struct index *index, const char *architecture); /* stat calls only */
void index_read_state(struct index *index);
int index_write_state(const struct index *index, struct dory_error *err) must_check;
