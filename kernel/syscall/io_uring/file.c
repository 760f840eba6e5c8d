/* SPDX-License-Identifier: BSD-3-Clause */
/* IORING_OP_FSYNC, SYNC_FILE_RANGE, FALLOCATE, FADVISE, MADVISE: what files and memory are told. */
#include "kernel/syscall/io_uring/rings.h"

static int prepare_fsync(struct uring_request *r)
{
	if (r->sqe.addr || r->sqe.buf_index || r->sqe.file_index || (r->sqe.op_flags & ~(unsigned)IORING_FSYNC_DATASYNC))
		return -EINVAL;
	return 0;
}

static int issue_fsync(struct uring_request *r, bool may_wait)
{
	return file_sync(r->file, r->sqe.op_flags & IORING_FSYNC_DATASYNC);
}

URING_OPERATION(fsync) = {.opcode = IORING_OP_FSYNC, .flags = URING_FILE | URING_WORKER, .prepare = prepare_fsync, .issue = issue_fsync};

static int prepare_range(struct uring_request *r)
{
	return r->sqe.addr || r->sqe.buf_index || r->sqe.file_index ? -EINVAL : 0;
}

static int issue_range(struct uring_request *r, bool may_wait)
{
	return (int)sync_range(r->file, (int64_t)r->sqe.off, r->sqe.len, r->sqe.op_flags);
}

URING_OPERATION(sync_file_range) = {.opcode = IORING_OP_SYNC_FILE_RANGE, .flags = URING_FILE | URING_WORKER, .prepare = prepare_range, .issue = issue_range};

static int prepare_allocate(struct uring_request *r)
{
	return r->sqe.buf_index || r->sqe.op_flags || r->sqe.file_index ? -EINVAL : 0;
}

static int issue_allocate(struct uring_request *r, bool may_wait)
{
	return (int)allocate_file(r->file, (int)r->sqe.len, (int64_t)r->sqe.off, (int64_t)r->sqe.addr);
}

URING_OPERATION(fallocate) = {.opcode = IORING_OP_FALLOCATE, .flags = URING_FILE | URING_WORKER, .prepare = prepare_allocate, .issue = issue_allocate};

static int prepare_advise(struct uring_request *r)
{
	return r->sqe.buf_index || r->sqe.file_index ? -EINVAL : 0;
}

static int issue_advise(struct uring_request *r, bool may_wait)
{
	return (int)advise_file(r->file, (int64_t)r->sqe.off, r->sqe.len, r->sqe.op_flags);
}

URING_OPERATION(fadvise) = {.opcode = IORING_OP_FADVISE, .flags = URING_FILE, .prepare = prepare_advise, .issue = issue_advise};

static int prepare_advise_memory(struct uring_request *r)
{
	return r->sqe.buf_index || r->sqe.off || r->sqe.file_index ? -EINVAL : 0;
}

static int issue_advise_memory(struct uring_request *r, bool may_wait)
{
	return address_space_advise(process_current()->space, r->sqe.addr, r->sqe.len, (int)r->sqe.op_flags);
}

URING_OPERATION(madvise) = {.opcode = IORING_OP_MADVISE, .flags = URING_WORKER, .prepare = prepare_advise_memory, .issue = issue_advise_memory};
