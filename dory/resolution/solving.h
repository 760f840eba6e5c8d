/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Within resolution: the pool, and who is who in it. Debian's packages have their own names; so that those of other repositories can
 * have the same, theirs begin with a sign (solver_facts.h): "@web" is a package, "=deb:nodejs >= 18" stands for what is asked of Debian's archive.
 */
#pragma once
#include <solv/bitmap.h>
#include <solv/pool.h>
#include <solv/queue.h>
#include <solv/solver.h>
#include "dory/repository/archive_pool.h"
#include "dory/repository/solver_facts.h"
#include "dory/resolution/resolution.h"

/* For each text of an alternative one: a solvable that provides just what was asked for, and requires it of the archive. */
struct stand_in {
	Id id;         /* of the solvable, whose name is also the dependency */
	char *name;    /* what is asked for: "deb:nodejs >= 18", "node-4.4.5" */
	char *debian;  /* "nodejs >= 18"; NULL if nothing is needed */
};

struct solving {
	const struct resolve_request *request;
	Pool *pool;
	struct archive_pool archive; /* its pool is NULL if it is not there */
	Repo *project, *others;      /* the project with dory.lock; stand-ins */
	Id root, lock;               /* lock: 0 if nothing is locked */
	Id first;                    /* the solvable of the list's first entry; the others follow */
	struct stand_in *stand_ins;
	size_t stand_in_count;
	Map impossible;              /* stand-ins for what the archive does not have */
	Queue jobs;
	char **missing;
	struct dory_error *err;
};

/* Adds all packages of the request's list, and the project; stand-ins for what they ask of others. */
int packages_add(struct solving *s) must_check;

/* The dependency on an alternative. */
Id alternative_dependency(struct solving *s, const struct alternative *alternative);
/* The same as a dependency among names of one kind: signed with `sign`, or Debian's own if that is "". */
Id plain_dependency(Pool *pool, const char *sign, const struct alternative *alternative);

/* The stand-in's dependency; 0 if packages have the name, and none is needed. */
Id stand_in_dependency(struct solving *s, const struct alternative *alternative);
/* Packages that provide "deb:NAME" provide what stands for it, too. Before pool_createwhatprovides. */
void stand_ins_take_providers(struct solving *s);
/* What they need of the archive, and dory.lock. After it. */
int stand_ins_add_needs(struct solving *s) must_check;
const struct stand_in *stand_in_of(const struct solving *s, Id id);
void stand_ins_release(struct solving *s);

/* Appends jobs: of alternatives the one named first, where that is possible; where two disagree, as who is nearer to the project says. */
void wishes_add(struct solving *s);
/* Solves; of the project's own alternatives the first that is possible is taken, whatever it costs in versions. Returns the count of problems. */
int wishes_solve(struct solving *s, Solver *solver);

/*
 * Why there is no solution, in sentences: who requires what, what nobody has, and which versions there are. Sets
 * *missing; returns -1.
 */
int solving_explain(const struct solving *s, Solver *solver);
