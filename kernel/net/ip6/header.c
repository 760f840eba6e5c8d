/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Extension headers (RFC 8200 §4). Each but the fragment's: 0 next header | 1 length in 8 bytes, without the first 8 | 2 contents. The fragment's:
 * 0 next header | 2 offset in 8 bytes, 13 bits, and in bit 0 whether more follow | 4 identification.
 */
#include "kernel/net/ip6/internal.h"

#define HEADERS_MAX 8	  /* a chain is longer only to make work */
#define CHAIN_BYTES 256u /* of a first fragment, to be looked at at once */
enum { OPTION_PAD_1 = 0 };

static bool is_extension(uint8_t next)
{
	return next == IP6_HOP_BY_HOP || next == IP6_ROUTING || next == IP6_FRAGMENT || next == IP6_DESTINATION;
}

/* Goes on from *at to the transport's header. False: it is not in there. */
static bool skip(const uint8_t *bytes, size_t len, size_t *at, uint8_t *next)
{
	while (is_extension(*next)) {
		size_t size;

		if (len - *at < 8)
			return false;
		size = *next == IP6_FRAGMENT ? IP6_FRAGMENT_HEADER : (bytes[*at + 1] + 1) * 8u;
		if (size > len - *at || (*next == IP6_FRAGMENT && wire_get16(bytes + *at + 2) & ~7))
			return false;
		*next = bytes[*at];
		*at += size;
	}
	return *at < len || *next == IP6_NO_NEXT;
}

size_t ip6_find_transport(const uint8_t *bytes, size_t len, uint8_t *protocol)
{
	size_t at = IP6_HEADER;

	if (len < IP6_HEADER)
		return 0;
	*protocol = bytes[6];
	return skip(bytes, len, &at, protocol) ? at : 0;
}

/* Where in the whole packet, for parameter problems. */
static uint32_t position(const struct net_packet *packet, size_t offset)
{
	return (uint32_t)((size_t)(packet->data - packet->buffer) - packet->network_offset + offset);
}

static void refuse(struct ip6 *ip, struct net_packet *packet, uint8_t code, uint32_t pointer)
{
	ip6_icmp_error(ip, packet, ICMP6_BAD_PARAMETER, code, pointer);
	net_drop(packet, NET_COUNT_IP_BAD_OPTIONS);
}

/* The whole header, linear. NULL: it is not there; the packet is dropped. */
static const uint8_t *take(struct net_packet *packet, size_t *len)
{
	const uint8_t *h = net_packet_head(packet, 8);

	*len = h ? (h[1] + 1) * 8u : 8;
	h = net_packet_head(packet, *len);
	if (!h)
		net_drop(packet, *len > packet->len ? NET_COUNT_IP_BAD_OPTIONS : NET_COUNT_IP_NO_MEMORY);
	return h;
}

static void pass(struct net_packet *packet, struct ip6_header *header, size_t len)
{
	header->next = packet->data[0];
	header->next_at = (uint16_t)position(packet, 0);
	net_packet_pull(packet, len);
}

/* The first option that does not let the packet through: its offset, 0 if there is none. Those that are known, padding and router alert, do. */
static size_t find_bad_option(const uint8_t *h, size_t len)
{
	size_t i = 2;

	while (i < len) {
		if (h[i] == OPTION_PAD_1) {
			i++;
			continue;
		}
		if (len - i < 2 || h[i + 1] > len - i - 2 || h[i] >> 6)
			return i;
		i += h[i + 1] + 2u;
	}
	return 0;
}

/* §4.2: the two highest bits say what becomes of a packet with an option that is not known. */
static struct net_packet *options_input(struct ip6 *ip, struct net_packet *packet, struct ip6_header *header)
{
	size_t len, bad;
	const uint8_t *h = take(packet, &len);
	unsigned action;

	if (!h)
		return NULL;
	bad = find_bad_option(h, len);
	if (!bad) {
		pass(packet, header, len);
		return packet;
	}
	action = h[bad] >> 6;
	if (action == 2 || (action == 3 && !ip6_is_multicast(&header->destination)))
		refuse(ip, packet, ICMP6_CODE_OPTION, position(packet, bad));
	else
		net_drop(packet, NET_COUNT_IP_BAD_OPTIONS);
	return NULL;
}

