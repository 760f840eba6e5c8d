/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Private to ethernet. The frame: 0 destination | 6 source | 12 type | 14 data. ARP for IPv4 over Ethernet (RFC 826):
 *
 *	 0 hardware 1 | 2 protocol 0x0800 | 4 length 6 | 5 length 4 | 6 operation
 *	 8 sender's hardware address | 14 sender's address | 18 target's hardware address | 24 target's address
 */
#pragma once
#include "kernel/net/ethernet/ethernet.h"

enum { ETHERNET_HEADER = 14, ARP_PACKET = 28, ARP_REQUEST = 1, ARP_REPLY = 2 };

#define NEIGHBOURS_MAX 512u
#define NEIGHBOUR_BUCKETS 32u
#define WAITING_MAX 16			    /* packets for one neighbour that is asked for */
#define REACHABLE_TIME (30 * NET_SECOND)    /* then it is asked again when used */
#define FORGET_TIME (300 * NET_SECOND)
#define ASK_INTERVAL NET_SECOND
#define ASK_MAX 3
#define FAILED_TIME (3 * NET_SECOND)	    /* not asked for anew so long */

/*
 * A neighbour of either IP version. In the words of RFC 4861 §7.3.2: asked and not known is INCOMPLETE, known is REACHABLE until REACHABLE_TIME after it
 * was confirmed or is_stale is set, then STALE; known and asked is PROBE. There is no DELAY: nothing above tells us of progress to wait for.
 */
struct neighbour {
	struct list link, age_link; /* bucket; least recently heard of first */
	struct ethernet *ethernet;
	struct net_address address;
	uint8_t hardware[6];
	bool is_known, is_stale, is_asked, is_failed, is_permanent;
	uint8_t asked;
	uint64_t confirmed_ns;
	struct list waiting;
	unsigned nr_waiting;
	struct net_timer timer;
};

struct ethernet {
	struct net_interface *interface;
	struct list buckets[NEIGHBOUR_BUCKETS], by_age;
	struct neighbour *recent; /* who was looked for last, as a rule the router; NULL: it is not there */
	unsigned nr;
};

static inline struct ethernet *ethernet_of(const struct net_interface *interface)
{
	return interface->link_state;
}

/* ethernet.c */
int ethernet_send(struct net_interface *interface, struct net_packet *packet, uint16_t type, const uint8_t to[6]);
/* neighbour.c */
int neighbour_output(struct net_interface *interface, struct net_packet *packet, const struct net_address *next_hop);
void neighbour_learn(struct net_interface *interface, const struct net_address *address, const uint8_t *hardware, unsigned how);
bool neighbour_is_silent(struct net_interface *interface, const struct net_address *address);
void neighbours_fini(struct ethernet *ethernet);
/* arp.c */
void arp_input(struct net_interface *interface, struct net_packet *packet);
int arp_output(struct net_interface *interface, struct net_packet *packet, const struct net_address *next_hop);
void arp_announce(struct net_interface *interface, const struct net_address *address);
/* Asks for an address; hardware: only the one who had it, NULL: everybody. */
void arp_ask(struct net_interface *interface, const struct net_address *address, const uint8_t *hardware);
