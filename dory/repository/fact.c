/* SPDX-License-Identifier: BSD-3-Clause */
/* The sentences of facts. */
#include "fact.h"
#include <stdlib.h>
#include <string.h>

#define GOES_ON "\t" /* before a text that is the rest of the sentence before */

static void append_solvable(const struct telling *t, struct text_buffer *text, Id id)
{
	const Solvable *s = pool_id2solvable(t->pool, id);
	const char *name = pool_id2str(t->pool, s->name), *version = pool_id2str(t->pool, s->evr);

	if (s->repo->appdata || s->repo == t->pool->installed)
		text_append_format(text, "%s%s", t->style->debian_prefix, name);
	else
		text_append_format(text, "%s", name + 1);
	if (id != t->style->root && strcmp(version, "0") != 0)
		text_append_format(text, " %s", version);
}

static void append_name(const struct telling *t, struct text_buffer *text, const char *name)
{
	bool is_signed = strchr(SIGN_PACKAGE SIGN_STAND_IN, *name);

	text_append_format(text, "%s%s", is_signed ? "" : t->style->debian_prefix, name + is_signed);
}

/* As package.yaml has it: libsolv would write Debian's "<<" for "<". */
static void append_dependency(const struct telling *t, struct text_buffer *text, Id id)
{
	static const char *const signs[] = {[REL_EQ] = "=", [REL_LT] = "<", [REL_GT] = ">", [REL_LT | REL_EQ] = "<=",
	    [REL_GT | REL_EQ] = ">="};
	const Reldep *relation;

	while (ISRELDEP(id) && GETRELDEP(t->pool, id)->flags == REL_OR) {
		append_dependency(t, text, GETRELDEP(t->pool, id)->name);
		text_append_format(text, " | ");
		id = GETRELDEP(t->pool, id)->evr;
	}
	if (!ISRELDEP(id)) {
		append_name(t, text, pool_id2str(t->pool, id));
		return;
	}
	relation = GETRELDEP(t->pool, id);
	if (relation->flags == REL_NAMESPACE) { /* archive_exactly */
		append_dependency(t, text, relation->evr);
		return;
	}
	append_dependency(t, text, relation->name); /* of any architecture, or with a version */
	if ((size_t)relation->flags < ARRAY_SIZE(signs) && signs[relation->flags])
		text_append_format(text, " %s %s", signs[relation->flags], pool_id2str(t->pool, relation->evr));
}

/* What is asked of the archive; 0: nothing is. */
static Id asked_of_archive(const struct telling *t, const struct fact *fact)
{
	return t->style->archive ? archive_asked(t->style->archive, fact->dependency) : 0;
}

/* Why a dependency is not met: ", which REST" behind the sentence that ends with it, or a sentence of its own. */
struct unmet {
	const char *which, *before, *behind;
	char *others; /* what there is instead, with a blank before; owned; NULL */
};

static struct unmet unmet_by_archive(const struct telling *t, Id dependency)
{
	static const struct unmet unmets[] = {
	    [ARCHIVE_NO_PACKAGE] = {"which Debian's archive does not have", "Debian's archive does not have ", ""},
	    [ARCHIVE_NO_VERSION] = {"which Debian's archive does not have", "Debian's archive does not have ", ""},
	    [ARCHIVE_SEVERAL_PROVIDE] = {"which is not one package of Debian's", "", " is not one package of Debian's"}};
	struct archive_missing missing = archive_missing(t->style->archive, dependency);
	struct unmet unmet = unmets[missing.why];

	if (missing.others)
		unmet.others = text_format(" (%s %.200s)", missing.why == ARCHIVE_SEVERAL_PROVIDE ? "it is provided by" : "there is",
		    missing.others);
	if (t->style->note_missing)
		t->style->note_missing(t->style->context, &missing, dependency);
	free(missing.others);
	return unmet;
}

static struct unmet unmet_by_anybody(const struct telling *t, Id dependency)
{
	struct text_buffer others = {0};

	if (t->style->append_others)
		t->style->append_others(t->style->context, dependency, &others);
	return (struct unmet){.which = "which nobody has", .before = "nobody has ", .behind = "", .others = others.text};
}

/* "deb:nodejs" stands for node; for "deb:nodejs" it says nothing. */
static void append_stand_in(const struct telling *t, struct text_buffer *text, const struct fact *fact)
{
	const char *name = pool_id2str(t->pool, pool_id2solvable(t->pool, fact->source)->name) + 1;

	if (strncmp(name, "deb:", 4) == 0)
		return;
	append_dependency(t, text, fact->dependency);
	text_append_format(text, " stands for %s", name);
}

