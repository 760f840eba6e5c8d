/* SPDX-License-Identifier: BSD-3-Clause */
/* Private to async/. */
#pragma once
#include "kernel/async/async.h"

struct async_crew { /* the workers of one kind */
	struct list queue;
	struct wait_queue wait;
	unsigned nr_queued, nr_workers, nr_idle, limit;
};

struct async_group {
	struct spinlock lock;
	struct task *owner; /* borrowed: the group ends with it */
	struct list all;    /* operations */
	struct list ready;
	struct async_crew crews[ASYNC_WORKS];
	struct thread *runner; /* resumes what is ready; NULL: not made yet */
	struct wait_queue runner_wait;
	struct wait_queue change; /* operations and threads that ended: for the owner's end */
	bool owner_waits;	  /* in async_owner_begin .. end */
	bool is_ending;		  /* operations begin as cancelled */
	bool is_over;		  /* threads end */
	unsigned nr_threads;
};

/* Makes the one that waits ready and tells who resumes it; the group's lock is held. */
void async_make_ready_locked(struct async_operation *operation);
/* Leaves wait queues and stops the timer; the operation is busy. */
void async_stop_waiting(struct async_operation *operation);
