/* SPDX-License-Identifier: BSD-3-Clause */
/* Packages into <root>/cache/debian/packages/NAME_VERSION_ARCH-DIGEST.deb, each once for all who use the cache. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "debian.h"
#include "dory/base/file.h"
#include "dory/base/progress.h"
#include "dory/base/text.h"
#include "dory/fetch/fetch.h"

enum { DIGEST_SHOWN = 16 };

/* A ':' of an epoch is written as apt does. Names come from an index that others signed, so they get no '/' here. */
static char *cache_path(const char *directory, const struct debian_package *package)
{
	struct text_buffer name = {0};
	char *path;

	for (const char *c = package->version; *c; c++)
		text_append_format(&name, *c == ':' ? "%%3a" : "%c", *c == '/' ? '_' : *c);
	path = text_format("%s/%s_%s_%s-%.*s.deb", directory, package->name, name.text ? name.text : "", package->architecture,
	    DIGEST_SHOWN, package->sha256);
	for (char *c = path + strlen(directory) + 1; *c; c++)
		*c = *c == '/' ? '_' : *c;
	free(name.text);
	return path;
}

/* A file gets its name only when its digest was found right, so its size is enough here. */
static bool is_there(const char *path, const struct debian_package *package)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && (uint64_t)status.st_size == package->size;
}

bool debian_package_is_cached(const struct dory_config *config, const struct debian_package *package)
{
	char *directory = text_format("%s/cache/debian/packages", config->root), *path = cache_path(directory, package);
	bool is_cached = is_there(path, package);

	free(path);
	free(directory);
	return is_cached;
}

static size_t count_missing(char *const *paths, const struct debian_set *set)
{
	size_t count = 0;

	for (size_t i = 0; i < set->count; i++)
		count += !is_there(paths[i], &set->packages[i]);
	return count;
}

static int fetch_missing(const struct dory_config *config, char *const *paths, const struct debian_set *set,
    struct dory_error *err)
{
	struct fetch_request *requests = NULL;
	size_t count = 0;
	char *title;
	int result;

	for (size_t i = 0; i < set->count; i++) {
		const struct debian_package *package = &set->packages[i];
		struct fetch_request *request;

		if (is_there(paths[i], package))
			continue;
		request = array_push(&requests, &count, sizeof(*request));
		request->url = package->url;
		request->path = paths[i];
		request->sha256 = package->sha256;
		request->size = package->size;
	}
	title = text_format("%zu package%s", count, count == 1 ? "" : "s");
	result = fetch_all(
	    &(struct fetch_options){.proxy = config->proxy, .title = title, .quiet = config->quiet}, requests, count, err);
	free(title);
	for (size_t i = 0; i < count; i++) {
		free(requests[i].etag);
		free(requests[i].modified);
	}
	free(requests);
	return result;
}

static void say_waiting(const char *path)
{
	progress_note("waiting for another dory that downloads packages");
}

/* Under the lock, so that two processes do not write one unfinished file. */
static int fetch_locked(const struct dory_config *config, const char *directory, char *const *paths,
    const struct debian_set *set, struct dory_error *err)
{
	char *lock_path = text_format("%s/lock", directory);
	int lock, result;

	result = file_make_directories(directory, err);
	if (result == 0)
		result = file_lock(lock_path, config->quiet ? NULL : say_waiting, &lock, err);
	free(lock_path);
	if (result < 0)
		return -1;
	result = fetch_missing(config, paths, set, err);
	close(lock);
	return result;
}

int debian_fetch(const struct dory_config *config, struct debian_set *set, struct dory_error *err)
{
	char *directory = text_format("%s/cache/debian/packages", config->root), **paths = NULL;
	size_t count = 0;
	int result = 0;

	for (size_t i = 0; i < set->count; i++)
		*(char **)array_push(&paths, &count, sizeof(*paths)) = cache_path(directory, &set->packages[i]);
	if (count_missing(paths, set) > 0)
		result = fetch_locked(config, directory, paths, set, err);
	for (size_t i = 0; i < set->count; i++)
		if (result == 0)
			text_replace(&set->packages[i].path, paths[i]);
		else
			free(paths[i]);
	free(paths);
	free(directory);
	return result;
}
