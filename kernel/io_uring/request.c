/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of a request: tried, waiting, tried again, ended; chains of them; those that wait for all before them (IOSQE_IO_DRAIN). */
#include "kernel/io_uring/internal.h"
#include "kernel/mem/page.h"
#include "kernel/process/credentials.h"
#include "kernel/platform/platform.h"

enum { TRIES_MAX = 32 /* of a file that calls itself ready and then is not */ };

LINKER_SET_DECLARE(uring_operation, struct uring_operation);

static const struct uring_operation *operations[256];

const struct uring_operation *uring_operation_find(unsigned opcode)
{
	return opcode < ARRAY_SIZE(operations) ? operations[opcode] : NULL;
}

static void fill_operations(void)
{
	for (const struct uring_operation *const *p = LINKER_SET_BEGIN(uring_operation); p < LINKER_SET_END(uring_operation); p++)
		operations[(*p)->opcode] = *p;
}
INITCALL(io_uring, INIT_CORE, fill_operations);

static struct uring_request *of(struct async_operation *operation)
{
	return container_of(operation, struct uring_request, async);
}

/* ---- Their number: those that wait take the kernel's memory, of which an eighth may be theirs. ---- */

static uint64_t nr_requests, requests_max; /* the first is atomic */

static uint64_t most_requests(void)
{
	struct page_counts pages;

	if (!requests_max) {
		page_count(&pages);
		requests_max = pages.total * PAGE_SIZE / 8 / sizeof(struct uring_request);
	}
	return requests_max;
}

struct uring_request *uring_request_new(void)
{
	struct uring_request *r;

	if (__atomic_add_fetch(&nr_requests, 1, __ATOMIC_RELAXED) <= most_requests()) {
		r = heap_alloc_zero(sizeof(*r));
		if (r)
			return r;
	}
	__atomic_fetch_sub(&nr_requests, 1, __ATOMIC_RELAXED);
	return NULL;
}

void uring_request_drop(struct uring_request *r)
{
	heap_free(r);
	__atomic_fetch_sub(&nr_requests, 1, __ATOMIC_RELAXED);
}

void uring_request_free(struct uring_request *r)
{
	if (r->operation && r->operation->release)
		r->operation->release(r);
	else
		heap_free(r->data);
	if (r->file)
		file_put(r->file);
	credentials_put(r->credentials);
	uring_put(r->ring);
	uring_request_drop(r);
}

/* ---- Its end ---- */

/* Starts those whose turn has come. */
static void start_deferred_locked(struct uring *ring)
{
	while (!list_empty(&ring->deferred)) {
		struct uring_request *first = container_of(ring->deferred.next, struct uring_request, deferred_node);
		bool is_drain = first->sqe.flags & IOSQE_IO_DRAIN;

		if (ring->nr_drains || (is_drain && ring->nr_completed < first->sequence))
			return;
		list_remove(&first->deferred_node);
		first->is_drain = is_drain;
		ring->nr_drains += is_drain;
		(void)async_resume(&first->async); /* false: it is cancelled, and resumed for that */
	}
}

static void post_end(struct uring_request *r, int result)
{
	struct uring *ring = r->ring;
	bool is_silent = result == (int)URING_SILENT || ((r->sqe.flags & IOSQE_CQE_SKIP_SUCCESS) && result >= 0 && !r->has_failed);

	spin_lock(&ring->completion_lock);
	if (r->is_asynchronous) {
		list_remove(&r->node);
		list_remove(&r->deferred_node);
	}
	ring->nr_completed++;
	ring->nr_drains -= r->is_drain;
	if (!is_silent) {
		(void)uring_post_locked(ring, r->sqe.user_data, result, r->cqe_flags, NULL, URING_POST_OR_KEEP);
		if (r->sqe.opcode != IORING_OP_TIMEOUT)
			ring->nr_posted++;
		else if (result != -ECANCELED)
			__atomic_fetch_add(&ring->nr_timeouts, 1, __ATOMIC_RELAXED);
		if (unlikely(!list_empty(&ring->counting)))
			uring_count_timeouts_locked(ring);
	}
	if (unlikely(!list_empty(&ring->deferred)))
		start_deferred_locked(ring);
	spin_unlock(&ring->completion_lock);
	if (!is_silent)
		uring_tell(ring, r->is_asynchronous);
}

