/* SPDX-License-Identifier: BSD-3-Clause */
/* splice(2), tee(2), vmsplice(2). */
#include "kernel/file/pipe.h"
#include "kernel/syscall/file_calls.h"
#include "lib/string.h"

enum { SPLICE_F_NONBLOCK = 2, SPLICE_F_MORE = 4, SPLICE_F_ALL = 15 };

/* Counters and queues that have no place (eventfd, epoll and their like) are read and written by their own calls alone. */
static bool is_anonymous(const struct file *file)
{
	return file->ops->anonymous_name && !strncmp(file->ops->anonymous_name, "anon_inode:", 11);
}

/* A position is for what has places, and a pipe has none. */
static int check_positions(struct file *from, const uint64_t *from_position, struct file *to, const uint64_t *to_position)
{
	if ((file_pipe(from) && from_position) || (file_pipe(to) && to_position))
		return -ESPIPE;
	if ((from_position && !from->ops->seek) || (to_position && !to->ops->seek))
		return -EINVAL;
	if (!file_pipe(from) && !file_pipe(to))
		return -EINVAL;
	if (file_pipe(from) == file_pipe(to))
		return -EINVAL;
	if (is_anonymous(from) || is_anonymous(to) || !from->ops->read || !to->ops->write)
		return -EINVAL;
	return !file_pipe(to) && to->flags & O_APPEND ? -EINVAL : 0;
}

int64_t splice_files(struct file *from, uint64_t *from_position, struct file *to, uint64_t *to_position, uint64_t len, unsigned flags)
{
	struct pipe *from_pipe = file_pipe(from), *to_pipe = file_pipe(to);
	bool nonblocking = flags & SPLICE_F_NONBLOCK || (from_pipe && from->flags & O_NONBLOCK) || (to_pipe && to->flags & O_NONBLOCK);
	int ret;

	if (flags & ~(unsigned)SPLICE_F_ALL)
		return -EINVAL;
	if (!(from->mode & MAY_READ) || !(to->mode & MAY_WRITE))
		return -EBADF;
	ret = check_positions(from, from_position, to, to_position);
	if (ret || !len)
		return ret;
	if (from_pipe && to_pipe)
		return splice_pipes(from_pipe, to_pipe, len, false, nonblocking);
	if ((int64_t)len < 0)
		return -EINVAL;
	if (to_pipe)
		return splice_to_pipe(from, from_position, to_pipe, len, nonblocking);
	return splice_from_pipe(from_pipe, to, to_position, len, flags & SPLICE_F_MORE, nonblocking);
}

static int64_t splice_at(const struct two_files *files, const struct syscall_arguments *a)
{
	uint64_t from_storage, to_storage, *from, *to;
	int64_t done, ret;

	if ((file_pipe(files->from) && a->v[1]) || (file_pipe(files->to) && a->v[3]))
		return -ESPIPE;
	ret = position_get(a->v[1], &from_storage, &from);
	if (!ret)
		ret = position_get(a->v[3], &to_storage, &to);
	if (ret)
		return ret;
	done = splice_files(files->from, from, files->to, to, a->v[4], (unsigned)a->v[5]);
	if (done > 0 && from && copy_to_user(a->v[1], from, sizeof(*from)))
		return -EFAULT;
	if (done > 0 && to && copy_to_user(a->v[3], to, sizeof(*to)))
		return -EFAULT;
	return write_result(done);
}

SYSCALL(splice, 6, "dpdpux")
{
	struct two_files files;
	int64_t ret;

	if (!a->v[4])
		return 0;
	if (a->v[5] & ~(uint64_t)SPLICE_F_ALL)
		return -EINVAL;
	ret = two_files_get(&files, (int)a->v[0], (int)a->v[2]);
	if (ret)
		return ret;
	ret = splice_at(&files, a);
	two_files_put(&files);
	return ret;
}

int64_t tee_files(struct file *from, struct file *to, uint64_t len, unsigned flags)
{
	bool nonblocking = flags & SPLICE_F_NONBLOCK || (from->flags | to->flags) & O_NONBLOCK;

	if (!(from->mode & MAY_READ) || !(to->mode & MAY_WRITE))
		return -EBADF;
	if (flags & ~(unsigned)SPLICE_F_ALL || !file_pipe(from) || !file_pipe(to) || file_pipe(from) == file_pipe(to))
		return -EINVAL;
	return len ? splice_pipes(file_pipe(from), file_pipe(to), len, true, nonblocking) : 0;
}

SYSCALL(tee, 4, "ddux")
{
	struct two_files files;
	int64_t ret;

	if (a->v[3] & ~(uint64_t)SPLICE_F_ALL)
		return -EINVAL;
	if (!a->v[2])
		return 0;
	ret = two_files_get(&files, (int)a->v[0], (int)a->v[1]);
	if (ret)
		return ret;
	ret = tee_files(files.from, files.to, a->v[2], (unsigned)a->v[3]);
	two_files_put(&files);
	return write_result(ret);
}

static int64_t read_nonblocking(struct file *from, struct io_vector *io)
{
	struct thread *thread = thread_current();
	bool saved = thread->no_wait;
	int64_t ret;

	thread->no_wait = true;
	ret = file_read(from, io, NULL);
	thread->no_wait = saved;
	return ret;
}

static int64_t splice_memory(struct file *file, struct io_vector *io, bool nonblocking)
{
	if (!io->left)
		return 0;
	if (file->mode & MAY_WRITE)
		return splice_vector(file, io, nonblocking);
	return nonblocking ? read_nonblocking(file, io) : file_read(file, io, NULL);
}

SYSCALL_PARTIAL(vmsplice, "copies; SPLICE_F_GIFT gives nothing away");
SYSCALL(vmsplice, 4, "diux")
{
	struct file *file;
	struct io_vector io;
	int64_t ret;

	if (a->v[3] & ~(uint64_t)SPLICE_F_ALL)
		return -EINVAL;
	file = descriptor_get((int)a->v[0]);
	if (!file)
		return -EBADF;
	ret = file_pipe(file) ? syscall_copy_iovec(a->v[1], a->v[2], &io) : -EBADF;
	if (!ret) {
		ret = splice_memory(file, &io, a->v[3] & SPLICE_F_NONBLOCK || file->flags & O_NONBLOCK);
		syscall_free_iovec(&io);
	}
	file_put(file);
	return write_result(ret);
}
