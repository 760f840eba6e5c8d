/* SPDX-License-Identifier: BSD-3-Clause */
#include "dory/hub/index.h"
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "dory/base/digest.h"
#include "dory/base/file.h"
#include "dory/base/json.h"
#include "dory/base/progress.h"
#include "dory/base/text.h"
#include "dory/hub/key.h"
#include "dory/manifest/requirement.h"
#include "dory/package/archive.h"

#define FORMAT_LINE "dory-packages 1"

/* ---- Writing ---- */

struct hub_index {
	json_t *packages;
};

struct hub_index *hub_index_new(void)
{
	struct hub_index *index = malloc(sizeof(*index));

	if (!index)
		abort();
	index->packages = json_array();
	return index;
}

static void set_text(json_t *object, const char *key, const char *text)
{
	if (text && *text)
		json_object_set_new(object, key, json_string(text));
}

static json_t *entry_of(const struct package_manifest *m, const char *file, uint64_t size, const char *sha256)
{
	json_t *object = json_object();

	set_text(object, "name", m->name);
	set_text(object, "title", m->title);
	set_text(object, "author", m->author);
	set_text(object, "version", m->version);
	set_text(object, "created", m->created);
	set_text(object, "platform", m->platform);
	set_text(object, "architecture", m->architecture);
	json_object_set_new(object, "require", json_of_list(&m->require));
	json_object_set_new(object, "provides", json_of_list(&m->provides));
	json_object_set_new(object, "conflicts", json_of_list(&m->conflicts));
	set_text(object, "file", file);
	if (size)
		json_object_set_new(object, "size", json_integer((json_int_t)size));
	set_text(object, "sha256", sha256);
	return object;
}

void hub_index_add(struct hub_index *index, const struct package_manifest *manifest, const char *file, uint64_t size,
	const char *sha256)
{
	json_array_append_new(index->packages, entry_of(manifest, file, size, sha256));
}

static bool is_text(const json_t *object, const char *key, const char *text)
{
	const char *value = json_string_value(json_object_get(object, key));

	return strcmp(value ? value : "", text) == 0;
}

int hub_index_extend(const char *text, size_t length, const struct package_manifest *manifest, const char *file,
	uint64_t size, const char *sha256, char **changed, bool *is_there, struct dory_error *err)
{
	json_t *former = json_loadb(text, length, 0, NULL), *packages = json_object_get(former, "packages"), *object;
	char *whole = text_copy_n(text, length);
	struct hub_index *index = hub_index_new();
	int result = 0;
	size_t i;

	*changed = NULL;
	*is_there = false;
	json_array_foreach(packages, i, object)
	{
		bool is_same = is_text(object, "name", manifest->name) && is_text(object, "version", manifest->version);

		*is_there |= is_same && is_text(object, "sha256", sha256);
		if (is_same && !is_text(object, "sha256", sha256))
			result = error_set(err, DORY_ERROR_CONFLICT,
				"the repository has another %s %s, with the digest %.12s", manifest->name,
				manifest->version, json_string_value(json_object_get(object, "sha256")));
		json_array_append(index->packages, object);
	}
	if (result < 0)
		error_hint(err, "What was published stays as it is: give the package a new version.");
	hub_index_add(index, manifest, file, size, sha256);
	*changed = hub_index_finish(index, whole);
	if (result < 0 || *is_there)
		text_replace(changed, NULL);
	json_decref(former);
	free(whole);
	return result;
}

/* Of an index with the same packages that of the former one; otherwise a greater one. */
static json_int_t next_serial(const struct hub_index *index, const char *former)
{
	json_t *old = former ? json_loads(former, 0, NULL) : NULL;
	json_int_t serial = json_integer_value(json_object_get(old, "serial")), now = (json_int_t)time(NULL);

	if (serial <= 0 || !json_equal(json_object_get(old, "packages"), index->packages))
		serial = now > serial ? now : serial + 1;
	json_decref(old);
	return serial;
}

uint64_t hub_index_serial(const char *text, size_t length)
{
	json_t *object = json_loadb(text, length, 0, NULL);
	json_int_t serial = json_integer_value(json_object_get(object, "serial"));

	json_decref(object);
	return serial > 0 ? (uint64_t)serial : 0;
}

char *hub_index_finish(struct hub_index *index, const char *former)
{
	json_int_t serial = next_serial(index, former);
	json_t *object =
		json_pack("{s:s, s:I, s:o}", "format", FORMAT_LINE, "serial", serial, "packages", index->packages);
	char *text = json_dumps(object, JSON_INDENT(1) | JSON_PRESERVE_ORDER);

	json_decref(object);
	free(index);
	if (!text)
		abort();
	return text;
}

/* ---- Reading ---- */

static bool get_list(const json_t *object, const char *key, struct text_list *list)
{
	const json_t *array = json_object_get(object, key), *item;
	size_t i;

	json_array_foreach(array, i, item)
	{
		struct requirement requirement;
		struct dory_error ignored;

		if (!json_is_string(item) || requirement_parse(json_string_value(item), &requirement, &ignored) < 0)
			return false;
		requirement_release(&requirement);
		text_list_add(list, json_string_value(item));
	}
	return true;
}

/* A path below the index, or a URL: nothing that leads elsewhere on this disk. */
static bool is_file_sound(const char *file)
{
	if (strncmp(file, "https://", 8) == 0 || strncmp(file, "http://", 7) == 0)
		return true;
	return *file && *file != '/' && !strstr(file, "..") && !strpbrk(file, " \t\r\n?#:\\");
}

