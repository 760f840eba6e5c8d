/* SPDX-License-Identifier: BSD-3-Clause */
/* IORING_OP_MSG_RING: a completion, or a registered file, for another ring. */
#include "kernel/io_uring/internal.h"

static int prepare(struct uring_request *r)
{
	if (r->sqe.buf_index || (r->sqe.op_flags & ~(unsigned)(IORING_MSG_RING_CQE_SKIP | IORING_MSG_RING_FLAGS_PASS)))
		return -EINVAL;
	return 0;
}

static int send_data(struct uring_request *r, struct uring *to)
{
	bool passes_flags = r->sqe.op_flags & IORING_MSG_RING_FLAGS_PASS;

	if (r->sqe.addr3 || (r->sqe.op_flags & IORING_MSG_RING_CQE_SKIP) || (!passes_flags && r->sqe.file_index))
		return -EINVAL;
	if (__atomic_load_n(&to->nr_overflow, __ATOMIC_RELAXED) > OVERFLOW_MAX)
		return -EOVERFLOW;
	(void)uring_post(to, r->sqe.off, (int32_t)r->sqe.len, passes_flags ? r->sqe.file_index : 0);
	return 0;
}

/* On a worker, which holds no lock: two rings may send to each other. */
static int send_file(struct uring_request *r, struct uring *to, bool may_wait)
{
	bool is_any = r->sqe.file_index == IORING_FILE_INDEX_ALLOC;
	struct file *file;
	int ret;

	if (to == r->ring || r->sqe.len || !r->sqe.file_index)
		return -EINVAL;
	if (!may_wait)
		return -EAGAIN;
	if (__atomic_load_n(&to->nr_overflow, __ATOMIC_RELAXED) > OVERFLOW_MAX)
		return -EOVERFLOW;
	file = uring_file_get(r->ring, (unsigned)r->sqe.addr3);
	if (!file)
		return -EBADF;
	ret = uring_file_place(to, file, is_any ? r->sqe.file_index : r->sqe.file_index - 1);
	if (ret < 0)
		return ret;
	ret = is_any ? ret : 0;
	if (!(r->sqe.op_flags & IORING_MSG_RING_CQE_SKIP))
		(void)uring_post(to, r->sqe.off, ret, 0);
	return ret;
}

static int issue(struct uring_request *r, bool may_wait)
{
	struct uring *to = uring_of(r->file);

	if (!to || to->is_disabled)
		return -EBADFD;
	switch (r->sqe.addr) {
	case IORING_MSG_DATA:
		return send_data(r, to);
	case IORING_MSG_SEND_FD:
		return send_file(r, to, may_wait);
	default:
		return -EINVAL;
	}
}

URING_OPERATION(msg_ring) = {.opcode = IORING_OP_MSG_RING, .flags = URING_FILE | URING_IOPOLL, .prepare = prepare, .issue = issue};
