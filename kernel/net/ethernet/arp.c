/* SPDX-License-Identifier: BSD-3-Clause */
/* Who has which address of IPv4 (RFC 826, RFC 1122 §2.3.2): the messages. */
#include "kernel/net/ethernet/internal.h"

static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static void send_arp(struct net_interface *interface, uint16_t operation, const uint8_t to[6], const uint8_t *sender, const uint8_t *target_hardware,
		     const uint8_t *target)
{
	struct net_packet *packet = net_packet_new(interface->stack, NET_HEAD_ROOM, ARP_PACKET, 0);
	uint8_t *p;

	if (!packet)
		return;
	p = net_packet_append(packet, ARP_PACKET);
	memcpy(p, "\x00\x01\x08\x00\x06\x04", 6);
	wire_put16(p + 6, operation);
	memcpy(p + 8, interface->hardware, 6);
	memcpy(p + 14, sender, 4);
	memcpy(p + 18, target_hardware, 6);
	memcpy(p + 24, target, 4);
	(void)ethernet_send(interface, packet, NET_ETHERTYPE_ARP, to);
}

/* From which address: that which the route to the neighbour would choose. */
void arp_ask(struct net_interface *interface, const struct net_address *address, const uint8_t *hardware)
{
	static const uint8_t nobody[6];
	const struct net_network *network = interface->stack->network[NET_IP4];
	struct net_flow flow = {.remote = *address, .bound = interface};

	if (network->route(interface->stack, &flow) == 0)
		send_arp(interface, ARP_REQUEST, hardware ? hardware : everybody, flow.local.byte + 12, nobody, address->byte + 12);
}

int arp_output(struct net_interface *interface, struct net_packet *packet, const struct net_address *next_hop)
{
	static const uint8_t all_ones[4] = {0xff, 0xff, 0xff, 0xff};

	if (memcmp(next_hop->byte + 12, all_ones, 4) == 0 || memcmp(packet->data + 16, all_ones, 4) == 0)
		return ethernet_send(interface, packet, NET_ETHERTYPE_IP4, everybody);
	return neighbour_output(interface, packet, next_hop);
}

static bool is_arp_good(const uint8_t *p)
{
	return memcmp(p, "\x00\x01\x08\x00\x06\x04", 6) == 0 && !(p[8] & 1) && p[14] != 127 && p[14] >> 4 != 0xe && p[14] >> 4 != 0xf;
}

void arp_input(struct net_interface *interface, struct net_packet *packet)
{
	const uint8_t *p = net_packet_head(packet, ARP_PACKET);
	const struct net_network *network = interface->stack->network[NET_IP4];
	struct net_address sender, target;
	unsigned how = NET_LEARN_CONFIRMED | NET_LEARN_OVERRIDE;
	bool is_for_us;

	if (!p || !is_arp_good(p) || !network) {
		net_drop(packet, NET_COUNT_ARP_BAD);
		return;
	}
	sender = net_address_of_ip4(wire_get32(p + 14));
	target = net_address_of_ip4(wire_get32(p + 24));
	is_for_us = network->is_local(interface->stack, &target) && p[24] != 127;
	if (is_for_us && !net_address_is_any(&sender) && !network->is_local(interface->stack, &sender) && wire_get16(p + 6) == ARP_REQUEST)
		how |= NET_LEARN_CREATE;
	neighbour_learn(interface, &sender, p + 8, how);
	if (is_for_us && wire_get16(p + 6) == ARP_REQUEST)
		send_arp(interface, ARP_REPLY, p + 8, p + 24, p + 8, p + 14);
	net_packet_free(packet);
}

/* A gratuitous request (RFC 5227 §2.3): neighbours that know the address under another hardware address learn of ours. */
void arp_announce(struct net_interface *interface, const struct net_address *address)
{
	static const uint8_t nobody[6];

	if (net_address_is_ip4(address) && interface->flags & NET_IS_UP)
		send_arp(interface, ARP_REQUEST, everybody, address->byte + 12, nobody, address->byte + 12);
}
