/* SPDX-License-Identifier: BSD-3-Clause */
/* What has come: in order, for the owner; out of order, waiting for what is missing, and told to the peer by SACK. */
#include "kernel/net/tcp/internal.h"

#define SMALL_PACKET 512 /* what a queued packet takes beside its bytes, at the most */

static uint32_t limit(const struct tcp_connection *tcp)
{
	return (uint32_t)tcp->setting[TCP_SET_RECEIVE_BUFFER];
}

/* The window to tell. The right edge never moves back (RFC 9293 §3.8.6), and moves on in worthwhile steps only (§3.8.6.2.2). */
uint32_t tcp_receive_window(const struct tcp_connection *tcp)
{
	uint32_t used = tcp->receive.queued, all = limit(tcp), free = used < all ? all - used : 0;
	uint32_t current = tcp->receive.edge - tcp->receive.next, step = (uint32_t)min_u64(tcp_payload_max(tcp), all / 2);

	free = (uint32_t)min_u64(free, 65535u << tcp->receive.scale);
	if (free < current + step && !(current == 0 && free >= all / 2))
		return current;
	return free;
}

void tcp_receive_free(struct tcp_connection *tcp)
{
	struct net_packet *packet, *next;

	list_for_each_safe(packet, next, &tcp->receive.queue, link)
		net_packet_free(packet);
	list_for_each_safe(packet, next, &tcp->receive.out_of_order_queue, link)
		net_packet_free(packet);
	tcp->receive.queued = tcp->receive.out_of_order = tcp->receive.nr_packets = 0;
}

/* Bytes of a small packet go behind those of the one before, where its buffer has room: many small packets would take much memory. */
static bool join_with_last(struct tcp_connection *tcp, struct net_packet *packet)
{
	struct net_packet *last;
	uint8_t *to;

	if (list_empty(&tcp->receive.queue) || packet->len > SMALL_PACKET)
		return false;
	last = container_of(tcp->receive.queue.prev, struct net_packet, link);
	to = net_packet_append(last, packet->len);
	if (!to)
		return false;
	net_packet_copy(packet, 0, to, packet->len);
	net_packet_free(packet);
	return true;
}

static void queue_in_order(struct tcp_connection *tcp, struct net_packet *packet)
{
	uint32_t len = packet->len;

	tcp->receive.next += len;
	tcp->receive.queued += len;
	tcp->bytes_received += len;
	if (join_with_last(tcp, packet))
		return;
	list_push_back(&tcp->receive.queue, &packet->link);
	tcp->receive.nr_packets++;
}

/* Moves on what has become in order. */
static void drain_out_of_order(struct tcp_connection *tcp)
{
	struct net_packet *packet, *next;

	list_for_each_safe(packet, next, &tcp->receive.out_of_order_queue, link) {
		uint32_t seq = packet->mark[0], len = packet->len;

		if (seq_before(tcp->receive.next, seq))
			break;
		list_remove(&packet->link);
		tcp->receive.out_of_order -= len;
		tcp->receive.nr_packets--;
		if (seq_up_to(seq + len, tcp->receive.next)) {
			net_packet_free(packet);
			continue;
		}
		net_packet_pull(packet, tcp->receive.next - seq);
		queue_in_order(tcp, packet);
	}
}

/* Enters [seq, seq + len) among the others without overlap: what is there already stays, so that nobody can change it later. */
static void queue_out_of_order(struct tcp_connection *tcp, struct net_packet *packet, uint32_t seq)
{
	struct list *before = &tcp->receive.out_of_order_queue;
	struct net_packet *other, *next;

	list_for_each_safe(other, next, &tcp->receive.out_of_order_queue, link) {
		uint32_t start = other->mark[0], end = start + other->len;

		if (seq_up_to(end, seq))
			continue;
		if (seq_up_to(seq + packet->len, start)) {
			before = &other->link;
			break;
		}
		if (seq_up_to(start, seq) && seq_up_to(seq + packet->len, end)) {
			net_drop(packet, NET_COUNT_TCP_DUPLICATE);
			return;
		}
		if (seq_up_to(start, seq)) { /* the other's end covers our start */
			net_packet_pull(packet, end - seq);
			seq = end;
		} else if (seq_up_to(end, seq + packet->len)) { /* we cover it */
			list_remove(&other->link);
			tcp->receive.out_of_order -= other->len;
			tcp->receive.nr_packets--;
			net_packet_free(other);
		} else {
			net_packet_trim(packet, start - seq);
			before = &other->link;
			break;
		}
	}
	packet->mark[0] = seq;
	list_push_back(before, &packet->link);
	tcp->receive.out_of_order += packet->len;
	tcp->receive.nr_packets++;
	tcp->receive.last_sack = (struct tcp_range){seq, seq + packet->len};
	net_count(tcp->stack, NET_COUNT_TCP_OUT_OF_ORDER);
}

