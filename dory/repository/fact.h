/* SPDX-License-Identifier: BSD-3-Clause */
/* One reason why there is no solution. Private to solver_facts.c and fact.c. */
#pragma once
#include "dory/base/text_list.h"
#include "solver_facts.h"

/* Stands for facts that are not told; libsolv gives no rule this type. */
#define FACT_GAP SOLVER_RULE_UNKNOWN

struct fact {
	SolverRuleinfo type;
	Id source, target, dependency;
	int place;    /* of the dependency among what the source requires */
	int distance; /* of the source from where everything begins, from 1 on; 0: not known */
	bool is_told;
};

struct telling {
	const struct solver_facts *style;
	Pool *pool;
	Solver *solver;
	struct fact *facts;
	size_t count;
	struct text_list sentences;
};

/* Does it say something to a person? Other rules speak of what is taken as installed, or of the jobs. */
bool fact_is_telling(const struct fact *fact);
/* Adds its sentence, unless it stands there, or lets the last one go on. */
void fact_tell(struct telling *t, struct fact *fact);
