/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Resolution: the cached .solv files become one libsolv pool, names become jobs, the solver's transaction becomes the list.
 * Recommended packages are left out. What only maintainer scripts need (essential.h) stands in the pool as installed.
 */
#include "resolve.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <solv/chksum.h>
#include <solv/evr.h>
#include <solv/knownid.h>
#include <solv/pool.h>
#include <solv/poolarch.h>
#include <solv/problems.h>
#include <solv/solver.h>
#include <solv/transaction.h>
#include "essential.h"
#include "dory/base/near_names.h"
#include "preferences.h"
#include "solv_file.h"
#include "dory/base/text.h"

const char resolve_rules_version[] = "1";

/* libsolv prefers a repo of higher priority even for a lower version: what is not automatic comes last. */
enum { PRIORITY_NOT_AUTOMATIC = -1 };

struct resolution {
	const struct dory_config *config;
	Pool *pool;
	Repo *present; /* what is taken as installed */
	Queue jobs;
	struct dory_error *err;
};

struct load {
	Repo *repo;
	struct dory_error *err;
};

struct wanted { /* "name[:arch][=version]" taken apart; owned */
	char *name, *version;
};

static int load_one(const char *path, bool is_optional, void *context)
{
	struct load *load = context;
	struct dory_error error;

	if (solv_file_load(path, load->repo, &error) == 0 || (is_optional && error.kind == DORY_ERROR_NOT_FOUND))
		return 0;
	if (error.kind == DORY_ERROR_FORMAT)
		unlink(path);
	*load->err = error;
	return -1;
}

static int load_indices(struct resolution *resolution, const struct index_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct index *index = &list->indices[i];
		struct load load = {.err = resolution->err};

		if (!index_is_cached(index, resolution->config->architecture))
			continue;
		load.repo = repo_create(resolution->pool, index->source->suite);
		load.repo->appdata = index;
		load.repo->priority = index->is_not_automatic ? PRIORITY_NOT_AUTOMATIC : 0;
		if (index_each_solv(index, resolution->config->architecture, load_one, &load) < 0)
			return -1;
	}
	return 0;
}

static bool is_wanted_name(const struct wanted *wanted, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(wanted[i].name, name) == 0)
			return true;
	return false;
}

/* Is there a package of that name, not only one that provides it? */
static bool has_package(const struct resolution *resolution, const char *name)
{
	Pool *pool = resolution->pool;
	Id id = pool_str2id(pool, name, 0), p, pp;

	if (id)
		FOR_PROVIDES(p, pp, id)
			if (pool_id2solvable(pool, p)->name == id)
				return true;
	return false;
}

/* Puts a package without needs of its own, but of the same name, version and provisions, into `present`. */
static void add_present(struct resolution *resolution, Id original)
{
	Id copy = repo_add_solvable(resolution->present);
	Solvable *from = pool_id2solvable(resolution->pool, original), *to = pool_id2solvable(resolution->pool, copy);
	Queue provides;

	to->name = from->name;
	to->evr = from->evr;
	to->arch = from->arch;
	queue_init(&provides);
	solvable_lookup_deparray(from, SOLVABLE_PROVIDES, &provides, 0);
	solvable_set_deparray(to, SOLVABLE_PROVIDES, &provides, 0);
	queue_free(&provides);
}

/* The newest version of each package that only scripts need and nobody asked for; in one pass, for there are many packages. */
static void add_all_present(struct resolution *resolution, const struct wanted *wanted, size_t count)
{
	Id names[ARRAY_SIZE(essential_scripts_only)], newest[ARRAY_SIZE(essential_scripts_only)] = {0}, p;
	Pool *pool = resolution->pool;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		names[i] = is_wanted_name(wanted, count, essential_scripts_only[i])
			       ? 0
			       : pool_str2id(pool, essential_scripts_only[i], 0);
	FOR_POOL_SOLVABLES(p) {
		const Solvable *s = pool_id2solvable(pool, p);

		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			if (s->name == names[i] && (!newest[i] || pool_evrcmp(pool, s->evr,
								      pool_id2solvable(pool, newest[i])->evr, EVRCMP_COMPARE) > 0))
				newest[i] = p;
	}
	resolution->present = repo_create(pool, "present");
	for (size_t i = 0; i < ARRAY_SIZE(newest); i++)
		if (newest[i])
			add_present(resolution, newest[i]);
	pool_set_installed(pool, resolution->present);
}

static int unknown_name(const struct resolution *resolution, const char *name)
{
	struct near_names near = {0};
	Pool *pool = resolution->pool;
	char *text;
	Id p;

	FOR_POOL_SOLVABLES(p)
		near_names_offer(&near, name, pool_id2str(pool, pool_id2solvable(pool, p)->name));
	error_set(resolution->err, DORY_ERROR_NOT_FOUND, "there is no package '%s' for %s", name, resolution->config->architecture);
	if (near.count > 0) {
		text = near_names_text(&near);
		error_hint(resolution->err, "did you mean %s?", text);
		free(text);
	}
	return -1;
}

