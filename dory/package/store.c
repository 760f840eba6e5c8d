/* SPDX-License-Identifier: BSD-3-Clause */
/* Putting packages into the store and taking them out. */
#include "dory/package/store.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/progress.h"
#include "dory/base/text.h"
#include "dory/manifest/requirement.h"
#include "dory/package/project.h"

struct store {
	char *directory;
	int lock;
};

static void say_waiting(const char *path)
{
	progress_note("waiting for another change of the local repository");
}

/* A draft of an archive, or of a manifest: "NAME.yaml.XXXXXX". */
static bool is_debris(const char *name)
{
	const char *yaml = strstr(name, ".yaml.");

	return strncmp(name, ".new-", 5) == 0 || (yaml && strlen(yaml) == strlen(".yaml.XXXXXX"));
}

/* What killed processes left: the lock is ours, so nobody works there. What cannot be removed is in nobody's way. */
static void remove_debris(const struct store *store)
{
	DIR *stream = opendir(store->directory);
	const struct dirent *entry;

	while (stream && (entry = readdir(stream)))
		if (is_debris(entry->d_name))
			unlinkat(dirfd(stream), entry->d_name, 0);
	if (stream)
		closedir(stream);
}

static int store_open(struct store *store, const char *root, struct dory_error *err)
{
	char *path;
	int result;

	store->directory = text_format("%s/packages", root);
	path = text_format("%s/.lock", store->directory);
	result = file_make_directories(store->directory, err);
	if (result == 0)
		result = file_lock(path, say_waiting, &store->lock, err);
	free(path);
	if (result < 0)
		free(store->directory);
	else
		remove_debris(store);
	return result;
}

static void store_close(struct store *store)
{
	close(store->lock);
	free(store->directory);
}

static char *path_of(const struct store *store, const char *stem, const char *suffix)
{
	return text_format("%s/%s%s", store->directory, stem, suffix);
}

static const char *const archive_suffixes[] = {".mpm", ".dory"};

static int remove_archives(const struct store *store, const char *stem, struct dory_error *err)
{
	int result = 0;

	for (size_t i = 0; i < ARRAY_SIZE(archive_suffixes) && result == 0; i++) {
		char *archive = path_of(store, stem, archive_suffixes[i]);

		if (unlink(archive) < 0 && errno != ENOENT)
			result = error_set_errno(err, DORY_ERROR_IO, "removing %s", archive);
		free(archive);
	}
	return result;
}

/* The manifest first: the package is gone at once. */
static int remove_stem(const struct store *store, const char *stem, struct dory_error *err)
{
	char *manifest = path_of(store, stem, ".yaml");
	int result = unlink(manifest) < 0 && errno != ENOENT ? error_set_errno(err, DORY_ERROR_IO, "removing %s", manifest) : 0;

	free(manifest);
	return result < 0 ? -1 : remove_archives(store, stem, err);
}

/* A second name for a file that may not be there. */
static int link_file(const struct store *store, const char *stem, const char *to, const char *suffix, struct dory_error *err)
{
	char *old = path_of(store, stem, suffix), *new = path_of(store, to, suffix);
	int result = 0;

	if (link(old, new) < 0 && errno != ENOENT)
		result = error_set_errno(err, DORY_ERROR_IO, "naming %s", new);
	free(old);
	free(new);
	return result;
}

static char *aside_stem(const char *name, const char *version)
{
	return text_format("%s@%s", name, *version ? version : "none");
}

/*
 * The package that is there gets the name of its version: first a second name for the archive, then the manifest
 * is renamed, and with it, at once, the package. A manifest never stands beside another package's archive.
 */
static int set_aside(const struct store *store, const char *name, const char *version, struct dory_error *err)
{
	char *to = aside_stem(name, version), *old = path_of(store, name, ".yaml"), *new = path_of(store, to, ".yaml");
	int result = remove_stem(store, to, err);

	for (size_t i = 0; i < ARRAY_SIZE(archive_suffixes) && result == 0; i++)
		result = link_file(store, name, to, archive_suffixes[i], err);
	if (result == 0 && rename(old, new) < 0)
		result = error_set_errno(err, DORY_ERROR_IO, "naming %s", new);
	free(to);
	free(old);
	free(new);
	return result;
}

/* What cannot be read is no package, and nothing is lost with it. */
static int keep_former(const struct store *store, const char *name, struct dory_error *err)
{
	char *path = path_of(store, name, ".yaml");
	struct package_manifest old;
	struct dory_error unreadable;
	int result = 0;

	if (package_manifest_read(path, true, &old, &unreadable) == 0) {
		result = set_aside(store, name, old.version, err);
		package_manifest_release(&old);
	}
	free(path);
	return result;
}

/* The same version, where it was set aside. */
static int remove_replaced(const struct store *store, const struct package_manifest *new, struct dory_error *err)
{
	char *stem = aside_stem(new->name, new->version);
	int result = remove_stem(store, stem, err);

	free(stem);
	return result;
}

/* A manifest must not outlive, in a crash of the machine, the bytes that it describes. */
static int sync_file(const char *path, struct dory_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), result = 0;

	if (fd < 0 || fdatasync(fd) < 0)
		result = error_set_errno(err, DORY_ERROR_IO, "writing %s", path);
	if (fd >= 0)
		close(fd);
	return result;
}

/*
 * `temporary` is the whole archive, in the store's directory. At any time the former package is there or the new one: the former
 * under the name of its version from before the first rename on, where it stays if the new one has another version.
 */
static int commit(const struct store *store, struct package_manifest *manifest, const struct archive_facts *facts,
	enum archive_format format, const char *temporary, char **file, struct dory_error *err)
{
	char *archive = path_of(store, manifest->name, archive_suffix(format)), *path = path_of(store, manifest->name, ".yaml"), *text;
	int result = sync_file(temporary, err);

