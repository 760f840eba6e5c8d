/* SPDX-License-Identifier: BSD-3-Clause */
/* Within resolution: what is being solved, and the explanation if it cannot be. */
#pragma once
#include <solv/pool.h>
#include <solv/queue.h>
#include <solv/solver.h>
#include "dory/package/resolve.h"

struct stand_in {
	Id id;
	char *name;   /* what is asked for: "deb:nodejs", "node-4.4.5" */
	char *debian; /* "nodejs >= 18"; NULL if nothing is needed */
};

struct solving {
	const struct resolve_request *request;
	Pool *pool;
	Repo *repo, *others;
	Id root;
	Id first; /* the solvable of the list's first entry; the others follow */
	struct stand_in *stand_ins;
	size_t stand_in_count;
	Queue jobs;
	char **missing;
	struct dory_error *err;
};

/*
 * Why there is no solution, in sentences: who requires what, what nobody has, which versions there are. Sets
 * *missing; returns -1.
 */
int solving_explain(const struct solving *s, Solver *solver);