/* The range around the newest arrival first (RFC 2018 §4), then others from the lowest. */
unsigned tcp_sack_blocks(const struct tcp_connection *tcp, struct tcp_range *to, unsigned max)
{
	struct tcp_range run = {0, 0}, newest = {0, 0};
	const struct net_packet *packet;
	unsigned nr = 1; /* to[0] is kept for the newest */

	list_for_each(packet, &tcp->receive.out_of_order_queue, link) {
		uint32_t seq = packet->mark[0];

		if (run.start != run.end && run.end == seq) {
			run.end += packet->len;
		} else {
			if (run.start != run.end && run.start != newest.start && nr < max)
				to[nr++] = run;
			run = (struct tcp_range){seq, seq + packet->len};
		}
		if (seq_up_to(run.start, tcp->receive.last_sack.start) && seq_before(tcp->receive.last_sack.start, run.end))
			newest = run;
		if (newest.start == run.start)
			newest = run;
	}
	if (run.start == run.end || !max)
		return 0;
	if (run.start != newest.start && nr < max)
		to[nr++] = run;
	if (newest.start == newest.end) {
		memmove(to, to + 1, --nr * sizeof(*to));
		return nr;
	}
	to[0] = newest;
	return nr;
}

/* Cuts off what is outside of the window; false: nothing is left. */
static bool trim_to_window(struct tcp_connection *tcp, struct tcp_segment *segment, struct net_packet *packet)
{
	uint32_t next = tcp->receive.next, edge = tcp->receive.edge;

	if (seq_before(segment->seq, next)) {
		uint32_t old = (uint32_t)min_u64(next - segment->seq, packet->len);

		net_packet_pull(packet, old);
		segment->seq += old;
	}
	if (seq_before(edge, segment->seq + packet->len)) {
		net_packet_trim(packet, seq_before(segment->seq, edge) ? edge - segment->seq : 0);
		segment->flags &= (uint8_t)~TCP_FIN;
	}
	return packet->len != 0;
}

/* Second segments are acknowledged at once, and so is all that is out of order or fills a gap (RFC 5681 §4.2). */
static void note_ack(struct tcp_connection *tcp, uint32_t len, bool at_once)
{
	if (len >= tcp->receive.full_size || len >= TCP_MSS_DEFAULT) {
		tcp->receive.full_size = (uint32_t)min_u64(len, tcp_payload_max(tcp));
		tcp->receive.unacked_full += len > tcp_payload_max(tcp) ? 2 : 1;
	}
	if (at_once || tcp->receive.unacked_full >= 2 || tcp->receive.quick || tcp->setting[TCP_SET_QUICK_ACK]) {
		if (tcp->receive.quick)
			tcp->receive.quick--;
		tcp->receive.must_ack = true;
	} else if (!tcp->ack_at_ns) {
		tcp->ack_at_ns = tcp->stack->now_ns + TCP_DELAYED_ACK;
	}
}

/* Takes the packet, whose TCP header is pulled. */
void tcp_queue_payload(struct tcp_connection *tcp, struct tcp_segment *segment, struct net_packet *packet)
{
	bool had_gap = !list_empty(&tcp->receive.out_of_order_queue);
	uint32_t len = packet->len;

	if (!trim_to_window(tcp, segment, packet)) {
		if (len)
			tcp->receive.must_ack = true;
		net_drop(packet, NET_COUNT_TCP_DUPLICATE);
		return;
	}
	if ((uint64_t)tcp->receive.nr_packets * SMALL_PACKET > 2ull * limit(tcp) + 65536) {
		segment->flags &= (uint8_t)~TCP_FIN;
		net_drop(packet, NET_COUNT_TCP_QUEUE_FULL);
		return;
	}
	if (segment->seq != tcp->receive.next) {
		queue_out_of_order(tcp, packet, segment->seq);
		tcp->receive.must_ack = true;
		return;
	}
	queue_in_order(tcp, packet);
	drain_out_of_order(tcp);
	note_ack(tcp, len, had_gap);
	tcp_tell(tcp, TCP_READABLE);
}
