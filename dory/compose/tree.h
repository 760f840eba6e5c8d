/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The content of an image while it is composed: a tree of names over inodes, as the file system will hold it. It lives
 * in memory; file contents stay where they are until the image is written. Nothing here touches the host's file system,
 * so the worst that a hostile path or link can do is to land elsewhere in the same tree.
 *
 * Paths are resolved within the tree: symlinks among the parents are followed (so that /bin -> usr/bin carries over),
 * at most 40 deep, ".." is refused in added paths and stops at the root in link targets.
 */
#pragma once
#include <sys/stat.h>
#include <sys/types.h>
#include "dory/base/error.h"

enum { TREE_NAME_MAX = 255 };

/* Where the bytes of a regular file are. */
struct tree_content {
	const void *bytes; /* if not NULL: in memory */
	const char *path;  /* if not NULL: the file at this path below the directory `fd` */
	int fd;            /* without either: in the open file `fd` */
	uint64_t offset;   /* from here on */
};

enum tree_change { TREE_CHANGE_INODE = 1, TREE_CHANGE_DATA = 2 };

struct tree_inode {
	uint32_t mode; /* type and permissions, as st_mode */
	uint32_t uid, gid;
	int64_t mtime;
	uint64_t size;
	const char *link; /* symlink: its target */
	struct tree_content content;
	uint64_t stamp[4]; /* regular file: equal stamps promise equal contents; the first is 0 if nothing can be
			      promised */
	size_t source;     /* which source it came from, as tree_set_source said; for people who ask */
	unsigned names;    /* names that share it (hard links) */
	uint32_t number;   /* in the image, 0 until it is assigned */
	unsigned change;   /* enum tree_change: what the writer has to write */
};

struct tree_node {
	struct tree_node *parent, *children, *next; /* children and next: siblings in order of name after tree_sort */
	struct tree_node *bucket_next;
	struct tree_inode *inode;
	uint32_t hash;
	unsigned name_length;
	char name[];
};

struct tree;

struct tree *tree_new(void);
void tree_free(struct tree *tree); /* with all descriptors it was given; accepts NULL */
struct tree_node *tree_root(const struct tree *tree);
size_t tree_count(const struct tree *tree); /* names */

/* What is added from now on is marked with this source; SIZE_MAX at the beginning. */
void tree_set_source(struct tree *tree, size_t source);

/* The tree keeps the descriptor and closes it at its end. */
void tree_take_fd(struct tree *tree, int fd);
/* Memory that lives as long as the tree. */
void *tree_allocate(struct tree *tree, size_t size);
char *tree_copy_text(struct tree *tree, const char *text);

/* NULL if there is none. The last name is followed if it is a symlink and `follow` is set. */
struct tree_node *tree_find(const struct tree *tree, const char *path, bool follow);
struct tree_node *tree_child(const struct tree *tree, const struct tree_node *directory, const char *name);

/*
 * Adds a name at `path`; missing parents become directories (0755, root). What was there is replaced, except that a
 * directory stays where a directory, or (`keep_directory`) a symlink comes, and a symlink to a directory stays where a
 * directory comes. FORMAT for a bad path, CONFLICT if a directory that is not empty would have to give way. *node may
 * be NULL.
 */
int tree_add(struct tree *tree, const char *path, const struct tree_inode *inode, bool keep_directory,
	struct tree_node **node, struct dory_error *err) must_check;
/* The same below a directory known already. */
int tree_add_child(struct tree *tree, struct tree_node *directory, const char *name, const struct tree_inode *inode,
	bool keep_directory, struct tree_node **node, struct dory_error *err) must_check;
/* Another name for the regular file at `target`. */
int tree_add_hard_link(struct tree *tree, const char *path, const char *target, struct dory_error *err) must_check;

/* Shorthands for what is made here, owned by root. `bytes` and `target` are copied. */
int tree_add_bytes(struct tree *tree, const char *path, unsigned permissions, const void *bytes, size_t size,
	struct dory_error *err) must_check;
int tree_add_symlink(struct tree *tree, const char *path, const char *target, struct dory_error *err) must_check;
int tree_add_directory(struct tree *tree, const char *path, unsigned permissions, uint32_t uid, uint32_t gid,
	struct dory_error *err) must_check;

void tree_remove(struct tree *tree, struct tree_node *node); /* with all below it */

/* Sorts all siblings by name (bytes), so that walks do not depend on the order of addition. */
void tree_sort(struct tree *tree);
/* The node after `node` in a walk that visits a directory before what is in it; NULL at the end. Start with the root.
 */
struct tree_node *tree_next(const struct tree_node *node);

/* The absolute path; returns owned. */
char *tree_path(const struct tree_node *node);
/* The contents of a regular file; returns owned, with a NUL behind. FORMAT if it is larger than `limit`. */
int tree_read(
	const struct tree_node *node, size_t limit, char **content, size_t *length, struct dory_error *err) must_check;
/* Reads up to `size` bytes at `offset` of a regular file. `fd`: what tree_open gave. Returns how many, -1 with errno.
 */
ssize_t tree_read_at(const struct tree_inode *inode, int fd, void *to, size_t size, uint64_t offset);
/* A descriptor for tree_read_at: -1 where none is needed, -2 with errno on failure. tree_close closes it if it was
 * opened here. */
int tree_open(const struct tree_inode *inode);
void tree_close(const struct tree_inode *inode, int fd);
