/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of mqueue say to each other. */
#pragma once
#include "kernel/fs/mqueue/mqueue.h"
#include "kernel/process/process.h"
#include "kernel/sched/wait.h"

struct mqueue_registration {
	struct process *process; /* with a reference; NULL: nobody */
	struct mqueue_notice notice;
};

struct mqueue {
	struct spinlock lock; /* guards all below */
	struct list messages; /* highest priority first */
	struct list senders, receivers; /* struct waiting, first come, first served */
	uint64_t nr_messages, nr_bytes, messages_max, message_size;
	struct wait_queue poll_wait;
	struct mqueue_registration registered;
	uint32_t owner; /* user id that the memory is counted for */
};

/* NULL: no memory. */
struct mqueue *mqueue_new(uint64_t messages_max, uint64_t message_size);
void mqueue_free(struct mqueue *queue);

/* ---- notify.c ---- */
/* Nobody was waiting for the message that made it not empty: who is registered is told, once. Lock held; *ended is for mqueue_finish. */
void mqueue_tell_locked(struct mqueue *queue, struct mqueue_registration *ended);
/* The process, if it is registered, is so no longer. The same. */
void mqueue_unregister_locked(struct mqueue *queue, const struct process *process, struct mqueue_registration *ended);
/* The rest of the end of a registration, of nobody's too. Without the lock. */
enum mqueue_end { MQUEUE_WOKEN = 1, MQUEUE_REMOVED = 2 }; /* what the cookie's last byte says */
void mqueue_finish(struct mqueue_registration *ended, enum mqueue_end end);

/* ---- limit.c ---- */
void mqueue_usual(struct mqueue_attributes *to); /* of a queue that nobody asks more for */
/* What the queue may take of the user's RLIMIT_MSGQUEUE: 0, -EMFILE, -ENOSPC (too many queues), -ENOMEM. */
int mqueue_charge(uint32_t user, uint64_t messages_max, uint64_t message_size) must_check;
void mqueue_uncharge(uint32_t user, uint64_t messages_max, uint64_t message_size);
