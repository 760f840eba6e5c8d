/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ext4's on-disk format, as the kernel's documentation "ext4 Data Structures and Algorithms" describes it. All numbers are
 * little-endian, as are the CPUs that Dory runs on, so they are read as they stand.
 */
#pragma once
#include "lib/attr.h"

enum { EXT4_SUPER_OFFSET = 1024, EXT4_SUPER_LEN = 1024, EXT4_MAGIC = 0xef53, EXT4_ROOT_INODE = 2 };

struct ext4_super {
	uint32_t inodes_count, blocks_count_lo, r_blocks_count_lo, free_blocks_count_lo, free_inodes_count, first_data_block, log_block_size, log_cluster_size;
	uint32_t blocks_per_group, clusters_per_group, inodes_per_group, mtime, wtime;
	uint16_t mnt_count, max_mnt_count, magic, state, errors, minor_rev_level;
	uint32_t lastcheck, checkinterval, creator_os, rev_level;
	uint16_t def_resuid, def_resgid;
	uint32_t first_ino;
	uint16_t inode_size, block_group_nr;
	uint32_t feature_compat, feature_incompat, feature_ro_compat;
	uint8_t uuid[16];
	char volume_name[16], last_mounted[64];
	uint32_t algorithm_usage_bitmap;
	uint8_t prealloc_blocks, prealloc_dir_blocks;
	uint16_t reserved_gdt_blocks;
	uint8_t journal_uuid[16];
	uint32_t journal_inum, journal_dev, last_orphan, hash_seed[4];
	uint8_t def_hash_version, jnl_backup_type;
	uint16_t desc_size;
	uint32_t default_mount_opts, first_meta_bg, mkfs_time, jnl_blocks[17];
	uint32_t blocks_count_hi, r_blocks_count_hi, free_blocks_count_hi;
	uint16_t min_extra_isize, want_extra_isize;
	uint32_t flags;
	uint16_t raid_stride, mmp_interval;
	uint64_t mmp_block;
	uint32_t raid_stripe_width;
	uint8_t log_groups_per_flex, checksum_type;
	uint16_t reserved_pad;
	uint64_t kbytes_written;
	uint32_t reserved_a[60]; /* snapshots, errors, mount options, quota: 0x180 to 0x26f */
	uint32_t checksum_seed;	 /* 0x270 */
	uint32_t reserved_b[98];
	uint32_t checksum; /* 0x3fc */
} packed_struct;
_Static_assert(sizeof(struct ext4_super) == EXT4_SUPER_LEN, "superblock");
_Static_assert(offsetof(struct ext4_super, checksum_seed) == 0x270, "superblock");
_Static_assert(offsetof(struct ext4_super, blocks_count_hi) == 0x150, "superblock");

enum { EXT4_STATE_VALID = 1, EXT4_STATE_ERROR = 2 };
enum { EXT4_FLAG_SIGNED_HASH = 1, EXT4_FLAG_UNSIGNED_HASH = 2 };
enum ext4_feature_compat { EXT4_HAS_JOURNAL = 0x4, EXT4_EXT_ATTR = 0x8, EXT4_RESIZE_INODE = 0x10, EXT4_DIR_INDEX = 0x20, EXT4_SPARSE_SUPER2 = 0x200, EXT4_ORPHAN_FILE = 0x1000 };
enum ext4_feature_incompat {
	EXT4_FILETYPE = 0x2, EXT4_RECOVER = 0x4, EXT4_META_BG = 0x10, EXT4_EXTENTS = 0x40, EXT4_64BIT = 0x80, EXT4_FLEX_BG = 0x200,
	EXT4_CSUM_SEED = 0x2000, EXT4_LARGEDIR = 0x4000,
};
enum ext4_feature_ro_compat {
	EXT4_SPARSE_SUPER = 0x1, EXT4_LARGE_FILE = 0x2, EXT4_BTREE_DIR = 0x4, EXT4_HUGE_FILE = 0x8, EXT4_GDT_CSUM = 0x10, EXT4_DIR_NLINK = 0x20,
	EXT4_EXTRA_ISIZE = 0x40, EXT4_METADATA_CSUM = 0x400, EXT4_READONLY = 0x1000, EXT4_ORPHAN_PRESENT = 0x10000,
};

