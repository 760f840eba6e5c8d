/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A ring's life. Its file is what the program has; requests hold the ring, not the file, so that closing it cancels them. Memory, layout:
 *
 *   at 0 and IORING_OFF_CQ_RING   struct uring_head, completions, indices of submissions
 *   at IORING_OFF_SQES	    submissions
 */
#include "kernel/io_uring/internal.h"
#include "kernel/process/credentials.h"

enum { ENTRIES_MAX = 32768, CQ_ENTRIES_MAX = 2 * ENTRIES_MAX };
enum {
	FLAGS = IORING_SETUP_IOPOLL | IORING_SETUP_SQPOLL | IORING_SETUP_SQ_AFF | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_ATTACH_WQ | IORING_SETUP_R_DISABLED |
		IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SQE128 | IORING_SETUP_CQE32 |
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_NO_SQARRAY,
	FEATURES = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE | IORING_FEAT_RW_CUR_POS | IORING_FEAT_CUR_PERSONALITY |
		   IORING_FEAT_FAST_POLL | IORING_FEAT_POLL_32BITS | IORING_FEAT_SQPOLL_NONFIXED | IORING_FEAT_EXT_ARG | IORING_FEAT_NATIVE_WORKERS |
		   IORING_FEAT_RSRC_TAGS | IORING_FEAT_CQE_SKIP | IORING_FEAT_LINKED_FILE | IORING_FEAT_REG_REG_RING,
};

static const struct file_ops uring_ops;

struct uring *uring_of(struct file *file)
{
	return file->ops == &uring_ops ? file->private_data : NULL;
}

bool uring_wants_direct(const struct uring *ring)
{
	return ring->flags & IORING_SETUP_IOPOLL;
}

/* ---- References ---- */

void uring_get(struct uring *ring)
{
	__atomic_fetch_add(&ring->references, 1, __ATOMIC_RELAXED);
}

static void free_overflow(struct uring *ring)
{
	struct list *node;

	while ((node = list_pop_front(&ring->overflow)))
		heap_free(container_of(node, struct uring_overflow, node));
}

void uring_put(struct uring *ring)
{
	if (__atomic_sub_fetch(&ring->references, 1, __ATOMIC_ACQ_REL))
		return;
	free_overflow(ring);
	uring_memory_fini(&ring->rings);
	uring_memory_fini(&ring->submissions);
	heap_free(ring->poller);
	heap_free(ring);
}

bool uring_register_begin(struct uring *ring)
{
	if (mutex_is_mine(&ring->lock))
		return false;
	mutex_lock(&ring->lock);
	return true;
}

void uring_register_end(struct uring *ring, bool was_taken)
{
	if (was_taken)
		mutex_unlock(&ring->lock);
}

/* ---- The file ---- */

static unsigned uring_poll(struct file *file, struct poll_table *table)
{
	struct uring *ring = file->private_data;
	unsigned events = 0;

	if (table)
		table->add(table, &ring->wait);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* as uring_tell's */
	if (uring_nr_submissions(ring) < ring->sq_entries)
		events |= POLLOUT | POLLWRNORM;
	if (uring_nr_ready(ring) || !list_empty(&ring->overflow))
		events |= POLLIN | POLLRDNORM;
	return events;
}

/* The file's last user is gone, mappings included: what is under way is cancelled, and its end frees the rest. */
static void uring_release(struct file *file)
{
	struct uring *ring = file->private_data;
	const struct uring_match all = {.flags = IORING_ASYNC_CANCEL_ANY};

	bool locked;

	uring_poller_end(ring);
	(void)uring_cancel(ring, &all);
	locked = uring_lock(ring);
	uring_tables_free(ring);
	uring_groups_free(ring);
	uring_unlock(ring, locked);
	(void)!uring_set_event(ring, -1, false);
	for (unsigned i = 0; i < PERSONALITIES_MAX; i++)
		credentials_put(ring->personalities[i]);
	memset(ring->personalities, 0, sizeof(ring->personalities));
	uring_put(ring);
}

static uint64_t rings_size(void *ring)
{
	return ((struct uring *)ring)->rings.nr_pages << PAGE_SHIFT;
}

static uint64_t submissions_size(void *ring)
{
	return ((struct uring *)ring)->submissions.nr_pages << PAGE_SHIFT;
}

static void mapped_get(void *ring)
{
	file_get(((struct uring *)ring)->file);
}

static void mapped_put(void *ring)
{
	file_put(((struct uring *)ring)->file);
}

static long mapped_describe(void *ring, char *path, size_t size)
{
	return file_to_text(((struct uring *)ring)->file, path, size);
}

