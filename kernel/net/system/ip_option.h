/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The boot option "ip=", as Linux reads it (admin-guide/nfs/nfsroot):
 *
 *	ip=CLIENT:SERVER:GATEWAY:MASK:HOSTNAME:DEVICE:AUTOCONF:DNS0:DNS1
 *
 * Fields may be empty, and those at the end left away. MASK is dotted or the number of bits; an IPv6 address stands in brackets, which Linux does
 * not have. AUTOCONF: "dhcp", "on" or "any" ask for an address; "off", "none" or nothing with a CLIENT take it as it is. A single word is AUTOCONF.
 */
#pragma once
#include "kernel/net/core/net.h"

struct ip_option {
	struct net_address client, gateway, name_server[2];
	bool has_client, has_gateway, is_automatic, is_off;
	unsigned prefix;
	unsigned nr_name_servers;
	char host[65], device[16];
};

/* Reads the value up to a blank or the end. False: it is not well formed, or an address is missing. */
bool ip_option_parse(const char *text, struct ip_option *option);