	if (result == 0)
		result = keep_former(store, manifest->name, err);
	if (result == 0)
		result = remove_archives(store, manifest->name, err);
	text_replace(&manifest->sha256, text_copy(facts->sha256));
	manifest->size = facts->size;
	text = package_manifest_print(manifest);
	if (result == 0 && rename(temporary, archive) < 0)
		result = error_set_errno(err, DORY_ERROR_IO, "renaming %s", temporary);
	if (result == 0)
		result = file_replace(path, text, strlen(text), err);
	if (result == 0)
		result = remove_replaced(store, manifest, err);
	if (result == 0)
		*file = text_copy(archive);
	free(archive);
	free(path);
	free(text);
	return result;
}

static char *temporary_name(const struct store *store, const char *name)
{
	return text_format("%s/.new-%s", store->directory, name);
}

int package_store_put_tree(const char *root, const char *directory, const struct package_manifest *manifest,
	enum archive_format format, char **file, struct dory_error *err)
{
	struct package_manifest copy = {0};
	struct ignore_rules rules;
	struct archive_facts facts;
	struct store store;
	char *temporary, *text;
	int result;

	if (project_rules(directory, manifest->name, &rules, err) < 0)
		return -1;
	if (store_open(&store, root, err) < 0) {
		ignore_release(&rules);
		return -1;
	}
	temporary = temporary_name(&store, manifest->name);
	text = package_manifest_print(manifest);
	result = archive_write_tree(directory, &rules, manifest, format, temporary, &facts, err);
	if (result == 0)
		result = package_manifest_parse("package.yaml", text, strlen(text), true, &copy, err);
	if (result == 0)
		result = commit(&store, &copy, &facts, format, temporary, file, err);
	if (result < 0)
		unlink(temporary);
	package_manifest_release(&copy);
	ignore_release(&rules);
	store_close(&store);
	free(text);
	free(temporary);
	return result;
}

static enum archive_format format_of(const char *path)
{
	static const unsigned char zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
	unsigned char magic[4] = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is_zstd = fd >= 0 && read(fd, magic, sizeof(magic)) == sizeof(magic) && memcmp(magic, zstd, sizeof(zstd)) == 0;

	if (fd >= 0)
		close(fd);
	return is_zstd ? ARCHIVE_DORY : ARCHIVE_MPM;
}

static int read_manifest(const char *path, struct package_manifest *manifest, struct dory_error *err)
{
	struct archive_meta meta;
	char *name;
	int result;

	if (archive_read_meta(path, &meta, err) < 0)
		return -1;
	name = text_format("%s: meta/package.yaml", path);
	result = package_manifest_parse(name, meta.package, strlen(meta.package), false, manifest, err);
	free(name);
	archive_meta_release(&meta);
	return result;
}

/* What is wrong with the copy of an archive is wrong with the archive: its name is the one that a message should say. */
static int blame(const char *copy, const char *path, struct dory_error *err)
{
	char *at = strstr(err->message, copy), *text;

	if (!at)
		return -1;
	text = text_format("%.*s%s%s", (int)(at - err->message), err->message, path, at + strlen(copy));
	text_cut_to(err->message, sizeof(err->message), text);
	free(text);
	return -1;
}

/* The copy is what is checked, so that nothing can change in between. */
static int put_copy(const struct store *store, const char *path, const char *temporary, char **file, struct dory_error *err)
{
	struct package_manifest manifest;
	struct archive_facts facts;
	int result;

	if (file_copy(path, temporary, err) < 0)
		return error_wrap(err, "the package %s", path);
	if (read_manifest(temporary, &manifest, err) < 0)
		return blame(temporary, path, err);
	result = archive_check(temporary, &facts, err);
	if (result < 0)
		blame(temporary, path, err);
	else
		result = commit(store, &manifest, &facts, format_of(temporary), temporary, file, err);
	package_manifest_release(&manifest);
	return result;
}

int package_store_put_archive(const char *root, const char *path, char **file, struct dory_error *err)
{
	const char *slash = strrchr(path, '/');
	struct store store;
	char *temporary;
	int result;

	if (store_open(&store, root, err) < 0)
		return -1;
	temporary = temporary_name(&store, slash ? slash + 1 : path);
	result = put_copy(&store, path, temporary, file, err);
	if (result < 0)
		unlink(temporary);
	free(temporary);
	store_close(&store);
	return result;
}

char *package_store_draft(const char *root, const char *name, struct dory_error *err)
{
	char *directory = text_format("%s/cache", root), *path = NULL;

	if (file_make_directories(directory, err) == 0)
		path = text_format("%s/%s.draft", directory, name);
	free(directory);
	return path;
}

static int remove_matching(const struct store *store, struct package_list *list, const char *word, struct dory_error *err)
{
	const char *equals = strchr(word, '=');
	struct package_entry *found;

	if (package_list_get(list, word, &found, err) < 0)
		return -1;
	for (size_t i = 0; i < list->count; i++) {
		const struct package_manifest *manifest = &list->entries[i].manifest;

		if (strcmp(manifest->name, found->manifest.name) == 0 && (!equals || strcmp(manifest->version, equals + 1) == 0) &&
			remove_stem(store, list->entries[i].stem, err) < 0)
			return -1;
	}
	return 0;
}

int package_store_remove(const char *root, const char *word, struct dory_error *err)
{
	struct package_source *source = package_store_source(root);
	struct package_list list = {0};
	struct store store;
	int result = store_open(&store, root, err);

	if (result == 0) {
		result = source->list(source, &list, err);
		if (result == 0)
			result = remove_matching(&store, &list, word, err);
		store_close(&store);
	}
	package_list_release(&list);
	package_source_free(source);
	return result;
}
