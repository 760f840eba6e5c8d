/* SPDX-License-Identifier: BSD-3-Clause */
/* read(2), write(2), their vector and positioned forms, lseek(2), and copies within the kernel. */
#include "kernel/syscall/file_calls.h"
#include "kernel/file/pipe.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "lib/string.h"

enum { IO_MAX = 0x7ffff000 };

/* Memory of that length is the program's own neither before nor behind what a call takes of it. */
static int64_t check_large(const struct file *file, unsigned mode, const struct syscall_arguments *a)
{
	if (!(file->mode & mode))
		return -EBADF;
	return syscall_is_outside(a->v[1], a->v[2]) ? -EFAULT : 0;
}

SYSCALL(read, 3, "db>u")
{
	struct file_argument f;
	struct io_vector io;
	int64_t ret;

	if (!file_begin(&f, (int)a->v[0]))
		return -EBADF;
	io_vector_init_user(&io, a->v[1], min_u64(a->v[2], IO_MAX));
	ret = unlikely(a->v[2] > IO_MAX) ? check_large(f.file, MAY_READ, a) : 0;
	if (likely(!ret))
		ret = file_read(f.file, &io, NULL);
	file_end(&f);
	return restartable(ret);
}

SYSCALL(write, 3, "dbu")
{
	struct file_argument f;
	struct io_vector io;
	int64_t ret;

	if (!file_begin(&f, (int)a->v[0]))
		return -EBADF;
	io_vector_init_user(&io, a->v[1], min_u64(a->v[2], IO_MAX));
	ret = unlikely(a->v[2] > IO_MAX) ? check_large(f.file, MAY_WRITE, a) : 0;
	if (likely(!ret))
		ret = file_write(f.file, &io, NULL);
	file_end(&f);
	return write_result(ret);
}

static int64_t transfer(int fd, struct io_vector *io, uint64_t *position, bool is_write)
{
	struct file_argument f;
	int64_t ret;

	if (!file_begin(&f, fd))
		return -EBADF;
	ret = is_write ? file_write(f.file, io, position) : file_read(f.file, io, position);
	file_end(&f);
	return is_write ? write_result(ret) : restartable(ret);
}

static int64_t transfer_buffer(const struct syscall_arguments *a, bool is_write)
{
	uint64_t position = a->v[3];
	struct file_argument f;
	struct io_vector io;
	int64_t ret = 0;

	if ((int64_t)position < 0)
		return -EINVAL;
	if (!file_begin(&f, (int)a->v[0]))
		return -EBADF;
	io_vector_init_user(&io, a->v[1], min_u64(a->v[2], IO_MAX));
	if (f.file->ops->seek && (a->v[2] > IO_MAX || (int64_t)(position + a->v[2]) < 0)) {
		ret = check_large(f.file, is_write ? MAY_WRITE : MAY_READ, a);
		if (!ret && (int64_t)(position + a->v[2]) < 0)
			ret = -EINVAL;
	}
	if (!ret)
		ret = is_write ? file_write(f.file, &io, &position) : file_read(f.file, &io, &position);
	file_end(&f);
	return is_write ? write_result(ret) : restartable(ret);
}

SYSCALL(pread64, 4, "db>ud")
{
	return transfer_buffer(a, false);
}

SYSCALL(pwrite64, 4, "dbud")
{
	return transfer_buffer(a, true);
}

static int64_t transfer_vector(const struct syscall_arguments *a, uint64_t *position, bool is_write)
{
	struct io_vector io;
	int64_t ret = syscall_copy_iovec(a->v[1], a->v[2], &io);

	if (ret)
		return ret;
	ret = transfer((int)a->v[0], &io, position, is_write);
	syscall_free_iovec(&io);
	return ret;
}

SYSCALL(readv, 3, "diu")
{
	return transfer_vector(a, NULL, false);
}

SYSCALL(writev, 3, "diu")
{
	return transfer_vector(a, NULL, true);
}

static int64_t positioned_vector(const struct syscall_arguments *a, bool is_write)
{
	uint64_t position = a->v[3];

	return (int64_t)position < 0 ? -EINVAL : transfer_vector(a, &position, is_write);
}

