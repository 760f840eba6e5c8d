/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Descriptor tables: an array of files and bitmaps of numbers taken and of close-on-exec, which double as they fill. The table's spin
 * lock guards all; a task that is the only one on its table reads it without the lock, since nobody else changes it.
 */
#include "kernel/file/file.h"
#include "kernel/file/lock.h"
#include "kernel/log/log.h"
#include "kernel/mem/heap.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "lib/string.h"

enum { FIRST_SIZE = 64, LIMIT_DEFAULT = 1024, LIMIT_MAX = 1 << 20 };

struct descriptor_table {
	uint32_t references; /* atomic */
	struct spinlock lock;
	unsigned size, limit, lowest_free; /* no number below lowest_free is free */
	struct file **files;
	uint64_t *taken; /* bit: the number is given; the file may still be on its way */
	uint64_t *close_on_exec;
};

static struct descriptor_table *(*current_hook)(void);

void descriptor_table_set_current_hook(struct descriptor_table *(*current)(void))
{
	current_hook = current;
}

static bool bit_test(const uint64_t *bits, unsigned n)
{
	return bits[n / 64] >> (n % 64) & 1;
}

static void bit_set(uint64_t *bits, unsigned n, bool value)
{
	if (value)
		bits[n / 64] |= 1ull << (n % 64);
	else
		bits[n / 64] &= ~(1ull << (n % 64));
}

/* One block of memory: files, taken, close_on_exec. */
static struct file **storage_new(unsigned size)
{
	return heap_alloc_zero(size * sizeof(struct file *) + 2 * size / 8);
}

static void storage_use(struct descriptor_table *table, struct file **storage, unsigned size)
{
	table->files = storage;
	table->taken = (uint64_t *)(storage + size);
	table->close_on_exec = table->taken + size / 64;
	table->size = size;
}

static struct descriptor_table *table_new(unsigned size)
{
	struct descriptor_table *table = heap_alloc_zero(sizeof(*table));
	struct file **storage = storage_new(size);

	if (!table || !storage) {
		heap_free(table);
		heap_free(storage);
		return NULL;
	}
	storage_use(table, storage, size);
	table->references = 1;
	table->limit = LIMIT_DEFAULT;
	return table;
}

struct descriptor_table *descriptor_table_new(void)
{
	return table_new(FIRST_SIZE);
}

static void copy_entries(struct descriptor_table *to, const struct descriptor_table *from)
{
	for (unsigned i = 0; i < from->size; i++) {
		struct file *file = from->files[i];

		if (!file)
			continue; /* numbers that are only reserved stay the other's */
		file_get(file);
		to->files[i] = file;
		bit_set(to->taken, i, true);
		bit_set(to->close_on_exec, i, bit_test(from->close_on_exec, i));
	}
	to->limit = from->limit;
}

struct descriptor_table *descriptor_table_copy(struct descriptor_table *from)
{
	struct descriptor_table *to;
	unsigned size;

	for (;;) {
		size = __atomic_load_n(&from->size, __ATOMIC_RELAXED);
		to = table_new(size);
		if (!to)
			return NULL;
		spin_lock(&from->lock);
		if (from->size == size)
			break;
		spin_unlock(&from->lock);
		descriptor_table_put(to);
	}
	copy_entries(to, from);
	spin_unlock(&from->lock);
	return to;
}

void descriptor_table_get(struct descriptor_table *table)
{
	__atomic_fetch_add(&table->references, 1, __ATOMIC_RELAXED);
}

uint64_t descriptor_table_memory(struct descriptor_table *table)
{
	uint64_t blocks = 0;

	spin_lock(&table->lock);
	for (unsigned i = 0; i < table->size; i++) {
		const struct file *file = table->files[i];
		const struct inode *inode = file ? file->inode : NULL;

		if (inode && !inode->links && page_cache_is_memory(&inode->cache))
			blocks += inode->blocks_512;
	}
	spin_unlock(&table->lock);
	return blocks / (PAGE_SIZE / 512);
}

bool descriptor_table_is_shared(const struct descriptor_table *table)
{
	return __atomic_load_n(&table->references, __ATOMIC_RELAXED) > 1;
}

