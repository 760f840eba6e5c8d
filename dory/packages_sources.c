/* SPDX-License-Identifier: BSD-3-Clause */
/* Where packages come from: the store, directories, repositories. */
#include <stdlib.h>
#include <string.h>
#include "dory/base/digest.h"
#include "dory/base/text.h"
#include "dory/hub/layout.h"
#include "dory/packages.h"

/* A tag becomes a part of URLs and of a folder's name. */
#define RELEASE_SIGNS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

static enum hub_refresh refresh_of(enum dory_refresh refresh)
{
	return refresh == DORY_REFRESH_NOW ? HUB_ALWAYS : refresh == DORY_REFRESH_NEVER ? HUB_OFFLINE : HUB_IF_OLD;
}

/* "capstan+https://HOST/": a repository for this once, which nothing but its cached index is kept of. */
static bool read_url(const char *word, struct hub *hub)
{
	const struct hub_layout *layout = hub_layout_find("dory");
	const char *url = word, *plus = strchr(word, '+'), *scheme = strstr(word, "://");
	char digest[DIGEST_TEXT_SIZE], *name = NULL;

	if (!scheme)
		return false;
	if (plus && plus < scheme) {
		name = text_copy_n(word, (size_t)(plus - word));
		layout = hub_layout_find(name);
		url = plus + 1;
		free(name);
	}
	if (!layout)
		return false;
	digest_sha256(word, strlen(word), digest);
	*hub = (struct hub){.name = text_format("url-%.16s", digest), .url = text_copy(url), .is_unnamed = true, .layout = layout};
	for (size_t length = strlen(hub->url); length > 0 && hub->url[length - 1] == '/'; length--)
		hub->url[length - 1] = '\0';
	return true;
}

static int add_urls(const struct packages_sources *wanted, struct hub_list *hubs, struct dory_error *err)
{
	struct hub hub;

	for (size_t i = 0; i < wanted->from_count; i++) {
		if (!read_url(wanted->from[i], &hub))
			continue;
		if (hub_check(hub.name, hub.url, err) < 0) {
			hub_release(&hub);
			return -1;
		}
		*(struct hub *)array_push(&hubs->hubs, &hubs->count, sizeof(hub)) = hub;
	}
	return 0;
}

/* One release's index is not that of all. */
static void choose_release(const char *release, struct hub_list *hubs)
{
	for (size_t i = 0; i < hubs->count && release && strcmp(release, "any") != 0; i++) {
		struct hub *hub = &hubs->hubs[i];

		if (hub->layout != hub_layout_find("github"))
			continue;
		hub->release = release;
		text_replace(&hub->name, text_format("%s@%s", hub->name, release));
	}
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

/* By the name that it was added under. */
static bool is_known(const struct hub_list *hubs, const char *name)
{
	for (size_t i = 0; i < hubs->count; i++) {
		size_t length = strcspn(hubs->hubs[i].name, "@");

		if (strlen(name) == length && strncmp(name, hubs->hubs[i].name, length) == 0)
			return true;
	}
	return false;
}

static size_t add_sources(
	const struct dory_config *config, const struct packages_sources *wanted, const struct hub_list *hubs, struct package_source **all)
{
	size_t count = 0;

	if (wanted->with_store)
		all[count++] = package_store_source(config->root);
	for (size_t i = 0; i < wanted->from_count; i++)
		if (!strstr(wanted->from[i], "://") && !is_known(hubs, wanted->from[i]))
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

	if (wanted->release && wanted->release[strspn(wanted->release, RELEASE_SIGNS)])
		return error_set(err, DORY_ERROR_USAGE, "'%.40s' cannot be the tag of a release", wanted->release);
	*list = (struct package_list){0};
	*sources = NULL;
	if ((wanted->with_repositories || wanted->from_count > 0) && hub_list_read(config->root, &hubs, err) < 0)
		return -1;
	choose(wanted, &hubs);
	if (add_urls(wanted, &hubs, err) < 0) {
		hub_list_release(&hubs);
		return -1;
	}
	choose_release(wanted->release, &hubs);
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
