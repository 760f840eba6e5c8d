/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ext4, private to this folder. Standard on-disk format, no journal: metadata changes stay in buffers until sync, unmount or memory
 * pressure writes them, and the superblock says "not clean" from the first write until the clean unmount.
 *
 * Locks: inode->lock, then `lock` of the file system, which guards all of struct ext4, the buffers, and block maps; functions need it
 * held unless they say otherwise. It is released while file data is transferred.
 *
 * What the disk says is checked where it is read; what does not hold is -EUCLEAN, with one line in the log for each mount and kind.
 */
#pragma once
#include "kernel/block/block.h"
#include "kernel/file/inode.h"
#include "kernel/log/log.h"
#include "kernel/platform/platform.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "lib/ext4_format.h"
#include "lib/rbtree.h"
#include "lib/string.h"

/* ---- Buffers: blocks of metadata in memory. ---- */

enum buffer_kind { BUFFER_PLAIN, BUFFER_DIRECTORY, BUFFER_INDEX, BUFFER_EXTENTS, BUFFER_XATTR };
struct buffer {
	struct rb_node node; /* by block */
	struct list lru;
	uint64_t block;
	uint8_t kind;	   /* which checksum it carries */
	bool is_dirty, is_verified;
	uint32_t seed;	   /* of its checksum */
	uint8_t *data;	   /* block_size bytes */
};

/* ---- The mounted file system. ---- */

enum group_flag { GROUP_VERIFIED = 1, GROUP_BLOCKS_OK = 2, GROUP_INODES_OK = 4, GROUP_BLOCKS_CHANGED = 8, GROUP_INODES_CHANGED = 16 };

struct ext4 {
	struct file_system fs;
	struct block_device *device;
	struct ext4_super super; /* the copy that counts; written at sync */
	struct mutex lock;
	unsigned block_size, block_shift, inode_size, desc_size, nr_groups;
	unsigned inodes_per_block;
	uint64_t nr_blocks, free_blocks, reserved_blocks; /* reserved: promised to writes in the page cache, not allocated yet */
	uint32_t free_inodes;
	uint32_t seed; /* of checksums */
	bool has_checksums, has_group_checksums, has_extents, has_file_type, is_unsigned_hash;
	bool is_marked;	      /* the disk says that it is not clean */
	bool is_super_dirty;
	bool was_clean, can_write;
	uint64_t overhead; /* blocks that hold no data ever, for statfs */
	unsigned complaints;  /* bits of enum complaint */
	struct rb_tree buffers;
	struct list buffer_lru; /* least recently used first */
	size_t nr_buffers, nr_dirty, max_buffers;
	unsigned ahead; /* blocks that are read together with one: inodes and directories made together are neighbours */
	uint8_t *group_flags; /* enum group_flag of each group */
	struct rb_tree inodes; /* in memory, by number */
	struct wait_queue released; /* an inode left it */
	uint64_t last_group_inode, last_goal;
	struct ext4 *next_mounted;
};

struct reserved_range {
	struct rb_node node;
	uint64_t start, end; /* logical blocks */
};

/* A stretch of a file: `nr` blocks from `logical` on, at `physical`; or a hole (physical 0). */
struct block_run {
	uint64_t logical, physical, nr;
	bool is_unwritten;
};

struct ext4_inode {
	struct inode inode;
	struct rb_node node;
	struct ext4 *fs;
	uint32_t flags, generation, seed;
	uint16_t extra_isize;
	bool is_dirty, is_access_dirty; /* the latter: only the access time */
	bool is_deleted;
	uint8_t block[EXT4_BLOCK_AREA]; /* root of the extent tree, block map, device number, or short link target */
	uint64_t xattr_block;
	struct time_stamp written_mtime, written_ctime;
	uint64_t written_size;
	struct block_run last; /* what the last look at the map found */
	uint64_t insert_hint; /* directory: blocks before it have no room */
	struct name_table *names; /* of a large directory; may be NULL */
	struct rb_tree reserved;
	uint64_t nr_reserved; /* blocks in it; inode.blocks_512 counts them too */
};

static inline struct ext4_inode *ext4_of(struct inode *inode)
{
	return container_of(inode, struct ext4_inode, inode);
}
static inline struct ext4 *ext4_fs(struct inode *inode)
{
	return ext4_of(inode)->fs;
}

