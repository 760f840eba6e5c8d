/* SPDX-License-Identifier: BSD-3-Clause */
/* What names mean in the archive, and what there is where they mean nothing. */
#include <string.h>
#include "archive_pool.h"
#include "dory/base/text.h"
#include "essential.h"

static Id name_of(Pool *pool, Id dependency)
{
	while (ISRELDEP(dependency))
		dependency = GETRELDEP(pool, dependency)->name;
	return dependency;
}

static bool has_name(const struct archive_pool *archive, Id name)
{
	Pool *pool = archive->pool;
	Id p, pp;

	if (name)
		FOR_PROVIDES(p, pp, name)
			if (pool_id2solvable(pool, p)->name == name)
				return true;
	return false;
}

bool archive_has(const struct archive_pool *archive, const char *name)
{
	return has_name(archive, pool_str2id(archive->pool, name, 0));
}

/* The one name of the archive's packages that provide a dependency; 0 if there are none, or several. */
static Id only_provider(const struct archive_pool *archive, Id dependency)
{
	Pool *pool = archive->pool;
	Id only = 0, p, pp;

	FOR_PROVIDES(p, pp, dependency) {
		const Solvable *s = pool_id2solvable(pool, p);

		if (!s->repo->appdata || s->name == only)
			continue;
		if (only)
			return 0;
		only = s->name;
	}
	return only;
}

void archive_find(const struct archive_pool *archive, Id dependency, Queue *found)
{
	Pool *pool = archive->pool;
	Id name = name_of(pool, dependency), p, pp;

	if (!has_name(archive, name))
		name = only_provider(archive, dependency);
	FOR_PROVIDES(p, pp, dependency) {
		const Solvable *s = pool_id2solvable(pool, p);

		if (s->repo != archive->present && (!s->repo->appdata || s->name == name))
			queue_push(found, p);
	}
}

/* Appends names of packages that provide `name`, or of those that have it their versions, each once. */
static void append_others(const struct archive_pool *archive, Id name, bool has_package, struct text_buffer *text)
{
	Pool *pool = archive->pool;
	Queue told;
	Id p, pp;

	queue_init(&told);
	FOR_PROVIDES(p, pp, name) {
		const Solvable *s = pool_id2solvable(pool, p);
		Id what = has_package ? s->evr : s->name;
		int count = told.count;

		if (!s->repo->appdata || (has_package && s->name != name))
			continue;
		queue_pushunique(&told, what);
		if (told.count == count)
			continue;
		text_append_format(text, "%s%s", text->length ? ", " : "", pool_id2str(pool, what));
	}
	queue_free(&told);
}

struct archive_missing archive_missing(const struct archive_pool *archive, Id dependency)
{
	Id name = name_of(archive->pool, dependency);
	bool has_package = has_name(archive, name);
	struct archive_missing missing = {.why = has_package ? ARCHIVE_NO_VERSION : ARCHIVE_NO_PACKAGE};
	struct text_buffer others = {0};

	append_others(archive, name, has_package, &others);
	missing.others = others.text;
	if (!has_package && others.text)
		missing.why = only_provider(archive, name) ? ARCHIVE_NO_VERSION : ARCHIVE_SEVERAL_PROVIDE;
	return missing;
}

void archive_offer_near(const struct archive_pool *archive, const char *name, struct near_names *near)
{
	Pool *pool = archive->pool;
	Id p;

	FOR_POOL_SOLVABLES(p) {
		const Solvable *s = pool_id2solvable(pool, p);

		if (s->repo->appdata)
			near_names_offer(near, name, pool_id2str(pool, s->name));
	}
}

static void add_companion(const struct archive_pool *archive, const char *name, Queue *names)
{
	if (archive_has(archive, name))
		queue_pushunique(names, pool_str2id(archive->pool, name, 1));
}

void archive_companions(const struct archive_pool *archive, const char *name, Queue *names)
{
	bool is_shell = false;

	for (size_t i = 0; i < ARRAY_SIZE(essential_always); i++)
		add_companion(archive, essential_always[i], names);
	for (size_t i = 0; i < ARRAY_SIZE(essential_shells); i++)
		is_shell |= strcmp(essential_shells[i], name) == 0;
	for (size_t i = 0; is_shell && i < ARRAY_SIZE(essential_for_shells); i++)
		add_companion(archive, essential_for_shells[i], names);
}