static struct net_packet *hop_by_hop_input(struct ip6 *ip, struct net_packet *packet, struct ip6_header *header)
{
	if (header->next_at == 6)
		return options_input(ip, packet, header);
	refuse(ip, packet, ICMP6_CODE_NEXT_HEADER, header->next_at); /* only right behind the IPv6 header */
	return NULL;
}

/* A way through others that is not over is not gone (RFC 5095 forbids type 0; the others need what a host does not have). */
static struct net_packet *routing_input(struct ip6 *ip, struct net_packet *packet, struct ip6_header *header)
{
	size_t len;
	const uint8_t *h = take(packet, &len);

	if (!h)
		return NULL;
	if (h[3]) {
		refuse(ip, packet, ICMP6_CODE_FIELD, position(packet, 2));
		return NULL;
	}
	pass(packet, header, len);
	return packet;
}

/* RFC 7112: all headers up to the transport's are in the first part. */
static bool is_chain_whole(struct net_packet *packet, uint8_t next)
{
	size_t at = 0;

	(void)net_packet_head(packet, min_u64(packet->len, CHAIN_BYTES));
	return skip(packet->data, packet->linear, &at, &next);
}

/* §4.5: what cannot be part of anything is told so. */
static bool is_part_good(struct ip6 *ip, struct net_packet *packet, const struct net_part *part, uint8_t next)
{
	if (!part->is_last && packet->len % 8)
		refuse(ip, packet, ICMP6_CODE_FIELD, 4);
	else if (part->offset + packet->len > part->whole_max)
		refuse(ip, packet, ICMP6_CODE_FIELD, position(packet, 0) - IP6_FRAGMENT_HEADER + 2);
	else if (!part->offset && !is_chain_whole(packet, next))
		refuse(ip, packet, ICMP6_CODE_FIRST_FRAGMENT, 0);
	else
		return true;
	return false;
}

static struct net_packet *fragment_input(struct ip6 *ip, struct net_packet *packet, struct ip6_header *header)
{
	const uint8_t *h = net_packet_head(packet, IP6_FRAGMENT_HEADER);
	struct net_part part = {.source = header->source, .destination = header->destination, .traffic_class = header->traffic_class, .whole_max = 65535};

	if (!h) {
		net_drop(packet, NET_COUNT_IP_FRAGMENT_BAD);
		return NULL;
	}
	part.id = wire_get32(h + 4);
	part.offset = wire_get16(h + 2) & ~7u;
	part.is_last = !(h[3] & 1);
	pass(packet, header, IP6_FRAGMENT_HEADER);
	if (!part.offset && part.is_last) /* whole by itself: no business of others' with the same number (RFC 6946) */
		return packet;
	if (!is_part_good(ip, packet, &part, header->next))
		return NULL;
	packet->mark[1] = header->next;
	packet = net_reassemble(&ip->reassembler, packet, &part);
	if (!packet)
		return NULL;
	header->next = (uint8_t)packet->mark[1];
	header->next_at = (uint16_t)(position(packet, 0) - IP6_FRAGMENT_HEADER);
	header->traffic_class = packet->traffic_class;
	return packet;
}

static const struct handler {
	uint8_t next;
	struct net_packet *(*input)(struct ip6 *ip, struct net_packet *packet, struct ip6_header *header);
} handlers[] = {
	{IP6_HOP_BY_HOP, hop_by_hop_input}, {IP6_ROUTING, routing_input}, {IP6_FRAGMENT, fragment_input}, {IP6_DESTINATION, options_input},
};

static const struct handler *find_handler(uint8_t next)
{
	for (unsigned i = 0; i < ARRAY_SIZE(handlers); i++)
		if (handlers[i].next == next)
			return &handlers[i];
	return NULL;
}

struct net_packet *ip6_headers_input(struct ip6 *ip, struct net_packet *packet, struct ip6_header *header)
{
	const struct handler *handler;

	for (unsigned i = 0; packet && (handler = find_handler(header->next)); i++) {
		if (i == HEADERS_MAX) {
			net_drop(packet, NET_COUNT_IP_BAD_OPTIONS);
			return NULL;
		}
		packet = handler->input(ip, packet, header);
	}
	return packet;
}
