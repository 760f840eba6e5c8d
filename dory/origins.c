/* SPDX-License-Identifier: BSD-3-Clause */
/* Which source each file of an image came from: the manifest tells, as long as nobody else wrote to the disk. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/compose/manifest.h"
#include "dory/content/content.h"
#include "dory/image_tools.h"

/* The record's path, made from its parents'; `paths` has those of the records before. */
static char *record_path(const struct manifest *manifest, char *const *paths, size_t index)
{
	const struct manifest_record *record = &manifest->records[index];
	const char *parent;

	if (index == 0)
		return text_copy("/");
	parent = paths[record->parent];
	return text_format("%s/%s", strcmp(parent, "/") == 0 ? "" : parent, manifest_text(manifest, record->name));
}

/* Both are in the same order. */
static void match(const struct manifest *manifest, const struct content_list *list, uint32_t *origins)
{
	char **paths = calloc(manifest->count, sizeof(*paths));
	size_t entry = 0;

	if (!paths)
		abort();
	for (size_t i = 0; i < manifest->count; i++) {
		paths[i] = record_path(manifest, paths, i);
		while (entry < list->count && content_path_compare(list->entries[entry].path, paths[i]) < 0)
			entry++;
		if (entry < list->count && strcmp(list->entries[entry].path, paths[i]) == 0)
			origins[entry] = manifest->records[i].source;
	}
	for (size_t i = 0; i < manifest->count; i++)
		free(paths[i]);
	free(paths);
}

uint32_t *dory_image_origins(const struct image *image, const struct content_list *list)
{
	char *path = text_format("%s.manifest", image->disk_path);
	int fd = open(image->disk_path, O_RDONLY | O_CLOEXEC);
	struct manifest manifest;
	uint32_t *origins = NULL;

	if (fd >= 0 && manifest_open(path, fd, &manifest)) {
		origins = calloc(list->count + 1, sizeof(*origins));
		if (!origins)
			abort();
		match(&manifest, list, origins);
		manifest_close(&manifest);
	}
	if (fd >= 0)
		close(fd);
	free(path);
	return origins;
}