static int uring_map(struct file *file, uint64_t *offset, struct mapped_file *mapped)
{
	struct uring *ring = file->private_data;
	uint64_t what = *offset & IORING_OFF_MMAP_MASK;
	bool of_submissions = what == IORING_OFF_SQES;

	if (what && what != IORING_OFF_CQ_RING && !of_submissions)
		return -EINVAL;
	*offset = 0;
	*mapped = (struct mapped_file){
		.cache = of_submissions ? &ring->submissions.cache : &ring->rings.cache,
		.size = of_submissions ? submissions_size : rings_size,
		.get = mapped_get,
		.put = mapped_put,
		.describe = mapped_describe,
		.file = ring,
	};
	return 0;
}

static const struct file_ops uring_ops = {
	.poll = uring_poll,
	.map_part = uring_map,
	.release = uring_release,
	.stays = true,
	.anonymous_name = "anon_inode:[io_uring]",
};

/* ---- Making ---- */

static uint32_t round_up_to_power(uint32_t n)
{
	return n <= 1 ? 1 : 1u << (32 - __builtin_clz(n - 1));
}

static int choose_sizes(unsigned entries, struct linux_io_uring_params *p)
{
	bool clamp = p->flags & IORING_SETUP_CLAMP;

	if (!entries || (entries > ENTRIES_MAX && !clamp))
		return -EINVAL;
	p->sq_entries = round_up_to_power((uint32_t)min_u64(entries, ENTRIES_MAX));
	if (!(p->flags & IORING_SETUP_CQSIZE)) {
		p->cq_entries = 2 * p->sq_entries;
		return 0;
	}
	if (!p->cq_entries || (p->cq_entries > CQ_ENTRIES_MAX && !clamp))
		return -EINVAL;
	p->cq_entries = round_up_to_power((uint32_t)min_u64(p->cq_entries, CQ_ENTRIES_MAX));
	return p->cq_entries < p->sq_entries ? -EINVAL : 0;
}

static int check_flags(const struct linux_io_uring_params *p)
{
	unsigned flags = p->flags;

	if (flags & ~(unsigned)FLAGS || p->resv[0] || p->resv[1] || p->resv[2])
		return -EINVAL;
	if ((flags & IORING_SETUP_SQ_AFF) && !(flags & IORING_SETUP_SQPOLL))
		return -EINVAL;
	if ((flags & IORING_SETUP_SQPOLL) && (flags & (IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_DEFER_TASKRUN)))
		return -EINVAL;
	if ((flags & IORING_SETUP_TASKRUN_FLAG) && !(flags & (IORING_SETUP_COOP_TASKRUN | IORING_SETUP_DEFER_TASKRUN)))
		return -EINVAL;
	if ((flags & IORING_SETUP_DEFER_TASKRUN) && !(flags & IORING_SETUP_SINGLE_ISSUER))
		return -EINVAL;
	return 0;
}

static int make_memory(struct uring *ring, const struct linux_io_uring_params *p)
{
	uint64_t bytes = sizeof(struct uring_head) + (uint64_t)p->cq_entries * ring->cqe_size;
	struct uring_head *head;
	int ret;

	if (!(p->flags & IORING_SETUP_NO_SQARRAY)) {
		ring->array_offset = bytes;
		bytes += p->sq_entries * 4ull;
	}
	ret = uring_memory_init(&ring->rings, bytes);
	if (!ret)
		ret = uring_memory_init(&ring->submissions, (uint64_t)p->sq_entries * ring->sqe_size);
	if (ret)
		return ret;
	head = uring_head(ring);
	head->sq_entries = p->sq_entries;
	head->sq_mask = p->sq_entries - 1;
	head->cq_entries = p->cq_entries;
	head->cq_mask = p->cq_entries - 1;
	return 0;
}

static void describe(const struct uring *ring, struct linux_io_uring_params *p)
{
	p->features = FEATURES;
	p->sq_off = (struct linux_io_sqring_offsets){
		.head = offsetof(struct uring_head, sq_head),
		.tail = offsetof(struct uring_head, sq_tail),
		.ring_mask = offsetof(struct uring_head, sq_mask),
		.ring_entries = offsetof(struct uring_head, sq_entries),
		.flags = offsetof(struct uring_head, sq_flags),
		.dropped = offsetof(struct uring_head, sq_dropped),
		.array = (uint32_t)ring->array_offset,
	};
	p->cq_off = (struct linux_io_cqring_offsets){
		.head = offsetof(struct uring_head, cq_head),
		.tail = offsetof(struct uring_head, cq_tail),
		.ring_mask = offsetof(struct uring_head, cq_mask),
		.ring_entries = offsetof(struct uring_head, cq_entries),
		.overflow = offsetof(struct uring_head, cq_overflow),
		.cqes = sizeof(struct uring_head),
		.flags = offsetof(struct uring_head, cq_flags),
	};
}

