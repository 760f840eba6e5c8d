/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fragments become datagrams again (RFC 791 §3.2, RFC 815's task). Limits: so many datagrams and bytes at once, the oldest goes; 30 s for each. A datagram with
 * parts that overlap is thrown away whole, since it serves only to deceive filters (RFC 5722 says so of IPv6).
 */
#include "kernel/net/ip4/internal.h"

#define REASSEMBLY_TIME (30 * NET_SECOND)
#define PIECES_MAX 256

struct reassembly {
	struct list link;
	uint32_t source, destination;
	uint16_t id;
	uint8_t protocol;
	uint8_t traffic_class; /* CE of any fragment holds for all (RFC 3168 §5.3) */
	bool is_bad;
	unsigned nr_pieces;
	size_t bytes, end; /* held; length of the whole, 0: not known */
	uint64_t until_ns;
	struct list pieces; /* packets by offset, which is in mark[0] */
};

static void reassembly_free(struct ip4 *ip, struct reassembly *r)
{
	struct net_packet *piece, *next;

	list_for_each_safe(piece, next, &r->pieces, link)
		net_packet_free(piece);
	ip->reassembly_bytes -= r->bytes;
	ip->nr_reassemblies--;
	list_remove(&r->link);
	net_free(ip->stack, r);
}

static struct reassembly *oldest(struct ip4 *ip)
{
	return list_empty(&ip->reassemblies) ? NULL : container_of(ip->reassemblies.next, struct reassembly, link);
}

static void expire(struct net_timer *timer)
{
	struct ip4 *ip = container_of(timer, struct ip4, reassembly_timer);
	struct reassembly *r;

	while ((r = oldest(ip)) && r->until_ns <= ip->stack->now_ns) {
		net_count(ip->stack, NET_COUNT_IP_REASSEMBLY_TIMEOUT);
		reassembly_free(ip, r);
	}
	if (r)
		net_timer_set(ip->stack, timer, r->until_ns);
}

void ip4_reassembly_init(struct ip4 *ip)
{
	list_init(&ip->reassemblies);
	ip->reassembly_timer.fire = expire;
}

void ip4_reassembly_fini(struct ip4 *ip)
{
	while (oldest(ip))
		reassembly_free(ip, oldest(ip));
	net_timer_cancel(ip->stack, &ip->reassembly_timer);
}

static struct reassembly *find_or_make(struct ip4 *ip, const struct ip4_header *h)
{
	struct reassembly *r;

	list_for_each(r, &ip->reassemblies, link)
		if (r->id == h->id && r->source == h->source && r->destination == h->destination && r->protocol == h->protocol)
			return r;
	if (ip->nr_reassemblies == IP4_REASSEMBLY_MAX) {
		net_count(ip->stack, NET_COUNT_IP_FRAGMENT_LIMIT);
		reassembly_free(ip, oldest(ip));
	}
	r = net_alloc_zero(ip->stack, sizeof(*r));
	if (!r)
		return NULL;
	*r = (struct reassembly){.source = h->source, .destination = h->destination, .id = h->id, .protocol = h->protocol,
				 .until_ns = ip->stack->now_ns + REASSEMBLY_TIME};
	list_init(&r->pieces);
	list_push_back(&ip->reassemblies, &r->link);
	ip->nr_reassemblies++;
	if (!ip->reassembly_timer.is_set)
		net_timer_set(ip->stack, &ip->reassembly_timer, r->until_ns);
	return r;
}

/* Enters a piece in order. False: it overlaps (is_bad is set) or is a plain duplicate. */
static bool enter(struct reassembly *r, struct net_packet *packet, size_t offset)
{
	struct list *before = &r->pieces;
	struct net_packet *piece;

	list_for_each(piece, &r->pieces, link) {
		size_t start = piece->mark[0], end = start + piece->len;

		if (start == offset && piece->len == packet->len)
			return false;
		if (offset < end && start < offset + packet->len) {
			r->is_bad = true;
			return false;
		}
		if (start > offset) {
			before = &piece->link;
			break;
		}
	}
	packet->mark[0] = (uint32_t)offset;
	list_push_back(before, &packet->link);
	r->bytes += packet->len;
	r->nr_pieces++;
	return true;
}

static bool is_piece_good(const struct net_packet *packet, const struct ip4_header *h, const struct reassembly *r)
{
	size_t offset = (size_t)(h->fragment & IP4_OFFSET) * 8, end = offset + packet->len;
	bool is_last = !(h->fragment & IP4_MF);

	if (!packet->len || end > 65535 - IP4_HEADER || (!is_last && packet->len % 8))
		return false;
	if (r->end && (is_last ? end != r->end : end > r->end))
		return false;
	if (is_last && !list_empty(&r->pieces)) {
		const struct net_packet *last = container_of(r->pieces.prev, struct net_packet, link);

		return last->mark[0] + last->len <= end;
	}
	return true;
}

/* The header of the first piece goes in front, for ICMP errors about the whole. */
static struct net_packet *join(struct ip4 *ip, struct reassembly *r)
{
	struct net_packet *whole = net_packet_new(ip->stack, NET_HEAD_ROOM, r->end, 0), *piece;
	struct net_packet *first = container_of(r->pieces.next, struct net_packet, link);
	size_t header_len;

	if (!whole)
		return NULL;
	header_len = (size_t)(first->data - first->buffer - first->network_offset);
	whole->interface = first->interface;
	whole->flags = first->flags & (NET_PACKET_BROADCAST | NET_PACKET_MULTICAST);
	whole->ttl = first->ttl;
	whole->traffic_class = r->traffic_class;
	list_for_each(piece, &r->pieces, link)
		net_packet_copy(piece, 0, net_packet_append(whole, piece->len), piece->len);
	memcpy(net_packet_push(whole, header_len), first->buffer + first->network_offset, header_len);
	whole->network_offset = (uint16_t)(whole->data - whole->buffer);
	net_packet_pull(whole, header_len);
	return whole;
}

struct net_packet *ip4_reassemble(struct ip4 *ip, struct net_packet *packet, const struct ip4_header *header)
{
	struct reassembly *r = find_or_make(ip, header);
	struct net_packet *whole = NULL;
	size_t len = packet->len, offset = (size_t)(header->fragment & IP4_OFFSET) * 8;

	net_count(ip->stack, NET_COUNT_IP_FRAGMENTS_IN);
	if (!r) {
		net_drop(packet, NET_COUNT_IP_NO_MEMORY);
		return NULL;
	}
	if (r->is_bad || !is_piece_good(packet, header, r)) {
		net_drop(packet, NET_COUNT_IP_FRAGMENT_BAD);
		return NULL;
	}
	if (ip->reassembly_bytes + len > IP4_REASSEMBLY_BYTES || r->nr_pieces == PIECES_MAX) {
		net_drop(packet, NET_COUNT_IP_FRAGMENT_LIMIT);
		return NULL;
	}
	if (!enter(r, packet, offset)) {
		net_drop(packet, r->is_bad ? NET_COUNT_IP_FRAGMENT_OVERLAP : NET_COUNT_IP_FRAGMENT_BAD);
		return NULL; /* a bad one stays, empty of use, until its time is over: its further pieces are known by it */
	}
	ip->reassembly_bytes += len;
	if ((header->tos & 3) == 3 || r->nr_pieces == 1)
		r->traffic_class = header->tos;
	if (!(header->fragment & IP4_MF))
		r->end = offset + len;
	if (!r->end || r->bytes != r->end)
		return NULL;
	whole = join(ip, r);
	reassembly_free(ip, r);
	net_count(ip->stack, whole ? NET_COUNT_IP_REASSEMBLED : NET_COUNT_IP_NO_MEMORY);
	return whole;
}
