/* SPDX-License-Identifier: BSD-3-Clause */
/* Writing packages: a walk in order of names puts entries into the output. */
#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/path.h"
#include "dory/base/text.h"
#include "dory/compose/compose.h"
#include "dory/package/archive_output.h"

enum { DEPTH_MAX = 512, COPY_SIZE = 1 << 18 };

struct writing {
	struct archive_output *output;
	struct archive *archive; /* the output's */
	struct archive_entry *entry;
	const struct ignore_rules *rules;
	const struct package_manifest *manifest;
	enum archive_format format;
	const char *directory; /* for messages; what is packed */
	const struct compose_request *request; /* ... if it is no directory */
	const struct archive_texts *texts;
	bool (*takes)(const struct compose_entry *entry);
	struct archive_facts *facts;
	char buffer[COPY_SIZE];
};

const char *archive_suffix(enum archive_format format)
{
	return format == ARCHIVE_MPM ? ".mpm" : ".dory";
}

/* A name that is no UTF-8 is a warning: it goes in as the bytes that it is. */
static int write_header(struct writing *w, struct dory_error *err)
{
	int status = archive_write_header(w->archive, w->entry);

	return status == ARCHIVE_OK || status == ARCHIVE_WARN ? 0 : archive_output_fail(w->output, err);
}

static int put_header(struct writing *w, const char *path, const struct stat *st, const char *link, struct dory_error *err)
{
	bool is_directory = S_ISDIR(st->st_mode);
	char *name = text_format("%s%s%s", w->format == ARCHIVE_MPM || !*path ? path : path + 1,
		is_directory && *path ? "/" : "", *path ? "" : w->format == ARCHIVE_MPM ? "/" : "./");

	archive_entry_clear(w->entry);
	archive_entry_copy_pathname(w->entry, name);
	archive_entry_set_mode(w->entry, st->st_mode & (S_IFMT | 07777));
	archive_entry_set_mtime(w->entry, st->st_mtime, 0);
	archive_entry_set_size(w->entry, S_ISREG(st->st_mode) ? st->st_size : 0);
	if (link)
		archive_entry_copy_symlink(w->entry, link);
	free(name);
	w->facts->files++;
	return write_header(w, err);
}

/* As large as `st` says: what was added since stays out. */
static int put_bytes(struct writing *w, int fd, const char *path, const struct stat *st, struct dory_error *err)
{
	for (uint64_t done = 0; done < (uint64_t)st->st_size;) {
		ssize_t n = read(fd, w->buffer, min_u64(COPY_SIZE, (uint64_t)st->st_size - done));

		if (n < 0)
			return error_set_errno(err, DORY_ERROR_IO, "reading %s%s", w->directory, path);
		if (n == 0)
			return error_set(err, DORY_ERROR_IO, "%s%s became shorter while it was read", w->directory, path);
		if (archive_write_data(w->archive, w->buffer, (size_t)n) != n)
			return archive_output_fail(w->output, err);
		done += (uint64_t)n;
	}
	return 0;
}

static int put_file(struct writing *w, int directory, const char *name, const char *path, const struct stat *st,
	struct dory_error *err)
{
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY), result;

	if (fd < 0)
		return error_set_errno(err, DORY_ERROR_IO, "reading %s%s", w->directory, path);
	result = put_header(w, path, st, NULL, err);
	if (result == 0)
		result = put_bytes(w, fd, path, st, err);
	close(fd);
	return result;
}

static int put_link(struct writing *w, int directory, const char *name, const char *path, const struct stat *st,
	struct dory_error *err)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(directory, name, target, sizeof(target) - 1);

	if (n <= 0)
		return error_set_errno(err, DORY_ERROR_IO, "reading the link %s%s", w->directory, path);
	target[n] = '\0';
	if (path_link_climbs_out(path, target))
		return error_set(err, DORY_ERROR_FORMAT, "the link %s%s to %s leads out of the package", w->directory, path, target);
	return put_header(w, path, st, target, err);
}

