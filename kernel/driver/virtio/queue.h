/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Split virtqueues (virtio 1.2 §2.7): the driver's side of the ring, without any hardware. The caller serialises all calls on a queue.
 *
 * Neither notifications nor interrupts are ever suppressed (§2.7.7, §2.7.10): both protocols need a store to be seen before a
 * later load, and emulators that run a machine of one CPU drop the guest's fences and locked instructions, so that wake-ups get lost.
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
/* The token of a chain that the device is done with, and how much it wrote; NULL: none. */
void *virtqueue_take(struct virtqueue *queue, uint32_t *len);
static inline bool virtqueue_is_idle(const struct virtqueue *queue) /* nothing is with the device */
{
	return queue->nr_free == queue->size;
}