SYSCALL(preadv, 4, "diud")
{
	return positioned_vector(a, false);
}

SYSCALL(pwritev, 4, "diud")
{
	return positioned_vector(a, true);
}

/* RWF_APPEND and the sync flags are those of the file for this call. */
static int64_t write_flagged(struct file *file, struct io_vector *io, uint64_t *position, int flags)
{
	int saved = file->flags, added = 0;
	int64_t ret;

	added |= flags & RWF_APPEND ? O_APPEND : 0;
	added |= flags & RWF_SYNC ? O_SYNC : flags & RWF_DSYNC ? O_DSYNC : 0;
	if (likely(!added))
		return file_write(file, io, position);
	file->flags |= added;
	ret = file_write(file, io, position);
	file->flags = (file->flags & ~added) | (saved & added);
	return ret;
}

/* preadv2(2), pwritev2(2). Files of disks and memory are not written without waiting. */
int64_t transfer_flagged(struct file *file, struct io_vector *io, uint64_t *position, int flags, bool is_write)
{
	struct thread *thread = thread_current();
	bool saved = thread->no_wait;
	int64_t ret;

	if (flags & ~RWF_ALL || (is_write && flags & RWF_NOWAIT && file->ops == &data_file_ops))
		return -EOPNOTSUPP;
	thread->no_wait |= (flags & RWF_NOWAIT) != 0;
	ret = is_write ? write_flagged(file, io, position, flags) : file_read(file, io, position);
	thread->no_wait = saved;
	return ret;
}

static int64_t flagged_vector(const struct syscall_arguments *a, bool is_write)
{
	uint64_t position = a->v[3];
	struct io_vector io;
	struct file *file;
	int64_t ret;

	if ((int)a->v[5] & ~RWF_ALL)
		return -EOPNOTSUPP;
	if ((int64_t)position < -1)
		return -EINVAL;
	file = descriptor_get((int)a->v[0]);
	if (!file)
		return -EBADF;
	ret = syscall_copy_iovec(a->v[1], a->v[2], &io);
	if (!ret) {
		ret = transfer_flagged(file, &io, (int64_t)position == -1 ? NULL : &position, (int)a->v[5], is_write);
		syscall_free_iovec(&io);
	}
	file_put(file);
	return is_write ? write_result(ret) : restartable(ret);
}

SYSCALL(preadv2, 6, "diuddx")
{
	return flagged_vector(a, false);
}

SYSCALL(pwritev2, 6, "diuddx")
{
	return flagged_vector(a, true);
}

SYSCALL(lseek, 3, "ddd")
{
	struct file_argument f;
	int64_t ret;

	if (!file_begin(&f, (int)a->v[0]))
		return -EBADF;
	if (f.file->flags & O_PATH)
		ret = -EBADF;
	else
		ret = f.file->ops->seek ? f.file->ops->seek(f.file, (int64_t)a->v[1], (int)a->v[2]) : -ESPIPE;
	file_end(&f);
	return ret;
}

/* ---- sendfile(2), copy_file_range(2) ---- */

int two_files_get(struct two_files *files, int from, int to)
{
	files->from = descriptor_get(from);
	files->to = files->from ? descriptor_get(to) : NULL;
	if (files->to)
		return 0;
	if (files->from)
		file_put(files->from);
	return -EBADF;
}

void two_files_put(struct two_files *files)
{
	file_put(files->from);
	file_put(files->to);
}

int position_get(uint64_t address, uint64_t *storage, uint64_t **position)
{
	*position = NULL;
	if (!address)
		return 0;
	if (copy_from_user(storage, address, sizeof(*storage)))
		return -EFAULT;
	*position = storage;
	return (int64_t)*storage < 0 ? -EINVAL : 0;
}

