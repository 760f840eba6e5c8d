/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Private to ip6. The header on the wire (RFC 8200 §3):
 *
 *	0   version 6, 4 bits | traffic class, 8 | flow label, 20
 *	4   length of what follows    6   next header    7   hop limit
 *	8   source                   24   destination   40   next header, of any number of extension headers
 */
#pragma once
#include "kernel/net/core/group.h"
#include "kernel/net/core/limit.h"
#include "kernel/net/core/path.h"
#include "kernel/net/core/reassemble.h"
#include "kernel/net/ip6/ip6.h"

enum { IP6_HEADER = 40, IP6_HOP_LIMIT = 64, IP6_MTU_MIN = 1280 };
/* Next headers that are not transports. */
enum { IP6_HOP_BY_HOP = 0, IP6_ROUTING = 43, IP6_FRAGMENT = 44, IP6_NO_NEXT = 59, IP6_DESTINATION = 60, IP6_FRAGMENT_HEADER = 8 };
/* ICMPv6: types, codes (RFC 4443). */
enum { ICMP6_UNREACHABLE = 1, ICMP6_TOO_BIG = 2, ICMP6_TIME_EXCEEDED = 3, ICMP6_BAD_PARAMETER = 4, ICMP6_ECHO = 128, ICMP6_ECHO_REPLY = 129 };
enum { ICMP6_CODE_PORT = 4, ICMP6_CODE_REASSEMBLY = 1, ICMP6_CODE_FIELD = 0, ICMP6_CODE_NEXT_HEADER = 1, ICMP6_CODE_OPTION = 2, ICMP6_CODE_FIRST_FRAGMENT = 3 };
enum { MLD_QUERY = 130, MLD_REPORT_1 = 131, MLD_DONE = 132, ND_RS = 133, ND_RA = 134, ND_NS = 135, ND_NA = 136, ND_REDIRECT = 137, MLD_REPORT_2 = 143 };
/* Options of Neighbour Discovery: type | length in units of 8 bytes | ... */
enum { ND_SOURCE_LINK = 1, ND_TARGET_LINK = 2, ND_PREFIX = 3, ND_MTU = 5, ND_NONCE = 14, ND_RDNSS = 25 };

/* Told by routers, and therefore limited. */
enum { IP6_ADVERTISED_ADDRESSES_MAX = 16, IP6_ADVERTISED_ROUTES_MAX = 32, IP6_NAME_SERVERS_MAX = 8 };

struct ip6_header {
	struct net_address source, destination;
	uint16_t len;	  /* of what follows */
	uint16_t next_at; /* where `next` was said, from the header's start */
	uint8_t next, hop_limit, traffic_class;
};

/* An interface that configures itself. */
struct ip6_interface {
	struct list link;
	struct ip6 *ip;
	struct net_interface *interface;
	uint8_t hop_limit; /* 0: not told */
	uint32_t mtu;	   /* 0: not told */
	uint64_t ask_interval_ns;
	struct net_timer ask_timer;
};

struct ip6 {
	struct net_stack *stack;
	struct list addresses, routes, interfaces, name_servers;
	struct net_reassembler reassembler;
	struct net_paths paths;
	struct net_limit errors;
	struct net_timer lifetime_timer; /* the next end of anything's lifetime */
	ip6_event_fn *event;
	void *owner;
};

static inline struct ip6 *ip6_of(struct net_stack *stack)
{
	return stack->module[NET_MODULE_IP6];
}

static inline void ip6_tell(struct ip6 *ip, enum ip6_event event, struct net_interface *interface, const struct ip6_address *address)
{
	net_routes_changed(ip->stack);
	if (ip->event)
		ip->event(ip->owner, event, interface, address);
	if (address)
		net_tell(ip->stack, NET_ADDRESS, NET_IP6, address, event == IP6_ADDRESS_REMOVED);
}

static inline bool ip6_is_usable(const struct ip6_address *a)
{
	return a->state == IP6_OPTIMISTIC || a->state == IP6_PREFERRED || a->state == IP6_DEPRECATED;
}

/* May it turn out to be somebody else's? */
static inline bool ip6_is_probing(const struct ip6_address *a)
{
	return a->state == IP6_TENTATIVE || a->state == IP6_OPTIMISTIC;
}

