/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets that come in: what is not well formed, not from where it may be or not for us is dropped and counted (RFC 1122 §3.2.1). */
#include "kernel/net/ip4/internal.h"

bool ip4_header_parse(const uint8_t *bytes, size_t len, struct ip4_header *header)
{
	if (len < IP4_HEADER || bytes[0] >> 4 != 4)
		return false;
	*header = (struct ip4_header){
		.header_len = (uint8_t)((bytes[0] & 15) * 4), .tos = bytes[1], .len = wire_get16(bytes + 2), .id = wire_get16(bytes + 4),
		.fragment = wire_get16(bytes + 6), .ttl = bytes[8], .protocol = bytes[9], .source = wire_get32(bytes + 12),
		.destination = wire_get32(bytes + 16),
	};
	return header->header_len >= IP4_HEADER && header->len >= header->header_len;
}

/* Options are not acted upon, but must be well formed, and source routes are refused as they serve only attacks. */
static bool options_are_good(const uint8_t *options, size_t len)
{
	size_t i = 0;

	while (i < len && options[i] != 0) {
		if (options[i] == 1) {
			i++;
			continue;
		}
		if (i + 1 >= len || options[i + 1] < 2 || options[i + 1] > len - i)
			return false;
		if (options[i] == 131 || options[i] == 137)
			return false;
		i += options[i + 1];
	}
	return true;
}

static bool source_is_good(struct ip4 *ip, const struct net_packet *packet, const struct ip4_header *h)
{
	const struct net_interface *interface = packet->interface;

	if (ip4_is_multicast(h->source) || ip4_is_broadcast(ip, interface, h->source))
		return false;
	if (interface->flags & NET_IS_LOOPBACK || packet->flags & NET_PACKET_LOOPED)
		return true;
	return !ip4_is_loopback(h->destination) && !ip4_is_local_address(ip, h->source);
}

/* Notes in the packet whether it is for us alone. */
static bool is_for_us(struct ip4 *ip, struct net_packet *packet, const struct ip4_header *h)
{
	struct net_address to = net_address_of_ip4(h->destination);

	if (ip4_is_local_address(ip, h->destination))
		return true;
	if (ip4_is_broadcast(ip, packet->interface, h->destination)) {
		packet->flags |= NET_PACKET_BROADCAST;
		return true;
	}
	if (ip4_is_multicast(h->destination) && net_group_is_joined(packet->interface, &to)) {
		packet->flags |= NET_PACKET_MULTICAST;
		return true;
	}
	return false;
}

void ip4_deliver(struct ip4 *ip, struct net_packet *packet, const struct ip4_header *header)
{
	const struct net_transport *transport;
	struct net_flow flow = {.local = net_address_of_ip4(header->destination), .remote = net_address_of_ip4(header->source),
				.traffic_class = header->tos, .ttl = header->ttl, .interface = packet->interface};
	bool is_taken = ip->stack->tap && ip->stack->tap(ip->stack, &flow, packet, header->protocol);

	if (header->protocol == NET_PROTOCOL_ICMP) {
		ip4_icmp_input(ip, packet, header);
		return;
	}
	transport = net_transport_find(ip->stack, header->protocol);
	if (transport) {
		transport->input(ip->stack, &flow, packet);
		return;
	}
	if (!is_taken)
		ip4_icmp_error(ip, packet, 3, 2, 0);
	net_drop(packet, NET_COUNT_IP_UNKNOWN_PROTOCOL);
}

/* Checks all of the header; the reason to drop, or 0 with the packet trimmed to what IP says. */
static enum net_counter check(struct ip4 *ip, struct net_packet *packet, struct ip4_header *header)
{
	uint8_t *bytes = net_packet_head(packet, IP4_HEADER);

	if (!bytes)
		return NET_COUNT_IP_SHORT;
	if (!ip4_header_parse(bytes, packet->len, header) || header->len > packet->len)
		return NET_COUNT_IP_BAD_HEADER;
	bytes = net_packet_head(packet, header->header_len);
	if (!bytes)
		return NET_COUNT_IP_NO_MEMORY;
	if (checksum_fold(checksum_add(0, bytes, header->header_len)))
		return NET_COUNT_IP_BAD_CHECKSUM;
	if (!options_are_good(bytes + IP4_HEADER, header->header_len - (size_t)IP4_HEADER))
		return NET_COUNT_IP_BAD_OPTIONS;
	net_packet_trim(packet, header->len); /* the link may have padded it */
	if (!source_is_good(ip, packet, header))
		return NET_COUNT_IP_BAD_SOURCE;
	return is_for_us(ip, packet, header) ? 0 : NET_COUNT_IP_NOT_FOR_US;
}

static struct net_packet *reassemble(struct ip4 *ip, struct net_packet *packet, const struct ip4_header *h)
{
	struct net_part part = {.source = net_address_of_ip4(h->source), .destination = net_address_of_ip4(h->destination), .id = h->id,
				.protocol = h->protocol, .traffic_class = h->tos, .is_last = !(h->fragment & IP4_MF),
				.offset = (h->fragment & IP4_OFFSET) * 8u, .whole_max = 65535 - IP4_HEADER};

	return net_reassemble(&ip->reassembler, packet, &part);
}

void ip4_input(struct net_interface *interface, struct net_packet *packet)
{
	struct ip4 *ip = ip4_of(interface->stack);
	struct ip4_header header;
	enum net_counter reason = check(ip, packet, &header);

	net_count(ip->stack, NET_COUNT_IP_IN);
	if (reason) {
		net_drop(packet, reason);
		return;
	}
	packet->network_offset = (uint16_t)(packet->data - packet->buffer);
	packet->traffic_class = header.tos;
	packet->ttl = header.ttl;
	net_packet_pull(packet, header.header_len);
	if (header.fragment & (IP4_MF | IP4_OFFSET)) {
		packet = reassemble(ip, packet, &header);
		if (!packet)
			return;
	}
	ip4_deliver(ip, packet, &header);
}
