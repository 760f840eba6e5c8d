/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What networks a person asks for: the words of -n, -p, --ip and --mac, read and checked against each other. Nothing of
 * this machine is looked at.
 */
#pragma once
#include "dory/network/forward.h"

enum {
	INTERFACES_MAX = 4,       /* microvm has room for five devices more than every machine has */
	NETWORK_NAME_SIZE = 33,
};

enum interface_kind {
	INTERFACE_NAT,     /* user-mode networking */
	INTERFACE_BRIDGE,  /* name: of the bridge */
	INTERFACE_TAP,     /* name: of the interface, NULL: one that is made for the machine */
	INTERFACE_SEGMENT, /* name: of the network */
};

struct interface_plan {
	enum interface_kind kind;
	const char *name;
	struct interface_address ip4, ip6; /* family 0: not given */
	char mac[MAC_TEXT_SIZE];           /* "": not given */
};

/* As they were written, in their order; borrowed. */
struct network_words {
	const char *const *networks, *const *forwards, *const *addresses, *const *macs;
	size_t network_count, forward_count, address_count, mac_count;
};

struct network_plan {
	struct interface_plan interfaces[INTERFACES_MAX]; /* the first is eth0; names are those of the words */
	size_t interface_count;
	struct forward_list forwards;
};

/*
 * Without a word about networks: one interface with nat. The n-th --mac, and the n-th --ip of either family, are for the
 * n-th -n. Forwarded ports need nat: if it is not asked for, it comes first. Error: USAGE.
 */
int network_plan_init(struct network_plan *plan, const struct network_words *words, struct dory_error *err) must_check;
void network_plan_release(struct network_plan *plan);

/* What a network can be called: small letters, digits and '-', a letter first; not a word that -n has. Error: USAGE. */
int network_name_check(const char *name, struct dory_error *err) must_check;

/* What a person can call an instance: letters, digits and, within, - _ and . (of which only - can be in a host name). Error: USAGE. */
int instance_name_check(const char *name, struct dory_error *err) must_check;

/* The host name of a machine that runs this image or is called so: its last part, as a label of DNS (RFC 1123 §2.1). */
void host_label(const char *name, char label[64]);
