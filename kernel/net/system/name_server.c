/* SPDX-License-Identifier: BSD-3-Clause */
/* The name servers that interfaces were told of, and those that programs are to ask. */
#include "kernel/net/system/system.h"

static struct net_names told, shown;

static void add(struct net_names *names, const struct net_address *server, unsigned interface_index, enum net_teller teller)
{
	if (names->nr == NET_NAME_SERVERS_MAX)
		return;
	names->server[names->nr] = *server;
	names->teller[names->nr] = teller;
	names->interface_index[names->nr++] = interface_index;
}

static bool has_resolver(void)
{
	return shown.nr && shown.interface_index[0] == 0;
}

static void show(void)
{
	if (has_resolver())
		memcpy(shown.domain, told.domain, sizeof(shown.domain));
	else
		shown = told;
}

static void forget(unsigned interface_index, enum net_teller teller)
{
	struct net_names before = told;

	told.nr = 0;
	for (unsigned i = 0; i < before.nr; i++)
		if (before.interface_index[i] != interface_index || before.teller[i] != teller)
			add(&told, &before.server[i], before.interface_index[i], before.teller[i]);
}

const struct net_names *net_names(void)
{
	return &shown;
}

const struct net_names *net_names_told(void)
{
	return &told;
}

void net_names_set(const struct net_interface *interface, enum net_teller teller, const struct net_address *servers, unsigned nr, const char *domain)
{
	forget(interface->index, teller);
	for (unsigned i = 0; i < nr; i++)
		add(&told, &servers[i], interface->index, teller);
	if (domain && strlen(domain) <= NET_DOMAIN_MAX)
		memcpy(told.domain, domain, strlen(domain) + 1);
	show();
}

void net_names_set_resolver(const struct net_address *address)
{
	shown.nr = 0;
	add(&shown, address, 0, NET_TOLD_BY_OWNER);
	show();
}
