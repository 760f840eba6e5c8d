/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets through the rings of a socket device (virtio 1.2 §5.10.6), without any hardware. The caller serialises all calls, and publishes and notifies where a
 * call says that there is something new.
 */
#pragma once
#include "kernel/driver/virtio/queue.h"
#include "kernel/net/vsock/vsock.h"

enum { VSOCK_RECEIVE_BYTES = 4096, VSOCK_BACKLOG_MAX = 256 };

struct vsock_transfer {
	struct virtqueue *receive, *transmit;
	struct list waiting; /* packets that the transmit ring has no room for */
	unsigned nr_waiting;
	uint64_t (*physical)(const void *memory);
	struct vsock_packet *(*packet_new)(size_t capacity); /* NULL: no memory */
	void (*packet_free)(struct vsock_packet *packet);
};

/* Takes the packet. True: the transmit ring has something new. */
bool vsock_transfer_send(struct vsock_transfer *transfer, struct vsock_packet *packet);
/* Frees what was sent, and sends what waits. True as above. */
bool vsock_transfer_sent(struct vsock_transfer *transfer);
/* Offers buffers for as much as there is room and memory. True: the receive ring has something new. */
bool vsock_transfer_offer(struct vsock_transfer *transfer);
/*
 * The next packet that came, the caller's to keep; NULL: none, or so many answers wait to be sent that no more is taken now: look again after
 * vsock_transfer_sent. Nonsense from the device is left out.
 */
struct vsock_packet *vsock_transfer_receive(struct vsock_transfer *transfer);
