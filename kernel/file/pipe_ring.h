/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A pipe from within, for this folder: a ring of slots, each of which shows bytes of a page. A page may be shared with the page cache, with
 * another pipe (tee(2)) or with a packet under way: then nothing is written to it.
 */
#pragma once
#include "kernel/file/pipe.h"

struct pipe_slot {
	struct page *page; /* with a reference */
	uint16_t offset, len; /* 4096 fits */
	bool is_packet;
};

/* All but the wait queues under `lock`. */
struct pipe {
	struct mutex lock;
	struct pipe_slot *slots;
	unsigned nr_slots, first, count; /* nr_slots: a power of two */
	unsigned reserved; /* slots behind the last that splice(2) is about to fill */
	unsigned readers, writers;
	unsigned nr_opened_readers, nr_opened_writers; /* ever: what a FIFO's open waits for */
	unsigned references;
	struct page *spare; /* of the last read, for the next write */
	struct wait_queue read_wait, write_wait;
	struct inode *inode;
};

static inline struct pipe_slot *pipe_slot(struct pipe *pipe, unsigned n)
{
	return &pipe->slots[(pipe->first + n) & (pipe->nr_slots - 1)];
}

static inline bool pipe_is_full(const struct pipe *pipe)
{
	return pipe->count + pipe->reserved >= pipe->nr_slots;
}

/* Whether nobody else has the page, so that more may be written to it. */
static inline bool pipe_owns(const struct page *page)
{
	return __atomic_load_n(&page->references, __ATOMIC_ACQUIRE) == 1 && !(page->flags & PAGE_IS_CACHE);
}

static inline void pipe_wake(struct wait_queue *queue, unsigned events)
{
	if (!list_empty(&queue->waiters))
		wait_wake(queue, 1, events);
}

/* Takes the first slot, which is empty or whose bytes are not wanted, out of the ring. */
void pipe_drop_first(struct pipe *pipe);
/* Waits until the condition may have changed; the first call enters the queue only, which wait_end leaves. -EINTR. */
int pipe_wait_changed(struct pipe *pipe, struct waiter *waiter, bool *is_waiting, struct wait_queue *queue);
