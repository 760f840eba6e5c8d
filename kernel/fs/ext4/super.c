/* SPDX-License-Identifier: BSD-3-Clause */
/* Mounting: the superblock and what it promises; clean and not clean; sync, statfs, remount, unmount. */
#include "kernel/fs/ext4/ext4.h"
#include "kernel/mem/page.h"

enum { INCOMPAT_KNOWN = EXT4_FILETYPE | EXT4_RECOVER | EXT4_META_BG | EXT4_EXTENTS | EXT4_64BIT | EXT4_FLEX_BG | EXT4_CSUM_SEED | EXT4_LARGEDIR };
enum { RO_COMPAT_KNOWN = EXT4_SPARSE_SUPER | EXT4_LARGE_FILE | EXT4_HUGE_FILE | EXT4_GDT_CSUM | EXT4_DIR_NLINK | EXT4_EXTRA_ISIZE | EXT4_METADATA_CSUM };
enum { BUFFERS_MIN = 32, BUFFERS_MAX = 4096, HEAD_LEN = 8192 };
enum { DEVICE_MAJOR = 254, MINORS_EACH = 16 };

int ext4_corrupt(struct ext4 *fs, enum complaint kind, uint64_t number, const char *what)
{
	if (!(fs->complaints & 1u << kind)) {
		fs->complaints |= 1u << kind;
		log_line(LOG_ERROR, "ext4: %s: %s (%llu)", fs->device->name, what, (unsigned long long)number);
	}
	fs->was_clean = false; /* e2fsck is to look at it */
	return -EUCLEAN;
}

void ext4_lock(struct ext4 *fs)
{
	mutex_lock(&fs->lock);
}

void ext4_unlock(struct ext4 *fs)
{
	bool is_dirty;

	ext4_buffers_trim(fs);
	is_dirty = fs->nr_dirty;
	mutex_unlock(&fs->lock);
	if (is_dirty)
		ext4_writer_wake();
}

/* ---- Writing the superblock ---- */

static int write_super(struct ext4 *fs, bool is_clean)
{
	struct ext4_super *super = &fs->super;

	super->state = (uint16_t)(is_clean && fs->was_clean ? super->state | EXT4_STATE_VALID : super->state & ~EXT4_STATE_VALID);
	super->free_blocks_count_lo = (uint32_t)fs->free_blocks;
	super->free_blocks_count_hi = (uint32_t)(fs->free_blocks >> 32);
	super->free_inodes_count = fs->free_inodes;
	super->wtime = (uint32_t)time_stamp_now().seconds;
	if (fs->has_checksums)
		super->checksum = ext4_crc32c(~0u, super, offsetof(struct ext4_super, checksum));
	return block_write(fs->device, EXT4_SUPER_OFFSET, super, EXT4_SUPER_LEN);
}

int ext4_begin_change(struct ext4 *fs)
{
	int ret;

	if (fs->fs.is_read_only)
		return -EROFS;
	if (fs->is_marked)
		return 0;
	ret = write_super(fs, false);
	if (!ret)
		ret = block_flush(fs->device);
	if (!ret)
		fs->is_marked = true;
	return ret;
}

int ext4_sync_locked(struct ext4 *fs)
{
	int ret = ext4_inodes_write(fs);

	if (!ret)
		ret = ext4_groups_finish(fs);
	if (!ret)
		ret = ext4_buffers_write(fs);
	if (ret || !fs->is_marked)
		return ret;
	if (fs->is_super_dirty)
		ret = write_super(fs, false);
	if (!ret)
		fs->is_super_dirty = false;
	return ret;
}

int ext4_sync_and_flush(struct ext4 *fs)
{
	int ret;

	ext4_lock(fs);
	ret = ext4_sync_locked(fs);
	ext4_unlock(fs);
	return ret ? ret : block_flush(fs->device); /* others go on meanwhile */
}

static int ext4_sync(struct file_system *file_system)
{
	return file_system->is_read_only ? 0 : ext4_sync_and_flush(file_system->private_data);
}

