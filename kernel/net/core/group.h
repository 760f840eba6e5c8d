/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Multicast groups of interfaces, of both IP versions: who listens, what the device is told, and when routers are told (the host's side of RFC 3376 and
 * RFC 3810 without lists of sources; IGMP and MLD only write and read the messages).
 */
#pragma once
#include "kernel/net/core/net.h"

struct net_group {
	struct list link;
	struct net_interface *interface;
	struct net_address address;
	unsigned users;	  /* 0: left; stays until that is told */
	unsigned changes; /* how many times the last change is still to be told */
	struct net_timer timer;
};

/* Counted: as many leaves as joins. -ENOMEM; -EADDRNOTAVAIL: not joined. The address is a multicast one. */
int net_group_join(struct net_interface *interface, const struct net_address *group) must_check;
int net_group_leave(struct net_interface *interface, const struct net_address *group);
/* The groups that every host is in are always joined. */
bool net_group_is_joined(const struct net_interface *interface, const struct net_address *group);
/* All groups of a version go without a word, as the interface does. */
void net_groups_forget(struct net_interface *interface, unsigned version);
/* A router asks; group NULL: for all. They are reported at a random time before max_delay_ns. is_old: it speaks IGMPv2 or MLDv1 and is answered so. */
void net_group_query(struct net_interface *interface, unsigned version, const struct net_address *group, uint64_t max_delay_ns, bool is_old);
/* Tells the device which hardware addresses are wanted. */
void net_groups_tell_device(struct net_interface *interface);
/* A member hears what it sends itself (RFC 1112 §7.1): to be called with the packet, IP header first. Borrows it. */
void net_group_loop(const struct net_flow *flow, const struct net_packet *packet);