static bool is_stand_in(const struct telling *t, Id solvable)
{
	return *pool_id2str(t->pool, pool_id2solvable(t->pool, solvable)->name) == *SIGN_STAND_IN;
}

static void append_requirement(const struct telling *t, struct text_buffer *text, const struct fact *fact)
{
	if (asked_of_archive(t, fact) && is_stand_in(t, fact->source)) {
		append_stand_in(t, text, fact);
		return;
	}
	append_solvable(t, text, fact->source);
	text_append_format(text, " requires ");
	append_dependency(t, text, fact->dependency);
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length > end_length && text[length - end_length - 1] == ' ' && strcmp(text + length - end_length, end) == 0;
}

/*
 * "app requires deb:nodejs >= 99, which Debian's archive does not have (there is 18.20)". That a stand-in requires it of the archive is nothing
 * to tell: the sentence before goes on, if it ends so.
 */
static void append_unmet(const struct telling *t, struct text_buffer *text, const struct fact *fact)
{
	Id asked = asked_of_archive(t, fact);
	struct unmet unmet = asked ? unmet_by_archive(t, asked) : unmet_by_anybody(t, fact->dependency);
	const char *last = t->sentences.count ? t->sentences.items[t->sentences.count - 1] : "";
	struct text_buffer dependency = {0};

	append_dependency(t, &dependency, fact->dependency);
	if (!is_stand_in(t, fact->source)) {
		append_requirement(t, text, fact);
		text_append_format(text, ", %s", unmet.which);
	} else if (ends_with(last, dependency.text)) {
		text_append_format(text, "%s, %s", GOES_ON, unmet.which);
	} else {
		text_append_format(text, "%s%s%s", unmet.before, dependency.text, unmet.behind);
	}
	text_append_format(text, "%s", unmet.others ? unmet.others : "");
	free(dependency.text);
	free(unmet.others);
}

static void append_together(const struct telling *t, struct text_buffer *text, const struct fact *fact)
{
	append_solvable(t, text, fact->source);
	text_append_format(text, " cannot be together with ");
	append_solvable(t, text, fact->target);
}

static void append_same_name(const struct telling *t, struct text_buffer *text, const struct fact *fact)
{
	const Solvable *s = pool_id2solvable(t->pool, fact->source);

	text_append_format(text, "an image holds one version of ");
	append_name(t, text, pool_id2str(t->pool, s->name));
}

static void append_architecture(const struct telling *t, struct text_buffer *text, const struct fact *fact)
{
	append_solvable(t, text, fact->source);
	text_append_format(text, " is not for this architecture");
}

static void append_gap(const struct telling *t, struct text_buffer *text, const struct fact *fact)
{
	text_append_format(text, "...");
}

/* Which rules say something to a person, and what. */
static const struct {
	SolverRuleinfo type;
	void (*append)(const struct telling *t, struct text_buffer *text, const struct fact *fact);
} tellers[] = {
    {SOLVER_RULE_PKG_NOTHING_PROVIDES_DEP, append_unmet},
    {SOLVER_RULE_PKG_REQUIRES, append_requirement},
    {SOLVER_RULE_PKG_SAME_NAME, append_same_name},
    {SOLVER_RULE_PKG_CONFLICTS, append_together},
    {SOLVER_RULE_PKG_OBSOLETES, append_together},
    {SOLVER_RULE_PKG_NOT_INSTALLABLE, append_architecture},
    {FACT_GAP, append_gap},
};

/* Takes the text. */
static void add_sentence(struct telling *t, char *text)
{
	if (*text == *GOES_ON && t->sentences.count > 0) {
		char **last = &t->sentences.items[t->sentences.count - 1];

		text_replace(last, text_format("%s%s", *last, text + 1));
		free(text);
	} else if (text_list_has(&t->sentences, text)) {
		free(text);
	} else {
		text_list_take(&t->sentences, text);
	}
}

void fact_tell(struct telling *t, struct fact *fact)
{
	struct text_buffer text = {0};

	fact->is_told = true;
	for (size_t i = 0; i < ARRAY_SIZE(tellers); i++)
		if (tellers[i].type == fact->type)
			tellers[i].append(t, &text, fact);
	if (text.text)
		add_sentence(t, text.text);
}

bool fact_is_telling(const struct fact *fact)
{
	for (size_t i = 0; i < ARRAY_SIZE(tellers); i++)
		if (tellers[i].type == fact->type)
			return fact->source != 0;
	return false;
}
