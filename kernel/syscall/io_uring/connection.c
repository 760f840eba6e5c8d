/* SPDX-License-Identifier: BSD-3-Clause */
/* IORING_OP_ACCEPT, CONNECT, SHUTDOWN, SOCKET. */
#include "kernel/mem/heap.h"
#include "kernel/syscall/io_uring/rings.h"
#include "kernel/syscall/socket_calls.h"

/* ---- accept(2) ---- */

static int prepare_accept(struct uring_request *r)
{
	const struct linux_io_uring_sqe *sqe = &r->sqe;

	if (sqe->len || sqe->buf_index || (sqe->ioprio & ~(IORING_ACCEPT_MULTISHOT | IORING_ACCEPT_DONTWAIT | IORING_ACCEPT_POLL_FIRST)))
		return -EINVAL;
	if (sqe->op_flags & ~(unsigned)(LINUX_SOCK_CLOEXEC | LINUX_SOCK_NONBLOCK))
		return -EINVAL;
	if (sqe->file_index && (sqe->op_flags & LINUX_SOCK_CLOEXEC))
		return -EINVAL;
	r->is_multishot = sqe->ioprio & IORING_ACCEPT_MULTISHOT;
	return r->is_multishot && sqe->file_index && sqe->file_index != IORING_FILE_INDEX_ALLOC ? -EINVAL : 0;
}

static int accept_one(struct uring_request *r, struct socket *socket)
{
	struct file *file;
	int ret = socket_accept(socket, (int)r->sqe.op_flags, r->sqe.addr, r->sqe.off, &file);

	return ret ? ret : uring_install(r, file, r->sqe.file_index, r->sqe.op_flags & LINUX_SOCK_CLOEXEC);
}

static int issue_accept(struct uring_request *r, bool may_wait)
{
	struct socket *socket = socket_of(r->file);
	int ret;

	if (!socket)
		return -ENOTSOCK;
	if ((r->sqe.ioprio & IORING_ACCEPT_POLL_FIRST) && !r->state[0]++)
		return -EAGAIN;
	do
		ret = accept_one(r, socket);
	while (ret >= 0 && r->is_multishot && uring_post_more(r, ret, 0));
	r->is_final = ret == -EAGAIN && (r->sqe.ioprio & IORING_ACCEPT_DONTWAIT);
	return ret;
}

URING_OPERATION(accept) = {.opcode = IORING_OP_ACCEPT, .flags = URING_FILE | URING_POLL_IN | URING_UNBOUNDED | URING_IOPRIO, .prepare = prepare_accept, .issue = issue_accept};

/* ---- connect(2) ---- */

enum { IN_PROGRESS };

static int prepare_connect(struct uring_request *r)
{
	if (r->sqe.len || r->sqe.buf_index || r->sqe.op_flags || r->sqe.file_index)
		return -EINVAL;
	r->data = heap_alloc_zero(LINUX_SOCKADDR_MAX);
	return r->data ? socket_copy_address(r->sqe.addr, (uint32_t)r->sqe.off, r->data) : -ENOMEM;
}

static int pending_error(struct socket *socket)
{
	int error = 0;

	return socket_get_option(socket, LINUX_SOL_SOCKET, LINUX_SO_ERROR, &error, sizeof(error)) < 0 ? 0 : -error;
}

/* Asked again when the socket is writable, connect tells how it went. */
static int issue_connect(struct uring_request *r, bool may_wait)
{
	struct socket *socket = socket_of(r->file);
	int ret;

	if (!socket)
		return -ENOTSOCK;
	ret = socket->ops->connect ? socket->ops->connect(socket, r->data, (uint32_t)r->sqe.off) : -EOPNOTSUPP;
	if (r->state[IN_PROGRESS] && ret == -EISCONN)
		return pending_error(socket);
	if (ret != -EINPROGRESS && (ret != -EALREADY || !r->state[IN_PROGRESS]))
		return ret;
	r->state[IN_PROGRESS] = true;
	return -EAGAIN;
}

URING_OPERATION(connect) = {.opcode = IORING_OP_CONNECT, .flags = URING_FILE | URING_POLL_OUT | URING_UNBOUNDED, .prepare = prepare_connect, .issue = issue_connect};

/* ---- shutdown(2), socket(2) ---- */

static int prepare_shutdown(struct uring_request *r)
{
	return r->sqe.off || r->sqe.addr || r->sqe.op_flags || r->sqe.buf_index || r->sqe.file_index ? -EINVAL : 0;
}

static int issue_shutdown(struct uring_request *r, bool may_wait)
{
	struct socket *socket = socket_of(r->file);

	if (!socket)
		return -ENOTSOCK;
	if (r->sqe.len > LINUX_SHUT_RDWR)
		return -EINVAL;
	return socket->ops->shutdown ? socket->ops->shutdown(socket, (int)r->sqe.len) : -EOPNOTSUPP;
}

URING_OPERATION(shutdown) = {.opcode = IORING_OP_SHUTDOWN, .flags = URING_FILE, .prepare = prepare_shutdown, .issue = issue_shutdown};

static int prepare_socket(struct uring_request *r)
{
	if (r->sqe.addr || r->sqe.op_flags || r->sqe.buf_index)
		return -EINVAL;
	return r->sqe.file_index && (r->sqe.off & LINUX_SOCK_CLOEXEC) ? -EINVAL : 0;
}

static int issue_socket(struct uring_request *r, bool may_wait)
{
	int type = (int)r->sqe.off, ret;
	struct file *file;

	if (type & ~(LINUX_SOCK_TYPE_MASK | LINUX_SOCK_CLOEXEC | LINUX_SOCK_NONBLOCK))
		return -EINVAL;
	ret = socket_create(r->sqe.fd, type & LINUX_SOCK_TYPE_MASK, (int)r->sqe.len, type & LINUX_SOCK_NONBLOCK ? O_NONBLOCK : 0, &file);
	return ret ? ret : uring_install(r, file, r->sqe.file_index, type & LINUX_SOCK_CLOEXEC);
}

URING_OPERATION(socket) = {.opcode = IORING_OP_SOCKET, .prepare = prepare_socket, .issue = issue_socket};
