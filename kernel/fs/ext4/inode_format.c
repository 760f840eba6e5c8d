/* SPDX-License-Identifier: BSD-3-Clause */
/* Inodes as the disk has them: checks, checksums, times with nanoseconds, device numbers. */
#include "kernel/fs/ext4/inode_format.h"

static bool has_extra(const struct ext4 *fs, const struct ext4_raw_inode *raw, size_t end)
{
	return fs->inode_size > EXT4_INODE_OLD_LEN && EXT4_INODE_OLD_LEN + raw->extra_isize >= end;
}
#define HAS_EXTRA(fs, raw, field) has_extra(fs, raw, offsetof(struct ext4_raw_inode, field) + sizeof((raw)->field))

static uint32_t raw_checksum(const struct ext4 *fs, uint32_t seed, const struct ext4_raw_inode *raw)
{
	static const uint8_t zeros[2];
	const uint8_t *bytes = (const uint8_t *)raw;
	size_t low = offsetof(struct ext4_raw_inode, checksum_lo), high = offsetof(struct ext4_raw_inode, checksum_hi);
	uint32_t crc = ext4_crc32c(seed, bytes, low);

	crc = ext4_crc32c(crc, zeros, 2);
	crc = ext4_crc32c(crc, bytes + low + 2, EXT4_INODE_OLD_LEN - low - 2);
	if (fs->inode_size == EXT4_INODE_OLD_LEN)
		return crc;
	crc = ext4_crc32c(crc, bytes + EXT4_INODE_OLD_LEN, high - EXT4_INODE_OLD_LEN);
	if (HAS_EXTRA(fs, raw, checksum_hi))
		crc = ext4_crc32c(crc, zeros, 2);
	else
		crc = ext4_crc32c(crc, bytes + high, 2);
	return ext4_crc32c(crc, bytes + high + 2, fs->inode_size - high - 2);
}

uint32_t inode_seed(const struct ext4 *fs, uint32_t number, uint32_t generation)
{
	if (!fs->has_checksums)
		return number;
	return ext4_crc32c(ext4_crc32c(fs->seed, &number, sizeof(number)), &generation, sizeof(generation));
}

static bool checksum_is_right(const struct ext4 *fs, uint32_t seed, const struct ext4_raw_inode *raw)
{
	uint32_t crc = raw_checksum(fs, seed, raw);

	return (uint16_t)crc == raw->checksum_lo && (!HAS_EXTRA(fs, raw, checksum_hi) || crc >> 16 == raw->checksum_hi);
}

/* The extra word: two more bits of the seconds, thirty of nanoseconds. */
static struct time_stamp decode_time(uint32_t seconds, uint32_t extra)
{
	return (struct time_stamp){.seconds = (int64_t)(int32_t)seconds + ((int64_t)(extra & 3) << 32), .nanoseconds = (uint32_t)min_u64(extra >> 2, 999999999)};
}

static uint32_t encode_extra(struct time_stamp stamp)
{
	return stamp.nanoseconds << 2 | (uint32_t)(((stamp.seconds - (int32_t)stamp.seconds) >> 32) & 3);
}

static uint64_t decode_device(const uint8_t *block)
{
	uint32_t old, new;

	memcpy(&old, block, 4);
	memcpy(&new, block + 4, 4);
	if (old)
		return device_number(old >> 8 & 0xff, old & 0xff);
	return device_number(new >> 8 & 0xfff, (new & 0xff) | (new >> 12 & 0xfff00));
}

static void encode_device(uint8_t *block, uint64_t device)
{
	uint32_t major = device_major(device), minor = device_minor(device), old = 0, new = 0;

	if (major < 256 && minor < 256)
		old = major << 8 | minor;
	else
		new = (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
	memset(block, 0, EXT4_BLOCK_AREA);
	memcpy(block, &old, 4);
	memcpy(block + 4, &new, 4);
}

static void decode_times(const struct ext4 *fs, const struct ext4_raw_inode *raw, struct inode *inode)
{
	inode->atime = decode_time(raw->atime, HAS_EXTRA(fs, raw, atime_extra) ? raw->atime_extra : 0);
	inode->mtime = decode_time(raw->mtime, HAS_EXTRA(fs, raw, mtime_extra) ? raw->mtime_extra : 0);
	inode->ctime = decode_time(raw->ctime, HAS_EXTRA(fs, raw, ctime_extra) ? raw->ctime_extra : 0);
	if (HAS_EXTRA(fs, raw, crtime_extra))
		inode->btime = decode_time(raw->crtime, raw->crtime_extra);
}

static bool is_file_mode(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
	case S_IFLNK:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return true;
	}
	return false;
}

const char *inode_check(const struct ext4 *fs, uint32_t number, const struct ext4_raw_inode *raw)
{
	if (!raw->links || !is_file_mode(raw->mode))
		return "a name leads to an inode that is not in use";
	if (raw->flags & (EXT4_INLINE_DATA | EXT4_ENCRYPTED))
		return "an inode has a format that is not supported";
	if (fs->inode_size > EXT4_INODE_OLD_LEN && (raw->extra_isize % 4 || EXT4_INODE_OLD_LEN + raw->extra_isize > fs->inode_size))
		return "an inode's extra part is too long";
	if (fs->has_checksums && !checksum_is_right(fs, inode_seed(fs, number, raw->generation), raw))
		return "wrong checksum of an inode";
	if ((raw->mode & S_IFMT) == S_IFDIR && raw->size_hi)
		return "a directory is too large";
	if (raw->size_hi >> 31)
		return "an inode has a wrong size";
	return NULL;
}

