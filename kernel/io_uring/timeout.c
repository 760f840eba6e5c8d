/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IORING_OP_TIMEOUT, which ends at a time or after a number of completions; IORING_OP_LINK_TIMEOUT, which cancels the request before it in its
 * chain; IORING_OP_TIMEOUT_REMOVE, which ends or moves one.
 */
#include "kernel/io_uring/internal.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/time.h"

/* request->state: */
enum {
	PERIOD,	  /* ns; of an absolute one the time itself */
	DEADLINE, /* monotonic ns */
	TARGET,	  /* ring->nr_posted at which it ends; 0: never */
	COUNTED,  /* that was reached; atomic */
	REPEATS,  /* left; 0: for ever */
};

enum {
	CLOCKS = IORING_TIMEOUT_BOOTTIME | IORING_TIMEOUT_REALTIME,
	FLAGS = IORING_TIMEOUT_ABS | CLOCKS | IORING_TIMEOUT_ETIME_SUCCESS | IORING_TIMEOUT_MULTISHOT,
};

static int copy_time(uint64_t address, uint64_t *ns)
{
	struct linux_timespec time;
	int ret = copy_from_user(&time, address, sizeof(time));

	if (ret)
		return ret;
	if (time.seconds < 0 || time.nanoseconds < 0)
		return -EINVAL;
	*ns = min_u64((uint64_t)time.seconds, 1ull << 32) * NS_PER_SECOND + min_u64((uint64_t)time.nanoseconds, 1ull << 60);
	return 0;
}

static uint64_t deadline(uint64_t ns, unsigned flags)
{
	uint64_t now = clock_monotonic_ns(), real;

	if (!(flags & IORING_TIMEOUT_ABS))
		return now + ns;
	if (!(flags & IORING_TIMEOUT_REALTIME))
		return ns;
	real = clock_realtime_ns();
	return ns > real ? now + (ns - real) : 0;
}

/* At most one clock is named. */
static bool clocks_are_bad(unsigned flags)
{
	return (flags & CLOCKS) == CLOCKS;
}

static int prepare_any(struct uring_request *r, unsigned allowed)
{
	const struct linux_io_uring_sqe *sqe = &r->sqe;
	unsigned flags = sqe->op_flags;

	if (sqe->buf_index || sqe->len != 1 || sqe->file_index || (flags & ~allowed) || clocks_are_bad(flags))
		return -EINVAL;
	if ((flags & IORING_TIMEOUT_MULTISHOT) && (flags & IORING_TIMEOUT_ABS))
		return -EINVAL;
	r->succeeds = flags & IORING_TIMEOUT_ETIME_SUCCESS;
	return copy_time(sqe->addr, &r->state[PERIOD]);
}

static int prepare(struct uring_request *r)
{
	r->is_multishot = r->sqe.op_flags & IORING_TIMEOUT_MULTISHOT;
	r->state[REPEATS] = r->sqe.off;
	return prepare_any(r, FLAGS);
}

/* ---- Numbers of completions ---- */

void uring_count_timeouts_locked(struct uring *ring)
{
	struct uring_request *r, *next;

	list_for_each_safe(r, next, &ring->counting, deferred_node) {
		if (ring->nr_posted < r->state[TARGET])
			continue;
		list_remove(&r->deferred_node);
		__atomic_store_n(&r->state[COUNTED], 1, __ATOMIC_RELEASE);
		(void)async_resume(&r->async);
	}
}

static void begin_to_count(struct uring_request *r)
{
	struct uring *ring = r->ring;

	if (!r->sqe.off || r->is_multishot || uring_is_link_timeout(r))
		return;
	spin_lock(&ring->completion_lock);
	r->state[TARGET] = ring->nr_posted + (uint32_t)r->sqe.off;
	list_push_back(&ring->counting, &r->deferred_node);
	spin_unlock(&ring->completion_lock);
}

/* ---- Its course ---- */

static int expire(struct uring_request *r)
{
	if (!r->is_multishot || r->state[REPEATS] == 1 || !uring_post_more(r, -ETIME, 0))
		return -ETIME;
	if (r->state[REPEATS])
		r->state[REPEATS]--;
	r->state[DEADLINE] = max_u64(r->state[DEADLINE] + r->state[PERIOD], clock_monotonic_ns());
	return 0;
}

/* The result, or that it waits. */
static int go_on(struct uring_request *r)
{
	for (;;) {
		int ret;

		if (async_is_cancelled(&r->async))
			return -ECANCELED;
		if (__atomic_load_n(&r->state[COUNTED], __ATOMIC_ACQUIRE))
			return 0;
		ret = r->async.time_is_up ? expire(r) : 0;
		if (ret)
			return ret;
		ret = async_wait_time(&r->async, r->state[DEADLINE]);
		if (ret != -EAGAIN)
			return ret ? ret : (int)URING_PENDING;
	}
}

static int issue(struct uring_request *r, bool may_wait)
{
	int ret = uring_go_asynchronous(r);

	if (ret)
		return ret;
	r->state[DEADLINE] = deadline(r->state[PERIOD], r->sqe.op_flags);
	begin_to_count(r);
	return go_on(r);
}

