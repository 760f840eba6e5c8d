/* SPDX-License-Identifier: BSD-3-Clause */
/* Setting and removing extended attributes: all are collected and laid out anew, those that fit in the inode, the others in the block. */
#include "kernel/fs/ext4/xattr.h"

struct attribute {
	uint8_t index, name_len;
	const char *name;
	const void *value;
	size_t size;
	bool in_block;
};

struct collection {
	struct attribute *list;
	unsigned count, max;
	uint8_t *copy; /* of both areas: what the attributes point into */
};

enum { FLAG_CREATE = 1, FLAG_REPLACE = 2 };

static int collect_area(struct ext4_inode *inode, struct xattr_area area, uint8_t *copy, struct collection *all)
{
	struct ext4_xattr_entry *entry;
	size_t offset = area.first;
	int ret;

	if (!area.len)
		return 0;
	memcpy(copy, area.base, area.len);
	area.base = copy;
	while (!(ret = xattr_entry_at(inode, &area, offset, &entry)) && entry) {
		if (all->count == all->max)
			return -ENOSPC;
		all->list[all->count++] = (struct attribute){.index = entry->name_index, .name_len = entry->name_len, .name = entry->name, .value = area.base + entry->value_offset, .size = entry->value_size};
		offset += xattr_entry_len(entry);
	}
	return ret;
}

static int collect(struct ext4_inode *inode, struct collection *all)
{
	struct ext4 *fs = inode->fs;
	struct buffer *buffer;
	struct xattr_area area;
	int ret;

	all->max = (fs->inode_size + fs->block_size) / sizeof(struct ext4_xattr_entry) + 1;
	all->list = heap_alloc(all->max * sizeof(*all->list));
	all->copy = heap_alloc(fs->inode_size + fs->block_size);
	if (!all->list || !all->copy)
		return -ENOMEM;
	ret = xattr_inode_area(inode, &area);
	if (!ret)
		ret = collect_area(inode, area, all->copy, all);
	if (!ret)
		ret = xattr_block_area(inode, &area, &buffer);
	return ret ? ret : collect_area(inode, area, all->copy + fs->inode_size, all);
}

static uint32_t entry_hash(const struct attribute *attribute)
{
	uint32_t hash = 0, word;

	for (unsigned i = 0; i < attribute->name_len; i++)
		hash = hash << 5 ^ hash >> 27 ^ (uint8_t)attribute->name[i];
	for (size_t at = 0; at < attribute->size; at += sizeof(word)) {
		word = 0;
		memcpy(&word, (const uint8_t *)attribute->value + at, min_u64(sizeof(word), attribute->size - at));
		hash = hash << 16 ^ hash >> 16 ^ word;
	}
	return hash;
}

static size_t space_of(const struct attribute *attribute)
{
	return align_up(sizeof(struct ext4_xattr_entry) + attribute->name_len, 4) + align_up(attribute->size, 4);
}

/* Room for entries and values in the inode, for one with none yet too. */
static size_t inode_room(const struct ext4_inode *inode)
{
	size_t start = EXT4_INODE_OLD_LEN + inode->extra_isize + 2 * sizeof(uint32_t); /* the mark, and the end of the entries */

	return inode->extra_isize && start < inode->fs->inode_size ? inode->fs->inode_size - start : 0;
}

/* Says which go to the block; -ENOSPC. */
static int place(struct ext4_inode *inode, struct collection *all, bool *needs_block)
{
	size_t in_inode = inode_room(inode), in_block = inode->fs->block_size - sizeof(struct ext4_xattr_header) - sizeof(uint32_t);

	*needs_block = false;
	for (unsigned i = 0; i < all->count; i++) {
		size_t space = space_of(&all->list[i]), *room = space <= in_inode ? &in_inode : &in_block;

		if (space > *room)
			return -ENOSPC;
		*room -= space;
		all->list[i].in_block = room == &in_block;
		*needs_block |= room == &in_block;
	}
	return 0;
}

/* The order that blocks have: by index, length of the name, name. */
static bool comes_before(const struct attribute *a, const struct attribute *b)
{
	if (a->index != b->index)
		return a->index < b->index;
	if (a->name_len != b->name_len)
		return a->name_len < b->name_len;
	return memcmp(a->name, b->name, a->name_len) < 0;
}

static void sort(struct collection *all)
{
	for (unsigned i = 1; i < all->count; i++)
		for (unsigned k = i; k && comes_before(&all->list[k], &all->list[k - 1]); k--) {
			struct attribute swap = all->list[k];

			all->list[k] = all->list[k - 1];
			all->list[k - 1] = swap;
		}
}

/* Writes the attributes of one place; the area is zeros. Returns the hash of all. */
static uint32_t lay_out(const struct collection *all, const struct xattr_area *area, bool in_block)
{
	size_t offset = area->first, end = area->len;
	uint32_t hash = 0;

	for (unsigned i = 0; i < all->count; i++) {
		const struct attribute *attribute = &all->list[i];
		struct ext4_xattr_entry *entry = (struct ext4_xattr_entry *)(area->base + offset);

		if (attribute->in_block != in_block)
			continue;
		end -= align_up(attribute->size, 4);
		*entry = (struct ext4_xattr_entry){
		    .name_len = attribute->name_len, .name_index = attribute->index, .value_offset = (uint16_t)(attribute->size ? end : 0),
		    .value_size = (uint32_t)attribute->size, .hash = in_block ? entry_hash(attribute) : 0};
		memcpy(entry->name, attribute->name, attribute->name_len);
		memcpy(area->base + end, attribute->value, attribute->size);
		offset += xattr_entry_len(entry);
		hash = hash << 16 ^ hash >> 16 ^ entry->hash;
	}
	return hash;
}

