/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An Ethernet switch without a place: every machine of a network has its port, a Unix socket in the network's directory
 * that is called after the machine's Ethernet address, and a thread that carries what the machine sends to the ports of
 * the others. Nobody but the directory's owner gets at it, and it works inside network namespaces and without rights.
 *
 *   hypervisor A  <- datagrams ->  A's socket pair  -> thread of A ->  B's socket pair  <- datagrams ->  hypervisor B
 *
 * Whoever connects to a port is handed a descriptor of its machine's socket pair, so that a frame passes through one
 * thread only, the sender's. A machine that does not read its frames loses them, and holds up the others hardly.
 */
#pragma once
#include "dory/network/address.h"

struct network_switch;

enum { PORT_NAME_SIZE = 13 };
/* "52:54:00:12:34:56" as the name of a port, "525400123456". */
void port_name(const char *mac, char name[PORT_NAME_SIZE]);

/* Opens the port of this Ethernet address in the directory `ports`. Error: IO. */
int network_switch_start(
	struct network_switch **network_switch, const char *ports, const char *mac, struct dory_error *err) must_check;
/* The hypervisor's end, to be closed by network_switch_stop. */
int network_switch_socket(const struct network_switch *network_switch);
void network_switch_stop(struct network_switch *network_switch); /* accepts NULL */