/* Everything written, and the disk says so; from here on nothing may be changed, or it would no longer be true. */
static int make_clean(struct ext4 *fs)
{
	int ret;

	ext4_lock(fs);
	ret = ext4_inodes_orphans_free(fs);
	if (!ret)
		ret = ext4_sync_locked(fs);
	if (!ret && fs->is_marked) {
		ret = block_flush(fs->device); /* all that the superblock is to vouch for */
		if (!ret)
			ret = write_super(fs, true);
		if (!ret)
			ret = block_flush(fs->device);
		if (!ret)
			fs->is_marked = false;
	}
	if (!ret)
		fs->fs.is_read_only = true;
	ext4_unlock(fs);
	return ret;
}

static int ext4_remount(struct file_system *file_system, bool read_only)
{
	struct ext4 *fs = file_system->private_data;

	if (!read_only)
		return fs->can_write ? 0 : -EROFS;
	return make_clean(fs);
}

static int ext4_statfs(struct file_system *file_system, struct linux_statfs *to)
{
	struct ext4 *fs = file_system->private_data;
	uint64_t kept = fs->super.r_blocks_count_lo | (uint64_t)fs->super.r_blocks_count_hi << 32;

	*to = (struct linux_statfs){.type = EXT4_MAGIC, .bsize = fs->block_size, .frsize = fs->block_size, .namelen = EXT4_NAME_MAX};
	ext4_lock(fs);
	to->blocks = fs->nr_blocks - fs->overhead;
	to->bfree = fs->free_blocks > fs->reserved_blocks ? fs->free_blocks - fs->reserved_blocks : 0;
	to->bavail = to->bfree > kept ? to->bfree - kept : 0;
	to->files = fs->super.inodes_count;
	to->ffree = fs->free_inodes;
	ext4_unlock(fs);
	memcpy(to->fsid, fs->super.uuid, sizeof(to->fsid));
	return 0;
}

static void ext4_free(struct ext4 *fs)
{
	ext4_buffers_fini(fs);
	heap_free(fs->group_flags);
	heap_free(fs);
}

static void ext4_unmount(struct file_system *file_system)
{
	struct ext4 *fs = file_system->private_data;

	ext4_mounted_remove(fs);
	inode_put(file_system->root);
	if (!file_system->is_read_only && make_clean(fs))
		log_line(LOG_ERROR, "ext4: %s: what was changed cannot be written", fs->device->name);
	ext4_free(fs);
}

/* ---- Mounting ---- */

static bool is_power_of_two(uint64_t x)
{
	return x && !(x & (x - 1));
}

/* The sizes that all else is computed from. */
static const char *check_sizes(struct ext4 *fs)
{
	const struct ext4_super *super = &fs->super;
	uint64_t nr_groups;

	if (super->magic != EXT4_MAGIC)
		return "no ext4 file system";
	if (super->log_block_size > 2)
		return "block size not supported";
	fs->block_shift = 10 + super->log_block_size;
	fs->block_size = 1u << fs->block_shift;
	fs->inode_size = super->rev_level ? super->inode_size : EXT4_INODE_OLD_LEN;
	if (!is_power_of_two(fs->inode_size) || fs->inode_size < EXT4_INODE_OLD_LEN || fs->inode_size > fs->block_size)
		return "wrong inode size";
	fs->desc_size = super->feature_incompat & EXT4_64BIT ? super->desc_size : 32;
	if (!is_power_of_two(fs->desc_size) || fs->desc_size < 32 || fs->desc_size > fs->block_size || (super->feature_incompat & EXT4_64BIT && fs->desc_size < 64))
		return "wrong descriptor size";
	if (super->first_data_block != (super->log_block_size == 0))
		return "wrong first block";
	if (!super->blocks_per_group || super->blocks_per_group > fs->block_size * 8 || super->blocks_per_group % 8)
		return "wrong group size";
	if (!super->inodes_per_group || super->inodes_per_group > fs->block_size * 8 || super->inodes_per_group % 8)
		return "wrong number of inodes in a group";
	fs->nr_blocks = super->blocks_count_lo | (super->feature_incompat & EXT4_64BIT ? (uint64_t)super->blocks_count_hi << 32 : 0);
	if (fs->nr_blocks <= super->first_data_block + 8 || fs->nr_blocks > fs->device->size >> fs->block_shift)
		return "larger than its device";
	nr_groups = (fs->nr_blocks - super->first_data_block + super->blocks_per_group - 1) / super->blocks_per_group;
	if (nr_groups > 1u << 22 || super->inodes_count > nr_groups * super->inodes_per_group || super->inodes_count < 11)
		return "wrong number of inodes";
	fs->nr_groups = (unsigned)nr_groups;
	return NULL;
}

