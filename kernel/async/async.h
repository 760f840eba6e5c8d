/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Operations that go on while their program does something else. A group has the operations that one task began, and the helper threads
 * that continue them:
 *
 *   waiting    for a file to become ready, or for a time: costs no thread. When it comes, `resume` is called, by the group's runner, or by
 *              the owner while it waits for results (async_run_ready). It must not wait long.
 *   queued     for a worker, which calls `work`: that may wait. Workers are made as they are needed, up to a limit, and end when idle for long.
 *
 * Either function decides what comes next: the operation waits or is queued again, or ends (async_end). A cancelled one is resumed, or its
 * worker interrupted; from then on it cannot wait or be queued any more (-ECANCELED). When the owner ends, all are cancelled.
 *
 * Locks: a group's is a spin lock below those of wait queues (callbacks take it), above the run queue's.
 */
#pragma once
#include "kernel/file/file.h"
#include "kernel/process/process.h"
#include "kernel/sched/timer.h"

struct async_group;
struct async_operation;

enum async_state {
	ASYNC_BUSY,    /* somebody works on it */
	ASYNC_WAITING, /* for readiness or time */
	ASYNC_READY,   /* is to be resumed */
	ASYNC_QUEUED,  /* for a worker */
	ASYNC_WORKING, /* a worker is at it */
};

/* Bounded work ends by itself soon (disks); unbounded may wait for other programs. Each has its own workers and limit. */
enum async_work { ASYNC_BOUNDED, ASYNC_UNBOUNDED, ASYNC_WORKS };

enum { ASYNC_QUEUES_MAX = 3 }; /* wait queues that a file's poll names; no kind of file has more */

struct async_waiter {
	struct waiter waiter;
	struct async_operation *operation;
};

struct async_operation {
	void (*resume)(struct async_operation *operation);
	void (*work)(struct async_operation *operation);
	struct async_group *group;
	bool is_unbounded;
	bool keeps_queues;	  /* of async_watch, while it is resumed */
	/* Guarded by the group's lock. */
	struct list group_node, node;
	int state;
	bool is_cancelled;	  /* atomic to read */
	bool was_woken;
	bool is_echo;		  /* some completion of a ring woke it */
	bool time_is_up;	  /* the timer fired since it was armed */
	struct thread *worker;
	/* Of who works on it. */
	unsigned wanted;	  /* poll bits that are waited for */
	unsigned nr_waiters;
	struct async_waiter waiters[ASYNC_QUEUES_MAX];
	struct timer timer;
};

/* The running task's, made if need be; on a group's thread that group. NULL: no memory. Stays until the task ends. */
struct async_group *async_group_get(void);
struct async_group *async_group_current(void); /* NULL: there is none yet */
/* Of a helper that does as a task of its own does: before it ends, what it began. */
void async_group_end(struct task *task);
struct task *async_group_owner(const struct async_group *group);
/* Limits of workers: sets those that are not 0, and gives what was. */
void async_group_limit(struct async_group *group, unsigned limits[ASYNC_WORKS]);

/* From zeroed memory: it belongs to the group until async_end. `resume` and `work` are set by the caller. State: busy. -ENOMEM. */
int async_begin(struct async_operation *operation, struct async_group *group) must_check;
void async_end(struct async_operation *operation);

/* Waits until the file is ready for one of `events`, errors and hang-ups included. 0: it waits, and may have been resumed already. Poll bits:
 * it is ready now. -ECANCELED. The caller keeps the file until it was resumed. */
int async_wait_ready(struct async_operation *operation, struct file *file, unsigned events) must_check;
/* For who wants to know of each change: what the file is ready for now, of `events`; its queues are stood in until async_unwatch or the end. */
unsigned async_watch(struct async_operation *operation, struct file *file, unsigned events);
void async_unwatch(struct async_operation *operation);
/* Waits for the next change after async_watch. 0, -EAGAIN: there was one meanwhile. -ECANCELED. */
int async_wait_change(struct async_operation *operation) must_check;
/* Waits for a time. 0, -EAGAIN: async_resume came first. -ECANCELED. */
int async_wait_time(struct async_operation *operation, uint64_t deadline_ns) must_check;
/* Waits until async_resume. 0, -EAGAIN: it came already. -ECANCELED. Never sleeps. */
int async_wait(struct async_operation *operation) must_check;
/* To a worker. 0, -ECANCELED, -ENOMEM (there is no worker, and none could be made). */
int async_queue(struct async_operation *operation) must_check;

/* One that waits is resumed; one that is busy will not wait for a time. False: it does not wait. */
bool async_resume(struct async_operation *operation);
/* The same, from another operation's time, which has begun to wait: moves its deadline. False: it does not wait. */
bool async_move_time(struct async_operation *operation, uint64_t deadline_ns);
/* 0: it will end as cancelled. -EALREADY: a worker is at it, and was interrupted. -ENOENT: it ends anyway. */
int async_cancel(struct async_operation *operation);
static inline bool async_is_cancelled(const struct async_operation *operation)
{
	return __atomic_load_n(&operation->is_cancelled, __ATOMIC_ACQUIRE);
}

/*
 * The owner waits for results, and resumes what is ready itself meanwhile: begin, then run_ready again and again between its sleeps, end. NULL: it
 * has no group.
 */
void async_owner_begin(struct async_group *group);
void async_owner_end(struct async_group *group);
void async_run_ready(struct async_group *group);
