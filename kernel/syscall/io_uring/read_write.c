/* SPDX-License-Identifier: BSD-3-Clause */
/* IORING_OP_READ, IORING_OP_WRITE, with vectors, and with registered buffers. */
#include "kernel/mem/heap.h"
#include "kernel/syscall/io_uring/rings.h"

enum { IO_MAX = 0x7ffff000 };

static bool is_write(const struct uring_request *r)
{
	return r->sqe.opcode == IORING_OP_WRITE || r->sqe.opcode == IORING_OP_WRITEV || r->sqe.opcode == IORING_OP_WRITE_FIXED;
}

static int check(const struct uring_request *r)
{
	if (r->sqe.op_flags & ~(unsigned)RWF_ALL)
		return -EOPNOTSUPP;
	return r->sqe.file_index ? -EINVAL : 0;
}

static int prepare_vector(struct uring_request *r)
{
	struct io_vector *io;
	int ret = check(r);

	if (ret)
		return ret;
	io = heap_alloc(sizeof(*io));
	if (!io)
		return -ENOMEM;
	ret = syscall_copy_iovec(r->sqe.addr, r->sqe.len, io);
	if (!ret && (r->sqe.flags & IOSQE_BUFFER_SELECT) && io->count != 1) {
		syscall_free_iovec(io);
		ret = -EINVAL;
	}
	if (ret)
		heap_free(io);
	else
		r->data = io;
	return ret;
}

static void release_vector(struct uring_request *r)
{
	if (r->data)
		syscall_free_iovec(r->data);
	heap_free(r->data);
}

static int prepare_fixed(struct uring_request *r)
{
	int ret = check(r);

	return ret ? ret : uring_buffer_check(r->ring, r->sqe.buf_index, r->sqe.addr, r->sqe.len);
}

static int prepare(struct uring_request *r)
{
	return check(r);
}

/* Where the bytes are: a copy, since a request may be tried again. */
static int vector_of(struct uring_request *r, struct io_vector *io)
{
	uint64_t address = r->sqe.addr;
	uint32_t len = (uint32_t)min_u64(r->sqe.len, IO_MAX);
	int ret = 0;

	if (r->sqe.flags & IOSQE_BUFFER_SELECT) {
		if (r->data)
			len = (uint32_t)((struct io_vector *)r->data)->left;
		ret = uring_buffer_select(r, &address, &len);
	} else if (r->data) {
		struct io_vector *from = r->data;

		*io = *from;
		if (from->segments == &from->one)
			io->segments = &io->one;
		return 0;
	}
	if (!ret)
		io_vector_init_user(io, address, len);
	return ret;
}

static int finish(struct uring_request *r, int64_t ret, uint64_t wanted)
{
	if (ret == -EAGAIN)
		uring_buffer_return(r);
	else
		uring_buffer_used(r);
	if (ret == -EPIPE && is_write(r))
		(void)task_signal(r->is_asynchronous ? async_group_owner(r->async.group) : task_current(), LINUX_SIGPIPE, NULL);
	r->has_failed = ret >= 0 && (uint64_t)ret != wanted;
	return (int)ret;
}

static int issue(struct uring_request *r, bool may_wait)
{
	bool for_writing = is_write(r), must_sync = (r->file->flags & O_DSYNC) || (r->sqe.op_flags & (RWF_DSYNC | RWF_SYNC));
	uint64_t position = r->sqe.off, wanted;
	struct io_vector io;
	int64_t ret;

	if (uring_wants_direct(r->ring) && !((r->file->flags & O_DIRECT) && !r->file->ops->poll))
		return -EOPNOTSUPP;
	if (for_writing && must_sync && !r->file->ops->poll && !may_wait)
		return -EAGAIN; /* it waits for the medium */
	if ((int64_t)position < -1)
		return -EINVAL;
	ret = vector_of(r, &io);
	if (ret)
		return (int)ret;
	wanted = io.left;
	ret = transfer_flagged(r->file, &io, (int64_t)position == -1 || !r->file->ops->seek ? NULL : &position, (int)r->sqe.op_flags, for_writing);
	if (ret == -EAGAIN && (r->sqe.op_flags & RWF_NOWAIT) && !may_wait)
		r->is_final = true;
	return finish(r, ret, wanted);
}

#define READS (URING_FILE | URING_POLL_IN | URING_IOPRIO | URING_PRIORITY | URING_IOPOLL)
#define WRITES (URING_FILE | URING_POLL_OUT | URING_IOPRIO | URING_PRIORITY | URING_IOPOLL)
URING_OPERATION(readv) = {.opcode = IORING_OP_READV, .flags = READS | URING_BUFFER, .prepare = prepare_vector, .issue = issue, .release = release_vector};
URING_OPERATION(writev) = {.opcode = IORING_OP_WRITEV, .flags = WRITES, .prepare = prepare_vector, .issue = issue, .release = release_vector};
URING_OPERATION(read_fixed) = {.opcode = IORING_OP_READ_FIXED, .flags = READS, .prepare = prepare_fixed, .issue = issue};
URING_OPERATION(write_fixed) = {.opcode = IORING_OP_WRITE_FIXED, .flags = WRITES, .prepare = prepare_fixed, .issue = issue};
URING_OPERATION(read) = {.opcode = IORING_OP_READ, .flags = READS | URING_BUFFER, .prepare = prepare, .issue = issue};
URING_OPERATION(write) = {.opcode = IORING_OP_WRITE, .flags = WRITES, .prepare = prepare, .issue = issue};
