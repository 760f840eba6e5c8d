/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Extended attributes (xattr(7)): entries behind the inode's fields, and in one block of their own that several inodes may
 * share. Entries stand from the start, values from the end.
 */
#include "kernel/fs/ext4/xattr.h"

/* Access control lists have a format of their own on the disk: not shown. */
const struct xattr_prefix xattr_prefixes[XATTR_PREFIXES] = {{1, "user."}, {4, "trusted."}, {6, "security."}};

static const char *prefix_of(uint8_t index)
{
	for (size_t i = 0; i < XATTR_PREFIXES; i++)
		if (xattr_prefixes[i].index == index)
			return xattr_prefixes[i].text;
	return NULL;
}

static int damaged(struct ext4_inode *inode)
{
	return ext4_corrupt(inode->fs, COMPLAIN_XATTR, inode->inode.number, "damaged attributes");
}

int xattr_entry_at(struct ext4_inode *inode, const struct xattr_area *area, size_t offset, struct ext4_xattr_entry **entry)
{
	struct ext4_xattr_entry *found = (struct ext4_xattr_entry *)(area->base + offset);
	uint32_t mark;

	*entry = NULL;
	if (offset + sizeof(mark) > area->len)
		return 0;
	memcpy(&mark, found, sizeof(mark));
	if (!mark)
		return 0;
	if (offset + sizeof(*found) > area->len || offset + sizeof(*found) + found->name_len > area->len)
		return damaged(inode);
	if (found->value_inode || found->value_size > area->len || (found->value_size && found->value_offset > area->len - found->value_size))
		return damaged(inode);
	*entry = found;
	return 0;
}

int xattr_inode_area(struct ext4_inode *inode, struct xattr_area *area)
{
	size_t start = EXT4_INODE_OLD_LEN + inode->extra_isize;
	struct ext4_raw_inode *raw;
	struct buffer *buffer;
	uint32_t magic;
	int ret;

	*area = (struct xattr_area){0};
	if (!inode->extra_isize || start + 2 * sizeof(magic) > inode->fs->inode_size)
		return 0;
	ret = ext4_raw_inode(inode, &raw, &buffer);
	if (ret)
		return ret;
	memcpy(&magic, (uint8_t *)raw + start, sizeof(magic));
	if (magic == EXT4_XATTR_MAGIC)
		*area = (struct xattr_area){.base = (uint8_t *)raw + start + sizeof(magic), .len = inode->fs->inode_size - start - sizeof(magic)};
	return 0;
}

int xattr_block_area(struct ext4_inode *inode, struct xattr_area *area, struct buffer **buffer)
{
	struct ext4 *fs = inode->fs;
	const struct ext4_xattr_header *header;
	int ret;

	*area = (struct xattr_area){0};
	if (!inode->xattr_block)
		return 0;
	if (!ext4_block_is_valid(fs, inode->xattr_block, 1))
		return damaged(inode);
	ret = ext4_buffer_read(fs, inode->xattr_block, BUFFER_XATTR, 0, buffer);
	if (ret)
		return ret;
	header = (const void *)(*buffer)->data;
	if (header->magic != EXT4_XATTR_MAGIC || header->blocks != 1)
		return damaged(inode);
	*area = (struct xattr_area){.base = (*buffer)->data, .first = sizeof(*header), .len = fs->block_size};
	return 0;
}

/* Whether the entry has that full name. */
static bool has_name(const struct ext4_xattr_entry *entry, const char *name)
{
	const char *prefix = prefix_of(entry->name_index);
	size_t len = prefix ? strlen(prefix) : 0;

	return prefix && !strncmp(name, prefix, len) && strlen(name + len) == entry->name_len && !memcmp(name + len, entry->name, entry->name_len);
}

