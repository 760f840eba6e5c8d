/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules become facts, those that say nothing new are dropped, and the others are put in order. */
#include "solver_facts.h"
#include <stdlib.h>
#include <string.h>
#include <solv/evr.h>
#include <solv/knownid.h>
#include <solv/problems.h>
#include "fact.h"

enum {
	FACTS_MAX = 512,     /* of one proof; more are no explanation */
	FACTS_TOLD_MAX = 12, /* more than these: only how one contradiction came about */
	WAY_BEGINNING = 4,   /* of a long way to it the first facts, and the last */
	WAY_END = 3,
};

static bool is_met_by(const struct telling *t, const struct fact *fact, Id solvable)
{
	Pool *pool = t->pool;
	Id p, pp;

	if (fact->type == SOLVER_RULE_PKG_REQUIRES)
		FOR_PROVIDES(p, pp, fact->dependency)
			if (p == solvable)
				return true;
	return false;
}

/* The fact by which a solvable comes in; NULL: it is where everything begins. */
static struct fact *reason_of(const struct telling *t, Id solvable)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->facts[i].source != solvable && is_met_by(t, &t->facts[i], solvable))
			return &t->facts[i];
	return NULL;
}

static bool is_about_needs(const struct fact *fact)
{
	return fact->type == SOLVER_RULE_PKG_REQUIRES || fact->type == SOLVER_RULE_PKG_NOTHING_PROVIDES_DEP;
}

/* What a solvable needs, each need followed by those of what meets it: a walk with a stack of facts still to be told, the next on top. */
static void tell_needs(struct telling *t, Id solvable)
{
	size_t *stack = calloc(t->count + 1, sizeof(*stack)), depth = 0;
	bool *is_stacked = calloc(t->count + 1, sizeof(*is_stacked));
	struct fact *told = NULL;

	if (!stack || !is_stacked)
		abort();
	do {
		for (size_t i = t->count; i-- > 0;) {
			const struct fact *fact = &t->facts[i];

			if (is_stacked[i] || fact->is_told || !is_about_needs(fact) ||
			    !(told ? is_met_by(t, told, fact->source) : fact->source == solvable))
				continue;
			is_stacked[i] = true;
			stack[depth++] = i;
		}
		told = depth > 0 ? &t->facts[stack[--depth]] : NULL;
		if (told)
			fact_tell(t, told);
	} while (told);
	free(is_stacked);
	free(stack);
}

/* From those whom nobody requires downwards; then what is left of circles; then what contradicts. */
static void tell_all(struct telling *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (is_about_needs(&t->facts[i]) && !reason_of(t, t->facts[i].source))
			tell_needs(t, t->facts[i].source);
	for (size_t i = 0; i < t->count; i++)
		if (is_about_needs(&t->facts[i]) && !t->facts[i].is_told)
			fact_tell(t, &t->facts[i]);
	for (size_t i = 0; i < t->count; i++)
		if (!t->facts[i].is_told)
			fact_tell(t, &t->facts[i]);
}

/* Of a package of Debian's a version that is as new; of another package, and of none, only itself. */
static bool is_as_new(const struct telling *t, Id a, Id than)
{
	const Solvable *s = pool_id2solvable(t->pool, a), *former = pool_id2solvable(t->pool, than);

	return a == than || (a && than && s->name == former->name && s->repo->appdata && former->repo->appdata &&
				pool_evrcmp(t->pool, s->evr, former->evr, EVRCMP_COMPARE) >= 0);
}

/* How far each fact's source is from where everything begins: a walk by distance, for needs go in circles. */
static void find_distances(struct telling *t)
{
	bool is_changed = true;

	for (size_t i = 0; i < t->count; i++)
		t->facts[i].distance = is_about_needs(&t->facts[i]) && !reason_of(t, t->facts[i].source) ? 1 : 0;
	for (int distance = 1; is_changed; distance++) {
		is_changed = false;
		for (size_t i = 0; i < t->count; i++)
			for (size_t k = 0; t->facts[i].distance == distance && k < t->count; k++)
				if (!t->facts[k].distance && is_met_by(t, &t->facts[i], t->facts[k].source)) {
					t->facts[k].distance = distance + 1;
					is_changed = true;
				}
	}
}

/* The fact nearest to the beginning by which a solvable comes in. */
static const struct fact *nearest_reason(const struct telling *t, Id solvable)
{
	const struct fact *nearest = NULL;

	for (size_t i = 0; i < t->count; i++)
		if (t->facts[i].distance && is_met_by(t, &t->facts[i], solvable) && (!nearest || t->facts[i].distance < nearest->distance))
			nearest = &t->facts[i];
	return nearest;
}

/* Adds the facts by which a solvable comes in, from the beginning on; of a long way its beginning and its end. */
static void keep_way_to(const struct telling *t, Id solvable, struct fact **kept, size_t *count)
{
	const struct fact **way = NULL;
	size_t length = 0;

	for (const struct fact *reason = nearest_reason(t, solvable); reason;) {
		const struct fact *before = nearest_reason(t, reason->source);

		*(const struct fact **)array_push(&way, &length, sizeof(*way)) = reason;
		reason = before && before->distance < reason->distance ? before : NULL;
	}
	for (size_t i = length; i-- > 0;) {
		if (i >= WAY_END && i + WAY_BEGINNING < length) {
			if (i == WAY_END)
				*(struct fact *)array_push(kept, count, sizeof(**kept)) = (struct fact){.type = FACT_GAP};
			continue;
		}
		*(struct fact *)array_push(kept, count, sizeof(**kept)) = *way[i];
	}
	free(way);
}

