/* SPDX-License-Identifier: BSD-3-Clause */
/* Ethernet as the link of an interface, with the neighbours of both IP versions and ARP for IPv4. All under the lock of the stack. */
#pragma once
#include "kernel/net/core/net.h"

/* Makes Ethernet the link of the interface, whose `hardware` is set; before net_interface_add. -ENOMEM. */
int ethernet_attach(struct net_stack *stack, struct net_interface *interface) must_check;

struct ethernet_neighbour { /* of either version; for /proc/net/arp and netlink */
	struct net_address address;
	uint8_t hardware[6];
	bool is_known, is_reachable, is_failed, is_permanent; /* not known and not failed: it is being asked for */
};
bool ethernet_is_link(const struct net_interface *interface); /* the others are of such interfaces only */
/* The i-th neighbour; false: there are fewer. */
bool ethernet_neighbour_get(struct net_interface *interface, unsigned i, struct ethernet_neighbour *neighbour);
/* A neighbour that is told, not asked for (`ip neigh add`). -ENOMEM. */
int ethernet_neighbour_set(struct net_interface *interface, const struct net_address *address, const uint8_t hardware[6]);
int ethernet_neighbour_remove(struct net_interface *interface, const struct net_address *address); /* -ENOENT */
