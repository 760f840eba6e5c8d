/* SPDX-License-Identifier: BSD-3-Clause */
/* Private to aio/. */
#pragma once
#include "kernel/aio/aio.h"

struct aio_context {
	uint32_t references; /* atomic: the process's list, mappings, requests, who uses it */
	struct list node;    /* of its process; guarded by contexts_lock */
	uint64_t number;
	struct page_cache cache;
	struct page **pages;
	unsigned nr_pages;
	unsigned nr_events;    /* in the ring; one less can stand in it */
	unsigned nr_asked;     /* as io_setup was asked, for the machine's limit */
	struct spinlock lock;  /* guards the following */
	uint32_t tail;	       /* the kernel's own */
	unsigned nr_reserved;  /* places of requests under way */
	bool is_dead;
	struct list requests;
	struct wait_queue wait; /* for events, and for the end of requests */
	struct mutex taking;	/* of who takes events */
};

/* A request's event, and its place is the event's now. */
void aio_post(struct aio_context *context, const struct linux_io_event *event);
bool aio_waits_for_others(const struct aio_request *request); /* it could take for ever: it is cancelled when its context goes */
unsigned aio_nr_ready_locked(const struct aio_context *context); /* events in the ring */
