/* SPDX-License-Identifier: BSD-3-Clause */
/* Debian packages: the cache of blobs, and from a blob into the tree. */
#include "dory/compose/package.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/compose/blob.h"
#include "dory/compose/checksum.h"

struct package {
	char *deb;
	char *cache, *temporary; /* cache NULL: none */
	enum package_kind kind;
	struct blob blob;
	struct {
		const char *name;
		char *text;
	} * control;
	size_t control_count;
};

/* A blob belongs to one state of one .deb file: the name and all that stat says of a file's identity. */
static void make_key(const char *deb, const struct stat *st, uint64_t key[2])
{
	const uint64_t identity[] = {
		st->st_ino, (uint64_t)st->st_size, (uint64_t)st->st_mtim.tv_sec, (uint64_t)st->st_mtim.tv_nsec};

	for (unsigned i = 0; i < 2; i++)
		key[i] = checksum64(checksum64(i + 1, deb, strlen(deb)), identity, sizeof(identity));
}

static int open_deb(const char *deb, struct stat *st, struct dory_error *err)
{
	int fd = open(deb, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_set_errno(
			err, errno == ENOENT ? DORY_ERROR_NOT_FOUND : DORY_ERROR_IO, "opening the package %s", deb);
	if (fstat(fd, st) < 0) {
		error_set_errno(err, DORY_ERROR_IO, "reading the package %s", deb);
		close(fd);
		return -1;
	}
	return fd;
}

/* The file that a package is unpacked from. */
struct origin {
	enum package_kind kind;
	int fd;
	const char *name;
};

static int unpack_into(const struct origin *origin, int fd, struct blob *blob, struct dory_error *err)
{
	int result = origin->kind == PACKAGE_TAR       ? blob_unpack_tar(origin->fd, origin->name, fd, err)
		     : origin->kind == PACKAGE_ARCHIVE ? blob_unpack_archive(origin->fd, origin->name, fd, err)
						       : blob_unpack(origin->fd, origin->name, fd, err);

	if (result < 0) {
		close(fd);
		return -1;
	}
	if (!blob_open(fd, blob))
		return error_set(err, DORY_ERROR_IO, "the unpacked form of %s cannot be read back", origin->name);
	return 0;
}

/* Gives the file without a name its name; a blob that is there already is one that was found damaged, or a newer one. */
static int link_blob(int fd, const char *path)
{
	char *source = text_format("/proc/self/fd/%d", fd);
	int result = -1;

	for (int attempt = 0; attempt < 3 && result < 0; attempt++) {
		result = linkat(AT_FDCWD, source, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
		if (result < 0 && errno == EEXIST)
			unlink(path);
		else if (result < 0)
			break;
	}
	free(source);
	return result;
}

/* The file has no name until it is whole: a kill leaves no debris, and two processes may unpack the same package. */
static int unpack_to_cache(const struct origin *origin, const char *cache, const char *path, struct blob *blob,
	struct dory_error *err)
{
	int fd = open(cache, O_TMPFILE | O_RDWR | O_CLOEXEC, 0644);

	if (fd < 0)
		return error_set_errno(err, DORY_ERROR_IO, "making a file in the cache %s", cache);
	if (unpack_into(origin, fd, blob, err) < 0)
		return -1;
	if (link_blob(fd, path) == 0)
		return 0;
	error_set_errno(err, DORY_ERROR_IO, "writing %s", path);
	blob_close(blob);
	return -1;
}

/* Where the blob of that key is in the cache; owned. */
static char *blob_path(const char *cache, const char *deb, const uint64_t key[2], const char *suffix)
{
	const char *base = strrchr(deb, '/');

	return text_format("%s/%.150s-%016llx%s%s", cache, base ? base + 1 : deb, (unsigned long long)key[0], *suffix ? "." : "", suffix);
}

static int open_cached(const struct origin *origin, const char *cache, const uint64_t key[2], struct blob *blob,
	struct dory_error *err)
{
	char *path = blob_path(cache, origin->name, key, "");
	int fd = open(path, O_RDONLY | O_CLOEXEC), result = 0;

	if (fd < 0 || !blob_open(fd, blob)) {
		result = file_make_directories(cache, err);
		if (result == 0)
			result = unpack_to_cache(origin, cache, path, blob, err);
	}
	free(path);
	return result;
}

static int open_temporary(const struct origin *origin, const char *directory, struct blob *blob, struct dory_error *err)
{
	int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_set_errno(err, DORY_ERROR_IO, "making a temporary file in %s", directory);
	return unpack_into(origin, fd, blob, err);
}

/* Texts of the control archive, read now: they are small, and the tree takes the descriptor. */
static int read_control(struct package *package, struct dory_error *err)
{
	enum { CONTROL_MAX = 1 << 20 };

	for (size_t i = 0; i < package->blob.record_count; i++) {
		const struct blob_record *record = &package->blob.records[i];
		const char *name = blob_text(&package->blob, record->path);
		char *text;

		if (!(record->flags & BLOB_CONTROL) || !S_ISREG(record->mode) || record->size > CONTROL_MAX)
			continue;
		text = calloc(1, record->size + 1);
		if (!text ||
			pread(package->blob.fd, text, record->size, (off_t)record->offset) != (ssize_t)record->size) {
			free(text);
			return error_set_errno(err, DORY_ERROR_IO, "reading the unpacked form of %s", package->deb);
		}
		array_push(&package->control, &package->control_count, sizeof(*package->control));
		package->control[package->control_count - 1].name = strncmp(name, "./", 2) == 0 ? name + 2 : name;
		package->control[package->control_count - 1].text = text;
	}
	return 0;
}

static struct package *package_new(enum package_kind kind, const char *deb, const char *cache, const char *temporary)
{
	struct package *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->blob.fd = -1;
	p->deb = text_copy(deb);
	p->cache = cache ? text_copy(cache) : NULL;
	p->temporary = text_copy(temporary);
	p->kind = kind;
	return p;
}

int package_open(enum package_kind kind, const char *deb, const char *cache, const char *temporary,
	struct package **package, struct dory_error *err)
{
	struct origin origin = {.kind = kind, .name = deb};
	struct package *p;
	struct stat st;
	uint64_t key[2];
	int fd = open_deb(deb, &st, err), result;

	if (fd < 0)
		return -1;
	p = package_new(kind, deb, cache, temporary);
	origin.fd = fd;
	make_key(deb, &st, key);
	if (cache)
		result = open_cached(&origin, cache, key, &p->blob, err);
	else
		result = open_temporary(&origin, temporary, &p->blob, err);
	close(fd);
	if (result == 0) {
		memcpy(p->blob.key, key, sizeof(key));
		result = read_control(p, err);
	}
	if (result < 0) {
		package_free(p);
		return -1;
	}
	*package = p;
	return 0;
}

void package_free(struct package *package)
{
	if (!package)
		return;
	for (size_t i = 0; i < package->control_count; i++)
		free(package->control[i].text);
	free(package->control);
	blob_close(&package->blob);
	free(package->deb);
	free(package->cache);
	free(package->temporary);
	free(package);
}

/* ---- What is made from a package ---- */

static int make_archive(const struct package *package, package_make_fn *make, void *context, int *archive, struct dory_error *err)
{
	int result;

	*archive = open(package->temporary, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (*archive < 0)
		return error_set_errno(err, DORY_ERROR_IO, "making a temporary file in %s", package->temporary);
	result = make(context, *archive, err);
	if (result == 0 && lseek(*archive, 0, SEEK_SET) < 0)
		result = error_set_errno(err, DORY_ERROR_IO, "reading a temporary file in %s", package->temporary);
	if (result != 0)
		close(*archive);
	return result;
}

static int derive(struct package *to, const char *path, package_make_fn *make, void *context, struct dory_error *err)
{
	struct origin origin = {.kind = PACKAGE_ARCHIVE, .name = to->deb};
	int result = make_archive(to, make, context, &origin.fd, err);

	if (result != 0)
		return result;
	result = to->cache ? unpack_to_cache(&origin, to->cache, path, &to->blob, err) : open_temporary(&origin, to->temporary, &to->blob, err);
	close(origin.fd);
	return result;
}

int package_derive(const struct package *package, const char *suffix, package_make_fn *make, void *context, struct package **derived,
	struct dory_error *err)
{
	struct package *p = package_new(PACKAGE_ARCHIVE, package->deb, package->cache, package->temporary);
	char *path = p->cache ? blob_path(p->cache, package->deb, package->blob.key, suffix) : NULL;
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1, result = 0;

	if (fd < 0 || !blob_open(fd, &p->blob))
		result = derive(p, path, make, context, err);
	for (unsigned i = 0; i < 2; i++)
		p->blob.key[i] = checksum64(package->blob.key[i], suffix, strlen(suffix));
	free(path);
	if (result != 0)
		package_free(p);
	*derived = result == 0 ? p : NULL;
	return result < 0 ? -1 : 0;
}

int package_blob(const struct package *package)
{
	return package->blob.fd;
}

const char *package_control(const struct package *package, const char *name)
{
	for (size_t i = 0; i < package->control_count; i++)
		if (strcmp(package->control[i].name, name) == 0)
			return package->control[i].text;
	return NULL;
}

bool package_is_documentation(const char *path)
{
	static const char *const below[] = {"doc/", "doc-base/", "man/", "info/", "lintian/", "bug/", "gtk-doc/",
		"help/", "gnome/help/", "reportbug/"};
	static const char share[] = "usr/share/", locale[] = "locale/";

	if (strncmp(path, share, sizeof(share) - 1) != 0)
		return false;
	path += sizeof(share) - 1;
	if (strncmp(path, locale, sizeof(locale) - 1) == 0) {
		path += sizeof(locale) - 1;
		return *path && *path != 'C' && strchr(path, '/'); /* files right there (locale.alias) stay */
	}
	for (size_t i = 0; i < ARRAY_SIZE(below); i++)
		if (strncmp(path, below[i], strlen(below[i])) == 0)
			return path[strlen(below[i])] != '\0';
	return false;
}

static const char *relative(const char *path)
{
	while (*path == '/' || (path[0] == '.' && path[1] == '/'))
		path++;
	return path;
}

static int add_record(struct package *package, struct tree *tree, const struct blob_record *record, bool belongs_to_root,
	struct dory_error *err)
{
	const char *path = relative(blob_text(&package->blob, record->path)),
		   *link = blob_text(&package->blob, record->link);
	struct tree_inode inode = {
		.mode = record->mode, .uid = record->uid, .gid = record->gid, .mtime = record->mtime};
	struct tree_node *there;

	if (belongs_to_root)
		inode.uid = inode.gid = 0;
	if (record->flags & BLOB_HARD_LINK)
		return tree_add_hard_link(tree, path, relative(link), err);
	if (S_ISDIR(record->mode)) {
		there = tree_find(tree, path, true);
		if (there && there->parent == NULL)
			return 0; /* the archive's "./" */
	} else if (S_ISLNK(record->mode)) {
		inode.link = tree_copy_text(tree, link);
		inode.size = strlen(link);
	} else {
		inode.size = record->size;
		inode.content = (struct tree_content){.fd = package->blob.fd, .offset = record->offset};
		inode.stamp[0] = package->blob.key[0] | 1;
		inode.stamp[1] = package->blob.key[1];
		inode.stamp[2] = record->offset;
		inode.stamp[3] = record->size;
	}
	return tree_add(tree, path, &inode, true, NULL, err);
}

void package_visit_files(const struct package *package, void (*visit)(void *context, const struct package_file *file), void *context)
{
	for (size_t i = 0; i < package->blob.record_count; i++) {
		const struct blob_record *record = &package->blob.records[i];
		struct package_file file = {
			.path = relative(blob_text(&package->blob, record->path)),
			.offset = record->offset,
			.size = record->size,
			.mtime = record->mtime,
		};

		if (S_ISREG(record->mode) && !(record->flags & (BLOB_CONTROL | BLOB_HARD_LINK)))
			visit(context, &file);
	}
}

/* A tar package's own manifests: the folder meta, but no other name that starts so. */
static bool is_meta(const char *path)
{
	return strncmp(path, "meta", 4) == 0 && (path[4] == '\0' || path[4] == '/');
}

static bool is_left_out(const struct package *package, const char *path, unsigned parts)
{
	if (package->kind == PACKAGE_ARCHIVE)
		return false;
	if (package->kind == PACKAGE_TAR)
		return !(parts & PACKAGE_META) && is_meta(path);
	return !(parts & PACKAGE_DOCUMENTATION) && package_is_documentation(path);
}

int package_add(struct package *package, struct tree *tree, unsigned parts, struct dory_error *err)
{
	int fd = package->blob.fd, result = 0;

	for (size_t i = 0; i < package->blob.record_count && result == 0; i++) {
		const struct blob_record *record = &package->blob.records[i];

		if (record->flags & BLOB_CONTROL)
			continue;
		if (is_left_out(package, relative(blob_text(&package->blob, record->path)), parts))
			continue;
		if (add_record(package, tree, record, parts & PACKAGE_OF_ROOT, err) < 0)
			result = error_wrap(err, "adding the package %s", package->deb);
	}
	tree_take_fd(tree, fd);
	package->blob.fd = -1;
	return result;
}
