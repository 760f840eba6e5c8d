/* SPDX-License-Identifier: BSD-3-Clause */
/* DHCP as the machine's way to find the addresses of its interfaces. */
#include "kernel/log/log.h"
#include "kernel/net/core/address_text.h"
#include "kernel/net/dhcp/dhcp.h"
#include "kernel/net/system/system.h"

static void show(struct net_interface *interface, const char *what, const struct dhcp_lease *lease)
{
	struct net_address address = net_address_of_ip4(lease->address);
	char text[NET_ADDRESS_TEXT];

	net_address_format(&address, text, sizeof(text));
	log_line(LOG_INFO, "%s: %s %s/%u for %u s", interface->name, what, text, lease->prefix, lease->lease_s);
}

static void take_names(struct net_interface *interface, const struct dhcp_lease *lease)
{
	struct net_address servers[DHCP_SERVERS_MAX];

	for (unsigned i = 0; i < lease->nr_name_servers; i++)
		servers[i] = net_address_of_ip4(lease->name_server[i]);
	net_names_set(interface, NET_TOLD_BY_DHCP, servers, lease->nr_name_servers, lease->domain[0] ? lease->domain : NULL);
}

/* What leaves the machine without an address is shown by default. */
static void on_event(void *owner, enum dhcp_event event, const struct dhcp_lease *lease)
{
	struct net_interface *interface = owner;

	switch (event) {
	case DHCP_BOUND:
		take_names(interface, lease);
		show(interface, "leased", lease);
		break;
	case DHCP_RENEWED:
		take_names(interface, lease);
		break;
	case DHCP_LOST:
		log_line(LOG_ERROR, "%s: its lease is over, and nobody renewed it", interface->name);
		break;
	case DHCP_NO_ANSWER:
		log_line(LOG_ERROR, "%s: no DHCP server has answered; it has no IPv4 address yet", interface->name);
		break;
	}
}

static int start(struct net_interface *interface, const char *host_name)
{
	return dhcp_start(interface, host_name, on_event, interface) ? 0 : -ENOMEM;
}

NET_AUTOCONF(dhcp) = {.name = "DHCP", .start = start};
