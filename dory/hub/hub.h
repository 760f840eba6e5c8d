/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Repositories of packages over a network, which this machine's user added: <root>/repositories.json has their names, URLs, layouts and keys.
 * Whatever a repository's layout is, its index here (<root>/cache/repositories/NAME/index.json) has one form (index.h), so that only a refresh
 * needs the network.
 */
#pragma once
#include "dory/base/error.h"
#include "dory/config/config.h"
#include "dory/package/source.h"

struct hub_layout;

struct hub {
	char *name;
	char *url; /* without a slash at its end */
	bool is_unnamed; /* a person named it by its URL alone: the name is for the cache */
	const struct hub_layout *layout;
	const char *release; /* of the layout github: "latest", or the tag of the one that counts; borrowed; NULL: all,
				the newest first */
	char *key; /* 64 hexadecimal digits of an Ed25519 public key, with which the index must be signed; NULL: it need
		      not be */
};

/* What a person calls it. Borrowed. */
const char *hub_title(const struct hub *hub);

struct hub_list {
	struct hub *hubs; /* in the order in which they were added */
	size_t count;
};

void hub_release(struct hub *hub);
void hub_list_release(struct hub_list *list);
/* No file is an empty list. */
int hub_list_read(const char *root, struct hub_list *list, struct dory_error *err) must_check;
struct hub *hub_list_find(const struct hub_list *list, const char *name);

/* Checks name and URL; USAGE says what they may be. */
int hub_check(const char *name, const char *url, struct dory_error *err) must_check;
/* CONFLICT: there is one of that name. */
int hub_add(const char *root, const struct hub *hub, struct dory_error *err) must_check;
/* With what is cached of its index. NOT_FOUND with near names. */
int hub_remove(const char *root, const char *name, struct dory_error *err) must_check;

/* Where its index is kept; returns owned. */
char *hub_directory(const char *root, const char *name);
char *hub_index_path(const char *root, const char *name);

/* ---- The network: what needs it ---- */

enum hub_refresh {
	HUB_IF_OLD,  /* indices of an hour ago are looked at again */
	HUB_ALWAYS,
	HUB_OFFLINE, /* what is here counts */
};

/*
 * Brings the indices of all up to date. One that cannot be reached is a warning where an index of it is here already or others are known; one
 * whose signature does not hold is an error.
 */
int hub_refresh_all(const struct dory_config *config, const struct hub_list *list, enum hub_refresh when,
	struct dory_error *err) must_check;
/* One; errors are errors. */
int hub_refresh(const struct dory_config *config, const struct hub *hub, struct dory_error *err) must_check;
/* The key that the repository offers at its URL, key.pub; NULL if it has none. Returns owned in *key. */
int hub_offered_key(const struct dory_config *config, const char *url, char **key, struct dory_error *err) must_check;

/* Its packages, of the index that is here; fetched into <root>/cache/archives. */
struct package_source *hub_source(const struct dory_config *config, const struct hub *hub, bool is_offline);
