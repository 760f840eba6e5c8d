/* SPDX-License-Identifier: BSD-3-Clause */
/* IORING_OP_SEND, RECV, SENDMSG, RECVMSG. A broken connection sends no signal. */
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/syscall/io_uring/rings.h"
#include "kernel/syscall/socket_calls.h"
#include "lib/string.h"

enum { IO_MAX = INT32_MAX & ~4095 };

/* request->state: */
enum { DONE, /* bytes, of one that wants all (MSG_WAITALL) */ WAS_POLLED };

static bool wants_poll_first(struct uring_request *r)
{
	return (r->sqe.ioprio & IORING_RECVSEND_POLL_FIRST) && !r->state[WAS_POLLED]++;
}

static bool wants_all(const struct uring_request *r, const struct socket *socket)
{
	return (r->sqe.op_flags & LINUX_MSG_WAITALL) && socket->type == LINUX_SOCK_STREAM;
}

/* What one try moved, of `left` bytes that were wanted: the result, or -EAGAIN to go on. */
static int account(struct uring_request *r, const struct socket *socket, int64_t ret, uint64_t left)
{
	bool is_short;

	if (ret == -EAGAIN && (r->sqe.op_flags & LINUX_MSG_DONTWAIT)) {
		r->is_final = true;
		return r->state[DONE] ? (int)r->state[DONE] : -EAGAIN;
	}
	if (ret == -EAGAIN)
		return -EAGAIN;
	if (ret < 0) {
		r->has_failed = true;
		return r->state[DONE] ? (int)r->state[DONE] : (int)ret;
	}
	is_short = (uint64_t)ret < left;
	r->state[DONE] += (uint64_t)ret;
	if (ret && is_short && wants_all(r, socket)) {
		r->tries = 0;
		return -EAGAIN;
	}
	r->has_failed = is_short && (r->sqe.op_flags & LINUX_MSG_WAITALL);
	return (int)r->state[DONE];
}

/* ---- Plain memory ---- */

static int prepare_send(struct uring_request *r)
{
	uint32_t address_len = r->sqe.file_index & 0xffff;

	if (r->sqe.ioprio & ~IORING_RECVSEND_POLL_FIRST)
		return -EINVAL;
	if (!r->sqe.off)
		return address_len ? -EINVAL : 0;
	r->data = heap_alloc_zero(LINUX_SOCKADDR_MAX);
	return r->data ? socket_copy_address(r->sqe.off, address_len, r->data) : -ENOMEM;
}

static int issue_send(struct uring_request *r, bool may_wait)
{
	struct socket_message message = {.flags = (int)r->sqe.op_flags | LINUX_MSG_NOSIGNAL};
	struct socket *socket = socket_of(r->file);
	uint64_t left = min_u64(r->sqe.len, IO_MAX) - r->state[DONE];
	struct io_vector io;

	if (!socket)
		return -ENOTSOCK;
	if (wants_poll_first(r))
		return -EAGAIN;
	if (r->data) {
		message.name_len = r->sqe.file_index & 0xffff;
		memcpy(message.name, r->data, message.name_len);
	}
	io_vector_init_user(&io, r->sqe.addr + r->state[DONE], left);
	message.io = &io;
	return account(r, socket, socket_send(socket, &message), left);
}

#define SENDS (URING_FILE | URING_POLL_OUT | URING_UNBOUNDED | URING_IOPRIO)
#define RECEIVES (URING_FILE | URING_POLL_IN | URING_UNBOUNDED | URING_BUFFER | URING_IOPRIO)
URING_OPERATION(send) = {.opcode = IORING_OP_SEND, .flags = SENDS, .prepare = prepare_send, .issue = issue_send};

static int prepare_receive(struct uring_request *r)
{
	const struct linux_io_uring_sqe *sqe = &r->sqe;

	if (sqe->off || sqe->file_index || (sqe->ioprio & ~(IORING_RECVSEND_POLL_FIRST | IORING_RECV_MULTISHOT)))
		return -EINVAL;
	r->is_multishot = sqe->ioprio & IORING_RECV_MULTISHOT;
	if (r->is_multishot && (!(sqe->flags & IOSQE_BUFFER_SELECT) || (sqe->op_flags & LINUX_MSG_WAITALL) || sqe->len))
		return -EINVAL;
	return 0;
}

