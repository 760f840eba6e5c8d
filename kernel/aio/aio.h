/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linux AIO. A context has a ring of events in memory that its process maps, and whose address is its number. A request is done at once if it
 * need not wait, else on a worker, or it waits for its file without a thread (IOCB_CMD_POLL); no more are under way than the ring has room for.
 */
#pragma once
#include "kernel/async/async.h"
#include "kernel/file/file.h"
#include "kernel/uapi/aio.h"

struct aio_context;

/* Makes a context of the running process: *number. -EAGAIN: too many events, or contexts; -ENOMEM. */
int aio_context_new(unsigned nr_events, uint64_t *number) must_check;
/* The context of that number, with a reference. NULL: there is none. */
struct aio_context *aio_context_get(uint64_t number);
void aio_context_put(struct aio_context *context);
/* It has no number any more, what can be is cancelled, and the rest has ended at return. -EINVAL: somebody else does that. */
int aio_context_destroy(struct aio_context *context) must_check;
/* Events, between min and max, to the user's memory; waits until the deadline. How many, -EINTR, -EFAULT. */
int64_t aio_get_events(struct aio_context *context, uint64_t min, uint64_t max, uint64_t address, uint64_t deadline_ns);

struct aio_request {
	struct async_operation async;
	struct aio_context *context; /* a reference */
	struct list node;	     /* context's requests */
	struct linux_iocb iocb;
	uint64_t user_iocb;	     /* its address */
	struct file *file, *event;   /* event: an eventfd to tell, or NULL */
	struct io_vector io;
	bool is_slow;	 /* it always waits for the medium */
	bool never_waits; /* RWF_NOWAIT: -EAGAIN is its result */
	unsigned events; /* poll bits for which it is tried again */
	/* The work: the result. -EAGAIN where it may not wait: a worker does it again. NULL: it waits for the file (iocb.buf: poll bits). */
	int64_t (*perform)(struct aio_request *request);
	void (*release)(struct aio_request *request); /* of `io` */
};
/* A request with a place for its event. -EAGAIN: all places are taken, -ENOMEM. */
int aio_request_new(struct aio_context *context, struct aio_request **request) must_check;
void aio_request_free(struct aio_request *request); /* of one that was not started */
/* Begins it; its end is an event. -ENOMEM: it did not begin. */
int aio_request_start(struct aio_request *request) must_check;
/* io_cancel(2): -EINPROGRESS: an event will tell. -EINVAL: it is not there; -EAGAIN: it cannot be. */
int aio_cancel(struct aio_context *context, uint64_t user_iocb) must_check;
