/* SPDX-License-Identifier: BSD-3-Clause */
/* A repository as a source of packages: listed from the index that is here, fetched by digest into the cache. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/digest.h"
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/fetch/fetch.h"
#include "dory/hub/layout.h"
#include "dory/package/archive.h"

enum { ARCHIVE_SIZE_MAX_SHIFT = 36 }; /* of one whose size nobody tells */

struct hub_package_source {
	struct package_source source;
	char *name, *url, *index_path, *cache, *proxy;
	bool is_offline, quiet;
};

static int list(struct package_source *source, struct package_list *list, struct dory_error *err)
{
	struct hub_package_source *s = (struct hub_package_source *)source;
	size_t length;
	char *text;
	int result;

	if (access(s->index_path, F_OK) < 0)
		return 0; /* it was never reached, which was told */
	if (file_read(s->index_path, HUB_INDEX_SIZE_MAX, &text, &length, err) < 0)
		return -1;
	result = hub_index_parse(s->name, text, length, source, list, err);
	free(text);
	return result;
}

static bool is_url(const char *file)
{
	return strncmp(file, "http://", 7) == 0 || strncmp(file, "https://", 8) == 0;
}

static const char *suffix_of(const char *file)
{
	return strstr(file, ".mpm") ? ".mpm" : ".dory";
}

/* By its digest, or by where it comes from if that is all there is to know it by. */
static char *cache_path(const struct hub_package_source *s, const struct package_entry *entry, const char *url)
{
	char digest[DIGEST_TEXT_SIZE];

	if (*entry->manifest.sha256)
		return text_format("%s/%s%s", s->cache, entry->manifest.sha256, suffix_of(entry->stem));
	digest_sha256(url, strlen(url), digest);
	return text_format("%s/url-%s%s", s->cache, digest, suffix_of(entry->stem));
}

static int download(const struct hub_package_source *s, const struct package_entry *entry, const char *url,
	const char *path, struct dory_error *err)
{
	const struct fetch_options options = {.proxy = s->proxy, .title = entry->manifest.name, .quiet = s->quiet};
	struct fetch_request request = {.url = url,
		.path = path,
		.sha256 = *entry->manifest.sha256 ? entry->manifest.sha256 : NULL,
		.size = entry->manifest.size,
		.limit = 1ull << ARCHIVE_SIZE_MAX_SHIFT};
	struct archive_facts facts;
	int result = fetch_all(&options, &request, 1, err);

	free(request.etag);
	free(request.modified);
	/* Without a digest at least it is a whole archive. */
	if (result == 0 && !request.sha256 && archive_check(path, &facts, err) < 0) {
		unlink(path);
		result = -1;
	}
	return result;
}

static int fetch(struct package_source *source, struct package_entry *entry, struct dory_error *err)
{
	struct hub_package_source *s = (struct hub_package_source *)source;
	char *url = is_url(entry->stem) ? text_copy(entry->stem) : text_format("%s/%s", s->url, entry->stem);
	char *path = cache_path(s, entry, url);
	bool is_here = access(path, F_OK) == 0;
	int result = file_make_directories(s->cache, err);

	/* What has no digest may have changed: it is fetched anew while that can be done. */
	if (result == 0 && s->is_offline && !is_here) {
		error_set(err, DORY_ERROR_NETWORK, "the package %s is not in the cache", entry->manifest.name);
		result = error_hint(err, "Fetch it once without --offline.");
	} else if (result == 0 && !s->is_offline && (!is_here || !*entry->manifest.sha256)) {
		result = download(s, entry, url, path, err);
	}
	free(url);
	if (result == 0)
		text_replace(&entry->path, path);
	else
		free(path);
	return result;
}

static void free_source(struct package_source *source)
{
	struct hub_package_source *s = (struct hub_package_source *)source;

	free(s->name);
	free(s->url);
	free(s->index_path);
	free(s->cache);
	free(s->proxy);
	free(s);
}

struct package_source *hub_source(const struct dory_config *config, const struct hub *hub, bool is_offline)
{
	struct hub_package_source *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->name = text_format("the repository %s", hub_title(hub));
	s->url = text_copy(hub->url);
	s->index_path = hub_index_path(config->root, hub->name);
	s->cache = text_format("%s/cache/archives", config->root);
	s->proxy = text_copy(config->proxy);
	s->is_offline = is_offline;
	s->quiet = config->quiet;
	s->source = (struct package_source){
		.name = s->url, .has_checked_digests = true, .list = list, .fetch = fetch, .free = free_source};
	return &s->source;
}
