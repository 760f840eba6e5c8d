/* SPDX-License-Identifier: BSD-3-Clause */
/* A DHCP client for one interface: finds an address, sets it with its routes, renews it, takes it away when its time is over. Under the lock of the stack. */
#pragma once
#include "kernel/net/core/net.h"

#define DHCP_SERVERS_MAX 3
#define DHCP_NAME_MAX 255

struct dhcp_lease {
	uint32_t address, router, server; /* router 0: none */
	unsigned prefix;
	uint32_t name_server[DHCP_SERVERS_MAX];
	unsigned nr_name_servers;
	char domain[DHCP_NAME_MAX + 1];
	uint16_t mtu; /* 0: not told */
	uint32_t lease_s, renew_s, rebind_s;
};

enum dhcp_event {
	DHCP_BOUND,	/* a new lease; address and route are set */
	DHCP_RENEWED,
	DHCP_LOST,	/* address and route are taken away; it goes on looking */
	DHCP_NO_ANSWER, /* once, when nobody has answered for some ten seconds; it goes on looking */
};
typedef void dhcp_event_fn(void *owner, enum dhcp_event event, const struct dhcp_lease *lease);

struct dhcp_client;
/* NULL: no memory, or port 68 is taken. host_name may be NULL. Sends the first message. */
struct dhcp_client *dhcp_start(struct net_interface *interface, const char *host_name, dhcp_event_fn *event, void *owner);
void dhcp_stop(struct dhcp_client *client); /* gives the lease back; accepts NULL */
