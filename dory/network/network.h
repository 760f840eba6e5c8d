/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The networks of one machine: what was planned is taken from this machine (ports, tap devices, a place in a network of
 * machines), described to the hypervisor, and told to the guest by words of its command line ("ip=", abi/control.h).
 */
#pragma once
#include "dory/hypervisor/hypervisor.h"
#include "dory/network/plan.h"

struct network_machine {
	const char *root;        /* $DORY_ROOT */
	const char *name;        /* the instance's */
	bool is_name_chosen;     /* by a person; otherwise a number behind it may tell it from others */
	const char *accelerator; /* "kvm", "tcg" */
	unsigned cpus;
	bool quiet;
};

/* What one interface holds of this machine. */
struct interface_state;

struct network_setup {
	struct machine_nic nics[INTERFACES_MAX];
	size_t nic_count;
	char *boot_options; /* "ip=... ip=..."; "" */
	char *announcement; /* lines about ports that were chosen, for a person; "" */
	struct interface_state *states[INTERFACES_MAX];
	char macs[INTERFACES_MAX][MAC_TEXT_SIZE];
};

/*
 * Takes it all; `plan` stays as long as the setup, and gets the numbers of chosen ports. CONFLICT: a port, an interface
 * or a name is in use, NOT_FOUND: a bridge, USAGE, IO: rights are missing.
 */
int network_open(struct network_setup *setup, struct network_plan *plan, const struct network_machine *machine,
	struct dory_error *err) must_check;
/* After the machine has ended. */
void network_close(struct network_setup *setup);
