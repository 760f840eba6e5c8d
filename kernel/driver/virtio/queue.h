/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Split virtqueues (virtio 1.2 §2.7): the driver's side of the ring, without any hardware. The caller serialises all calls on a queue.
 *
 * By default neither notifications nor interrupts are suppressed: what is published is notified, and each used chain interrupts. A driver
 * that moves much may use virtqueue_show, virtqueue_silence and virtqueue_listen (§2.7.7, §2.7.10), if a timer of its own makes good a
 * wake-up that is lost all the same. For both sides must see the other's index after their own store, and QEMU, when it emulates a machine of
 * one CPU, translates neither fences nor locked instructions as such; see virtqueue_fence.
 */
#pragma once
#include "lib/attr.h"

struct virtqueue_descriptor { /* §2.7.5 */
	uint64_t address;
	uint32_t len;
	uint16_t flags, next;
};

struct virtqueue_segment {
	uint64_t address; /* physical */
	uint32_t len;
};

struct virtqueue {
	unsigned size; /* a power of two */
	uint16_t first_free, nr_free;
	uint16_t avail_index, used_index;
	struct virtqueue_descriptor *descriptors;
	uint16_t *avail; /* flags, index, ring[size] */
	volatile uint16_t *used; /* flags, index, then pairs of 32 bits: id, len */
	void **tokens; /* by first descriptor; NULL: not in use */
	bool has_events; /* VIRTIO_F_EVENT_IDX was agreed on; set by who opens the queue */
	bool is_broken; /* the device wrote nonsense; nothing is taken from it any more */
};

/* Bytes of ring memory; `align` of the used ring: 4, or a page for legacy devices (§2.7.2). */
size_t virtqueue_bytes(unsigned size, unsigned align);
size_t virtqueue_used_offset(unsigned size, unsigned align);
size_t virtqueue_avail_offset(unsigned size);
/* `memory`: zeroed ring memory; `tokens`: zeroed array of `size`. */
void virtqueue_init(struct virtqueue *queue, unsigned size, unsigned align, void *memory, void **tokens);

/*
 * Offers a chain of nr_out segments that the device reads, then nr_in that it writes. `token` (not NULL) comes back from take.
 * `table`: memory for nr_out + nr_in descriptors at physical `table_address`, which makes it take one entry (§2.7.5.3); NULL: none.
 * -ENOSPC. The device sees it at virtqueue_publish.
 */
int virtqueue_add(struct virtqueue *queue, const struct virtqueue_segment *segments, unsigned nr_out, unsigned nr_in, void *token,
		  struct virtqueue_descriptor *table, uint64_t table_address) must_check;
/* Shows the device what was added; the caller then notifies it. */
void virtqueue_publish(struct virtqueue *queue);
/* Shows the device what was added; true: it wants to be notified. */
bool virtqueue_show(struct virtqueue *queue) must_check;
/* Asks for no interrupts; some may come nonetheless. */
void virtqueue_silence(struct virtqueue *queue);
/* Asks for an interrupt once `after` chains (1 or more) can be taken. False: so many can be now, and an interrupt may not come. */
bool virtqueue_listen(struct virtqueue *queue, unsigned after) must_check;
/* The token of a chain that the device is done with, and how much it wrote; NULL: none. */
void *virtqueue_take(struct virtqueue *queue, uint32_t *len);
static inline bool virtqueue_is_idle(const struct virtqueue *queue) /* nothing is with the device */
{
	return queue->nr_free == queue->size;
}
/* How many chains can be taken now. */
static inline unsigned virtqueue_nr_used(const struct virtqueue *queue)
{
	return queue->is_broken ? 0 : (uint16_t)(__atomic_load_n(&queue->used[1], __ATOMIC_ACQUIRE) - queue->used_index);
}
