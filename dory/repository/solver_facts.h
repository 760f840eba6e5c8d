/* SPDX-License-Identifier: BSD-3-Clause */
/* Why there is no solution, told to a person: the rules of libsolv that contradict each other, from who asks first to what cannot be. */
#pragma once
#include <solv/solver.h>
#include "archive_pool.h"
#include "dory/base/text.h"

/*
 * Names that are not Debian's begin with one of these signs, which is not shown.
 */
#define SIGN_PACKAGE "@"  /* a package of another repository than Debian's */
#define SIGN_STAND_IN "=" /* what stands for one, or for "deb:NAME" */

struct solver_facts {
	const struct archive_pool *archive; /* NULL: it is not in the pool */
	const char *debian_prefix;          /* "deb:", before names of the archive */
	Id root;                            /* shown without a version; 0: none */
	/* Appends what there is of a package of others' that is missing, behind ", which nobody has"; NULL: nothing is known. */
	void (*append_others)(void *context, Id dependency, struct text_buffer *text);
	/* Is told of each dependency on the archive that it cannot meet; NULL: nobody. */
	void (*note_missing)(void *context, const struct archive_missing *missing, Id dependency);
	void *context;
};

/* "web requires node >= 18; old 1 requires node < 18; ..."; returns owned. */
char *solver_facts_text(Solver *solver, const struct solver_facts *facts);
