/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Resolution of names alone: each becomes a job, the solver's transaction the list. Recommended packages are left out.
 */
#include <stdlib.h>
#include <string.h>
#include <solv/solver.h>
#include <solv/transaction.h>
#include "archive_pool.h"
#include "dory/base/text.h"
#include "preferences.h"
#include "solv_file.h"
#include "solver_facts.h"

struct resolution {
	struct archive_pool archive;
	Pool *pool;
	Queue jobs, companions;
	struct dory_error *err;
};

struct wanted { /* "name[:arch][=version]" taken apart; owned */
	char *name, *version;
};

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

static int explain_missing(const struct resolution *resolution, Id dependency, const struct wanted *wanted)
{
	struct archive_missing missing = archive_missing(&resolution->archive, dependency);
	struct dory_error *err = resolution->err;
	struct near_names near = {0};

	switch (missing.why) {
	case ARCHIVE_NO_PACKAGE:
		error_set(err, DORY_ERROR_NOT_FOUND, "there is no package '%s' for %s", wanted->name, resolution->archive.config->architecture);
		archive_offer_near(&resolution->archive, wanted->name, &near);
		near_names_hint(&near, err);
		break;
	case ARCHIVE_NO_VERSION:
		error_set(err, DORY_ERROR_NOT_FOUND, "there is no version %s of the package %s", wanted->version, wanted->name);
		error_hint(err, "The archive has %.400s.", missing.others);
		break;
	case ARCHIVE_SEVERAL_PROVIDE:
		error_set(err, DORY_ERROR_NOT_FOUND, "'%s' is not one package: it is provided by %.400s", wanted->name, missing.others);
		error_hint(err, "Name one of them.");
		break;
	}
	free(missing.others);
	return -1;
}

static int want(struct resolution *resolution, const struct wanted *wanted)
{
	Pool *pool = resolution->pool;
	Id dependency = pool_str2id(pool, wanted->name, 1), exactly;

	if (wanted->version)
		dependency = pool_rel2id(pool, dependency, pool_str2id(pool, wanted->version, 1), REL_EQ, 1);
	exactly = archive_exactly(&resolution->archive, dependency);
	if (!*pool_whatprovides_ptr(pool, exactly))
		return explain_missing(resolution, dependency, wanted);
	queue_push2(&resolution->jobs, SOLVER_INSTALL | SOLVER_SOLVABLE_PROVIDES, exactly);
	archive_companions(&resolution->archive, wanted->name, &resolution->companions);
	return 0;
}

static int explain_conflict(const struct resolution *resolution, Solver *solver)
{
	char *text = solver_facts_text(solver, &(struct solver_facts){.archive = &resolution->archive, .debian_prefix = ""});

	error_set(resolution->err, DORY_ERROR_CONFLICT, "these packages cannot be together: %.900s", text);
	free(text);
	return -1;
}

static int solve(struct resolution *resolution, struct debian_set *set)
{
	Solver *solver = solver_create(resolution->pool);
	Transaction *transaction;
	int result;

	solver_set_flag(solver, SOLVER_FLAG_IGNORE_RECOMMENDED, 1);
	solver_set_flag(solver, SOLVER_FLAG_ALLOW_UNINSTALL, 1); /* of what is only taken as installed */
	if (solver_solve(solver, &resolution->jobs) != 0) {
		result = explain_conflict(resolution, solver);
	} else {
		transaction = solver_create_transaction(solver);
		result = archive_take(&resolution->archive, &transaction->steps, set, resolution->err);
		transaction_free(transaction);
	}
	solver_free(solver);
	return result;
}

static int resolve_wanted(struct resolution *resolution, const struct wanted *wanted, size_t count, struct debian_set *set)
{
	pool_createwhatprovides(resolution->pool);
	for (size_t i = 0; i < count; i++)
		if (want(resolution, &wanted[i]) < 0)
			return -1;
	for (int i = 0; i < resolution->companions.count; i++)
		queue_push2(&resolution->jobs, SOLVER_INSTALL | SOLVER_SOLVABLE_NAME, resolution->companions.elements[i]);
	preferences_favour(resolution->pool, NULL, &resolution->jobs);
	return solve(resolution, set);
}

static int resolve_in_pool(const struct dory_config *config, const struct wanted *wanted, size_t count, enum debian_refresh refresh,
    struct debian_set *set, struct dory_error *err)
{
	struct resolution resolution = {.pool = solv_pool_new(config->architecture), .err = err};
	struct debian_set solution = {0};
	int result = -1;

	queue_init(&resolution.jobs);
	queue_init(&resolution.companions);
	if (archive_pool_init(&resolution.archive, config, refresh, resolution.pool, err) == 0) {
		result = resolve_wanted(&resolution, wanted, count, &solution);
		archive_pool_fini(&resolution.archive);
	}
	queue_free(&resolution.jobs);
	queue_free(&resolution.companions);
	pool_free(resolution.pool);
	if (result < 0)
		debian_set_release(&solution);
	else
		*set = solution;
	return result;
}

int debian_resolve(const struct dory_config *config, const char *const *names, size_t count, enum debian_refresh refresh,
    struct debian_set *set, struct dory_error *err)
{
	struct wanted *wanted = NULL;
	size_t wanted_count = 0;
	int result = 0;

	for (size_t i = 0; result == 0 && i < count; i++)
		result = take_apart(config, names[i], array_push(&wanted, &wanted_count, sizeof(*wanted)), err);
	if (result == 0)
		result = resolve_in_pool(config, wanted, wanted_count, refresh, set, err);
	for (size_t i = 0; i < wanted_count; i++) {
		free(wanted[i].name);
		free(wanted[i].version);
	}
	free(wanted);
	return result;
}
