/* SPDX-License-Identifier: BSD-3-Clause */
/* The cached .solv files become repos of a pool; names are looked up there. */
#include "archive_pool.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <solv/chksum.h>
#include <solv/evr.h>
#include <solv/knownid.h>
#include <solv/transaction.h>
#include <solv/util.h>
#include "essential.h"
#include "refresh.h"
#include "solv_file.h"
#include "dory/base/text.h"

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

/* The digest and place of one chosen package. */
static int describe(Solvable *s, struct debian_package *package, struct dory_error *err)
{
	const struct index *index = s->repo->appdata;
	Pool *pool = s->repo->pool;
	Id type = 0;
	unsigned int media;
	const char *digest = solvable_lookup_checksum(s, SOLVABLE_CHECKSUM, &type);
	const char *location = solvable_lookup_location(s, &media);

	package->name = text_copy(pool_id2str(pool, s->name));
	package->version = text_copy(pool_id2str(pool, s->evr));
	package->architecture = text_copy(pool_id2str(pool, s->arch));
	package->size = solvable_lookup_num(s, SOLVABLE_DOWNLOADSIZE, 0);
	if (!digest || type != REPOKEY_TYPE_SHA256 || !location || package->size == 0)
		return error_set(err, DORY_ERROR_FORMAT, "the index of %s says no SHA-256 digest, size or place of the package %s",
		    index->source->uri, package->name);
	memcpy(package->sha256, digest, sizeof(package->sha256));
	package->url = text_format("%s/%s", index->source->uri, strncmp(location, "./", 2) == 0 ? location + 2 : location);
	return 0;
}

static int compare_names(const void *a, const void *b, void *context)
{
	Pool *pool = context;
	const Solvable *s = pool_id2solvable(pool, *(const Id *)a), *t = pool_id2solvable(pool, *(const Id *)b);

	return strcmp(pool_id2str(pool, s->name), pool_id2str(pool, t->name));
}

/* In an order that depends on nothing but the packages: by name, then dependencies before what needs them. */
static Transaction *in_order(const struct archive_pool *archive, const Queue *solvables)
{
	Transaction *transaction;
	Queue ours;

	queue_init(&ours);
	for (int i = 0; i < solvables->count; i++)
		if (pool_id2solvable(archive->pool, solvables->elements[i])->repo->appdata)
			queue_push(&ours, solvables->elements[i]);
	solv_sort(ours.elements, (size_t)ours.count, sizeof(Id), compare_names, archive->pool);
	transaction = transaction_create_decisionq(archive->pool, &ours, NULL);
	transaction_order(transaction, 0);
	queue_free(&ours);
	return transaction;
}

int archive_take(const struct archive_pool *archive, const Queue *solvables, struct debian_set *set, struct dory_error *err)
{
	Transaction *transaction = in_order(archive, solvables);
	int result = 0;

	for (int i = 0; i < transaction->steps.count && result == 0; i++) {
		Solvable *s = pool_id2solvable(archive->pool, transaction->steps.elements[i]);

		if (s->repo->appdata)
			result = describe(s, array_push(&set->packages, &set->count, sizeof(*set->packages)), err);
	}
	transaction_free(transaction);
	return result;
}
