/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tmpfs inodes and data. The page cache is the medium: its pages are never dropped, and a page that is not there reads as zeros. The limit is
 * checked before a write makes pages; pages that mappings make are counted when the file is next written.
 */
#include "kernel/fs/tmpfs/internal.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "lib/string.h"

static const struct page_cache_ops memory_ops; /* no read_pages, no write_pages: memory is the medium */

struct tmpfs *tmpfs_of(const struct inode *inode)
{
	return container_of(inode->fs, struct tmpfs, fs);
}

struct tmpfs_inode *tmpfs_inode_of(const struct inode *inode)
{
	return container_of((struct inode *)(uintptr_t)inode, struct tmpfs_inode, inode);
}

static const struct inode_ops *ops_for(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return &tmpfs_file_ops;
	case S_IFDIR:
		return &tmpfs_directory_ops;
	case S_IFLNK:
		return &tmpfs_link_ops;
	default:
		return &tmpfs_special_ops;
	}
}

static int take_number(struct tmpfs *fs, uint64_t *number)
{
	int ret = 0;

	spin_lock(&fs->lock);
	if (fs->inodes_used >= fs->inodes_max) {
		ret = -ENOSPC;
	} else {
		fs->inodes_used++;
		*number = ++fs->last_number;
	}
	spin_unlock(&fs->lock);
	return ret;
}

int tmpfs_inode_new(struct tmpfs *fs, uint32_t mode, uint32_t uid, uint32_t gid, uint64_t device, struct tmpfs_inode **made)
{
	struct tmpfs_inode *inode;
	uint64_t number;
	int ret = take_number(fs, &number);

	if (ret)
		return ret;
	inode = heap_alloc_zero(sizeof(*inode));
	if (!inode) {
		__atomic_sub_fetch(&fs->inodes_used, 1, __ATOMIC_RELAXED);
		return -ENOMEM;
	}
	inode_init(&inode->inode, &fs->fs, ops_for(mode), (mode & S_IFMT) == S_IFREG ? &memory_ops : NULL);
	inode->inode.number = number;
	inode->inode.mode = mode;
	inode->inode.uid = uid;
	inode->inode.gid = gid;
	inode->inode.device = device;
	inode->inode.links = (mode & S_IFMT) == S_IFDIR ? 2 : 1;
	inode->inode.atime = inode->inode.mtime = inode->inode.ctime = inode->inode.btime = time_stamp_now();
	list_init(&inode->entries);
	inode->last_position = 1;
	spin_lock(&fs->lock);
	list_push_back(&fs->inodes, &inode->inode.fs_node);
	spin_unlock(&fs->lock);
	*made = inode;
	return 0;
}

void tmpfs_inode_release(struct inode *inode)
{
	struct tmpfs_inode *t = tmpfs_inode_of(inode);
	struct tmpfs *fs = tmpfs_of(inode);

	if ((inode->mode & S_IFMT) == S_IFREG)
		page_cache_fini(&inode->cache);
	spin_lock(&fs->lock);
	list_remove(&inode->fs_node);
	fs->inodes_used--;
	fs->pages_used -= t->pages_charged;
	spin_unlock(&fs->lock);
	tmpfs_entries_free(t);
	tmpfs_attributes_free(t);
	heap_free(t->target);
	heap_free(t);
}

void tmpfs_charge(struct inode *inode)
{
	struct tmpfs_inode *t = tmpfs_inode_of(inode);
	struct tmpfs *fs = tmpfs_of(inode);

	spin_lock(&fs->lock);
	fs->pages_used += inode->cache.nr_pages - t->pages_charged;
	t->pages_charged = inode->cache.nr_pages;
	spin_unlock(&fs->lock);
	inode->blocks_512 = t->pages_charged * (PAGE_SIZE / 512);
}

/* Pages of the range that a write would make. */
static uint64_t missing_pages(struct inode *inode, uint64_t offset, uint64_t len)
{
	uint64_t missing = 0;

	for (uint64_t index = offset >> PAGE_SHIFT; index <= (offset + len - 1) >> PAGE_SHIFT; index++) {
		struct page *page = page_cache_find(&inode->cache, index);

		if (page)
			page_put(page);
		else
			missing++;
	}
	return missing;
}

static int tmpfs_prepare_write(struct inode *inode, uint64_t offset, uint64_t len)
{
	struct tmpfs *fs = tmpfs_of(inode);
	uint64_t pages = len / PAGE_SIZE + 2;

	tmpfs_charge(inode);
	if (likely(fs->pages_used + pages <= fs->pages_max))
		return 0;
	if (len / PAGE_SIZE > fs->pages_max) /* the look at each page would take its time */
		return -ENOSPC;
	return fs->pages_used + missing_pages(inode, offset, len) <= fs->pages_max ? 0 : -ENOSPC;
}

