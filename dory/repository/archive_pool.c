/* SPDX-License-Identifier: BSD-3-Clause */
/* The cached .solv files become repos of a pool. */
#include "archive_pool.h"
#include <unistd.h>
#include <solv/evr.h>
#include <solv/knownid.h>
#include "essential.h"
#include "refresh.h"
#include "solv_file.h"

/* libsolv prefers a repo of higher priority even for a lower version: what is not automatic comes last. */
enum { PRIORITY_NOT_AUTOMATIC = -1 };

struct load {
	Repo *repo;
	struct dory_error *err;
};

static int load_one(const char *path, bool is_optional, void *context)
{
	struct load *load = context;
	struct dory_error error;

	if (solv_file_load(path, load->repo, &error) == 0 || (is_optional && error.kind == DORY_ERROR_NOT_FOUND))
		return 0;
	if (error.kind == DORY_ERROR_FORMAT)
		unlink(path);
	*load->err = error;
	return -1;
}

static int load_indices(struct archive_pool *archive, struct dory_error *err)
{
	for (size_t i = 0; i < archive->list.count; i++) {
		struct index *index = &archive->list.indices[i];
		struct load load = {.err = err};

		if (!index_is_cached(index, archive->config->architecture))
			continue;
		load.repo = repo_create(archive->pool, index->source->suite);
		load.repo->appdata = index;
		load.repo->priority = index->is_not_automatic ? PRIORITY_NOT_AUTOMATIC : 0;
		if (index_each_solv(index, archive->config->architecture, load_one, &load) < 0)
			return -1;
	}
	return 0;
}

static void unload_indices(struct archive_pool *archive)
{
	Pool *pool = archive->pool;
	Repo *repo;
	int i;

	FOR_REPOS(i, repo)
		if (repo->appdata)
			repo_free(repo, 1);
}

/* Puts a package without needs of its own, but of the same name, version and provisions, into `present`. */
static void add_present(struct archive_pool *archive, Id original)
{
	Id copy = repo_add_solvable(archive->present);
	Solvable *from = pool_id2solvable(archive->pool, original), *to = pool_id2solvable(archive->pool, copy);
	Queue provides;

	to->name = from->name;
	to->evr = from->evr;
	to->arch = from->arch;
	queue_init(&provides);
	solvable_lookup_deparray(from, SOLVABLE_PROVIDES, &provides, 0);
	solvable_set_deparray(to, SOLVABLE_PROVIDES, &provides, 0);
	queue_free(&provides);
}

/* The newest version of each package that only scripts need; in one pass, for there are many packages. */
static void add_all_present(struct archive_pool *archive)
{
	Id names[ARRAY_SIZE(essential_scripts_only)], newest[ARRAY_SIZE(essential_scripts_only)] = {0}, p;
	Pool *pool = archive->pool;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		names[i] = pool_str2id(pool, essential_scripts_only[i], 0);
	FOR_POOL_SOLVABLES(p) {
		const Solvable *s = pool_id2solvable(pool, p);

		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			if (s->name == names[i] && (!newest[i] || pool_evrcmp(pool, s->evr,
								      pool_id2solvable(pool, newest[i])->evr, EVRCMP_COMPARE) > 0))
				newest[i] = p;
	}
	archive->present = repo_create(pool, "present");
	for (size_t i = 0; i < ARRAY_SIZE(newest); i++)
		if (newest[i])
			add_present(archive, newest[i]);
	pool_set_installed(pool, archive->present);
}

static int require_cached(const struct archive_pool *archive, struct dory_error *err)
{
	for (size_t i = 0; i < archive->list.count; i++)
		if (index_is_cached(&archive->list.indices[i], archive->config->architecture))
			return 0;
	error_set(err, DORY_ERROR_NOT_FOUND, "no package lists of Debian's archive are here");
	return error_hint(err, "Fetch them once without --offline.");
}

static int load(struct archive_pool *archive, enum debian_refresh refresh, struct dory_error *err)
{
	if (refresh == DEBIAN_OFFLINE)
		return require_cached(archive, err) < 0 ? -1 : load_indices(archive, err);
	if (refresh_indices(archive->config, &archive->list, refresh == DEBIAN_ALWAYS, err) < 0)
		return -1;
	if (load_indices(archive, err) == 0)
		return 0;
	if (err->kind != DORY_ERROR_FORMAT)
		return -1;
	unload_indices(archive); /* a broken index was removed, and is made again */
	return refresh_indices(archive->config, &archive->list, false, err) < 0 ? -1 : load_indices(archive, err);
}

/* libsolv asks who is in a name space: 0 for nobody, otherwise a place in its list of providers. */
static Id find_in_name_space(Pool *pool, void *archive, Id space, Id dependency)
{
	Queue found;
	Id place = 0;

	queue_init(&found);
	archive_find(archive, dependency, &found);
	if (found.count > 0)
		place = (Id)pool_queuetowhatprovides(pool, &found);
	queue_free(&found);
	return place;
}

Id archive_exactly(const struct archive_pool *archive, Id dependency)
{
	return pool_rel2id(archive->pool, pool_str2id(archive->pool, "deb:", 1), dependency, REL_NAMESPACE, 1);
}

Id archive_asked(const struct archive_pool *archive, Id exactly)
{
	const Reldep *relation = ISRELDEP(exactly) ? GETRELDEP(archive->pool, exactly) : NULL;

	return relation && relation->flags == REL_NAMESPACE ? relation->evr : 0;
}

int archive_pool_init(struct archive_pool *archive, const struct dory_config *config, enum debian_refresh refresh, Pool *pool,
    struct dory_error *err)
{
	*archive = (struct archive_pool){.config = config, .pool = pool};
	if (index_list_init(&archive->list, config, err) < 0)
		return -1;
	if (load(archive, refresh, err) < 0) {
		archive_pool_fini(archive);
		return -1;
	}
	add_all_present(archive);
	pool->nscallback = find_in_name_space;
	pool->nscallbackdata = archive;
	return 0;
}

void archive_pool_fini(struct archive_pool *archive)
{
	index_list_fini(&archive->list);
	*archive = (struct archive_pool){0};
}