static void resume(struct uring_request *r)
{
	int ret = go_on(r);

	if (ret != (int)URING_PENDING)
		uring_complete(r, ret);
}

URING_OPERATION(timeout) = {.opcode = IORING_OP_TIMEOUT, .prepare = prepare, .issue = issue, .resume = resume};

/* ---- Limits of other requests ---- */

bool uring_is_link_timeout(const struct uring_request *r)
{
	return r->sqe.opcode == IORING_OP_LINK_TIMEOUT;
}

static int prepare_link(struct uring_request *r)
{
	return r->sqe.off ? -EINVAL : prepare_any(r, FLAGS & ~(unsigned)IORING_TIMEOUT_MULTISHOT);
}

/* Its time is up: the request that it limits, if that has not ended, is cancelled. */
static int cancel_limited(struct uring_request *r)
{
	struct uring_request *limited;
	int ret = 0;

	spin_lock(&r->ring->completion_lock);
	limited = r->limited;
	r->limited = NULL;
	if (limited) {
		limited->timeout = NULL;
		ret = async_cancel(&limited->async);
	}
	spin_unlock(&r->ring->completion_lock);
	return ret ? ret : -ETIME;
}

/* It ends by itself: nobody is limited any more. */
static void detach(struct uring_request *r)
{
	spin_lock(&r->ring->completion_lock);
	if (r->limited)
		r->limited->timeout = NULL;
	r->limited = NULL;
	spin_unlock(&r->ring->completion_lock);
}

static void resume_link(struct uring_request *r)
{
	int ret = go_on(r);

	if (ret == (int)URING_PENDING)
		return;
	if (ret == -ETIME)
		ret = cancel_limited(r);
	else
		detach(r);
	if (r->sqe.flags & IOSQE_CQE_SKIP_SUCCESS) /* however it ends */
		ret = (int)URING_SILENT;
	uring_complete(r, ret);
}

int uring_link_timeout_start(struct uring_request *r, struct uring_request *limited)
{
	int ret = uring_go_asynchronous(r);

	if (ret)
		return ret;
	r->is_issued = true;
	r->limited = limited;
	r->state[DEADLINE] = deadline(r->state[PERIOD], r->sqe.op_flags);
	ret = go_on(r);
	if (ret == (int)URING_PENDING)
		return 0;
	detach(r);
	uring_complete(r, ret);
	return 0;
}

struct uring_request *uring_link_timeout_stop(struct uring_request *limited)
{
	struct uring_request *r;

	spin_lock(&limited->ring->completion_lock);
	r = limited->timeout;
	limited->timeout = NULL;
	if (r && r->is_asynchronous) {
		r->limited = NULL;
		(void)async_cancel(&r->async);
		r = NULL;
	}
	spin_unlock(&limited->ring->completion_lock);
	return r;
}

static int issue_link(struct uring_request *r, bool may_wait)
{
	return -EINVAL; /* never begins by itself */
}

URING_OPERATION(link_timeout) = {.opcode = IORING_OP_LINK_TIMEOUT, .prepare = prepare_link, .issue = issue_link, .resume = resume_link};

/* ---- Removal and change ---- */

static int prepare_remove(struct uring_request *r)
{
	const struct linux_io_uring_sqe *sqe = &r->sqe;
	unsigned flags = sqe->op_flags;

	if (sqe->buf_index || sqe->len || sqe->file_index)
		return -EINVAL;
	if (!(flags & (IORING_TIMEOUT_UPDATE | IORING_LINK_TIMEOUT_UPDATE)))
		return flags ? -EINVAL : 0;
	if (flags & ~(unsigned)(IORING_TIMEOUT_UPDATE | IORING_LINK_TIMEOUT_UPDATE | IORING_TIMEOUT_ABS | CLOCKS) || clocks_are_bad(flags))
		return -EINVAL;
	return copy_time(sqe->off, &r->state[PERIOD]);
}

static int act_locked(struct uring_request *timeout, const struct uring_request *r)
{
	uint64_t until;

	if (!(r->sqe.op_flags & (IORING_TIMEOUT_UPDATE | IORING_LINK_TIMEOUT_UPDATE)))
		return async_cancel(&timeout->async);
	until = deadline(r->state[PERIOD], r->sqe.op_flags);
	if (!async_move_time(&timeout->async, until))
		return -EALREADY;
	timeout->state[DEADLINE] = until;
	return 0;
}

static int issue_remove(struct uring_request *r, bool may_wait)
{
	uint8_t opcode = r->sqe.op_flags & IORING_LINK_TIMEOUT_UPDATE ? IORING_OP_LINK_TIMEOUT : IORING_OP_TIMEOUT;
	struct uring *ring = r->ring;
	struct uring_request *timeout;
	int ret = -ENOENT;

	spin_lock(&ring->completion_lock);
	list_for_each(timeout, &ring->requests, node) {
		if (timeout->sqe.opcode != opcode || timeout->sqe.user_data != r->sqe.addr || async_is_cancelled(&timeout->async))
			continue;
		ret = act_locked(timeout, r);
		break;
	}
	spin_unlock(&ring->completion_lock);
	return ret;
}

URING_OPERATION(timeout_remove) = {.opcode = IORING_OP_TIMEOUT_REMOVE, .prepare = prepare_remove, .issue = issue_remove};
