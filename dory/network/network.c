/* SPDX-License-Identifier: BSD-3-Clause */
/* Opens the interfaces of a machine, one after another, and closes them. */
#include "dory/network/network.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include "dory/base/text.h"
#include "dory/network/interface.h"

/* Those that a person gave no address get a random one: machines may meet on a bridge. */
static void choose_mac(const struct interface_plan *plan, char mac[MAC_TEXT_SIZE])
{
	uint32_t number = 0;

	if (getrandom(&number, sizeof(number), 0) < 0)
		number = (uint32_t)(uintptr_t)plan;
	if (plan->mac[0])
		text_cut_to(mac, MAC_TEXT_SIZE, plan->mac);
	else
		mac_address_print(number, mac);
}

static int open_interface(struct network_setup *setup, struct network_plan *plan, const struct network_machine *machine,
	struct text_buffer *words, struct dory_error *err)
{
	static interface_open_fn *const open[] = {
		[INTERFACE_NAT] = nat_open, [INTERFACE_BRIDGE] = bridge_open, [INTERFACE_TAP] = tap_open, [INTERFACE_SEGMENT] = segment_open};
	size_t i = setup->nic_count;
	const struct interface_plan *interface = &plan->interfaces[i];
	struct interface_request request = {.plan = interface, .machine = machine, .forwards = &plan->forwards};
	struct machine_nic *nic = &setup->nics[i];
	char label[64], device[32];

	host_label(machine->name, label);
	snprintf(device, sizeof(device), "eth%zu", i);
	request.label = label;
	request.device = device;
	choose_mac(interface, setup->macs[i]);
	*nic = (struct machine_nic){.mac = setup->macs[i]};
	setup->nic_count++;
	return open[interface->kind](&request, nic, words, &setup->states[i], err);
}

/* The form is documented: dory-run(1). */
static char *announce(const struct forward_list *forwards)
{
	struct text_buffer text = {0};

	text_append(&text, "", 0);
	for (size_t i = 0; i < forwards->count; i++) {
		char *port = forwards->forwards[i].is_chosen ? forward_print(&forwards->forwards[i]) : NULL;

		if (port)
			text_append_format(&text, "dory: %s leads to port %u.\n", port, forwards->forwards[i].guest_port);
		free(port);
	}
	return text.text;
}

int network_open(struct network_setup *setup, struct network_plan *plan, const struct network_machine *machine,
	struct dory_error *err)
{
	struct text_buffer words = {0};
	int result = 0;

	*setup = (struct network_setup){0};
	text_append(&words, "", 0);
	while (result == 0 && setup->nic_count < plan->interface_count)
		result = open_interface(setup, plan, machine, &words, err);
	setup->boot_options = words.text;
	setup->announcement = announce(&plan->forwards);
	if (result < 0)
		network_close(setup);
	return result;
}

void network_close(struct network_setup *setup)
{
	for (size_t i = 0; i < setup->nic_count; i++) {
		if (setup->states[i])
			setup->states[i]->close(setup->states[i]);
	}
	free(setup->boot_options);
	free(setup->announcement);
	*setup = (struct network_setup){0};
}
