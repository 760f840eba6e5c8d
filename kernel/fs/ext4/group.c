/* SPDX-License-Identifier: BSD-3-Clause */
/* Block groups: their descriptors and bitmaps. Each is checked when it is first used. */
#include "kernel/fs/ext4/ext4.h"

uint64_t ext4_group_first_block(const struct ext4 *fs, unsigned group)
{
	return fs->super.first_data_block + (uint64_t)group * fs->super.blocks_per_group;
}

unsigned ext4_group_nr_blocks(const struct ext4 *fs, unsigned group)
{
	return (unsigned)min_u64(fs->super.blocks_per_group, fs->nr_blocks - ext4_group_first_block(fs, group));
}

static bool is_power_of(unsigned x, unsigned base)
{
	while (x % base == 0)
		x /= base;
	return x == 1;
}

/* Whether the group starts with a copy of the superblock (sparse_super). */
static bool has_super(const struct ext4 *fs, unsigned group)
{
	if (group == 0)
		return true;
	if (fs->super.feature_compat & EXT4_SPARSE_SUPER2)
		return group == fs->super.reserved_a[0x24c / 4 - 0x180 / 4] || group == fs->super.reserved_a[0x250 / 4 - 0x180 / 4];
	if (!(fs->super.feature_ro_compat & EXT4_SPARSE_SUPER))
		return true;
	return group == 1 || is_power_of(group, 3) || is_power_of(group, 5) || is_power_of(group, 7);
}

static bool uses_meta_groups(const struct ext4 *fs, unsigned desc_block)
{
	return (fs->super.feature_incompat & EXT4_META_BG) && desc_block >= fs->super.first_meta_bg;
}

static uint64_t desc_block_of(const struct ext4 *fs, unsigned group)
{
	unsigned each = fs->block_size / fs->desc_size, index = group / each;

	if (!uses_meta_groups(fs, index))
		return fs->super.first_data_block + 1 + index;
	return ext4_group_first_block(fs, index * each) + has_super(fs, index * each);
}

static uint16_t desc_checksum(const struct ext4 *fs, unsigned group, const struct ext4_group *desc)
{
	static const uint8_t zeros[2];
	const uint8_t *bytes = (const uint8_t *)desc;
	size_t at = offsetof(struct ext4_group, checksum), after = at + 2;
	uint32_t number = group, crc;

	if (!fs->has_checksums) {
		uint16_t crc16 = ext4_crc16(0xffff, fs->super.uuid, sizeof(fs->super.uuid));

		crc16 = ext4_crc16(crc16, &number, sizeof(number));
		crc16 = ext4_crc16(crc16, bytes, at);
		return fs->desc_size > after ? ext4_crc16(crc16, bytes + after, fs->desc_size - after) : crc16;
	}
	crc = ext4_crc32c(fs->seed, &number, sizeof(number));
	crc = ext4_crc32c(crc, bytes, at);
	crc = ext4_crc32c(crc, zeros, sizeof(zeros));
	return (uint16_t)ext4_crc32c(crc, bytes + after, fs->desc_size - after);
}

static bool is_wide(const struct ext4 *fs)
{
	return fs->desc_size >= sizeof(struct ext4_group);
}

uint64_t ext4_group_inode_table(const struct ext4 *fs, const struct ext4_group *desc)
{
	return desc->inode_table_lo | (is_wide(fs) ? (uint64_t)desc->inode_table_hi << 32 : 0);
}

static uint64_t bitmap_block(const struct ext4 *fs, const struct ext4_group *desc, bool of_inodes)
{
	uint64_t low = of_inodes ? desc->inode_bitmap_lo : desc->block_bitmap_lo;

	return is_wide(fs) ? low | (uint64_t)(of_inodes ? desc->inode_bitmap_hi : desc->block_bitmap_hi) << 32 : low;
}

static unsigned table_len(const struct ext4 *fs)
{
	return (fs->super.inodes_per_group + fs->inodes_per_block - 1) / fs->inodes_per_block;
}

static int check_desc(struct ext4 *fs, unsigned group, const struct ext4_group *desc)
{
	if ((fs->has_checksums || fs->has_group_checksums) && desc->checksum != desc_checksum(fs, group, desc))
		return ext4_corrupt(fs, COMPLAIN_CHECKSUM, group, "wrong checksum of a group");
	if (!ext4_block_is_valid(fs, bitmap_block(fs, desc, false), 1) || !ext4_block_is_valid(fs, bitmap_block(fs, desc, true), 1) ||
	    !ext4_block_is_valid(fs, ext4_group_inode_table(fs, desc), table_len(fs)))
		return ext4_corrupt(fs, COMPLAIN_GROUP, group, "a group has its tables outside of the file system");
	fs->group_flags[group] |= GROUP_VERIFIED;
	return 0;
}