/* The fact that tells most of why it cannot be; the solver may name a mere need. NULL: there are only needs. */
static const struct fact *find_core(const struct telling *t)
{
	static const SolverRuleinfo types[] = {SOLVER_RULE_PKG_CONFLICTS, SOLVER_RULE_PKG_OBSOLETES, SOLVER_RULE_PKG_NOTHING_PROVIDES_DEP,
	    SOLVER_RULE_PKG_NOT_INSTALLABLE, SOLVER_RULE_PKG_SAME_NAME};

	for (size_t k = 0; k < ARRAY_SIZE(types); k++)
		for (size_t i = 0; i < t->count; i++)
			if (t->facts[i].type == types[k])
				return &t->facts[i];
	return NULL;
}

/* A long proof: of all contradictions one, and how what is in it came in. */
static void tell_core(struct telling *t, const struct fact *core)
{
	struct fact *kept = NULL;
	size_t count = 0;

	find_distances(t);
	keep_way_to(t, core->source, &kept, &count);
	if (core->target)
		keep_way_to(t, core->target, &kept, &count);
	*(struct fact *)array_push(&kept, &count, sizeof(*kept)) = *core;
	for (size_t i = 0; i < count; i++)
		fact_tell(t, &kept[i]);
	free(kept);
}

static int place_of(const struct telling *t, const struct fact *fact)
{
	Queue needs;
	int place;

	queue_init(&needs);
	solvable_lookup_deparray(pool_id2solvable(t->pool, fact->source), SOLVABLE_REQUIRES, &needs, 0);
	for (place = 0; place < needs.count && needs.elements[place] != fact->dependency;)
		place++;
	queue_free(&needs);
	return place;
}

/* That two cannot be together is the same whichever says so. */
static void put_in_order(const struct telling *t, struct fact *fact)
{
	Id source = fact->source;

	if (strcmp(pool_id2str(t->pool, pool_id2solvable(t->pool, source)->name),
		pool_id2str(t->pool, pool_id2solvable(t->pool, fact->target)->name)) <= 0)
		return;
	fact->source = fact->target;
	fact->target = source;
}

static struct fact fact_of(const struct telling *t, Id rule)
{
	struct fact fact = {0};

	fact.type = solver_ruleinfo(t->solver, rule, &fact.source, &fact.target, &fact.dependency);
	if (fact.type == SOLVER_RULE_PKG_CONFLICTS || fact.type == SOLVER_RULE_PKG_OBSOLETES)
		put_in_order(t, &fact);
	else if (fact.source && fact.dependency)
		fact.place = place_of(t, &fact);
	return fact;
}

/* Says another fact the same of newer versions? What is true of several versions is told of one. */
static bool is_outdone(const struct telling *t, size_t i)
{
	const struct fact *fact = &t->facts[i];

	for (size_t k = 0; k < t->count; k++) {
		const struct fact *other = &t->facts[k];

		if (k == i || other->type != fact->type || other->place != fact->place || !is_as_new(t, other->source, fact->source) ||
		    !is_as_new(t, other->target, fact->target))
			continue;
		if (k < i || !is_as_new(t, fact->source, other->source) || !is_as_new(t, fact->target, other->target))
			return true;
	}
	return false;
}

static void take_facts(struct telling *t, Id problem)
{
	struct fact fact;
	Queue rules;

	queue_init(&rules);
	solver_findallproblemrules(t->solver, problem, &rules);
	for (int i = 0; i < rules.count && t->count < FACTS_MAX; i++) {
		fact = fact_of(t, rules.elements[i]);
		if (fact_is_telling(&fact))
			*(struct fact *)array_push(&t->facts, &t->count, sizeof(fact)) = fact;
	}
	queue_free(&rules);
}

static int compare(const void *a, const void *b)
{
	const struct fact *x = a, *y = b;

	return x->source != y->source ? (x->source > y->source) - (x->source < y->source) : x->place - y->place;
}

static void drop_outdone(struct telling *t)
{
	bool *is_dropped = calloc(t->count + 1, sizeof(*is_dropped));
	size_t kept = 0;

	if (!is_dropped)
		abort();
	for (size_t i = 0; i < t->count; i++)
		is_dropped[i] = is_outdone(t, i);
	for (size_t i = 0; i < t->count; i++)
		if (!is_dropped[i])
			t->facts[kept++] = t->facts[i];
	t->count = kept;
	free(is_dropped);
	if (t->count > 1)
		qsort(t->facts, t->count, sizeof(*t->facts), compare);
}

char *solver_facts_text(Solver *solver, const struct solver_facts *facts)
{
	struct telling t = {.style = facts, .pool = solver->pool, .solver = solver};
	const struct fact *core;
	char *text;

	for (Id problem = 0; (problem = solver_next_problem(solver, problem));) {
		t.count = 0;
		take_facts(&t, problem);
		drop_outdone(&t);
		core = t.count > FACTS_TOLD_MAX ? find_core(&t) : NULL;
		if (core)
			tell_core(&t, core);
		else
			tell_all(&t);
	}
	free(t.facts);
	text = text_list_join(&t.sentences, "; ");
	text_list_release(&t.sentences);
	return text;
}