static int put_manifest(struct writing *w, const char *path, struct dory_error *err)
{
	char *text = package_manifest_print(w->manifest);
	struct stat st = {.st_mode = S_IFREG | 0644, .st_size = (off_t)strlen(text)};
	struct tm tm = {0};
	int result;

	if (strptime(w->manifest->created, "%Y-%m-%dT%H:%M:%S", &tm))
		st.st_mtime = timegm(&tm);
	result = put_header(w, path, &st, NULL, err);
	if (result == 0 && archive_write_data(w->archive, text, strlen(text)) != (la_ssize_t)strlen(text))
		result = archive_output_fail(w->output, err);
	free(text);
	return result;
}

static bool is_meta(const char *path)
{
	return strncmp(path, "/meta", 5) == 0 && (!path[5] || path[5] == '/');
}

/* What a former build or collection left in the project, and what the rules say. */
static bool is_left_out(const struct writing *w, const char *path)
{
	if (is_meta(path))
		return false;
	return w->rules && ignore_matches(w->rules, path);
}

static int put_directory(struct writing *w, int fd, const char *path, unsigned depth, struct dory_error *err);

static int put_below(struct writing *w, int directory, const char *name, const char *path, const struct stat *st, unsigned depth,
	struct dory_error *err)
{
	int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return error_set_errno(err, DORY_ERROR_IO, "reading %s%s", w->directory, path);
	if (put_header(w, path, st, NULL, err) < 0) {
		close(fd);
		return -1;
	}
	return put_directory(w, fd, path, depth + 1, err);
}

static int put_entry(struct writing *w, int directory, const char *name, const char *path, unsigned depth, struct dory_error *err)
{
	struct stat st;

	if (is_left_out(w, path))
		return 0;
	if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set_errno(err, DORY_ERROR_IO, "reading %s%s", w->directory, path);
	if (w->manifest && strcmp(path, "/meta/package.yaml") == 0)
		return put_manifest(w, path, err);
	if (S_ISDIR(st.st_mode))
		return put_below(w, directory, name, path, &st, depth, err);
	if (S_ISLNK(st.st_mode))
		return put_link(w, directory, name, path, &st, err);
	if (S_ISREG(st.st_mode))
		return put_file(w, directory, name, path, &st, err);
	return error_set(err, DORY_ERROR_FORMAT,
		"%s%s has an unsupported mode: packages hold files, directories and links", w->directory, path);
}

static int read_names(int fd, struct text_list *names)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *found;
	int failure;

	if (!stream) {
		if (copy >= 0)
			close(copy);
		return -1;
	}
	while (errno = 0, found = readdir(stream))
		if (strcmp(found->d_name, ".") != 0 && strcmp(found->d_name, "..") != 0)
			text_list_add(names, found->d_name);
	failure = errno;
	closedir(stream);
	errno = failure;
	text_list_sort(names);
	return failure ? -1 : 0;
}

/* Ours have meta first, so that whoever wants to know what a package is reads no further. */
static void meta_first(struct text_list *names)
{
	for (size_t i = 1; i < names->count; i++)
		if (strcmp(names->items[i], "meta") == 0) {
			char *meta = names->items[i];

			memmove(names->items + 1, names->items, i * sizeof(*names->items));
			names->items[0] = meta;
		}
}

/* Takes `fd`. */
static int put_directory(struct writing *w, int fd, const char *path, unsigned depth, struct dory_error *err)
{
	struct text_list names = {0};
	int result = 0;

	if (depth > DEPTH_MAX)
		result = error_set(err, DORY_ERROR_FORMAT, "%s%s is too deep", w->directory, path);
	else if (read_names(fd, &names) < 0)
		result = error_set_errno(err, DORY_ERROR_IO, "reading %s%s", w->directory, path);
	if (depth == 0 && w->format == ARCHIVE_DORY)
		meta_first(&names);
	for (size_t i = 0; i < names.count && result == 0; i++) {
		char *below = text_format("%s/%s", path, names.items[i]);

		result = put_entry(w, fd, names.items[i], below, depth, err);
		free(below);
	}
	text_list_release(&names);
	close(fd);
	return result;
}

