/* SPDX-License-Identifier: BSD-3-Clause */
/* What the solver found to be in the way, told to a person. */
#include "dory/package/solving.h"
#include <solv/problems.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/near_names.h"
#include "dory/base/text.h"

/* "web 1.2"; the project by its name alone. */
static char *solvable_text(const struct solving *s, Id id)
{
	const Solvable *solvable = pool_id2solvable(s->pool, id);
	const char *evr = pool_id2str(s->pool, solvable->evr);

	return text_format("%s%s%s", pool_id2str(s->pool, solvable->name), id == s->root || strcmp(evr, "0") == 0 ? "" : " ",
		id == s->root || strcmp(evr, "0") == 0 ? "" : evr);
}

/* The versions that there are of what a dependency names. */
static void append_versions(const struct solving *s, Id dependency, struct text_buffer *text)
{
	const char *name;
	size_t count = 0;

	while (ISRELDEP(dependency))
		dependency = GETRELDEP(s->pool, dependency)->name;
	name = pool_id2str(s->pool, dependency);
	for (size_t i = 0; i < s->request->available->count; i++) {
		const struct package_manifest *manifest = &s->request->available->entries[i].manifest;

		if (strcmp(manifest->name, name) != 0)
			continue;
		if (*manifest->architecture && strcmp(manifest->architecture, s->request->architecture) != 0)
			text_append_format(text, "%s%s for %s", count++ ? ", " : " (there is ", manifest->version, manifest->architecture);
		else
			text_append_format(text, "%s%s", count++ ? ", " : " (there is ",
				*manifest->version ? manifest->version : "one without a version");
	}
	text_append_format(text, count ? ")" : "");
}

static void note_missing(const struct solving *s, Id dependency)
{
	struct near_names near = {0};
	char *text;

	while (ISRELDEP(dependency))
		dependency = GETRELDEP(s->pool, dependency)->name;
	if (s->missing && !*s->missing)
		*s->missing = text_copy(pool_id2str(s->pool, dependency));
	for (size_t i = 0; i < s->request->available->count; i++)
		near_names_offer(&near, pool_id2str(s->pool, dependency), s->request->available->entries[i].manifest.name);
	text = near.count ? near_names_text(&near) : NULL;
	if (text && strcmp(text, pool_id2str(s->pool, dependency)) != 0)
		error_hint(s->err, "Did you mean %s?", text);
	free(text);
}

static void append_solvable(const struct solving *s, struct text_buffer *text, Id id)
{
	char *name = solvable_text(s, id);

	text_append_format(text, "%s", name);
	free(name);
}

/* As package.yaml has it: libsolv would write Debian's "<<" for "<". */
static void append_dependency(const struct solving *s, struct text_buffer *text, Id id)
{
	static const char *const signs[] = {[REL_EQ] = "=", [REL_LT] = "<", [REL_GT] = ">", [REL_LT | REL_EQ] = "<=",
		[REL_GT | REL_EQ] = ">="};
	const Reldep *relation;

	if (!ISRELDEP(id)) {
		text_append_format(text, "%s", pool_id2str(s->pool, id));
		return;
	}
	relation = GETRELDEP(s->pool, id);
	append_dependency(s, text, relation->name);
	if (relation->flags == REL_OR) {
		text_append_format(text, " | ");
		append_dependency(s, text, relation->evr);
	} else if ((size_t)relation->flags < ARRAY_SIZE(signs) && signs[relation->flags]) {
		text_append_format(text, " %s %s", signs[relation->flags], pool_id2str(s->pool, relation->evr));
	}
}

/*
 * What a rule of the solver says to a person: BEFORE, the package it is about, MIDDLE, a dependency or another
 * package, BEHIND.
 */
static const struct rule_text {
	SolverRuleinfo type;
	bool is_missing;
	enum { NOTHING, DEPENDENCY, TARGET, NAME_ALONE } second;
	const char *middle, *behind;
} rule_texts[] = {
	{SOLVER_RULE_PKG_NOTHING_PROVIDES_DEP, true, DEPENDENCY, " requires ", ", which nobody has"},
	{SOLVER_RULE_PKG_REQUIRES, false, DEPENDENCY, " requires ", ""},
	{SOLVER_RULE_PKG_SAME_NAME, false, NAME_ALONE, "an image holds one version of ", ""},
	{SOLVER_RULE_PKG_CONFLICTS, false, TARGET, " cannot be together with ", ""},
	{SOLVER_RULE_PKG_NOT_INSTALLABLE, false, NOTHING, " is not for this architecture", ""},
};

/* One sentence of the explanation; NULL if the rule says nothing to a person. */
static char *explain_rule(const struct solving *s, Solver *solver, Id rule)
{
	Id source = 0, target = 0, dependency = 0;
	SolverRuleinfo type = solver_ruleinfo(solver, rule, &source, &target, &dependency);
	struct text_buffer text = {0};

	for (size_t i = 0; i < ARRAY_SIZE(rule_texts); i++) {
		const struct rule_text *r = &rule_texts[i];

		if (r->type != type)
			continue;
		if (r->second != NAME_ALONE)
			append_solvable(s, &text, source);
		text_append_format(&text, "%s", r->middle);
		if (r->second == NAME_ALONE)
			text_append_format(&text, "%s", pool_id2str(s->pool, pool_id2solvable(s->pool, source)->name));
		else if (r->second == DEPENDENCY)
			append_dependency(s, &text, dependency);
		else if (r->second == TARGET)
			append_solvable(s, &text, target);
		text_append_format(&text, "%s", r->behind);
		if (r->is_missing) {
			append_versions(s, dependency, &text);
			note_missing(s, dependency);
		}
	}
	return text.text;
}

int solving_explain(const struct solving *s, Solver *solver)
{
	struct text_list sentences = {0};
	char *text, *hint;
	Queue rules;

	s->err->hint[0] = '\0';
	queue_init(&rules);
	for (Id problem = 0; (problem = solver_next_problem(solver, problem));) {
		solver_findallproblemrules(solver, problem, &rules);
		for (int i = 0; i < rules.count; i++) {
			text = explain_rule(s, solver, rules.elements[i]);
			if (text && !text_list_has(&sentences, text))
				text_list_take(&sentences, text);
			else
				free(text);
		}
	}
	queue_free(&rules);
	text = text_list_join(&sentences, "; ");
	hint = text_copy(s->err->hint);
	error_set(s->err, s->missing && *s->missing ? DORY_ERROR_NOT_FOUND : DORY_ERROR_CONFLICT,
		"what is required cannot be had: %.900s", *text ? text : "it cannot be together");
	if (*hint)
		error_hint(s->err, "%s", hint);
	free(hint);
	free(text);
	text_list_release(&sentences);
	return -1;
}
