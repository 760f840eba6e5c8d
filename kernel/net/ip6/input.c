/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets that come in: what is not well formed, not from where it may be or not for us is dropped and counted. */
#include "kernel/net/ip6/internal.h"

bool ip6_header_parse(const uint8_t *bytes, size_t len, struct ip6_header *header)
{
	if (len < IP6_HEADER || bytes[0] >> 4 != 6)
		return false;
	*header = (struct ip6_header){
		.traffic_class = (uint8_t)(bytes[0] << 4 | bytes[1] >> 4), .len = wire_get16(bytes + 4), .next = bytes[6], .hop_limit = bytes[7],
		.next_at = 6,
	};
	memcpy(&header->source, bytes + 8, 16);
	memcpy(&header->destination, bytes + 24, 16);
	return true;
}

/* Addresses that may not be on any wire: IPv4's in the form that means IPv4 to the stack, groups as a source, groups of nobody. */
static bool are_addresses_good(const struct ip6_header *h)
{
	const struct net_address *s = &h->source, *d = &h->destination;

	if (net_address_is_ip4(s) || net_address_is_ip4(d) || ip6_is_multicast(s) || ip6_is_unspecified(d))
		return false;
	return !ip6_is_multicast(d) || (d->byte[1] & 15) != 0;
}

/* From an address that is being probed comes what its owner says. */
static bool is_own(struct ip6 *ip, const struct net_interface *interface, const struct net_address *address)
{
	const struct ip6_address *a = ip6_address_find(ip, interface, address);

	return a ? ip6_is_usable(a) && !ip6_is_probing(a) : ip6_is_local_at(ip, interface, address);
}

static bool source_is_good(struct ip6 *ip, const struct net_packet *packet, const struct ip6_header *h)
{
	if (!are_addresses_good(h))
		return false;
	if (packet->interface->flags & NET_IS_LOOPBACK || packet->flags & NET_PACKET_LOOPED)
		return true;
	if (ip6_is_loopback(&h->source) || ip6_is_loopback(&h->destination) || is_own(ip, packet->interface, &h->source))
		return false;
	return !ip6_is_multicast(&h->destination) || (h->destination.byte[1] & 15) != 1;
}

/* Notes in the packet whether it is for us alone. */
static bool is_for_us(struct ip6 *ip, struct net_packet *packet, const struct ip6_header *h)
{
	if (!ip6_is_multicast(&h->destination))
		return ip6_is_local_at(ip, packet->interface, &h->destination);
	packet->flags |= NET_PACKET_MULTICAST;
	return net_group_is_joined(packet->interface, &h->destination);
}

static void deliver(struct ip6 *ip, struct net_packet *packet, const struct ip6_header *header)
{
	const struct net_transport *transport;
	struct net_flow flow = {.local = header->destination, .remote = header->source, .traffic_class = header->traffic_class,
				.ttl = header->hop_limit, .interface = packet->interface};
	bool is_taken = ip->stack->tap && ip->stack->tap(ip->stack, &flow, packet, header->next);

	if (header->next == NET_PROTOCOL_ICMP6) {
		ip6_icmp_input(ip, packet, header);
		return;
	}
	if (header->next == IP6_NO_NEXT || ip6_is_unspecified(&header->source)) {
		net_drop(packet, header->next == IP6_NO_NEXT ? NET_COUNT_IP_UNKNOWN_PROTOCOL : NET_COUNT_IP_BAD_SOURCE);
		return;
	}
	if (ip6_is_link_local(&flow.remote) || ip6_is_link_local(&flow.local))
		flow.bound = packet->interface; /* answers go the same way */
	transport = net_transport_find(ip->stack, header->next);
	if (transport) {
		transport->input(ip->stack, &flow, packet);
		return;
	}
	if (!is_taken)
		ip6_icmp_error(ip, packet, ICMP6_BAD_PARAMETER, ICMP6_CODE_NEXT_HEADER, header->next_at);
	net_drop(packet, NET_COUNT_IP_UNKNOWN_PROTOCOL);
}

/* Checks the header; the reason to drop, or 0 with the packet trimmed to what IP says. */
static enum net_counter check(struct ip6 *ip, struct net_packet *packet, struct ip6_header *header)
{
	const uint8_t *bytes = net_packet_head(packet, IP6_HEADER);

	if (!bytes)
		return NET_COUNT_IP_SHORT;
	if (!ip6_header_parse(bytes, packet->len, header) || (size_t)header->len + IP6_HEADER > packet->len)
		return NET_COUNT_IP_BAD_HEADER;
	net_packet_trim(packet, (size_t)header->len + IP6_HEADER); /* the link may have padded it */
	if (!source_is_good(ip, packet, header))
		return NET_COUNT_IP_BAD_SOURCE;
	return is_for_us(ip, packet, header) ? 0 : NET_COUNT_IP_NOT_FOR_US;
}

void ip6_input(struct net_interface *interface, struct net_packet *packet)
{
	struct ip6 *ip = ip6_of(interface->stack);
	struct ip6_header header;
	enum net_counter reason = check(ip, packet, &header);

	net_count(ip->stack, NET_COUNT_IP_IN);
	if (reason) {
		net_drop(packet, reason);
		return;
	}
	packet->network_offset = (uint16_t)(packet->data - packet->buffer);
	packet->traffic_class = header.traffic_class;
	packet->ttl = header.hop_limit;
	net_packet_pull(packet, IP6_HEADER);
	packet = ip6_headers_input(ip, packet, &header);
	if (packet)
		deliver(ip, packet, &header);
}