/* The request alone, and the timeout that limits it. */
static void end_one(struct uring_request *r, int result)
{
	struct uring_request *timeout = r->timeout;

	if (r->is_asynchronous)
		timeout = uring_link_timeout_stop(r);
	post_end(r, result);
	if (timeout)
		post_end(timeout, result == (int)URING_SILENT || (timeout->sqe.flags & IOSQE_CQE_SKIP_SUCCESS) ? (int)URING_SILENT : -ECANCELED);
	if (r->is_asynchronous)
		async_end(&r->async);
	uring_request_free(r);
	if (timeout)
		uring_request_free(timeout);
}

/* silently: without completions */
static void fail_chain(struct uring_request *r, bool silently)
{
	while (r) {
		struct uring_request *next = r->next;

		end_one(r, silently ? (int)URING_SILENT : -ECANCELED);
		r = next;
	}
}

void uring_fail_chain(struct uring_request *r)
{
	fail_chain(r, false);
}

/* Ends it; what is to be run next, or NULL. */
static struct uring_request *finish(struct uring_request *r, int result)
{
	bool breaks = ((result < 0 && result != (int)URING_SILENT) || r->has_failed) && !r->succeeds && !(r->sqe.flags & IOSQE_IO_HARDLINK);
	bool skips = r->sqe.flags & IOSQE_CQE_SKIP_SUCCESS; /* then the one that fails stands for its chain */
	struct uring_request *next = r->next;

	end_one(r, result);
	if (!breaks)
		return next;
	fail_chain(next, skips);
	return NULL;
}

void uring_complete(struct uring_request *r, int result)
{
	uring_run(finish(r, result), false);
}

bool uring_post_more(struct uring_request *r, int result, uint32_t flags)
{
	struct uring *ring = r->ring;
	bool posted;

	spin_lock(&ring->completion_lock);
	posted = uring_post_locked(ring, r->sqe.user_data, result, flags | IORING_CQE_F_MORE, NULL, URING_POST_IF_ROOM);
	if (posted) {
		ring->nr_posted++;
		uring_count_timeouts_locked(ring);
	}
	spin_unlock(&ring->completion_lock);
	if (posted)
		uring_tell(ring, r->is_asynchronous);
	return posted;
}

/* ---- Becoming asynchronous ---- */

static void resume(struct async_operation *operation)
{
	struct uring_request *r = of(operation);

	if (r->operation->resume && r->is_issued)
		r->operation->resume(r);
	else if (async_is_cancelled(operation))
		uring_complete(r, -ECANCELED);
	else
		uring_run(r, false);
}

static void work(struct async_operation *operation)
{
	uring_run(of(operation), true);
}

int uring_go_asynchronous(struct uring_request *r)
{
	struct uring *ring = r->ring;
	struct async_group *group;
	int ret;

	if (r->is_asynchronous)
		return 0;
	group = async_group_get();
	if (!group)
		return -ENOMEM;
	r->async.resume = resume;
	r->async.work = work;
	r->async.is_unbounded = r->operation->flags & URING_UNBOUNDED;
	ret = async_begin(&r->async, group);
	if (ret)
		return ret;
	if (!r->credentials) {
		r->credentials = task_current()->credentials;
		credentials_get(r->credentials);
	}
	list_init(&r->deferred_node);
	r->is_asynchronous = true;
	spin_lock(&ring->completion_lock);
	list_push_back(&ring->requests, &r->node);
	spin_unlock(&ring->completion_lock);
	return r->timeout ? uring_link_timeout_start(r->timeout, r) : 0;
}

static bool can_be_polled(const struct uring_request *r)
{
	/* With a buffer to choose the ring's lock is held while it is tried: it must not wait then. */
	bool may_poll = !r->must_wait || r->sqe.flags & IOSQE_BUFFER_SELECT;

	return may_poll && (r->operation->flags & (URING_POLL_IN | URING_POLL_OUT)) && r->file && r->file->ops->poll;
}

static int queue(struct uring_request *r)
{
	int ret = uring_go_asynchronous(r);

	if (!ret)
		ret = async_queue(&r->async);
	return ret ? ret : (int)URING_PENDING;
}

