/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A queue of frames to send (virtio 1.2 §5.1.6.2), without any hardware. A frame's linear bytes, with the header in front, and its fragments become one
 * chain: nothing is copied. Frames that find the ring full wait in a list of bounded length. Sent ones are freed when somebody looks. All under
 * the lock of the stack.
 */
#pragma once
#include "kernel/driver/virtio/queue.h"
#include "kernel/driver/virtio_net/header.h"

struct transmit_table;

struct transmit_queue {
	struct virtqueue *ring;
	uint32_t header_len;
	bool has_indirect; /* VIRTIO_F_INDIRECT was agreed on */
	struct net_stack *stack;
	struct list waiting; /* packets with their headers in front */
	unsigned nr_waiting;
	unsigned nr_with_device;
	struct transmit_table *tables; /* of indirect descriptors, not in use; made as they are needed */
	unsigned nr_tables;
};

void transmit_init(struct transmit_queue *queue, struct virtqueue *ring, struct net_stack *stack);
/* Frees what waits, and the tables that are not in use. */
void transmit_fini(struct transmit_queue *queue);
/* Adds the frame to the ring, or lets it wait; takes it. -ENOBUFS: too many wait, or no memory: dropped. -EIO: the device is broken. The ring is then to be shown. */
int transmit_send(struct transmit_queue *queue, struct net_packet *packet) must_check;
/* Frees what was sent and fills the ring from those that wait. True: some were added. */
bool transmit_reap(struct transmit_queue *queue);
/* More than half of the ring is in use. */
static inline bool transmit_is_full(const struct transmit_queue *queue)
{
	return queue->ring->nr_free < queue->ring->size / 2;
}