/* ---- super.c ---- */
enum complaint { COMPLAIN_SUPER, COMPLAIN_GROUP, COMPLAIN_INODE, COMPLAIN_EXTENT, COMPLAIN_DIRECTORY, COMPLAIN_CHECKSUM, COMPLAIN_BITMAP, COMPLAIN_XATTR, COMPLAIN_MAP, COMPLAIN_IO, COMPLAIN_SPACE };
int ext4_mount(const char *source, const char *options, bool read_only, struct file_system **mounted) must_check; /* file_system_type's */
/* Logs the first of its kind; returns -EUCLEAN. */
int ext4_corrupt(struct ext4 *fs, enum complaint kind, uint64_t number, const char *what);
void ext4_lock(struct ext4 *fs);
void ext4_unlock(struct ext4 *fs); /* also gives buffers back, if there are many */
/* Before anything is written: the disk no longer counts as clean. -EROFS, -EIO. */
int ext4_begin_change(struct ext4 *fs) must_check;
int ext4_sync_locked(struct ext4 *fs) must_check;    /* metadata to the device */
int ext4_sync_and_flush(struct ext4 *fs) must_check; /* all to the medium; without the lock */

/* ---- mounted.c: the list of what is mounted; memory pressure; metadata reaches the disk after some seconds. ---- */
void ext4_mounted_add(struct ext4 *fs);
void ext4_mounted_remove(struct ext4 *fs); /* waits until nobody uses it by way of the list */
bool ext4_is_mounted(const struct block_device *device);
void ext4_writer_wake(void);

/* ---- checksum.c ---- */
uint32_t ext4_crc32c(uint32_t crc, const void *data, size_t len);
uint16_t ext4_crc16(uint16_t crc, const void *data, size_t len);
bool ext4_buffer_checksum_ok(struct ext4 *fs, const struct buffer *buffer);
void ext4_buffer_checksum_set(struct ext4 *fs, struct buffer *buffer);

/* ---- buffer.c ---- */
/* The block, read if need be. A buffer stays in memory until ext4_unlock or ext4_buffers_trim. -EIO, -EUCLEAN, -ENOMEM. */
int ext4_buffer_read(struct ext4 *fs, uint64_t block, enum buffer_kind kind, uint32_t seed, struct buffer **found) must_check;
/* As read, without a look at its checksum: to find out what kind it is. */
int ext4_buffer_peek(struct ext4 *fs, uint64_t block, uint64_t ahead, struct buffer **found) must_check;
/* As read; on the way takes up to `ahead` blocks behind it into memory. */
int ext4_buffer_read_ahead(struct ext4 *fs, uint64_t block, uint64_t ahead, enum buffer_kind kind, uint32_t seed, struct buffer **found) must_check;
/* The block was read by other means. */
void ext4_buffer_preload(struct ext4 *fs, uint64_t block, const void *content);
/* The block, all zeros, dirty: it was just allocated. */
int ext4_buffer_new(struct ext4 *fs, uint64_t block, enum buffer_kind kind, uint32_t seed, struct buffer **made) must_check;
void ext4_buffer_dirty(struct ext4 *fs, struct buffer *buffer);
void ext4_buffer_forget(struct ext4 *fs, uint64_t block); /* was freed */
int ext4_buffers_write(struct ext4 *fs) must_check;
void ext4_buffers_trim(struct ext4 *fs); /* no buffer may be in use */
size_t ext4_buffers_drop_clean(struct ext4 *fs, size_t max); /* bytes given back */
void ext4_buffers_fini(struct ext4 *fs);
bool ext4_block_is_valid(const struct ext4 *fs, uint64_t block, uint64_t nr);

