/* SPDX-License-Identifier: BSD-3-Clause */
/* Open files: their life, and the calls that check what each kind of file need not. */
#include "kernel/file/file.h"
#include "kernel/file/device.h"
#include "kernel/file/epoll.h"
#include "kernel/file/lock.h"
#include "kernel/file/name.h"
#include "kernel/file/watch.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"
#include "lib/format.h"
#include "lib/string.h"

struct file *file_new(const struct file_ops *ops, int flags, void *private_data)
{
	struct file *file = heap_alloc_zero(sizeof(*file));

	if (!file)
		return NULL;
	file->ops = ops;
	file->flags = flags & ~(O_CLOEXEC | O_CREAT | O_EXCL | O_TRUNC);
	if (!(flags & O_PATH))
		file->mode = (flags & O_ACCMODE) == O_RDONLY ? MAY_READ : (flags & O_ACCMODE) == O_WRONLY ? MAY_WRITE : MAY_READ | MAY_WRITE;
	file->references = 1;
	file->private_data = private_data;
	mutex_init(&file->position_lock);
	list_init(&file->epoll_items);
	return file;
}

void file_get(struct file *file)
{
	__atomic_fetch_add(&file->references, 1, __ATOMIC_RELAXED);
}

void file_uncount_writer(struct file *file)
{
	if (file->is_writer)
		inode_end_write(file->inode);
	file->is_writer = false;
}

int file_deny_writes(struct file *file)
{
	int ret = inode_begin_execute(file->inode);

	file->is_executed = !ret;
	return ret;
}

static void file_close(struct file *file)
{
	struct inode *inode = file->inode;

	if (file->early_name)
		early_file_forget(file);
	/* Both ends: a set that goes at this moment unlinks its item in two steps. */
	if (!list_empty(&file->epoll_items) || file->epoll_items.prev != &file->epoll_items)
		epoll_forget_file(file);
	if (file->watch)
		file->watch->forget(file->watch);
	if (inode && inode->lock_list)
		lock_release_owner(file, file);
	if (!(file->flags & O_PATH))
		watch_file_event(file, file->mode & MAY_WRITE ? WATCH_CLOSE_WRITE : WATCH_CLOSE_NOWRITE);
	if (file->ops->release)
		file->ops->release(file);
	file_uncount_writer(file);
	if (file->is_executed)
		inode_end_execute(inode);
	if (file->path.dentry)
		path_put(&file->path);
	else
		inode_put(inode);
	heap_free(file);
}

void file_put(struct file *file)
{
	if (__atomic_sub_fetch(&file->references, 1, __ATOMIC_ACQ_REL) == 0)
		file_close(file);
}

/* The file's own position is moved by one at a time where several may share it (POSIX 2.9.7). */
static bool lock_position(struct file *file)
{
	if (__atomic_load_n(&file->references, __ATOMIC_RELAXED) <= 1)
		return false;
	mutex_lock(&file->position_lock);
	return true;
}

static long transfer(struct file *file, struct io_vector *io, uint64_t *position, long (*operation)(struct file *, struct io_vector *, uint64_t *))
{
	bool locked;
	long ret;

	if (position || !file->ops->seek)
		return operation(file, io, position);
	locked = lock_position(file);
	ret = operation(file, io, &file->position);
	if (locked)
		mutex_unlock(&file->position_lock);
	return ret;
}

/* What is no place to seek in is so whatever it was opened for. */
static long no_access(const struct file *file, const uint64_t *position)
{
	return position && !file->ops->seek && !(file->flags & O_PATH) ? -ESPIPE : -EBADF;
}

long file_read(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct thread_io *count = &thread_current()->io;
	long ret;

	if (unlikely(!(file->mode & MAY_READ)))
		return no_access(file, position);
	if (!file->ops->read)
		return file->ops->read_directory ? -EISDIR : -EINVAL;
	if (position && !file->ops->seek)
		return -ESPIPE;
	ret = transfer(file, io, position, file->ops->read);
	count->reads++;
	count->read_bytes += ret > 0 ? (uint64_t)ret : 0;
	return ret;
}

long file_write(struct file *file, struct io_vector *io, uint64_t *position)
{
	struct thread_io *count = &thread_current()->io;
	long ret;

	if (unlikely(!(file->mode & MAY_WRITE)))
		return no_access(file, position);
	if (!file->ops->write)
		return -EINVAL;
	if (position && !file->ops->seek)
		return -ESPIPE;
	ret = transfer(file, io, position, file->ops->write);
	count->writes++;
	count->written_bytes += ret > 0 ? (uint64_t)ret : 0;
	return ret;
}

long file_read_kernel(struct file *file, void *to, size_t len, uint64_t offset)
{
	struct io_vector io;
	size_t done = 0;

	if (!file->ops->read)
		return -EINVAL;
	while (done < len) {
		long ret;

		io_vector_init_kernel(&io, (char *)to + done, len - done);
		ret = file->ops->read(file, &io, file->ops->seek ? &offset : NULL);
		if (ret < 0)
			return done ? (long)done : ret;
		if (!ret)
			break;
		done += (size_t)ret;
	}
	return (long)done;
}

