/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Extended attributes (xattr(7)): entries behind the inode's fields, and in one block of their own that several inodes may
 * share. Entries stand from the start, values from the end.
 */
#include "kernel/fs/ext4/ext4.h"

/* One place where attributes are: in the buffer of the inode's table, or in the block's. */
struct area {
	uint8_t *base;	 /* what value offsets count from */
	size_t first;	 /* offset of the first entry */
	size_t len;
};

static const struct {
	uint8_t index;
	const char *prefix;
} prefixes[] = {{1, "user."}, {4, "trusted."}, {6, "security."}}; /* access control lists have a format of their own on the disk: not shown */

static const char *prefix_of(uint8_t index)
{
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (prefixes[i].index == index)
			return prefixes[i].prefix;
	return NULL;
}

static int damaged(struct ext4_inode *inode)
{
	return ext4_corrupt(inode->fs, COMPLAIN_XATTR, inode->inode.number, "damaged attributes");
}

/* The entry at an offset; NULL at the end. -EUCLEAN if it does not hold together. */
static int entry_at(struct ext4_inode *inode, const struct area *area, size_t offset, struct ext4_xattr_entry **entry)
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

static size_t entry_len(const struct ext4_xattr_entry *entry)
{
	return align_up(sizeof(*entry) + entry->name_len, 4);
}

/* The inode's own area, in its buffer; len 0: none. */
static int inode_area(struct ext4_inode *inode, struct area *area)
{
	size_t start = EXT4_INODE_OLD_LEN + inode->extra_isize;
	struct ext4_raw_inode *raw;
	struct buffer *buffer;
	uint32_t magic;
	int ret;

	*area = (struct area){0};
	if (!inode->extra_isize || start + 2 * sizeof(magic) > inode->fs->inode_size)
		return 0;
	ret = ext4_raw_inode(inode, &raw, &buffer);
	if (ret)
		return ret;
	memcpy(&magic, (uint8_t *)raw + start, sizeof(magic));
	if (magic == EXT4_XATTR_MAGIC)
		*area = (struct area){.base = (uint8_t *)raw + start + sizeof(magic), .len = inode->fs->inode_size - start - sizeof(magic)};
	return 0;
}

static int block_area(struct ext4_inode *inode, struct area *area, struct buffer **buffer)
{
	struct ext4 *fs = inode->fs;
	const struct ext4_xattr_header *header;
	int ret;

	*area = (struct area){0};
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
	*area = (struct area){.base = (*buffer)->data, .first = sizeof(*header), .len = fs->block_size};
	return 0;
}

/* Whether the entry has that full name. */
static bool has_name(const struct ext4_xattr_entry *entry, const char *name)
{
	const char *prefix = prefix_of(entry->name_index);
	size_t len = prefix ? strlen(prefix) : 0;

	return prefix && !strncmp(name, prefix, len) && strlen(name + len) == entry->name_len && !memcmp(name + len, entry->name, entry->name_len);
}

static int find_in(struct ext4_inode *inode, const struct area *area, const char *name, struct ext4_xattr_entry **entry)
{
	size_t offset = area->first;
	int ret;

	*entry = NULL;
	if (!area->len)
		return 0;
	while (!(ret = entry_at(inode, area, offset, entry)) && *entry) {
		if (has_name(*entry, name))
			return 0;
		offset += entry_len(*entry);
	}
	return ret;
}

/* The entry in the inode or in the block; *area is the one that it is in. */
static int find(struct ext4_inode *inode, const char *name, struct area *area, struct ext4_xattr_entry **entry)
{
	struct buffer *buffer;
	int ret = inode_area(inode, area);

	if (!ret)
		ret = find_in(inode, area, name, entry);
	if (ret || *entry)
		return ret;
	ret = block_area(inode, area, &buffer);
	return ret ? ret : find_in(inode, area, name, entry);
}

static long get_locked(struct ext4_inode *inode, const char *name, void *value, size_t size)
{
	struct ext4_xattr_entry *entry;
	struct area area;
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

static long list_area(struct ext4_inode *inode, const struct area *area, char *list, size_t size, long done)
{
	struct ext4_xattr_entry *entry;
	size_t offset = area->first;
	int ret;

	if (!area->len)
		return done;
	while (!(ret = entry_at(inode, area, offset, &entry)) && entry) {
		const char *prefix = prefix_of(entry->name_index);
		size_t prefix_len = prefix ? strlen(prefix) : 0, len = prefix_len + entry->name_len + 1u;

		offset += entry_len(entry);
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
	struct area area;
	long done = inode_area(inode, &area);

	if (!done)
		done = list_area(inode, &area, list, size, 0);
	if (done >= 0) {
		int ret = block_area(inode, &area, &buffer);

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
	struct area area;
	uint64_t block = inode->xattr_block;
	int ret = block_area(inode, &area, &buffer);

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

/* ---- Changing: all attributes are collected, and laid out anew: those that fit in the inode, the others in the block. ---- */

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

static int collect_area(struct ext4_inode *inode, struct area area, uint8_t *copy, struct collection *all)
{
	struct ext4_xattr_entry *entry;
	size_t offset = area.first;
	int ret;

	if (!area.len)
		return 0;
	memcpy(copy, area.base, area.len);
	area.base = copy;
	while (!(ret = entry_at(inode, &area, offset, &entry)) && entry) {
		if (all->count == all->max)
			return -ENOSPC;
		all->list[all->count++] = (struct attribute){.index = entry->name_index, .name_len = entry->name_len, .name = entry->name, .value = area.base + entry->value_offset, .size = entry->value_size};
		offset += entry_len(entry);
	}
	return ret;
}

static int collect(struct ext4_inode *inode, struct collection *all)
{
	struct ext4 *fs = inode->fs;
	struct buffer *buffer;
	struct area area;
	int ret;

	all->max = (fs->inode_size + fs->block_size) / sizeof(struct ext4_xattr_entry) + 1;
	all->list = heap_alloc(all->max * sizeof(*all->list));
	all->copy = heap_alloc(fs->inode_size + fs->block_size);
	if (!all->list || !all->copy)
		return -ENOMEM;
	ret = inode_area(inode, &area);
	if (!ret)
		ret = collect_area(inode, area, all->copy, all);
	if (!ret)
		ret = block_area(inode, &area, &buffer);
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
static uint32_t lay_out(const struct collection *all, const struct area *area, bool in_block)
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
		offset += entry_len(entry);
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
	struct area area;
	int ret;

	if (!inode_room(inode))
		return 0;
	ret = ext4_raw_inode(inode, &raw, &buffer);
	if (ret)
		return ret;
	area = (struct area){.base = (uint8_t *)raw + start + sizeof(magic), .len = inode->fs->inode_size - start - sizeof(magic)};
	memset(area.base, 0, area.len);
	memcpy((uint8_t *)raw + start, &magic, sizeof(magic));
	lay_out(all, &area, false);
	return ext4_inode_write(inode); /* its checksum covers them */
}

static int write_block(struct ext4_inode *inode, uint64_t block, const struct collection *all)
{
	struct ext4_xattr_header *header;
	struct buffer *buffer;
	struct area area;
	int ret = ext4_buffer_new(inode->fs, block, BUFFER_XATTR, 0, &buffer);

	if (ret)
		return ret;
	area = (struct area){.base = buffer->data, .first = sizeof(*header), .len = inode->fs->block_size};
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
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t len = strlen(prefixes[i].prefix);

		if (!strncmp(name, prefixes[i].prefix, len)) {
			*rest = name + len;
			return prefixes[i].index;
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