static int64_t copy_at(struct two_files *files, uint64_t from_address, uint64_t to_address, uint64_t len)
{
	struct pipe *pipe = file_pipe(files->to);
	uint64_t from_storage, to_storage, *from, *to;
	int64_t done, ret = position_get(from_address, &from_storage, &from);

	if (!ret)
		ret = position_get(to_address, &to_storage, &to);
	if (ret)
		return ret;
	len = min_u64(len, IO_MAX);
	if (pipe) /* what it has room for */
		done = splice_to_pipe(files->from, from, pipe, len, files->to->flags & O_NONBLOCK);
	else
		done = file_copy(files->from, from, files->to, to, len);
	if (done >= 0 && from && copy_to_user(from_address, from, sizeof(*from)))
		return -EFAULT;
	if (done > 0 && to && copy_to_user(to_address, to, sizeof(*to)))
		return -EFAULT;
	return write_result(done);
}

/* Of what has no places nothing may be read that the other end might not take; a pipe takes what it has room for. */
static bool may_send_from(const struct two_files *files)
{
	if (files->from->ops->read_directory || file_pipe(files->from))
		return false;
	return files->from->ops->seek || file_pipe(files->to);
}

SYSCALL(sendfile, 4, "ddpu")
{
	struct two_files files;
	int64_t ret = two_files_get(&files, (int)a->v[1], (int)a->v[0]);

	if (ret)
		return ret;
	if (!(files.from->mode & MAY_READ) || !(files.to->mode & MAY_WRITE))
		ret = -EBADF;
	else if (a->v[2] && !files.from->ops->seek)
		ret = -ESPIPE;
	else if ((files.to->flags & O_APPEND) || (int64_t)a->v[3] < 0 || !may_send_from(&files))
		ret = -EINVAL;
	else
		ret = copy_at(&files, a->v[2], 0, a->v[3]);
	two_files_put(&files);
	return ret;
}

static int check_copy_range(const struct two_files *files, uint64_t flags)
{
	const struct inode *from = files->from->inode, *to = files->to->inode;

	if (flags)
		return -EINVAL;
	if (!from || !to)
		return -EINVAL;
	if (inode_is_directory(from) || inode_is_directory(to))
		return -EISDIR;
	if ((from->mode & S_IFMT) != S_IFREG || (to->mode & S_IFMT) != S_IFREG)
		return -EINVAL;
	if (!(files->from->mode & MAY_READ) || !(files->to->mode & MAY_WRITE) || (files->to->flags & O_APPEND))
		return -EBADF;
	return 0;
}

/* Within one file the ranges must lie apart; the source's ends where the file does. */
static int check_overlap(const struct two_files *files, const struct syscall_arguments *a)
{
	uint64_t from = files->from->position, to = files->to->position, size = files->from->inode->size, len = a->v[4];

	if (a->v[1] && copy_from_user(&from, a->v[1], sizeof(from)))
		return -EFAULT;
	if (a->v[3] && copy_from_user(&to, a->v[3], sizeof(to)))
		return -EFAULT;
	if ((int64_t)from < 0 || (int64_t)to < 0 || (int64_t)len < 0)
		return -EINVAL;
	len = from < size ? min_u64(len, size - from) : 0;
	return files->from->inode == files->to->inode && from < to + len && to < from + len ? -EINVAL : 0;
}

SYSCALL(copy_file_range, 6, "dpdpux")
{
	struct two_files files;
	int64_t ret = two_files_get(&files, (int)a->v[0], (int)a->v[2]);

	if (ret)
		return ret;
	ret = check_copy_range(&files, a->v[5]);
	if (!ret)
		ret = check_overlap(&files, a);
	if (!ret)
		ret = copy_at(&files, a->v[1], a->v[3], a->v[4]);
	two_files_put(&files);
	return ret;
}

/* ---- RLIMIT_FSIZE ---- */

static uint64_t size_limit(void)
{
	struct process *process = process_current();

	return process ? process->limits[LINUX_RLIMIT_FSIZE].soft : UINT64_MAX;
}

static void size_exceeded(void)
{
	task_signal(task_current(), LINUX_SIGXFSZ, NULL);
}

static void read_write_start(void)
{
	file_set_size_limit_hooks(size_limit, size_exceeded);
}
INITCALL(read_write, INIT_CORE, read_write_start);
