/* SPDX-License-Identifier: BSD-3-Clause */
/* Model test: random insertions and removals against an array of flags, with the invariants checked after each. */
#include "lib/rbtree.h"
#include "tests/unit/test.h"

enum { KEYS = 200, STEPS = 20000 };

struct item {
	struct rb_node node;
	bool is_in;
};

static struct item items[KEYS]; /* ordered by address, which is the key */

static void insert(struct rb_tree *tree, struct item *item)
{
	struct rb_node **link = &tree->root, *parent = NULL;

	while (*link) {
		parent = *link;
		link = &item->node < parent ? &parent->left : &parent->right;
	}
	rb_insert(tree, &item->node, parent, link);
	item->is_in = true;
}

/* Returns the number of black nodes on each way down; -1 if an invariant does not hold. */
static int black_height(const struct rb_node *node, const struct rb_node *parent)
{
	int left, right;

	if (!node)
		return 1;
	if (node->parent != parent || (node->is_red && (!parent || parent->is_red)))
		return -1;
	left = black_height(node->left, node);
	right = black_height(node->right, node);
	if (left < 0 || left != right)
		return -1;
	return left + !node->is_red;
}

static void check_order(const struct rb_tree *tree)
{
	struct rb_node *node = rb_first(tree), *last = NULL;

	for (int i = 0; i < KEYS; i++) {
		if (!items[i].is_in)
			continue;
		CHECK(node == &items[i].node);
		CHECK(rb_prev(node) == last);
		last = node;
		node = rb_next(node);
	}
	CHECK(!node);
	CHECK(rb_last(tree) == last);
}

TEST(empty_tree_has_no_ends)
{
	struct rb_tree tree = {0};

	CHECK(!rb_first(&tree) && !rb_last(&tree));
}

TEST(random_operations_keep_order_and_balance)
{
	struct rb_tree tree = {0};

	for (int step = 0; step < STEPS; step++) {
		struct item *item = &items[test_random() % KEYS];

		if (item->is_in) {
			rb_remove(&tree, &item->node);
			item->is_in = false;
		} else {
			insert(&tree, item);
		}
		CHECK(black_height(tree.root, NULL) > 0);
		if (step % 16 == 0)
			check_order(&tree);
	}
}

TEST_MAIN()
