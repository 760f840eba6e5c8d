/* SPDX-License-Identifier: BSD-3-Clause */
/* Starting the protocols that are linked. */
#include "kernel/net/core/library.h"

LINKER_SET_DECLARE(net_library, struct net_library);

static int init_order(struct net_stack *stack, enum net_order order)
{
	int error = 0;

	for (const struct net_library *const *p = LINKER_SET_BEGIN(net_library); p < LINKER_SET_END(net_library) && !error; p++) {
		if ((*p)->order == order)
			error = (*p)->init(stack);
	}
	return error;
}

int net_libraries_init(struct net_stack *stack)
{
	int error = 0;

	for (unsigned order = NET_ORDER_NETWORK; order <= NET_ORDER_SERVICE && !error; order++)
		error = init_order(stack, (enum net_order)order);
	return error;
}
