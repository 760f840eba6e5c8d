/* SPDX-License-Identifier: BSD-3-Clause */
/* Surveying directories: breadth first, the list of entries being its own queue. */
#include "dory/compose/directory.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/text.h"

struct entry {
	char *path; /* relative to the directory; "" is the directory itself */
	uint32_t mode;
	uint64_t size;
	int64_t mtime;
	uint64_t stamp[4];
	struct tree_node *node;
	size_t parent;
};

struct directory {
	char *path;
	int fd; /* -1 once a tree has it */
	bool is_file;
	struct entry *entries;
	size_t count, capacity;
	size_t left_out;
	char *first_left_out;
};

struct survey {
	struct directory *directory;
	const struct directory_filter *filter;
	int64_t racy_ns;
	directory_digest_fn *digest;
	void *context;
	bool is_racy;
};

static uint64_t nanoseconds(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_nsec;
}

static void add_entry(struct survey *survey, char *path, size_t parent, const struct stat *st)
{
	struct directory *d = survey->directory;
	struct entry entry = {.path = path, .mode = st->st_mode, .mtime = st->st_mtim.tv_sec, .parent = parent};
	uint64_t changed = nanoseconds(&st->st_ctim);

	entry.size = S_ISDIR(st->st_mode) ? 0 : (uint64_t)st->st_size;
	entry.stamp[0] = (st->st_ino * 0x9e3779b97f4a7c15u ^ st->st_dev) | 1;
	entry.stamp[1] = nanoseconds(&st->st_mtim);
	entry.stamp[2] = changed;
	entry.stamp[3] = entry.size;
	survey->digest(survey->context, path, strlen(path) + 1);
	survey->digest(survey->context, &entry.mode, sizeof(entry.mode));
	survey->digest(survey->context, entry.stamp, sizeof(entry.stamp));
	if ((int64_t)changed >= survey->racy_ns) {
		survey->is_racy = true;
		entry.stamp[0] = 0;
	}
	if (d->count == d->capacity) {
		d->capacity = d->capacity ? d->capacity * 2 : 64;
		d->entries = realloc(d->entries, d->capacity * sizeof(entry));
		if (!d->entries)
			abort();
	}
	d->entries[d->count++] = entry;
}

static void leave_out(struct directory *d, const char *path)
{
	if (d->left_out++ == 0)
		d->first_left_out = text_copy(path);
}

static bool is_left_out(const struct survey *survey, const char *path)
{
	char *absolute;
	bool result;

	if (!survey->filter || !survey->filter->leaves_out)
		return false;
	absolute = text_format("/%s", path);
	result = survey->filter->leaves_out(survey->filter->context, absolute);
	free(absolute);
	return result;
}

static int look_at(struct survey *survey, int fd, size_t parent, const char *name, struct dory_error *err)
{
	struct directory *d = survey->directory;
	const char *above = d->entries[parent].path;
	char *path = *above ? text_format("%s/%s", above, name) : text_copy(name);
	struct stat st;

	if (is_left_out(survey, path)) {
		free(path);
		return 0;
	}
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		error_set_errno(err, DORY_ERROR_IO, "looking at %s/%s", d->path, path);
		free(path);
		return -1;
	}
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode)) {
		add_entry(survey, path, parent, &st);
		return 0;
	}
	leave_out(d, path);
	free(path);
	return 0;
}

