/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Completions. The kernel writes at its own tail and publishes it with release; the head is the program's word, of which only the distance
 * counts. What finds no room is kept in order, and moves to the ring when the program has taken some and enters (IORING_FEAT_NODROP).
 */
#include "kernel/io_uring/internal.h"
#include "kernel/platform/platform.h"

uint32_t uring_nr_ready(const struct uring *ring)
{
	uint32_t head = __atomic_load_n(&uring_head(ring)->cq_head, __ATOMIC_ACQUIRE);

	return __atomic_load_n(&ring->cq_tail, __ATOMIC_RELAXED) - head;
}

static bool has_room(const struct uring *ring)
{
	return uring_nr_ready(ring) < ring->cq_entries;
}

static void put(struct uring *ring, const struct linux_io_uring_cqe *cqe, const uint64_t extra[2])
{
	uint32_t slot = ring->cq_tail & (ring->cq_entries - 1);
	uint64_t *to = uring_memory_at(&ring->rings, sizeof(struct uring_head) + (uint64_t)slot * ring->cqe_size);

	memcpy(to, cqe, sizeof(*cqe));
	if (ring->cqe_size > sizeof(*cqe)) {
		to[2] = extra ? extra[0] : 0;
		to[3] = extra ? extra[1] : 0;
	}
	__atomic_store_n(&ring->cq_tail, ring->cq_tail + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&uring_head(ring)->cq_tail, ring->cq_tail, __ATOMIC_RELEASE);
}

static void keep(struct uring *ring, const struct linux_io_uring_cqe *cqe, const uint64_t extra[2])
{
	struct uring_overflow *overflow = heap_alloc(sizeof(*overflow));

	if (!overflow) {
		__atomic_fetch_add(&uring_head(ring)->cq_overflow, 1, __ATOMIC_RELAXED);
		return;
	}
	overflow->cqe = *cqe;
	overflow->extra[0] = extra ? extra[0] : 0;
	overflow->extra[1] = extra ? extra[1] : 0;
	list_push_back(&ring->overflow, &overflow->node);
	ring->nr_overflow++;
	__atomic_fetch_or(&uring_head(ring)->sq_flags, IORING_SQ_CQ_OVERFLOW, __ATOMIC_RELEASE);
}

bool uring_post_locked(struct uring *ring, uint64_t user_data, int32_t result, uint32_t flags, const uint64_t extra[2], enum uring_post how)
{
	const struct linux_io_uring_cqe cqe = {.user_data = user_data, .res = result, .flags = flags};

	if (list_empty(&ring->overflow) && has_room(ring))
		put(ring, &cqe, extra);
	else if (how == URING_POST_OR_KEEP)
		keep(ring, &cqe, extra);
	else
		return false;
	return true;
}

bool uring_flush_overflow(struct uring *ring)
{
	bool is_empty;

	if (list_empty(&ring->overflow))
		return true;
	spin_lock(&ring->completion_lock);
	while (!list_empty(&ring->overflow) && has_room(ring)) {
		struct uring_overflow *first = container_of(list_pop_front(&ring->overflow), struct uring_overflow, node);

		put(ring, &first->cqe, first->extra);
		ring->nr_overflow--;
		heap_free(first);
	}
	is_empty = list_empty(&ring->overflow);
	if (is_empty)
		__atomic_fetch_and(&uring_head(ring)->sq_flags, ~(uint32_t)IORING_SQ_CQ_OVERFLOW, __ATOMIC_RELEASE);
	spin_unlock(&ring->completion_lock);
	return is_empty;
}

static void signal_event(struct uring *ring, bool is_async)
{
	struct file *event = NULL;

	if (__atomic_load_n(&uring_head(ring)->cq_flags, __ATOMIC_RELAXED) & IORING_CQ_EVENTFD_DISABLED)
		return;
	spin_lock(&ring->completion_lock);
	if (ring->event && (is_async || !ring->event_only_async)) {
		event = ring->event;
		file_get(event);
	}
	spin_unlock(&ring->completion_lock);
	if (!event)
		return;
	eventfd_signal(event);
	file_put(event);
}

void uring_tell(struct uring *ring, bool is_async)
{
	struct thread *thread = thread_current();
	bool saved = thread->is_completing;

	thread->is_completing = true;
	/* The tail was published before: who begins to wait after this look sees it. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!list_empty(&ring->wait.waiters))
		wait_wake_all(&ring->wait, POLLIN | POLLRDNORM);
	if (unlikely(__atomic_load_n(&ring->event, __ATOMIC_RELAXED) != NULL))
		signal_event(ring, is_async);
	thread->is_completing = saved;
}

bool uring_post(struct uring *ring, uint64_t user_data, int32_t result, uint32_t flags)
{
	bool posted;

	spin_lock(&ring->completion_lock);
	posted = uring_post_locked(ring, user_data, result, flags, NULL, URING_POST_OR_KEEP);
	ring->nr_posted++;
	uring_count_timeouts_locked(ring);
	spin_unlock(&ring->completion_lock);
	uring_tell(ring, true);
	return posted;
}
