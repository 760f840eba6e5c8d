/* SPDX-License-Identifier: BSD-3-Clause */
/* What stands in front of each frame between driver and device (virtio 1.2 §5.1.6): which work of checksums and segmentation is still to be done. */
#pragma once
#include "kernel/net/core/net.h"

struct virtio_net_header {
	uint8_t flags, segmentation;
	uint16_t headers_len; /* of a packet to be cut: what each segment repeats */
	uint16_t segment_size;
	uint16_t checksum_start, checksum_offset; /* the sum from start on is to be stored `offset` behind it */
	uint16_t nr_buffers; /* not there if the device is an old one without merged buffers */
};

enum { VIRTIO_NET_HEADER_LEN = 12, VIRTIO_NET_HEADER_LEN_OLD = 10 };

/* Of a frame to send. */
struct virtio_net_header virtio_net_header_of(const struct net_packet *packet);
/*
 * Notes in a received frame what its header says; `device_checks`: checksums were agreed on, so that the device may have verified them, or
 * vouch for a packet that has none because it never was on a wire. False: no honest device writes such a header.
 */
bool virtio_net_header_take(const struct virtio_net_header *header, struct net_packet *packet, bool device_checks) must_check;
