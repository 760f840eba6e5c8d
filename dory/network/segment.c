/* SPDX-License-Identifier: BSD-3-Clause */
/* Interfaces on networks among machines: a membership, and a port of the switch. */
#include <stdlib.h>
#include "dory/base/progress.h"
#include "dory/base/text.h"
#include "dory/network/interface.h"
#include "dory/network/store.h"
#include "dory/network/switch.h"

struct segment {
	struct interface_state state;
	char *root;
	struct membership membership;
	struct network_switch *network_switch;
};

static void segment_close(struct interface_state *state)
{
	struct segment *segment = (struct segment *)state;

	network_switch_stop(segment->network_switch);
	network_leave(segment->root, &segment->membership);
	free(segment->root);
	free(segment);
}

static void say_what_was_chosen(const struct network_machine *machine, const struct membership *membership)
{
	char address[IP_TEXT_SIZE];

	if (machine->quiet)
		return;
	if (membership->has_created)
		progress_note("made the network %s", membership->network_name);
	progress_note("%s is %s on the network %s", membership->member.name, ip_address_print(&membership->member.ip4, address),
		membership->network_name);
}

static void append_words(const struct interface_request *request, const struct membership *membership, struct text_buffer *words)
{
	struct interface_address ip4 = request->plan->ip4, ip6 = request->plan->ip6;

	ip4.address = membership->member.ip4;
	ip4.prefix = membership->prefix;
	ip6.address = membership->member.ip6;
	ip6.prefix = membership->prefix6;
	ip_word_append(words, request->device, &ip4, membership->member.name, NULL);
	ip_word_append(words, request->device, &ip6, NULL, NULL);
}

int segment_open(const struct interface_request *request, struct machine_nic *nic, struct text_buffer *words,
	struct interface_state **state, struct dory_error *err)
{
	struct segment *segment = calloc(1, sizeof(*segment));
	struct membership_request wish = {.network = request->plan->name,
		.name = request->label,
		.is_name_chosen = request->machine->is_name_chosen,
		.ip4 = request->plan->ip4.address,
		.ip6 = request->plan->ip6.address,
		.prefix = request->plan->ip4.said_prefix,
		.prefix6 = request->plan->ip6.said_prefix,
		.mac = request->plan->mac};
	char *ports;
	int result;

	if (!segment)
		abort();
	segment->state.close = segment_close;
	segment->root = text_copy(request->machine->root);
	*state = &segment->state;
	if (network_join(segment->root, &wish, &segment->membership, err) < 0)
		return -1;
	ports = text_format("%s/ports", segment->membership.directory);
	result = network_switch_start(&segment->network_switch, ports, segment->membership.member.mac, err);
	free(ports);
	if (result < 0)
		return -1;
	nic->kind = MACHINE_NIC_SOCKET;
	nic->mac = segment->membership.member.mac;
	nic->socket_fd = network_switch_socket(segment->network_switch);
	append_words(request, &segment->membership, words);
	say_what_was_chosen(request->machine, &segment->membership);
	return 0;
}
