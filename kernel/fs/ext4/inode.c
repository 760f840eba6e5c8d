/* SPDX-License-Identifier: BSD-3-Clause */
/* Inodes: from the table into memory and back, their times, new ones, the last of those without a name. */
#include "kernel/fs/ext4/ext4.h"

uint32_t ext4_inode_group(const struct ext4 *fs, uint64_t number)
{
	return (uint32_t)((number - 1) / fs->super.inodes_per_group);
}

/* The inode's place in its table block. */
static int find_raw(struct ext4 *fs, uint64_t number, struct ext4_raw_inode **raw, struct buffer **buffer)
{
	uint64_t index = (number - 1) % fs->super.inodes_per_group, at = index / fs->inodes_per_block, ahead;
	struct ext4_group *desc;
	struct buffer *desc_buffer;
	int ret;

	if (!number || number > fs->super.inodes_count)
		return ext4_corrupt(fs, COMPLAIN_INODE, number, "there is no such inode");
	ahead = min_u64(fs->ahead, (fs->super.inodes_per_group - 1) / fs->inodes_per_block - at);
	ret = ext4_group_get(fs, ext4_inode_group(fs, number), &desc, &desc_buffer);
	if (!ret)
		ret = ext4_buffer_read_ahead(fs, ext4_group_inode_table(fs, desc) + at, ahead, BUFFER_PLAIN, 0, buffer);
	if (!ret)
		*raw = (struct ext4_raw_inode *)((*buffer)->data + index % fs->inodes_per_block * fs->inode_size);
	return ret;
}

int ext4_raw_inode(struct ext4_inode *inode, struct ext4_raw_inode **raw, struct buffer **buffer)
{
	return find_raw(inode->fs, inode->inode.number, raw, buffer);
}

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

static uint32_t inode_seed(const struct ext4 *fs, uint32_t number, uint32_t generation)
{
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

static const char *check_raw(const struct ext4 *fs, uint32_t number, const struct ext4_raw_inode *raw)
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

static const struct inode_ops *ops_for(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return &ext4_directory_ops;
	case S_IFREG:
		return &ext4_file_ops;
	case S_IFLNK:
		return &ext4_link_ops;
	}
	return &ext4_special_ops;
}

static void remember_written(struct ext4_inode *inode)
{
	inode->written_mtime = inode->inode.mtime;
	inode->written_ctime = inode->inode.ctime;
	inode->written_size = inode->inode.size;
}

static void decode(struct ext4 *fs, const struct ext4_raw_inode *raw, struct ext4_inode *inode)
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
	remember_written(inode);
}

/* ---- Inodes in memory ---- */

static struct ext4_inode *find(struct ext4 *fs, uint64_t number, struct rb_node **parent, struct rb_node ***link)
{
	*parent = NULL;
	*link = &fs->inodes.root;
	while (**link) {
		struct ext4_inode *inode = container_of(**link, struct ext4_inode, node);

		if (inode->inode.number == number)
			return inode;
		*parent = **link;
		*link = number < inode->inode.number ? &(*parent)->left : &(*parent)->right;
	}
	return NULL;
}

static struct ext4_inode *alloc(struct ext4 *fs, uint32_t number, uint32_t mode, uint32_t generation)
{
	struct ext4_inode *inode = heap_alloc_zero(sizeof(*inode));

	if (!inode)
		return NULL;
	inode_init(&inode->inode, &fs->fs, ops_for(mode), (mode & S_IFMT) == S_IFREG ? &ext4_cache_ops : NULL);
	inode->fs = fs;
	inode->inode.number = number;
	inode->inode.mode = mode;
	inode->generation = generation;
	inode->seed = inode_seed(fs, number, generation);
	return inode;
}

/* The inode is on its way out in another thread: waits until it may have left. The lock is released meanwhile. */
static void wait_released(struct ext4 *fs)
{
	struct waiter waiter;

	wait_begin(&waiter, &fs->released);
	ext4_unlock(fs);
	(void)wait_sleep(clock_monotonic_ns() + 1000000, WAIT_UNINTERRUPTIBLE);
	ext4_lock(fs);
	wait_end(&waiter);
}