/* A descriptor of the table is no more: what close(2) does with its file, and answers. */
static int closed(struct descriptor_table *table, struct file *file)
{
	struct file_watch *watch = __atomic_load_n(&file->watch, __ATOMIC_ACQUIRE);
	int ret = 0;

	if (file->inode && file->inode->lock_list)
		lock_release_owner(file, table);
	if (watch)
		watch->closed(watch, table);
	if (file->ops->flush)
		ret = file->ops->flush(file);
	file_put(file);
	return ret;
}

void descriptor_table_put(struct descriptor_table *table)
{
	if (!table || __atomic_sub_fetch(&table->references, 1, __ATOMIC_ACQ_REL))
		return;
	for (unsigned i = 0; i < table->size; i++)
		if (table->files[i])
			closed(table, table->files[i]);
	heap_free(table->files);
	heap_free(table);
}

static struct descriptor_table *current(void)
{
	return current_hook();
}

/* With the lock held; drops and takes it again. */
static int grow(struct descriptor_table *table, unsigned needed)
{
	unsigned size = table->size, old_size;
	struct file **storage, **old;

	while (size <= needed)
		size *= 2;
	spin_unlock(&table->lock);
	storage = storage_new(size);
	spin_lock(&table->lock);
	if (!storage)
		return -ENOMEM;
	if (table->size >= size) {
		heap_free(storage);
		return 0;
	}
	old = table->files;
	old_size = table->size;
	memcpy(storage, old, old_size * sizeof(*storage));
	memcpy(storage + size, table->taken, old_size / 8);
	memcpy((uint64_t *)(storage + size) + size / 64, table->close_on_exec, old_size / 8);
	storage_use(table, storage, size);
	heap_free(old);
	return 0;
}

static unsigned find_free(const struct descriptor_table *table, unsigned from)
{
	for (unsigned word = from / 64; word < table->size / 64; word++) {
		uint64_t free = ~table->taken[word];

		if (word == from / 64)
			free &= ~0ull << (from % 64);
		if (free)
			return word * 64 + (unsigned)__builtin_ctzll(free);
	}
	return table->size;
}

static int reserve_locked(struct descriptor_table *table, unsigned minimum, bool close_on_exec)
{
	unsigned fd;

	for (;;) {
		fd = find_free(table, minimum > table->lowest_free ? minimum : table->lowest_free);
		if (minimum > fd)
			fd = minimum;
		if (fd >= table->limit)
			return -EMFILE;
		if (fd < table->size)
			break;
		if (grow(table, fd))
			return -ENOMEM;
	}
	bit_set(table->taken, fd, true);
	bit_set(table->close_on_exec, fd, close_on_exec);
	if (minimum <= table->lowest_free)
		table->lowest_free = fd + 1;
	return (int)fd;
}

int descriptor_reserve(int minimum, bool close_on_exec)
{
	struct descriptor_table *table = current();
	int fd;

	spin_lock(&table->lock);
	fd = reserve_locked(table, (unsigned)minimum, close_on_exec);
	spin_unlock(&table->lock);
	return fd;
}

void descriptor_fill(int fd, struct file *file)
{
	struct descriptor_table *table = current();

	spin_lock(&table->lock);
	table->files[fd] = file;
	spin_unlock(&table->lock);
}

static void release_number(struct descriptor_table *table, unsigned fd)
{
	table->files[fd] = NULL;
	bit_set(table->taken, fd, false);
	bit_set(table->close_on_exec, fd, false);
	if (fd < table->lowest_free)
		table->lowest_free = fd;
}

void descriptor_cancel(int fd)
{
	struct descriptor_table *table = current();

	spin_lock(&table->lock);
	release_number(table, (unsigned)fd);
	spin_unlock(&table->lock);
}

int descriptor_add(struct file *file, int minimum, bool close_on_exec)
{
	struct descriptor_table *table = current();
	int fd;

	spin_lock(&table->lock);
	fd = reserve_locked(table, (unsigned)minimum, close_on_exec);
	if (fd >= 0)
		table->files[fd] = file;
	spin_unlock(&table->lock);
	return fd;
}

struct file *descriptor_get_any(int fd)
{
	struct descriptor_table *table = current();
	struct file *file = NULL;

	spin_lock(&table->lock);
	if ((unsigned)fd < table->size)
		file = table->files[fd];
	if (file)
		file_get(file);
	spin_unlock(&table->lock);
	if (file)
		file_place(file);
	return file;
}

struct file *descriptor_get(int fd)
{
	struct file *file = descriptor_get_any(fd);

