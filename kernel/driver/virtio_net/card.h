/* SPDX-License-Identifier: BSD-3-Clause */
/* A virtio network device and what belongs to it. The lock of the stack guards all of it once it is added. */
#pragma once
#include "kernel/driver/virtio/virtio.h"
#include "kernel/driver/virtio_net/receive.h"
#include "kernel/driver/virtio_net/transmit.h"

#define FEATURE_CHECKSUM	(1ull << 0) /* §5.1.3 */
#define FEATURE_GUEST_CHECKSUM	(1ull << 1)
#define FEATURE_MTU		(1ull << 3)
#define FEATURE_MAC		(1ull << 5)
#define FEATURE_GUEST_TSO4	(1ull << 7)
#define FEATURE_GUEST_TSO6	(1ull << 8)
#define FEATURE_GUEST_ECN	(1ull << 9)
#define FEATURE_HOST_TSO4	(1ull << 11)
#define FEATURE_HOST_TSO6	(1ull << 12)
#define FEATURE_HOST_ECN	(1ull << 13)
#define FEATURE_MERGED_BUFFERS	(1ull << 15)
#define FEATURE_STATUS		(1ull << 16)
#define FEATURE_CONTROL		(1ull << 17)
#define FEATURE_CONTROL_RECEIVE (1ull << 18)
#define FEATURE_PAIRS		(1ull << 22)

enum { CONFIG_MAC = 0, CONFIG_STATUS = 6, CONFIG_PAIRS_MAX = 8, CONFIG_MTU = 10 }; /* §5.1.4 */

struct card;

/* A receive and a transmit queue, served together. */
struct pair {
	struct card *card;
	struct virtio_queue *receive_side, *transmit_side;
	struct receive_queue receive;
	struct transmit_queue transmit;
	struct net_work notify;	 /* at the end of a turn */
	struct net_timer watch;	 /* see pair.c */
	uint64_t watch_ns;
	bool notify_is_late, receive_is_unsure;
};

struct card {
	struct net_interface interface;
	struct virtio_device *virtio;
	struct virtio_queue *control; /* NULL: none */
	unsigned nr_pairs;  /* that were opened */
	unsigned nr_active; /* that the device uses: the first, and all once it has agreed */
	bool is_spreading, is_filtering;
	struct net_work spread;
	bool has_told_broken;
	struct pair pairs[];
};

/* ---- pair.c ---- */
void pair_init(struct pair *pair, struct card *card, unsigned buffers_max, uint32_t buffer_size);
/* How pairs come into use; before the first is sent through. */
void pairs_init(struct card *card);
/* The first buffers for the device; in a turn. */
void pair_start(struct pair *pair);
/* The queue's interrupt; outside of a turn. */
void pair_interrupt(struct virtio_queue *queue);
/* The interface's method. */
int pair_transmit(struct net_interface *interface, struct net_packet *packet);

/* ---- control.c: commands to the device (§5.1.6.5), in a turn. Nobody waits for them; what is refused is logged. ---- */
/* The queue's interrupt; outside of a turn. */
void control_interrupt(struct virtio_queue *queue);
/* The interface's method. */
void control_set_groups(struct net_interface *interface, const uint8_t (*group)[6], size_t nr);
/* Makes the device use all pairs. */
void control_use_pairs(struct card *card);
