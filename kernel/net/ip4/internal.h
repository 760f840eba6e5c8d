/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Private to ip4. The header on the wire (RFC 791 §3.1):
 *
 *	 0   version 4 | header length in words     1   type of service, ECN in the low two bits
 *	 2   total length                           4   identification
 *	 6   0 | DF | MF | fragment offset in 8 bytes
 *	 8   time to live                           9   protocol
 *	10   checksum of the header                12   source, 16 destination, 20 options
 */
#pragma once
#include "kernel/net/core/group.h"
#include "kernel/net/core/limit.h"
#include "kernel/net/core/path.h"
#include "kernel/net/core/reassemble.h"
#include "kernel/net/ip4/ip4.h"

enum { IP4_HEADER = 20, IP4_DF = 0x4000, IP4_MF = 0x2000, IP4_OFFSET = 0x1fff, IP4_TTL = 64, IP4_MTU_MIN = 68, IP4_MTU_MAX = 65535 };
enum { IP4_BROADCAST = 0xffffffff };

/* What the header of a received packet says. */
struct ip4_header {
	uint32_t source, destination;
	uint16_t len, id, fragment;
	uint8_t header_len, protocol, ttl, tos;
};

struct ip4 {
	struct net_stack *stack;
	struct list addresses, routes;
	struct net_reassembler reassembler;
	struct net_paths paths;
	uint32_t next_id;
	struct net_limit errors; /* that may be sent now */
};

static inline struct ip4 *ip4_of(struct net_stack *stack)
{
	return stack->module[NET_MODULE_IP4];
}

/* route.c */
int ip4_route(struct net_stack *stack, struct net_flow *flow);
bool ip4_is_local_address(struct ip4 *ip, uint32_t address);
bool ip4_is_broadcast(struct ip4 *ip, const struct net_interface *interface, uint32_t address);
struct ip4_route *ip4_route_find(struct ip4 *ip, uint32_t destination, const struct net_interface *bound);
/* input.c */
void ip4_input(struct net_interface *interface, struct net_packet *packet);
void ip4_deliver(struct ip4 *ip, struct net_packet *packet, const struct ip4_header *header);
bool ip4_header_parse(const uint8_t *bytes, size_t len, struct ip4_header *header);
/* output.c */
int ip4_send(struct net_stack *stack, const struct net_flow *flow, struct net_packet *packet, uint8_t protocol);
/* icmp.c */
void ip4_icmp_input(struct ip4 *ip, struct net_packet *packet, const struct ip4_header *header);
void ip4_give_up(struct net_stack *stack, struct net_interface *interface, struct net_packet *packet);
void ip4_icmp_error(struct ip4 *ip, struct net_packet *packet, uint8_t type, uint8_t code, uint32_t rest);
