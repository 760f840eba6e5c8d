/* SPDX-License-Identifier: BSD-3-Clause */
/* Packages as directories, and from one format into the other by way of one. */
#include <stdlib.h>
#include <sys/stat.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/compose/compose.h"
#include "dory/package/archive.h"

static int unpack(const char *path, const char *to, bool with_special_modes, struct dory_error *err)
{
	const struct compose_source source = {.kind = COMPOSE_PACKAGE, .path = path, .with_meta = true};
	char *temporary = text_format("%s/", to);
	const struct compose_request request = {.image_path = temporary,
		.sources = &source,
		.source_count = 1,
		.is_bare = true,
		.with_special_modes = with_special_modes,
		.quiet = true};
	int result = compose_on_disk(&request, to, err);

	free(temporary);
	return result;
}

int archive_unpack(const char *path, const char *to, struct dory_error *err)
{
	return file_make_directories(to, err) < 0 ? -1 : unpack(path, to, false, err);
}

/* The folder is closed to others while files lie there that run as their owner; what is packed of it is its usual mode. */
static int repack(const char *from, const char *folder, enum archive_format format, const char *to, struct dory_error *err)
{
	struct archive_facts facts;
	char *inner = text_format("%s/tree", folder);
	int result = mkdir(inner, 0755) < 0 || chmod(inner, 0755) < 0 ? error_set_errno(err, DORY_ERROR_IO, "making %s", inner) : 0;

	if (result == 0)
		result = unpack(from, inner, true, err);
	if (result == 0)
		result = archive_write_tree(inner, NULL, NULL, format, to, &facts, err);
	free(inner);
	return result;
}

int archive_convert(const char *from, enum archive_format format, const char *to, struct dory_error *err)
{
	char *folder = text_format("%s.XXXXXX", to);
	struct dory_error removal;
	int result;

	if (!mkdtemp(folder)) {
		error_set_errno(err, DORY_ERROR_IO, "making a folder beside %s", to);
		free(folder);
		return -1;
	}
	result = repack(from, folder, format, to, err);
	if (file_remove_tree(folder, &removal) < 0 && result == 0) {
		*err = removal;
		result = -1;
	}
	free(folder);
	return result;
}
