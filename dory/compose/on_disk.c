/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The content tree below a directory of this disk. Its names are single components that the tree has checked, and each
 * is made, not opened, in a directory that was made just before: no link that the content holds is ever followed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/text.h"
#include "dory/compose/compose.h"
#include "dory/compose/gather.h"

enum { COPY_SIZE = 1 << 18 };

/* What the functions below share. */
struct unpacking {
	mode_t modes; /* those bits of modes that are kept */
	char *buffer; /* of COPY_SIZE bytes */
};

static int fail(const struct tree_node *node, struct dory_error *err)
{
	char *path = tree_path(node);

	error_set_errno(err, DORY_ERROR_IO, "writing %s", path);
	free(path);
	return -1;
}

static int copy_content(const struct tree_inode *inode, int from, int to, char *buffer)
{
	for (uint64_t done = 0; done < inode->size;) {
		ssize_t n = tree_read_at(inode, from, buffer, COPY_SIZE, done);

		if (n == 0)
			errno = EIO; /* shorter than it was */
		if (n <= 0)
			return -1;
		done += (uint64_t)n;
		for (ssize_t written = 0, m; written < n; written += m) {
			m = write(to, buffer + written, (size_t)(n - written));
			if (m < 0)
				return -1;
		}
	}
	return 0;
}

static int set_times(int fd, const struct tree_inode *inode)
{
	const struct timespec times[2] = {{.tv_sec = inode->mtime}, {.tv_sec = inode->mtime}};

	return futimens(fd, times);
}

static int write_file(const struct unpacking *u, const struct tree_node *node, int directory, struct dory_error *err)
{
	int from = tree_open(node->inode), to = -1, result = -1;

	if (from != -2)
		to = openat(directory, node->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to >= 0)
		result = copy_content(node->inode, from, to, u->buffer);
	if (result == 0 && (fchmod(to, node->inode->mode & u->modes) < 0 || set_times(to, node->inode) < 0))
		result = -1;
	if (result < 0)
		fail(node, err);
	tree_close(node->inode, from);
	if (to >= 0)
		close(to);
	return result;
}

static int write_link(const struct tree_node *node, int directory, struct dory_error *err)
{
	const struct timespec times[2] = {{.tv_sec = node->inode->mtime}, {.tv_sec = node->inode->mtime}};

	if (symlinkat(node->inode->link, directory, node->name) < 0 ||
		utimensat(directory, node->name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(node, err);
	return 0;
}

static int write_children(const struct unpacking *u, const struct tree_node *node, int directory, struct dory_error *err);

static int write_directory(const struct unpacking *u, const struct tree_node *node, int parent, struct dory_error *err)
{
	int fd = -1, result;

	if (mkdirat(parent, node->name, 0700) == 0)
		fd = openat(parent, node->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail(node, err);
	result = write_children(u, node, fd, err);
	/* The owner keeps the right to remove what is in it. */
	if (result == 0 && (fchmod(fd, (node->inode->mode & u->modes) | 0700) < 0 || set_times(fd, node->inode) < 0))
		result = fail(node, err);
	close(fd);
	return result;
}

/* The tree is at most 512 deep (tree.c), and so is the recursion. */
static int write_children(const struct unpacking *u, const struct tree_node *node, int directory, struct dory_error *err)
{
	for (const struct tree_node *child = node->children; child; child = child->next) {
		int result;

		if (S_ISDIR(child->inode->mode))
			result = write_directory(u, child, directory, err);
		else if (S_ISLNK(child->inode->mode))
			result = write_link(child, directory, err);
		else
			result = write_file(u, child, directory, err);
		if (result < 0)
			return -1;
	}
	return 0;
}

static int gather(const struct compose_request *request, struct gathering **gathering, struct tree **tree,
	struct dory_error *err)
{
	if (gathering_survey(request, gathering, err) < 0)
		return -1;
	if (gathering_tree(*gathering, tree, err) < 0) {
		gathering_free(*gathering);
		return -1;
	}
	gathering_finish(*tree);
	return 0;
}

int compose_on_disk(const struct compose_request *request, const char *path, struct dory_error *err)
{
	struct unpacking u = {.modes = request->with_special_modes ? 07777 : 0777};
	struct gathering *gathering;
	struct tree *tree;
	int fd, result = -1;

	if (gather(request, &gathering, &tree, err) < 0)
		return -1;
	u.buffer = malloc(COPY_SIZE);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || !u.buffer)
		error_set_errno(err, DORY_ERROR_IO, "opening %s", path);
	else
		result = write_children(&u, tree_root(tree), fd, err);
	if (fd >= 0)
		close(fd);
	free(u.buffer);
	tree_free(tree);
	gathering_free(gathering);
	return result;
}

ssize_t compose_entry_read(const struct compose_entry *entry, void *to, size_t size, uint64_t offset)
{
	return tree_read_at(entry->inode, entry->fd, to, size, offset);
}

static int visit_node(const struct tree_node *node, compose_visit_fn *visit, void *context, struct dory_error *err)
{
	const struct tree_inode *inode = node->inode;
	char *path = tree_path(node);
	struct compose_entry entry = {.path = path,
		.mode = inode->mode,
		.uid = inode->uid,
		.gid = inode->gid,
		.mtime = inode->mtime,
		.size = inode->size,
		.link = inode->link,
		.source = inode->source,
		.inode = inode,
		.fd = S_ISREG(inode->mode) ? tree_open(inode) : -1};
	int result = entry.fd == -2 ? fail(node, err) : visit(context, &entry, err);

	if (S_ISREG(inode->mode) && entry.fd != -2)
		tree_close(inode, entry.fd);
	free(path);
	return result;
}

int compose_visit(
	const struct compose_request *request, compose_visit_fn *visit, void *context, struct dory_error *err)
{
	struct gathering *gathering;
	struct tree *tree;
	int result = 0;

	if (gather(request, &gathering, &tree, err) < 0)
		return -1;
	for (const struct tree_node *node = tree_root(tree); node && result == 0; node = tree_next(node))
		result = visit_node(node, visit, context, err);
	tree_free(tree);
	gathering_free(gathering);
	return result;
}
