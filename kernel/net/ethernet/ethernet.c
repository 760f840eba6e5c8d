/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames in and out. */
#include "kernel/net/ethernet/internal.h"

static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

int ethernet_send(struct net_interface *interface, struct net_packet *packet, uint16_t type, const uint8_t to[6])
{
	uint8_t *h = net_packet_push(packet, ETHERNET_HEADER);

	if (!h) {
		net_drop(packet, NET_COUNT_LINK_NO_MEMORY);
		return -ENOBUFS;
	}
	memcpy(h, to, 6);
	memcpy(h + 6, interface->hardware, 6);
	wire_put16(h + 12, type);
	return net_interface_transmit(interface, packet);
}

/* Is the frame for us? Notes whether it is for others too. */
static bool is_for_us(const struct net_interface *interface, struct net_packet *packet, const uint8_t *to)
{
	if (memcmp(to, interface->hardware, 6) == 0)
		return true;
	if (memcmp(to, everybody, 6) == 0)
		packet->flags |= NET_PACKET_BROADCAST;
	else if (to[0] & 1)
		packet->flags |= NET_PACKET_MULTICAST;
	return packet->flags & (NET_PACKET_BROADCAST | NET_PACKET_MULTICAST);
}

static const struct net_network *network_of_type(const struct net_stack *stack, uint16_t type)
{
	for (unsigned i = 0; i < NET_NR_NETWORKS; i++)
		if (stack->network[i] && stack->network[i]->ethertype == type)
			return stack->network[i];
	return NULL;
}

static void input(struct net_interface *interface, struct net_packet *packet)
{
	const uint8_t *h = net_packet_head(packet, ETHERNET_HEADER);
	const struct net_network *network;
	uint16_t type;

	packet->flags &= (uint8_t)~(NET_PACKET_BROADCAST | NET_PACKET_MULTICAST);
	if (!h) {
		net_drop(packet, NET_COUNT_LINK_SHORT);
		return;
	}
	type = wire_get16(h + 12);
	if (!is_for_us(interface, packet, h) || h[6] & 1) {
		net_drop(packet, NET_COUNT_LINK_NOT_FOR_US);
		return;
	}
	net_packet_pull(packet, ETHERNET_HEADER);
	network = network_of_type(interface->stack, type);
	if (type == NET_ETHERTYPE_ARP)
		arp_input(interface, packet);
	else if (network)
		network->input(interface, packet);
	else
		net_drop(packet, NET_COUNT_LINK_UNKNOWN_TYPE);
}

/* The hardware address of a group: RFC 1112 §6.4 for IPv4, RFC 2464 §7 for IPv6. */
static bool group_hardware(const struct net_address *address, uint8_t to[6])
{
	if (net_address_is_ip4(address) && address->byte[12] >> 4 == 0xe) {
		memcpy(to, "\x01\x00\x5e", 3);
		memcpy(to + 3, address->byte + 13, 3);
		to[3] &= 0x7f;
		return true;
	}
	if (address->byte[0] == 0xff) {
		memcpy(to, "\x33\x33", 2);
		memcpy(to + 2, address->byte + 12, 4);
		return true;
	}
	return false;
}

static int output(struct net_interface *interface, struct net_packet *packet, uint16_t type, const struct net_address *next_hop)
{
	uint8_t to[6];

	if (group_hardware(next_hop, to))
		return ethernet_send(interface, packet, type, to);
	if (net_address_is_ip4(next_hop))
		return arp_output(interface, packet, next_hop);
	return neighbour_output(interface, packet, next_hop);
}

static void detach(struct net_interface *interface)
{
	neighbours_fini(ethernet_of(interface));
	net_free(interface->stack, interface->link_state);
	interface->link_state = NULL;
}

static const struct net_link ethernet_link = {
	.header_len = ETHERNET_HEADER, .input = input, .output = output, .detach = detach, .announce = arp_announce, .learn = neighbour_learn,
	.is_silent = neighbour_is_silent, .group_hardware = group_hardware,
};

bool ethernet_is_link(const struct net_interface *interface)
{
	return interface->link_ops == &ethernet_link;
}

int ethernet_attach(struct net_stack *stack, struct net_interface *interface)
{
	struct ethernet *ethernet = net_alloc_zero(stack, sizeof(*ethernet));

	if (!ethernet)
		return -ENOMEM;
	for (unsigned i = 0; i < NEIGHBOUR_BUCKETS; i++)
		list_init(&ethernet->buckets[i]);
	list_init(&ethernet->by_age);
	ethernet->interface = interface;
	interface->link_state = ethernet;
	interface->link_ops = &ethernet_link;
	interface->flags |= NET_HAS_BROADCAST | NET_HAS_MULTICAST;
	return 0;
}
