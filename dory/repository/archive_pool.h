/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Debian's archive in a libsolv pool: its packages as they are named there, and, taken as installed, what only maintainer scripts need
 * (essential.h). Others may stand in the same pool, under names that cannot be Debian's; a repo without appdata is theirs.
 */
#pragma once
#include <solv/pool.h>
#include <solv/queue.h>
#include <solv/repo.h>
#include "debian.h"
#include "dory/base/near_names.h"
#include "index.h"

struct archive_pool {
	const struct dory_config *config;
	struct index_list list;
	Pool *pool;
	Repo *present; /* what is taken as installed */
};

/*
 * Adds the packages of each source as a repo, after a refresh of what is old. An index that cannot be loaded is made again. The pool asks the
 * struct later, so that it must stay where it is. Errors: as debian_resolve, but for those of names.
 */
int archive_pool_init(struct archive_pool *archive, const struct dory_config *config, enum debian_refresh refresh, Pool *pool,
    struct dory_error *err) must_check;
void archive_pool_fini(struct archive_pool *archive); /* the pool stays, and may not be solved any more */

/* All that follows: after pool_createwhatprovides. */

bool archive_has(const struct archive_pool *archive, const char *name); /* a package of that name, not only one that provides it */

/*
 * What a person means by a name, or a name with a relation to a version: the archive's packages of that name; if there is none, those
 * that provide it, if they have one name (Debian policy 7.5); and others' packages that say that they provide it. Appends them.
 */
void archive_find(const struct archive_pool *archive, Id dependency, Queue *found);

/* A dependency that just these packages satisfy; what is taken as installed does not. */
Id archive_exactly(const struct archive_pool *archive, Id dependency);
/* The dependency of which this is what archive_exactly made; 0: it did not make it. */
Id archive_asked(const struct archive_pool *archive, Id exactly);

/* Why nothing was found. */
struct archive_missing {
	enum { ARCHIVE_NO_PACKAGE, ARCHIVE_NO_VERSION, ARCHIVE_SEVERAL_PROVIDE } why;
	char *others; /* "1.0, 2.0", the versions there are; "gawk, mawk", who provides it; owned; NULL */
};
struct archive_missing archive_missing(const struct archive_pool *archive, Id dependency);
void archive_offer_near(const struct archive_pool *archive, const char *name, struct near_names *near);

/* What an image with a package that is asked for by this name needs beside it, without a dependency that says so: appends names, each once. */
void archive_companions(const struct archive_pool *archive, const char *name, Queue *names);

/*
 * Makes a set of the archive's packages among these solvables, in an order that depends on nothing else. FORMAT if an index does not
 * say all of one.
 */
int archive_take(const struct archive_pool *archive, const Queue *solvables, struct debian_set *set, struct dory_error *err) must_check;
