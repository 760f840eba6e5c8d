/* SPDX-License-Identifier: BSD-3-Clause */
/* A walk over the dependencies, breadth first, as Debian's tools would decide each. */
#include "preferences.h"
#include <string.h>
#include <solv/evr.h>
#include <solv/knownid.h>
#include <solv/repo.h>
#include <solv/solvable.h>
#include <solv/solver.h>
#include "essential.h"
#include "lib/attr.h"

struct preferences {
	Pool *pool;
	const Map *impossible;
	Map seen;     /* packages that were followed */
	Queue to_see; /* of them, those whose dependencies were not */
};

static void prefer(struct preferences *preferences, Id p)
{
	if (MAPTST(&preferences->seen, p))
		return;
	MAPSET(&preferences->seen, p);
	queue_push(&preferences->to_see, p);
}

static bool is_installers_choice(Pool *pool, const Solvable *s)
{
	const char *name = pool_id2str(pool, s->name);

	for (size_t i = 0; i < ARRAY_SIZE(essential_providers); i++)
		if (strcmp(name, essential_providers[i]) == 0)
			return true;
	return false;
}

static bool is_newer(Pool *pool, const Solvable *a, const Solvable *b)
{
	return pool_evrcmp(pool, a->evr, b->evr, EVRCMP_COMPARE) > 0;
}

/* The newest package that matches `dependency` and has its name, before those that only provide it. */
static Id best_provider(const struct preferences *preferences, Id dependency)
{
	Pool *pool = preferences->pool;
	Id name = dependency, best = 0, p, pp;
	bool is_best_named = false;

	while (ISRELDEP(name))
		name = GETRELDEP(pool, name)->name;
	FOR_PROVIDES(p, pp, dependency) {
		Solvable *s = pool_id2solvable(pool, p), *former = pool_id2solvable(pool, best);
		bool is_named = s->name == name;

		if (preferences->impossible && MAPTST(preferences->impossible, p))
			continue;
		if (!best || (is_named && !is_best_named) ||
		    (is_named == is_best_named && (s->name == former->name ? is_newer(pool, s, former) : is_installers_choice(pool, s)))) {
			best = p;
			is_best_named = is_named;
		}
	}
	return best;
}

/* Is one of the providers present, or preferred already? */
static bool is_satisfied(const struct preferences *preferences, Id dependency)
{
	Pool *pool = preferences->pool;
	Id p, pp;

	FOR_PROVIDES(p, pp, dependency)
		if (MAPTST(&preferences->seen, p) || pool_id2solvable(pool, p)->repo == pool->installed)
			return true;
	return false;
}

/* "a | b | c" is REL_OR(a, REL_OR(b, c)): the first that anything provides. */
static void follow_dependency(struct preferences *preferences, Id dependency)
{
	Pool *pool = preferences->pool;
	Id first = dependency, provider = 0;

	if (dependency == SOLVABLE_PREREQMARKER || is_satisfied(preferences, dependency))
		return;
	while (!provider && ISRELDEP(first) && GETRELDEP(pool, first)->flags == REL_OR) {
		provider = best_provider(preferences, GETRELDEP(pool, first)->name);
		first = GETRELDEP(pool, first)->evr;
	}
	if (!provider)
		provider = best_provider(preferences, first);
	if (provider)
		prefer(preferences, provider);
}

/* What a job asks for. */
static Id wanted_by(const struct preferences *preferences, Id how, Id what)
{
	return (how & SOLVER_SELECTMASK) == SOLVER_SOLVABLE ? what : best_provider(preferences, what);
}

void preferences_favour(Pool *pool, const Map *impossible, Queue *jobs)
{
	struct preferences preferences = {.pool = pool, .impossible = impossible};
	int count = jobs->count;
	Queue needs;
	Id p;

	map_init(&preferences.seen, pool->nsolvables);
	queue_init(&preferences.to_see);
	queue_init(&needs);
	for (int i = 0; i < count; i += 2)
		if ((p = wanted_by(&preferences, jobs->elements[i], jobs->elements[i + 1])))
			prefer(&preferences, p);
	while (preferences.to_see.count > 0) {
		p = queue_shift(&preferences.to_see);
		queue_push2(jobs, SOLVER_FAVOR | SOLVER_SOLVABLE_NAME, pool_id2solvable(pool, p)->name);
		queue_empty(&needs); /* the look-up appends */
		solvable_lookup_deparray(pool_id2solvable(pool, p), SOLVABLE_REQUIRES, &needs, 0);
		for (int i = 0; i < needs.count; i++)
			follow_dependency(&preferences, needs.elements[i]);
	}
	queue_free(&needs);
	queue_free(&preferences.to_see);
	map_free(&preferences.seen);
}
