/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of packages. */
#include <stdlib.h>
#include <string.h>
#include "dory/base/near_names.h"
#include "dory/base/text.h"
#include "dory/package/source.h"

void package_entry_release(struct package_entry *entry)
{
	package_manifest_release(&entry->manifest);
	free(entry->stem);
	free(entry->path);
	*entry = (struct package_entry){0};
}

void package_list_release(struct package_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		package_entry_release(&list->entries[i]);
	free(list->entries);
	*list = (struct package_list){0};
}

void package_source_free(struct package_source *source)
{
	if (source)
		source->free(source);
}

struct package_entry *package_list_find(const struct package_list *list, const char *name, const char *version)
{
	struct package_entry *best = NULL;

	for (size_t i = 0; i < list->count; i++) {
		struct package_entry *entry = &list->entries[i];

		if (strcmp(entry->manifest.name, name) != 0 || (version && strcmp(entry->manifest.version, version) != 0))
			continue;
		if (!best || package_version_compare(entry->manifest.version, best->manifest.version) > 0)
			best = entry;
	}
	return best;
}

static int explain_missing(const struct package_list *list, const char *name, const char *version, struct dory_error *err)
{
	struct text_buffer versions = {0};
	struct near_names near = {0};

	for (size_t i = 0; i < list->count; i++) {
		const struct package_manifest *manifest = &list->entries[i].manifest;

		near_names_offer(&near, name, manifest->name);
		if (strcmp(manifest->name, name) == 0)
			text_append_format(&versions, "%s%s", versions.length ? ", " : "",
				*manifest->version ? manifest->version : "one without a version");
	}
	if (versions.length) {
		error_set(err, DORY_ERROR_NOT_FOUND, "Package %s does not exist in your local repository in the version %s", name, version);
		error_hint(err, "There is %.400s.", versions.text);
	} else {
		error_set(err, DORY_ERROR_NOT_FOUND, "Package %s does not exist in your local repository", name);
		error_hint(err, "Pull it using 'dory package pull %s'.", name);
		near_names_hint(&near, err);
	}
	free(versions.text);
	return -1;
}

int package_list_get(const struct package_list *list, const char *word, struct package_entry **entry, struct dory_error *err)
{
	const char *equals = strchr(word, '=');
	char *name = text_copy_n(word, equals ? (size_t)(equals - word) : strlen(word));
	int result = 0;

	*entry = package_list_find(list, name, equals ? equals + 1 : NULL);
	if (!*entry)
		result = explain_missing(list, name, equals ? equals + 1 : NULL, err);
	free(name);
	return result;
}