static int receive_once(struct uring_request *r, struct socket *socket)
{
	struct socket_message message = {.flags = (int)r->sqe.op_flags};
	uint64_t address = r->sqe.addr + r->state[DONE];
	uint32_t len = (uint32_t)(min_u64(r->sqe.len, IO_MAX) - r->state[DONE]);
	struct io_vector io;
	int64_t ret = 0;

	if (r->sqe.flags & IOSQE_BUFFER_SELECT)
		ret = uring_buffer_select(r, &address, &len);
	if (ret)
		return (int)ret;
	io_vector_init_user(&io, address, len);
	message.io = &io;
	ret = socket_receive(socket, &message);
	socket_files_release(message.files);
	if (ret > 0)
		uring_buffer_used(r);
	else
		uring_buffer_return(r);
	return account(r, socket, ret, len);
}

static int issue_receive(struct uring_request *r, bool may_wait)
{
	struct socket *socket = socket_of(r->file);
	int ret;

	if (!socket)
		return -ENOTSOCK;
	if (wants_poll_first(r))
		return -EAGAIN;
	for (;;) {
		r->cqe_flags = 0;
		ret = receive_once(r, socket);
		if (ret <= 0 || !r->is_multishot || !uring_post_more(r, ret, r->cqe_flags))
			return ret;
		r->state[DONE] = 0;
		cpu_poll();
	}
}

URING_OPERATION(recv) = {.opcode = IORING_OP_RECV, .flags = RECEIVES, .prepare = prepare_receive, .issue = issue_receive};

/* ---- Messages ---- */

static int prepare_message(struct uring_request *r, bool is_send)
{
	struct message_argument *m;
	int ret;

	if (r->sqe.off || r->sqe.file_index || (r->sqe.ioprio & ~IORING_RECVSEND_POLL_FIRST))
		return -EINVAL;
	m = heap_alloc(sizeof(*m));
	if (!m)
		return -ENOMEM;
	ret = message_argument_get(m, r->sqe.addr, is_send);
	if (!ret && (r->sqe.flags & IOSQE_BUFFER_SELECT) && m->io.count > 1) {
		message_argument_put(m);
		ret = -EINVAL;
	}
	if (ret)
		heap_free(m);
	else
		r->data = m;
	return ret;
}

static int prepare_sendmsg(struct uring_request *r)
{
	return prepare_message(r, true);
}

static int prepare_recvmsg(struct uring_request *r)
{
	return prepare_message(r, false);
}

static void release_message(struct uring_request *r)
{
	if (r->data)
		message_argument_put(r->data);
	heap_free(r->data);
}

/* A copy of the vector, behind what was moved already. */
static void vector_of(const struct uring_request *r, struct io_vector *io)
{
	struct message_argument *m = r->data;

	*io = m->io;
	if (m->io.segments == &m->io.one)
		io->segments = &io->one;
	io_vector_skip(io, r->state[DONE]);
}

static int issue_sendmsg(struct uring_request *r, bool may_wait)
{
	struct socket *socket = socket_of(r->file);
	struct io_vector io;
	uint64_t left;

	if (!socket)
		return -ENOTSOCK;
	if (wants_poll_first(r))
		return -EAGAIN;
	vector_of(r, &io);
	left = io.left;
	return account(r, socket, message_send(socket, r->data, &io, (int)r->sqe.op_flags | LINUX_MSG_NOSIGNAL), left);
}

URING_OPERATION(sendmsg) = {.opcode = IORING_OP_SENDMSG, .flags = SENDS, .prepare = prepare_sendmsg, .issue = issue_sendmsg, .release = release_message};

static int issue_recvmsg(struct uring_request *r, bool may_wait)
{
	struct socket *socket = socket_of(r->file);
	struct io_vector io;
	uint64_t left;
	int64_t ret;

	if (!socket)
		return -ENOTSOCK;
	if (wants_poll_first(r))
		return -EAGAIN;
	vector_of(r, &io);
	if (r->sqe.flags & IOSQE_BUFFER_SELECT) {
		uint32_t len = (uint32_t)min_u64(io.left, IO_MAX);
		uint64_t address;

		ret = uring_buffer_select(r, &address, &len);
		if (ret)
			return (int)ret;
		io_vector_init_user(&io, address, len);
	}
	left = io.left;
	ret = message_receive(socket, r->data, &io, (int)r->sqe.op_flags);
	if (ret > 0)
		uring_buffer_used(r);
	else
		uring_buffer_return(r);
	return account(r, socket, ret, left);
}

URING_OPERATION(recvmsg) = {.opcode = IORING_OP_RECVMSG, .flags = RECEIVES, .prepare = prepare_recvmsg, .issue = issue_recvmsg, .release = release_message};
