/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A queue of receive buffers (virtio 1.2 §5.1.6.3), without any hardware. The device writes frames into buffers, of which a long one takes several
 * where that was agreed on; packets then refer to the buffers' memory, and the last reference brings a buffer back. Small frames
 * are copied, so that a few bytes in some socket's queue do not hold a buffer. All under the lock of the stack.
 */
#pragma once
#include "kernel/driver/virtio/queue.h"
#include "kernel/driver/virtio_net/header.h"

struct receive_buffer;

struct receive_queue {
	struct virtqueue *ring;
	struct net_stack *stack;
	uint32_t buffer_size, header_len;
	bool device_checks;	 /* see virtio_net_header_take */
	bool is_merging;	 /* the header tells in how many buffers a frame is */
	unsigned wanted, wanted_max; /* buffers that the device should have; grows as it uses them up */
	unsigned nr_offered;
	struct receive_buffer *spare; /* came back */
	unsigned nr_spare;
	/* The frame that comes. */
	unsigned nr_missing; /* buffers of it; 0: none comes */
	struct virtio_net_header header;
	struct net_packet *packet; /* NULL: it is dropped */
	uint64_t nr_bad, nr_no_memory;
};

/*
 * `ring` is borrowed. buffer_size: header and frame. At most nr_max buffers. What is_merging and device_checks say was agreed on.
 */
void receive_init(struct receive_queue *queue, struct virtqueue *ring, struct net_stack *stack, uint32_t buffer_size, unsigned nr_max);
/* Frees the spare buffers and the frame under way; those with the device stay. */
void receive_fini(struct receive_queue *queue);
/* Adds buffers to the ring, as far as there is memory. True: some were added, the device is to be shown them. */
bool receive_refill(struct receive_queue *queue);
/* The next frame; NULL: none is complete. The caller owns it. */
struct net_packet *receive_take(struct receive_queue *queue);
/* The device has few buffers left. */
static inline bool receive_is_low(const struct receive_queue *queue)
{
	return queue->nr_offered <= queue->wanted / 2;
}
/* Not all buffers could be offered. */
static inline bool receive_is_short(const struct receive_queue *queue)
{
	return queue->nr_offered < queue->wanted && !queue->ring->is_broken;
}
