/* SPDX-License-Identifier: BSD-3-Clause */
/* The name servers that interfaces were told of. */
#include "kernel/net/system/system.h"

static struct net_names names;

const struct net_names *net_names(void)
{
	return &names;
}

static void forget(unsigned index)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < names.nr; i++) {
		if (names.interface_index[i] == index)
			continue;
		names.server[kept] = names.server[i];
		names.interface_index[kept++] = names.interface_index[i];
	}
	names.nr = kept;
}

void net_names_set(const struct net_interface *interface, const struct net_address *servers, unsigned nr, const char *domain)
{
	forget(interface->index);
	for (unsigned i = 0; i < nr && names.nr < NET_NAME_SERVERS_MAX; i++) {
		names.server[names.nr] = servers[i];
		names.interface_index[names.nr++] = interface->index;
	}
	if (domain && strlen(domain) <= NET_DOMAIN_MAX)
		memcpy(names.domain, domain, strlen(domain) + 1);
}
