/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registered files and buffers: places by number. A tagged one that leaves its place posts a completion with the tag. Registered memory is
 * not pinned: the addresses are checked against it, and used as others are.
 */
#include "kernel/io_uring/internal.h"
#include "kernel/process/process.h"
#include "kernel/uapi/resource.h"

enum { FILES_MAX = 1 << 15, BUFFERS_MAX = 1 << 14 };
#define BUFFER_BYTES_MAX (1ull << 30)

struct iovec {
	uint64_t base, len;
};

static void post_tag(struct uring *ring, uint64_t tag)
{
	if (tag)
		(void)uring_post(ring, tag, 0, 0);
}

/* ---- Files ---- */

static void empty_slot(struct uring *ring, struct uring_file_slot *slot)
{
	struct file *file = slot->file;
	uint64_t tag = slot->tag;

	*slot = (struct uring_file_slot){.file = NULL};
	if (!file)
		return;
	if (ring->files) /* the next that is chosen automatically */
		ring->files_next = (unsigned)(slot - ring->files) - ring->files_from;
	file_put(file);
	post_tag(ring, tag);
}

struct file *uring_file_get(struct uring *ring, unsigned index)
{
	bool locked = uring_lock(ring);
	struct file *file = index < ring->nr_files ? ring->files[index].file : NULL;

	if (file)
		file_get(file);
	uring_unlock(ring, locked);
	return file;
}

static int choose_slot(struct uring *ring)
{
	unsigned size = ring->files_to - ring->files_from;

	for (unsigned i = 0; i < size; i++) {
		unsigned index = ring->files_from + (ring->files_next + i) % size;

		if (ring->files[index].file)
			continue;
		ring->files_next = index - ring->files_from + 1;
		return (int)index;
	}
	return -ENFILE;
}

int uring_file_place(struct uring *ring, struct file *file, uint32_t index)
{
	bool locked = uring_lock(ring), is_any = index == IORING_FILE_INDEX_ALLOC;
	int ret = !ring->nr_files ? is_any ? -ENFILE : -ENXIO : is_any ? choose_slot(ring) : index < ring->nr_files ? (int)index : -EINVAL;

	if (ret >= 0 && uring_of(file))
		ret = -EBADF; /* a ring in a ring's table would never go */
	if (ret < 0) {
		file_put(file);
	} else {
		empty_slot(ring, &ring->files[ret]);
		ring->files[ret].file = file;
	}
	uring_unlock(ring, locked);
	return ret;
}

int uring_file_clear(struct uring *ring, unsigned index)
{
	bool locked = uring_lock(ring);
	int ret = !ring->nr_files ? -ENXIO : index >= ring->nr_files ? -EINVAL : ring->files[index].file ? 0 : -EBADF;

	if (!ret)
		empty_slot(ring, &ring->files[index]);
	uring_unlock(ring, locked);
	return ret;
}

int uring_install(struct uring_request *r, struct file *file, uint32_t direct_index, bool close_on_exec)
{
	bool is_any = direct_index == IORING_FILE_INDEX_ALLOC;
	int ret;

	if (!direct_index) {
		ret = descriptor_add(file, 0, close_on_exec);
		if (ret < 0)
			file_put(file);
		return ret;
	}
	ret = uring_file_place(r->ring, file, is_any ? direct_index : direct_index - 1);
	return ret < 0 || is_any ? ret : 0;
}

static int fill_slot(struct uring *ring, unsigned index, int fd, uint64_t tag)
{
	struct file *file;

	if (fd == -1)
		return tag ? -EINVAL : 0;
	file = descriptor_get(fd);
	if (!file)
		return -EBADF;
	if (uring_of(file)) {
		file_put(file);
		return -EBADF;
	}
	ring->files[index] = (struct uring_file_slot){.file = file, .tag = tag};
	return 0;
}

/* Entry n of an array in user memory; 0 if there is none. */
static int copy_entry(void *to, uint64_t array, unsigned n, size_t size)
{
	memset(to, 0, size);
	return array ? copy_from_user(to, array + (uint64_t)n * size, size) : 0;
}

static void forget_files(struct uring *ring)
{
	struct uring_file_slot *files = ring->files;
	unsigned nr = ring->nr_files;

	ring->files = NULL;
	ring->nr_files = ring->files_from = ring->files_to = ring->files_next = 0;
	for (unsigned i = 0; i < nr; i++)
		empty_slot(ring, &files[i]);
	heap_free(files);
}

int uring_files_register(struct uring *ring, uint64_t fds, uint64_t tags, unsigned count)
{
	int ret = 0;

	if (ring->files)
		return -EBUSY;
	if (!count)
		return -EINVAL;
	if (count > FILES_MAX || count > process_current()->limits[LINUX_RLIMIT_NOFILE].soft)
		return -EMFILE;
	ring->files = heap_alloc_zero(count * sizeof(*ring->files));
	if (!ring->files)
		return -ENOMEM;
	ring->nr_files = ring->files_to = count;
	for (unsigned i = 0; i < count && !ret && fds; i++) {
		uint64_t tag;
		int fd;

		ret = copy_entry(&fd, fds, i, sizeof(fd));
		if (!ret)
			ret = copy_entry(&tag, tags, i, sizeof(tag));
		if (!ret)
			ret = fill_slot(ring, i, fd, tag);
	}
	if (!ret)
		return 0;
	for (unsigned i = 0; i < count; i++)
		ring->files[i].tag = 0;
	forget_files(ring);
	return ret;
}

int uring_files_unregister(struct uring *ring)
{
	if (!ring->files)
		return -ENXIO;
	forget_files(ring);
	return 0;
}