static int load(struct ext4 *fs, uint32_t number, struct inode **found)
{
	struct rb_node *parent, **link;
	struct ext4_raw_inode *raw;
	struct ext4_inode *inode;
	struct buffer *buffer;
	const char *wrong;
	int ret = find_raw(fs, number, &raw, &buffer);

	if (ret)
		return ret;
	wrong = check_raw(fs, number, raw);
	if (wrong)
		return ext4_corrupt(fs, COMPLAIN_INODE, number, wrong);
	inode = alloc(fs, number, raw->mode, raw->generation);
	if (!inode)
		return -ENOMEM;
	decode(fs, raw, inode);
	(void)find(fs, number, &parent, &link);
	rb_insert(&fs->inodes, &inode->node, parent, link);
	*found = &inode->inode;
	return 0;
}

int ext4_inode_get(struct ext4 *fs, uint32_t number, struct inode **found)
{
	struct rb_node *parent, **link;
	struct ext4_inode *inode;

	if (number != EXT4_ROOT_INODE && number < fs->super.first_ino && fs->super.rev_level)
		return ext4_corrupt(fs, COMPLAIN_INODE, number, "a name leads to a reserved inode");
	while ((inode = find(fs, number, &parent, &link))) {
		if (inode_try_get(&inode->inode)) {
			*found = &inode->inode;
			return 0;
		}
		wait_released(fs);
	}
	return load(fs, number, found);
}

/* ---- Writing ---- */

void ext4_inode_changed(struct ext4_inode *inode)
{
	__atomic_store_n(&inode->is_dirty, true, __ATOMIC_RELAXED);
}

static bool same_time(struct time_stamp a, struct time_stamp b)
{
	return a.seconds == b.seconds && a.nanoseconds == b.nanoseconds;
}