static struct uring *ring_new(const struct linux_io_uring_params *p)
{
	struct uring *ring = heap_alloc_zero(sizeof(*ring));

	if (!ring)
		return NULL;
	ring->references = 1;
	ring->flags = p->flags;
	ring->sq_entries = p->sq_entries;
	ring->cq_entries = p->cq_entries;
	ring->sqe_size = sizeof(struct linux_io_uring_sqe) << !!(p->flags & IORING_SETUP_SQE128);
	ring->cqe_size = sizeof(struct linux_io_uring_cqe) << !!(p->flags & IORING_SETUP_CQE32);
	ring->is_disabled = p->flags & IORING_SETUP_R_DISABLED;
	ring->issuer = ring->is_disabled ? NULL : task_current();
	mutex_init(&ring->lock);
	list_init(&ring->groups);
	list_init(&ring->overflow);
	list_init(&ring->requests);
	list_init(&ring->deferred);
	list_init(&ring->counting);
	wait_queue_init(&ring->wait);
	return ring;
}

/* IORING_SETUP_ATTACH_WQ: workers are the task's and shared anyway; the other descriptor must be a ring. */
static int check_attached(const struct linux_io_uring_params *p)
{
	struct file *file;
	int ret;

	if (!(p->flags & IORING_SETUP_ATTACH_WQ))
		return 0;
	file = descriptor_get((int)p->wq_fd);
	if (!file)
		return -ENXIO;
	ret = uring_of(file) ? 0 : -EINVAL;
	file_put(file);
	return ret;
}

int uring_new(unsigned entries, struct linux_io_uring_params *p, struct file **file)
{
	struct uring *ring;
	int ret = check_flags(p);

	if (!ret)
		ret = choose_sizes(entries, p);
	if (!ret)
		ret = check_attached(p);
	if (ret)
		return ret;
	ring = ring_new(p);
	if (!ring)
		return -ENOMEM;
	ret = make_memory(ring, p);
	if (!ret && (p->flags & IORING_SETUP_SQPOLL))
		ret = uring_poller_new(ring, p->sq_thread_idle);
	*file = ret ? NULL : file_new(&uring_ops, O_RDWR, ring);
	if (!*file) {
		uring_poller_end(ring);
		uring_put(ring);
		return ret ? ret : -ENOMEM;
	}
	ring->file = *file;
	describe(ring, p);
	return 0;
}

int uring_enable(struct uring *ring)
{
	if (!ring->is_disabled)
		return -EBADFD;
	ring->issuer = task_current();
	ring->restrictions.hold = ring->restrictions.are_set;
	__atomic_store_n(&ring->is_disabled, false, __ATOMIC_RELEASE);
	if (ring->poller)
		return uring_poller_enter(ring, IORING_ENTER_SQ_WAKEUP);
	return 0;
}

/* ---- Small things that are registered ---- */

int uring_set_event(struct uring *ring, int fd, bool only_async)
{
	struct file *file = fd >= 0 ? descriptor_get(fd) : NULL, *old;
	int ret = 0;

	if (fd >= 0 && !file)
		return -EBADF;
	if (file && ring->event) {
		file_put(file);
		return -EBUSY;
	}
	if (file && !file_is_eventfd(file)) {
		file_put(file);
		return -EINVAL;
	}
	spin_lock(&ring->completion_lock);
	old = ring->event;
	if (file && old)
		ret = -EBUSY;
	else if (!file && !old)
		ret = -ENXIO;
	else {
		ring->event = file;
		ring->event_only_async = only_async;
	}
	spin_unlock(&ring->completion_lock);
	if (ret == -EBUSY)
		file_put(file);
	else if (old)
		file_put(old);
	return ret;
}

int uring_personality_add(struct uring *ring)
{
	for (int i = 0; i < PERSONALITIES_MAX; i++) {
		if (ring->personalities[i])
			continue;
		ring->personalities[i] = task_current()->credentials;
		credentials_get(ring->personalities[i]);
		return i + 1;
	}
	return -ENOSPC;
}

int uring_personality_remove(struct uring *ring, unsigned id)
{
	if (!id || id > PERSONALITIES_MAX || !ring->personalities[id - 1])
		return -EINVAL;
	credentials_put(ring->personalities[id - 1]);
	ring->personalities[id - 1] = NULL;
	return 0;
}
