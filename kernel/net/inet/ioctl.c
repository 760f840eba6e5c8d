/* SPDX-License-Identifier: BSD-3-Clause */
/* The ioctls of interfaces and routes (netdevice(7)). */
#include "kernel/net/inet/inet.h"

long inet_interface_ioctl(struct net_stack *stack, unsigned command, uint64_t argument)
{
	return -ENOTTY;
}
