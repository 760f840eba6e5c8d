/* SPDX-License-Identifier: BSD-3-Clause */
/* Layouts without an index: their manifests are fetched one by one. */
#include <stdlib.h>
#include <string.h>
#include "dory/base/file.h"
#include "dory/base/progress.h"
#include "dory/base/text.h"
#include "dory/fetch/fetch.h"
#include "dory/hub/layout.h"

void hub_listing_add(struct hub_listing *listing, const char *manifest_url, const char *archive, uint64_t size)
{
	*(struct hub_listed *)array_push(&listing->items, &listing->count, sizeof(struct hub_listed)) =
		(struct hub_listed){
			.manifest_url = text_copy(manifest_url), .archive = text_copy(archive), .size = size};
}

void hub_listing_release(struct hub_listing *listing)
{
	for (size_t i = 0; i < listing->count; i++) {
		free(listing->items[i].manifest_url);
		free(listing->items[i].archive);
	}
	free(listing->items);
	*listing = (struct hub_listing){0};
}

/* A manifest that is not one is skipped, as Capstan does, but not in silence. */
static void add(struct hub_index *index, const struct hub_listed *listed, const struct fetch_request *request)
{
	struct package_manifest manifest;
	struct dory_error err;

	if (request->outcome == FETCH_FAILED) {
		progress_warning("%s; the package is left out", request->error.message);
	} else if (package_manifest_read(request->path, true, &manifest, &err) < 0) {
		progress_warning("%s: %s; the package is left out", listed->manifest_url, err.message);
	} else {
		hub_index_add(index, &manifest, listed->archive, manifest.size ? manifest.size : listed->size,
			manifest.sha256);
		package_manifest_release(&manifest);
	}
}

int hub_listing_index(const struct dory_config *config, const struct hub_listing *listing, const char *directory,
	char **text, size_t *length, struct dory_error *err)
{
	const struct fetch_options options = {.proxy = config->proxy, .title = "manifests", .quiet = config->quiet};
	struct fetch_request *requests = calloc(listing->count + 1, sizeof(*requests));
	char *below = text_format("%s/manifests", directory);
	struct hub_index *index = hub_index_new();
	struct dory_error ignored;
	int result = file_make_directories(below, err);

	if (!requests)
		abort();
	for (size_t i = 0; i < listing->count; i++)
		requests[i] = (struct fetch_request){.url = listing->items[i].manifest_url,
			.path = text_format("%s/%zu.yaml", below, i),
			.limit = MANIFEST_SIZE_MAX};
	if (result == 0) {
		(void)!fetch_all(&options, requests, listing->count, &ignored); /* each is told of below */
		for (size_t i = 0; i < listing->count; i++)
			add(index, &listing->items[i], &requests[i]);
	}
	for (size_t i = 0; i < listing->count; i++) {
		free((char *)requests[i].path);
		free(requests[i].etag);
		free(requests[i].modified);
	}
	free(requests);
	*text = hub_index_finish(index, NULL);
	*length = strlen(*text);
	if (file_remove_tree(below, &ignored) < 0)
		progress_warning("%s", ignored.message);
	free(below);
	return result;
}
