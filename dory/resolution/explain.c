/* SPDX-License-Identifier: BSD-3-Clause */
/* What the solver found to be in the way, told to a person. */
#include <stdlib.h>
#include <string.h>
#include "dory/base/near_names.h"
#include "dory/base/text.h"
#include "dory/resolution/solving.h"

struct explaining {
	const struct solving *solving;
	bool is_missing; /* something that nobody has */
};

static const char *name_of(const struct solving *s, Id dependency)
{
	while (ISRELDEP(dependency))
		dependency = GETRELDEP(s->pool, dependency)->name;
	return pool_id2str(s->pool, dependency);
}

/* The versions that there are of a package. */
static void append_versions(const struct solving *s, const char *name, struct text_buffer *text)
{
	size_t count = 0;

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

static void suggest(const struct solving *s, const struct near_names *near, const char *name)
{
	char *text = near->count ? near_names_text(near) : NULL;

	if (text && strcmp(text, name) != 0)
		error_hint(s->err, "Did you mean %s?", text);
	free(text);
}

/* A package of ours that is missing. */
static void append_others(void *context, Id dependency, struct text_buffer *text)
{
	struct explaining *explaining = context;
	const struct solving *s = explaining->solving;
	const char *name = name_of(s, dependency);
	struct near_names near = {0};

	if (strncmp(name, SIGN_PACKAGE, 1) != 0)
		return;
	name++;
	explaining->is_missing = true;
	append_versions(s, name, text);
	if (s->missing && !*s->missing)
		*s->missing = text_copy(name);
	for (size_t i = 0; i < s->request->available->count; i++) {
		const char *other = s->request->available->entries[i].manifest.name;

		if (strcmp(other, name) == 0)
			return; /* it is there, in other versions: the name is right */
		near_names_offer(&near, name, other);
	}
	suggest(s, &near, name);
}

/* One of Debian's. */
static void note_missing(void *context, const struct archive_missing *missing, Id dependency)
{
	struct explaining *explaining = context;
	const struct solving *s = explaining->solving;
	const char *name = name_of(s, dependency);
	struct near_names near = {0};

	explaining->is_missing = true;
	if (missing->why == ARCHIVE_NO_VERSION) {
		error_hint(s->err, "Take another suite: --suite SUITE, or make a package of another version.");
	} else if (missing->why == ARCHIVE_SEVERAL_PROVIDE) {
		error_hint(s->err, "Name one of them.");
	} else {
		archive_offer_near(&s->archive, name, &near);
		suggest(s, &near, name);
	}
}

int solving_explain(const struct solving *s, Solver *solver)
{
	struct explaining explaining = {.solving = s};
	const struct solver_facts facts = {.archive = s->archive.pool ? &s->archive : NULL,
		.debian_prefix = "deb:",
		.root = s->root,
		.append_others = append_others,
		.note_missing = note_missing,
		.context = &explaining};
	char *text, *hint;

	s->err->hint[0] = '\0';
	text = solver_facts_text(solver, &facts);
	hint = text_copy(s->err->hint);
	error_set(s->err, explaining.is_missing ? DORY_ERROR_NOT_FOUND : DORY_ERROR_CONFLICT,
		"what is required cannot be had: %.900s", *text ? text : "it cannot be together");
	if (*hint)
		error_hint(s->err, "%s", hint);
	free(hint);
	free(text);
	return -1;
}
