/* SPDX-License-Identifier: BSD-3-Clause */
/* io_submit(2): from the program's blocks to requests. */
#include "kernel/aio/aio.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/syscall/file_calls.h"
#include "kernel/uapi/poll.h"
#include "lib/string.h"

enum { IO_MAX = 0x7ffff000 };

static bool is_write(const struct linux_iocb *iocb)
{
	return iocb->lio_opcode == IOCB_CMD_PWRITE || iocb->lio_opcode == IOCB_CMD_PWRITEV;
}

/* On any thread of the process; tried again after -EAGAIN, so that it moves a copy of the vector. */
static int64_t transfer(struct aio_request *request)
{
	const struct linux_iocb *iocb = &request->iocb;
	uint64_t position = (uint64_t)iocb->offset;
	struct io_vector io = request->io;

	if (request->io.segments == &request->io.one)
		io.segments = &io.one;
	return transfer_flagged(request->file, &io, request->file->ops->seek ? &position : NULL, (int)iocb->rw_flags, is_write(iocb));
}

static int64_t flush(struct aio_request *request)
{
	return file_sync(request->file, request->iocb.lio_opcode == IOCB_CMD_FDSYNC);
}

static void release(struct aio_request *request)
{
	syscall_free_iovec(&request->io);
}

/* ---- What each command needs ---- */

static int prepare_transfer(struct aio_request *request)
{
	const struct linux_iocb *iocb = &request->iocb;
	struct file *file = request->file;
	bool is_vector = iocb->lio_opcode == IOCB_CMD_PREADV || iocb->lio_opcode == IOCB_CMD_PWRITEV;
	unsigned mode = is_write(iocb) ? MAY_WRITE : MAY_READ;

	if (!(file->mode & mode))
		return -EBADF;
	if (!(is_write(iocb) ? (void *)file->ops->write : (void *)file->ops->read))
		return -EINVAL;
	if ((int)iocb->rw_flags & ~RWF_ALL)
		return -EOPNOTSUPP;
	if (iocb->offset < 0 && file->ops->seek)
		return -EINVAL;
	request->perform = transfer;
	request->release = release;
	request->events = is_write(iocb) ? POLLOUT : POLLIN;
	request->never_waits = iocb->rw_flags & RWF_NOWAIT;
	request->is_slow = is_write(iocb) && (file->flags & O_DSYNC) && !file->ops->poll;
	if (is_vector)
		return syscall_copy_iovec(iocb->buf, iocb->nbytes, &request->io);
	io_vector_init_user(&request->io, iocb->buf, min_u64(iocb->nbytes, IO_MAX));
	return 0;
}

static int prepare_flush(struct aio_request *request)
{
	const struct linux_iocb *iocb = &request->iocb;

	if (iocb->buf || iocb->offset || iocb->nbytes || iocb->rw_flags || !request->file->ops->sync)
		return -EINVAL;
	request->perform = flush;
	request->is_slow = true;
	return 0;
}

static int prepare_poll(struct aio_request *request)
{
	const struct linux_iocb *iocb = &request->iocb;

	if (iocb->buf > UINT16_MAX || iocb->offset || iocb->nbytes || iocb->rw_flags)
		return -EINVAL;
	return 0;
}

static int (*const prepare[])(struct aio_request *) = {
	[IOCB_CMD_PREAD] = prepare_transfer,
	[IOCB_CMD_PWRITE] = prepare_transfer,
	[IOCB_CMD_FSYNC] = prepare_flush,
	[IOCB_CMD_FDSYNC] = prepare_flush,
	[IOCB_CMD_POLL] = prepare_poll,
	[IOCB_CMD_PREADV] = prepare_transfer,
	[IOCB_CMD_PWRITEV] = prepare_transfer,
};

/* ---- Submitting ---- */

static int find_event(struct aio_request *request)
{
	struct file *file;

	if (!(request->iocb.flags & IOCB_FLAG_RESFD))
		return 0;
	file = descriptor_get((int)request->iocb.resfd);
	if (!file)
		return -EBADF;
	request->event = file;
	return file_is_eventfd(file) ? 0 : -EINVAL;
}

static int fill(struct aio_request *request)
{
	const struct linux_iocb *iocb = &request->iocb;
	uint32_t key = 0;
	int ret;

	request->file = descriptor_get((int)iocb->fildes);
	if (!request->file || (request->file->flags & O_PATH))
		return -EBADF;
	ret = find_event(request);
	if (ret)
		return ret;
	if (copy_to_user(request->user_iocb + 8, &key, sizeof(key)))
		return -EFAULT;
	if (iocb->lio_opcode >= ARRAY_SIZE(prepare) || !prepare[iocb->lio_opcode])
		return -EINVAL;
	return prepare[iocb->lio_opcode](request);
}

static int check(const struct linux_iocb *iocb)
{
	if (iocb->reserved2)
		return -EINVAL;
	if (iocb->nbytes > INT64_MAX)
		return -EINVAL;
	return 0;
}

static int submit_one(struct aio_context *context, uint64_t address)
{
	struct aio_request *request;
	struct linux_iocb iocb;
	int ret = copy_from_user(&iocb, address, sizeof(iocb));

	if (!ret)
		ret = check(&iocb);
	if (!ret)
		ret = aio_request_new(context, &request);
	if (ret)
		return ret;
	request->iocb = iocb;
	request->user_iocb = address;
	ret = fill(request);
	if (!ret)
		ret = aio_request_start(request);
	if (ret)
		aio_request_free(request);
	return ret;
}

SYSCALL(io_submit, 3, "pdp")
{
	int64_t count = (int64_t)a->v[1], done = 0;
	struct aio_context *context;
	int ret = 0;

	if (count < 0)
		return -EINVAL;
	context = aio_context_get(a->v[0]);
	if (!context)
		return -EINVAL;
	for (; done < count && !ret; done += !ret) {
		uint64_t address;

		ret = copy_from_user(&address, a->v[2] + (uint64_t)done * sizeof(address), sizeof(address));
		if (!ret)
			ret = submit_one(context, address);
		cpu_poll();
	}
	aio_context_put(context);
	return done ? done : ret;
}
