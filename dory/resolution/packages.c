/* SPDX-License-Identifier: BSD-3-Clause */
/* Manifests become solvables: a repo for each source, as the list has them. */
#include <stdlib.h>
#include <string.h>
#include <solv/poolarch.h>
#include "dory/base/text.h"
#include "dory/resolution/solving.h"

Id plain_dependency(Pool *pool, const char *sign, const struct alternative *alternative)
{
	static const int flags[] = {[REQUIREMENT_EQUAL] = REL_EQ,
		[REQUIREMENT_LESS] = REL_LT,
		[REQUIREMENT_LESS_EQUAL] = REL_LT | REL_EQ,
		[REQUIREMENT_GREATER] = REL_GT,
		[REQUIREMENT_GREATER_EQUAL] = REL_GT | REL_EQ};
	char *name = text_format("%s%s", sign, alternative->name);
	Id id = pool_str2id(pool, name, 1);

	free(name);
	if (alternative->operator == REQUIREMENT_ANY)
		return id;
	return pool_rel2id(pool, id, pool_str2id(pool, alternative->version, 1), flags[alternative->operator], 1);
}

Id alternative_dependency(struct solving *s, const struct alternative *alternative)
{
	Id stand_in = stand_in_dependency(s, alternative);

	return stand_in ? stand_in : plain_dependency(s->pool, SIGN_PACKAGE, alternative);
}

static int add_requirement(struct solving *s, Id id, const char *text)
{
	struct requirement requirement;
	Queue alternatives;
	Id dependency;

	if (requirement_parse(text, &requirement, s->err) < 0)
		return -1;
	queue_init(&alternatives);
	for (size_t i = 0; i < requirement.count; i++)
		queue_push(&alternatives, alternative_dependency(s, &requirement.alternatives[i]));
	for (dependency = queue_pop(&alternatives); alternatives.count > 0;)
		dependency = pool_rel2id(s->pool, queue_pop(&alternatives), dependency, REL_OR, 1);
	queue_free(&alternatives);
	requirement_release(&requirement);
	/* Adding a stand-in may have moved the solvables. */
	solvable_add_deparray(pool_id2solvable(s->pool, id), SOLVABLE_REQUIRES, dependency, 0);
	return 0;
}

/* What a package provides or conflicts with: of Debian's by Debian's own names, so that Debian's packages see it. */
static int add_names(struct solving *s, Id id, Id key, const struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct requirement requirement;

		if (requirement_parse(list->items[i], &requirement, s->err) < 0)
			return -1;
		for (size_t k = 0; k < requirement.count; k++) {
			const struct alternative *one = &requirement.alternatives[k];

			solvable_add_deparray(pool_id2solvable(s->pool, id), key,
				plain_dependency(s->pool, one->is_debian ? "" : SIGN_PACKAGE, one), 0);
		}
		requirement_release(&requirement);
	}
	return 0;
}

static int add_package(struct solving *s, Id id, const struct package_manifest *manifest)
{
	const struct alternative itself = {.name = manifest->name, .operator = REQUIREMENT_EQUAL,
		.version = *manifest->version ? manifest->version : (char *)"0"};
	Solvable *solvable = pool_id2solvable(s->pool, id);
	Id self = plain_dependency(s->pool, SIGN_PACKAGE, &itself);

	solvable->name = GETRELDEP(s->pool, self)->name;
	solvable->evr = GETRELDEP(s->pool, self)->evr;
	solvable->arch = *manifest->architecture ? pool_str2id(s->pool, manifest->architecture, 1) : ARCH_ALL;
	solvable_add_deparray(solvable, SOLVABLE_PROVIDES, self, 0);
	if (add_names(s, id, SOLVABLE_PROVIDES, &manifest->provides) < 0 || add_names(s, id, SOLVABLE_CONFLICTS, &manifest->conflicts) < 0)
		return -1;
	for (size_t i = 0; i < manifest->require.count; i++)
		if (add_requirement(s, id, manifest->require.items[i]) < 0)
			return error_wrap(s->err, "the package %s", manifest->name);
	return 0;
}

/* Of the same version in several sources the one that is asked first is taken: the store, directories, repositories. */
static void add_solvables(struct solving *s)
{
	const struct package_list *available = s->request->available;
	Repo *repo = NULL;
	int sources = 0;

	for (size_t i = 0; i < available->count; i++) {
		const struct package_source *source = available->entries[i].source;
		Id id;

		if (i == 0 || source != available->entries[i - 1].source) {
			repo = repo_create(s->pool, source ? source->name : "packages");
			repo->subpriority = -sources++;
		}
		id = repo_add_solvable(repo);
		if (i == 0)
			s->first = id;
	}
}

int packages_add(struct solving *s)
{
	const struct package_list *available = s->request->available;

	s->project = repo_create(s->pool, "project");
	s->others = repo_create(s->pool, "others");
	add_solvables(s);
	s->root = repo_add_solvable(s->project);
	for (size_t i = 0; i < available->count; i++)
		if (add_package(s, s->first + (Id)i, &available->entries[i].manifest) < 0)
			return -1;
	if (add_package(s, s->root, s->request->root) < 0)
		return -1;
	for (size_t i = 0; s->request->more && i < s->request->more->count; i++)
		if (add_requirement(s, s->root, s->request->more->items[i]) < 0)
			return -1;
	stand_ins_take_providers(s);
	return 0;
}
