/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet: bytes in a buffer with room in front for headers, then any number of fragments that refer to memory owned by blocks (pages of a send
 * queue, of a device's receive ring, of the page cache). All under the lock of the stack.
 *
 *	buffer          data                                  fragment[0]        fragment[1]
 *	  | head room    | linear bytes      | tail room |    | bytes of a block | ...
 */
#pragma once
#include "kernel/net/core/wire.h"
#include "lib/list.h"

struct net_stack;
struct net_interface;

/* Memory that packets and queues share. The last reference calls release. */
struct net_block {
	uint32_t references;
	uint32_t size;
	uint8_t *bytes;
	struct net_stack *stack;
	void (*release)(struct net_block *block);
};

struct net_fragment {
	struct net_block *block;
	uint8_t *bytes;
	uint32_t len;
};

enum {
	NET_PACKET_CHECKED = 1,	      /* received: the device has verified the transport's checksum */
	NET_PACKET_NEEDS_CHECKSUM = 2, /* to send: the sum from checksum_from on is to be stored at checksum_at; the pseudo-header's is there */
	NET_PACKET_BROADCAST = 4,      /* received: not only to us, at the link */
	NET_PACKET_MULTICAST = 8,
	NET_PACKET_LOOPED = 16, /* received: a copy of what we sent to a group */
};

struct net_packet {
	struct list link;
	struct net_stack *stack;
	struct net_interface *interface; /* received from, or sent to */
	uint8_t *buffer, *data;
	uint32_t capacity; /* of the buffer */
	uint32_t linear;   /* bytes at data */
	uint32_t len;	   /* of all */
	uint8_t flags;
	uint8_t traffic_class; /* received: TOS octet */
	uint8_t ttl;	       /* received */
	uint8_t nr_fragments, fragments_max;
	uint16_t segment_size; /* to send: payload of each segment that the device cuts it to (TSO); 0: it is one */
	uint16_t network_offset; /* of the IP header in the buffer */
	uint8_t *checksum_from, *checksum_at;
	uint32_t mark[4]; /* for the protocol that queues it */
	struct net_fragment fragment[];
};

#define NET_HEAD_ROOM 128     /* device header, Ethernet with VLAN, IPv6, TCP with options */
#define NET_FRAGMENTS_MAX 40

struct net_packet *net_packet_new(struct net_stack *stack, size_t head_room, size_t tail_room, unsigned fragments); /* NULL: no memory */
void net_packet_free(struct net_packet *packet);								     /* accepts NULL */
/* n bytes more in front; NULL: no room. */
uint8_t *net_packet_push(struct net_packet *packet, size_t n);
/* The next two, where the linear bytes do not suffice. */
uint8_t *net_packet_gather(struct net_packet *packet, size_t n);
void net_packet_pull_fragments(struct net_packet *packet, size_t n);
/* The first n bytes as linear memory, NULL if the packet is shorter or they do not fit the buffer. */
static inline uint8_t *net_packet_head(struct net_packet *packet, size_t n)
{
	return likely(n <= packet->linear) ? packet->data : net_packet_gather(packet, n);
}
/* Drops n bytes in front, at most len. */
static inline void net_packet_pull(struct net_packet *packet, size_t n)
{
	if (unlikely(n > packet->linear)) {
		net_packet_pull_fragments(packet, n);
		return;
	}
	packet->data += n;
	packet->linear -= (uint32_t)n;
	packet->len -= (uint32_t)n;
}
/* Keeps only the first n bytes. */
void net_packet_trim(struct net_packet *packet, size_t n);
/* n bytes more behind, of a packet without fragments; NULL: no room. */
uint8_t *net_packet_append(struct net_packet *packet, size_t n);
/* Bytes of a block; takes a reference of its own. False: no free fragment. */
bool net_packet_add(struct net_packet *packet, struct net_block *block, uint8_t *bytes, size_t len);
/* Copies out; false if they are not all there. */
bool net_packet_copy(const struct net_packet *packet, size_t offset, void *to, size_t len);
/* Adds the bytes [offset, len of packet). */
checksum_sum net_packet_sum(const struct net_packet *packet, size_t offset, checksum_sum sum);
/* The piece of contiguous memory at `offset`; its length, 0 at the end. */
size_t net_packet_piece(const struct net_packet *packet, size_t offset, uint8_t **bytes);
/* A new packet with a copy of the bytes [offset, offset + len), head room in front. NULL: no memory, or not there. */
struct net_packet *net_packet_copy_part(const struct net_packet *packet, size_t offset, size_t len);
/* Computes what NET_PACKET_NEEDS_CHECKSUM leaves to the device. */
void net_packet_finish_checksum(struct net_packet *packet);

/* A block with memory of its own behind it. NULL: no memory. */
struct net_block *net_block_new(struct net_stack *stack, size_t size);
void net_block_get(struct net_block *block);
void net_block_put(struct net_block *block); /* accepts NULL */