static int write_inode_area(struct ext4_inode *inode, const struct collection *all)
{
	size_t start = EXT4_INODE_OLD_LEN + inode->extra_isize;
	uint32_t magic = EXT4_XATTR_MAGIC;
	struct ext4_raw_inode *raw;
	struct buffer *buffer;
	struct xattr_area area;
	int ret;

	if (!inode_room(inode))
		return 0;
	ret = ext4_raw_inode(inode, &raw, &buffer);
	if (ret)
		return ret;
	area = (struct xattr_area){.base = (uint8_t *)raw + start + sizeof(magic), .len = inode->fs->inode_size - start - sizeof(magic)};
	memset(area.base, 0, area.len);
	memcpy((uint8_t *)raw + start, &magic, sizeof(magic));
	lay_out(all, &area, false);
	return ext4_inode_write(inode); /* its checksum covers them */
}

static int write_block(struct ext4_inode *inode, uint64_t block, const struct collection *all)
{
	struct ext4_xattr_header *header;
	struct buffer *buffer;
	struct xattr_area area;
	int ret = ext4_buffer_new(inode->fs, block, BUFFER_XATTR, 0, &buffer);

	if (ret)
		return ret;
	area = (struct xattr_area){.base = buffer->data, .first = sizeof(*header), .len = inode->fs->block_size};
	header = (void *)buffer->data;
	*header = (struct ext4_xattr_header){.magic = EXT4_XATTR_MAGIC, .refcount = 1, .blocks = 1};
	header->hash = lay_out(all, &area, true);
	return 0;
}

static int store(struct ext4_inode *inode, struct collection *all)
{
	struct ext4 *fs = inode->fs;
	uint64_t block = 0, nr = 1;
	bool needs_block;
	int ret = place(inode, all, &needs_block);

	if (!ret)
		ret = ext4_begin_change(fs);
	if (!ret && needs_block) {
		ret = ext4_space_check(fs, 1);
		if (!ret)
			ret = ext4_blocks_alloc(fs, ext4_group_first_block(fs, ext4_inode_group(fs, inode->inode.number)), &nr, &block);
		if (!ret)
			ret = write_block(inode, block, all);
	}
	if (!ret)
		ret = ext4_xattr_free(inode); /* the old block, which others may share */
	if (ret)
		return ret;
	inode->xattr_block = block;
	if (block)
		inode->inode.blocks_512 += fs->block_size / 512;
	inode->inode.ctime = time_stamp_now();
	ext4_inode_changed(inode);
	return write_inode_area(inode, all);
}

/* The name without its prefix; 0: a kind that is not stored. */
static uint8_t split_name(const char *name, const char **rest)
{
	for (size_t i = 0; i < XATTR_PREFIXES; i++) {
		size_t len = strlen(xattr_prefixes[i].text);

		if (!strncmp(name, xattr_prefixes[i].text, len)) {
			*rest = name + len;
			return xattr_prefixes[i].index;
		}
	}
	return 0;
}

static struct attribute *find_attribute(struct collection *all, const struct attribute *wanted)
{
	for (unsigned i = 0; i < all->count; i++) {
		struct attribute *attribute = &all->list[i];

		if (attribute->index == wanted->index && attribute->name_len == wanted->name_len && !memcmp(attribute->name, wanted->name, wanted->name_len))
			return attribute;
	}
	return NULL;
}

static int put_attribute(struct collection *all, const struct attribute *wanted, int flags)
{
	struct attribute *there = find_attribute(all, wanted);

	if (there && (flags & FLAG_CREATE))
		return -EEXIST;
	if (!there && (flags & FLAG_REPLACE))
		return -ENODATA;
	if (!there && all->count == all->max)
		return -ENOSPC;
	*(there ? there : &all->list[all->count++]) = *wanted;
	return 0;
}

static int drop_attribute(struct collection *all, const struct attribute *wanted)
{
	struct attribute *there = find_attribute(all, wanted);

	if (!there)
		return -ENODATA;
	*there = all->list[--all->count];
	return 0;
}

/* value NULL: removes. */
static int change(struct inode *generic, const char *name, const void *value, size_t size, int flags)
{
	struct ext4_inode *inode = ext4_of(generic);
	struct ext4 *fs = inode->fs;
	struct attribute wanted = {.value = value, .size = size};
	struct collection all = {0};
	int ret;

	wanted.index = split_name(name, &wanted.name);
	if (!wanted.index)
		return -EOPNOTSUPP;
	if (!*wanted.name || strlen(wanted.name) > EXT4_NAME_MAX)
		return *wanted.name ? -ERANGE : -EINVAL;
	if (fs->fs.is_read_only || inode->is_deleted)
		return -EROFS;
	wanted.name_len = (uint8_t)strlen(wanted.name);
	ext4_lock(fs);
	ret = size > fs->block_size ? -ENOSPC : collect(inode, &all);
	if (!ret)
		ret = value ? put_attribute(&all, &wanted, flags) : drop_attribute(&all, &wanted);
	if (!ret) {
		sort(&all);
		ret = store(inode, &all);
	}
	ext4_unlock(fs);
	heap_free(all.list);
	heap_free(all.copy);
	return ret;
}

int ext4_set_xattr(struct inode *inode, const char *name, const void *value, size_t size, int flags)
{
	return change(inode, name, value ? value : "", size, flags);
}

int ext4_remove_xattr(struct inode *inode, const char *name)
{
	return change(inode, name, NULL, 0, 0);
}
