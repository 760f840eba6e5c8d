/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * User-mode networking: no rights are needed, and the machine is reached by forwarded ports alone. Its addresses are known
 * beforehand, so that the guest need not ask for them.
 */
#include <stdlib.h>
#include <string.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/network/interface.h"
#include "dory/network/relay.h"

enum { SMALLEST_NETWORK = 29 }; /* prefix: room for the guest, the gateway and the name server */

/* QEMU's own choice (qemu-system-x86_64(1), -netdev user). */
static const char *const guest_default = "10.0.2.15", *const gateway_default = "10.0.2.2",
	*const name_server_default = "10.0.2.3", *const name_server6_default = "[fec0::3]";

struct nat {
	struct interface_state state;
	char *subnet, *subnet6, gateway[IP_TEXT_SIZE], gateway6[IP_TEXT_SIZE], name_server[IP_TEXT_SIZE], guest[IP_TEXT_SIZE];
	struct machine_forward *forwards;
	size_t forward_count;
	char (*addresses)[IP_TEXT_SIZE];
	struct forward_list hidden; /* ports of loopback, for the relay */
	struct relay *relay;
};

static void nat_close(struct interface_state *state)
{
	struct nat *nat = (struct nat *)state;

	relay_stop(nat->relay);
	forwards_release(&nat->hidden);
	free(nat->subnet);
	free(nat->subnet6);
	free(nat->forwards);
	free(nat->addresses);
	free(nat);
}

/* Families of the name servers that this machine asks: QEMU passes questions on to the first of each. */
static void host_name_servers(bool *has_ip4, bool *has_ip6)
{
	enum { RESOLV_CONF_MAX = 1 << 16 };
	struct dory_error ignored;
	char *text, *rest, *line;
	size_t length;

	*has_ip4 = *has_ip6 = false;
	if (file_read("/etc/resolv.conf", RESOLV_CONF_MAX, &text, &length, &ignored) < 0)
		return;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		struct ip_address address;
		char *word;

		if (strncmp(line, "nameserver", 10) != 0 || !strchr(" \t", line[10]))
			continue;
		line += 10;
		line += strspn(line, " \t");
		word = strsep(&line, " \t%");
		if (ip_address_parse(word, &address))
			*(address.family == AF_INET ? has_ip4 : has_ip6) = true;
	}
	free(text);
}

/* The first address from `from` on in the guest's network that is neither of the two. */
static struct ip_address free_address(uint32_t from, const struct ip_address *a, const struct ip_address *b)
{
	struct ip_address address = ip4_address(from);

	while (ip_address_equal(&address, a) || ip_address_equal(&address, b))
		address = ip4_address(++from);
	return address;
}

/* The guest's address was asked for: gateway and name server are found around it. */
static int choose_around(struct nat *nat, struct interface_address *guest, struct machine_nic *nic, struct dory_error *err)
{
	struct ip_network network = {.address = ip_address_fill(&guest->address, guest->prefix, false), .prefix = guest->prefix};
	uint32_t first = ip4_number(&network.address) + 1;
	struct ip_address name_server;

	if (guest->prefix > SMALLEST_NETWORK)
		return error_set(err, DORY_ERROR_USAGE, "a network of /%u has no room for nat's gateway and name server: /%d has", guest->prefix,
			SMALLEST_NETWORK);
	if (!guest->gateway.family)
		guest->gateway = free_address(first, &guest->address, &guest->address);
	name_server = free_address(first, &guest->address, &guest->gateway);
	nat->subnet = ip_network_print(&network);
	nic->subnet = nat->subnet;
	nic->guest = ip_address_print(&guest->address, nat->guest);
	nic->gateway = ip_address_print(&guest->gateway, nat->gateway);
	nic->name_server = ip_address_print(&name_server, nat->name_server);
	return 0;
}

static int choose_around6(struct nat *nat, struct interface_address *guest, struct machine_nic *nic, struct dory_error *err)
{
	struct ip_network network = {.address = ip_address_fill(&guest->address, guest->prefix, false), .prefix = guest->prefix};

	if (guest->prefix > 126 - 2)
		return error_set(err, DORY_ERROR_USAGE, "a network of /%u has no room for nat's gateway: /64 has", guest->prefix);
	if (!guest->gateway.family) {
		guest->gateway = network.address;
		guest->gateway.bytes[15] |= 2 + ((guest->address.bytes[15] & 7) == 2);
	}
	nat->subnet6 = ip_network_print(&network);
	nic->subnet6 = nat->subnet6;
	nic->gateway6 = ip_address_print(&guest->gateway, nat->gateway6);
	return 0;
}

