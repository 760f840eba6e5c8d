/* SPDX-License-Identifier: BSD-3-Clause */
/* Private to io_uring/. */
#pragma once
#include "kernel/io_uring/io_uring.h"
#include "kernel/mem/heap.h"
#include "lib/string.h"

/* ---- memory.c: memory that the program maps and the kernel writes ---- */
struct uring_memory {
	struct page_cache cache;
	struct page **pages; /* all, with references */
	uint64_t nr_pages;
};
int uring_memory_init(struct uring_memory *memory, uint64_t bytes) must_check; /* -ENOMEM; fini in any case */
void uring_memory_fini(struct uring_memory *memory);
/* Nothing that is asked for crosses a page. */
static inline void *uring_memory_at(const struct uring_memory *memory, uint64_t offset)
{
	return (char *)page_virt(memory->pages[offset >> PAGE_SHIFT]) + (offset & (PAGE_SIZE - 1));
}

/* The first page of the rings: each word that one side writes and the other reads often has a cache line of its own. */
struct uring_head {
	uint32_t sq_head, pad0[15];
	uint32_t sq_tail, pad1[15];
	uint32_t cq_head, pad2[15];
	uint32_t cq_tail, pad3[15];
	uint32_t sq_mask, sq_entries, cq_mask, cq_entries;
	uint32_t sq_flags, sq_dropped, cq_flags, cq_overflow;
	uint32_t pad4[8];
};

struct uring_overflow {
	struct list node;
	struct linux_io_uring_cqe cqe;
	uint64_t extra[2];
};

struct uring_file_slot {
	struct file *file;
	uint64_t tag;
};

struct uring_buffer_slot {
	uint64_t address, len;
	uint64_t tag;
};

struct uring_restrictions {
	uint64_t registrations, operations; /* bits that are allowed */
	uint8_t flags_allowed, flags_required;
	bool are_set, hold; /* hold once the ring is enabled */
};

enum { PERSONALITIES_MAX = 64 };
enum { OVERFLOW_MAX = 1 << 16 /* kept completions from which on nothing is taken, neither from the program nor from other rings */ };

struct uring {
	uint32_t references; /* atomic: its file, its requests */
	struct file *file;   /* borrowed, for mappings */
	unsigned flags;	     /* IORING_SETUP_* */
	struct uring_memory rings, submissions;
	uint32_t sq_entries, cq_entries, cqe_size, sqe_size;
	uint64_t array_offset;
	struct mutex lock;
	bool is_disabled;
	struct task *issuer;	/* IORING_SETUP_SINGLE_ISSUER; only compared */
	uint32_t sq_head;	/* the kernel's own: what the program sees is a copy */
	uint64_t nr_submitted;
	struct uring_file_slot *files;
	unsigned nr_files, files_from, files_to, files_next; /* range and place of automatic choice */
	struct uring_buffer_slot *buffers;
	unsigned nr_buffers;
	struct list groups; /* of provided buffers */
	unsigned nr_groups;
	struct credentials *personalities[PERSONALITIES_MAX];
	struct uring_restrictions restrictions;

	struct spinlock completion_lock; /* guards the following */
	uint32_t cq_tail;		 /* the kernel's own */
	uint64_t nr_posted;		 /* completions but for timeouts' */
	uint64_t nr_completed;		 /* requests */
	uint32_t nr_timeouts;		 /* that came: each ends waits for completions, however many are there; atomic to read */
	struct list overflow;		 /* completions that found no room */
	uint32_t nr_overflow;
	struct list requests; /* asynchronous ones */
	struct list deferred; /* IOSQE_IO_DRAIN, and what came after */
	unsigned nr_drains;   /* running */
	struct list counting; /* timeouts that wait for completions */
	struct file *event;   /* an eventfd to tell of completions */
	bool event_only_async;

	struct wait_queue wait; /* for completions */
	struct uring_poller *poller; /* IORING_SETUP_SQPOLL; NULL otherwise */
};

static inline struct uring_head *uring_head(const struct uring *ring)
{
	return uring_memory_at(&ring->rings, 0);
}

void uring_get(struct uring *ring);
void uring_put(struct uring *ring);
/* Takes ring->lock unless the running thread has it; says whether to unlock. */
static inline bool uring_lock(struct uring *ring)
{
	return uring_register_begin(ring);
}
static inline void uring_unlock(struct uring *ring, bool was_taken)
{
	uring_register_end(ring, was_taken);
}

/* ---- completion.c ---- */
enum uring_post { URING_POST_OR_KEEP, URING_POST_IF_ROOM };
bool uring_post_locked(struct uring *ring, uint64_t user_data, int32_t result, uint32_t flags, const uint64_t extra[2], enum uring_post how);
/* After posting, without locks: tells who waits. */
void uring_tell(struct uring *ring, bool is_async);
/* A completion that no request stands behind; locks and tells. */
bool uring_post(struct uring *ring, uint64_t user_data, int32_t result, uint32_t flags);
/* Moves what overflowed to the ring, as far as there is room. False: some is left. */
bool uring_flush_overflow(struct uring *ring);
uint32_t uring_nr_ready(const struct uring *ring); /* completions that the program has not taken */

/* ---- submit.c ---- */
/* Takes up to count submissions; ring->lock is held. */
int uring_take_submissions(struct uring *ring, unsigned count);
uint32_t uring_nr_submissions(const struct uring *ring);

/* ---- request.c ---- */
struct uring_request *uring_request_new(void); /* zeroed; NULL: no memory, or too many wait already */
void uring_request_drop(struct uring_request *r); /* one that was not taken from the ring yet */
void uring_request_free(struct uring_request *r);
void uring_start(struct uring_request *r);   /* head of a chain: now, or when its turn comes (IOSQE_IO_DRAIN) */
void uring_fail_chain(struct uring_request *r); /* all of it, from r on, with -ECANCELED */

/* ---- timeout.c ---- */
bool uring_is_link_timeout(const struct uring_request *r);
int uring_link_timeout_start(struct uring_request *timeout, struct uring_request *limited) must_check;
/* r ends: its timeout is cancelled. One that had not begun is returned, for the caller to end. */
struct uring_request *uring_link_timeout_stop(struct uring_request *r);
void uring_count_timeouts_locked(struct uring *ring);  /* a completion was posted */

/* ---- poller.c ---- */
int uring_poller_new(struct uring *ring, unsigned idle_ms) must_check;
void uring_poller_end(struct uring *ring);

/* ---- restriction.c ---- */
int uring_check_restrictions(const struct uring *ring, const struct linux_io_uring_sqe *sqe) must_check;

/* ---- table.c, buffer.c ---- */
void uring_tables_free(struct uring *ring);
void uring_groups_free(struct uring *ring);
