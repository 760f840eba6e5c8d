/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Taking submissions. The tail and the array of indices are the program's words: whatever they say, no more than the queue's size is read,
 * and an index that is none is dropped and counted. Each submission is copied once.
 */
#include "kernel/io_uring/internal.h"
#include "kernel/platform/platform.h"
#include "kernel/process/credentials.h"

struct chain { /* what is being put together */
	struct uring_request *head, *last;
	bool has_failed;      /* one of it was wrong: what came before has been cancelled, what comes is */
	bool ends_in_timeout; /* a second one cannot follow */
};

uint32_t uring_nr_submissions(const struct uring *ring)
{
	uint32_t nr = __atomic_load_n(&uring_head(ring)->sq_tail, __ATOMIC_ACQUIRE) - ring->sq_head;

	return (uint32_t)min_u64(nr, ring->sq_entries);
}

/* The next submission, copied. False: its index was none. */
static bool take(struct uring *ring, struct linux_io_uring_sqe *sqe)
{
	uint32_t slot = ring->sq_head & (ring->sq_entries - 1), index = slot;

	if (ring->array_offset)
		index = __atomic_load_n((uint32_t *)uring_memory_at(&ring->rings, ring->array_offset + slot * 4ull), __ATOMIC_RELAXED);
	ring->sq_head++;
	if (index >= ring->sq_entries) {
		__atomic_fetch_add(&uring_head(ring)->sq_dropped, 1, __ATOMIC_RELAXED);
		return false;
	}
	memcpy(sqe, uring_memory_at(&ring->submissions, (uint64_t)index * ring->sqe_size), sizeof(*sqe));
	__atomic_signal_fence(__ATOMIC_SEQ_CST); /* from here on the copy counts */
	return true;
}

/* A class and, but for that of idle programs, a level of it (ioprio_set(2)). */
static bool is_priority(unsigned value)
{
	unsigned class = value >> 13;

	return class && class <= 3;
}

static int check(struct uring *ring, const struct uring_request *r, const struct chain *chain)
{
	const struct linux_io_uring_sqe *sqe = &r->sqe;

	if (!r->operation || (sqe->flags & ~IOSQE_ALL))
		return -EINVAL;
	if ((ring->flags & IORING_SETUP_IOPOLL) && !(r->operation->flags & URING_IOPOLL))
		return -EINVAL;
	if ((sqe->flags & IOSQE_BUFFER_SELECT) && !(r->operation->flags & URING_BUFFER))
		return -EOPNOTSUPP;
	if ((sqe->flags & IOSQE_CQE_SKIP_SUCCESS) && (sqe->flags & IOSQE_IO_DRAIN))
		return -EOPNOTSUPP;
	if (sqe->ioprio && !(r->operation->flags & URING_IOPRIO))
		return -EINVAL;
	if (uring_is_link_timeout(r) && ((!chain->head && !chain->has_failed) || chain->ends_in_timeout))
		return -EINVAL;
	if (sqe->ioprio && (r->operation->flags & URING_PRIORITY) && !is_priority(sqe->ioprio))
		return -EINVAL;
	return uring_check_restrictions(ring, sqe);
}

static int take_personality(struct uring *ring, struct uring_request *r)
{
	unsigned id = r->sqe.personality;

	if (!id)
		return 0;
	if (id > PERSONALITIES_MAX || !ring->personalities[id - 1])
		return -EINVAL;
	r->credentials = ring->personalities[id - 1];
	credentials_get(r->credentials);
	return 0;
}

static int prepare(struct uring *ring, struct uring_request *r, const struct chain *chain)
{
	int ret = check(ring, r, chain);

	if (!ret)
		ret = take_personality(ring, r);
	if (!ret && r->operation->prepare)
		ret = r->operation->prepare(r);
	return ret;
}

static void add_to_chain(struct chain *chain, struct uring_request *r)
{
	if (!chain->head) {
		chain->head = chain->last = r;
	} else if (uring_is_link_timeout(r) && r->operation) {
		chain->last->timeout = r;
	} else {
		chain->last->next = r;
		chain->last = r;
	}
	if (r != chain->head)
		chain->head->sqe.flags |= r->sqe.flags & IOSQE_IO_DRAIN;
}

/* A submission that is wrong takes its chain with it: it ends with its error, all others of the chain are cancelled. */
static void fail(struct chain *chain, struct uring_request *r, int error)
{
	struct uring_request *head = chain->head;

	chain->head = chain->last = NULL;
	uring_fail_chain(head);
	r->sqe.flags &= ~(IOSQE_IO_HARDLINK | IOSQE_CQE_SKIP_SUCCESS);
	uring_complete(r, error);
}

/* One submission; false: it was wrong, and its chain, if it is of one, ends with it. */
static bool submit_one(struct uring *ring, const struct linux_io_uring_sqe *sqe, struct chain *chain, struct uring_request *r)
{
	bool links = sqe->flags & (IOSQE_IO_LINK | IOSQE_IO_HARDLINK);
	int error;

	r->sqe = *sqe;
	r->ring = ring;
	uring_get(ring);
	r->operation = uring_operation_find(sqe->opcode);
	list_init(&r->deferred_node);
	r->sequence = ring->nr_submitted++;
	error = prepare(ring, r, chain);
	chain->ends_in_timeout = uring_is_link_timeout(r);
	if (error || chain->has_failed) {
		fail(chain, r, error ? error : -ECANCELED);
		*chain = (struct chain){.has_failed = links, .ends_in_timeout = links && chain->ends_in_timeout};
		return links || !error;
	}
	add_to_chain(chain, r);
	if (!links) {
		struct uring_request *head = chain->head;

		*chain = (struct chain){.head = NULL};
		uring_start(head);
	}
	return true;
}

int uring_take_submissions(struct uring *ring, unsigned count)
{
	struct chain chain = {.head = NULL};
	struct linux_io_uring_sqe sqe;
	unsigned done = 0;
	bool goes_on = true;

	count = (unsigned)min_u64(count, uring_nr_submissions(ring));
	while (done < count && goes_on) {
		struct uring_request *r;

		if (unlikely(ring->nr_overflow > OVERFLOW_MAX))
			break;
		r = uring_request_new();
		if (!r)
			break;
		if (!take(ring, &sqe)) {
			uring_request_drop(r);
			goes_on = false;
			break;
		}
		done++;
		goes_on = submit_one(ring, &sqe, &chain, r) || (ring->flags & IORING_SETUP_SUBMIT_ALL);
		cpu_poll();
	}
	if (chain.head) /* the last one said that another follows: it is the end of the chain all the same */
		uring_start(chain.head);
	__atomic_store_n(&uring_head(ring)->sq_head, ring->sq_head, __ATOMIC_RELEASE);
	if (done || !count || !goes_on)
		return (int)done;
	return ring->nr_overflow > OVERFLOW_MAX ? -EBUSY : -EAGAIN;
}
