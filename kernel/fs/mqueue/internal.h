/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of mqueue say to each other. */
#pragma once
#include "kernel/fs/mqueue/mqueue.h"
#include "kernel/process/process.h"
#include "kernel/sched/wait.h"

struct mqueue {
	struct spinlock lock; /* guards all below */
	struct list messages; /* highest priority first */
	struct list senders, receivers; /* struct waiting, first come, first served */
	uint64_t nr_messages, nr_bytes, messages_max, message_size;
	struct wait_queue poll_wait;
	struct process *registered; /* with a reference; NULL: nobody */
	struct mqueue_notice notice;
	uint32_t owner; /* user id that the memory is counted for */
};

/* NULL: no memory. */
struct mqueue *mqueue_new(uint64_t messages_max, uint64_t message_size);
void mqueue_free(struct mqueue *queue);

/* ---- notify.c; lock held ---- */
/* Nobody was waiting for the message that made it not empty: tells who is registered, once. */
void mqueue_tell_locked(struct mqueue *queue);
/* The process, if it is registered, is so no longer. The caller puts what is returned, without the lock. */
struct process *mqueue_unregister_locked(struct mqueue *queue, const struct process *process) must_check;

/* ---- limit.c ---- */
/* What the queue may take of the user's RLIMIT_MSGQUEUE: 0, -EMFILE, -ENOSPC (too many queues), -ENOMEM. */
int mqueue_charge(uint32_t user, uint64_t messages_max, uint64_t message_size) must_check;
void mqueue_uncharge(uint32_t user, uint64_t messages_max, uint64_t message_size);
