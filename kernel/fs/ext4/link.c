/* SPDX-License-Identifier: BSD-3-Clause */
/* Symbolic links: a short target is in the inode, a longer one in a block. */
#include "kernel/fs/ext4/ext4.h"

int ext4_link_store(struct ext4_inode *inode, const char *target, size_t len)
{
	struct ext4 *fs = inode->fs;
	struct block_run run = {.nr = 1};
	struct buffer *buffer;
	int ret;

	inode->inode.size = len;
	if (len < EXT4_BLOCK_AREA) {
		memset(inode->block, 0, EXT4_BLOCK_AREA);
		memcpy(inode->block, target, len);
		return 0;
	}
	ext4_extents_init(inode);
	ret = ext4_space_check(fs, 1);
	if (!ret)
		ret = ext4_blocks_alloc(fs, ext4_group_first_block(fs, ext4_inode_group(fs, inode->inode.number)), &run.nr, &run.physical);
	if (ret)
		return ret;
	ret = ext4_buffer_new(fs, run.physical, BUFFER_PLAIN, 0, &buffer);
	if (!ret)
		ret = ext4_extent_insert(inode, &run);
	if (ret) {
		(void)ext4_blocks_free(fs, run.physical, 1);
		return ret;
	}
	memcpy(buffer->data, target, len);
	inode->inode.blocks_512 += fs->block_size / 512;
	return 0;
}

static int read_locked(struct ext4_inode *inode, char *target, size_t len)
{
	struct ext4 *fs = inode->fs;
	struct block_run run;
	struct buffer *buffer;
	int ret;

	if (len < EXT4_BLOCK_AREA) {
		memcpy(target, inode->block, len);
		return 0;
	}
	ret = ext4_map(inode, 0, 1, &run);
	if (!ret && (!run.physical || run.is_unwritten))
		ret = ext4_corrupt(fs, COMPLAIN_INODE, inode->inode.number, "a link without a target");
	if (!ret)
		ret = ext4_buffer_read(fs, run.physical, BUFFER_PLAIN, 0, &buffer);
	if (!ret)
		memcpy(target, buffer->data, len);
	return ret;
}

int ext4_get_link(struct inode *generic, char **target)
{
	struct ext4_inode *inode = ext4_of(generic);
	struct ext4 *fs = inode->fs;
	size_t len = generic->size;
	char *text;
	int ret;

	if (!len || len >= fs->block_size)
		return ext4_corrupt(fs, COMPLAIN_INODE, generic->number, "a link's target is too long");
	text = heap_alloc(len + 1);
	if (!text)
		return -ENOMEM;
	ext4_lock(fs);
	ret = read_locked(inode, text, len);
	ext4_unlock(fs);
	if (ret) {
		heap_free(text);
		return ret;
	}
	text[len] = '\0';
	*target = text;
	return 0;
}
