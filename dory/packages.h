/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packages put together: a project with all that it requires becomes an image, a directory or a list. A plan is what
 * goes in and from where; making one resolves, but downloads no packages of Debian's.
 */
#pragma once
#include "dory/config/config.h"
#include "dory/dory.h"
#include "dory/package/project.h"
#include "dory/package/meets.h"
#include "dory/resolution/resolution.h"
#include "dory/runtime/boot.h"

/* Which sources of packages are asked. */
struct packages_sources {
	bool with_store, with_repositories;
	/*
	 * Directories, names of repositories, and URLs of repositories that need not be known, with "capstan+" or "github+" before those of
	 * that layout; if there are any, no other repositories are asked.
	 */
	const char *const *from;
	size_t from_count;
	const char *release;     /* of releases at GitHub, the one that counts; NULL or "any": all */
	enum dory_refresh refresh;
};
/* Opens and lists them. *sources: NULL-terminated, to be closed; they outlive the list's use. */
int packages_sources_open(const struct dory_config *config, const struct packages_sources *wanted, struct package_source ***sources,
	struct package_list *list, struct dory_error *err) must_check;
void packages_sources_close(struct package_source **sources); /* accepts NULL */

struct packages_request {
	const char *directory;         /* of the project; NULL: none, only what `requires` names */
	const char *const *requires;   /* beside those of its package.yaml */
	size_t require_count;
	const char *const *sources;    /* as in struct packages_sources */
	size_t source_count;
	const char *release;           /* likewise */
	bool pulls;                    /* what is not here comes from the repositories */
	enum dory_refresh refresh;
	bool ignores_lock;             /* take what is newest, whatever dory.lock says */
	bool only_looks;               /* nothing is composed: Debian's archive as its cached indices have it, whatever their age */
};

/* What dory.lock says; zeroed is nothing. */
struct packages_locked {
	char *name, *version, *sha256; /* the digest may be NULL */
};
struct packages_lock {
	struct packages_locked *packages, *debian;
	size_t package_count, debian_count;
};

struct packages_plan {
	struct project project;
	struct package_source **sources;
	struct package_list available;
	struct resolution resolution;
	struct run_manifest *runs;     /* for each package of the resolution; runtime NULL: it has none */
	struct boot_sets boots;        /* of all packages and the project, whose sets win */
	struct text_list requires;     /* beside the project's own */
	struct text_list needs;        /* what runtimes need of Debian's, as "deb:nodejs"; the packages are chosen with it */
	struct text_list found_needs;  /* the same as the packages chosen have it, while it is being settled */
	struct packages_lock lock;
	char *key;                     /* what the solution depends on, if Debian's archive is part of it */
	bool is_kept;                  /* the solution is one of a former time */
	struct debian_set *debian;     /* the resolution's, once it is fetched; NULL: nothing of Debian's is needed */
};

int packages_plan_make(const struct dory_config *config, const struct packages_request *request,
	struct packages_plan *plan, struct dory_error *err) must_check;
void packages_plan_release(struct packages_plan *plan);
/* Downloads Debian's packages of the plan. */
int packages_plan_fetch(const struct dory_config *config, const struct packages_request *request,
	struct packages_plan *plan, struct dory_error *err) must_check;
/* A step of making a plan: its resolution. Without the archive what is asked of Debian's is taken to be there. */
int packages_resolve(const struct dory_config *config, const struct packages_request *request, struct packages_plan *plan,
	bool with_archive, struct dory_error *err) must_check;

/* "Command line will be set ...": where the command of an image comes from. */
enum boot_source { BOOT_RUN, BOOT_SETS, BOOT_DEFAULT_SETS, BOOT_NONE };

struct packages_compose {
	struct packages_request request;
	const char *image;
	const char *run;               /* --run: a command line; NULL */
	const char *const *boots;      /* --boot: names of configurations */
	size_t boot_count;
	const char *const *environment;
	size_t environment_count;
	const char *size, *file_system; /* NULL: not said */
	bool writes_lock;
	void (*say)(const char *text); /* a line for people, on the way; may be NULL */
};

int dory_packages_compose(
	const struct dory_config *config, const struct packages_compose *compose, struct dory_error *err) must_check;
/* Visits what would go into the image, with the name of where it comes from. */
int dory_packages_preview(const struct dory_config *config, const struct packages_compose *compose,
	void (*line)(void *context, const char *path, const char *from), void *context, struct dory_error *err) must_check;
/* Lays it all out in the project's folder mpm-pkg, with Capstan's /run/NAME. */
int dory_packages_collect(
	const struct dory_config *config, const struct packages_compose *compose, struct dory_error *err) must_check;

/* dory.lock of a project: which versions, with digests. */
int packages_lock_write(const struct packages_plan *plan, struct dory_error *err) must_check;
/* No file is as good as an empty one. Errors: FORMAT with line and column. */
int packages_lock_read(const char *directory, struct packages_lock *lock, struct dory_error *err) must_check;
void packages_lock_release(struct packages_lock *lock);
/* Leaves in `available` of each package that the lock names only the one that it names. NOT_FOUND if it is not there. */
int packages_lock_apply(const struct packages_lock *lock, struct package_list *available, struct dory_error *err) must_check;
/* Adds "NAME = VERSION" for each of Debian's. */
void packages_lock_names(const struct packages_lock *lock, struct text_list *names);
/* UNTRUSTED if one of the set is locked with another digest. */
int packages_lock_check(const struct packages_lock *lock, const struct debian_set *set, struct dory_error *err) must_check;

/* Capstan's size: "64M", "10G", MiB of it. USAGE. */
int packages_size_parse(const char *text, uint64_t *bytes, struct dory_error *err) must_check;