void inode_decode(struct ext4 *fs, const struct ext4_raw_inode *raw, struct ext4_inode *inode)
{
	struct inode *generic = &inode->inode;

	generic->uid = raw->uid_lo | (uint32_t)raw->uid_hi << 16;
	generic->gid = raw->gid_lo | (uint32_t)raw->gid_hi << 16;
	generic->links = raw->links;
	generic->size = raw->size_lo | ((raw->mode & S_IFMT) == S_IFREG || (raw->mode & S_IFMT) == S_IFDIR ? (uint64_t)raw->size_hi << 32 : 0);
	generic->blocks_512 = raw->blocks_lo | (fs->super.feature_ro_compat & EXT4_HUGE_FILE ? (uint64_t)raw->blocks_hi << 32 : 0);
	if (raw->flags & EXT4_HUGE_FILE_BLOCKS)
		generic->blocks_512 <<= fs->block_shift - 9;
	decode_times(fs, raw, generic);
	inode->flags = raw->flags;
	inode->generation = raw->generation;
	inode->extra_isize = fs->inode_size > EXT4_INODE_OLD_LEN ? raw->extra_isize : 0;
	inode->xattr_block = raw->file_acl_lo | (uint64_t)raw->file_acl_hi << 32;
	memcpy(inode->block, raw->block, EXT4_BLOCK_AREA);
	if ((raw->mode & S_IFMT) == S_IFCHR || (raw->mode & S_IFMT) == S_IFBLK)
		generic->device = decode_device(raw->block);
}

static void encode_blocks(const struct ext4 *fs, struct ext4_inode *inode, struct ext4_raw_inode *raw)
{
	uint64_t blocks = inode->inode.blocks_512 - inode->nr_reserved * (fs->block_size / 512);

	inode->flags &= ~(uint32_t)EXT4_HUGE_FILE_BLOCKS;
	if (blocks >> 48) {
		inode->flags |= EXT4_HUGE_FILE_BLOCKS;
		blocks >>= fs->block_shift - 9;
	}
	raw->blocks_lo = (uint32_t)blocks;
	raw->blocks_hi = (uint16_t)(blocks >> 32);
}

static void encode_times(const struct ext4 *fs, const struct inode *inode, struct ext4_raw_inode *raw)
{
	raw->atime = (uint32_t)inode->atime.seconds;
	raw->mtime = (uint32_t)inode->mtime.seconds;
	raw->ctime = (uint32_t)inode->ctime.seconds;
	if (HAS_EXTRA(fs, raw, atime_extra))
		raw->atime_extra = encode_extra(inode->atime);
	if (HAS_EXTRA(fs, raw, mtime_extra))
		raw->mtime_extra = encode_extra(inode->mtime);
	if (HAS_EXTRA(fs, raw, ctime_extra))
		raw->ctime_extra = encode_extra(inode->ctime);
	if (HAS_EXTRA(fs, raw, crtime_extra)) {
		raw->crtime = (uint32_t)inode->btime.seconds;
		raw->crtime_extra = encode_extra(inode->btime);
	}
}

static void set_checksum(const struct ext4_inode *inode, struct ext4_raw_inode *raw)
{
	const struct ext4 *fs = inode->fs;
	uint32_t crc;

	if (!fs->has_checksums)
		return;
	crc = raw_checksum(fs, inode->seed, raw);
	raw->checksum_lo = (uint16_t)crc;
	if (HAS_EXTRA(fs, raw, checksum_hi))
		raw->checksum_hi = (uint16_t)(crc >> 16);
}

void inode_encode(struct ext4 *fs, struct ext4_inode *inode, struct ext4_raw_inode *raw)
{
	const struct inode *generic = &inode->inode;

	raw->mode = (uint16_t)generic->mode;
	raw->uid_lo = (uint16_t)generic->uid;
	raw->uid_hi = (uint16_t)(generic->uid >> 16);
	raw->gid_lo = (uint16_t)generic->gid;
	raw->gid_hi = (uint16_t)(generic->gid >> 16);
	raw->links = (uint16_t)generic->links;
	raw->size_lo = (uint32_t)generic->size;
	raw->size_hi = (uint32_t)(generic->size >> 32);
	raw->generation = inode->generation;
	raw->file_acl_lo = (uint32_t)inode->xattr_block;
	raw->file_acl_hi = (uint16_t)(inode->xattr_block >> 32);
	if (fs->inode_size > EXT4_INODE_OLD_LEN)
		raw->extra_isize = inode->extra_isize;
	encode_blocks(fs, inode, raw);
	encode_times(fs, generic, raw);
	raw->flags = inode->flags;
	if ((generic->mode & S_IFMT) == S_IFCHR || (generic->mode & S_IFMT) == S_IFBLK)
		encode_device(inode->block, generic->device);
	memcpy(raw->block, inode->block, EXT4_BLOCK_AREA);
	set_checksum(inode, raw);
}
