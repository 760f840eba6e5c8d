/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Resolutions that were made, in <root>/cache/resolved/DIGEST: the digest of names, sources and the state of their
 * indices (debian_fingerprint), as long as that is the same the solution is, too. The first line is the choice that was made beside, or
 * empty, then comes a line for each package, fields separated by tabs. Who composes again and again waits for no resolution, and needs no network.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/parts.h"

enum { FIELDS = 7, SIZE_MAX_BYTES = 1 << 24, AGE_MAX_S = 3600 /* then the indices' age is looked at again */ };

static char *cache_path(const struct dory_config *config, const char *const *names, size_t count)
{
	struct dory_error ignored;
	char digest[65];

	if (debian_fingerprint(config, names, count, digest, &ignored) < 0)
		return NULL;
	return text_format("%s/cache/resolved/%s", config->root, digest);
}

static bool is_fresh(const char *path, enum dory_refresh refresh)
{
	struct stat st;

	if (refresh == DORY_REFRESH_NOW || stat(path, &st) < 0)
		return false;
	return refresh == DORY_REFRESH_NEVER || (st.st_mtime <= time(NULL) && time(NULL) - st.st_mtime < AGE_MAX_S);
}

static bool take_line(char *line, struct debian_package *package)
{
	char *fields[FIELDS];
	struct stat st;

	for (size_t i = 0; i < FIELDS; i++) {
		fields[i] = strsep(&line, "\t");
		if (!fields[i])
			return false;
	}
	*package = (struct debian_package){.name = text_copy(fields[0]),
		.version = text_copy(fields[1]),
		.architecture = text_copy(fields[2]),
		.url = text_copy(fields[3]),
		.size = strtoull(fields[5], NULL, 10),
		.path = text_copy(fields[6])};
	text_cut_to(package->sha256, sizeof(package->sha256), fields[4]);
	return stat(package->path, &st) == 0 && (uint64_t)st.st_size == package->size;
}

static bool take_lines(char *text, char **choice, struct debian_set *set)
{
	char *first = strsep(&text, "\n");

	for (char *line; text && *text;) {
		line = strsep(&text, "\n");
		if (!take_line(line, array_push(&set->packages, &set->count, sizeof(*set->packages)))) {
			debian_set_release(set);
			return false;
		}
	}
	if (choice)
		*choice = text_copy(first);
	return set->count > 0 || *first;
}

bool resolved_find(const struct dory_config *config, const char *const *names, size_t count, enum dory_refresh refresh, char **choice,
	struct debian_set *set)
{
	char *path = cache_path(config, names, count), *text;
	struct dory_error ignored;
	bool is_found = false;
	size_t length;

	if (path && is_fresh(path, refresh) && file_read(path, SIZE_MAX_BYTES, &text, &length, &ignored) == 0) {
		is_found = take_lines(text, choice, set);
		free(text);
	}
	free(path);
	return is_found;
}

void resolved_keep(const struct dory_config *config, const char *const *names, size_t count, const char *choice, const struct debian_set *set)
{
	char *path = cache_path(config, names, count), *directory = text_format("%s/cache/resolved", config->root);
	struct text_buffer text = {0};
	struct dory_error ignored;

	text_append_format(&text, "%s\n", choice ? choice : "");
	for (size_t i = 0; i < set->count; i++) {
		const struct debian_package *package = &set->packages[i];

		text_append_format(&text, "%s\t%s\t%s\t%s\t%s\t%llu\t%s\n", package->name, package->version, package->architecture,
			package->url, package->sha256, (unsigned long long)package->size, package->path);
	}
	if (path && file_make_directories(directory, &ignored) == 0 && file_replace(path, text.text, text.length, &ignored) < 0)
		remove(path); /* a cache that cannot be written is none */
	free(text.text);
	free(directory);
	free(path);
}
