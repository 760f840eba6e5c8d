/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of hosts on a link without a server: each host answers for its own name, NAME.local, by multicast DNS (RFC 6762); and a stub resolver on loopback,
 * which a program's C library asks as its name server: it asks the links for single labels and for .local, and passes everything else on to the name servers
 * that the machine was told of. All under the lock of the stack.
 */
#pragma once
#include "kernel/net/core/net.h"

struct mdns_link;

/* Answers for host_name on the interface from now on, and lets it be asked. NULL: not a host name, no memory, or port 5353 is taken. */
struct mdns_link *mdns_start(struct net_interface *interface, const char *host_name);
void mdns_stop(struct mdns_link *link); /* open questions are answered with nothing; accepts NULL */

/* The stub's address: 127.0.0.53, port 53. */
#define MDNS_STUB_ADDRESS 0x7f000035u

/* Gives the i-th name server to pass questions on to; false: there are no more. */
typedef bool mdns_server_fn(unsigned i, struct net_address *server);

struct mdns_stub;
struct mdns_stub *mdns_stub_start(struct net_stack *stack, mdns_server_fn *server); /* NULL: no memory, or the port is taken */
void mdns_stub_add_link(struct mdns_stub *stub, struct mdns_link *link);
void mdns_stub_stop(struct mdns_stub *stub); /* before its links */
