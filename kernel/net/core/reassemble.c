/* SPDX-License-Identifier: BSD-3-Clause */
/* Parts in lists by offset, datagrams in one list by age. */
#include "kernel/net/core/reassemble.h"

#define PIECES_MAX 256

struct datagram {
	struct list link;
	struct net_address source, destination;
	uint32_t id;
	uint8_t protocol;
	uint8_t traffic_class; /* CE of any part holds for all (RFC 3168 §5.3) */
	bool is_bad;
	unsigned nr_pieces;
	size_t bytes, end; /* held; length of the whole, 0: not known */
	uint64_t until_ns;
	struct list pieces; /* packets by offset, which is in mark[0] */
};

static struct net_packet *first_piece(struct datagram *d)
{
	return list_empty(&d->pieces) ? NULL : container_of(d->pieces.next, struct net_packet, link);
}

static void drop_pieces(struct net_reassembler *r, struct datagram *d)
{
	struct net_packet *piece, *next;

	list_for_each_safe(piece, next, &d->pieces, link)
		net_packet_free(piece);
	r->bytes -= d->bytes;
	d->bytes = 0;
}

static void datagram_free(struct net_reassembler *r, struct datagram *d)
{
	drop_pieces(r, d);
	r->nr--;
	list_remove(&d->link);
	net_free(r->stack, d);
}

static struct datagram *oldest(struct net_reassembler *r)
{
	return list_empty(&r->datagrams) ? NULL : container_of(r->datagrams.next, struct datagram, link);
}

static void expire(struct net_timer *timer)
{
	struct net_reassembler *r = container_of(timer, struct net_reassembler, timer);
	struct net_packet *first;
	struct datagram *d;

	while ((d = oldest(r)) && d->until_ns <= r->stack->now_ns) {
		net_count(r->stack, NET_COUNT_IP_REASSEMBLY_TIMEOUT);
		first = first_piece(d);
		if (r->expired && first && first->mark[0] == 0)
			r->expired(r->stack, first);
		datagram_free(r, d);
	}
	if (d)
		net_timer_set(r->stack, timer, d->until_ns);
}

void net_reassembler_init(struct net_stack *stack, struct net_reassembler *reassembler, uint64_t time_ns)
{
	memset(reassembler, 0, sizeof(*reassembler));
	reassembler->stack = stack;
	reassembler->time_ns = time_ns;
	reassembler->timer.fire = expire;
	list_init(&reassembler->datagrams);
}

void net_reassembler_fini(struct net_reassembler *reassembler)
{
	while (oldest(reassembler))
		datagram_free(reassembler, oldest(reassembler));
	net_timer_cancel(reassembler->stack, &reassembler->timer);
}

static struct datagram *find_or_make(struct net_reassembler *r, const struct net_part *part)
{
	struct datagram *d;

	list_for_each(d, &r->datagrams, link)
		if (d->id == part->id && d->protocol == part->protocol && net_address_equal(&d->source, &part->source) &&
		    net_address_equal(&d->destination, &part->destination))
			return d;
	if (r->nr == NET_REASSEMBLY_MAX) {
		net_count(r->stack, NET_COUNT_IP_FRAGMENT_LIMIT);
		datagram_free(r, oldest(r));
	}
	d = net_alloc_zero(r->stack, sizeof(*d));
	if (!d)
		return NULL;
	*d = (struct datagram){.source = part->source, .destination = part->destination, .id = part->id, .protocol = part->protocol,
			       .until_ns = r->stack->now_ns + r->time_ns};
	list_init(&d->pieces);
	list_push_back(&r->datagrams, &d->link);
	r->nr++;
	if (!r->timer.is_set)
		net_timer_set(r->stack, &r->timer, d->until_ns);
	return d;
}

