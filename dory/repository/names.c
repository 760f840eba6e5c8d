/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of packages in the cached indices, for who completes words. */
#include <solv/pool.h>
#include <stdlib.h>
#include <string.h>
#include "debian.h"
#include "dory/base/text.h"
#include "index.h"
#include "solv_file.h"

static int load(const char *path, bool is_optional, void *context)
{
	Pool *pool = context;
	Repo *repo = repo_create(pool, path);
	struct dory_error ignored;

	if (solv_file_load(path, repo, &ignored) < 0)
		repo_free(repo, 1); /* what cannot be read has no names */
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void tell_names(Pool *pool, const char *prefix, void (*use)(void *context, const char *name), void *context)
{
	const char **names = NULL;
	size_t count = 0;
	Id p;

	FOR_POOL_SOLVABLES(p)
	{
		const char *name = pool_id2str(pool, pool_id2solvable(pool, p)->name);

		if (strncmp(name, prefix, strlen(prefix)) == 0)
			*(const char **)array_push(&names, &count, sizeof(*names)) = name;
	}
	if (count > 1)
		qsort(names, count, sizeof(*names), compare);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
			use(context, names[i]);
	}
	free(names);
}

int debian_each_name(const struct dory_config *config, const char *prefix, void (*use)(void *context, const char *name), void *context,
	struct dory_error *err)
{
	struct index_list list;
	Pool *pool;

	if (index_list_init(&list, config, err) < 0)
		return -1;
	pool = solv_pool_new(config->architecture);
	for (size_t i = 0; i < list.count; i++) {
		if (index_is_cached(&list.indices[i], config->architecture))
			index_each_solv(&list.indices[i], config->architecture, load, pool);
	}
	tell_names(pool, prefix, use, context);
	pool_free(pool);
	index_list_fini(&list);
	return 0;
}
