/* SPDX-License-Identifier: BSD-3-Clause */
/* Which programs a Debian package holds: lists the data archive within the .deb (deb(5)). */
#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/parts.h"

static const char *const program_folders[] = {"/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/", "/usr/games/"};

struct program_list {
	char **paths;
	size_t count;
};

static void program_list_release(struct program_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->paths[i]);
	free(list->paths);
	*list = (struct program_list){0};
}

/* The inner archive's bytes come from the outer one's entry. */
struct nested {
	struct archive *outer;
	char bytes[65536];
};

static la_ssize_t read_nested(struct archive *inner, void *context, const void **bytes)
{
	struct nested *nested = context;

	*bytes = nested->bytes;
	return archive_read_data(nested->outer, nested->bytes, sizeof(nested->bytes));
}

static void take_entry(struct archive_entry *entry, struct program_list *programs)
{
	const char *path = archive_entry_pathname(entry);

	if (!path || archive_entry_filetype(entry) == AE_IFDIR)
		return;
	if (*path == '.')
		path++;
	for (size_t i = 0; i < ARRAY_SIZE(program_folders); i++) {
		size_t length = strlen(program_folders[i]);

		if (strncmp(path, program_folders[i], length) == 0 && path[length] && !strchr(path + length, '/'))
			*(char **)array_push(&programs->paths, &programs->count, sizeof(*programs->paths)) =
				text_copy(path);
	}
}

static int list_data(struct archive *outer, struct program_list *programs)
{
	struct nested *nested = calloc(1, sizeof(*nested));
	struct archive *inner = archive_read_new();
	struct archive_entry *entry;
	int result = ARCHIVE_FATAL;

	if (!nested || !inner)
		goto out;
	nested->outer = outer;
	archive_read_support_filter_all(inner);
	archive_read_support_format_tar(inner);
	if (archive_read_open(inner, nested, NULL, read_nested, NULL) != ARCHIVE_OK)
		goto out;
	while ((result = archive_read_next_header(inner, &entry)) == ARCHIVE_OK)
		take_entry(entry, programs);
out:
	archive_read_free(inner);
	free(nested);
	return result == ARCHIVE_EOF ? 0 : -1;
}

static int list_programs(const struct debian_package *package, struct program_list *programs, struct dory_error *err)
{
	struct archive *outer = archive_read_new();
	struct archive_entry *entry;
	int result = -1;

	if (!outer)
		abort();
	archive_read_support_format_ar(outer);
	if (archive_read_open_filename(outer, package->path, 65536) == ARCHIVE_OK) {
		while (archive_read_next_header(outer, &entry) == ARCHIVE_OK) {
			if (strncmp(archive_entry_pathname(entry), "data.tar", 8) == 0) {
				result = list_data(outer, programs);
				break;
			}
		}
	}
	archive_read_free(outer);
	return result == 0 ? 0 : error_set(err, DORY_ERROR_FORMAT, "the package file %s cannot be read", package->path);
}

static const struct debian_package *find_package(const struct debian_set *set, const char *package)
{
	size_t length = strcspn(package, "=");

	for (size_t i = 0; i < set->count; i++) {
		if (strncmp(set->packages[i].name, package, length) == 0 && !set->packages[i].name[length])
			return &set->packages[i];
	}
	return NULL;
}

/* The program with the package's name, or NULL. */
static const char *find_namesake(const struct program_list *programs, const char *package)
{
	size_t length = strcspn(package, "=");

	for (size_t i = 0; i < programs->count; i++) {
		const char *name = strrchr(programs->paths[i], '/') + 1;

		if (strncmp(name, package, length) == 0 && !name[length])
			return programs->paths[i];
	}
	return NULL;
}

/* A package like python3 leaves its program to one that it depends on. */
static int search_set(const struct debian_set *set, const char *package, char **program, struct dory_error *err)
{
	for (size_t i = set->count; i > 0 && !*program; i--) {
		struct program_list programs = {0};

		if (list_programs(&set->packages[i - 1], &programs, err) < 0)
			return -1;
		*program = text_copy(find_namesake(&programs, package));
		program_list_release(&programs);
	}
	return 0;
}

int package_main_program(const struct debian_set *set, const char *package, char **program, struct dory_error *err)
{
	const struct debian_package *found = find_package(set, package);
	struct program_list programs = {0};
	char *result = NULL;

	if (found && list_programs(found, &programs, err) < 0)
		return -1;
	result = text_copy(find_namesake(&programs, package));
	if (!result && programs.count == 1)
		result = text_copy(programs.paths[0]);
	program_list_release(&programs);
	if (!result && search_set(set, package, &result, err) < 0)
		return -1;
	*program = result;
	return 0;
}

int dory_target_programs(
	const struct dory_config *config, const struct dory_target *target, char **programs, struct dory_error *err)
{
	struct program_list list = {0};
	struct text_buffer text = {0};
	struct debian_set set = {0};
	const struct debian_package *package;

	if (packages_get(config, target->packages, target->package_count, DORY_REFRESH_AS_NEEDED, &set, err) < 0)
		return -1;
	package = target->package_count > 0 ? find_package(&set, target->packages[0]) : NULL;
	if (package && list_programs(package, &list, err) < 0) {
		debian_set_release(&set);
		return -1;
	}
	for (size_t i = 0; i < list.count; i++)
		text_append_format(&text, "%s\n", list.paths[i]);
	program_list_release(&list);
	debian_set_release(&set);
	*programs = text.text ? text.text : text_copy("");
	return 0;
}
