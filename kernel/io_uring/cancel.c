/* SPDX-License-Identifier: BSD-3-Clause */
/* Cancelling requests: IORING_OP_ASYNC_CANCEL, and the end of a ring. */
#include "kernel/io_uring/internal.h"

enum {
	FLAGS = IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_FD_FIXED | IORING_ASYNC_CANCEL_USERDATA |
		IORING_ASYNC_CANCEL_OP,
	KEYS = IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_USERDATA | IORING_ASYNC_CANCEL_OP,
};

static bool matches(const struct uring_request *r, const struct uring_match *match)
{
	unsigned flags = match->flags;

	if (r == match->except || uring_is_link_timeout(r) || async_is_cancelled(&r->async))
		return false;
	if (flags & IORING_ASYNC_CANCEL_ANY)
		return true;
	if ((flags & IORING_ASYNC_CANCEL_FD) && r->file != match->file)
		return false;
	if ((flags & IORING_ASYNC_CANCEL_OP) && r->sqe.opcode != match->opcode)
		return false;
	return (flags & KEYS && !(flags & IORING_ASYNC_CANCEL_USERDATA)) || r->sqe.user_data == match->user_data;
}

int uring_cancel(struct uring *ring, const struct uring_match *match)
{
	bool is_many = match->flags & (IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_ANY);
	struct uring_request *r;
	int ret = is_many ? 0 : -ENOENT;

	spin_lock(&ring->completion_lock);
	list_for_each(r, &ring->requests, node) {
		int one;

		if (!matches(r, match))
			continue;
		one = async_cancel(&r->async);
		if (!is_many) {
			ret = one;
			break;
		}
		ret += one != -ENOENT;
	}
	spin_unlock(&ring->completion_lock);
	return ret;
}

static int prepare(struct uring_request *r)
{
	const struct linux_io_uring_sqe *sqe = &r->sqe;
	unsigned flags = sqe->op_flags;

	if (sqe->off || sqe->file_index || (flags & ~(unsigned)FLAGS))
		return -EINVAL;
	if ((flags & (IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_OP)) && (flags & IORING_ASYNC_CANCEL_ANY))
		return -EINVAL;
	return 0;
}

static int issue(struct uring_request *r, bool may_wait)
{
	struct uring_match match = {
		.flags = r->sqe.op_flags,
		.user_data = r->sqe.addr,
		.opcode = (uint8_t)r->sqe.len,
		.except = r,
	};
	struct file *file = NULL;
	int ret;

	if (match.flags & IORING_ASYNC_CANCEL_FD) {
		bool is_fixed = (match.flags & IORING_ASYNC_CANCEL_FD_FIXED) || (r->sqe.flags & IOSQE_FIXED_FILE);

		file = is_fixed ? uring_file_get(r->ring, (unsigned)r->sqe.fd) : descriptor_get(r->sqe.fd);
		if (!file)
			return -EBADF;
		match.file = file;
	}
	ret = uring_cancel(r->ring, &match);
	if (file)
		file_put(file);
	return ret;
}

URING_OPERATION(async_cancel) = {.opcode = IORING_OP_ASYNC_CANCEL, .prepare = prepare, .issue = issue};
