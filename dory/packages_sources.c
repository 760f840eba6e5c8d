/* SPDX-License-Identifier: BSD-3-Clause */
/* Where packages come from: the store, directories, repositories. */
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/hub/hub.h"
#include "dory/packages.h"

static enum hub_refresh refresh_of(enum dory_refresh refresh)
{
	return refresh == DORY_REFRESH_NOW ? HUB_ALWAYS : refresh == DORY_REFRESH_NEVER ? HUB_OFFLINE : HUB_IF_OLD;
}

/* The repositories that are asked: those that were named, otherwise all. */
static void choose(const struct packages_sources *wanted, struct hub_list *hubs)
{
	size_t kept = 0;

	if (wanted->from_count == 0 && wanted->with_repositories)
		return;
	for (size_t i = 0; i < hubs->count; i++) {
		bool is_named = false;

		for (size_t k = 0; k < wanted->from_count; k++)
			is_named = is_named || strcmp(wanted->from[k], hubs->hubs[i].name) == 0;
		if (is_named)
			hubs->hubs[kept++] = hubs->hubs[i];
		else
			hub_release(&hubs->hubs[i]);
	}
	hubs->count = kept;
}

static size_t add_sources(
	const struct dory_config *config, const struct packages_sources *wanted, const struct hub_list *hubs, struct package_source **all)
{
	size_t count = 0;

	if (wanted->with_store)
		all[count++] = package_store_source(config->root);
	for (size_t i = 0; i < wanted->from_count; i++)
		if (!hub_list_find(hubs, wanted->from[i]))
			all[count++] = package_directory_source(wanted->from[i]);
	for (size_t i = 0; i < hubs->count; i++)
		all[count++] = hub_source(config, &hubs->hubs[i], wanted->refresh == DORY_REFRESH_NEVER);
	return count;
}

int packages_sources_open(const struct dory_config *config, const struct packages_sources *wanted, struct package_source ***sources,
	struct package_list *list, struct dory_error *err)
{
	struct package_source **all;
	struct hub_list hubs = {0};
	size_t count;
	int result;

	*list = (struct package_list){0};
	*sources = NULL;
	if ((wanted->with_repositories || wanted->from_count > 0) && hub_list_read(config->root, &hubs, err) < 0)
		return -1;
	choose(wanted, &hubs);
	all = calloc(hubs.count + wanted->from_count + 2, sizeof(*all));
	if (!all)
		abort();
	result = hub_refresh_all(config, &hubs, refresh_of(wanted->refresh), err);
	count = add_sources(config, wanted, &hubs, all);
	for (size_t i = 0; i < count && result == 0; i++)
		result = all[i]->list(all[i], list, err);
	hub_list_release(&hubs);
	if (result < 0) {
		package_list_release(list);
		packages_sources_close(all);
		return -1;
	}
	*sources = all;
	return 0;
}

void packages_sources_close(struct package_source **sources)
{
	for (struct package_source **s = sources; s && *s; s++)
		package_source_free(*s);
	free(sources);
}
