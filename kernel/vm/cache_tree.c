/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A cache's pages by index: a radix tree of 64 children a node. A tree of no levels is its only page, number 0. Nodes
 * without children are freed. The cache's lock is held by all callers.
 */
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "kernel/vm/internal.h"

#define SHIFT 6u
#define CHILDREN (1u << SHIFT)
#define LEVELS_MAX 11 /* of 64 bits */

struct node {
	void *children[CHILDREN];
};

static bool fits(const struct page_cache *cache, uint64_t index)
{
	return cache->levels >= LEVELS_MAX || index >> (SHIFT * cache->levels) == 0;
}

static inline void **child(void *node, unsigned level, uint64_t index)
{
	return &((struct node *)node)->children[index >> (SHIFT * level) & (CHILDREN - 1)];
}

struct page *cache_tree_find(const struct page_cache *cache, uint64_t index)
{
	void *at = cache->tree;

	if (!fits(cache, index))
		return NULL;
	for (unsigned level = cache->levels; at && level--;)
		at = *child(at, level, index);
	return at;
}

static int grow(struct page_cache *cache)
{
	struct node *root;

	if (cache->tree) {
		root = heap_alloc_zero(sizeof(*root));
		if (!root)
			return -ENOMEM;
		root->children[0] = cache->tree;
		cache->tree = root;
	}
	cache->levels++;
	return 0;
}

static bool is_empty(const struct node *node)
{
	for (unsigned i = 0; i < CHILDREN; i++)
		if (node->children[i])
			return false;
	return true;
}

/* Frees nodes on the way to `index` that have no children. */
static void prune(struct page_cache *cache, uint64_t index)
{
	void **path[LEVELS_MAX + 1];
	unsigned depth = 0, level = cache->levels;

	path[0] = &cache->tree;
	while (level && *path[depth]) {
		level--;
		path[depth + 1] = child(*path[depth], level, index);
		depth++;
	}
	if (*path[depth])
		return;
	while (depth--) {
		if (!is_empty(*path[depth]))
			return;
		heap_free(*path[depth]);
		*path[depth] = NULL;
	}
	cache->levels = 0;
}

int cache_tree_insert(struct page_cache *cache, uint64_t index, struct page *page)
{
	void **slot;

	while (!fits(cache, index))
		if (grow(cache))
			return -ENOMEM;
	slot = &cache->tree;
	for (unsigned level = cache->levels; level--;) {
		if (!*slot && !(*slot = heap_alloc_zero(sizeof(struct node)))) {
			prune(cache, index);
			return -ENOMEM;
		}
		slot = child(*slot, level, index);
	}
	*slot = page;
	cache->nr_pages++;
	return 0;
}

void cache_tree_remove(struct page_cache *cache, uint64_t index)
{
	void **slot = &cache->tree;

	for (unsigned level = cache->levels; level--;)
		slot = child(*slot, level, index);
	*slot = NULL;
	cache->nr_pages--;
	prune(cache, index);
}

/* Depth is bounded by the levels. */
static struct page *next_below(void *at, unsigned level, uint64_t *index)
{
	unsigned first;

	if (level == 0 || !at)
		return at;
	level--;
	first = *index >> (SHIFT * level) & (CHILDREN - 1);
	for (unsigned i = first; i < CHILDREN; i++) {
		uint64_t mask = ((uint64_t)CHILDREN << (SHIFT * level)) - 1;
		struct page *page;

		if (i > first)
			*index = (*index & ~mask) | (uint64_t)i << (SHIFT * level);
		page = next_below(((struct node *)at)->children[i], level, index);
		if (page)
			return page;
	}
	return NULL;
}

struct page *cache_tree_next(const struct page_cache *cache, uint64_t *index)
{
	if (!fits(cache, *index))
		return NULL;
	return next_below(cache->tree, cache->levels, index);
}
