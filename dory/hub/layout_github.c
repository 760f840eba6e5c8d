/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Releases of a repository at GitHub, or at whatever answers as its REST API ("List releases"): URL/releases is a JSON array of releases with
 * assets. A package is the first release's that has NAME.yaml and NAME.mpm, NAME.mpm.x86_64 or NAME.dory.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/base/text_list.h"
#include "dory/hub/layout.h"

static const char *member(const json_t *asset, const char *key)
{
	const char *text = json_string_value(json_object_get(asset, key));

	return text ? text : "";
}

static const json_t *archive_of(const json_t *assets, const char *stem, size_t length)
{
	static const char *const suffixes[] = {".dory", ".mpm", ".mpm.x86_64"};
	const json_t *asset;
	size_t i;

	for (size_t k = 0; k < ARRAY_SIZE(suffixes); k++)
		json_array_foreach(
			assets, i, asset) if (strncmp(member(asset, "name"), stem, length) == 0 &&
					      strcmp(member(asset, "name") + length, suffixes[k]) == 0) return asset;
	return NULL;
}

static void take_release(const json_t *release, struct text_list *seen, struct hub_listing *listing)
{
	const json_t *assets = json_object_get(release, "assets"), *asset, *archive;
	size_t i;

	json_array_foreach(assets, i, asset)
	{
		const char *name = member(asset, "name"), *end = strrchr(name, '.');

		if (!end || strcmp(end, ".yaml") != 0 || text_list_has(seen, name))
			continue;
		archive = archive_of(assets, name, (size_t)(end - name));
		if (!archive)
			continue;
		text_list_add(seen, name);
		hub_listing_add(listing, member(asset, "browser_download_url"), member(archive, "browser_download_url"),
			(uint64_t)json_integer_value(json_object_get(archive, "size")));
	}
}

static char *releases_url(const struct hub *hub)
{
	if (!hub->release)
		return text_format("%s/releases", hub->url);
	if (strcmp(hub->release, "latest") == 0)
		return text_format("%s/releases/latest", hub->url);
	return text_format("%s/releases/tags/%s", hub->url, hub->release);
}

static int refresh(const struct dory_config *config, const struct hub *hub, const char *directory, char **text,
	size_t *length, struct dory_error *err)
{
	char *url = releases_url(hub), *answer;
	struct hub_listing listing = {0};
	struct text_list seen = {0};
	size_t answer_length, i;
	json_t *releases = NULL;
	const json_t *release;
	int result = hub_fetch_text(config, url, directory, &answer, &answer_length, err);

	if (result == 0) {
		releases = json_loadb(answer, answer_length, 0, NULL);
		free(answer);
		if (hub->release ? !json_is_object(releases) : !json_is_array(releases))
			result = error_set(err, DORY_ERROR_FORMAT, "%s does not answer with %s", url,
				hub->release ? "a release" : "a list of releases");
	}
	if (result == 0 && hub->release)
		take_release(releases, &seen, &listing);
	json_array_foreach(releases, i, release)
		take_release(release, &seen, &listing);
	if (result == 0)
		result = hub_listing_index(config, &listing, directory, text, length, err);
	json_decref(releases);
	hub_listing_release(&listing);
	text_list_release(&seen);
	free(url);
	return result;
}

const struct hub_layout hub_layout_github = {.name = "github", .refresh = refresh};
