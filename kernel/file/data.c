/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Regular files over the page cache, and directories: what read(2), write(2), lseek(2), fallocate(2), mmap(2) do with them. A write holds
 * the inode's lock from the choice of its place to the new size, so that appends do not meet.
 */
#include "kernel/file/file.h"
#include "kernel/file/name.h"
#include "kernel/file/watch.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/mount.h"
#include "lib/string.h"

enum { RELATIME_SECONDS = 24 * 3600 };

static uint64_t (*size_limit_hook)(void);
static void (*size_exceeded_hook)(void);

void file_set_size_limit_hooks(uint64_t (*limit)(void), void (*exceeded)(void))
{
	size_limit_hook = limit;
	size_exceeded_hook = exceeded;
}

static uint64_t inode_size(const struct inode *inode)
{
	return __atomic_load_n(&inode->size, __ATOMIC_ACQUIRE);
}

static uint64_t pages_of(uint64_t size)
{
	return (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

/* relatime (mount(8)): the access time is moved only if it would be older than a change, or a day old. */
void file_touch_access(struct file *file)
{
	struct inode *inode = file->inode;
	unsigned flags = file->path.mount ? mount_flags(file->path.mount) : 0;
	struct time_stamp now;

	if ((file->flags & O_NOATIME) || flags & (MS_RDONLY | MS_NOATIME) || (flags & MS_NODIRATIME && inode_is_directory(inode)))
		return;
	if (!(flags & MS_STRICTATIME) && inode->atime.seconds > inode->mtime.seconds && inode->atime.seconds > inode->ctime.seconds) {
		now = time_stamp_now();
		if (now.seconds < inode->atime.seconds + RELATIME_SECONDS)
			return;
	}
	if (inode->fs && inode->fs->is_read_only)
		return;
	inode_touch(inode, TOUCH_ATIME);
}

enum { AT_ONCE_MAX = 256 /* pages that are copied while the program waits for something else */ };

/* Whether a read need not wait for the medium. */
static bool is_in_memory(struct inode *inode, uint64_t at, uint64_t len, uint64_t size)
{
	uint64_t end = min_u64(size, at + min_u64(len, size)), last = pages_of(end);

	if (page_cache_is_memory(&inode->cache) || at >= size)
		return true;
	if (last - (at >> PAGE_SHIFT) > AT_ONCE_MAX)
		return false;
	for (uint64_t index = at >> PAGE_SHIFT; index < last; index++) {
		struct page *page = page_cache_find(&inode->cache, index);

		if (!page)
			return false;
		page_put(page);
	}
	return true;
}

static long data_read(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct inode *inode = file->inode;
	uint64_t at = *position, size = inode_size(inode);
	long done = 0;
	int ret = watch_may_file(file, WATCH_MAY_ACCESS);

	if (ret)
		return ret;
	if (unlikely(thread_current()->no_wait) && !is_in_memory(inode, at, io->left, size))
		return -EAGAIN;
	while (io->left && at < size) {
		size_t offset = at % PAGE_SIZE;
		size_t part = min_u64(min_u64(PAGE_SIZE - offset, size - at), io->left), copied;
		struct page *page;

		ret = page_cache_get(&inode->cache, at >> PAGE_SHIFT, pages_of(size), &page);
		if (ret)
			break;
		copied = io_vector_put(io, (char *)page_virt(page) + offset, part);
		page_put(page);
		at += copied;
		done += (long)copied;
		if (copied < part) {
			ret = -EFAULT;
			break;
		}
		if (thread_pause_at(at)) {
			ret = -EINTR;
			break;
		}
	}
	*position = at;
	file_touch_access(file); /* also at the end, where there is nothing to read */
	if (done)
		watch_file_event(file, WATCH_ACCESS);
	return done ? done : ret;
}

long file_pages_get(struct file *file, uint64_t position, size_t max, struct page **pages, size_t *len)
{
	struct inode *inode = file->inode;
	uint64_t size = inode_size(inode), first = position >> PAGE_SHIFT;
	size_t nr = 1, there;
	int ret = watch_may_file(file, WATCH_MAY_ACCESS);

	if (ret)
		return ret;
	*len = position < size ? min_u64(*len, size - position) : 0;
	if (!*len)
		return 0;
	ret = page_cache_get(&inode->cache, first, pages_of(size), &pages[0]);
	if (ret)
		return ret;
	max = min_u64(max, pages_of(position % PAGE_SIZE + *len));
	if (max > 1)
		page_cache_find_range(&inode->cache, first + 1, max - 1, pages + 1);
	while (nr < max && pages[nr])
		nr++;
	for (size_t i = nr; i < max; i++)
		if (pages[i])
			page_put(pages[i]);
	there = nr * PAGE_SIZE - position % PAGE_SIZE;
	*len = min_u64(*len, there);
	file_touch_access(file);
	watch_file_event(file, WATCH_ACCESS);
	return (long)nr;
}

void file_read_ahead(struct file *file, uint64_t offset, uint64_t len)
{
	struct inode *inode = file->inode;
	uint64_t size = inode_size(inode), end = offset < size ? min_u64(size, offset + min_u64(len, size)) : 0;

	if (page_cache_is_memory(&inode->cache))
		return;
	for (uint64_t index = offset >> PAGE_SHIFT; index < pages_of(end) && !page_is_low(); index++) {
		struct page *page;

		if (page_cache_get(&inode->cache, index, pages_of(size), &page))
			return;
		page_put(page);
		cpu_poll();
	}
}

/* Where a write may reach: RLIMIT_FSIZE and what the file system can hold. */
static int limit_write(const struct inode *inode, uint64_t at, struct io_vector *io, uint64_t *len)
{
	uint64_t max = inode->fs && inode->fs->max_file_size ? inode->fs->max_file_size : INT64_MAX;
	uint64_t limit = size_limit_hook ? size_limit_hook() : UINT64_MAX;

	*len = io->left;
	if (at >= limit && io->left) {
		size_exceeded_hook();
		return -EFBIG;
	}
	if (at >= max && io->left)
		return -EFBIG;
	*len = min_u64(*len, min_u64(max, limit) - at);
	return 0;
}

static int page_for_write(struct inode *inode, uint64_t at, size_t part, struct page **page)
{
	uint64_t size = inode_size(inode), index = at >> PAGE_SHIFT;

	if (part == PAGE_SIZE)
		return page_cache_get_for_overwrite(&inode->cache, index, page);
	return page_cache_get(&inode->cache, index, max_u64(pages_of(size), index + 1), page);
}

static size_t fill_page(struct inode *inode, struct page *page, uint64_t at, size_t part, struct io_vector *io)
{
	size_t offset = at % PAGE_SIZE;
	char *to = (char *)page_virt(page) + offset;
	bool was_valid = page->flags & PAGE_IS_UPTODATE;
	size_t copied = io_vector_get(io, to, part);

	if (copied < part && !was_valid)
		memset(to + copied, 0, part - copied);
	page_cache_mark_dirty(&inode->cache, page);
	return copied;
}

/* What lies behind the old end in its last page was never data: a write further on must not uncover it. */
static void clear_tail(struct inode *inode, uint64_t size)
{
	struct page *page;

	if (size % PAGE_SIZE == 0)
		return;
	page = page_cache_find(&inode->cache, size >> PAGE_SHIFT);
	if (!page)
		return;
	memset((char *)page_virt(page) + size % PAGE_SIZE, 0, PAGE_SIZE - size % PAGE_SIZE);
	page_put(page);
}

static long write_pages(struct inode *inode, struct io_vector *io, uint64_t at, uint64_t len)
{
	long done = 0;
	int ret = 0;

	while ((uint64_t)done < len) {
		size_t part = min_u64(PAGE_SIZE - at % PAGE_SIZE, len - (uint64_t)done), copied;
		struct page *page;

		ret = page_for_write(inode, at, part, &page);
		if (ret)
			break;
		copied = fill_page(inode, page, at, part, io);
		page_put(page);
		at += copied;
		done += (long)copied;
		if (at > inode_size(inode))
			__atomic_store_n(&inode->size, at, __ATOMIC_RELEASE);
		if (copied < part) {
			ret = -EFAULT;
			break;
		}
		if (thread_pause_at(at)) {
			ret = -EINTR;
			break;
		}
	}
	return done ? done : ret;
}

/* A write takes the set-user-ID bits away (inode(7)), unless root makes it. */
static void drop_privilege(struct inode *inode)
{
	if (unlikely(inode->mode & (S_ISUID | S_ISGID)) && !credentials_have(credentials_current(), CAPABILITY_FSETID))
		inode->mode &= ~(uint32_t)(S_ISUID | (inode->mode & 010 ? S_ISGID : 0));
}

static long write_locked(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct inode *inode = file->inode;
	uint64_t at = file->flags & O_APPEND ? inode->size : *position, len;
	long ret = limit_write(inode, at, io, &len);

	if (ret || !len)
		return ret;
	if (unlikely(inode->seals)) {
		if (inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
			return -EPERM;
		if ((inode->seals & F_SEAL_GROW) && at + len > inode->size) {
			if (at >= inode->size)
				return -EPERM;
			len = inode->size - at;
		}
	}
	if (inode->ops->prepare_write) {
		ret = inode->ops->prepare_write(inode, at, len);
		if (ret == -ENOSPC && len > PAGE_SIZE) { /* what there is room for */
			len = PAGE_SIZE - at % PAGE_SIZE;
			ret = inode->ops->prepare_write(inode, at, len);
		}
		if (ret)
			return ret;
	}
	if (at > inode->size)
		clear_tail(inode, inode->size);
	ret = write_pages(inode, io, at, len);
	if (ret > 0) {
		*position = at + (uint64_t)ret;
		drop_privilege(inode);
		inode_touch(inode, TOUCH_MTIME | TOUCH_CTIME);
	}
	return ret;
}

static long data_write(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct inode *inode = file->inode;
	long ret;
	int error;

	mutex_lock(&inode->lock);
	ret = write_locked(file, io, position);
	mutex_unlock(&inode->lock);
	if (ret <= 0)
		return ret;
	watch_file_event(file, WATCH_MODIFY);
	if ((file->flags & (O_SYNC | O_DSYNC)) && file->ops->sync) {
		error = file->ops->sync(file, (file->flags & O_SYNC) != O_SYNC);
		if (error)
			return error;
	}
	return ret;
}

/* SEEK_DATA, SEEK_HOLE. */
static int64_t seek_hole(struct inode *inode, uint64_t offset, int whence)
{
	uint64_t size = inode_size(inode);
	int64_t found;

	if (offset >= size)
		return -ENXIO;
	if (inode->ops->find_data) {
		mutex_lock(&inode->lock);
		found = inode->ops->find_data(inode, offset, whence == SEEK_HOLE);
		mutex_unlock(&inode->lock);
		return found;
	}
	if (inode->cache.ops && inode->cache.ops->read_pages)
		return (int64_t)(whence == SEEK_DATA ? offset : size);
	while (offset < size) { /* memory is the medium: a page that is there is data */
		struct page *page = page_cache_find(&inode->cache, offset >> PAGE_SHIFT);

		if (page)
			page_put(page);
		if (!!page == (whence == SEEK_DATA))
			return (int64_t)offset;
		offset = align_down(offset, PAGE_SIZE) + PAGE_SIZE;
		cpu_poll();
	}
	return whence == SEEK_DATA ? -ENXIO : (int64_t)size;
}

static uint64_t size_max(const struct inode *inode)
{
	return inode->fs && inode->fs->max_file_size ? inode->fs->max_file_size : INT64_MAX;
}

static int64_t data_seek(struct file *file, int64_t offset, int whence)
{
	int64_t base;

	switch (whence) {
	case SEEK_SET:
		base = 0;
		break;
	case SEEK_CUR:
		base = (int64_t)file->position;
		break;
	case SEEK_END:
		base = (int64_t)inode_size(file->inode);
		break;
	case SEEK_DATA:
	case SEEK_HOLE:
		if (offset < 0)
			return -ENXIO;
		offset = seek_hole(file->inode, (uint64_t)offset, whence);
		if (offset < 0)
			return offset;
		base = 0;
		break;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, offset, &base) || base < 0 || (uint64_t)base > size_max(file->inode))
		return -EINVAL;
	file->position = (uint64_t)base;
	return base;
}

static int data_sync(struct file *file, bool data_only)
{
	struct inode *inode = file->inode;
	int ret = page_cache_flush(&inode->cache, 0, UINT64_MAX);

	if (!ret && inode->ops->sync)
		ret = inode->ops->sync(inode, data_only);
	return ret;
}

/* ---- Mapping. ---- */

static uint64_t mapped_size(void *file)
{
	return inode_size(((struct file *)file)->inode);
}

static void mapped_get(void *file)
{
	file_get(file);
}

static void mapped_put(void *file)
{
	file_put(file);
}

/* mmap(2), "Timestamps changes for file-backed mappings". */
static void mapped_written(void *file)
{
	inode_touch(((struct file *)file)->inode, TOUCH_MTIME | TOUCH_CTIME);
}

static long mapped_describe(void *file, char *path, size_t size)
{
	return file_to_text(file, path, size);
}

static int data_map(struct file *file, struct mapped_file *mapped)
{
	struct inode *inode = file->inode;

	*mapped = (struct mapped_file){
	    .cache = &inode->cache,
	    .size = mapped_size,
	    .get = mapped_get,
	    .put = mapped_put,
	    .written = mapped_written,
	    .describe = mapped_describe,
	    .file = file,
	    .device = inode->fs ? inode->fs->device : 0,
	    .inode = inode->number,
	    .is_read_only = !(file->mode & MAY_WRITE) || (inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)),
	};
	return 0;
}

const struct file_ops data_file_ops = {
    .read = data_read,
    .write = data_write,
    .seek = data_seek,
    .map = data_map,
    .sync = data_sync,
};

/* ---- Sizes. ---- */

static int check_size(const struct inode *inode, uint64_t size)
{
	uint64_t max = size_max(inode);

	if (size_limit_hook && size > inode->size && size > size_limit_hook()) {
		size_exceeded_hook();
		return -EFBIG;
	}
	return size > max ? -EFBIG : 0;
}

int file_truncate(struct file *file, uint64_t size)
{
	struct inode_attributes attributes = {.valid = ATTRIBUTE_SIZE, .size = size};
	struct inode *inode = file->inode;
	int ret;

	if (!(file->mode & MAY_WRITE) || !inode || (inode->mode & S_IFMT) != S_IFREG)
		return -EINVAL;
	mutex_lock(&inode->lock);
	ret = check_size(inode, size);
	if (!ret && ((size < inode->size && (inode->seals & F_SEAL_SHRINK)) || (size > inode->size && (inode->seals & F_SEAL_GROW))))
		ret = -EPERM;
	if (!ret) {
		if (size > inode->size)
			clear_tail(inode, inode->size);
		ret = inode_set(inode, &attributes);
	}
	mutex_unlock(&inode->lock);
	if (!ret)
		watch_file_event(file, WATCH_MODIFY | WATCH_NO_PLACE);
	return ret;
}

int file_allocate(struct file *file, int mode, uint64_t offset, uint64_t len)
{
	struct inode *inode = file->inode;
	int ret = 0;

	if (!(file->mode & MAY_WRITE))
		return -EBADF;
	if (!inode || (inode->mode & S_IFMT) != S_IFREG)
		return inode && inode_is_directory(inode) ? -EISDIR : inode && (inode->mode & S_IFMT) == S_IFIFO ? -ESPIPE : -ENODEV;
	mutex_lock(&inode->lock);
	if (!(mode & FALLOC_FL_KEEP_SIZE) || (page_cache_is_memory(&inode->cache) && !(mode & FALLOC_FL_PUNCH_HOLE))) /* what takes memory has a limit, as on Linux */
		ret = check_size(inode, offset + len);
	if (!ret && (((mode & FALLOC_FL_PUNCH_HOLE) && (inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))) || (offset + len > inode->size && (inode->seals & F_SEAL_GROW))))
		ret = -EPERM;
	if (!ret)
		ret = inode->ops->allocate ? inode->ops->allocate(inode, mode, offset, len) : -EOPNOTSUPP;
	if (!ret)
		inode_touch(inode, TOUCH_MTIME | TOUCH_CTIME);
	mutex_unlock(&inode->lock);
	if (!ret)
		watch_file_event(file, WATCH_MODIFY);
	return ret;
}

/* ---- Directories. ---- */

static int directory_read(struct file *file, struct directory_sink *sink)
{
	struct inode *inode = file->inode;
	int ret;

	if (!inode->ops->read_directory)
		return -ENOTDIR;
	ret = watch_may_file(file, WATCH_MAY_ACCESS);
	if (ret)
		return ret;
	mutex_lock(&inode->lock);
	ret = inode->links ? inode->ops->read_directory(inode, &file->position, sink) : -ENOENT;
	mutex_unlock(&inode->lock);
	file_touch_access(file);
	if (!ret)
		watch_file_event(file, WATCH_ACCESS);
	return ret;
}

static int64_t directory_seek(struct file *file, int64_t offset, int whence)
{
	if (whence == SEEK_CUR)
		offset += (int64_t)file->position;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	file->position = (uint64_t)offset;
	return offset;
}

static int directory_sync(struct file *file, bool data_only)
{
	return file->inode->ops->sync ? file->inode->ops->sync(file->inode, data_only) : 0;
}

const struct file_ops directory_file_ops = {
    .seek = directory_seek,
    .read_directory = directory_read,
    .sync = directory_sync,
};
