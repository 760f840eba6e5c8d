/* SPDX-License-Identifier: BSD-3-Clause */
/* IORING_OP_CLOSE, of a descriptor or a place in the ring's table; IORING_OP_EPOLL_CTL. */
#include "kernel/mem/heap.h"
#include "kernel/syscall/io_uring/rings.h"

static int prepare_close(struct uring_request *r)
{
	const struct linux_io_uring_sqe *sqe = &r->sqe;

	if (sqe->off || sqe->addr || sqe->len || sqe->op_flags || sqe->buf_index)
		return -EINVAL;
	if (sqe->flags & IOSQE_FIXED_FILE)
		return -EBADF;
	return sqe->file_index && sqe->fd ? -EINVAL : 0;
}

/* Not a ring: its end could wait for this very request. */
static bool is_ring(int fd)
{
	struct file *file = descriptor_get(fd);
	bool is = file && uring_of(file);

	if (file)
		file_put(file);
	return is;
}

static int issue_close(struct uring_request *r, bool may_wait)
{
	if (r->sqe.file_index)
		return uring_file_clear(r->ring, r->sqe.file_index - 1);
	return is_ring(r->sqe.fd) ? -EBADF : descriptor_close(r->sqe.fd);
}

URING_OPERATION(close) = {.opcode = IORING_OP_CLOSE, .prepare = prepare_close, .issue = issue_close};

static int prepare_epoll(struct uring_request *r)
{
	struct linux_epoll_event *event;

	if (r->sqe.buf_index || r->sqe.file_index)
		return -EINVAL;
	event = heap_alloc_zero(sizeof(*event));
	if (!event)
		return -ENOMEM;
	r->data = event;
	return (int)r->sqe.len != EPOLL_CTL_DEL ? copy_from_user(event, r->sqe.addr, sizeof(*event)) : 0;
}

static int issue_epoll(struct uring_request *r, bool may_wait)
{
	return (int)epoll_change(r->file, (int)r->sqe.len, (int)r->sqe.off, r->data);
}

URING_OPERATION(epoll_ctl) = {.opcode = IORING_OP_EPOLL_CTL, .flags = URING_FILE, .prepare = prepare_epoll, .issue = issue_epoll};