static void derive(struct ext4 *fs)
{
	const struct ext4_super *super = &fs->super;
	struct page_counts counts;

	fs->inodes_per_block = fs->block_size / fs->inode_size;
	fs->has_checksums = super->feature_ro_compat & EXT4_METADATA_CSUM;
	fs->has_group_checksums = super->feature_ro_compat & EXT4_GDT_CSUM;
	fs->has_extents = super->feature_incompat & EXT4_EXTENTS;
	fs->has_file_type = super->feature_incompat & EXT4_FILETYPE;
	fs->is_unsigned_hash = super->flags & EXT4_FLAG_UNSIGNED_HASH;
	if (fs->has_checksums)
		fs->seed = super->feature_incompat & EXT4_CSUM_SEED ? super->checksum_seed : ext4_crc32c(~0u, super->uuid, sizeof(super->uuid));
	fs->free_blocks = super->free_blocks_count_lo | (super->feature_incompat & EXT4_64BIT ? (uint64_t)super->free_blocks_count_hi << 32 : 0);
	fs->free_inodes = super->free_inodes_count;
	fs->was_clean = (super->state & EXT4_STATE_VALID) && !(super->state & EXT4_STATE_ERROR) && !(super->feature_incompat & EXT4_RECOVER);
	fs->overhead = super->first_data_block + (uint64_t)fs->nr_groups * (2 + (super->inodes_per_group + fs->inodes_per_block - 1) / fs->inodes_per_block);
	if (fs->overhead > fs->nr_blocks)
		fs->overhead = 0;
	page_count(&counts);
	fs->max_buffers = max_u64(BUFFERS_MIN, min_u64(BUFFERS_MAX, counts.total / 64));
	fs->ahead = (unsigned)min_u64(15, fs->max_buffers / 8);
}

static const char *check_features(struct ext4 *fs)
{
	const struct ext4_super *super = &fs->super;

	if (super->rev_level && (super->feature_incompat & ~(uint32_t)INCOMPAT_KNOWN))
		return "has features that are not supported";
	if (fs->has_checksums && super->checksum != ext4_crc32c(~0u, super, offsetof(struct ext4_super, checksum)))
		return "wrong checksum of the superblock";
	if (fs->free_blocks > fs->nr_blocks || fs->free_inodes > super->inodes_count)
		return "wrong counts in the superblock";
	return NULL;
}

/* Whether it may be written; says why not if that was wanted. */
static int check_writable(struct ext4 *fs, bool read_only)
{
	const struct ext4_super *super = &fs->super;
	const char *why = NULL;

	if (super->feature_incompat & EXT4_RECOVER)
		why = "its journal must be replayed first (e2fsck, or mount it on Linux)";
	else if ((super->feature_ro_compat & ~(uint32_t)RO_COMPAT_KNOWN) || (super->feature_compat & EXT4_ORPHAN_FILE))
		why = "it has features that are supported for reading only";
	else if (!fs->has_extents)
		why = "it is an ext2 or ext3 file system";
	else if (fs->device->is_read_only)
		why = "the device is read-only";
	fs->can_write = !why;
	if (!why) {
		if (!fs->was_clean && !read_only)
			log_line(LOG_WARNING, "ext4: %s: was not unmounted cleanly; run e2fsck on it", fs->device->name);
		return 0;
	}
	if (read_only)
		return 0;
	log_line(LOG_ERROR, "ext4: %s: not mounted for writing: %s", fs->device->name, why);
	return super->feature_incompat & EXT4_RECOVER ? -EUCLEAN : fs->device->is_read_only ? -EACCES : -EROFS;
}

