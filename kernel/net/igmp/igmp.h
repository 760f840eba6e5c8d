/* SPDX-License-Identifier: BSD-3-Clause */
/* IGMP of a stack: tells routers and switches of the groups that core/group.h counts. Without it, groups work where nobody filters. */
#pragma once
#include "kernel/net/core/net.h"

int igmp_init(struct net_stack *stack) must_check; /* -ENOMEM; after ip4_init */
void igmp_fini(struct net_stack *stack);
