/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Red-black tree (Cormen et al., Introduction to Algorithms, chapter 13; NULL stands for the black leaves).
 * Invariants: the root is black; a red node has black children; every way from a node down to a leaf passes equally
 * many black nodes.
 */
#include "lib/rbtree.h"

static bool is_red(const struct rb_node *node)
{
	return node && node->is_red;
}

/* The link that points to `node`: its parent's or the root's. */
static struct rb_node **link_to(struct rb_tree *tree, struct rb_node *node)
{
	if (!node->parent)
		return &tree->root;
	return node->parent->left == node ? &node->parent->left : &node->parent->right;
}

static void rotate_left(struct rb_tree *tree, struct rb_node *node)
{
	struct rb_node *up = node->right;

	*link_to(tree, node) = up;
	up->parent = node->parent;
	node->right = up->left;
	if (node->right)
		node->right->parent = node;
	up->left = node;
	node->parent = up;
}

static void rotate_right(struct rb_tree *tree, struct rb_node *node)
{
	struct rb_node *up = node->left;

	*link_to(tree, node) = up;
	up->parent = node->parent;
	node->left = up->right;
	if (node->left)
		node->left->parent = node;
	up->right = node;
	node->parent = up;
}

/* `node` is red with a red parent that is a left child. Returns the node to go on with. */
static struct rb_node *repair_red_left(struct rb_tree *tree, struct rb_node *node)
{
	struct rb_node *parent = node->parent, *grand = parent->parent;

	if (is_red(grand->right)) {
		parent->is_red = grand->right->is_red = false;
		grand->is_red = true;
		return grand;
	}
	if (node == parent->right) {
		rotate_left(tree, parent);
		parent = node;
	}
	parent->is_red = false;
	grand->is_red = true;
	rotate_right(tree, grand);
	return parent;
}

static struct rb_node *repair_red_right(struct rb_tree *tree, struct rb_node *node)
{
	struct rb_node *parent = node->parent, *grand = parent->parent;

	if (is_red(grand->left)) {
		parent->is_red = grand->left->is_red = false;
		grand->is_red = true;
		return grand;
	}
	if (node == parent->left) {
		rotate_right(tree, parent);
		parent = node;
	}
	parent->is_red = false;
	grand->is_red = true;
	rotate_left(tree, grand);
	return parent;
}

void rb_insert(struct rb_tree *tree, struct rb_node *node, struct rb_node *parent, struct rb_node **link)
{
	node->parent = parent;
	node->left = node->right = NULL;
	node->is_red = true;
	*link = node;
	while (node->is_red && is_red(node->parent)) { /* a red parent is not the root, so there is a grandparent */
		if (node->parent == node->parent->parent->left)
			node = repair_red_left(tree, node);
		else
			node = repair_red_right(tree, node);
	}
	tree->root->is_red = false;
}

/* The left child `node` of `parent` (maybe a leaf) lacks one black. Returns true when done. */
static bool repair_black_left(struct rb_tree *tree, struct rb_node *parent)
{
	struct rb_node *sibling = parent->right;

	if (sibling->is_red) {
		sibling->is_red = false;
		parent->is_red = true;
		rotate_left(tree, parent);
		sibling = parent->right;
	}
	if (!is_red(sibling->left) && !is_red(sibling->right)) {
		sibling->is_red = true;
		return false;
	}
	if (!is_red(sibling->right)) {
		sibling->left->is_red = false;
		sibling->is_red = true;
		rotate_right(tree, sibling);
		sibling = parent->right;
	}
	sibling->is_red = parent->is_red;
	parent->is_red = sibling->right->is_red = false;
	rotate_left(tree, parent);
	return true;
}

static bool repair_black_right(struct rb_tree *tree, struct rb_node *parent)
{
	struct rb_node *sibling = parent->left;

	if (sibling->is_red) {
		sibling->is_red = false;
		parent->is_red = true;
		rotate_right(tree, parent);
		sibling = parent->left;
	}
	if (!is_red(sibling->left) && !is_red(sibling->right)) {
		sibling->is_red = true;
		return false;
	}
	if (!is_red(sibling->left)) {
		sibling->right->is_red = false;
		sibling->is_red = true;
		rotate_left(tree, sibling);
		sibling = parent->left;
	}
	sibling->is_red = parent->is_red;
	parent->is_red = sibling->left->is_red = false;
	rotate_right(tree, parent);
	return true;
}

static void repair_black(struct rb_tree *tree, struct rb_node *node, struct rb_node *parent)
{
	bool is_done = false;

	while (parent && !is_red(node) && !is_done) {
		is_done = node == parent->left ? repair_black_left(tree, parent) : repair_black_right(tree, parent);
		if (!is_done) {
			node = parent;
			parent = node->parent;
		}
	}
	if (node && !is_done)
		node->is_red = false;
}

/* Puts `successor`, the next node in order, into the place of `node`, which has two children. */
static void take_place(struct rb_tree *tree, struct rb_node *node, struct rb_node *successor)
{
	*link_to(tree, node) = successor;
	successor->parent = node->parent;
	successor->left = node->left;
	successor->left->parent = successor;
	successor->right = node->right;
	if (successor->right)
		successor->right->parent = successor;
	successor->is_red = node->is_red;
}

void rb_remove(struct rb_tree *tree, struct rb_node *node)
{
	struct rb_node *out = node, *child, *parent;
	bool was_red;

	if (node->left && node->right)
		for (out = node->right; out->left;)
			out = out->left;
	child = out->left ? out->left : out->right;
	parent = out->parent;
	was_red = out->is_red;
	*link_to(tree, out) = child;
	if (child)
		child->parent = parent;
	if (out != node) {
		if (parent == node)
			parent = out;
		take_place(tree, node, out);
	}
	if (!was_red)
		repair_black(tree, child, parent);
	node->parent = node->left = node->right = NULL;
}

struct rb_node *rb_first(const struct rb_tree *tree)
{
	struct rb_node *node = tree->root;

	while (node && node->left)
		node = node->left;
	return node;
}

struct rb_node *rb_last(const struct rb_tree *tree)
{
	struct rb_node *node = tree->root;

	while (node && node->right)
		node = node->right;
	return node;
}

out_of_line struct rb_node *rb_next(const struct rb_node *node)
{
	const struct rb_node *child;

	if (node->right) {
		for (node = node->right; node->left;)
			node = node->left;
		return (struct rb_node *)node;
	}
	do {
		child = node;
		node = node->parent;
	} while (node && child == node->right);
	return (struct rb_node *)node;
}

struct rb_node *rb_prev(const struct rb_node *node)
{
	const struct rb_node *child;

	if (node->left) {
		for (node = node->left; node->right;)
			node = node->right;
		return (struct rb_node *)node;
	}
	do {
		child = node;
		node = node->parent;
	} while (node && child == node->left);
	return (struct rb_node *)node;
}
