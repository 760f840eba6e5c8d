/* SPDX-License-Identifier: BSD-3-Clause */
/* IORING_OP_SPLICE, IORING_OP_TEE: on workers, since bytes that left one pipe must find their way. */
#include "kernel/syscall/io_uring/rings.h"

static struct file *source(struct uring_request *r)
{
	if (r->sqe.op_flags & IORING_SPLICE_F_FD_IN_FIXED)
		return uring_file_get(r->ring, r->sqe.file_index);
	return descriptor_get((int)r->sqe.file_index);
}

static uint64_t *position(uint64_t *value)
{
	return (int64_t)*value == -1 ? NULL : value;
}

static int finish(struct uring_request *r, struct file *from, int64_t ret)
{
	file_put(from);
	r->has_failed = ret >= 0 && ret != r->sqe.len;
	return (int)ret;
}

static int issue_splice(struct uring_request *r, bool may_wait)
{
	uint64_t from_position = r->sqe.addr, to_position = r->sqe.off;
	struct file *from = source(r);

	if (!from)
		return -EBADF;
	return finish(r, from, splice_files(from, position(&from_position), r->file, position(&to_position), r->sqe.len, r->sqe.op_flags & ~IORING_SPLICE_F_FD_IN_FIXED));
}

static int prepare_splice(struct uring_request *r)
{
	return r->sqe.op_flags & ~(IORING_SPLICE_F_FD_IN_FIXED | 15u) ? -EINVAL : 0;
}

URING_OPERATION(splice) = {.opcode = IORING_OP_SPLICE, .flags = URING_FILE | URING_WORKER | URING_UNBOUNDED, .prepare = prepare_splice, .issue = issue_splice};

static int prepare_tee(struct uring_request *r)
{
	return r->sqe.addr || r->sqe.off ? -EINVAL : prepare_splice(r);
}

static int issue_tee(struct uring_request *r, bool may_wait)
{
	struct file *from = source(r);

	if (!from)
		return -EBADF;
	return finish(r, from, tee_files(from, r->file, r->sqe.len, r->sqe.op_flags & ~IORING_SPLICE_F_FD_IN_FIXED));
}

URING_OPERATION(tee) = {.opcode = IORING_OP_TEE, .flags = URING_FILE | URING_WORKER | URING_UNBOUNDED, .prepare = prepare_tee, .issue = issue_tee};
