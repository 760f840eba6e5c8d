/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Debian archive as a repository: resolves package names with all their dependencies over the archive's signed
 * indices (libsolv), and downloads the packages. Everything fetched is kept below <root>/cache and used again.
 */
#pragma once
#include "dory/base/text_list.h"
#include "dory/config/config.h"

struct debian_package {
	char *name, *version, *architecture;
	char *url;	 /* where it is downloaded from */
	char sha256[65]; /* lower-case hex of the .deb file */
	uint64_t size;	 /* bytes of the .deb file */
	char *path;	 /* the .deb in the cache; NULL until debian_fetch */
	struct text_list needed_by; /* names of packages of the set that was resolved */
};

/* A solved set: dependencies stand before what needs them as far as there are no cycles. */
struct debian_set {
	struct debian_package *packages;
	size_t count;
};

/* When the indices are brought up to date. */
enum debian_refresh {
	DEBIAN_IF_OLD, /* if the cache has none, or they are older than a day */
	DEBIAN_ALWAYS,
	DEBIAN_OFFLINE, /* never: what is here counts, however old; NOT_FOUND if there is nothing */
};

/*
 * Resolves `names` ("redis-server", "redis-server=5:7.0.15-1~deb12u1") and all that they need. A source that cannot be reached is a
 * warning as long as its cached index or another source serves. Errors: NOT_FOUND with near names in the hint, CONFLICT with who
 * needs what, UNTRUSTED, NETWORK.
 */
int debian_resolve(const struct dory_config *config, const char *const *names, size_t count, enum debian_refresh refresh,
    struct debian_set *set, struct dory_error *err) must_check;

/* Downloads what the cache lacks, in parallel, resuming partial files, with a progress bar; checks size and SHA-256; sets path. */
int debian_fetch(const struct dory_config *config, struct debian_set *set, struct dory_error *err) must_check;

/* Would debian_fetch find it in the cache? */
bool debian_package_is_cached(const struct dory_config *config, const struct debian_package *package);

/* Calls `use` with each name of the cached indices that starts with `prefix`, sorted. */
int debian_each_name(const struct dory_config *config, const char *prefix, void (*use)(void *context, const char *name), void *context,
    struct dory_error *err) must_check;

void debian_set_release(struct debian_set *set);

/*
 * A digest (64 hex digits + NUL) of the names, the sources and the state of their cached indices: while it is the same, so is the
 * solution. Lets a caller find an image that it composed before without resolving anything. Fails with NOT_FOUND if there are no
 * cached indices. Costs stat calls only.
 */
int debian_fingerprint(const struct dory_config *config, const char *const *names, size_t count, char digest[65],
    struct dory_error *err) must_check;
