/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * File handles. A file that is no folder is opened without a place, as if it were unlinked. A folder needs one: its path is put together
 * from below, by what ".." says in each, and walked.
 */
#include "kernel/file/handle.h"
#include "kernel/file/dentry.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "lib/string.h"

enum { PATH_MAX = 4096 };

int file_handle_of(const struct path *path, struct file_handle_bytes *handle)
{
	const struct inode *inode = path_inode(path);

	if (!inode->fs || !inode->fs->find_inode)
		return -EOPNOTSUPP;
	*handle = file_handle_of_inode(inode);
	return 0;
}

/* Looks for an entry by its name, or by its number. */
struct search {
	struct directory_sink sink;
	const char *wanted_name; /* NULL: by number, "." and ".." left out */
	uint64_t number;	 /* sought, or found */
	char name[LINUX_NAME_MAX + 1];
	size_t len;
	uint64_t next; /* where to go on */
	bool is_found;
};

static bool is_dots(const char *name, size_t len)
{
	return name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.'));
}

static bool look_at(struct directory_sink *sink, const char *name, size_t len, uint64_t number, unsigned type, uint64_t next)
{
	struct search *search = container_of(sink, struct search, sink);
	bool is_it = search->wanted_name ? len == strlen(search->wanted_name) && !memcmp(name, search->wanted_name, len) : number == search->number && !is_dots(name, len);

	if (!is_it || len > LINUX_NAME_MAX)
		return true;
	search->is_found = true;
	search->number = number;
	search->len = len;
	memcpy(search->name, name, len);
	return false;
}

static int find_entry(struct inode *directory, struct search *search)
{
	uint64_t position = 0, before;
	int ret = 0;

	search->sink.add = look_at;
	mutex_lock(&directory->lock);
	do {
		before = position;
		ret = directory->links ? directory->ops->read_directory(directory, &position, &search->sink) : -ESTALE;
		cpu_poll();
	} while (!ret && !search->is_found && position != before);
	mutex_unlock(&directory->lock);
	return ret < 0 ? ret : search->is_found ? 0 : -ESTALE;
}

/* The folder that it lies in, with a reference, and its name there. */
static int find_parent(struct inode *folder, struct search *by_number, struct inode **parent)
{
	struct search *up = heap_alloc_zero(sizeof(*up));
	int ret;

	if (!up)
		return -ENOMEM;
	up->wanted_name = "..";
	ret = find_entry(folder, up);
	if (!ret)
		ret = folder->fs->find_inode(folder->fs, up->number, parent);
	heap_free(up);
	if (ret)
		return ret;
	by_number->number = folder->number;
	ret = inode_is_directory(*parent) ? find_entry(*parent, by_number) : -ESTALE;
	if (ret)
		inode_put(*parent);
	return ret;
}

/* Its path below the root of the file system, right-aligned in text[size]; *start is where it begins. */
static int compose(struct inode *folder, char *text, size_t size, size_t *start)
{
	struct search *search = heap_alloc(sizeof(*search));
	struct inode *at = folder, *parent;
	int ret = search ? 0 : -ENOMEM;

	text[*start = size - 1] = '\0';
	inode_get(at);
	while (!ret && at != folder->fs->root) {
		memset(search, 0, sizeof(*search));
		ret = find_parent(at, search, &parent);
		if (ret)
			break;
		inode_put(at);
		at = parent;
		if (search->len + 1 > *start) {
			ret = -ENAMETOOLONG;
			break;
		}
		*start -= search->len;
		memcpy(text + *start, search->name, search->len);
		text[--*start] = '/';
	}
	inode_put(at);
	heap_free(search);
	return ret;
}

static int walk_to(const struct path *root, struct inode *folder, struct path *found)
{
	char *text = heap_alloc(PATH_MAX);
	size_t start;
	int ret = text ? compose(folder, text, PATH_MAX, &start) : -ENOMEM;

	if (!ret)
		ret = path_walk(root, text[start] ? text + start + 1 : "", WALK_EMPTY, found);
	heap_free(text);
	if (!ret && path_inode(found) != folder) { /* something is mounted on it, or it was moved just now */
		path_put(found);
		ret = -ESTALE;
	}
	return ret;
}

int file_handle_find(const struct path *anchor, const struct file_handle_bytes *handle, struct path *found)
{
	struct file_system *fs = anchor->mount->fs;
	struct path root = {.mount = anchor->mount};
	struct inode *inode;
	int ret;

	if (!fs || !fs->find_inode || !fs->root_dentry)
		return -EOPNOTSUPP;
	ret = fs->find_inode(fs, handle->number, &inode);
	if (ret)
		return ret;
	if (inode->generation != handle->generation) {
		inode_put(inode);
		return -ESTALE;
	}
	root.dentry = fs->root_dentry;
	path_get(&root);
	if (inode_is_directory(inode)) {
		ret = walk_to(&root, inode, found);
		inode_put(inode);
	} else {
		ret = path_new_unnamed(&root, inode, found); /* takes the inode */
	}
	path_put(&root);
	return ret;
}
