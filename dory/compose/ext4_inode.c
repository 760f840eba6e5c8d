/* SPDX-License-Identifier: BSD-3-Clause */
/* Inodes (ext4 disk layout, "Index Nodes"): numbers, attributes, and what they hold. */
#include <errno.h>
#include <string.h>
#include "dory/compose/ext4_writer.h"

enum { EXTRA_SIZE = 32, LINKS_MAX = 65000, SHORT_LINK_MAX = 59 };

static int next_number(struct ext4_writer *w, bool is_directory, uint32_t *number, struct dory_error *err)
{
	ext2_ino_t found;
	errcode_t code = w->next_inode > w->fs->super->s_inodes_count
				 ? ENOENT
				 : ext2fs_find_first_zero_inode_bitmap2(
					   w->fs->inode_map, w->next_inode, w->fs->super->s_inodes_count, &found);

	if (code == ENOENT)
		return error_set(err, DORY_ERROR_NO_SPACE, "the image has no inode left");
	if (code)
		return ext4_fail(err, code, "looking for a free inode");
	ext2fs_inode_alloc_stats2(w->fs, found, +1, is_directory);
	w->next_inode = found + 1;
	*number = found;
	return 0;
}

int ext4_number_inodes(struct ext4_writer *w, struct dory_error *err)
{
	for (struct tree_node *node = tree_root(w->tree); node; node = tree_next(node))
		if (!node->inode->number && next_number(w, S_ISDIR(node->inode->mode), &node->inode->number, err) < 0)
			return -1;
	return 0;
}

/* Seconds since 1970 in 34 bits: the low 32 signed, two more in the extra field. */
static void set_time(uint32_t *low, uint32_t *extra, int64_t t)
{
	*low = (uint32_t)t;
	*extra = (uint32_t)((t - (int32_t)(uint32_t)t) >> 32) & 3;
}

static void set_attributes(struct ext2_inode_large *raw, const struct tree_inode *inode)
{
	raw->i_mode = (uint16_t)inode->mode;
	raw->i_uid = (uint16_t)inode->uid;
	raw->osd2.linux2.l_i_uid_high = (uint16_t)(inode->uid >> 16);
	raw->i_gid = (uint16_t)inode->gid;
	raw->osd2.linux2.l_i_gid_high = (uint16_t)(inode->gid >> 16);
	raw->i_extra_isize = EXTRA_SIZE;
	set_time(&raw->i_atime, &raw->i_atime_extra, inode->mtime);
	set_time(&raw->i_ctime, &raw->i_ctime_extra, inode->mtime);
	set_time(&raw->i_mtime, &raw->i_mtime_extra, inode->mtime);
	set_time(&raw->i_crtime, &raw->i_crtime_extra, inode->mtime);
}

static int set_links(struct ext2_inode_large *raw, const struct tree_node *node, struct dory_error *err)
{
	unsigned links = node->inode->names;

	if (S_ISDIR(node->inode->mode)) {
		links = 2;
		for (const struct tree_node *child = node->children; child; child = child->next)
			links += S_ISDIR(child->inode->mode);
	}
	if (links > LINKS_MAX)
		return error_set(
			err, DORY_ERROR_NO_SPACE, "%s has more than %d links or directories", node->name, LINKS_MAX);
	raw->i_links_count = (uint16_t)links;
	return 0;
}

static void set_size(struct ext2_inode_large *raw, uint64_t size)
{
	raw->i_size = (uint32_t)size;
	raw->i_size_high = (uint32_t)(size >> 32);
}

static int write_link(
	struct ext4_writer *w, const struct tree_inode *inode, const struct ext4_runs *runs, struct dory_error *err)
{
	uint8_t *bytes = overlay_block(w->overlay, runs->items[0].start);

	if (!bytes)
		return error_set_errno(err, DORY_ERROR_IO, "reading the image");
	memset(bytes, 0, EXT4_BLOCK);
	memcpy(bytes, inode->link, inode->size);
	return 0;
}

/* Gives the inode new blocks and fills them. */
static int write_data(
	struct ext4_writer *w, struct ext2_inode_large *raw, const struct tree_node *node, struct dory_error *err)
{
	const struct tree_inode *inode = node->inode;
	uint64_t blocks = S_ISDIR(inode->mode) ? ext4_directory_blocks(node) : ext4_blocks_for(inode->size);
	struct ext4_runs runs = {0};
	int result;

	memset(raw->i_block, 0, sizeof(raw->i_block));
	raw->i_blocks = 0;
	raw->i_flags = 0;
	set_size(raw, S_ISDIR(inode->mode) ? blocks * EXT4_BLOCK : inode->size);
	if (S_ISLNK(inode->mode) && inode->size <= SHORT_LINK_MAX) {
		memcpy(raw->i_block, inode->link, inode->size);
		return 0;
	}
	result = ext4_allocate(w, blocks, &runs, err);
	if (result == 0)
		result = ext4_set_extents(w, (struct ext2_inode *)raw, &runs, err);
	if (result == 0 && S_ISDIR(inode->mode))
		result = ext4_fill_directory(w, node, &runs, err);
	else if (result == 0 && S_ISLNK(inode->mode))
		result = write_link(w, inode, &runs, err);
	else if (result == 0)
		result = ext4_copy_contents(w, inode, &runs, err);
	ext4_runs_release(&runs);
	return result;
}

static int write_inode(struct ext4_writer *w, const struct tree_node *node, struct dory_error *err)
{
	union {
		struct ext2_inode_large raw;
		uint8_t bytes[256];
	} u = {0};
	struct tree_inode *inode = node->inode;
	errcode_t code = ext2fs_read_inode_full(w->fs, inode->number, (struct ext2_inode *)&u.raw, sizeof(u));

	if (code)
		return ext4_fail(err, code, "reading an inode");
	if (set_links(&u.raw, node, err) < 0)
		return -1;
	set_attributes(&u.raw, inode);
	if (inode->change & TREE_CHANGE_DATA && write_data(w, &u.raw, node, err) < 0)
		return -1;
	code = ext2fs_write_inode_full(w->fs, inode->number, (struct ext2_inode *)&u.raw, sizeof(u));
	if (code)
		return ext4_fail(err, code, "writing an inode");
	inode->change = 0; /* another name of it comes by */
	return 0;
}

int ext4_write_changes(struct ext4_writer *w, struct dory_error *err)
{
	for (int pass = 0; pass < 2; pass++) /* directories lie together, before the files */
		for (const struct tree_node *node = tree_root(w->tree); node; node = tree_next(node)) {
			if (!node->inode->change || S_ISDIR(node->inode->mode) != (pass == 0))
				continue;
			if (write_inode(w, node, err) < 0)
				return -1;
			if (w->is_new && overlay_spill(w->overlay) < 0)
				return error_set_errno(err, DORY_ERROR_IO, "writing the image");
		}
	return ext4_flush_contents(w, err);
}
