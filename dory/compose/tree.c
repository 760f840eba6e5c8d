/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The content tree. Nodes, inodes and their texts live in an arena that is freed as a whole; names are found through
 * one hash table over (directory, name).
 */
#include "dory/compose/tree.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/text.h"

enum { ARENA_CHUNK = 1 << 18, SYMLINKS_MAX = 40, PATH_DEPTH_MAX = 512 };

struct chunk {
	struct chunk *next;
	size_t used, size;
	char bytes[] aligned_to(16);
};

struct tree {
	struct chunk *arena;
	struct tree_node **buckets;
	size_t bucket_count, count;
	struct tree_node *root;
	int *fds;
	size_t fd_count;
	size_t source;
};

void *tree_allocate(struct tree *tree, size_t size)
{
	struct chunk *chunk = tree->arena;
	void *result;

	size = align_up(size, 16);
	if (!chunk || chunk->size - chunk->used < size) {
		size_t capacity = max_u64(size, ARENA_CHUNK);

		chunk = calloc(1, sizeof(*chunk) + capacity);
		if (!chunk)
			abort(); /* as in dory/base/text.h: a host without a few bytes */
		chunk->size = capacity;
		chunk->next = tree->arena;
		tree->arena = chunk;
	}
	result = chunk->bytes + chunk->used;
	chunk->used += size;
	return result;
}

char *tree_copy_text(struct tree *tree, const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(tree_allocate(tree, size), text, size);
}

static uint32_t hash_name(const struct tree_node *directory, const char *name, size_t length)
{
	uint64_t hash = 0xcbf29ce484222325u ^ (uintptr_t)directory;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (uint8_t)name[i]) * 0x100000001b3u;
	return (uint32_t)(hash ^ (hash >> 29));
}

static struct tree_node *lookup(
	const struct tree *tree, const struct tree_node *directory, const char *name, size_t length)
{
	uint32_t hash = hash_name(directory, name, length);
	struct tree_node *node = tree->buckets[hash & (tree->bucket_count - 1)];

	while (node && (node->hash != hash || node->parent != directory || node->name_length != length ||
			       memcmp(node->name, name, length) != 0))
		node = node->bucket_next;
	return node;
}

static void grow_buckets(struct tree *tree)
{
	size_t count = tree->bucket_count * 4;
	struct tree_node **buckets = calloc(count, sizeof(*buckets));

	if (!buckets)
		abort();
	for (size_t i = 0; i < tree->bucket_count; i++)
		for (struct tree_node *node = tree->buckets[i], *next; node; node = next) {
			next = node->bucket_next;
			node->bucket_next = buckets[node->hash & (count - 1)];
			buckets[node->hash & (count - 1)] = node;
		}
	free(tree->buckets);
	tree->buckets = buckets;
	tree->bucket_count = count;
}

/* Makes a node without an inode, linked below `directory`. */
static struct tree_node *link_node(struct tree *tree, struct tree_node *directory, const char *name, size_t length)
{
	struct tree_node *node = tree_allocate(tree, sizeof(*node) + length + 1), **bucket;

	memcpy(node->name, name, length);
	node->name_length = (unsigned)length;
	node->parent = directory;
	node->hash = hash_name(directory, name, length);
	bucket = &tree->buckets[node->hash & (tree->bucket_count - 1)];
	node->bucket_next = *bucket;
	*bucket = node;
	if (directory) {
		node->next = directory->children;
		directory->children = node;
	}
	if (++tree->count > tree->bucket_count)
		grow_buckets(tree);
	return node;
}

static void set_inode(struct tree *tree, struct tree_node *node, const struct tree_inode *inode)
{
	struct tree_inode *copy = tree_allocate(tree, sizeof(*copy));

	*copy = *inode;
	copy->source = tree->source;
	copy->names = 1;
	if (node->inode)
		node->inode->names--;
	node->inode = copy;
}

struct tree *tree_new(void)
{
	static const struct tree_inode root = {.mode = S_IFDIR | 0755};
	struct tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		abort();
	tree->source = SIZE_MAX;
	tree->bucket_count = 1024;
	tree->buckets = calloc(tree->bucket_count, sizeof(struct tree_node *));
	if (!tree->buckets)
		abort();
	tree->root = link_node(tree, NULL, "", 0);
	set_inode(tree, tree->root, &root);
	return tree;
}