int ext4_group_get(struct ext4 *fs, unsigned group, struct ext4_group **desc, struct buffer **buffer)
{
	unsigned each = fs->block_size / fs->desc_size;
	struct ext4_group *found;
	int ret = ext4_buffer_read(fs, desc_block_of(fs, group), BUFFER_PLAIN, 0, buffer);

	if (ret)
		return ret;
	found = (struct ext4_group *)((*buffer)->data + (size_t)(group % each) * fs->desc_size);
	if (!(fs->group_flags[group] & GROUP_VERIFIED))
		ret = check_desc(fs, group, found);
	*desc = found;
	return ret;
}

void ext4_group_changed(struct ext4 *fs, unsigned group, struct ext4_group *desc, struct buffer *buffer)
{
	if (fs->has_checksums || fs->has_group_checksums)
		desc->checksum = desc_checksum(fs, group, desc);
	ext4_buffer_dirty(fs, buffer);
	fs->is_super_dirty = true;
}

uint32_t ext4_group_count(const struct ext4 *fs, const struct ext4_group *desc, enum group_count which)
{
	switch (which) {
	case COUNT_FREE_BLOCKS:
		return desc->free_blocks_lo | (is_wide(fs) ? (uint32_t)desc->free_blocks_hi << 16 : 0);
	case COUNT_FREE_INODES:
		return desc->free_inodes_lo | (is_wide(fs) ? (uint32_t)desc->free_inodes_hi << 16 : 0);
	case COUNT_DIRECTORIES:
		return desc->used_dirs_lo | (is_wide(fs) ? (uint32_t)desc->used_dirs_hi << 16 : 0);
	case COUNT_UNUSED_INODES:
		return desc->itable_unused_lo | (is_wide(fs) ? (uint32_t)desc->itable_unused_hi << 16 : 0);
	}
	return 0;
}

void ext4_group_set_count(const struct ext4 *fs, struct ext4_group *desc, enum group_count which, uint32_t count)
{
	uint16_t low = (uint16_t)count, high = (uint16_t)(count >> 16);

	switch (which) {
	case COUNT_FREE_BLOCKS:
		desc->free_blocks_lo = low;
		if (is_wide(fs))
			desc->free_blocks_hi = high;
		break;
	case COUNT_FREE_INODES:
		desc->free_inodes_lo = low;
		if (is_wide(fs))
			desc->free_inodes_hi = high;
		break;
	case COUNT_DIRECTORIES:
		desc->used_dirs_lo = low;
		if (is_wide(fs))
			desc->used_dirs_hi = high;
		break;
	case COUNT_UNUSED_INODES:
		desc->itable_unused_lo = low;
		if (is_wide(fs))
			desc->itable_unused_hi = high;
		break;
	}
}

/* ---- Bitmaps ---- */

static void set_bits(uint8_t *bitmap, uint64_t from, uint64_t to)
{
	for (uint64_t bit = from; bit < to; bit++)
		bitmap[bit / 8] |= (uint8_t)(1u << bit % 8);
}

/* Blocks at the start of a group that copies of superblock and descriptors take. */
static unsigned base_blocks(const struct ext4 *fs, unsigned group)
{
	unsigned each = fs->block_size / fs->desc_size, nr_desc_blocks = (fs->nr_groups + each - 1) / each, in_meta = group % each;

	if (!uses_meta_groups(fs, group / each)) {
		if (fs->super.feature_incompat & EXT4_META_BG)
			nr_desc_blocks = (unsigned)min_u64(nr_desc_blocks, fs->super.first_meta_bg);
		return has_super(fs, group) ? 1 + nr_desc_blocks + fs->super.reserved_gdt_blocks : 0;
	}
	return has_super(fs, group) + (in_meta == 0 || in_meta == 1 || in_meta == each - 1);
}

static void set_if_inside(struct ext4 *fs, unsigned group, uint8_t *bitmap, uint64_t block, uint64_t nr)
{
	uint64_t first = ext4_group_first_block(fs, group), end = first + fs->super.blocks_per_group;

	if (block < end && block + nr > first)
		set_bits(bitmap, max_u64(block, first) - first, min_u64(block + nr, end) - first);
}

/* The bitmap of a group whose blocks were never used (BLOCK_UNINIT). */
static void make_block_bitmap(struct ext4 *fs, unsigned group, const struct ext4_group *desc, uint8_t *bitmap)
{
	memset(bitmap, 0, fs->block_size);
	set_bits(bitmap, 0, min_u64(base_blocks(fs, group), fs->super.blocks_per_group));
	set_if_inside(fs, group, bitmap, bitmap_block(fs, desc, false), 1);
	set_if_inside(fs, group, bitmap, bitmap_block(fs, desc, true), 1);
	set_if_inside(fs, group, bitmap, ext4_group_inode_table(fs, desc), table_len(fs));
	set_bits(bitmap, ext4_group_nr_blocks(fs, group), fs->block_size * 8);
}