/* Needs no lock. An access time alone is not worth waking a disk that is clean. */
void ext4_dirty(struct inode *generic)
{
	struct ext4_inode *inode = ext4_of(generic);

	if (same_time(generic->mtime, inode->written_mtime) && same_time(generic->ctime, inode->written_ctime) && generic->size == inode->written_size)
		__atomic_store_n(&inode->is_access_dirty, true, __ATOMIC_RELAXED);
	else
		ext4_inode_changed(inode);
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

static void encode(struct ext4 *fs, struct ext4_inode *inode, struct ext4_raw_inode *raw)
{
	const struct inode *generic = &inode->inode;
	uint32_t crc;

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
	if (!fs->has_checksums)
		return;
	crc = raw_checksum(fs, inode->seed, raw);
	raw->checksum_lo = (uint16_t)crc;
	if (HAS_EXTRA(fs, raw, checksum_hi))
		raw->checksum_hi = (uint16_t)(crc >> 16);
}

int ext4_inode_write(struct ext4_inode *inode)
{
	struct ext4_raw_inode *raw;
	struct buffer *buffer;
	int ret = ext4_raw_inode(inode, &raw, &buffer);

	if (ret)
		return ret;
	__atomic_store_n(&inode->is_dirty, false, __ATOMIC_RELAXED);
	__atomic_store_n(&inode->is_access_dirty, false, __ATOMIC_RELAXED);
	encode(inode->fs, inode, raw);
	remember_written(inode);
	ext4_buffer_dirty(inode->fs, buffer);
	return 0;
}

int ext4_inodes_write(struct ext4 *fs)
{
	int ret = 0;

	for (struct rb_node *node = rb_first(&fs->inodes); node && !ret; node = rb_next(node)) {
		struct ext4_inode *inode = container_of(node, struct ext4_inode, node);

		if (inode->is_deleted)
			continue;
		if (inode->is_dirty || (inode->is_access_dirty && (fs->is_marked || fs->nr_dirty)))
			ret = ext4_inode_write(inode);
	}
	return ret;
}

/* ---- New ones ---- */

int ext4_inode_new(struct ext4 *fs, struct inode *directory, uint32_t mode, uint32_t uid, uint32_t gid, struct inode **made)
{
	struct rb_node *parent, **link;
	struct ext4_inode *inode;
	struct ext4_raw_inode *raw;
	struct buffer *buffer;
	uint32_t number, generation = 0;
	int ret = ext4_inode_alloc(fs, ext4_inode_group(fs, directory->number), (mode & S_IFMT) == S_IFDIR, &number);

	if (ret)
		return ret;
	while (find(fs, number, &parent, &link))
		wait_released(fs);
	ret = find_raw(fs, number, &raw, &buffer);
	if (!ret) {
		generation = raw->generation + 1;
		inode = alloc(fs, number, mode, generation);
		ret = inode ? 0 : -ENOMEM;
	}
	if (ret) {
		(void)ext4_inode_free(fs, number, (mode & S_IFMT) == S_IFDIR);
		return ret;
	}
	memset(raw, 0, fs->inode_size);
	ext4_buffer_dirty(fs, buffer);
	inode->inode.uid = uid;
	inode->inode.gid = gid;
	inode->inode.atime = inode->inode.mtime = inode->inode.ctime = inode->inode.btime = time_stamp_now();
	inode->extra_isize = (uint16_t)min_u64(fs->inode_size - EXT4_INODE_OLD_LEN, sizeof(*raw) - EXT4_INODE_OLD_LEN);
	if ((mode & S_IFMT) == S_IFREG || (mode & S_IFMT) == S_IFDIR)
		ext4_extents_init(inode);
	ext4_inode_changed(inode);
	(void)find(fs, number, &parent, &link);
	rb_insert(&fs->inodes, &inode->node, parent, link);
	*made = &inode->inode;
	return 0;
}

/* ---- The end ---- */

static bool has_blocks(const struct ext4_inode *inode)
{
	uint32_t type = inode->inode.mode & S_IFMT;

	return type == S_IFREG || type == S_IFDIR || (type == S_IFLNK && (inode->flags & EXT4_USES_EXTENTS || inode->inode.size >= EXT4_BLOCK_AREA));
}

/* Frees all that an inode without a name has, and the inode. */
static int delete(struct ext4_inode *inode)
{
	struct ext4 *fs = inode->fs;
	struct ext4_raw_inode *raw;
	struct buffer *buffer;
	int ret = 0;

	inode->is_deleted = true;
	if (has_blocks(inode))
		ret = ext4_data_remove(inode, 0);
	if (!ret)
		ret = ext4_xattr_free(inode);
	if (!ret)
		ret = ext4_raw_inode(inode, &raw, &buffer);
	if (ret)
		return ret;
	inode->inode.size = 0;
	encode(fs, inode, raw);
	raw->dtime = (uint32_t)time_stamp_now().seconds;
	if (fs->has_checksums) {
		uint32_t crc = raw_checksum(fs, inode->seed, raw);

		raw->checksum_lo = (uint16_t)crc;
		if (HAS_EXTRA(fs, raw, checksum_hi))
			raw->checksum_hi = (uint16_t)(crc >> 16);
	}
	ext4_buffer_dirty(fs, buffer);
	return ext4_inode_free(fs, (uint32_t)inode->inode.number, inode_is_directory(&inode->inode));
}

int ext4_inodes_orphans_free(struct ext4 *fs)
{
	int ret = 0;

	for (struct rb_node *node = rb_first(&fs->inodes); node && !ret; node = rb_next(node)) {
		struct ext4_inode *inode = container_of(node, struct ext4_inode, node);

		if (!inode->inode.links && !inode->is_deleted)
			ret = delete(inode);
	}
	return ret;
}

void ext4_release(struct inode *generic)
{
	struct ext4_inode *inode = ext4_of(generic);
	struct ext4 *fs = inode->fs;
	bool has_cache = generic->cache.ops;

	if (generic->links && has_cache && !fs->fs.is_read_only && page_cache_flush(&generic->cache, 0, UINT64_MAX))
		log_line(LOG_ERROR, "ext4: %s: data of inode %llu cannot be written", fs->device->name, (unsigned long long)generic->number);
	if (has_cache)
		page_cache_fini(&generic->cache);
	ext4_lock(fs);
	if (!generic->links && !inode->is_deleted && !fs->fs.is_read_only && delete(inode))
		log_line(LOG_ERROR, "ext4: %s: inode %llu cannot be deleted", fs->device->name, (unsigned long long)generic->number);
	else if (generic->links && (inode->is_dirty || (inode->is_access_dirty && fs->is_marked)) && !fs->fs.is_read_only && ext4_inode_write(inode))
		log_line(LOG_ERROR, "ext4: %s: inode %llu cannot be written", fs->device->name, (unsigned long long)generic->number);
	ext4_reserve_remove(inode, 0, UINT64_MAX);
	ext4_names_drop(inode);
	rb_remove(&fs->inodes, &inode->node);
	ext4_unlock(fs);
	wait_wake_all(&fs->released, 0);
	heap_free(inode);
}
