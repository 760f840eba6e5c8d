/* SPDX-License-Identifier: BSD-3-Clause */
/* The content tree: merging, links among parents, hostile paths. */
#include "dory/compose/tree.h"
#include <string.h>
#include "tests/unit/test.h"

static struct dory_error err;

static const char *text_of(struct tree *tree, const char *path)
{
	struct tree_node *node = tree_find(tree, path, true);

	return node && S_ISREG(node->inode->mode) ? node->inode->content.bytes : NULL;
}

static int add(struct tree *tree, const char *path, const char *text)
{
	return tree_add_bytes(tree, path, 0644, text, strlen(text), &err);
}

TEST(later_files_win)
{
	struct tree *tree = tree_new();

	CHECK_EQ(add(tree, "/a/b/c", "one"), 0);
	CHECK_EQ(add(tree, "a//./b/c", "two"), 0);
	CHECK(!strcmp(text_of(tree, "/a/b/c"), "two"));
	CHECK_EQ(tree_count(tree), 4);
	tree_free(tree);
}

TEST(paths_through_symlinks_land_behind_them)
{
	struct tree *tree = tree_new();

	CHECK_EQ(tree_add_directory(tree, "/usr/lib", 0755, 0, 0, &err), 0);
	CHECK_EQ(tree_add_symlink(tree, "/lib", "usr/lib", &err), 0);
	CHECK_EQ(tree_add_symlink(tree, "/abs", "/lib/../lib", &err), 0);
	CHECK_EQ(add(tree, "/lib/x", "1"), 0);
	CHECK_EQ(add(tree, "/abs/y", "2"), 0);
	CHECK(!strcmp(text_of(tree, "/usr/lib/x"), "1"));
	CHECK(!strcmp(text_of(tree, "/usr/lib/y"), "2"));
	/* a package that ships /lib as a directory changes nothing */
	CHECK_EQ(tree_add_directory(tree, "/lib", 0700, 0, 0, &err), 0);
	CHECK(S_ISLNK(tree_find(tree, "/lib", false)->inode->mode));
	tree_free(tree);
}

TEST(links_cannot_lead_outside)
{
	struct tree *tree = tree_new();

	CHECK_EQ(tree_add_symlink(tree, "/up", "../../../..", &err), 0);
	CHECK_EQ(add(tree, "/up/etc/passwd", "x"), 0); /* ".." stops at the tree's own root */
	CHECK(text_of(tree, "/etc/passwd"));
	CHECK_EQ(tree_add_symlink(tree, "/host", "/etc", &err), 0);
	CHECK_EQ(add(tree, "/host/shadow", "x"), 0);
	CHECK(text_of(tree, "/etc/shadow"));
	CHECK_EQ(tree_add_symlink(tree, "/loop", "loop", &err), 0);
	CHECK_EQ(add(tree, "/loop/x", "x"), -1);
	CHECK_EQ(tree_add_symlink(tree, "/dangling", "/nowhere", &err), 0);
	CHECK_EQ(add(tree, "/dangling/x", "x"), -1);
	tree_free(tree);
}

TEST(bad_paths_are_refused)
{
	struct tree *tree = tree_new();
	char name[300], deep[4096] = "";

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (int i = 0; i < 1000; i++)
		strcat(deep, "/d");
	CHECK_EQ(add(tree, "../x", "x"), -1);
	CHECK_EQ(err.kind, DORY_ERROR_FORMAT);
	CHECK_EQ(add(tree, "/a/../x", "x"), -1);
	CHECK_EQ(add(tree, "/a/..", "x"), -1);
	CHECK_EQ(add(tree, name, "x"), -1);
	CHECK_EQ(add(tree, deep, "x"), -1);
	CHECK_EQ(add(tree, "/", "x"), -1);
	CHECK_EQ(add(tree, "/f", "x"), 0);
	CHECK_EQ(add(tree, "/f/g", "x"), -1);
	tree_free(tree);
}

TEST(directories_and_files_in_each_others_place)
{
	struct tree *tree = tree_new();

	CHECK_EQ(add(tree, "/d/f", "x"), 0);
	CHECK_EQ(add(tree, "/d", "x"), -1);
	CHECK_EQ(err.kind, DORY_ERROR_CONFLICT);
	CHECK_EQ(tree_add_symlink(tree, "/d", "elsewhere", &err), 0); /* keeps the directory */
	CHECK(S_ISDIR(tree_find(tree, "/d", false)->inode->mode));
	CHECK_EQ(add(tree, "/f", "x"), 0);
	CHECK_EQ(tree_add_directory(tree, "/f", 0755, 0, 0, &err), 0);
	CHECK_EQ(add(tree, "/f/g", "x"), 0);
	tree_free(tree);
}

TEST(hard_links_share_and_outlive)
{
	struct tree *tree = tree_new();

	CHECK_EQ(add(tree, "/a", "first"), 0);
	CHECK_EQ(tree_add_hard_link(tree, "/b", "a", &err), 0);
	CHECK(tree_find(tree, "/a", true)->inode == tree_find(tree, "/b", true)->inode);
	CHECK_EQ(tree_find(tree, "/a", true)->inode->names, 2);
	CHECK_EQ(add(tree, "/a", "second"), 0);
	CHECK(!strcmp(text_of(tree, "/b"), "first"));
	CHECK_EQ(tree_find(tree, "/b", true)->inode->names, 1);
	CHECK_EQ(tree_add_hard_link(tree, "/c", "../../etc/passwd", &err), -1);
	CHECK_EQ(tree_add_hard_link(tree, "/c", "missing", &err), -1);
	CHECK_EQ(tree_add_hard_link(tree, "/b", "b", &err), 0);
	CHECK_EQ(tree_find(tree, "/b", true)->inode->names, 1);
	tree_free(tree);
}

TEST(walks_are_sorted_and_removal_takes_all_below)
{
	static const char *const names[] = {"/b/y", "/a", "/b/x/1", "/c"};
	struct tree *tree = tree_new();
	char seen[64] = "";

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		CHECK_EQ(add(tree, names[i], ""), 0);
	tree_sort(tree);
	for (struct tree_node *node = tree_root(tree); node; node = tree_next(node))
		strcat(strcat(seen, node->name), " ");
	CHECK(!strcmp(seen, " a b x 1 y c "));
	tree_remove(tree, tree_find(tree, "/b", false));
	CHECK_EQ(tree_count(tree), 3);
	CHECK(!tree_find(tree, "/b/x/1", false) && tree_find(tree, "/c", false));
	tree_free(tree);
}

TEST_MAIN()
