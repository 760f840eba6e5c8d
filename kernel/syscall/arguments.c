/* SPDX-License-Identifier: BSD-3-Clause */
/* Arguments of calls on files: paths, directories, iovecs, files. */
#include "kernel/syscall/arguments.h"
#include "kernel/mem/heap.h"
#include "lib/string.h"

enum { STACK_PATH = 200, IO_MAX = 0x7ffff000 /* read(2): at most this many bytes a call */ };

int syscall_copy_path(uint64_t address, char **path)
{
	char *buffer = heap_alloc(LINUX_PATH_MAX), *exact;
	long len;

	if (!buffer)
		return -ENOMEM;
	len = user_copy_string(buffer, address, LINUX_PATH_MAX);
	exact = len < 0 ? NULL : heap_alloc((size_t)len + 1);
	if (exact)
		memcpy(exact, buffer, (size_t)len + 1);
	heap_free(buffer);
	if (len < 0)
		return (int)len;
	if (!exact)
		return -ENOMEM;
	*path = exact;
	return 0;
}

static int place_directory(int dirfd, struct path *storage, const struct path **start, bool may_be_any)
{
	struct file *file;

	*start = NULL;
	if (dirfd == AT_FDCWD)
		return 0;
	file = descriptor_get_any(dirfd);
	if (!file)
		return -EBADF;
	if (!file->path.dentry || (!may_be_any && !inode_is_directory(path_inode(&file->path)))) {
		file_put(file);
		return -ENOTDIR;
	}
	*storage = file->path;
	path_get(storage);
	file_put(file);
	*start = storage;
	return 0;
}

int syscall_directory(int dirfd, struct path *storage, const struct path **start)
{
	*storage = (struct path){0};
	return place_directory(dirfd, storage, start, false);
}

int place_get(struct place_argument *place, int dirfd, uint64_t address, bool may_be_empty)
{
	long len = user_copy_string(place->short_name, address, sizeof(place->short_name));
	int ret;

	place->storage = (struct path){0};
	place->start = NULL;
	place->name = place->short_name;
	if (len == -ENAMETOOLONG) {
		ret = syscall_copy_path(address, &place->name);
		if (ret)
			return ret;
	} else if (len < 0) {
		return (int)len;
	}
	if (place->name[0] == '/')
		return 0;
	if (!place->name[0] && !may_be_empty)
		return -ENOENT; /* whatever dirfd is */
	ret = place_directory(dirfd, &place->storage, &place->start, may_be_empty && !place->name[0]);
	if (ret)
		place_put(place);
	return ret;
}

int place_from(struct place_argument *place, int dirfd, char *name, bool may_be_empty)
{
	int ret = 0;

	place->storage = (struct path){0};
	place->start = NULL;
	place->name = name;
	if (name[0] != '/')
		ret = place_directory(dirfd, &place->storage, &place->start, may_be_empty && !name[0]);
	if (ret)
		place_put(place);
	return ret;
}

void place_put(struct place_argument *place)
{
	if (place->name != place->short_name)
		heap_free(place->name);
	path_put(&place->storage);
}

int syscall_copy_iovec(uint64_t address, uint64_t count, struct io_vector *io)
{
	struct linux_iovec *vectors;
	uint64_t total = 0;

	count = (uint32_t)count; /* as Linux passes it on */
	if (count > LINUX_IOV_MAX)
		return -EINVAL;
	io_vector_init_user(io, 0, 0);
	if (!count)
		return 0;
	vectors = heap_alloc(count * sizeof(*vectors));
	if (!vectors)
		return -ENOMEM;
	if (copy_from_user(vectors, address, count * sizeof(*vectors))) {
		heap_free(vectors);
		return -EFAULT;
	}
	for (uint64_t i = 0; i < count; i++) {
		if ((int64_t)vectors[i].len < 0) {
			heap_free(vectors);
			return -EINVAL;
		}
		vectors[i].len = min_u64(vectors[i].len, IO_MAX - total);
		total += vectors[i].len;
	}
	/* struct linux_iovec and struct io_segment are laid out alike. */
	io->segments = (struct io_segment *)vectors;
	io->count = count;
	io->left = total;
	return 0;
}

void syscall_free_iovec(struct io_vector *io)
{
	if (io->segments != &io->one)
		heap_free(io->segments);
}

bool file_begin(struct file_argument *argument, int fd)
{
	argument->file = descriptor_borrow(fd, &argument->must_put);
	return argument->file != NULL;
}

void file_end(const struct file_argument *argument)
{
	descriptor_return(argument->file, argument->must_put);
}

int64_t write_result(int64_t result)
{
	if (unlikely(result == -EPIPE))
		task_signal(task_current(), LINUX_SIGPIPE, NULL);
	return restartable(result);
}
