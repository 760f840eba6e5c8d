/* SPDX-License-Identifier: BSD-3-Clause */
/* What has come: in order, for the owner; out of order, waiting for what is missing, and told to the peer by SACK. */
#include "kernel/net/tcp/internal.h"

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
	if (!tcp_memory_may_receive(tcp))
		return current;
	if (free < current + step && !(current == 0 && free >= all / 2))
		return current;
	return free;
}

/*
 * The buffer grows with what the owner reads in a round trip, or the window would be what limits: as many bytes again must find room while these are on
 * their way. Not if the owner has chosen its size.
 */
void tcp_receive_grow(struct tcp_connection *tcp, uint32_t read)
{
	uint64_t round_trip = max_u64(tcp->srtt_ns, NET_MILLISECOND), now = tcp->stack->now_ns;

	tcp->receive.read += read;
	if (now - tcp->receive.read_since_ns < round_trip)
		return;
	if (now - tcp->receive.read_since_ns < 2 * round_trip && 2 * tcp->receive.read > limit(tcp) && !tcp->receive.is_sized)
		tcp->setting[TCP_SET_RECEIVE_BUFFER] = (uint32_t)min_u64(2 * tcp->receive.read, max_u64(limit(tcp), tcp->stack->tuning->tcp_receive_buffer[2]));
	tcp->receive.read = 0;
	tcp->receive.read_since_ns = now;
}

static void free_packets(struct list *queue)
{
	struct list *node;

	while ((node = list_pop_front(queue)) != NULL)
		net_packet_free(container_of(node, struct net_packet, link));
}

void tcp_receive_free(struct tcp_connection *tcp)
{
	free_packets(&tcp->receive.queue);
	free_packets(&tcp->receive.out_of_order_queue);
	tcp->receive.queued = tcp->receive.out_of_order = tcp->receive.nr_packets = tcp->receive.nr_ranges = 0;
	tcp_memory_update(tcp);
}

/* What was told by SACK may be taken back (RFC 2018 §8). */
static void drop_out_of_order(struct tcp_connection *tcp)
{
	struct net_packet *packet, *next;

	list_for_each_safe(packet, next, &tcp->receive.out_of_order_queue, link) {
		net_drop(packet, NET_COUNT_TCP_QUEUE_FULL);
		tcp->receive.nr_packets--;
	}
	tcp->receive.out_of_order = tcp->receive.nr_ranges = 0;
	tcp_memory_update(tcp);
}

/* Bytes of a small packet go behind those of the one before, where its buffer has room: many small packets would take much memory. */
static bool join_with_last(struct tcp_connection *tcp, struct net_packet *packet)
{
	struct net_packet *last;
	uint8_t *to;

	if (list_empty(&tcp->receive.queue) || packet->len > TCP_PACKET_OVERHEAD)
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

/* What was told before comes after the newest; what does not find room will be told when it is the newest again (RFC 2018 §4). */
static void note_range(struct tcp_connection *tcp, uint32_t start, uint32_t end)
{
	struct tcp_range *r = tcp->receive.range;
	unsigned kept = 0;

	for (unsigned i = 0; i < tcp->receive.nr_ranges; i++) {
		if (seq_up_to(start, r[i].end) && seq_up_to(r[i].start, end)) {
			start = seq_min(start, r[i].start);
			end = seq_max(end, r[i].end);
		} else {
			r[kept++] = r[i];
		}
	}
	kept = (unsigned)min_u64(kept, TCP_SACKS_MAX - 1);
	memmove(r + 1, r, kept * sizeof(*r));
	r[0] = (struct tcp_range){start, end};
	tcp->receive.nr_ranges = kept + 1;
}

static void forget_ranges(struct tcp_connection *tcp)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < tcp->receive.nr_ranges; i++)
		if (seq_before(tcp->receive.next, tcp->receive.range[i].start))
			tcp->receive.range[kept++] = tcp->receive.range[i];
	tcp->receive.nr_ranges = kept;
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
	forget_ranges(tcp);
}

static void enter_out_of_order(struct tcp_connection *tcp, struct net_packet *packet, uint32_t seq, struct list *before)
{
	packet->mark[0] = seq;
	list_push_back(before, &packet->link);
	tcp->receive.out_of_order += packet->len;
	tcp->receive.nr_packets++;
	note_range(tcp, seq, seq + packet->len);
	net_count(tcp->stack, NET_COUNT_TCP_OUT_OF_ORDER);
}

static bool is_behind_all(const struct tcp_connection *tcp, uint32_t seq)
{
	const struct net_packet *last = container_of(tcp->receive.out_of_order_queue.prev, struct net_packet, link);

	return list_empty(&tcp->receive.out_of_order_queue) || seq_up_to(last->mark[0] + last->len, seq);
}