static const char *understand_super(struct ext4 *fs)
{
	const char *why = check_sizes(fs);

	if (why)
		return why;
	derive(fs);
	return check_features(fs);
}

/* One request for the superblock and what stands behind it: most often all group descriptors that matter. */
static int read_super(struct ext4 *fs, bool read_only)
{
	size_t len = (size_t)min_u64(HEAD_LEN, align_down(fs->device->size, EXT4_SUPER_LEN));
	const char *why;
	char *head;
	int ret;

	if (len < EXT4_SUPER_OFFSET + EXT4_SUPER_LEN)
		return -EINVAL;
	head = heap_alloc(len);
	if (!head)
		return -ENOMEM;
	ret = block_read(fs->device, 0, head, len);
	if (ret)
		goto out;
	memcpy(&fs->super, head + EXT4_SUPER_OFFSET, EXT4_SUPER_LEN);
	why = understand_super(fs);
	if (why) {
		log_line(LOG_ERROR, "ext4: %s: %s", fs->device->name, why);
		ret = fs->super.magic == EXT4_MAGIC ? -EUCLEAN : -EINVAL;
		goto out;
	}
	for (uint64_t block = fs->super.first_data_block + 1; (block + 1) << fs->block_shift <= len; block++)
		ext4_buffer_preload(fs, block, head + (block << fs->block_shift));
	ret = check_writable(fs, read_only);
out:
	heap_free(head);
	return ret;
}

static int start(struct ext4 *fs, bool read_only)
{
	int ret = read_super(fs, read_only);

	if (ret)
		return ret;
	fs->group_flags = heap_alloc_zero(fs->nr_groups);
	if (!fs->group_flags)
		return -ENOMEM;
	fs->fs.is_read_only = read_only;
	ext4_lock(fs);
	ret = ext4_inode_get(fs, EXT4_ROOT_INODE, &fs->fs.root);
	ext4_unlock(fs);
	if (!ret && !inode_is_directory(fs->fs.root)) {
		ret = ext4_corrupt(fs, COMPLAIN_INODE, EXT4_ROOT_INODE, "the root is not a directory");
		inode_put(fs->fs.root);
	}
	return ret;
}

static struct ext4 *ext4_new(struct block_device *device)
{
	struct ext4 *fs = heap_alloc_zero(sizeof(*fs));
	unsigned index = 0;

	if (!fs)
		return NULL;
	for (struct block_device *other = block_device_next(NULL); other && other != device; other = block_device_next(other))
		index++;
	fs->device = device;
	mutex_init(&fs->lock);
	list_init(&fs->buffer_lru);
	wait_queue_init(&fs->released);
	fs->fs = (struct file_system){
	    .device = device_number(DEVICE_MAJOR, index * MINORS_EACH),
	    .max_file_size = 1ull << 44,
	    .statfs = ext4_statfs,
	    .sync = ext4_sync,
	    .remount = ext4_remount,
	    .unmount = ext4_unmount,
	    .find_inode = ext4_find_inode,
	    .private_data = fs,
	};
	return fs;
}

int ext4_mount(const char *source, const char *options, bool read_only, struct file_system **mounted_fs)
{
	const char *name = source && !strncmp(source, "/dev/", 5) ? source + 5 : source;
	struct block_device *device = name ? block_device_find(name) : NULL;
	struct ext4 *fs;
	int ret;

	if (!device)
		return -ENOENT;
	if (ext4_is_mounted(device))
		return -EBUSY;
	fs = ext4_new(device);
	if (!fs)
		return -ENOMEM;
	ret = start(fs, read_only);
	if (ret) {
		ext4_free(fs);
		return ret;
	}
	ext4_mounted_add(fs);
	*mounted_fs = &fs->fs;
	return 0;
}

FILE_SYSTEM(ext4) = {.name = "ext4", .needs_device = true, .mount = ext4_mount};