static bool parse_entry(const json_t *object, struct package_entry *entry)
{
	struct package_manifest *m = &entry->manifest;
	json_int_t size = json_integer_value(json_object_get(object, "size"));
	struct dory_error ignored;

	*m = (struct package_manifest){.name = json_member_text(object, "name"),
		.title = json_member_text(object, "title"),
		.author = json_member_text(object, "author"),
		.version = json_member_text(object, "version"),
		.created = json_member_text(object, "created"),
		.platform = json_member_text(object, "platform"),
		.architecture = json_member_text(object, "architecture"),
		.sha256 = json_member_text(object, "sha256"),
		.size = size > 0 ? (uint64_t)size : 0};
	entry->stem = json_member_text(object, "file");
	return get_list(object, "require", &m->require) && get_list(object, "provides", &m->provides) &&
	       get_list(object, "conflicts", &m->conflicts) && package_name_check(m->name, &ignored) == 0 &&
	       package_version_check(m->version, &ignored) == 0 && is_file_sound(entry->stem) &&
	       (!*m->sha256 || digest_is_text(m->sha256)) && size >= 0;
}

static void parse_entries(
	const char *name, const json_t *packages, struct package_source *source, struct package_list *list)
{
	const json_t *object;
	size_t i, left_out = 0;

	json_array_foreach(packages, i, object)
	{
		struct package_entry entry = {.source = source};

		if (parse_entry(object, &entry)) {
			*(struct package_entry *)array_push(&list->entries, &list->count, sizeof(entry)) = entry;
		} else {
			package_entry_release(&entry);
			left_out++;
		}
	}
	if (left_out)
		progress_warning(
			"%s has %zu packages that are not described soundly; they are left out", name, left_out);
}

int hub_index_parse(const char *name, const char *text, size_t length, struct package_source *source,
	struct package_list *list, struct dory_error *err)
{
	json_error_t failure;
	json_t *object = json_loadb(text, length, 0, &failure);
	const char *format = json_string_value(json_object_get(object, "format"));
	const json_t *packages = json_object_get(object, "packages");
	int result = 0;

	if (!object)
		result = error_set(err, DORY_ERROR_FORMAT, "%s is no index of packages (line %d: %s)", name,
			failure.line, failure.text);
	else if (!format || strcmp(format, FORMAT_LINE) != 0 || !json_is_array(packages))
		result = error_set(
			err, DORY_ERROR_FORMAT, "%s is no index of packages of the format " FORMAT_LINE, name);
	else
		parse_entries(name, packages, source, list);
	json_decref(object);
	return result;
}

/* ---- A directory's ---- */

static const char *name_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return strncmp(path, directory, length) == 0 ? path + length + strspn(path + length, "/") : path;
}

static int add_archives(
	struct hub_index *index, const char *directory, const struct package_list *list, struct dory_error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct package_entry *entry = &list->entries[i];
		struct archive_facts facts;

		if (archive_check(entry->path, &facts, err) < 0)
			return -1;
		hub_index_add(index, &entry->manifest, name_below(entry->path, directory), facts.size, facts.sha256);
	}
	return 0;
}

static int write_index(const char *directory, char *text, struct dory_error *err)
{
	char *path = text_format("%s/" HUB_INDEX_NAME, directory),
	     *signature = text_format("%s/" HUB_SIGNATURE_NAME, directory);
	int result = 0;

	/* The signature first: the old one never stands beside the new index. */
	if (unlink(signature) < 0 && errno != ENOENT)
		result = error_set_errno(err, DORY_ERROR_IO, "removing %s", signature);
	if (result == 0)
		result = file_replace(path, text, strlen(text), err);
	free(path);
	free(signature);
	return result;
}

/* The index that is there; NULL: none, or none that can be read. */
static char *read_former(const char *directory)
{
	char *path = text_format("%s/" HUB_INDEX_NAME, directory), *text = NULL;
	struct dory_error ignored;
	size_t length;

	if (file_read(path, HUB_INDEX_SIZE_MAX, &text, &length, &ignored) < 0)
		text = NULL;
	free(path);
	return text;
}

int hub_index_directory(const char *directory, size_t *count, struct dory_error *err)
{
	struct package_source *source = package_directory_source(directory);
	struct hub_index *index = hub_index_new();
	struct package_list list = {0};
	int result = source->list(source, &list, err);
	char *text, *former;

	if (result == 0)
		result = add_archives(index, directory, &list, err);
	former = read_former(directory);
	text = hub_index_finish(index, former);
	free(former);
	if (result == 0)
		result = write_index(directory, text, err);
	*count = list.count;
	free(text);
	package_list_release(&list);
	package_source_free(source);
	return result;
}

int hub_index_sign(const char *directory, const char *key_path, struct dory_error *err)
{
	char *index = text_format("%s/" HUB_INDEX_NAME, directory),
	     *signature = text_format("%s/" HUB_SIGNATURE_NAME, directory);
	char *public = text_format("%s/" HUB_KEY_NAME, directory), *text, signed_text[HUB_SIGNATURE_TEXT_SIZE + 1],
	     key[HUB_KEY_TEXT_SIZE + 9];
	size_t length;
	int result = file_read(index, HUB_INDEX_SIZE_MAX, &text, &length, err);

	if (result < 0) {
		error_hint(err, "`dory repo index %s` makes the index.", directory);
	} else {
		memcpy(key, "ed25519:", 8);
		result = hub_key_sign(key_path, text, length, signed_text, key + 8, err);
		if (result == 0) {
			strcat(signed_text, "\n");
			strcat(key, "\n");
			result = file_replace(public, key, strlen(key), err);
		}
		if (result == 0)
			result = file_replace(signature, signed_text, strlen(signed_text), err);
		free(text);
	}
	free(index);
	free(signature);
	free(public);
	return result;
}
