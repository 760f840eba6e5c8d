/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fragments become datagrams again (RFC 791 §3.2, RFC 815's task, RFC 8200 §4.5). Limits: so many datagrams and bytes at once, the oldest goes; a time for
 * each. A datagram with parts that overlap is thrown away whole, since it serves only to deceive filters (RFC 5722 says so of IPv6).
 */
#pragma once
#include "kernel/net/core/net.h"

#define NET_REASSEMBLY_MAX 64
#define NET_REASSEMBLY_BYTES (512u << 10)

struct net_reassembler {
	struct net_stack *stack;
	struct list datagrams; /* oldest first */
	unsigned nr;
	size_t bytes;
	uint64_t time_ns; /* for a datagram to become whole */
	struct net_timer timer;
	/* The time of a datagram is over; borrows its first part, which has come. May be NULL. */
	void (*expired)(struct net_stack *stack, struct net_packet *first);
};

/* What the headers say of a part. */
struct net_part {
	struct net_address source, destination;
	uint32_t id;
	uint8_t protocol; /* 0: datagrams are not told apart by it */
	uint8_t traffic_class;
	bool is_last;
	uint32_t offset;    /* in the datagram's payload */
	uint32_t whole_max; /* the longest payload of a datagram */
};

void net_reassembler_init(struct net_stack *stack, struct net_reassembler *reassembler, uint64_t time_ns);
void net_reassembler_fini(struct net_reassembler *reassembler);
/*
 * Takes a part, whose headers are pulled; the whole datagram once it is complete, otherwise NULL. The headers of the part at offset 0, from network_offset
 * to where it was pulled, stand in front of the whole, and its mark[1] is the whole's.
 */
struct net_packet *net_reassemble(struct net_reassembler *reassembler, struct net_packet *packet, const struct net_part *part);
