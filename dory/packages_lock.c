/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dory.lock: the packages that a composition took, so that the next one takes the same:
 *
 *   packages:                          debian:
 *   - name: web                        - name: nodejs
 *     version: "1.2"                     version: 18.20.4+dfsg-1~deb12u1
 *     sha256: ...                        sha256: ...
 */
#include <stdlib.h>
#include <string.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/manifest/document.h"
#include "dory/manifest/emitter.h"
#include "dory/packages.h"
#include "dory/parts.h"

static void put_locked(struct emitter *emitter, const char *name, const char *version, const char *sha256)
{
	emitter_begin_mapping(emitter, NULL);
	emitter_put(emitter, "name", name);
	emitter_put(emitter, "version", version);
	if (*sha256)
		emitter_put(emitter, "sha256", sha256);
	emitter_end_mapping(emitter);
}

int packages_lock_write(const struct packages_plan *plan, struct dory_error *err)
{
	char *path = text_format("%s/dory.lock", plan->project.directory), *text;
	struct emitter *emitter = emitter_new();
	int result;

	emitter_begin_mapping(emitter, NULL);
	emitter_begin_list(emitter, "packages");
	for (size_t i = 0; i < plan->resolution.count; i++) {
		const struct package_manifest *manifest = &plan->resolution.packages[i].entry->manifest;

		put_locked(emitter, manifest->name, manifest->version, manifest->sha256);
	}
	emitter_end_list(emitter);
	emitter_begin_list(emitter, "debian");
	for (size_t i = 0; plan->debian && i < plan->debian->count; i++)
		put_locked(emitter, plan->debian->packages[i].name, plan->debian->packages[i].version, plan->debian->packages[i].sha256);
	emitter_end_list(emitter);
	emitter_end_mapping(emitter);
	text = emitter_finish(emitter);
	result = file_replace(path, text, strlen(text), err);
	free(text);
	free(path);
	return result;
}

static const struct document_key locked_keys[] = {
	{"name", document_take_text, offsetof(struct packages_locked, name)},
	{"version", document_take_text, offsetof(struct packages_locked, version)},
	{"sha256", document_take_text, offsetof(struct packages_locked, sha256)},
};

static int take_locked(struct document *document, struct packages_locked **list, size_t *count, const yaml_node_t *value, struct dory_error *err)
{
	if (document_is_empty(value))
		return 0;
	if (value->type != YAML_SEQUENCE_NODE)
		return document_fail(document, value, err, "a list is expected here");
	for (yaml_node_item_t *item = value->data.sequence.items.start; item < value->data.sequence.items.top; item++) {
		const yaml_node_t *node = yaml_document_get_node(&document->yaml, *item);
		struct packages_locked *locked = array_push(list, count, sizeof(**list));

		if (document_mapping(document, node, locked_keys, ARRAY_SIZE(locked_keys), locked, "dory.lock", err) < 0)
			return -1;
		if (!locked->name || !locked->version)
			return document_fail(document, node, err, "a package needs a name and a version");
	}
	return 0;
}

static int take_packages(struct document *document, void *into, const yaml_node_t *value, struct dory_error *err)
{
	struct packages_lock *lock = into;

	return take_locked(document, &lock->packages, &lock->package_count, value, err);
}

static int take_debian(struct document *document, void *into, const yaml_node_t *value, struct dory_error *err)
{
	struct packages_lock *lock = into;

	return take_locked(document, &lock->debian, &lock->debian_count, value, err);
}

static const struct document_key keys[] = {{"packages", take_packages, 0}, {"debian", take_debian, 0}};

static void locked_release(struct packages_locked *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(list[i].name);
		free(list[i].version);
		free(list[i].sha256);
	}
	free(list);
}

void packages_lock_release(struct packages_lock *lock)
{
	locked_release(lock->packages, lock->package_count);
	locked_release(lock->debian, lock->debian_count);
}

static int parse(const char *path, const char *text, size_t length, struct packages_lock *lock, struct dory_error *err)
{
	struct document document;
	int result = 0;

	if (document_open(&document, path, text, length, err) < 0)
		return -1;
	if (document.root)
		result = document_mapping(&document, document.root, keys, ARRAY_SIZE(keys), lock, "dory.lock", err);
	document_close(&document);
	return result;
}

static bool is_locked_one(const struct package_manifest *manifest, const struct packages_locked *locked)
{
	return strcmp(manifest->version, locked->version) == 0 &&
	       (!locked->sha256 || !*locked->sha256 || !*manifest->sha256 || strcmp(manifest->sha256, locked->sha256) == 0);
}

/* Takes out of the list what has the name and is another. */
static int keep_locked(struct package_list *available, const struct packages_locked *locked, struct dory_error *err)
{
	size_t kept = 0, found = 0;

	for (size_t i = 0; i < available->count; i++) {
		struct package_entry *entry = &available->entries[i];
		bool has_name = strcmp(entry->manifest.name, locked->name) == 0;

		if (has_name && !is_locked_one(&entry->manifest, locked)) {
			package_entry_release(entry);
			continue;
		}
		found += has_name;
		available->entries[kept++] = *entry;
	}
	available->count = kept;
	if (found > 0)
		return 0;
	error_set(err, DORY_ERROR_NOT_FOUND, "dory.lock names %s%s%s with the digest %.12s..., which is not here", locked->name,
		*locked->version ? " " : "", locked->version, locked->sha256 ? locked->sha256 : "");
	return error_hint(err, "Get that very package, or take what there is with --unlocked; --lock writes dory.lock anew.");
}

int packages_lock_apply(const struct packages_lock *lock, struct package_list *available, struct dory_error *err)
{
	for (size_t i = 0; i < lock->package_count; i++)
		if (keep_locked(available, &lock->packages[i], err) < 0)
			return -1;
	return 0;
}

void packages_lock_names(const struct packages_lock *lock, struct text_list *names)
{
	for (size_t i = 0; i < lock->debian_count; i++)
		text_list_take(names, text_format("%s = %s", lock->debian[i].name, lock->debian[i].version));
}

static int check_digest(const struct packages_lock *lock, const struct debian_package *package, struct dory_error *err)
{
	for (size_t i = 0; i < lock->debian_count; i++) {
		const struct packages_locked *locked = &lock->debian[i];

		if (strcmp(locked->name, package->name) != 0 || strcmp(locked->version, package->version) != 0 || !locked->sha256 ||
			!*locked->sha256 || strcmp(locked->sha256, package->sha256) == 0)
			continue;
		error_set(err, DORY_ERROR_UNTRUSTED, "dory.lock names deb:%s %s with the digest %.12s..., and Debian's archive has it with %.12s...",
			package->name, package->version, locked->sha256, package->sha256);
		return error_hint(err, "Take what there is with --unlocked; --lock writes dory.lock anew.");
	}
	return 0;
}

int packages_lock_check(const struct packages_lock *lock, const struct debian_set *set, struct dory_error *err)
{
	for (size_t i = 0; i < set->count; i++)
		if (check_digest(lock, &set->packages[i], err) < 0)
			return -1;
	return 0;
}

int packages_lock_read(const char *directory, struct packages_lock *lock, struct dory_error *err)
{
	char *path = text_format("%s/dory.lock", directory), *text = NULL;
	size_t length;
	int result = file_read(path, DOCUMENT_SIZE_MAX, &text, &length, err);

	if (result < 0 && err->kind == DORY_ERROR_NOT_FOUND)
		result = 0;
	else if (result == 0)
		result = parse(path, text, length, lock, err);
	free(text);
	free(path);
	return result;
}
