/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests: each has a place in the ring of events from its beginning, so that its event is never lost. */
#include "kernel/aio/internal.h"
#include "kernel/mem/heap.h"
#include "kernel/platform/platform.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/poll.h"

enum { TRIES_MAX = 32 /* of a file that calls itself ready and then is not */ };

static struct aio_request *of(struct async_operation *operation)
{
	return container_of(operation, struct aio_request, async);
}

/* Places: one for each request under way, and one for each event in the ring. */
static bool reserve(struct aio_context *context)
{
	bool has_room;

	spin_lock(&context->lock);
	has_room = !context->is_dead && context->nr_reserved + aio_nr_ready_locked(context) + 1 < context->nr_events;
	context->nr_reserved += has_room;
	spin_unlock(&context->lock);
	return has_room;
}

static void unreserve(struct aio_context *context)
{
	spin_lock(&context->lock);
	context->nr_reserved--;
	spin_unlock(&context->lock);
}

int aio_request_new(struct aio_context *context, struct aio_request **made)
{
	struct aio_request *request;

	if (!reserve(context))
		return -EAGAIN;
	request = heap_alloc_zero(sizeof(*request));
	if (!request) {
		unreserve(context);
		return -ENOMEM;
	}
	__atomic_fetch_add(&context->references, 1, __ATOMIC_RELAXED);
	request->context = context;
	list_init(&request->node);
	io_vector_init_user(&request->io, 0, 0);
	*made = request;
	return 0;
}

static void free_parts(struct aio_request *request)
{
	if (request->release)
		request->release(request);
	if (request->file)
		file_put(request->file);
	if (request->event)
		file_put(request->event);
}

void aio_request_free(struct aio_request *request)
{
	struct aio_context *context = request->context;

	unreserve(context);
	free_parts(request);
	heap_free(request);
	aio_context_put(context);
}

static void end(struct aio_request *request, int64_t result)
{
	struct aio_context *context = request->context;
	const struct linux_io_event event = {.data = request->iocb.data, .obj = request->user_iocb, .res = result};

	aio_post(context, &event);
	if (request->event)
		eventfd_signal(request->event);
	/* Before its group may go: nobody finds it any more, to cancel it. */
	spin_lock(&context->lock);
	list_remove(&request->node);
	spin_unlock(&context->lock);
	async_end(&request->async);
	free_parts(request);
	wait_wake_all(&context->wait, 0); /* whoever waits for the end of all */
	heap_free(request);
	aio_context_put(context);
}

/* ---- Work, and waiting for a file ---- */

static void work(struct async_operation *operation)
{
	struct aio_request *request = of(operation);

	end(request, request->perform(request));
}

bool aio_waits_for_others(const struct aio_request *request)
{
	return request->file->ops->poll;
}

static int64_t perform_at_once(struct aio_request *request)
{
	struct thread *thread = thread_current();
	bool saved = thread->no_wait;
	int64_t ret;

	thread->no_wait = true;
	ret = request->perform(request);
	thread->no_wait = saved;
	return ret;
}

/* Sets *result, or it waits: for its file, or for a worker, who waits for the medium. */
static bool go_on(struct aio_request *request, int64_t *result)
{
	unsigned events = request->perform ? request->events : (unsigned)request->iocb.buf;
	int tries = 0;

	for (;;) {
		*result = request->perform && !request->is_slow ? perform_at_once(request) : -EAGAIN;
		if (*result != -EAGAIN || request->never_waits)
			return true;
		if ((request->perform && !aio_waits_for_others(request)) || tries++ == TRIES_MAX) {
			request->async.is_unbounded = aio_waits_for_others(request);
			*result = async_queue(&request->async);
			return *result;
		}
		*result = async_wait_ready(&request->async, request->file, events);
		if (*result <= 0 || !request->perform)
			return *result;
		cpu_poll();
	}
}

static void resume(struct async_operation *operation)
{
	struct aio_request *request = of(operation);
	int64_t ret = -ECANCELED;

	if (async_is_cancelled(operation) || go_on(request, &ret))
		end(request, ret == -ECANCELED && !request->perform ? 0 : ret);
}

int aio_request_start(struct aio_request *request)
{
	struct aio_context *context = request->context;
	struct async_group *group = async_group_get();
	int64_t ret = group ? 0 : -ENOMEM;

	request->async.resume = resume;
	request->async.work = work;
	if (!ret)
		ret = async_begin(&request->async, group);
	if (ret)
		return (int)ret;
	spin_lock(&context->lock);
	list_push_back(&context->requests, &request->node);
	spin_unlock(&context->lock);
	if (go_on(request, &ret))
		end(request, ret);
	return 0;
}

int aio_cancel(struct aio_context *context, uint64_t user_iocb)
{
	struct aio_request *request;
	int ret = -EINVAL;

	spin_lock(&context->lock);
	list_for_each(request, &context->requests, node) {
		if (request->user_iocb != user_iocb)
			continue;
		if (request->perform && !aio_waits_for_others(request))
			break; /* what is done is not to be stopped */
		ret = async_cancel(&request->async) ? -EAGAIN : -EINPROGRESS;
		break;
	}
	spin_unlock(&context->lock);
	return ret;
}