/* It would have to wait: does it without a thread, or sends it to a worker. -EAGAIN: it need not wait any more. */
static int wait_for(struct uring_request *r)
{
	unsigned flags = r->operation->flags;
	int ret;

	if (!can_be_polled(r))
		return queue(r);
	ret = uring_go_asynchronous(r);
	if (!ret)
		ret = async_wait_ready(&r->async, r->file, flags & URING_POLL_OUT ? POLLOUT : POLLIN);
	if (ret <= 0)
		return ret ? ret : (int)URING_PENDING;
	if (r->tries++ < TRIES_MAX)
		return -EAGAIN;
	r->must_wait = true;
	return queue(r);
}

/* ---- Trying ---- */

static int find_file(struct uring_request *r)
{
	if (r->file || !(r->operation->flags & URING_FILE))
		return 0;
	r->file = r->sqe.flags & IOSQE_FIXED_FILE ? uring_file_get(r->ring, (unsigned)r->sqe.fd) : descriptor_get(r->sqe.fd);
	if (r->file && (r->file->flags & O_PATH)) {
		file_put(r->file);
		r->file = NULL;
	}
	return r->file ? 0 : -EBADF;
}

/* Others look at a task's credentials under the lock of the tree; when that is free again, nobody has the old ones. */
static void change_credentials(struct task *task, struct credentials *to)
{
	if (likely(task->credentials == to))
		return;
	spin_lock(&process_tree_lock);
	task->credentials = to;
	spin_unlock(&process_tree_lock);
}

/* With its credentials, and without waiting unless it may. */
static int issue_as(struct uring_request *r, bool may_wait)
{
	struct task *task = task_current();
	struct credentials *saved = task->credentials;
	bool saved_no_wait = task->thread.no_wait, locked = false;
	int ret;

	if (r->credentials)
		change_credentials(task, r->credentials);
	task->thread.no_wait = !may_wait;
	if (r->sqe.flags & IOSQE_BUFFER_SELECT)
		locked = uring_lock(r->ring);
	ret = r->operation->issue(r, may_wait);
	if (r->sqe.flags & IOSQE_BUFFER_SELECT)
		uring_unlock(r->ring, locked);
	task->thread.no_wait = saved_no_wait;
	change_credentials(task, saved);
	return ret;
}

static int issue(struct uring_request *r, bool may_wait)
{
	int ret = r->is_asynchronous && async_is_cancelled(&r->async) ? -ECANCELED : find_file(r);

	if (ret)
		return ret;
	r->is_issued = true;
	may_wait = may_wait && !can_be_polled(r);
	for (;;) {
		ret = issue_as(r, may_wait);
		if (ret != -EAGAIN || may_wait || r->is_final)
			return ret;
		ret = wait_for(r);
		if (ret != -EAGAIN)
			return ret;
		cpu_poll();
	}
}

void uring_run(struct uring_request *r, bool may_wait)
{
	while (r) {
		bool to_worker = !may_wait && !r->is_asynchronous && ((r->sqe.flags & IOSQE_ASYNC) || (r->operation->flags & URING_WORKER));
		int result = to_worker ? queue(r) : issue(r, may_wait);

		if (result == (int)URING_PENDING)
			return;
		r = finish(r, result);
		may_wait = false;
	}
}

/* False: it runs at once. */
static bool defer(struct uring_request *r)
{
	struct uring *ring = r->ring;
	bool is_drain = r->sqe.flags & IOSQE_IO_DRAIN, must_wait;
	int ret;

	if (likely(!is_drain && list_empty(&ring->deferred) && !ring->nr_drains))
		return false;
	ret = uring_go_asynchronous(r);
	if (ret) {
		uring_complete(r, ret);
		return true;
	}
	spin_lock(&ring->completion_lock);
	must_wait = !list_empty(&ring->deferred) || ring->nr_drains || (is_drain && ring->nr_completed < r->sequence);
	if (!must_wait) {
		r->is_drain = is_drain;
		ring->nr_drains += is_drain;
	} else {
		list_push_back(&ring->deferred, &r->deferred_node);
		ret = async_wait(&r->async);
	}
	spin_unlock(&ring->completion_lock);
	if (must_wait && ret)
		uring_complete(r, ret);
	return must_wait;
}

void uring_start(struct uring_request *r)
{
	if (!defer(r))
		uring_run(r, false);
}
