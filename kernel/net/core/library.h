/* SPDX-License-Identifier: BSD-3-Clause */
/* The protocols register themselves (lib/linkerset.h): a library that is not linked leaves no trace. Whoever makes a stack starts those that are there, in order. */
#pragma once
#include "kernel/net/core/net.h"
#include "lib/linkerset.h"

enum net_order { NET_ORDER_NETWORK, NET_ORDER_BESIDE_NETWORK, NET_ORDER_TRANSPORT, NET_ORDER_CONGESTION, NET_ORDER_SERVICE };

struct net_library {
	const char *name;
	enum net_order order;
	int (*init)(struct net_stack *stack); /* -ENOMEM */
};
#define NET_LIBRARY(n) LINKER_SET_MEMBER(net_library, struct net_library, n)

/* Starts all libraries that are linked. The first error ends it. */
int net_libraries_init(struct net_stack *stack) must_check;