int uring_files_change(struct uring *ring, unsigned offset, uint64_t fds, uint64_t tags, unsigned count)
{
	unsigned done = 0;
	int ret = 0;

	if (!ring->files)
		return -ENXIO;
	if (offset > ring->nr_files || count > ring->nr_files - offset)
		return -EINVAL;
	for (; done < count; done++) {
		uint64_t tag;
		int fd;

		ret = copy_entry(&fd, fds, done, sizeof(fd));
		if (!ret)
			ret = copy_entry(&tag, tags, done, sizeof(tag));
		if (!ret && tag && (fd == IORING_REGISTER_FILES_SKIP || fd == -1))
			ret = -EINVAL;
		if (ret)
			break;
		if (fd == IORING_REGISTER_FILES_SKIP)
			continue;
		empty_slot(ring, &ring->files[offset + done]);
		ret = fill_slot(ring, offset + done, fd, tag);
		if (ret)
			break;
	}
	return done ? (int)done : ret;
}

int uring_files_fill(struct uring *ring, uint64_t fds, unsigned count)
{
	unsigned done = 0;
	int ret = ring->files ? 0 : -ENXIO;

	for (; !ret && done < count; done++) {
		struct file *file;
		int fd, place;

		ret = copy_entry(&fd, fds, done, sizeof(fd));
		if (ret)
			break;
		file = descriptor_get(fd);
		place = file ? uring_file_place(ring, file, IORING_FILE_INDEX_ALLOC) : -EBADF;
		ret = place < 0 ? place : copy_to_user(fds + done * sizeof(fd), &place, sizeof(place));
		if (ret)
			break;
	}
	return done ? (int)done : ret;
}

int uring_files_range(struct uring *ring, unsigned offset, unsigned count)
{
	if (offset > ring->nr_files || count > ring->nr_files - offset)
		return offset + (uint64_t)count > UINT32_MAX ? -EOVERFLOW : -EINVAL;
	ring->files_from = offset;
	ring->files_to = offset + count;
	ring->files_next = 0;
	return 0;
}

/* ---- Buffers ---- */

int uring_buffer_check(struct uring *ring, unsigned index, uint64_t address, uint64_t len)
{
	bool locked = uring_lock(ring);
	const struct uring_buffer_slot *slot = index < ring->nr_buffers ? &ring->buffers[index] : NULL;
	int ret = -EFAULT;

	if (slot && slot->len && address >= slot->address && len <= slot->len && address - slot->address <= slot->len - len)
		ret = 0;
	uring_unlock(ring, locked);
	return ret;
}

static int check_buffer(const struct iovec *io, uint64_t tag)
{
	if (!io->base)
		return io->len ? -EFAULT : tag ? -EINVAL : 0;
	if (!io->len || io->len > BUFFER_BYTES_MAX || io->base + io->len < io->base)
		return -EFAULT;
	return 0;
}

static int copy_buffer(uint64_t iovecs, uint64_t tags, unsigned n, struct uring_buffer_slot *to)
{
	struct iovec io;
	uint64_t tag;
	uint8_t byte;
	int ret = copy_entry(&io, iovecs, n, sizeof(io));

	if (!ret)
		ret = copy_entry(&tag, tags, n, sizeof(tag));
	if (!ret)
		ret = check_buffer(&io, tag);
	/* The memory is there: its ends say so. */
	if (!ret && io.len && (copy_from_user(&byte, io.base, 1) || copy_from_user(&byte, io.base + io.len - 1, 1)))
		ret = -EFAULT;
	if (!ret)
		*to = (struct uring_buffer_slot){.address = io.base, .len = io.len, .tag = tag};
	return ret;
}

int uring_buffers_register(struct uring *ring, uint64_t iovecs, uint64_t tags, unsigned count)
{
	struct uring_buffer_slot *buffers;
	int ret = 0;

	if (ring->buffers)
		return -EBUSY;
	if (!count || count > BUFFERS_MAX)
		return -EINVAL;
	buffers = heap_alloc_zero(count * sizeof(*buffers));
	if (!buffers)
		return -ENOMEM;
	for (unsigned i = 0; i < count && !ret && iovecs; i++)
		ret = copy_buffer(iovecs, tags, i, &buffers[i]);
	if (ret) {
		heap_free(buffers);
		return ret;
	}
	ring->buffers = buffers;
	ring->nr_buffers = count;
	return 0;
}

static void forget_buffers(struct uring *ring)
{
	for (unsigned i = 0; i < ring->nr_buffers; i++)
		post_tag(ring, ring->buffers[i].tag);
	heap_free(ring->buffers);
	ring->buffers = NULL;
	ring->nr_buffers = 0;
}

int uring_buffers_unregister(struct uring *ring)
{
	if (!ring->buffers)
		return -ENXIO;
	forget_buffers(ring);
	return 0;
}

int uring_buffers_change(struct uring *ring, unsigned offset, uint64_t iovecs, uint64_t tags, unsigned count)
{
	unsigned done = 0;
	int ret = 0;

	if (!ring->buffers)
		return -ENXIO;
	if (offset > ring->nr_buffers || count > ring->nr_buffers - offset)
		return -EINVAL;
	for (; done < count; done++) {
		struct uring_buffer_slot slot;

		ret = copy_buffer(iovecs, tags, done, &slot);
		if (ret)
			break;
		post_tag(ring, ring->buffers[offset + done].tag);
		ring->buffers[offset + done] = slot;
	}
	return done ? (int)done : ret;
}

void uring_tables_free(struct uring *ring)
{
	for (unsigned i = 0; i < ring->nr_files; i++)
		ring->files[i].tag = 0;
	forget_files(ring);
	for (unsigned i = 0; i < ring->nr_buffers; i++)
		ring->buffers[i].tag = 0;
	forget_buffers(ring);
}