static void add_forward(struct nat *nat, const struct forward *forward)
{
	size_t i = nat->forward_count++;

	nat->forwards[i] = (struct machine_forward){.is_udp = forward->is_udp,
		.address = forward->address.family ? ip_address_print(&forward->address, nat->addresses[i]) : "",
		.host_port = forward->host_port,
		.guest_port = forward->guest_port};
}

/* For each forward from an address of IPv6 one from loopback, and a relay between them. */
static int relay_forwards(struct nat *nat, const struct forward_list *list, struct dory_error *err)
{
	struct relay_route *routes = calloc(list->count + 1, sizeof(*routes));
	size_t count = 0;
	int result;

	if (!routes)
		abort();
	for (size_t i = 0; i < list->count; i++) {
		if (list->forwards[i].address.family != AF_INET6)
			continue;
		*(struct forward *)array_push(&nat->hidden.forwards, &nat->hidden.count, sizeof(struct forward)) = (struct forward){
			.address = ip4_address(INADDR_LOOPBACK), .guest_port = list->forwards[i].guest_port, .reservation = -1};
		routes[count++].listener = list->forwards[i].reservation;
	}
	result = forwards_reserve(&nat->hidden, err);
	for (size_t i = 0; i < count; i++)
		routes[i].target_port = nat->hidden.forwards[i].host_port;
	if (result == 0 && count > 0)
		result = relay_start(&nat->relay, routes, count, err);
	free(routes);
	return result;
}

static int take_forwards(struct nat *nat, const struct forward_list *list, struct machine_nic *nic, struct dory_error *err)
{
	if (forwards_reserve(list, err) < 0 || relay_forwards(nat, list, err) < 0)
		return -1;
	nat->forwards = calloc(list->count + 1, sizeof(*nat->forwards));
	nat->addresses = calloc(list->count + 1, sizeof(*nat->addresses));
	if (!nat->forwards || !nat->addresses)
		abort();
	for (size_t i = 0; i < list->count; i++) {
		if (list->forwards[i].address.family != AF_INET6)
			add_forward(nat, &list->forwards[i]);
	}
	for (size_t i = 0; i < nat->hidden.count; i++)
		add_forward(nat, &nat->hidden.forwards[i]);
	nic->forwards = nat->forwards;
	nic->forward_count = nat->forward_count;
	return 0;
}

static void default_address(struct interface_address *guest)
{
	*guest = (struct interface_address){.prefix = 24};
	if (!ip_address_parse(guest_default, &guest->address) || !ip_address_parse(gateway_default, &guest->gateway))
		abort();
}

int nat_open(const struct interface_request *request, struct machine_nic *nic, struct text_buffer *words,
	struct interface_state **state, struct dory_error *err)
{
	struct interface_address guest = request->plan->ip4, guest6 = request->plan->ip6;
	const char *name_server = name_server_default;
	bool has_server, has_server6;
	struct nat *nat = calloc(1, sizeof(*nat));

	if (!nat)
		abort();
	nat->state.close = nat_close;
	*state = &nat->state;
	nic->kind = MACHINE_NIC_USER;
	if (guest.address.family && choose_around(nat, &guest, nic, err) < 0)
		return -1;
	if (guest6.address.family && choose_around6(nat, &guest6, nic, err) < 0)
		return -1;
	if (guest.address.family)
		name_server = nat->name_server;
	else
		default_address(&guest);
	if (take_forwards(nat, request->forwards, nic, err) < 0)
		return -1;
	host_name_servers(&has_server, &has_server6);
	if (!has_server)
		name_server = has_server6 && !guest6.address.family ? name_server6_default : NULL;
	ip_word_append(words, request->device, &guest, NULL, name_server);
	if (guest6.address.family)
		ip_word_append(words, request->device, &guest6, NULL, NULL);
	return 0;
}