static int find_in(struct ext4_inode *inode, const struct xattr_area *area, const char *name, struct ext4_xattr_entry **entry)
{
	size_t offset = area->first;
	int ret;

	*entry = NULL;
	if (!area->len)
		return 0;
	while (!(ret = xattr_entry_at(inode, area, offset, entry)) && *entry) {
		if (has_name(*entry, name))
			return 0;
		offset += xattr_entry_len(*entry);
	}
	return ret;
}

/* The entry in the inode or in the block; *area is the one that it is in. */
static int find(struct ext4_inode *inode, const char *name, struct xattr_area *area, struct ext4_xattr_entry **entry)
{
	struct buffer *buffer;
	int ret = xattr_inode_area(inode, area);

	if (!ret)
		ret = find_in(inode, area, name, entry);
	if (ret || *entry)
		return ret;
	ret = xattr_block_area(inode, area, &buffer);
	return ret ? ret : find_in(inode, area, name, entry);
}

static long get_locked(struct ext4_inode *inode, const char *name, void *value, size_t size)
{
	struct ext4_xattr_entry *entry;
	struct xattr_area area;
	int ret = find(inode, name, &area, &entry);

	if (ret)
		return ret;
	if (!entry)
		return -ENODATA;
	if (!size)
		return entry->value_size;
	if (entry->value_size > size)
		return -ERANGE;
	memcpy(value, area.base + entry->value_offset, entry->value_size);
	return entry->value_size;
}

long ext4_get_xattr(struct inode *inode, const char *name, void *value, size_t size)
{
	struct ext4 *fs = ext4_fs(inode);
	long ret;

	ext4_lock(fs);
	ret = get_locked(ext4_of(inode), name, value, size);
	ext4_unlock(fs);
	return ret;
}

static long list_area(struct ext4_inode *inode, const struct xattr_area *area, char *list, size_t size, long done)
{
	struct ext4_xattr_entry *entry;
	size_t offset = area->first;
	int ret;

	if (!area->len)
		return done;
	while (!(ret = xattr_entry_at(inode, area, offset, &entry)) && entry) {
		const char *prefix = prefix_of(entry->name_index);
		size_t prefix_len = prefix ? strlen(prefix) : 0, len = prefix_len + entry->name_len + 1u;

		offset += xattr_entry_len(entry);
		if (!prefix)
			continue;
		if (size) {
			if ((size_t)done + len > size)
				return -ERANGE;
			memcpy(list + done, prefix, prefix_len);
			memcpy(list + done + prefix_len, entry->name, entry->name_len);
			list[(size_t)done + len - 1] = '\0';
		}
		done += (long)len;
	}
	return ret ? ret : done;
}

static long list_locked(struct ext4_inode *inode, char *list, size_t size)
{
	struct buffer *buffer;
	struct xattr_area area;
	long done = xattr_inode_area(inode, &area);

	if (!done)
		done = list_area(inode, &area, list, size, 0);
	if (done >= 0) {
		int ret = xattr_block_area(inode, &area, &buffer);

		done = ret ? ret : list_area(inode, &area, list, size, done);
	}
	return done;
}

long ext4_list_xattr(struct inode *inode, char *list, size_t size)
{
	struct ext4 *fs = ext4_fs(inode);
	long ret;

	ext4_lock(fs);
	ret = list_locked(ext4_of(inode), list, size);
	ext4_unlock(fs);
	return ret;
}

/* One user of the block less. */
int ext4_xattr_free(struct ext4_inode *inode)
{
	struct ext4 *fs = inode->fs;
	struct ext4_xattr_header *header;
	struct buffer *buffer;
	struct xattr_area area;
	uint64_t block = inode->xattr_block;
	int ret = xattr_block_area(inode, &area, &buffer);

	if (ret || !block)
		return ret;
	inode->xattr_block = 0;
	inode->inode.blocks_512 -= min_u64(inode->inode.blocks_512, fs->block_size / 512);
	header = (void *)buffer->data;
	if (header->refcount <= 1)
		return ext4_blocks_free(fs, block, 1);
	header->refcount--;
	ext4_buffer_dirty(fs, buffer);
	return 0;
}
