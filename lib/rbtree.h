/* SPDX-License-Identifier: BSD-3-Clause */
/* Intrusive red-black tree. The caller finds the place for an insertion; the tree keeps the balance. */
#pragma once
#include "lib/attr.h"
#include "lib/list.h" /* container_of */

struct rb_node {
	struct rb_node *parent, *left, *right;
	bool is_red;
};

struct rb_tree {
	struct rb_node *root;
};

/* Links `node` as the child at *link (one of parent's, or &tree->root with parent NULL), then rebalances. */
void rb_insert(struct rb_tree *tree, struct rb_node *node, struct rb_node *parent, struct rb_node **link);
void rb_remove(struct rb_tree *tree, struct rb_node *node);

/* In-order walk; NULL at the ends. */
struct rb_node *rb_first(const struct rb_tree *tree);
struct rb_node *rb_last(const struct rb_tree *tree);
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);
