/* SPDX-License-Identifier: BSD-3-Clause */
/* IORING_OP_FILES_UPDATE: registered files are exchanged; IORING_OP_PROVIDE_BUFFERS and IORING_OP_REMOVE_BUFFERS. */
#include "kernel/io_uring/internal.h"

static int prepare(struct uring_request *r)
{
	if ((r->sqe.flags & IOSQE_FIXED_FILE) || r->sqe.op_flags || r->sqe.file_index || !r->sqe.len)
		return -EINVAL;
	return 0;
}

static int issue(struct uring_request *r, bool may_wait)
{
	bool locked = uring_lock(r->ring), is_any = (uint32_t)r->sqe.off == IORING_FILE_INDEX_ALLOC;
	int ret = is_any ? uring_files_fill(r->ring, r->sqe.addr, r->sqe.len) : uring_files_change(r->ring, (unsigned)r->sqe.off, r->sqe.addr, 0, r->sqe.len);

	uring_unlock(r->ring, locked);
	return ret;
}

URING_OPERATION(files_update) = {.opcode = IORING_OP_FILES_UPDATE, .flags = URING_IOPOLL, .prepare = prepare, .issue = issue};

enum { ID_MAX = 65535 };

static int prepare_provide(struct uring_request *r)
{
	const struct linux_io_uring_sqe *sqe = &r->sqe;
	uint32_t count = (uint32_t)sqe->fd;
	uint64_t size, end;

	if (sqe->op_flags || sqe->file_index)
		return -EINVAL;
	if (!count || count > ID_MAX + 1)
		return -E2BIG;
	if (!sqe->len)
		return -EINVAL;
	size = (uint64_t)sqe->len * count;
	if (__builtin_add_overflow(sqe->addr, size, &end))
		return -EOVERFLOW;
	if (end > 1ull << 47)
		return -EFAULT;
	if (sqe->off > ID_MAX)
		return -E2BIG;
	return sqe->off + count > ID_MAX + 1 ? -EINVAL : 0;
}

static int issue_provide(struct uring_request *r, bool may_wait)
{
	const struct linux_io_uring_sqe *sqe = &r->sqe;

	return uring_buffers_provide(r->ring, sqe->buf_index, sqe->addr, sqe->len, (uint32_t)sqe->fd, (uint16_t)sqe->off);
}

URING_OPERATION(provide_buffers) = {.opcode = IORING_OP_PROVIDE_BUFFERS, .flags = URING_IOPOLL, .prepare = prepare_provide, .issue = issue_provide};

static int prepare_remove(struct uring_request *r)
{
	const struct linux_io_uring_sqe *sqe = &r->sqe;
	uint32_t count = (uint32_t)sqe->fd;

	if (sqe->op_flags || sqe->addr || sqe->len || sqe->off || sqe->file_index)
		return -EINVAL;
	return !count || count > ID_MAX + 1 ? -EINVAL : 0;
}

static int issue_remove(struct uring_request *r, bool may_wait)
{
	return uring_buffers_remove(r->ring, r->sqe.buf_index, (uint32_t)r->sqe.fd);
}

URING_OPERATION(remove_buffers) = {.opcode = IORING_OP_REMOVE_BUFFERS, .flags = URING_IOPOLL, .prepare = prepare_remove, .issue = issue_remove};
