/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bringing an image up to date. The old content, as the manifest tells it, is matched with the tree; what is new or
 * different gets blocks that the old image does not use, so that until the journal is committed the old image is whole.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/compose/ext4_image.h"
#include "dory/compose/ext4_writer.h"
#include "dory/compose/journal.h"

struct update {
	struct ext4_writer w;
	const struct manifest *manifest;
	struct tree_node **nodes; /* for each record: what it became, NULL if it is gone */
	uint32_t *gone;           /* inode numbers */
	size_t gone_count;
	uint64_t changed_bytes, total_bytes;
	size_t changed;
	bool is_possible;
};

static struct tree_node *match_record(const struct update *u, size_t index)
{
	const struct manifest_record *record = &u->manifest->records[index];
	struct tree_node *parent, *node;

	if (index == 0)
		return tree_root(u->w.tree);
	parent = u->nodes[record->parent];
	if (!parent || !S_ISDIR(parent->inode->mode))
		return NULL;
	node = tree_child(u->w.tree, parent, manifest_text(u->manifest, record->name));
	return node && (node->inode->mode & S_IFMT) == (record->mode & S_IFMT) ? node : NULL;
}

static bool is_same_data(const struct update *u, const struct manifest_record *record, const struct tree_inode *inode)
{
	if (S_ISDIR(record->mode))
		return true; /* the directory's own entries are looked at below */
	if (record->size != inode->size)
		return false;
	if (S_ISLNK(record->mode))
		return strcmp(manifest_text(u->manifest, record->link), inode->link) == 0;
	return record->size == 0 ||
	       (record->stamp[0] != 0 && memcmp(record->stamp, inode->stamp, sizeof(record->stamp)) == 0);
}

/* A name that stayed. Hard links that do not stay as they are make the update impossible: they are rare, and composing
 * anew is safe. */
static void compare(struct update *u, const struct manifest_record *record, struct tree_node *node)
{
	struct tree_inode *inode = node->inode;
	bool is_shared = !S_ISDIR(record->mode) && (record->names > 1 || inode->names > 1);

	if (inode->number && inode->number != record->number)
		u->is_possible = false;
	inode->number = record->number;
	if (!is_same_data(u, record, inode))
		inode->change |= TREE_CHANGE_DATA | TREE_CHANGE_INODE;
	if (record->mode != inode->mode || record->uid != inode->uid || record->gid != inode->gid ||
		record->mtime != inode->mtime)
		inode->change |= TREE_CHANGE_INODE;
	if (is_shared && (inode->change || record->names != inode->names))
		u->is_possible = false;
}

static void compare_all(struct update *u)
{
	const struct manifest *m = u->manifest;

	for (size_t i = 0; i < m->count; i++) {
		struct tree_node *node = u->nodes[i] = match_record(u, i), *parent = u->nodes[m->records[i].parent];

		if (node) {
			compare(u, &m->records[i], node);
			continue;
		}
		*(uint32_t *)array_push(&u->gone, &u->gone_count, sizeof(uint32_t)) = m->records[i].number;
		if (parent)
			parent->inode->change |= TREE_CHANGE_DATA | TREE_CHANGE_INODE;
		if (!S_ISDIR(m->records[i].mode) && m->records[i].names > 1)
			u->is_possible = false;
	}
}

static void find_new(struct update *u)
{
	for (struct tree_node *node = tree_root(u->w.tree); node; node = tree_next(node)) {
		struct tree_inode *inode = node->inode;

		if (!inode->number) {
			inode->change = TREE_CHANGE_DATA | TREE_CHANGE_INODE;
			node->parent->inode->change |= TREE_CHANGE_DATA | TREE_CHANGE_INODE;
			if (inode->names > 1)
				u->is_possible = false;
		}
		u->total_bytes += inode->size;
		if (inode->change & TREE_CHANGE_DATA)
			u->changed_bytes += inode->size;
		u->changed += inode->change != 0;
	}
}

/* Worth it as long as little changes; what was written anew lies scattered, and a new image is tidy. */
static bool is_worth_it(const struct update *u)
{
	enum { FEW = 64, SMALL = 16 << 20 };

	return u->is_possible && u->changed + u->gone_count <= max_u64(FEW, u->manifest->count / 8) &&
	       u->changed_bytes <= max_u64(SMALL, u->total_bytes / 8);
}

static int open_image(struct update *u, struct dory_error *err)
{
	errcode_t code = ext2fs_open("image", EXT2_FLAG_RW, 0, EXT4_BLOCK, overlay_manager(u->w.overlay), &u->w.fs);

	if (!code)
		code = ext2fs_read_bitmaps(u->w.fs);
	if (code)
		return ext4_fail(err, code, "reading the image");
	u->w.next_inode = EXT2_FIRST_INODE(u->w.fs->super);
	return 0;
}