static int put_root(struct writing *w, struct dory_error *err)
{
	int fd = open(w->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st, manifest;

	if (fd < 0 || fstat(fd, &st) < 0) {
		error_set_errno(err, DORY_ERROR_IO, "reading %s", w->directory);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	/* The archive itself may be made in this directory, which would change its time. */
	if (fstatat(fd, "meta/package.yaml", &manifest, AT_SYMLINK_NOFOLLOW) == 0)
		st.st_mtime = manifest.st_mtime;
	if (put_header(w, "", &st, NULL, err) < 0) {
		close(fd);
		return -1;
	}
	return put_directory(w, fd, "", 0, err);
}

static int put_content(struct writing *w, const struct compose_entry *entry, struct dory_error *err)
{
	for (uint64_t done = 0; done < entry->size;) {
		ssize_t n = compose_entry_read(entry, w->buffer, COPY_SIZE, done);

		if (n <= 0)
			return error_set_errno(err, DORY_ERROR_IO, "reading %s", entry->path);
		if (archive_write_data(w->archive, w->buffer, (size_t)n) != n)
			return archive_output_fail(w->output, err);
		done += (uint64_t)n;
	}
	return 0;
}

static int put_composed(void *context, const struct compose_entry *entry, struct dory_error *err)
{
	struct writing *w = context;
	bool is_directory = S_ISDIR(entry->mode);
	char *name;

	if (!entry->path[1] || !w->takes(entry))
		return 0;
	name = text_format("%s%s", entry->path + 1, is_directory ? "/" : "");
	archive_entry_clear(w->entry);
	archive_entry_copy_pathname(w->entry, name);
	archive_entry_set_mode(w->entry, entry->mode);
	archive_entry_set_uid(w->entry, entry->uid);
	archive_entry_set_gid(w->entry, entry->gid);
	archive_entry_set_mtime(w->entry, entry->mtime, 0);
	archive_entry_set_size(w->entry, S_ISREG(entry->mode) ? (la_int64_t)entry->size : 0);
	if (entry->link)
		archive_entry_copy_symlink(w->entry, entry->link);
	free(name);
	w->facts->files++;
	if (write_header(w, err) < 0)
		return -1;
	return S_ISREG(entry->mode) ? put_content(w, entry, err) : 0;
}

static int put_text(struct writing *w, const char *path, const char *text, struct dory_error *err)
{
	struct stat st = {.st_mode = S_IFREG | 0644, .st_size = (off_t)strlen(text)};

	if (put_header(w, path, &st, NULL, err) < 0)
		return -1;
	return archive_write_data(w->archive, text, strlen(text)) == (la_ssize_t)strlen(text) ? 0 : archive_output_fail(w->output, err);
}

static int put_composition(struct writing *w, struct dory_error *err)
{
	const struct stat meta = {.st_mode = S_IFDIR | 0755};

	if (put_header(w, "/meta", &meta, NULL, err) < 0 || put_text(w, "/meta/package.yaml", w->texts->package, err) < 0)
		return -1;
	if (w->texts->run && put_text(w, "/meta/run.yaml", w->texts->run, err) < 0)
		return -1;
	return compose_visit(w->request, put_composed, w, err);
}

/* Takes `w`. */
static int write_file(struct writing *w, const char *path, struct dory_error *err)
{
	int result = archive_output_open(path, w->format, &w->output, err);

	if (result == 0) {
		w->archive = archive_output_tar(w->output);
		w->entry = archive_entry_new();
		result = w->request ? put_composition(w, err) : put_root(w, err);
		if (result == 0)
			result = archive_output_finish(w->output, w->facts, err);
		else
			archive_output_drop(w->output);
		archive_entry_free(w->entry);
	}
	free(w);
	return result;
}

static struct writing *writing_new(struct archive_facts *facts)
{
	struct writing *w = calloc(1, sizeof(*w));

	if (!w)
		abort();
	*facts = (struct archive_facts){0};
	w->facts = facts;
	return w;
}

int archive_write_tree(const char *directory, const struct ignore_rules *rules, const struct package_manifest *manifest,
	enum archive_format format, const char *path, struct archive_facts *facts, struct dory_error *err)
{
	struct writing *w = writing_new(facts);

	w->rules = rules;
	w->manifest = manifest;
	w->format = format;
	w->directory = directory;
	return write_file(w, path, err);
}

int archive_write_composition(const struct compose_request *request, const struct archive_texts *texts,
	bool (*takes)(const struct compose_entry *entry), const char *path, struct archive_facts *facts, struct dory_error *err)
{
	struct writing *w = writing_new(facts);

	w->request = request;
	w->texts = texts;
	w->takes = takes;
	w->format = ARCHIVE_DORY;
	w->directory = "";
	return write_file(w, path, err);
}
