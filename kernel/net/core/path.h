/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known of paths narrower than our links (RFC 1191, RFC 8201), of both IP versions alike. */
#pragma once
#include "kernel/net/core/net.h"

#define NET_PATHS_MAX 256

struct net_paths {
	struct list list; /* least recently told first */
	unsigned nr;
};

void net_paths_init(struct net_paths *paths);
void net_paths_fini(struct net_stack *stack, struct net_paths *paths);
/* An ICMP message that is believed told it. Never makes a path wider. */
void net_path_set(struct net_stack *stack, struct net_paths *paths, const struct net_address *destination, uint32_t mtu);
uint32_t net_path_mtu(struct net_stack *stack, struct net_paths *paths, const struct net_address *destination); /* UINT32_MAX: nothing known */
