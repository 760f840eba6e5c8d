/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What packages would rather have: of the alternatives of a requirement the one named first. The walk is breadth first from the project,
 * over all that may come in; libsolv favours most what is said last. It would rather have another alternative than an older version of the
 * favoured one, so that the project's own wishes are tried one by one where they were not heard.
 */
#include <solv/knownid.h>
#include "dory/resolution/solving.h"

struct walk {
	Pool *pool;
	Map seen;
	Queue to_see;
	Queue wishes; /* requirements with alternatives, the nearest first */
};

static bool is_choice(Pool *pool, Id dependency)
{
	return ISRELDEP(dependency) && GETRELDEP(pool, dependency)->flags == REL_OR;
}

static void see(struct walk *walk, Id dependency)
{
	Pool *pool = walk->pool;
	Id p, pp;

	FOR_PROVIDES(p, pp, dependency)
		if (!pool_id2solvable(pool, p)->repo->appdata && !MAPTST(&walk->seen, p)) {
			MAPSET(&walk->seen, p);
			queue_push(&walk->to_see, p);
		}
}

static void follow(struct walk *walk, Id id)
{
	Queue needs;

	queue_init(&needs);
	solvable_lookup_deparray(pool_id2solvable(walk->pool, id), SOLVABLE_REQUIRES, &needs, 0);
	for (int i = 0; i < needs.count; i++) {
		if (is_choice(walk->pool, needs.elements[i]))
			queue_push(&walk->wishes, needs.elements[i]);
		see(walk, needs.elements[i]);
	}
	queue_free(&needs);
}

static void list_alternatives(Pool *pool, Id dependency, Queue *alternatives)
{
	for (; is_choice(pool, dependency); dependency = GETRELDEP(pool, dependency)->evr)
		queue_push(alternatives, GETRELDEP(pool, dependency)->name);
	queue_push(alternatives, dependency);
}

/* The last alternative first. */
static void favour(struct solving *s, Id dependency)
{
	Queue alternatives;

	queue_init(&alternatives);
	list_alternatives(s->pool, dependency, &alternatives);
	while (alternatives.count > 0)
		queue_push2(&s->jobs, SOLVER_FAVOR | SOLVER_SOLVABLE_PROVIDES, queue_pop(&alternatives));
	queue_free(&alternatives);
}

void wishes_add(struct solving *s)
{
	struct walk walk = {.pool = s->pool};

	map_init(&walk.seen, s->pool->nsolvables);
	queue_init(&walk.to_see);
	queue_init(&walk.wishes);
	MAPSET(&walk.seen, s->root);
	queue_push(&walk.to_see, s->root);
	while (walk.to_see.count > 0)
		follow(&walk, queue_shift(&walk.to_see));
	while (walk.wishes.count > 0)
		favour(s, queue_pop(&walk.wishes));
	queue_free(&walk.to_see);
	queue_free(&walk.wishes);
	map_free(&walk.seen);
}

/* Is one of the solvables that meet it chosen? */
static bool is_met(const struct solving *s, Solver *solver, Id dependency)
{
	Pool *pool = s->pool;
	Id p, pp;

	FOR_PROVIDES(p, pp, dependency)
		if (solver_get_decisionlevel(solver, p) > 0)
			return true;
	return false;
}

static bool is_hopeless(const struct solving *s, Id dependency)
{
	Pool *pool = s->pool;
	Id p, pp;

	FOR_PROVIDES(p, pp, dependency)
		if (!MAPTST(&s->impossible, p))
			return false;
	return true;
}

/* Leaves a job for the first alternative that is possible, if it is not chosen as it is. True: the solver's last answer is none. */
static bool insist(struct solving *s, Solver *solver, const Queue *alternatives)
{
	bool has_failed = false;

	for (int i = 0; i < alternatives->count; i++) {
		if (!has_failed && is_met(s, solver, alternatives->elements[i]))
			return false;
		if (is_hopeless(s, alternatives->elements[i]))
			continue;
		queue_push2(&s->jobs, SOLVER_INSTALL | SOLVER_SOLVABLE_PROVIDES, alternatives->elements[i]);
		if (solver_solve(solver, &s->jobs) == 0)
			return false;
		queue_truncate(&s->jobs, s->jobs.count - 2);
		has_failed = true;
	}
	return has_failed;
}

int wishes_solve(struct solving *s, Solver *solver)
{
	int problems = solver_solve(solver, &s->jobs);
	Queue needs, alternatives;

	queue_init(&needs);
	queue_init(&alternatives);
	solvable_lookup_deparray(pool_id2solvable(s->pool, s->root), SOLVABLE_REQUIRES, &needs, 0);
	for (int i = 0; i < needs.count && problems == 0; i++) {
		queue_empty(&alternatives);
		list_alternatives(s->pool, needs.elements[i], &alternatives);
		if (alternatives.count > 1 && insist(s, solver, &alternatives))
			problems = solver_solve(solver, &s->jobs);
	}
	queue_free(&alternatives);
	queue_free(&needs);
	return problems;
}