void tree_free(struct tree *tree)
{
	if (!tree)
		return;
	for (size_t i = 0; i < tree->fd_count; i++)
		close(tree->fds[i]);
	for (struct chunk *chunk = tree->arena, *next; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(tree->fds);
	free(tree->buckets);
	free(tree);
}

struct tree_node *tree_root(const struct tree *tree)
{
	return tree->root;
}

size_t tree_count(const struct tree *tree)
{
	return tree->count;
}

void tree_set_source(struct tree *tree, size_t source)
{
	tree->source = source;
}

void tree_take_fd(struct tree *tree, int fd)
{
	int *slot = array_push(&tree->fds, &tree->fd_count, sizeof(*slot));

	*slot = fd;
}

/* The next component of *path, "" and "." left out; false at the end. */
static bool next_component(const char **path, const char **name, size_t *length)
{
	do {
		*path += strspn(*path, "/");
		*name = *path;
		*length = strcspn(*path, "/");
		*path += *length;
	} while (*length == 1 && **name == '.');
	return *length > 0;
}

static struct tree_node *walk(
	const struct tree *tree, struct tree_node *from, const char *path, bool follow_last, int *links)
{
	struct tree_node *node = from, *next;
	const char *name;
	size_t length;

	while (next_component(&path, &name, &length)) {
		bool is_last = !path[strspn(path, "/")];

		if (!S_ISDIR(node->inode->mode))
			return NULL;
		if (length == 2 && name[0] == '.' && name[1] == '.') {
			node = node->parent ? node->parent : node;
			continue;
		}
		next = lookup(tree, node, name, length);
		if (!next)
			return NULL;
		if (S_ISLNK(next->inode->mode) && (!is_last || follow_last)) {
			const char *target = next->inode->link;

			if (++*links > SYMLINKS_MAX) /* bounds the recursion, too */
				return NULL;
			next = walk(tree, *target == '/' ? tree->root : node, target, true, links);
			if (!next)
				return NULL;
		}
		node = next;
	}
	return node;
}

struct tree_node *tree_find(const struct tree *tree, const char *path, bool follow)
{
	int links = 0;

	return walk(tree, tree->root, path, follow, &links);
}

struct tree_node *tree_child(const struct tree *tree, const struct tree_node *directory, const char *name)
{
	return lookup(tree, directory, name, strlen(name));
}

static void unlink_node(struct tree *tree, struct tree_node *node)
{
	struct tree_node **link = &tree->buckets[node->hash & (tree->bucket_count - 1)];

	while (*link != node)
		link = &(*link)->bucket_next;
	*link = node->bucket_next;
	for (link = &node->parent->children; *link != node;)
		link = &(*link)->next;
	*link = node->next;
	node->inode->names--;
	tree->count--;
}

void tree_remove(struct tree *tree, struct tree_node *node)
{
	struct tree_node *last = node, *parent;

	for (;;) { /* leaves first, without recursion */
		while (last->children)
			last = last->children;
		parent = last->parent;
		unlink_node(tree, last);
		if (last == node)
			return;
		last = parent;
	}
}

static int refuse(
	const struct tree_node *directory, const char *name, size_t length, const char *why, struct dory_error *err)
{
	char *path = tree_path(directory);

	error_set(err, DORY_ERROR_FORMAT, "the path %s%s%.*s %s", path, path[1] ? "/" : "", (int)min_u64(length, 300),
		name, why);
	free(path);
	return -1;
}

/* The directory that the name is to stand in, made if need be. */
static int find_parent(struct tree *tree, const char *path, struct tree_node **parent, const char **last,
	size_t *last_length, struct dory_error *err)
{
	static const struct tree_inode directory = {.mode = S_IFDIR | 0755};
	struct tree_node *node = tree->root, *next;
	const char *name, *ahead;
	size_t length, ahead_length;
	int depth = 0;

	if (!next_component(&path, &name, &length)) {
		*last = "";
		*last_length = 0;
		*parent = NULL;
		return 0;
	}
	for (;; name = ahead, length = ahead_length) {
		int links = 0;

		if (length == 2 && name[0] == '.' && name[1] == '.')
			return refuse(node, name, length, "leads upwards", err);
		if (length > TREE_NAME_MAX || ++depth > PATH_DEPTH_MAX)
			return refuse(node, name, length, "is too long", err);
		if (!next_component(&path, &ahead, &ahead_length))
			break;
		next = lookup(tree, node, name, length);
		if (!next) {
			next = link_node(tree, node, name, length);
			set_inode(tree, next, &directory);
		} else if (S_ISLNK(next->inode->mode)) {
			next = walk(
				tree, *next->inode->link == '/' ? tree->root : node, next->inode->link, true, &links);
		}
		if (!next || !S_ISDIR(next->inode->mode))
			return refuse(node, name, length, "is not a directory, but has files below it", err);
		node = next;
	}
	*parent = node;
	*last = name;
	*last_length = length;
	return 0;
}

static int add_here(struct tree *tree, struct tree_node *directory, const char *name, size_t length,
	const struct tree_inode *inode, bool keep_directory, struct tree_node **result, struct dory_error *err)
{
	struct tree_node *node = lookup(tree, directory, name, length), *target = node;
	int links = 0;

	if (!node) {
		node = link_node(tree, directory, name, length);
		set_inode(tree, node, inode);
	} else if (S_ISDIR(inode->mode)) {
		if (S_ISLNK(node->inode->mode))
			target = walk(tree, *node->inode->link == '/' ? tree->root : directory, node->inode->link, true,
				&links);
		if (target && S_ISDIR(target->inode->mode))
			node = target;
		set_inode(tree, node, inode);
	} else if (S_ISDIR(node->inode->mode)) {
		if (!(S_ISLNK(inode->mode) && keep_directory)) {
			if (node->children) {
				refuse(directory, name, length, "is a directory with files and something else at once",
					err);
				err->kind = DORY_ERROR_CONFLICT;
				return -1;
			}
			set_inode(tree, node, inode);
		}
	} else {
		set_inode(tree, node, inode);
	}
	if (result)
		*result = node;
	return 0;
}

int tree_add(struct tree *tree, const char *path, const struct tree_inode *inode, bool keep_directory,
	struct tree_node **node, struct dory_error *err)
{
	struct tree_node *parent;
	const char *name;
	size_t length;

	if (find_parent(tree, path, &parent, &name, &length, err) < 0)
		return -1;
	if (parent)
		return add_here(tree, parent, name, length, inode, keep_directory, node, err);
	if (!S_ISDIR(inode->mode))
		return error_set(err, DORY_ERROR_FORMAT, "the root directory cannot be a file");
	set_inode(tree, tree->root, inode);
	if (node)
		*node = tree->root;
	return 0;
}

int tree_add_child(struct tree *tree, struct tree_node *directory, const char *name, const struct tree_inode *inode,
	bool keep_directory, struct tree_node **node, struct dory_error *err)
{
	size_t length = strlen(name);

	if (length > TREE_NAME_MAX)
		return refuse(directory, name, length, "is too long", err);
	return add_here(tree, directory, name, length, inode, keep_directory, node, err);
}

int tree_add_hard_link(struct tree *tree, const char *path, const char *target, struct dory_error *err)
{
	struct tree_node *from = tree_find(tree, target, false), *node;

	if (!from || !S_ISREG(from->inode->mode))
		return error_set(err, DORY_ERROR_FORMAT, "%s is a hard link to %s, which is not a file of the archive",
			path, target);
	if (tree_add(tree, path, from->inode, false, &node, err) < 0)
		return -1;
	if (node == from)
		return 0;
	node->inode = from->inode;
	node->inode->names++;
	return 0;
}

int tree_add_bytes(struct tree *tree, const char *path, unsigned permissions, const void *bytes, size_t size,
	struct dory_error *err)
{
	struct tree_inode inode = {.mode = S_IFREG | permissions, .size = size};
	char *copy = tree_allocate(tree, size + 1);

	if (size > 0)
		memcpy(copy, bytes, size);
	inode.content.bytes = copy;
	return tree_add(tree, path, &inode, false, NULL, err);
}

int tree_add_symlink(struct tree *tree, const char *path, const char *target, struct dory_error *err)
{
	struct tree_inode inode = {
		.mode = S_IFLNK | 0777, .size = strlen(target), .link = tree_copy_text(tree, target)};

	return tree_add(tree, path, &inode, true, NULL, err);
}

int tree_add_directory(
	struct tree *tree, const char *path, unsigned permissions, uint32_t uid, uint32_t gid, struct dory_error *err)
{
	struct tree_inode inode = {.mode = S_IFDIR | permissions, .uid = uid, .gid = gid};

	return tree_add(tree, path, &inode, false, NULL, err);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp((*(struct tree_node *const *)a)->name, (*(struct tree_node *const *)b)->name);
}

static void sort_children(struct tree_node *directory, struct tree_node ***scratch, size_t *capacity)
{
	size_t count = 0;

	for (struct tree_node *child = directory->children; child; child = child->next) {
		if (count == *capacity) {
			*capacity = *capacity ? *capacity * 2 : 256;
			*scratch = realloc(*scratch, *capacity * sizeof(**scratch));
			if (!*scratch)
				abort();
		}
		(*scratch)[count++] = child;
	}
	if (count < 2)
		return;
	qsort(*scratch, count, sizeof(**scratch), compare_names);
	for (size_t i = 0; i < count; i++)
		(*scratch)[i]->next = i + 1 < count ? (*scratch)[i + 1] : NULL;
	directory->children = (*scratch)[0];
}

void tree_sort(struct tree *tree)
{
	struct tree_node **scratch = NULL;
	size_t capacity = 0;

	for (struct tree_node *node = tree->root; node; node = tree_next(node))
		sort_children(node, &scratch, &capacity);
	free(scratch);
}

struct tree_node *tree_next(const struct tree_node *node)
{
	if (node->children)
		return node->children;
	while (node && !node->next)
		node = node->parent;
	return node ? node->next : NULL;
}

char *tree_path(const struct tree_node *node)
{
	size_t length = 0;
	char *path, *end;

	for (const struct tree_node *n = node; n->parent; n = n->parent)
		length += n->name_length + 1;
	if (length == 0)
		return text_copy("/");
	path = calloc(1, length + 1);
	if (!path)
		abort();
	end = path + length;
	for (const struct tree_node *n = node; n->parent; n = n->parent) {
		end -= n->name_length + 1;
		*end = '/';
		memcpy(end + 1, n->name, n->name_length);
	}
	return path;
}