static int survey_one(struct survey *survey, size_t index, struct dory_error *err)
{
	struct directory *d = survey->directory;
	const char *path = d->entries[index].path;
	int fd = openat(d->fd, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), result = 0;
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *found;

	if (!stream) {
		error_set_errno(err, DORY_ERROR_IO, "reading the directory %s/%s", d->path, path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while (result == 0 && (errno = 0, found = readdir(stream)))
		if (strcmp(found->d_name, ".") != 0 && strcmp(found->d_name, "..") != 0)
			result = look_at(survey, fd, index, found->d_name, err);
	if (result == 0 && errno)
		result = error_set_errno(err, DORY_ERROR_IO, "reading the directory %s/%s", d->path, path);
	closedir(stream);
	return result;
}

static int survey_all(struct survey *survey, const struct stat *st, struct dory_error *err)
{
	struct directory *d = survey->directory;

	add_entry(survey, text_copy(""), 0, st);
	for (size_t i = 0; i < d->count; i++)
		if (S_ISDIR(d->entries[i].mode) && survey_one(survey, i, err) < 0)
			return -1;
	return 0;
}

int directory_survey(const char *path, const struct directory_filter *filter, int64_t racy_ns,
	directory_digest_fn *digest, void *context, struct directory **directory, bool *is_racy, struct dory_error *err)
{
	struct directory *d = calloc(1, sizeof(*d));
	struct survey survey = {.directory = d, .filter = filter, .racy_ns = racy_ns, .digest = digest, .context = context};
	struct stat st;

	if (!d)
		abort();
	d->path = text_copy(path);
	d->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (d->fd < 0 || fstat(d->fd, &st) < 0) {
		error_set_errno(err, errno == ENOENT ? DORY_ERROR_NOT_FOUND : DORY_ERROR_IO, "opening %s", path);
		directory_free(d);
		return -1;
	}
	d->is_file = !S_ISDIR(st.st_mode);
	if (d->is_file && !S_ISREG(st.st_mode)) {
		error_set(err, DORY_ERROR_USAGE, "%s is neither a directory nor a file", path);
		directory_free(d);
		return -1;
	}
	if (survey_all(&survey, &st, err) < 0) {
		directory_free(d);
		return -1;
	}
	*is_racy |= survey.is_racy;
	*directory = d;
	return 0;
}

void directory_free(struct directory *directory)
{
	if (!directory)
		return;
	for (size_t i = 0; i < directory->count; i++)
		free(directory->entries[i].path);
	if (directory->fd >= 0)
		close(directory->fd);
	free(directory->entries);
	free(directory->first_left_out);
	free(directory->path);
	free(directory);
}

size_t directory_left_out(const struct directory *directory, const char **first)
{
	*first = directory->first_left_out;
	return directory->left_out;
}

static int read_link(const struct directory *d, struct tree *tree, const struct entry *entry, struct tree_inode *inode,
	struct dory_error *err)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(d->fd, entry->path, target, sizeof(target) - 1);

	if (n <= 0)
		return error_set_errno(err, DORY_ERROR_IO, "reading the link %s/%s", d->path, entry->path);
	target[n] = '\0';
	inode->link = tree_copy_text(tree, target);
	inode->size = (uint64_t)n;
	return 0;
}

static int add_one(const struct directory *d, struct tree *tree, struct entry *entry, struct tree_node *parent,
	struct dory_error *err)
{
	struct tree_inode inode = {.mode = entry->mode, .mtime = entry->mtime, .size = entry->size};
	const char *slash = strrchr(entry->path, '/'), *name = slash ? slash + 1 : entry->path;
	struct tree_node *there;

	if (S_ISDIR(entry->mode)) {
		there = tree_child(tree, parent, name);
		if (there && S_ISDIR(there->inode->mode)) {
			entry->node = there;
			return 0;
		}
	} else if (S_ISLNK(entry->mode)) {
		if (read_link(d, tree, entry, &inode, err) < 0)
			return -1;
	} else {
		inode.content = (struct tree_content){.fd = d->fd, .path = tree_copy_text(tree, entry->path)};
		memcpy(inode.stamp, entry->stamp, sizeof(inode.stamp));
	}
	return tree_add_child(tree, parent, name, &inode, false, &entry->node, err);
}

static int add_tree(struct directory *d, struct tree *tree, const char *target, struct dory_error *err)
{
	struct entry *entries = d->entries;
	struct tree_inode root = {.mode = entries[0].mode, .mtime = entries[0].mtime};

	entries[0].node = tree_find(tree, target, true);
	if (!entries[0].node && tree_add(tree, target, &root, true, &entries[0].node, err) < 0)
		return -1;
	for (size_t i = 1; i < d->count; i++)
		if (add_one(d, tree, &entries[i], entries[entries[i].parent].node, err) < 0)
			return -1;
	return 0;
}

static int add_file(struct directory *d, struct tree *tree, const char *target, unsigned mode, struct dory_error *err)
{
	const struct entry *entry = &d->entries[0];
	struct tree_inode inode = {.mode = mode ? S_IFREG | (mode & 07777) : entry->mode,
		.mtime = entry->mtime,
		.size = entry->size,
		.content = {.fd = d->fd}};

	memcpy(inode.stamp, entry->stamp, sizeof(inode.stamp));
	return tree_add(tree, target, &inode, false, NULL, err);
}

int directory_add(
	struct directory *directory, struct tree *tree, const char *target, unsigned mode, struct dory_error *err)
{
	int result = directory->is_file ? add_file(directory, tree, target, mode, err)
					: add_tree(directory, tree, target, err);

	for (size_t i = 0; i < directory->count; i++) /* all is in the tree: thousands of paths need not be here as well */
		free(directory->entries[i].path);
	free(directory->entries);
	directory->entries = NULL;
	directory->count = directory->capacity = 0;
	tree_take_fd(tree, directory->fd);
	directory->fd = -1;
	if (result < 0)
		return error_wrap(err, "adding %s", directory->path);
	return 0;
}