/* Zeros [from, to) of one page, if it is there. */
static void clear_part(struct inode *inode, uint64_t from, uint64_t to)
{
	struct page *page = from < to ? page_cache_find(&inode->cache, from >> PAGE_SHIFT) : NULL;

	if (!page)
		return;
	memset((char *)page_virt(page) + from % PAGE_SIZE, 0, to - from);
	page_put(page);
}

static void truncate_to(struct inode *inode, uint64_t size)
{
	uint64_t old = inode->size;

	__atomic_store_n(&inode->size, size, __ATOMIC_RELEASE);
	if (size < old) {
		page_cache_truncate(&inode->cache, (size + PAGE_SIZE - 1) >> PAGE_SHIFT);
		clear_part(inode, size, min_u64(align_up(size, PAGE_SIZE), old));
	}
	tmpfs_charge(inode);
}

int tmpfs_set_attributes(struct inode *inode, const struct inode_attributes *attributes)
{
	inode_apply_attributes(inode, attributes);
	if (attributes->valid & ATTRIBUTE_SIZE)
		truncate_to(inode, attributes->size);
	return 0;
}

static void punch(struct inode *inode, uint64_t offset, uint64_t len)
{
	uint64_t end = offset + len, first = align_up(offset, PAGE_SIZE), last = align_down(end, PAGE_SIZE);

	if (first > last) {
		clear_part(inode, offset, end);
		return;
	}
	clear_part(inode, offset, first);
	clear_part(inode, last, end);
	if (first < last)
		page_cache_drop_range(&inode->cache, first >> PAGE_SHIFT, (last >> PAGE_SHIFT) - 1);
	tmpfs_charge(inode);
}

/* Pages of the range that are not there yet: what is written to them later finds room. */
static int fill(struct inode *inode, uint64_t offset, uint64_t len)
{
	uint64_t end = (offset + len + PAGE_SIZE - 1) >> PAGE_SHIFT;
	int ret = 0;

	for (uint64_t index = offset >> PAGE_SHIFT; index < end && !ret; index++) {
		struct page *page;

		ret = page_cache_get(&inode->cache, index, max_u64(end, index + 1), &page);
		if (!ret)
			page_put(page);
		cpu_poll();
	}
	tmpfs_charge(inode);
	return ret;
}

/* Less than what is asked for is free, or holds what can be read again: nothing is taken then, and nobody is killed for it. */
static bool is_too_much(uint64_t len)
{
	struct page_counts pages;

	page_count(&pages);
	return len >> PAGE_SHIFT > pages.free + pages.cached - pages.memory_files;
}

static int tmpfs_allocate(struct inode *inode, int mode, uint64_t offset, uint64_t len)
{
	int ret;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		return -EOPNOTSUPP;
	if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		punch(inode, offset, len);
	if (mode & FALLOC_FL_PUNCH_HOLE)
		return 0;
	ret = tmpfs_prepare_write(inode, offset, len);
	if (!ret && is_too_much(len))
		ret = -ENOMEM;
	if (!ret)
		ret = fill(inode, offset, len);
	if (!ret && !(mode & FALLOC_FL_KEEP_SIZE) && offset + len > inode->size)
		__atomic_store_n(&inode->size, offset + len, __ATOMIC_RELEASE);
	return ret;
}

static int tmpfs_get_link(struct inode *inode, char **target)
{
	*target = heap_copy_string(tmpfs_inode_of(inode)->target);
	return *target ? 0 : -ENOMEM;
}

static int nothing_to_sync(struct inode *inode, bool data_only)
{
	return 0;
}

#define COMMON_OPS                                                                                                  \
	.set_attributes = tmpfs_set_attributes, .get_xattr = tmpfs_get_xattr, .set_xattr = tmpfs_set_xattr,          \
	.list_xattr = tmpfs_list_xattr, .remove_xattr = tmpfs_remove_xattr, .release = tmpfs_inode_release, .sync = nothing_to_sync

const struct inode_ops tmpfs_file_ops = {.prepare_write = tmpfs_prepare_write, .allocate = tmpfs_allocate, COMMON_OPS};
const struct inode_ops tmpfs_link_ops = {.get_link = tmpfs_get_link, COMMON_OPS};
const struct inode_ops tmpfs_special_ops = {COMMON_OPS};