static void make_inode_bitmap(struct ext4 *fs, uint8_t *bitmap)
{
	memset(bitmap, 0, fs->block_size);
	set_bits(bitmap, fs->super.inodes_per_group, fs->block_size * 8);
}

static uint32_t bitmap_checksum(const struct ext4 *fs, bool of_inodes, const uint8_t *bitmap)
{
	return ext4_crc32c(fs->seed, bitmap, (of_inodes ? fs->super.inodes_per_group : fs->super.blocks_per_group) / 8);
}

static bool bitmap_is_right(const struct ext4 *fs, const struct ext4_group *desc, bool of_inodes, const uint8_t *bitmap)
{
	uint32_t crc = bitmap_checksum(fs, of_inodes, bitmap);
	uint16_t low = of_inodes ? desc->inode_bitmap_csum_lo : desc->block_bitmap_csum_lo;

	if (!fs->has_checksums)
		return true;
	if ((uint16_t)crc != low)
		return false;
	return !is_wide(fs) || crc >> 16 == (of_inodes ? desc->inode_bitmap_csum_hi : desc->block_bitmap_csum_hi);
}

int ext4_group_bitmap(struct ext4 *fs, unsigned group, bool of_inodes, struct buffer **bitmap)
{
	uint8_t ok = of_inodes ? GROUP_INODES_OK : GROUP_BLOCKS_OK;
	bool has_uninit = fs->has_checksums || fs->has_group_checksums;
	uint16_t uninit = of_inodes ? EXT4_GROUP_INODE_UNINIT : EXT4_GROUP_BLOCK_UNINIT;
	struct ext4_group *desc;
	struct buffer *desc_buffer;
	int ret = ext4_group_get(fs, group, &desc, &desc_buffer);

	if (ret)
		return ret;
	if (has_uninit && (desc->flags & uninit)) {
		ret = ext4_buffer_new(fs, bitmap_block(fs, desc, of_inodes), BUFFER_PLAIN, 0, bitmap);
		if (ret)
			return ret;
		if (of_inodes)
			make_inode_bitmap(fs, (*bitmap)->data);
		else
			make_block_bitmap(fs, group, desc, (*bitmap)->data);
		desc->flags &= (uint16_t)~uninit;
		fs->group_flags[group] |= ok;
		ext4_group_changed(fs, group, desc, desc_buffer);
		ext4_group_bitmap_changed(fs, group, of_inodes, *bitmap);
		return 0;
	}
	ret = ext4_buffer_read(fs, bitmap_block(fs, desc, of_inodes), BUFFER_PLAIN, 0, bitmap);
	if (ret || (fs->group_flags[group] & ok))
		return ret;
	if (!bitmap_is_right(fs, desc, of_inodes, (*bitmap)->data))
		return ext4_corrupt(fs, COMPLAIN_BITMAP, group, "wrong checksum of a bitmap");
	fs->group_flags[group] |= ok;
	return 0;
}

void ext4_group_bitmap_changed(struct ext4 *fs, unsigned group, bool of_inodes, struct buffer *bitmap)
{
	fs->group_flags[group] |= of_inodes ? GROUP_INODES_CHANGED : GROUP_BLOCKS_CHANGED;
	ext4_buffer_dirty(fs, bitmap);
}

static int finish(struct ext4 *fs, unsigned group, bool of_inodes)
{
	struct buffer *bitmap, *desc_buffer;
	struct ext4_group *desc;
	uint32_t crc;
	int ret = ext4_group_bitmap(fs, group, of_inodes, &bitmap);

	if (!ret)
		ret = ext4_group_get(fs, group, &desc, &desc_buffer);
	if (ret)
		return ret;
	crc = bitmap_checksum(fs, of_inodes, bitmap->data);
	if (of_inodes) {
		desc->inode_bitmap_csum_lo = (uint16_t)crc;
		if (is_wide(fs))
			desc->inode_bitmap_csum_hi = (uint16_t)(crc >> 16);
	} else {
		desc->block_bitmap_csum_lo = (uint16_t)crc;
		if (is_wide(fs))
			desc->block_bitmap_csum_hi = (uint16_t)(crc >> 16);
	}
	ext4_group_changed(fs, group, desc, desc_buffer);
	return 0;
}

int ext4_groups_finish(struct ext4 *fs)
{
	int ret = 0;

	for (unsigned group = 0; group < fs->nr_groups && !ret; group++) {
		uint8_t flags = fs->group_flags[group];

		if (!(flags & (GROUP_BLOCKS_CHANGED | GROUP_INODES_CHANGED)))
			continue;
		if (fs->has_checksums && (flags & GROUP_BLOCKS_CHANGED))
			ret = finish(fs, group, false);
		if (fs->has_checksums && !ret && (flags & GROUP_INODES_CHANGED))
			ret = finish(fs, group, true);
		if (!ret)
			fs->group_flags[group] &= (uint8_t)~(GROUP_BLOCKS_CHANGED | GROUP_INODES_CHANGED);
	}
	return ret;
}
