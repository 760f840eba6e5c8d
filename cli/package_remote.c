/* SPDX-License-Identifier: BSD-3-Clause */
/* Packages of repositories, and of directories that are named: searching, fetching, bringing up to date. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/package.h"
#include "dory/base/text.h"
#include "dory/package/store.h"
#include "dory/packages.h"

/* What the repositories and directories have that are to be asked; without any it is an error. */
static int open_remote(const struct dory_config *config, struct package_list *list, struct package_source ***sources,
	struct dory_error *err)
{
	const struct packages_sources wanted = {.with_repositories = true,
		.from = package_values.sources.words,
		.from_count = package_values.sources.count,
		.release = package_values.release,
		.refresh = settings_refresh(&package_values.settings)};

	if (packages_sources_open(config, &wanted, sources, list, err) < 0)
		return -1;
	if (**sources)
		return 0;
	packages_sources_close(*sources);
	error_set(err, DORY_ERROR_USAGE, "no repository is known to fetch packages from");
	return error_hint(err, "Add one with `dory repo add NAME URL`, or name a directory that has packages with --from DIR.");
}

/* Without repositories what is here can be searched. */
int package_search(struct invocation *invocation, const struct dory_config *config, struct dory_error *err)
{
	const struct word_list *operands = &invocation->words.operands;
	struct packages_sources wanted = {.with_repositories = true,
		.from = package_values.sources.words,
		.from_count = package_values.sources.count,
		.release = package_values.release,
		.refresh = settings_refresh(&package_values.settings)};
	struct package_source **sources;
	struct package_list list;

	if (packages_sources_open(config, &wanted, &sources, &list, err) < 0)
		return -1;
	if (!*sources) {
		packages_sources_close(sources);
		wanted.with_store = true;
		if (packages_sources_open(config, &wanted, &sources, &list, err) < 0)
			return -1;
	}
	package_print_list(&list, operands->count ? operands->words[0] : NULL);
	package_list_release(&list);
	packages_sources_close(sources);
	return 0;
}

/* Into the store from the sources beside it. */
static int take(const struct dory_config *config, struct package_entry *entry, struct dory_error *err)
{
	char *file;

	if (entry->source->fetch(entry->source, entry, err) < 0 || package_store_put_archive(config->root, entry->path, &file, err) < 0)
		return -1;
	free(file);
	return 0;
}

static char *source_names(struct package_source *const *sources)
{
	struct text_list names = {0};
	char *joined;

	for (; *sources; sources++)
		text_list_add(&names, (*sources)->name);
	joined = text_list_join(&names, ", ");
	text_list_release(&names);
	return joined;
}

int package_pull(struct invocation *invocation, const struct dory_config *config, struct dory_error *err)
{
	const char *word = invocation->words.operands.words[0];
	struct package_source **sources;
	struct package_list list;
	struct package_entry *entry;
	int result;

	if (open_remote(config, &list, &sources, err) < 0)
		return -1;
	result = package_list_get(&list, word, &entry, err);
	if (result < 0) {
		char *names = source_names(sources), *hint = text_copy(err->hint);

		error_set(err, DORY_ERROR_NOT_FOUND, "package %s is not available in the given repository (%s)", word, names);
		error_hint(err, "%s", strncmp(hint, "Did you mean", 12) == 0 ? hint : "`dory package search` lists what there is.");
		free(names);
		free(hint);
	} else {
		result = take(config, entry, err);
	}
	package_list_release(&list);
	packages_sources_close(sources);
	return result;
}

static bool is_newer(const struct package_manifest *remote, const struct package_manifest *local)
{
	int order = package_version_compare(remote->version, local->version);

	return order > 0 || (order == 0 && package_values.created && strcmp(remote->created, local->created) > 0);
}

static int update_one(const struct dory_config *config, struct package_list *remote,
	const struct package_entry *local, size_t number,
	size_t count, size_t *updated, struct dory_error *err)
{
	struct package_entry *entry = package_list_find(remote, local->manifest.name, NULL);
	bool is_update = entry && is_newer(&entry->manifest, &local->manifest);

	if (package_values.settings.verbose)
		printf("[%02zu/%02zu] %-50s", number, count, local->manifest.name);
	if (package_values.settings.verbose && !is_update)
		printf("... %s\n", entry ? "already latest" : "package does not exist in remote repository");
	if (!is_update)
		return 0;
	if (package_values.settings.verbose)
		printf("... updating %s -> %s\n", local->manifest.version, entry->manifest.version);
	++*updated;
	return take(config, entry, err);
}

static int update_all(const struct dory_config *config, struct package_list *local, struct package_list *remote,
	const char *substring,
	struct dory_error *err)
{
	struct package_entry **found = calloc(local->count + 1, sizeof(*found));
	size_t count = 0, updated = 0;
	int result = 0;

	if (!found)
		abort();
	for (size_t i = 0; i < local->count; i++) {
		struct package_entry *entry = &local->entries[i];

		/* Of several versions the highest is what an update is measured by. */
		if ((!substring || strstr(entry->manifest.name, substring)) && package_list_find(local, entry->manifest.name, NULL) == entry)
			found[count++] = entry;
	}
	for (size_t i = 0; i < count && result == 0; i++)
		result = update_one(config, remote, found[i], i + 1, count, &updated, err);
	if (result == 0)
		printf("Updated %zu packages (out of %zu that were found locally)\n", updated, count);
	free(found);
	return result;
}

int package_update(struct invocation *invocation, const struct dory_config *config, struct dory_error *err)
{
	const struct word_list *operands = &invocation->words.operands;
	const struct packages_sources wanted = {.with_store = true};
	struct package_source **sources, **local_sources;
	struct package_list local, remote;
	int result;

	if (open_remote(config, &remote, &sources, err) < 0)
		return -1;
	result = packages_sources_open(config, &wanted, &local_sources, &local, err);
	if (result == 0) {
		result = update_all(config, &local, &remote, operands->count ? operands->words[0] : NULL, err);
		package_list_release(&local);
		packages_sources_close(local_sources);
	}
	package_list_release(&remote);
	packages_sources_close(sources);
	return result;
}
