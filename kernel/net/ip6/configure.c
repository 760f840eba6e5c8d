/* SPDX-License-Identifier: BSD-3-Clause */
/* What the machine does with news of IPv6: addresses are shown, name servers asked. */
#include "kernel/log/log.h"
#include "kernel/net/core/address_text.h"
#include "kernel/net/core/library.h"
#include "kernel/net/ip6/ip6.h"
#include "kernel/net/system/system.h"

static void show(const struct net_interface *interface, const struct ip6_address *address)
{
	char text[NET_ADDRESS_TEXT];

	net_address_format(&address->address, text, sizeof(text));
	if (address->state == IP6_DUPLICATE)
		log_line(LOG_WARNING, "%s: %s is not used: another machine has it", interface->name, text);
	else if (address->state == IP6_PREFERRED && address->origin == IP6_ADVERTISED)
		log_line(LOG_INFO, "%s: a router's prefix makes %s/%u", interface->name, text, address->prefix);
}

static void take_names(struct net_interface *interface)
{
	struct net_address servers[NET_NAME_SERVERS_MAX];
	const struct ip6_name_server *s;
	unsigned nr = 0;

	list_for_each(s, ip6_name_servers(interface->stack), link)
		if (s->interface == interface && nr < NET_NAME_SERVERS_MAX)
			servers[nr++] = s->address;
	net_names_set(interface, NET_TOLD_BY_ROUTER, servers, nr, NULL);
}

static void on_event(void *owner, enum ip6_event event, struct net_interface *interface, const struct ip6_address *address)
{
	if (event == IP6_ADDRESS_CHANGED)
		show(interface, address);
	else if (event == IP6_NAME_SERVERS_CHANGED)
		take_names(interface);
}

static int listen(struct net_stack *stack)
{
	ip6_set_event(stack, on_event, NULL);
	return 0;
}

NET_LIBRARY(ip6_news) = {.name = "ip6 news", .order = NET_ORDER_BESIDE_NETWORK, .init = listen};
