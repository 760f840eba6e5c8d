/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What packages would rather have: of the alternatives of a requirement the one named first. The walk is breadth first from the project,
 * over all that may come in; libsolv favours most what is said last.
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

/* The last alternative first. */
static void favour(struct solving *s, Id dependency)
{
	Queue alternatives;

	queue_init(&alternatives);
	for (; is_choice(s->pool, dependency); dependency = GETRELDEP(s->pool, dependency)->evr)
		queue_push(&alternatives, GETRELDEP(s->pool, dependency)->name);
	queue_push(&alternatives, dependency);
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