/* No package has the name; perhaps one, and only one, provides it (Debian policy 7.5). */
static int want_virtual(struct resolution *resolution, const char *name)
{
	Pool *pool = resolution->pool;
	Id id = pool_str2id(pool, name, 0), found = 0, p, pp;
	struct text_buffer providers = {0};
	unsigned count = 0;

	if (!id)
		return unknown_name(resolution, name);
	FOR_PROVIDES(p, pp, id) {
		Solvable *s = pool_id2solvable(pool, p);
		bool is_new = s->repo != resolution->present;
		Id q, qq;

		FOR_PROVIDES(q, qq, id) {
			if (q == p)
				break;
			if (pool_id2solvable(pool, q)->name == s->name)
				is_new = false;
		}
		if (!is_new)
			continue;
		text_append_format(&providers, "%s%s", count++ ? ", " : "", pool_id2str(pool, s->name));
		found = s->name;
	}
	if (count > 1)
		error_set(resolution->err, DORY_ERROR_NOT_FOUND, "'%s' is not one package: it is provided by %s", name, providers.text);
	free(providers.text);
	if (count > 1)
		return error_hint(resolution->err, "name one of them");
	if (count == 0)
		return unknown_name(resolution, name);
	queue_push2(&resolution->jobs, SOLVER_INSTALL | SOLVER_SOLVABLE_NAME, found);
	return 0;
}

static int want_version(struct resolution *resolution, Id name, const struct wanted *wanted)
{
	Pool *pool = resolution->pool;
	Id dependency = pool_rel2id(pool, name, pool_str2id(pool, wanted->version, 1), REL_EQ, 1), p, pp;
	struct text_buffer versions = {0};

	FOR_PROVIDES(p, pp, dependency)
		if (pool_id2solvable(pool, p)->name == name) {
			queue_push2(&resolution->jobs, SOLVER_INSTALL | SOLVER_SOLVABLE_NAME, dependency);
			return 0;
		}
	FOR_PROVIDES(p, pp, name)
		if (pool_id2solvable(pool, p)->name == name)
			text_append_format(&versions, "%s%s", versions.length ? ", " : "",
			    pool_id2str(pool, pool_id2solvable(pool, p)->evr));
	error_set(resolution->err, DORY_ERROR_NOT_FOUND, "there is no version %s of the package %s", wanted->version, wanted->name);
	error_hint(resolution->err, "the archive has %s", versions.text ? versions.text : "none");
	free(versions.text);
	return -1;
}

static int want(struct resolution *resolution, const struct wanted *wanted)
{
	Id name = pool_str2id(resolution->pool, wanted->name, 0);

	if (!has_package(resolution, wanted->name))
		return want_virtual(resolution, wanted->name);
	if (wanted->version)
		return want_version(resolution, name, wanted);
	queue_push2(&resolution->jobs, SOLVER_INSTALL | SOLVER_SOLVABLE_NAME, name);
	return 0;
}

static void want_if_there(struct resolution *resolution, const char *name)
{
	if (has_package(resolution, name))
		queue_push2(&resolution->jobs, SOLVER_INSTALL | SOLVER_SOLVABLE_NAME, pool_str2id(resolution->pool, name, 1));
}

static void want_essential(struct resolution *resolution, const struct wanted *wanted, size_t count)
{
	bool has_shell = false;

	for (size_t i = 0; i < ARRAY_SIZE(essential_always); i++)
		want_if_there(resolution, essential_always[i]);
	for (size_t i = 0; i < ARRAY_SIZE(essential_shells); i++)
		has_shell |= is_wanted_name(wanted, count, essential_shells[i]);
	for (size_t i = 0; has_shell && i < ARRAY_SIZE(essential_for_shells); i++)
		want_if_there(resolution, essential_for_shells[i]);
}

/* Debian policy 5.6.1 and 5.6.12: what names and versions are made of; so that they can be shown and looked up without a thought. */
static bool is_sane(const char *text)
{
	return *text && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.~:_") == strlen(text);
}

static int take_apart(const struct dory_config *config, const char *text, struct wanted *wanted, struct dory_error *err)
{
	const char *equals = strchr(text, '='), *colon;
	size_t length = equals ? (size_t)(equals - text) : strlen(text);

	wanted->name = text_copy_n(text, length);
	wanted->version = equals ? text_copy(equals + 1) : NULL;
	if (!is_sane(wanted->name) || (equals && !is_sane(wanted->version)))
		return error_set(err, DORY_ERROR_NOT_FOUND, "'%.200s' is no name of a package", text);
	colon = strchr(wanted->name, ':');
	if (!colon)
		return 0;
	wanted->name[colon - wanted->name] = '\0';
	colon++;
	if (strcmp(colon, config->architecture) == 0 || strcmp(colon, "all") == 0 || strcmp(colon, "any") == 0)
		return 0;
	error_set(err, DORY_ERROR_NOT_FOUND, "the package %s is asked for the architecture %s, and this is %s", wanted->name, colon,
	    config->architecture);
	return error_hint(err, "leave out ':%s'", colon);
}