struct ext4_group { /* the second half exists where desc_size is 64 */
	uint32_t block_bitmap_lo, inode_bitmap_lo, inode_table_lo;
	uint16_t free_blocks_lo, free_inodes_lo, used_dirs_lo, flags;
	uint32_t exclude_bitmap_lo;
	uint16_t block_bitmap_csum_lo, inode_bitmap_csum_lo, itable_unused_lo, checksum;
	uint32_t block_bitmap_hi, inode_bitmap_hi, inode_table_hi;
	uint16_t free_blocks_hi, free_inodes_hi, used_dirs_hi, itable_unused_hi;
	uint32_t exclude_bitmap_hi;
	uint16_t block_bitmap_csum_hi, inode_bitmap_csum_hi;
	uint32_t reserved;
} packed_struct;
_Static_assert(sizeof(struct ext4_group) == 64, "group descriptor");
enum { EXT4_GROUP_INODE_UNINIT = 1, EXT4_GROUP_BLOCK_UNINIT = 2, EXT4_GROUP_INODE_ZEROED = 4 };

enum { EXT4_BLOCK_AREA = 60, EXT4_INODE_OLD_LEN = 128 };
struct ext4_raw_inode {
	uint16_t mode, uid_lo;
	uint32_t size_lo, atime, ctime, mtime, dtime;
	uint16_t gid_lo, links;
	uint32_t blocks_lo, flags, version;
	uint8_t block[EXT4_BLOCK_AREA];
	uint32_t generation, file_acl_lo, size_hi, faddr;
	uint16_t blocks_hi, file_acl_hi, uid_hi, gid_hi, checksum_lo, reserved;
	/* From here on only as far as extra_isize says. */
	uint16_t extra_isize, checksum_hi;
	uint32_t ctime_extra, mtime_extra, atime_extra, crtime, crtime_extra, version_hi, projid;
} packed_struct;
_Static_assert(sizeof(struct ext4_raw_inode) == 160, "inode");
_Static_assert(offsetof(struct ext4_raw_inode, extra_isize) == EXT4_INODE_OLD_LEN, "inode");

enum ext4_inode_flags {
	EXT4_IMMUTABLE = 0x10, EXT4_APPEND = 0x20, EXT4_INDEX = 0x1000, EXT4_HUGE_FILE_BLOCKS = 0x40000, EXT4_USES_EXTENTS = 0x80000,
	EXT4_EA_INODE = 0x200000, EXT4_INLINE_DATA = 0x10000000, EXT4_ENCRYPTED = 0x800, EXT4_INHERITED = 0x80 /* noatime */,
};

enum { EXT4_EXTENT_MAGIC = 0xf30a, EXT4_EXTENT_LEN_MAX = 32768, EXT4_EXTENT_DEPTH_MAX = 5 };
struct ext4_extent_header {
	uint16_t magic, entries, max, depth;
	uint32_t generation;
} packed_struct;
struct ext4_extent { /* a leaf's entry; len above EXT4_EXTENT_LEN_MAX: unwritten, len - EXT4_EXTENT_LEN_MAX blocks */
	uint32_t block;
	uint16_t len, start_hi;
	uint32_t start_lo;
} packed_struct;
struct ext4_extent_index { /* another node's entry */
	uint32_t block, leaf_lo;
	uint16_t leaf_hi, unused;
} packed_struct;

enum { EXT4_NAME_MAX = 255, EXT4_DIRENT_TAIL_TYPE = 0xde, EXT4_DIRENT_TAIL_LEN = 12, EXT4_LINKS_MAX = 65000 };
struct ext4_dirent {
	uint32_t inode;
	uint16_t rec_len;
	uint8_t name_len, file_type;
	char name[];
} packed_struct;
enum { EXT4_FT_UNKNOWN, EXT4_FT_REG, EXT4_FT_DIR, EXT4_FT_CHR, EXT4_FT_BLK, EXT4_FT_FIFO, EXT4_FT_SOCK, EXT4_FT_SYMLINK };

/* The index of a directory: block 0 after the entries "." and ".." (24 bytes); its nodes after an empty entry of 8 bytes. */
struct ext4_index_root_info {
	uint32_t reserved_zero;
	uint8_t hash_version, info_length, indirect_levels, unused_flags;
} packed_struct;
struct ext4_index_entry { /* the first one of a node is a limit and a count instead of the hash */
	uint32_t hash, block;
} packed_struct;
struct ext4_index_count {
	uint16_t limit, count;
} packed_struct;
enum { EXT4_HASH_LEGACY, EXT4_HASH_HALF_MD4, EXT4_HASH_TEA, EXT4_HASH_LEGACY_UNSIGNED, EXT4_HASH_HALF_MD4_UNSIGNED, EXT4_HASH_TEA_UNSIGNED };

enum { EXT4_XATTR_MAGIC = 0xea020000 };
struct ext4_xattr_header { /* of an attribute block */
	uint32_t magic, refcount, blocks, hash, checksum, reserved[3];
} packed_struct;
struct ext4_xattr_entry {
	uint8_t name_len, name_index;
	uint16_t value_offset;
	uint32_t value_inode, value_size, hash;
	char name[];
} packed_struct;