	if (likely(!file || !(file->flags & O_PATH)))
		return file;
	file_put(file);
	return NULL;
}

struct file *descriptor_borrow(int fd, bool *must_put)
{
	struct descriptor_table *table = current();

	*must_put = __atomic_load_n(&table->references, __ATOMIC_RELAXED) > 1;
	if (*must_put)
		return descriptor_get_any(fd);
	return (unsigned)fd < table->size ? table->files[fd] : NULL;
}

int descriptor_close(int fd)
{
	struct descriptor_table *table = current();
	struct file *file = NULL;

	spin_lock(&table->lock);
	if ((unsigned)fd < table->size)
		file = table->files[fd];
	if (file)
		release_number(table, (unsigned)fd);
	spin_unlock(&table->lock);
	return file ? closed(table, file) : -EBADF;
}

int descriptor_close_range(unsigned first, unsigned last, unsigned flags)
{
	struct descriptor_table *table = current();

	if (first > last)
		return -EINVAL;
	for (unsigned fd = first; fd <= last && fd < table->size; fd++) {
		if (!table->files[fd])
			continue;
		if (flags & CLOSE_RANGE_CLOEXEC)
			descriptor_set_flags((int)fd, FD_CLOEXEC);
		else
			descriptor_close((int)fd);
	}
	return 0;
}

int descriptor_duplicate_to(struct file *file, int fd, bool close_on_exec)
{
	struct descriptor_table *table = current();
	struct file *old;
	int ret = 0;

	if (fd < 0 || (unsigned)fd >= table->limit)
		return -EBADF;
	spin_lock(&table->lock);
	if ((unsigned)fd >= table->size)
		ret = grow(table, (unsigned)fd);
	if (!ret && bit_test(table->taken, (unsigned)fd) && !table->files[fd])
		ret = -EBUSY; /* another thread's open is giving out the number (dup(2)) */
	if (ret) {
		spin_unlock(&table->lock);
		return ret;
	}
	old = table->files[fd];
	file_get(file);
	table->files[fd] = file;
	bit_set(table->taken, (unsigned)fd, true);
	bit_set(table->close_on_exec, (unsigned)fd, close_on_exec);
	spin_unlock(&table->lock);
	if (old)
		closed(table, old);
	return fd;
}

int descriptor_get_flags(int fd)
{
	struct descriptor_table *table = current();
	int ret = -EBADF;

	spin_lock(&table->lock);
	if ((unsigned)fd < table->size && table->files[fd])
		ret = bit_test(table->close_on_exec, (unsigned)fd) ? FD_CLOEXEC : 0;
	spin_unlock(&table->lock);
	return ret;
}

int descriptor_set_flags(int fd, int flags)
{
	struct descriptor_table *table = current();
	int ret = -EBADF;

	spin_lock(&table->lock);
	if ((unsigned)fd < table->size && table->files[fd]) {
		bit_set(table->close_on_exec, (unsigned)fd, flags & FD_CLOEXEC);
		ret = 0;
	}
	spin_unlock(&table->lock);
	return ret;
}

void descriptor_close_on_exec(void)
{
	struct descriptor_table *table = current();

	for (unsigned word = 0; word < table->size / 64; word++) {
		uint64_t bits = table->close_on_exec[word];

		for (; bits; bits &= bits - 1)
			(void)descriptor_close((int)(word * 64 + (unsigned)__builtin_ctzll(bits)));
	}
}

void descriptor_set_limit(unsigned limit)
{
	current()->limit = limit < LIMIT_MAX ? limit : LIMIT_MAX;
}

void descriptor_table_place(struct descriptor_table *table, unsigned fd, struct file *file, bool close_on_exec)
{
	ASSERT(fd < table->size && !table->files[fd]);
	file_get(file);
	table->files[fd] = file;
	bit_set(table->taken, fd, true);
	bit_set(table->close_on_exec, fd, close_on_exec);
}

int descriptor_next(struct descriptor_table *table, int fd, struct file **file)
{
	int found = -1;

	spin_lock(&table->lock);
	for (unsigned i = (unsigned)fd; i < table->size && found < 0; i++) {
		if (!table->files[i])
			continue;
		*file = table->files[i];
		file_get(*file);
		found = (int)i;
	}
	spin_unlock(&table->lock);
	if (found >= 0)
		file_place(*file);
	return found;
}