static int explain_conflict(Solver *solver, struct dory_error *err)
{
	struct text_buffer text = {0};
	Id rule, source, target, dependency;
	SolverRuleinfo type;
	Id problem = 0;

	while ((problem = solver_next_problem(solver, problem)) && text.length < 700) {
		rule = solver_findproblemrule(solver, problem);
		type = solver_ruleinfo(solver, rule, &source, &target, &dependency);
		text_append_format(&text, "%s%s", text.length ? "; " : "",
		    solver_problemruleinfo2str(solver, type, source, target, dependency));
	}
	error_set(err, DORY_ERROR_CONFLICT, "these packages cannot be together: %s", text.text ? text.text : "");
	free(text.text);
	return -1;
}

/* The digest and place of one chosen package. */
static int describe(Solvable *s, struct debian_package *package, struct dory_error *err)
{
	const struct index *index = s->repo->appdata;
	Pool *pool = s->repo->pool;
	Id type = 0;
	unsigned int media;
	const char *digest = solvable_lookup_checksum(s, SOLVABLE_CHECKSUM, &type);
	const char *location = solvable_lookup_location(s, &media);

	package->name = text_copy(pool_id2str(pool, s->name));
	package->version = text_copy(pool_id2str(pool, s->evr));
	package->architecture = text_copy(pool_id2str(pool, s->arch));
	package->size = solvable_lookup_num(s, SOLVABLE_DOWNLOADSIZE, 0);
	if (!digest || type != REPOKEY_TYPE_SHA256 || !location || package->size == 0)
		return error_set(err, DORY_ERROR_FORMAT, "the index of %s says no SHA-256 digest, size or place of the package %s",
		    index->source->uri, package->name);
	memcpy(package->sha256, digest, sizeof(package->sha256));
	package->url = text_format("%s/%s", index->source->uri, strncmp(location, "./", 2) == 0 ? location + 2 : location);
	return 0;
}

static int take_solution(const struct resolution *resolution, Solver *solver, struct debian_set *set)
{
	Transaction *transaction = solver_create_transaction(solver);
	int result = 0;

	transaction_order(transaction, 0);
	for (int i = 0; result == 0 && i < transaction->steps.count; i++) {
		Solvable *s = pool_id2solvable(resolution->pool, transaction->steps.elements[i]);

		if (s->repo != resolution->present)
			result = describe(s, array_push(&set->packages, &set->count, sizeof(*set->packages)), resolution->err);
	}
	transaction_free(transaction);
	return result;
}

static int solve(struct resolution *resolution, struct debian_set *set)
{
	Solver *solver = solver_create(resolution->pool);
	int result;

	solver_set_flag(solver, SOLVER_FLAG_IGNORE_RECOMMENDED, 1);
	solver_set_flag(solver, SOLVER_FLAG_ALLOW_UNINSTALL, 1); /* of what is only taken as installed */
	if (solver_solve(solver, &resolution->jobs) != 0)
		result = explain_conflict(solver, resolution->err);
	else
		result = take_solution(resolution, solver, set);
	solver_free(solver);
	return result;
}

static int resolve_wanted(struct resolution *resolution, const struct wanted *wanted, size_t count, struct debian_set *set)
{
	add_all_present(resolution, wanted, count);
	pool_createwhatprovides(resolution->pool);
	for (size_t i = 0; i < count; i++)
		if (want(resolution, &wanted[i]) < 0)
			return -1;
	want_essential(resolution, wanted, count);
	preferences_favour(resolution->pool, resolution->present, &resolution->jobs);
	return solve(resolution, set);
}

int resolve_names(const struct dory_config *config, const struct index_list *list, const char *const *names, size_t count,
    struct debian_set *set, struct dory_error *err)
{
	struct resolution resolution = {.config = config, .err = err};
	struct debian_set solution = {0};
	struct wanted *wanted = NULL;
	size_t wanted_count = 0;
	int result = 0;

	resolution.pool = solv_pool_new(config->architecture);
	queue_init(&resolution.jobs);
	for (size_t i = 0; result == 0 && i < count; i++)
		result = take_apart(config, names[i], array_push(&wanted, &wanted_count, sizeof(*wanted)), err);
	if (result == 0)
		result = load_indices(&resolution, list);
	if (result == 0)
		result = resolve_wanted(&resolution, wanted, wanted_count, &solution);
	for (size_t i = 0; i < wanted_count; i++) {
		free(wanted[i].name);
		free(wanted[i].version);
	}
	free(wanted);
	queue_free(&resolution.jobs);
	pool_free(resolution.pool);
	if (result < 0)
		debian_set_release(&solution);
	else
		*set = solution;
	return result;
}
