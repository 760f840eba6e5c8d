/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Resolution through libsolv: every package of every source is a solvable; the project is one that has to be installed.
 * What stands for a package without being one (Debian's packages, and what Dory knows itself) is a solvable that
 * provides just what was asked for.
 */
#include "dory/package/resolve.h"
#include <stdlib.h>
#include <string.h>
#include <solv/evr.h>
#include <solv/poolarch.h>
#include <solv/solver.h>
#include <solv/transaction.h>
#include "dory/base/text.h"
#include "dory/package/compose_order.h"
#include "dory/package/solving.h"
#include "dory/runtime/run_manifest.h"

static Id relation(Pool *pool, const char *name, enum requirement_operator operator, const char *version)
{
	static const int flags[] = {[REQUIREMENT_EQUAL] = REL_EQ,
		[REQUIREMENT_LESS] = REL_LT,
		[REQUIREMENT_LESS_EQUAL] = REL_LT | REL_EQ,
		[REQUIREMENT_GREATER] = REL_GT,
		[REQUIREMENT_GREATER_EQUAL] = REL_GT | REL_EQ};
	Id id = pool_str2id(pool, name, 1);

	return operator == REQUIREMENT_ANY ? id : pool_rel2id(pool, id, pool_str2id(pool, version, 1), flags[operator], 1);
}

static Id alternative_id(Pool *pool, const struct alternative *alternative)
{
	char *name = text_format("%s%s", alternative->is_debian ? "deb:" : "", alternative->name);
	Id id = relation(pool, name, alternative->operator, alternative->version);

	free(name);
	return id;
}

static bool has_package(const struct solving *s, const struct alternative *alternative)
{
	struct alternative any = {.name = alternative->name};

	for (size_t i = 0; i < s->request->available->count; i++)
		if (package_meets(&s->request->available->entries[i].manifest, &any))
			return true;
	return false;
}

/* What Debian has to have for it; NULL if nothing. The version of Capstan's "node-4.4.5" is in its name, and none to compare with. */
static char *debian_text(const struct alternative *alternative, const struct builtin_package *builtin)
{
	struct alternative real = {.name = alternative->is_debian ? alternative->name : (char *)builtin->debian,
		.operator = alternative->operator, .version = alternative->version};

	return real.name ? alternative_print(&real) : NULL;
}

/* Makes what stands for an alternative that no package is there for, unless it is known to be refused. */
static void add_stand_in(struct solving *s, const struct alternative *alternative)
{
	const struct builtin_package *builtin = alternative->is_debian ? NULL : builtin_package_find(alternative->name);
	Id dependency = alternative_id(s->pool, alternative);
	struct stand_in *stand_in;
	Solvable *solvable;
	char *debian;
	Id id;

	if (!alternative->is_debian && (!builtin || has_package(s, alternative)))
		return;
	debian = debian_text(alternative, builtin);
	if (debian && s->request->refused && text_list_has(s->request->refused, debian)) {
		free(debian);
		return;
	}
	id = repo_add_solvable(s->others);
	stand_in = array_push(&s->stand_ins, &s->stand_in_count, sizeof(*stand_in));
	*stand_in = (struct stand_in){.id = id, .name = alternative_print(alternative), .debian = debian};
	solvable = pool_id2solvable(s->pool, id);
	solvable->name = pool_str2id(s->pool, stand_in->name, 1);
	solvable->evr = pool_str2id(s->pool, "0", 1);
	solvable->arch = ARCH_ALL;
	solvable->provides = repo_addid_dep(s->others, solvable->provides, dependency, 0);
}

static int add_requirement(struct solving *s, Id id, const char *text)
{
	struct requirement requirement;
	Id dependency = 0;

	if (requirement_parse(text, &requirement, s->err) < 0)
		return -1;
	if (requirement.count > 1) /* the one that is named first, where that is possible */
		queue_push2(&s->jobs, SOLVER_FAVOR | SOLVER_SOLVABLE_PROVIDES, alternative_id(s->pool, &requirement.alternatives[0]));
	for (size_t i = requirement.count; i-- > 0;) {
		Id one = alternative_id(s->pool, &requirement.alternatives[i]);

		add_stand_in(s, &requirement.alternatives[i]);
		dependency = dependency ? pool_rel2id(s->pool, one, dependency, REL_OR, 1) : one;
	}
	requirement_release(&requirement);
	/* Adding a stand-in may have moved the solvables. */
	pool_id2solvable(s->pool, id)->requires = repo_addid_dep(s->repo, pool_id2solvable(s->pool, id)->requires, dependency, 0);
	return 0;
}

static int add_names(struct solving *s, Id id, const struct text_list *list, Offset *array)
{
	for (size_t i = 0; i < list->count; i++) {
		struct requirement requirement;

		if (requirement_parse(list->items[i], &requirement, s->err) < 0)
			return -1;
		for (size_t k = 0; k < requirement.count; k++)
			*array = repo_addid_dep(s->repo, *array, alternative_id(s->pool, &requirement.alternatives[k]), 0);
		requirement_release(&requirement);
	}
	return 0;
}

static int add_package(struct solving *s, Id id, const struct package_manifest *manifest)
{
	Solvable *solvable = pool_id2solvable(s->pool, id);
	Offset provides = 0, conflicts = 0;

	solvable->name = pool_str2id(s->pool, manifest->name, 1);
	solvable->evr = pool_str2id(s->pool, *manifest->version ? manifest->version : "0", 1);
	solvable->arch = *manifest->architecture ? pool_str2id(s->pool, manifest->architecture, 1) : ARCH_ALL;
	provides = repo_addid_dep(s->repo, 0, pool_rel2id(s->pool, solvable->name, solvable->evr, REL_EQ, 1), 0);
	if (add_names(s, id, &manifest->provides, &provides) < 0 || add_names(s, id, &manifest->conflicts, &conflicts) < 0)
		return -1;
	solvable = pool_id2solvable(s->pool, id);
	solvable->provides = provides;
	solvable->conflicts = conflicts;
	for (size_t i = 0; i < manifest->require.count; i++)
		if (add_requirement(s, id, manifest->require.items[i]) < 0)
			return error_wrap(s->err, "the package %s", manifest->name);
	return 0;
}

static int add_all(struct solving *s)
{
	const struct package_list *available = s->request->available;

	s->repo = repo_create(s->pool, "packages");
	s->others = repo_create(s->pool, "others");
	s->first = available->count ? repo_add_solvable_block(s->repo, (int)available->count) : 0;
	s->root = repo_add_solvable(s->repo);
	for (size_t i = 0; i < available->count; i++)
		if (add_package(s, s->first + (Id)i, &available->entries[i].manifest) < 0)
			return -1;
	if (add_package(s, s->root, s->request->root) < 0)
		return -1;
	for (size_t i = 0; s->request->more && i < s->request->more->count; i++)
		if (add_requirement(s, s->root, s->request->more->items[i]) < 0)
			return -1;
	return 0;
}

static const struct stand_in *stand_in_of(const struct solving *s, Id id)
{
	for (size_t i = 0; i < s->stand_in_count; i++)
		if (s->stand_ins[i].id == id)
			return &s->stand_ins[i];
	return NULL;
}

static void take_stand_in(const struct stand_in *stand_in, struct resolution *resolution)
{
	bool is_asked_for = strncmp(stand_in->name, "deb:", 4) == 0;

	if (!is_asked_for)
		text_list_take(&resolution->notes, stand_in->debian ? text_format("deb:%s stands for %s", stand_in->debian, stand_in->name)
								    : text_format("%s is not needed", stand_in->name));
	if (!stand_in->debian || text_list_has(&resolution->debian, stand_in->debian))
		return;
	text_list_add(&resolution->debian, stand_in->debian);
}

static void take_solution(const struct solving *s, Solver *solver, struct resolution *resolution)
{
	Transaction *transaction = solver_create_transaction(solver);
	size_t available = s->request->available->count;
	bool *chosen = calloc(available + 1, 1);

	if (!chosen)
		abort();
	for (int i = 0; i < transaction->steps.count; i++) {
		Id id = transaction->steps.elements[i];
		const struct stand_in *stand_in = stand_in_of(s, id);

		if (stand_in)
			take_stand_in(stand_in, resolution);
		else if (id != s->root)
			chosen[id - s->first] = true;
	}
	transaction_free(transaction);
	order_for_composition(s->request, chosen, resolution);
	text_list_sort(&resolution->debian);
	free(chosen);
}

static int solve(struct solving *s, struct resolution *resolution)
{
	Solver *solver = solver_create(s->pool);
	int result = 0;

	queue_push2(&s->jobs, SOLVER_INSTALL | SOLVER_SOLVABLE, s->root);
	solver_set_flag(solver, SOLVER_FLAG_IGNORE_RECOMMENDED, 1);
	if (solver_solve(solver, &s->jobs) != 0)
		result = solving_explain(s, solver);
	else
		take_solution(s, solver, resolution);
	solver_free(solver);
	return result;
}

int package_resolve(const struct resolve_request *request, struct resolution *resolution, char **missing, struct dory_error *err)
{
	struct solving s = {.request = request, .missing = missing, .err = err};
	int result;

	*resolution = (struct resolution){0};
	if (missing)
		*missing = NULL;
	queue_init(&s.jobs);
	s.pool = pool_create();
	pool_setdisttype(s.pool, DISTTYPE_DEB);
	pool_setarch(s.pool, request->architecture);
	result = add_all(&s);
	if (result == 0) {
		pool_createwhatprovides(s.pool);
		result = solve(&s, resolution);
	}
	for (size_t i = 0; i < s.stand_in_count; i++) {
		free(s.stand_ins[i].name);
		free(s.stand_ins[i].debian);
	}
	free(s.stand_ins);
	queue_free(&s.jobs);
	pool_free(s.pool);
	if (result < 0)
		resolution_release(resolution);
	return result;
}
