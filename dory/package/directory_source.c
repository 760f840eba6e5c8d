/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packages in a directory of this disk: a manifest NAME.yaml and an archive beside it; one without the other does not
 * count. The store keeps in the file .index what its manifests say, so that a thousand of them need not be parsed each
 * time: a line counts as long as stat says the same of the manifest.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/progress.h"
#include "dory/base/text.h"
#include "dory/package/index_file.h"
#include "dory/package/source.h"

static const char *const suffixes[] = {".dory", ".mpm"};

struct directory_source {
	struct package_source source;
	char *directory;
	bool has_index; /* the store's */
};

/* One listing: what the index knows, and what was found beside it. */
struct listing {
	const struct directory_source *source;
	struct package_source *owner;
	struct package_list *list;
	struct index_file index;
	struct stat *states;    /* of the manifests of the list's entries from `first` on */
	size_t first, count;
	size_t parsed;
	struct text_list names; /* of all files, sorted */
	int fd;
};

static int compare_names(const void *name, const void *item)
{
	return strcmp(name, *(char *const *)item);
}

/* The archive beside the manifest; returns owned, NULL if there is none. */
static char *find_archive(const struct listing *l, const char *stem)
{
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		char name[NAME_MAX + 1];

		if (snprintf(name, sizeof(name), "%s%s", stem, suffixes[i]) < (int)sizeof(name) &&
			bsearch(name, l->names.items, l->names.count, sizeof(char *), compare_names))
			return text_format("%s/%s", l->source->directory, name);
	}
	return NULL;
}

static bool read_manifest(struct listing *l, const char *file, struct package_entry *entry)
{
	char *path = text_format("%s/%s", l->source->directory, file);
	struct dory_error err;
	bool is_read = package_manifest_read(path, true, &entry->manifest, &err) == 0;

	if (!is_read)
		progress_warning("%s", err.message);
	l->parsed++;
	free(path);
	return is_read;
}

static void add(struct listing *l, const char *file)
{
	struct package_entry entry = {.stem = text_copy_n(file, strlen(file) - strlen(".yaml")), .source = l->owner};
	struct stat st;

	entry.path = find_archive(l, entry.stem);
	if (!entry.path || fstatat(l->fd, file, &st, 0) < 0 ||
		(!index_file_find(&l->index, entry.stem, &st, &entry.manifest) && !read_manifest(l, file, &entry))) {
		package_entry_release(&entry);
		return;
	}
	*(struct stat *)array_push(&l->states, &l->count, sizeof(st)) = st;
	*(struct package_entry *)array_push(&l->list->entries, &l->list->count, sizeof(entry)) = entry;
}

static bool is_manifest(const char *name)
{
	size_t length = strlen(name);

	return name[0] != '.' && length > 5 && strcmp(name + length - 5, ".yaml") == 0;
}

static void read_names(struct listing *l, DIR *stream)
{
	const struct dirent *found;

	while ((found = readdir(stream)))
		text_list_add(&l->names, found->d_name);
	text_list_sort(&l->names);
}

/* Written anew when it was of no use for a manifest. Nobody waits for it, and nobody needs it: failures are not told. */
static void keep_index(const struct listing *l, const char *path)
{
	struct text_buffer text = {0};
	struct dory_error ignored;

	if (l->parsed == 0)
		return;
	for (size_t i = 0; i < l->count; i++) {
		const struct package_entry *entry = &l->list->entries[l->first + i];

		index_file_append(&text, entry->stem, &l->states[i], &entry->manifest);
	}
	if (file_replace(path, text.text ? text.text : "", text.length, &ignored) < 0)
		unlink(path);
	free(text.text);
}

static int list(struct package_source *source, struct package_list *list, struct dory_error *err)
{
	struct directory_source *d = (struct directory_source *)source;
	struct listing l = {.source = d, .owner = source, .list = list, .first = list->count};
	char *index = text_format("%s/.index", d->directory);
	DIR *stream = opendir(d->directory);

	if (!stream) {
		free(index);
		if (errno == ENOENT && d->has_index)
			return 0; /* a store in which nothing was ever put */
		return error_set_errno(err, errno == ENOENT ? DORY_ERROR_NOT_FOUND : DORY_ERROR_IO, "reading the directory %s", d->directory);
	}
	l.fd = dirfd(stream);
	if (d->has_index)
		index_file_open(&l.index, index);
	read_names(&l, stream);
	for (size_t i = 0; i < l.names.count; i++)
		if (is_manifest(l.names.items[i]))
			add(&l, l.names.items[i]);
	if (d->has_index)
		keep_index(&l, index);
	index_file_close(&l.index);
	text_list_release(&l.names);
	free(l.states);
	free(index);
	closedir(stream);
	return 0;
}

static bool has_size(const char *path, uint64_t size)
{
	struct stat st;

	return stat(path, &st) == 0 && (uint64_t)st.st_size == size;
}

/* Since it was listed another version may have taken the name: then this one has a name of its own. */
static void look_aside(const struct package_source *source, struct package_entry *entry)
{
	const struct directory_source *d = (const struct directory_source *)source;

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		char *path = text_format("%s/%s@%s%s", d->directory, entry->manifest.name,
			*entry->manifest.version ? entry->manifest.version : "none", suffixes[i]);

		if (has_size(path, entry->manifest.size)) {
			text_replace(&entry->path, path);
			return;
		}
		free(path);
	}
}

static int fetch(struct package_source *source, struct package_entry *entry, struct dory_error *err)
{
	struct stat st;

	if (entry->manifest.size && !has_size(entry->path, entry->manifest.size))
		look_aside(source, entry);
	if (stat(entry->path, &st) < 0)
		return error_set_errno(err, DORY_ERROR_NOT_FOUND, "the package %s", entry->path);
	if (entry->manifest.size && (uint64_t)st.st_size != entry->manifest.size) {
		error_set(err, DORY_ERROR_UNTRUSTED, "%s has %lld bytes, its manifest says %llu", entry->path, (long long)st.st_size,
			(unsigned long long)entry->manifest.size);
		return error_hint(err, "Import the package again.");
	}
	return 0;
}

static void free_source(struct package_source *source)
{
	struct directory_source *d = (struct directory_source *)source;

	free(d->directory);
	free(d);
}

static struct package_source *new_source(char *directory, const char *name, bool has_index)
{
	struct directory_source *d = calloc(1, sizeof(*d));

	if (!d)
		abort();
	d->source = (struct package_source){
		.name = name ? name : directory, .has_checked_digests = has_index, .list = list, .fetch = fetch, .free = free_source};
	d->directory = directory;
	d->has_index = has_index;
	return &d->source;
}

struct package_source *package_store_source(const char *root)
{
	return new_source(text_format("%s/packages", root), "the local repository", true);
}

struct package_source *package_directory_source(const char *directory)
{
	char *inner = text_format("%s/packages", directory);

	if (access(inner, F_OK) == 0)
		return new_source(inner, NULL, false);
	free(inner);
	return new_source(text_copy(directory), NULL, false);
}
