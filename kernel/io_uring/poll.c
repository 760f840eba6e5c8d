/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IORING_OP_POLL_ADD, which ends when the file is ready, or with IORING_POLL_ADD_MULTI tells of each change, and IORING_OP_POLL_REMOVE, which
 * ends or changes one.
 */
#include "kernel/io_uring/internal.h"

/* request->state: */
enum { EVENTS };

#define ANSWERS (POLLIN | POLLPRI | POLLOUT | POLLERR | POLLHUP | POLLNVAL | POLLRDNORM | POLLRDBAND | POLLWRNORM | POLLWRBAND | 0x400 /* POLLMSG */ | POLLRDHUP)

static int prepare(struct uring_request *r)
{
	const struct linux_io_uring_sqe *sqe = &r->sqe;

	if (sqe->buf_index || sqe->off || sqe->addr)
		return -EINVAL;
	if (sqe->len & ~(unsigned)IORING_POLL_ADD_MULTI)
		return -EINVAL;
	if ((sqe->len & IORING_POLL_ADD_MULTI) && (sqe->flags & IOSQE_CQE_SKIP_SUCCESS))
		return -EINVAL;
	r->is_multishot = sqe->len & IORING_POLL_ADD_MULTI;
	r->state[EVENTS] = sqe->op_flags & ANSWERS;
	return 0;
}

/* As go_on, of one that tells of each change. */
static int watch(struct uring_request *r)
{
	int ret;

	for (;;) {
		unsigned events = (unsigned)__atomic_load_n(&r->state[EVENTS], __ATOMIC_RELAXED);
		unsigned ready = async_watch(&r->async, r->file, events);

		/* A ring that watches its own completions, by way of an eventfd or epoll, would never end. */
		if (ready && (r->async.is_echo || !uring_post_more(r, (int)ready, 0)))
			return (int)ready;
		ret = async_wait_change(&r->async);
		if (ret != -EAGAIN)
			return ret ? ret : (int)URING_PENDING;
	}
}

/* The result, or that it waits. */
static int go_on(struct uring_request *r)
{
	unsigned events = (unsigned)__atomic_load_n(&r->state[EVENTS], __ATOMIC_RELAXED);
	int ret;

	if (r->is_multishot)
		return watch(r);
	ret = async_wait_ready(&r->async, r->file, events);
	return ret ? ret : (int)URING_PENDING;
}

static int issue(struct uring_request *r, bool may_wait)
{
	int ret = uring_go_asynchronous(r);

	return ret ? ret : go_on(r);
}

static void resume(struct uring_request *r)
{
	int ret = async_is_cancelled(&r->async) ? -ECANCELED : go_on(r);

	if (ret != (int)URING_PENDING)
		uring_complete(r, ret);
}

URING_OPERATION(poll_add) = {.opcode = IORING_OP_POLL_ADD, .flags = URING_FILE, .prepare = prepare, .issue = issue, .resume = resume};

/* ---- Removal and change ---- */

static int prepare_remove(struct uring_request *r)
{
	const struct linux_io_uring_sqe *sqe = &r->sqe;
	unsigned flags = sqe->len;

	if (sqe->buf_index || sqe->file_index || flags & ~(unsigned)(IORING_POLL_UPDATE_USER_DATA | IORING_POLL_UPDATE_EVENTS | IORING_POLL_ADD_MULTI))
		return -EINVAL;
	if (flags == IORING_POLL_ADD_MULTI) /* meaningless without a change */
		return -EINVAL;
	if (!(flags & IORING_POLL_UPDATE_USER_DATA) && sqe->off)
		return -EINVAL;
	return !(flags & IORING_POLL_UPDATE_EVENTS) && sqe->op_flags ? -EINVAL : 0;
}

static struct uring_request *find_locked(struct uring *ring, uint64_t user_data)
{
	struct uring_request *r;

	list_for_each(r, &ring->requests, node) {
		if (r->sqe.opcode == IORING_OP_POLL_ADD && r->sqe.user_data == user_data && !async_is_cancelled(&r->async))
			return r;
	}
	return NULL;
}

static void change(struct uring_request *poll, const struct linux_io_uring_sqe *to)
{
	if (to->len & IORING_POLL_UPDATE_EVENTS)
		__atomic_store_n(&poll->state[EVENTS], to->op_flags & ANSWERS, __ATOMIC_RELAXED);
	if (to->len & IORING_POLL_UPDATE_USER_DATA)
		poll->sqe.user_data = to->off;
}

static int issue_remove(struct uring_request *r, bool may_wait)
{
	const unsigned updates = IORING_POLL_UPDATE_USER_DATA | IORING_POLL_UPDATE_EVENTS;
	struct uring *ring = r->ring;
	struct uring_request *poll;
	int ret = 0;

	spin_lock(&ring->completion_lock);
	poll = find_locked(ring, r->sqe.addr);
	if (!poll) {
		ret = -ENOENT;
	} else if (r->sqe.len & updates) {
		change(poll, &r->sqe);
		(void)async_resume(&poll->async); /* asks again, for what is wanted now */
	} else {
		ret = async_cancel(&poll->async);
	}
	spin_unlock(&ring->completion_lock);
	return ret;
}

URING_OPERATION(poll_remove) = {.opcode = IORING_OP_POLL_REMOVE, .prepare = prepare_remove, .issue = issue_remove};