/* libext2fs leaves out a last group that is too small to be of use. */
static bool has_size(const struct update *u, uint64_t bytes)
{
	uint64_t wanted = bytes / EXT4_BLOCK, is = ext2fs_blocks_count(u->w.fs->super), group = EXT2_BLOCKS_PER_GROUP(u->w.fs->super);

	return is <= wanted && wanted - is < (wanted > group ? group / 4 : 1);
}

static bool has_room(const struct update *u, const struct ext4_options *options)
{
	uint64_t free_blocks = ext2fs_free_blocks_count(u->w.fs->super), wanted = options->free_bytes / EXT4_BLOCK;
	uint64_t needed = ext4_blocks_for(u->changed_bytes) + u->changed * 2;

	if (options->total_bytes)
		return free_blocks > needed && has_size(u, options->total_bytes);
	return free_blocks > needed && free_blocks - needed >= wanted - wanted / 4;
}

/* Notes the blocks of an old inode, to be given free at the end. */
static int retire_blocks(struct update *u, uint32_t number, struct dory_error *err)
{
	struct ext2_inode inode;
	errcode_t code = ext2fs_read_inode(u->w.fs, number, &inode);

	if (code)
		return ext4_fail(err, code, "reading an inode");
	return ext4_collect_blocks(&u->w, &inode, &u->w.freed, err);
}

static int retire_all(struct update *u, struct dory_error *err)
{
	for (size_t i = 0; i < u->gone_count; i++)
		if (retire_blocks(u, u->gone[i], err) < 0)
			return -1;
	for (struct tree_node *node = tree_root(u->w.tree); node; node = tree_next(node))
		if (node->inode->number && node->inode->change & TREE_CHANGE_DATA &&
			retire_blocks(u, node->inode->number, err) < 0)
			return -1;
	return 0;
}

static int free_retired(struct update *u, struct dory_error *err)
{
	static const uint8_t zeros[256];

	for (size_t i = 0; i < u->w.freed.count; i++)
		ext2fs_block_alloc_stats_range(
			u->w.fs, u->w.freed.items[i].start, (blk_t)u->w.freed.items[i].count, -1);
	for (size_t i = 0; i < u->gone_count; i++) {
		struct ext2_inode inode;
		errcode_t code = ext2fs_read_inode(u->w.fs, u->gone[i], &inode);

		ext2fs_inode_alloc_stats2(u->w.fs, u->gone[i], -1, !code && S_ISDIR(inode.i_mode));
		if (!code)
			code = ext2fs_write_inode_full(
				u->w.fs, u->gone[i], (struct ext2_inode *)(uintptr_t)zeros, sizeof(zeros));
		if (code)
			return ext4_fail(err, code, "removing an inode");
	}
	return 0;
}

static int apply_changes(
	struct update *u, const struct ext4_options *options, const char *journal, struct dory_error *err)
{
	struct disk_block *blocks;
	errcode_t code;
	size_t count;
	int result;

	if (retire_all(u, err) < 0 || ext4_number_inodes(&u->w, err) < 0 || ext4_write_changes(&u->w, err) < 0 ||
		free_retired(u, err) < 0)
		return -1;
	ext4_set_identity(u->w.fs, options);
	code = ext2fs_close_free(&u->w.fs);
	if (code)
		return ext4_fail(err, code, "writing the image's structures");
	blocks = overlay_changed(u->w.overlay, &count);
	result = journal_commit(journal, blocks, count, err);
	free(blocks);
	return result;
}

static void release(struct update *u)
{
	if (u->w.fs)
		ext2fs_free(u->w.fs);
	overlay_free(u->w.overlay);
	ext4_runs_release(&u->w.freed);
	free(u->w.staging);
	free(u->nodes);
	free(u->gone);
}

int ext4_image_update(int fd, struct tree *tree, const struct manifest *manifest, const struct ext4_options *options,
	const char *journal, bool *is_possible, struct dory_error *err)
{
	struct update u = {.w = {.fd = fd, .tree = tree, .overlay = overlay_new(fd, false)},
		.manifest = manifest,
		.is_possible = true};
	int result = 0;

	u.nodes = calloc(manifest->count, sizeof(*u.nodes));
	if (!u.nodes)
		abort();
	for (struct tree_node *node = tree_root(tree); node; node = tree_next(node))
		node->inode->number = node->inode->change = 0;
	compare_all(&u);
	find_new(&u);
	*is_possible = is_worth_it(&u);
	if (*is_possible)
		result = open_image(&u, err);
	if (*is_possible && result == 0)
		*is_possible = has_room(&u, options);
	if (*is_possible && result == 0)
		result = apply_changes(&u, options, journal, err);
	release(&u);
	return result;
}
