/* SPDX-License-Identifier: BSD-3-Clause */
/* How Linux shows an interface: flags and kind (netdevice(7)). */
#pragma once
#include "kernel/net/core/net.h"
#include "kernel/uapi/net_interface.h"

static inline unsigned net_interface_linux_flags(const struct net_interface *interface)
{
	unsigned flags = interface->flags & NET_IS_DISABLED ? 0 : LINUX_IFF_UP;

	if (interface->flags & NET_IS_UP)
		flags |= LINUX_IFF_RUNNING | LINUX_IFF_LOWER_UP;
	if (interface->flags & NET_IS_LOOPBACK) /* without groups, as Linux shows it */
		return flags | LINUX_IFF_LOOPBACK;
	if (interface->flags & NET_HAS_BROADCAST)
		flags |= LINUX_IFF_BROADCAST;
	return flags | (interface->flags & NET_HAS_MULTICAST ? LINUX_IFF_MULTICAST : 0);
}

static inline unsigned net_interface_linux_type(const struct net_interface *interface)
{
	if (interface->flags & NET_IS_LOOPBACK)
		return LINUX_ARPHRD_LOOPBACK;
	return interface->link_ops->header_len ? LINUX_ARPHRD_ETHER : LINUX_ARPHRD_NONE;
}