/* Enters a piece in order. False: it overlaps (is_bad is set) or is a plain duplicate. */
static bool enter(struct datagram *d, struct net_packet *packet, size_t offset)
{
	struct list *before = &d->pieces;
	struct net_packet *piece;

	list_for_each(piece, &d->pieces, link) {
		size_t start = piece->mark[0], end = start + piece->len;

		if (start == offset && piece->len == packet->len)
			return false;
		if (offset < end && start < offset + packet->len) {
			d->is_bad = true;
			return false;
		}
		if (start > offset) {
			before = &piece->link;
			break;
		}
	}
	packet->mark[0] = (uint32_t)offset;
	list_push_back(before, &packet->link);
	d->bytes += packet->len;
	d->nr_pieces++;
	return true;
}

static bool is_piece_good(const struct net_packet *packet, const struct net_part *part)
{
	return packet->len && (size_t)part->offset + packet->len <= part->whole_max && (part->is_last || packet->len % 8 == 0);
}

/* Is the end of the whole another than that of the pieces that are there? */
static bool contradicts(const struct net_packet *packet, const struct net_part *part, const struct datagram *d)
{
	size_t end = (size_t)part->offset + packet->len;

	if (d->end && (part->is_last ? end != d->end : end > d->end))
		return true;
	if (part->is_last && !list_empty(&d->pieces)) {
		const struct net_packet *last = container_of(d->pieces.prev, struct net_packet, link);

		return last->mark[0] + last->len > end;
	}
	return false;
}

/* The headers of the first piece go in front, for ICMP errors about the whole. */
static struct net_packet *join(struct net_reassembler *r, struct datagram *d)
{
	struct net_packet *first = first_piece(d), *whole, *piece;
	size_t header_len = (size_t)(first->data - first->buffer - first->network_offset);

	whole = net_packet_new(r->stack, NET_HEAD_ROOM + header_len, d->end, 0);
	if (!whole)
		return NULL;
	whole->interface = first->interface;
	whole->flags = first->flags & (NET_PACKET_BROADCAST | NET_PACKET_MULTICAST);
	whole->ttl = first->ttl;
	whole->traffic_class = d->traffic_class;
	whole->mark[1] = first->mark[1];
	list_for_each(piece, &d->pieces, link)
		net_packet_copy(piece, 0, net_packet_append(whole, piece->len), piece->len);
	memcpy(net_packet_push(whole, header_len), first->buffer + first->network_offset, header_len);
	whole->network_offset = (uint16_t)(whole->data - whole->buffer);
	net_packet_pull(whole, header_len);
	return whole;
}

struct net_packet *net_reassemble(struct net_reassembler *r, struct net_packet *packet, const struct net_part *part)
{
	struct datagram *d = find_or_make(r, part);
	struct net_packet *whole;
	size_t len = packet->len;

	net_count(r->stack, NET_COUNT_IP_FRAGMENTS_IN);
	if (!d) {
		net_drop(packet, NET_COUNT_IP_NO_MEMORY);
		return NULL;
	}
	if (d->is_bad || !is_piece_good(packet, part)) {
		net_drop(packet, NET_COUNT_IP_FRAGMENT_BAD);
		return NULL;
	}
	if (r->bytes + len > NET_REASSEMBLY_BYTES || d->nr_pieces == PIECES_MAX) {
		net_drop(packet, NET_COUNT_IP_FRAGMENT_LIMIT);
		return NULL;
	}
	d->is_bad = contradicts(packet, part, d);
	if (d->is_bad || !enter(d, packet, part->offset)) {
		net_drop(packet, d->is_bad ? NET_COUNT_IP_FRAGMENT_OVERLAP : NET_COUNT_IP_FRAGMENT_BAD);
		if (d->is_bad)
			drop_pieces(r, d); /* the rest stays, empty, until its time is over: further pieces are known by it */
		return NULL;
	}
	r->bytes += len;
	if ((part->traffic_class & 3) == 3 || d->nr_pieces == 1)
		d->traffic_class = part->traffic_class;
	if (part->is_last)
		d->end = part->offset + len;
	if (!d->end || d->bytes != d->end)
		return NULL;
	whole = join(r, d);
	datagram_free(r, d);
	net_count(r->stack, whole ? NET_COUNT_IP_REASSEMBLED : NET_COUNT_IP_NO_MEMORY);
	return whole;
}