/* ---- group.c ---- */
/* The descriptor, in its buffer, which *buffer then is. */
int ext4_group_get(struct ext4 *fs, unsigned group, struct ext4_group **desc, struct buffer **buffer) must_check;
uint64_t ext4_group_inode_table(const struct ext4 *fs, const struct ext4_group *desc);
void ext4_group_changed(struct ext4 *fs, unsigned group, struct ext4_group *desc, struct buffer *buffer);
int ext4_groups_finish(struct ext4 *fs) must_check; /* bitmaps' checksums, before buffers are written */
uint64_t ext4_group_first_block(const struct ext4 *fs, unsigned group);
/* The bitmap of the group's blocks or inodes, verified; one that was never written is made. */
int ext4_group_bitmap(struct ext4 *fs, unsigned group, bool of_inodes, struct buffer **bitmap) must_check;
void ext4_group_bitmap_changed(struct ext4 *fs, unsigned group, bool of_inodes, struct buffer *bitmap);
unsigned ext4_group_nr_blocks(const struct ext4 *fs, unsigned group);
/* Counts of a descriptor, both halves. */
enum group_count { COUNT_FREE_BLOCKS, COUNT_FREE_INODES, COUNT_DIRECTORIES, COUNT_UNUSED_INODES };
uint32_t ext4_group_count(const struct ext4 *fs, const struct ext4_group *desc, enum group_count which);
void ext4_group_set_count(const struct ext4 *fs, struct ext4_group *desc, enum group_count which, uint32_t count);

/* ---- allocate.c ---- */
/* Takes up to *nr consecutive free blocks near `goal` (0: anywhere); *nr says how many. -ENOSPC. */
int ext4_blocks_alloc(struct ext4 *fs, uint64_t goal, uint64_t *nr, uint64_t *first) must_check;
int ext4_blocks_free(struct ext4 *fs, uint64_t first, uint64_t nr) must_check;
int ext4_inode_alloc(struct ext4 *fs, unsigned group, bool is_directory, uint32_t *number) must_check;
int ext4_inode_free(struct ext4 *fs, uint32_t number, bool is_directory) must_check;

/* ---- inode.c ---- */
int ext4_inode_get(struct ext4 *fs, uint32_t number, struct inode **found) must_check; /* with a reference */
int ext4_find_inode(struct file_system *fs, uint64_t number, struct inode **found) must_check; /* the file system's find_inode; takes the lock */
int ext4_inode_new(struct ext4 *fs, struct inode *directory, uint32_t mode, uint32_t uid, uint32_t gid, struct inode **made) must_check;
void ext4_inode_changed(struct ext4_inode *inode); /* is to be written */
int ext4_inode_write(struct ext4_inode *inode) must_check; /* into its buffer */
int ext4_inodes_write(struct ext4 *fs) must_check;	    /* all that changed */
/* Before the file system becomes read-only: deletes what has no name but is still open. */
int ext4_inodes_orphans_free(struct ext4 *fs) must_check;
void ext4_dirty(struct inode *inode);	/* inode_ops, as are the following */
void ext4_release(struct inode *inode);
uint32_t ext4_inode_group(const struct ext4 *fs, uint64_t number);
int ext4_raw_inode(struct ext4_inode *inode, struct ext4_raw_inode **raw, struct buffer **buffer) must_check;

/* ---- extent.c, indirect.c: which blocks a file has. ---- */
/* The stretch that begins at `logical`, at most `max` long. */
int ext4_map(struct ext4_inode *inode, uint64_t logical, uint64_t max, struct block_run *run) must_check;
void ext4_extents_init(struct ext4_inode *inode); /* an empty tree */
/* Enters a stretch where there is a hole. */
int ext4_extent_insert(struct ext4_inode *inode, const struct block_run *run) must_check;
/* Takes away the logical blocks [from, to) and frees what they had. */
int ext4_extents_remove(struct ext4_inode *inode, uint64_t from, uint64_t to) must_check;
/* Marks a stretch, which must be one of an unwritten extent, as written. */
int ext4_extent_mark_written(struct ext4_inode *inode, const struct block_run *run) must_check;
int ext4_indirect_map(struct ext4_inode *inode, uint64_t logical, uint64_t max, struct block_run *run) must_check;
int ext4_indirect_free(struct ext4_inode *inode) must_check; /* all blocks */

