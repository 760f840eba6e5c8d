/* SPDX-License-Identifier: BSD-3-Clause */
/* A directory's index: a tree of hashes over its blocks. Block 0 is its root and holds "." and ".."; inner nodes look like blocks without entries. */
#include "kernel/fs/ext4/ext4.h"

enum { ROOT_OFFSET = 32, NODE_OFFSET = 8, DEPTH_MAX = 3 };

bool ext4_directory_has_index(const struct ext4_inode *directory)
{
	return (directory->flags & EXT4_INDEX) && (directory->fs->super.feature_compat & EXT4_DIR_INDEX) && directory->inode.size > directory->fs->block_size;
}

/* A node's entries; the first one's hash is its limit and count instead. NULL: the node is damaged. */
static const struct ext4_index_entry *entries_of(const struct ext4 *fs, const struct buffer *buffer, size_t offset, unsigned *count)
{
	const struct ext4_index_count *counts = (const void *)(buffer->data + offset);
	size_t room = (fs->block_size - offset - (fs->has_checksums ? 8 : 0)) / sizeof(struct ext4_index_entry);

	if (!counts->count || counts->count > counts->limit || counts->limit > room)
		return NULL;
	*count = counts->count;
	return (const void *)counts;
}

static const struct ext4_index_root_info *root_info(const struct buffer *root)
{
	return (const void *)(root->data + 24);
}

/* The last entry whose hash is not above. */
static unsigned search(const struct ext4_index_entry *entries, unsigned count, uint32_t hash)
{
	unsigned low = 0, high = count - 1;

	while (low < high) {
		unsigned middle = (low + high + 1) / 2;

		if (entries[middle].hash <= hash)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

static int damaged(struct ext4_inode *directory)
{
	return ext4_corrupt(directory->fs, COMPLAIN_DIRECTORY, directory->inode.number, "a damaged directory index");
}

int ext4_index_find(struct ext4_inode *directory, const char *name, size_t len, bool *found, uint64_t *leaf, bool *continues)
{
	const struct ext4_index_entry *entries;
	const struct ext4_index_root_info *info;
	struct buffer *buffer;
	unsigned count, levels, at;
	uint32_t hash, next = 0;
	size_t offset = ROOT_OFFSET;
	bool ok;
	int ret = ext4_directory_block(directory, 0, BUFFER_INDEX, &buffer);

	*found = *continues = false;
	if (ret)
		return ret;
	info = root_info(buffer);
	levels = info->indirect_levels;
	hash = ext4_name_hash(directory->fs, info->hash_version, name, len, &ok);
	if (info->info_length != sizeof(*info) || levels > DEPTH_MAX || !ok)
		return 0; /* the plain search finds it */
	for (;;) {
		entries = entries_of(directory->fs, buffer, offset, &count);
		if (!entries)
			return damaged(directory);
		at = search(entries, count, hash);
		if (at + 1 < count)
			next = entries[at + 1].hash;
		if (!levels--)
			break;
		ret = ext4_directory_block(directory, entries[at].block & 0xfffffff, BUFFER_INDEX, &buffer);
		if (ret)
			return ret;
		offset = NODE_OFFSET;
	}
	*continues = next == (hash | 1); /* the next leaf begins with the same hash */
	*leaf = entries[at].block & 0xfffffff;
	*found = true;
	return 0;
}

/* Makes a block that held part of an index one of entries. */
static void make_plain(struct ext4 *fs, struct buffer *buffer, size_t first_len)
{
	size_t end = fs->block_size - (fs->has_checksums ? EXT4_DIRENT_TAIL_LEN : 0);
	struct ext4_dirent *entry = (struct ext4_dirent *)(buffer->data + first_len);

	memset(buffer->data + first_len + 12, 0, fs->block_size - first_len - 12);
	entry->rec_len = (uint16_t)(end - first_len);
	if (fs->has_checksums)
		*(struct ext4_dirent *)(buffer->data + end) = (struct ext4_dirent){.rec_len = EXT4_DIRENT_TAIL_LEN, .file_type = EXT4_DIRENT_TAIL_TYPE};
	buffer->kind = BUFFER_DIRECTORY;
	ext4_buffer_dirty(fs, buffer);
}

/* The inner nodes below a node, deepest last; `levels` bounds the depth. */
static int drop_below(struct ext4_inode *directory, uint64_t logical, size_t offset, unsigned levels)
{
	struct ext4 *fs = directory->fs;
	struct buffer *buffer;
	unsigned count = 0;
	int ret = ext4_directory_block(directory, logical, BUFFER_INDEX, &buffer);

	if (!ret && levels && !entries_of(fs, buffer, offset, &count))
		ret = damaged(directory);
	for (unsigned i = 0; levels && i < count && !ret; i++) {
		const struct ext4_index_entry *entries;

		ret = ext4_directory_block(directory, logical, BUFFER_INDEX, &buffer);
		if (ret)
			break;
		entries = (const void *)(buffer->data + offset);
		ret = drop_below(directory, entries[i].block & 0xfffffff, NODE_OFFSET, levels - 1);
	}
	if (!ret)
		make_plain(fs, buffer, logical ? 0 : 12);
	return ret;
}

int ext4_index_drop(struct ext4_inode *directory)
{
	struct buffer *root;
	unsigned levels;
	int ret = ext4_begin_change(directory->fs);

	if (ret)
		return ret;
	if (ext4_directory_has_index(directory)) {
		ret = ext4_directory_block(directory, 0, BUFFER_INDEX, &root);
		if (ret)
			return ret;
		levels = root_info(root)->indirect_levels;
		ret = levels > DEPTH_MAX ? damaged(directory) : drop_below(directory, 0, ROOT_OFFSET, levels);
		if (ret)
			return ret;
	}
	if (directory->flags & EXT4_INDEX) {
		directory->flags &= ~(uint32_t)EXT4_INDEX;
		ext4_inode_changed(directory);
	}
	return 0;
}
