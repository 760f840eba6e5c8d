/* SPDX-License-Identifier: BSD-3-Clause */
/* Inodes: from the table into memory and back, their times, new ones, the last of those without a name. */
#include "kernel/fs/ext4/inode_format.h"

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

/* ---- Inodes in memory ---- */

static void remember_written(struct ext4_inode *inode)
{
	inode->written_mtime = inode->inode.mtime;
	inode->written_ctime = inode->inode.ctime;
	inode->written_size = inode->inode.size;
}

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
	inode->generation = inode->inode.generation = generation;
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
	wrong = inode_check(fs, number, raw);
	if (wrong)
		return ext4_corrupt(fs, COMPLAIN_INODE, number, wrong);
	inode = alloc(fs, number, raw->mode, raw->generation);
	if (!inode)
		return -ENOMEM;
	inode_decode(fs, raw, inode);
	remember_written(inode);
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

/* The number is from outside: the bitmap says whether it is one. */
static int get_used(struct ext4 *fs, uint64_t number, struct inode **found)
{
	uint64_t index = (number - 1) % fs->super.inodes_per_group;
	struct buffer *bitmap;
	int ret;

	if (number > fs->super.inodes_count || (number != EXT4_ROOT_INODE && number < fs->super.first_ino))
		return -ESTALE;
	ret = ext4_group_bitmap(fs, ext4_inode_group(fs, number), true, &bitmap);
	if (!ret && !(((const uint8_t *)bitmap->data)[index / 8] >> (index % 8) & 1))
		ret = -ESTALE;
	return ret ? ret : ext4_inode_get(fs, (uint32_t)number, found);
}

int ext4_find_inode(struct file_system *generic, uint64_t number, struct inode **found)
{
	struct ext4 *fs = generic->private_data;
	int ret;

	ext4_lock(fs);
	ret = get_used(fs, number, found);
	ext4_unlock(fs);
	if (ret || (*found)->links)
		return ret;
	inode_put(*found);
	return -ESTALE;
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

int ext4_inode_write(struct ext4_inode *inode)
{
	struct ext4_raw_inode *raw;
	struct buffer *buffer;
	int ret = ext4_raw_inode(inode, &raw, &buffer);

	if (ret)
		return ret;
	__atomic_store_n(&inode->is_dirty, false, __ATOMIC_RELAXED);
	__atomic_store_n(&inode->is_access_dirty, false, __ATOMIC_RELAXED);
	inode_encode(inode->fs, inode, raw);
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
	while ((inode = find(fs, number, &parent, &link))) {
		if (__atomic_load_n(&inode->inode.references, __ATOMIC_RELAXED))
			return ext4_corrupt(fs, COMPLAIN_BITMAP, number, "an inode that is in use is marked as free");
		wait_released(fs); /* deleted, and on its way out */
	}
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
	raw->dtime = (uint32_t)time_stamp_now().seconds;
	inode_encode(fs, inode, raw);
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
