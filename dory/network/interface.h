/* SPDX-License-Identifier: BSD-3-Clause */
/* Kinds of interfaces, for the files of this folder: each is one of these, and opens in a file of its own. */
#pragma once
#include "dory/network/network.h"

/* What an interface is made with. */
struct interface_request {
	const struct interface_plan *plan;
	const struct network_machine *machine;
	struct forward_list *forwards; /* nat: all of the machine's; others: NULL */
	const char *label;             /* the machine's host name on this network */
	const char *device;            /* "eth0" in the guest */
};

struct interface_state {
	void (*close)(struct interface_state *state); /* gives back all it holds, and the state */
};

/*
 * Fills `nic` (its mac is the plan's or a random one, and may be replaced), appends words to `words`, each with a blank
 * before it, and makes a state.
 */
typedef int interface_open_fn(const struct interface_request *request, struct machine_nic *nic, struct text_buffer *words,
	struct interface_state **state, struct dory_error *err);
interface_open_fn nat_open, tap_open, bridge_open, segment_open;

/*
 * A word "ip=" for the interface: static with `address`, by DHCP without. Each of label, gateway (of address) and
 * name_server may be missing: NULL. Only one word of an interface has the label.
 */
void ip_word_append(struct text_buffer *words, const char *device, const struct interface_address *address,
	const char *label, const char *name_server);