/* Enters [seq, seq + len) among the others without overlap: what is there already stays, so that nobody can change it later. */
static void queue_out_of_order(struct tcp_connection *tcp, struct net_packet *packet, uint32_t seq)
{
	struct list *before = &tcp->receive.out_of_order_queue;
	struct net_packet *other, *next;

	if (is_behind_all(tcp, seq)) { /* as it mostly is */
		enter_out_of_order(tcp, packet, seq, before);
		return;
	}
	list_for_each_safe(other, next, &tcp->receive.out_of_order_queue, link) {
		uint32_t start = other->mark[0], end = start + other->len;

		if (seq_up_to(end, seq))
			continue;
		if (seq_up_to(seq + packet->len, start)) {
			before = &other->link;
			break;
		}
		if (seq_up_to(start, seq) && seq_up_to(seq + packet->len, end)) {
			tcp_note_duplicate(tcp, seq, seq + packet->len);
			note_range(tcp, seq, seq + packet->len);
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
	enter_out_of_order(tcp, packet, seq, before);
}

void tcp_note_duplicate(struct tcp_connection *tcp, uint32_t start, uint32_t end)
{
	tcp->receive.duplicate = (struct tcp_range){start, end};
}

/* What came twice first, then the ranges. */
unsigned tcp_sack_blocks(struct tcp_connection *tcp, struct tcp_range *to, unsigned max)
{
	struct tcp_range *duplicate = &tcp->receive.duplicate;
	unsigned nr = 0;

	if (duplicate->start != duplicate->end)
		to[nr++] = *duplicate;
	*duplicate = (struct tcp_range){0, 0};
	for (unsigned i = 0; i < tcp->receive.nr_ranges && nr < max; i++)
		to[nr++] = tcp->receive.range[i];
	return nr;
}

/* Cuts off what is outside of the window; false: nothing is left. */
static bool trim_to_window(struct tcp_connection *tcp, struct tcp_segment *segment, struct net_packet *packet)
{
	uint32_t next = tcp->receive.next, edge = tcp->receive.edge;

	if (seq_before(segment->seq, next)) {
		uint32_t old = (uint32_t)min_u64(next - segment->seq, packet->len);

		tcp_note_duplicate(tcp, segment->seq, segment->seq + old);
		net_packet_pull(packet, old);
		segment->seq += old;
	}
	if (seq_before(edge, segment->seq + packet->len)) {
		net_packet_trim(packet, seq_before(segment->seq, edge) ? edge - segment->seq : 0);
		segment->flags &= (uint8_t)~TCP_FIN;
	}
	if (tcp->receive.has_fin && seq_before(tcp->receive.fin_seq, segment->seq + packet->len)) /* nothing is behind the end */
		net_packet_trim(packet, seq_before(segment->seq, tcp->receive.fin_seq) ? tcp->receive.fin_seq - segment->seq : 0);
	return packet->len != 0;
}

/*
 * Second segments are acknowledged at once, and so is all that is out of order or fills a gap (RFC 5681 §4.2). At once is at the end of the turn: of
 * segments that came together one acknowledgment tells, as of those that a device has joined.
 */
static void note_ack(struct tcp_connection *tcp, uint32_t len, bool at_once)
{
	if (len >= tcp->receive.full_size || len >= TCP_MSS_DEFAULT) {
		tcp->receive.full_size = (uint32_t)min_u64(len, tcp_payload_max(tcp));
		tcp->receive.unacked_full += len > tcp_payload_max(tcp) ? 2 : 1;
	}
	if (at_once || tcp->receive.unacked_full >= TCP_ACKED_TOGETHER || tcp->receive.quick || tcp->setting[TCP_SET_QUICK_ACK]) {
		if (tcp->receive.quick)
			tcp->receive.quick--;
		tcp->receive.must_ack = true;
	} else if (tcp->receive.unacked_full >= 2) {
		net_put_off(tcp->stack, &tcp->work);
	} else if (!tcp->ack_at_ns) {
		tcp->ack_at_ns = tcp->stack->now_ns + TCP_DELAYED_ACK;
	}
}

/* What is in order goes before what is not, where memory is short. */
static bool has_room_for(struct tcp_connection *tcp, const struct tcp_segment *segment)
{
	if ((uint64_t)tcp->receive.nr_packets * TCP_PACKET_OVERHEAD > 2ull * limit(tcp) + 65536)
		return false;
	if (tcp_memory_may_receive(tcp))
		return true;
	if (segment->seq != tcp->receive.next || list_empty(&tcp->receive.out_of_order_queue))
		return false;
	drop_out_of_order(tcp);
	return tcp_memory_may_receive(tcp);
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
	if (!has_room_for(tcp, segment)) {
		segment->flags &= (uint8_t)~TCP_FIN;
		net_drop(packet, NET_COUNT_TCP_QUEUE_FULL);
		return;
	}
	if (segment->seq != tcp->receive.next) {
		queue_out_of_order(tcp, packet, segment->seq);
		tcp->receive.must_ack = true;
		return;
	}
	tcp->receive.came_at_ns = tcp->stack->now_ns;
	queue_in_order(tcp, packet);
	if (had_gap)
		drain_out_of_order(tcp);
	note_ack(tcp, len, had_gap);
	tcp_tell(tcp, TCP_READABLE);
}