/* ip6.c */
struct ip6_interface *ip6_interface_find(struct ip6 *ip, const struct net_interface *interface);
extern const struct net_address ip6_all_nodes, ip6_all_routers;
/* address.c */
struct ip6_address *ip6_address_find(struct ip6 *ip, const struct net_interface *interface, const struct net_address *address); /* interface NULL: any */
/* An address that is usable, at the interface if its scope is the link. */
bool ip6_is_local_at(struct ip6 *ip, const struct net_interface *interface, const struct net_address *address);
struct ip6_address *ip6_link_local(struct ip6 *ip, const struct net_interface *interface); /* usable; NULL: none */
int ip6_address_make(struct ip6 *ip, const struct ip6_address *like, unsigned flags); /* IP6_NO_PROBE, IP6_USE_MEANWHILE */
void ip6_address_free(struct ip6 *ip, struct ip6_address *address);
void ip6_address_duplicate(struct ip6 *ip, struct ip6_address *address); /* somebody else has it */
struct net_address ip6_solicited_node(const struct net_address *address);
struct net_address ip6_of_hardware(const struct net_address *prefix, const uint8_t hardware[6]);
/* lifetime.c: ends what is over, and waits for what is next. */
void ip6_lifetimes_update(struct ip6 *ip);
/* source.c */
const struct ip6_address *ip6_choose_source(struct ip6 *ip, const struct net_interface *out, const struct net_address *destination); /* NULL: none */
/* route.c */
int ip6_route(struct net_stack *stack, struct net_flow *flow);
struct ip6_route *ip6_route_find(struct ip6 *ip, const struct net_address *destination, const struct net_interface *bound);
void ip6_route_free(struct ip6 *ip, struct ip6_route *route);
uint32_t ip6_mtu(struct ip6 *ip, const struct net_interface *interface);
/* input.c */
void ip6_input(struct net_interface *interface, struct net_packet *packet);
bool ip6_header_parse(const uint8_t *bytes, size_t len, struct ip6_header *header);
/* header.c */
/* Where the transport's header begins in bytes that start with an IPv6 header, and which it is; 0: not in there, or the part is not the first. */
size_t ip6_find_transport(const uint8_t *bytes, size_t len, uint8_t *protocol);
/* Walks through extension headers and fragments; takes the packet. NULL, or the packet with the transport's header first and its protocol in header->next. */
struct net_packet *ip6_headers_input(struct ip6 *ip, struct net_packet *packet, struct ip6_header *header);
/* output.c */
int ip6_send(struct net_stack *stack, const struct net_flow *flow, struct net_packet *packet, uint8_t protocol);
/* Sends at the interface without asking for a route; source and hop limit are the flow's as they are. Takes the packet. */
int ip6_send_at(struct ip6 *ip, const struct net_flow *flow, struct net_packet *packet, uint8_t next);
/* icmp.c */
void ip6_icmp_input(struct ip6 *ip, struct net_packet *packet, const struct ip6_header *header);
/* Answers with an error; borrows the packet, whose IP header is at network_offset. pointer: of ICMP6_BAD_PARAMETER, otherwise 0. */
void ip6_give_up(struct net_stack *stack, struct net_interface *interface, struct net_packet *packet);
void ip6_icmp_error(struct ip6 *ip, struct net_packet *packet, uint8_t type, uint8_t code, uint32_t pointer);
void ip6_icmp_checksum(const struct net_flow *flow, struct net_packet *packet);
/* nd.c */
void ip6_ask(struct net_interface *interface, const struct net_address *address, bool is_known);
void ip6_probe(struct ip6 *ip, struct ip6_address *address);
void ip6_nd_input(struct ip6 *ip, struct net_packet *packet, const struct ip6_header *header);
/* Calls `each` with all options, whose lengths are known to be good. */
typedef void ip6_nd_option_fn(void *context, const uint8_t *option, size_t len);
void ip6_nd_options(const uint8_t *options, size_t len, ip6_nd_option_fn *each, void *context);
const uint8_t *ip6_nd_option(const uint8_t *options, size_t len, uint8_t type); /* the first of the type; NULL: none */
/* Sends a message, and behind it, if the link has such, our hardware address as an option of that type (0: without). */
void ip6_nd_send(struct ip6 *ip, const struct net_flow *flow, const uint8_t *message, size_t len, uint8_t link_option);
/* router.c */
void ip6_router_ask(struct net_timer *timer);
void ip6_router_input(struct ip6 *ip, struct net_interface *interface, const uint8_t *message, size_t len, const struct ip6_header *header);
/* It says that it is no router (any more). */
void ip6_router_is_gone(struct ip6 *ip, struct net_interface *interface, const struct net_address *router);
/* mld.c */
void ip6_mld_report(struct net_interface *interface, const struct net_address *group, enum net_group_report what, bool is_old);
void ip6_mld_input(struct ip6 *ip, struct net_packet *packet, const struct ip6_header *header);
