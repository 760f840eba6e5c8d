/* SPDX-License-Identifier: BSD-3-Clause */
/* Layouts of repositories: how one that is reached by a URL says what it has. */
#pragma once
#include "dory/hub/hub.h"
#include "dory/hub/index.h"

struct hub_layout {
	const char *name; /* as --layout and repositories.json have it */
	bool is_signed;   /* can be: with a key the index must be */
	/*
	 * Asks the repository what it has, with `directory` for temporary files, and returns the text of an index (index.h), owned; files' names in
	 * it are relative to the URL, or URLs.
	 */
	int (*refresh)(const struct dory_config *config, const struct hub *hub, const char *directory, char **text,
		size_t *length, struct dory_error *err);
};

extern const struct hub_layout hub_layout_dory, hub_layout_capstan, hub_layout_github;
/* NULL-terminated. */
extern const struct hub_layout *const hub_layouts[];
const struct hub_layout *hub_layout_find(const char *name);

/* Fetches one small file into memory, without a bar. */
int hub_fetch_text(const struct dory_config *config, const char *url, const char *directory, char **text,
	size_t *length, struct dory_error *err) must_check;

/* A page of a bucket's list, XML: adds its keys. *next: the marker of the page behind it, owned; NULL: it was the last. FORMAT. */
struct text_list;
int hub_capstan_read_page(const char *url, const char *text, size_t length, struct text_list *keys, char **next,
	struct dory_error *err) must_check;

/* A manifest that stands beside an archive in layouts without an index of their own. */
struct hub_listed {
	char *manifest_url, *archive; /* archive: as an index's file */
	uint64_t size;                /* of the archive; 0: not known */
};
struct hub_listing {
	struct hub_listed *items;
	size_t count;
};
void hub_listing_add(struct hub_listing *listing, const char *manifest_url, const char *archive, uint64_t size);
void hub_listing_release(struct hub_listing *listing);
/* Fetches all manifests, several at once; those that are none are left out with a warning. Returns the index's text, owned. */
int hub_listing_index(const struct dory_config *config, const struct hub_listing *listing, const char *directory,
	char **text, size_t *length, struct dory_error *err) must_check;
