/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Buffers that the program provides in groups, of which one is chosen when there is something to put in it. A group is a list, filled by
 * IORING_OP_PROVIDE_BUFFERS, or a ring in the program's memory, whose tail the program moves. All under ring->lock.
 */
#include "kernel/io_uring/internal.h"

enum { GROUPS_MAX = 4096, GROUP_BUFFERS_MAX = 65536, RING_ENTRIES_MAX = 32768 };

struct buffer {
	struct list node;
	uint64_t address;
	uint32_t len;
	uint16_t id;
};

struct group {
	struct list node;
	uint16_t id;
	struct list buffers;
	uint32_t nr_buffers;
	uint64_t ring_address; /* 0: a list */
	uint32_t ring_entries;
	uint16_t head;
};

static struct group *find(struct uring *ring, uint16_t id)
{
	struct group *group;

	list_for_each(group, &ring->groups, node) {
		if (group->id == id)
			return group;
	}
	return NULL;
}

static struct group *add_group(struct uring *ring, uint16_t id)
{
	struct group *group = ring->nr_groups < GROUPS_MAX ? heap_alloc_zero(sizeof(*group)) : NULL;

	if (!group)
		return NULL;
	group->id = id;
	list_init(&group->buffers);
	list_push_front(&ring->groups, &group->node);
	ring->nr_groups++;
	return group;
}

static uint32_t remove_some(struct group *group, uint32_t count)
{
	uint32_t done = 0;
	struct list *node;

	while (done < count && (node = list_pop_front(&group->buffers))) {
		heap_free(container_of(node, struct buffer, node));
		done++;
	}
	group->nr_buffers -= done;
	return done;
}

static void free_group(struct uring *ring, struct group *group)
{
	remove_some(group, UINT32_MAX);
	list_remove(&group->node);
	ring->nr_groups--;
	heap_free(group);
}

void uring_groups_free(struct uring *ring)
{
	while (!list_empty(&ring->groups))
		free_group(ring, container_of(ring->groups.next, struct group, node));
}

/* ---- Providing ---- */

static int provide(struct group *group, uint64_t address, uint32_t len, uint32_t count, uint16_t id)
{
	for (uint32_t i = 0; i < count; i++) {
		struct buffer *buffer = group->nr_buffers < GROUP_BUFFERS_MAX ? heap_alloc(sizeof(*buffer)) : NULL;

		if (!buffer)
			return i ? 0 : -ENOMEM;
		*buffer = (struct buffer){.address = address + (uint64_t)i * len, .len = len, .id = (uint16_t)(id + i)};
		list_push_back(&group->buffers, &buffer->node);
		group->nr_buffers++;
	}
	return 0;
}

int uring_buffers_provide(struct uring *ring, uint16_t id, uint64_t address, uint32_t len, uint32_t count, uint16_t first_id)
{
	bool locked = uring_lock(ring);
	struct group *group = find(ring, id);
	int ret;

	if (!group)
		group = add_group(ring, id);
	ret = !group ? -ENOMEM : group->ring_address ? -EINVAL : provide(group, address, len, count, first_id);
	uring_unlock(ring, locked);
	return ret;
}

int uring_buffers_remove(struct uring *ring, uint16_t id, uint32_t count)
{
	bool locked = uring_lock(ring);
	struct group *group = find(ring, id);
	int ret = !group ? -ENOENT : group->ring_address ? -EINVAL : (int)remove_some(group, count);

	uring_unlock(ring, locked);
	return ret;
}

int uring_buffer_ring_add(struct uring *ring, const struct linux_io_uring_buf_reg *what)
{
	struct group *group = find(ring, what->bgid);
	struct linux_io_uring_buf first;

	if (what->resv[0] || what->resv[1] || what->resv[2] || what->flags)
		return -EINVAL;
	if (!what->ring_addr)
		return -EFAULT;
	if (what->ring_addr % PAGE_SIZE || !what->ring_entries || (what->ring_entries & (what->ring_entries - 1)))
		return -EINVAL;
	if (what->ring_entries > RING_ENTRIES_MAX)
		return -EINVAL;
	if (group && (group->ring_address || group->nr_buffers))
		return -EEXIST;
	if (copy_from_user(&first, what->ring_addr, sizeof(first)))
		return -EFAULT;
	if (!group)
		group = add_group(ring, what->bgid);
	if (!group)
		return -ENOMEM;
	group->ring_address = what->ring_addr;
	group->ring_entries = what->ring_entries;
	group->head = 0;
	return 0;
}

int uring_buffer_ring_remove(struct uring *ring, uint16_t id)
{
	struct group *group = find(ring, id);

	if (!group)
		return -ENOENT;
	if (!group->ring_address)
		return -EINVAL;
	free_group(ring, group);
	return 0;
}

/* ---- Choosing ---- */

/* The buffer at the head of the program's ring, which stays there until it is used. */
static int select_of_ring(const struct group *group, struct buffer *chosen)
{
	const uint64_t tail_offset = offsetof(struct linux_io_uring_buf, resv);
	uint64_t slot = group->head & (group->ring_entries - 1);
	struct linux_io_uring_buf entry;
	uint16_t tail;

	if (copy_from_user(&tail, group->ring_address + tail_offset, sizeof(tail)))
		return -EFAULT;
	if (tail == group->head)
		return -ENOBUFS;
	if (copy_from_user(&entry, group->ring_address + slot * sizeof(entry), sizeof(entry)))
		return -EFAULT;
	*chosen = (struct buffer){.address = entry.addr, .len = entry.len, .id = entry.bid};
	return 0;
}

static int select_of_list(const struct group *group, struct buffer *chosen)
{
	if (list_empty(&group->buffers))
		return -ENOBUFS;
	*chosen = *container_of(group->buffers.next, struct buffer, node);
	return 0;
}

int uring_buffer_select(struct uring_request *r, uint64_t *address, uint32_t *len)
{
	struct group *group = find(r->ring, r->sqe.buf_index);
	struct buffer chosen;
	int ret = !group ? -ENOBUFS : group->ring_address ? select_of_ring(group, &chosen) : select_of_list(group, &chosen);

	if (ret)
		return ret;
	r->has_buffer = true;
	r->buffer_id = chosen.id;
	*address = chosen.address;
	*len = *len ? (uint32_t)min_u64(*len, chosen.len) : chosen.len;
	return 0;
}

/* The lock was held since it was chosen: it is the first still. */
void uring_buffer_used(struct uring_request *r)
{
	struct group *group = r->has_buffer ? find(r->ring, r->sqe.buf_index) : NULL;

	if (!group)
		return;
	r->has_buffer = false;
	if (group->ring_address)
		group->head++;
	else
		remove_some(group, 1);
	r->cqe_flags = IORING_CQE_F_BUFFER | (uint32_t)r->buffer_id << IORING_CQE_BUFFER_SHIFT;
}

void uring_buffer_return(struct uring_request *r)
{
	r->has_buffer = false;
}
