/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine's names: on interfaces that were given a host name ("ip="), it answers for that, and its programs may ask for others'. */
#include "kernel/log/log.h"
#include "kernel/net/mdns/mdns.h"
#include "kernel/net/system/system.h"

static struct mdns_stub *stub; /* made with the first such interface */

static bool name_server(unsigned i, struct net_address *server)
{
	const struct net_names *names = net_names_told();

	if (i >= names->nr)
		return false;
	*server = names->server[i];
	return true;
}

static void start_stub(struct net_stack *stack)
{
	struct net_address address = net_address_of_ip4(MDNS_STUB_ADDRESS);

	stub = mdns_stub_start(stack, name_server);
	if (stub)
		net_names_set_resolver(&address);
}

static void start(struct net_interface *interface, const char *host_name)
{
	struct mdns_link *link = mdns_start(interface, host_name);

	if (link && !stub)
		start_stub(interface->stack);
	if (link && stub)
		mdns_stub_add_link(stub, link);
	else
		log_line(LOG_ERROR, "%s: other machines cannot be found by name there", interface->name);
}

NET_NAMING(mdns) = {.start = start};