/* ---- reserve.c: room that was promised to data in the page cache. ---- */
/* Takes the reservations in [from, to) back; how many blocks. */
uint64_t ext4_reserve_remove(struct ext4_inode *inode, uint64_t from, uint64_t to);
/* Reserves what in [from, to) is not yet. -ENOMEM. */
int ext4_reserve_add(struct ext4_inode *inode, uint64_t from, uint64_t to) must_check;
/* Blocks in [from, to) that are not reserved yet. */
uint64_t ext4_reserve_missing(const struct ext4_inode *inode, uint64_t from, uint64_t to);
/* The stretch of a hole from `at` to at most `end` that is reserved all through, or not at all: its end. */
uint64_t ext4_reserve_stretch(const struct ext4_inode *inode, uint64_t at, uint64_t end, bool *is_reserved);
/* Whether `nr` more blocks, and what it takes to map them, can be had beyond what is reserved: -ENOSPC. */
int ext4_space_check(const struct ext4 *fs, uint64_t nr) must_check;

/* ---- seek.c ---- */
int64_t ext4_find_data(struct inode *inode, uint64_t offset, bool for_hole); /* inode_ops */

/* ---- data.c, change.c ---- */
extern const struct page_cache_ops ext4_cache_ops;
int ext4_prepare_write(struct inode *inode, uint64_t offset, uint64_t len);
int ext4_allocate(struct inode *inode, int mode, uint64_t offset, uint64_t len);
int ext4_set_attributes(struct inode *inode, const struct inode_attributes *attributes);
int ext4_sync_inode(struct inode *inode, bool data_only);
int ext4_data_remove(struct ext4_inode *inode, uint64_t from_block) must_check; /* frees blocks from there on */

/* ---- directory.c, hash.c ---- */
int ext4_directory_find(struct ext4_inode *directory, const char *name, size_t len, uint32_t *number) must_check;
int ext4_directory_add(struct ext4_inode *directory, const char *name, size_t len, uint32_t number, uint32_t mode) must_check;
int ext4_directory_remove(struct ext4_inode *directory, const char *name, size_t len) must_check;
/* Makes an existing name mean another inode; ".." too. */
int ext4_directory_set(struct ext4_inode *directory, const char *name, size_t len, uint32_t number, uint32_t mode) must_check;
int ext4_directory_init(struct ext4_inode *directory, uint32_t parent) must_check; /* "." and ".." */
int ext4_directory_is_empty(struct ext4_inode *directory, bool *empty) must_check;
int ext4_read_directory(struct inode *directory, uint64_t *position, struct directory_sink *sink);
uint32_t ext4_name_hash(const struct ext4 *fs, unsigned version, const char *name, size_t len, bool *ok);
int ext4_directory_map(struct ext4_inode *directory, uint64_t logical, uint64_t *block) must_check;
int ext4_directory_block(struct ext4_inode *directory, uint64_t logical, enum buffer_kind kind, struct buffer **found) must_check;
/* index.c: the leaf block that may hold the name; *found false: the directory has no index that can be used. */
int ext4_index_find(struct ext4_inode *directory, const char *name, size_t len, bool *found, uint64_t *leaf, bool *continues) must_check;
int ext4_index_drop(struct ext4_inode *directory) must_check; /* makes it a plain list of entries */
bool ext4_directory_has_index(const struct ext4_inode *directory);

/* ---- names.c: where the names of a large directory are ---- */
bool ext4_names_start(struct ext4_inode *directory); /* an empty table; false: no memory */
void ext4_names_drop(struct ext4_inode *directory);
/* Without a table they do nothing; if memory runs out, the table goes. */
void ext4_names_add(struct ext4_inode *directory, const char *name, size_t len, uint64_t block);
void ext4_names_remove(struct ext4_inode *directory, const char *name, size_t len, uint64_t block);
/* The next block that may hold the name; *cursor begins at 0. False: no more. */
bool ext4_names_next(const struct ext4_inode *directory, const char *name, size_t len, size_t *cursor, uint64_t *block);

/* ---- name.c, link.c ---- */
extern const struct inode_ops ext4_directory_ops, ext4_file_ops, ext4_link_ops, ext4_special_ops;
int ext4_link_store(struct ext4_inode *inode, const char *target, size_t len) must_check;
int ext4_get_link(struct inode *inode, char **target);

/* ---- xattr.c ---- */
long ext4_get_xattr(struct inode *inode, const char *name, void *value, size_t size);
long ext4_list_xattr(struct inode *inode, char *list, size_t size);
int ext4_set_xattr(struct inode *inode, const char *name, const void *value, size_t size, int flags);
int ext4_remove_xattr(struct inode *inode, const char *name);
int ext4_xattr_free(struct ext4_inode *inode) must_check; /* the file goes */
