/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv4 of a stack: addresses and routes. Numbers are in the machine's byte order. All under the lock of the stack. */
#pragma once
#include "kernel/net/core/net.h"

struct ip4_address {
	struct list link;
	struct net_interface *interface;
	uint32_t address;
	unsigned prefix;
};

struct ip4_route {
	struct list link;
	uint32_t destination;
	unsigned prefix;
	uint32_t gateway; /* 0: the destination is on the link */
	struct net_interface *interface;
	uint32_t metric;
	uint32_t mtu;	 /* 0: the interface's */
	uint32_t source; /* preferred; 0: by the link */
	bool is_connected; /* made with an address, goes with it */
};

int ip4_init(struct net_stack *stack) must_check; /* -ENOMEM */
void ip4_fini(struct net_stack *stack);

/* An address with the route to its network. -EEXIST, -EINVAL, -ENOMEM. */
int ip4_address_add(struct net_stack *stack, struct net_interface *interface, uint32_t address, unsigned prefix) must_check;
int ip4_address_remove(struct net_stack *stack, struct net_interface *interface, uint32_t address); /* -EADDRNOTAVAIL */
/* Copies the route. -EEXIST, -EINVAL, -ENETUNREACH (gateway not on a link), -ENOMEM. */
int ip4_route_add(struct net_stack *stack, const struct ip4_route *route) must_check;
int ip4_route_remove(struct net_stack *stack, uint32_t destination, unsigned prefix, uint32_t gateway); /* -ESRCH */
void ip4_route_drop(struct net_stack *stack, struct ip4_route *route);									/* one of ip4_routes; frees it */
/* Lists of struct ip4_address and struct ip4_route, to be read; routes with the longest prefix first. */
const struct list *ip4_addresses(struct net_stack *stack);
const struct list *ip4_routes(struct net_stack *stack);
/* Multicast groups, counted. -EINVAL: no group; -ENODEV: no interface for it; -EADDRNOTAVAIL: not joined. interface NULL: by route. */
int ip4_group_join(struct net_stack *stack, struct net_interface *interface, uint32_t group) must_check;
int ip4_group_leave(struct net_stack *stack, struct net_interface *interface, uint32_t group);
/* Sends to a group at the interface, for its routers to look at: with the router alert option (RFC 2113). Takes the packet. */
int ip4_send_alert(struct net_interface *interface, uint32_t to, struct net_packet *packet, uint8_t protocol);

static inline uint32_t ip4_mask(unsigned prefix)
{
	return prefix ? ~0u << (32 - prefix) : 0;
}

static inline bool ip4_is_multicast(uint32_t address)
{
	return address >> 28 == 0xe;
}

static inline bool ip4_is_loopback(uint32_t address)
{
	return address >> 24 == 127;
}