long file_write_kernel(struct file *file, const void *from, size_t len)
{
	struct io_vector io;

	io_vector_init_kernel(&io, (void *)(uintptr_t)from, len);
	return file_write(file, &io, NULL);
}

unsigned file_poll(struct file *file, struct poll_table *table)
{
	if (!file->ops->poll)
		return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
	return file->ops->poll(file, table);
}

int file_map(struct file *file, uint64_t *offset, struct mapped_file *mapped)
{
	if (file->ops->map_part)
		return file->ops->map_part(file, offset, mapped);
	return file->ops->map ? file->ops->map(file, mapped) : -ENODEV;
}

int file_sync(struct file *file, bool data_only)
{
	return file->ops->sync ? file->ops->sync(file, data_only) : -EINVAL;
}

long file_to_text(struct file *file, char *to, size_t size)
{
	const char *name = file->ops->anonymous_name;

	if (file->path.dentry)
		return path_to_text(&file->path, to, size);
	if (!name)
		return -ENOENT;
	if (!strchr(name, '%'))
		return format_text(to, size, "%s", name);
	/* "pipe:[%llu]": the only conversion there is */
	return format_text(to, size, "%.*s%llu]", (int)(strchr(name, '%') - name), name, (unsigned long long)(file->inode ? file->inode->number : 0));
}

int file_to_path(struct file *file, struct path *path)
{
	char name[32];

	if (file->path.dentry) {
		*path = file->path;
		path_get(path);
		return 0;
	}
	if (!file->inode)
		return -ENXIO;
	if (file_to_text(file, name, sizeof(name)) < 0)
		name[0] = '\0';
	inode_get(file->inode);
	return path_new_anonymous(file->inode, name, path);
}

/* ---- Copies within the kernel. ---- */

enum { COPY_CHUNK = 16 * 1024 };

static long write_all(struct file *to, char *buffer, size_t len, uint64_t *position)
{
	size_t done = 0;

	while (done < len) {
		struct io_vector io;
		long ret;

		io_vector_init_kernel(&io, buffer + done, len - done);
		ret = file_write(to, &io, position);
		if (ret <= 0)
			return done ? (long)done : ret;
		done += (size_t)ret;
	}
	return (long)done;
}

/* Gives back what was read and could not be written. */
static void unread(struct file *from, uint64_t *position, uint64_t len)
{
	if (position)
		*position -= len;
	else if (from->ops->seek)
		from->position -= len;
}

enum { SEND_PAGES = 16 };

/* What the pages at *position have, at most `len` bytes. -EOPNOTSUPP: this kind of file takes none. */
static long send_pages(struct file *from, uint64_t position, struct file *to, uint64_t len)
{
	struct page *pages[SEND_PAGES];
	size_t part = min_u64(len, SEND_PAGES * PAGE_SIZE);
	long nr = file_pages_get(from, position, SEND_PAGES, pages, &part), ret;

	if (nr <= 0)
		return nr;
	ret = to->ops->write_pages(to, pages, position % PAGE_SIZE, part, part < len);
	for (long i = 0; i < nr; i++)
		page_put(pages[i]);
	return ret;
}

/* From the page cache to where pages go as they are. */
static long copy_pages(struct file *from, uint64_t *from_position, struct file *to, uint64_t len)
{
	uint64_t *position = from_position ? from_position : &from->position, done = 0;
	long ret = 0;

	while (done < len) {
		ret = send_pages(from, *position, to, len - done);
		if (ret <= 0)
			break;
		*position += (uint64_t)ret;
		done += (uint64_t)ret;
		if (thread_pause()) {
			ret = -EINTR;
			break;
		}
	}
	return done ? (long)done : ret;
}

static bool may_copy_pages(const struct file *from, const struct file *to)
{
	return from->ops == &data_file_ops && to->ops->write_pages && from->mode & MAY_READ && to->mode & MAY_WRITE && !(from->flags & O_DIRECT);
}

long file_copy(struct file *from, uint64_t *from_position, struct file *to, uint64_t *to_position, uint64_t len)
{
	uint64_t done = 0;
	char *buffer;
	long ret = 0;

	if (may_copy_pages(from, to)) {
		ret = copy_pages(from, from_position, to, len);
		if (ret != -EOPNOTSUPP)
			return ret;
	}
	buffer = heap_alloc(COPY_CHUNK);
	if (!buffer)
		return -ENOMEM;
	while (done < len) {
		struct io_vector io;
		long nr_read;

		io_vector_init_kernel(&io, buffer, min_u64(len - done, COPY_CHUNK));
		nr_read = ret = file_read(from, &io, from_position);
		if (ret <= 0)
			break;
		ret = write_all(to, buffer, (size_t)nr_read, to_position);
		if (ret < nr_read)
			unread(from, from_position, (uint64_t)(nr_read - (ret > 0 ? ret : 0)));
		if (ret <= 0)
			break;
		done += (uint64_t)ret;
		if (ret < nr_read || !from->ops->seek) /* of pipes and sockets: what there is, without waiting for more */
			break;
		if (thread_pause()) {
			ret = -EINTR;
			break;
		}
	}
	heap_free(buffer);
	return done ? (long)done : ret;
}
