/* SPDX-License-Identifier: BSD-3-Clause */
/* What may be sent now: lost bytes first, then new ones, within the peer's window and the congestion window (RFC 9293 §3.8, RFC 5681, RFC 6675). */
#include "kernel/net/tcp/internal.h"

#define TSO_MAX 65000u

uint32_t tcp_payload_max(const struct tcp_connection *tcp)
{
	return tcp->send.mss - (tcp->ts.is_on ? 12 : 0);
}

static void drop_chunk(struct tcp_connection *tcp, struct tcp_chunk *chunk)
{
	bool is_own = chunk->is_own; /* then it goes with its block */

	list_remove(&chunk->link);
	net_block_put(chunk->block);
	if (!is_own)
		net_free(tcp->stack, chunk);
}

void tcp_queue_drop(struct tcp_connection *tcp, uint32_t bytes)
{
	tcp->send.queued -= bytes;
	tcp->send.queue_seq += bytes;
	while (bytes) {
		struct tcp_chunk *chunk = container_of(tcp->send.queue.next, struct tcp_chunk, link);
		uint32_t part = (uint32_t)min_u64(bytes, chunk->len);

		chunk->bytes += part;
		chunk->len -= part;
		bytes -= part;
		if (chunk->len)
			break;
		drop_chunk(tcp, chunk);
	}
}

void tcp_queue_free(struct tcp_connection *tcp)
{
	tcp_queue_drop(tcp, tcp->send.queued);
	tcp_memory_update(tcp);
}

/* Adds bytes [offset, offset + len) of the queue; how many there was room for. */
static uint32_t add_payload(struct tcp_connection *tcp, struct net_packet *packet, uint32_t offset, uint32_t len)
{
	struct tcp_chunk *chunk;
	uint32_t added = 0;

	list_for_each(chunk, &tcp->send.queue, link) {
		uint32_t part;

		if (added == len)
			break;
		if (offset >= chunk->len) {
			offset -= chunk->len;
			continue;
		}
		part = (uint32_t)min_u64(chunk->len - offset, len - added);
		if (!net_packet_add(packet, chunk->block, chunk->bytes + offset, part))
			break;
		added += part;
		offset = 0;
	}
	return added;
}

static void copy_payload(const struct tcp_connection *tcp, uint32_t offset, uint8_t *to, uint32_t len)
{
	struct tcp_chunk *chunk = container_of(tcp->send.queue.next, struct tcp_chunk, link);

	for (; len; chunk = container_of(chunk->link.next, struct tcp_chunk, link)) {
		uint32_t skipped = (uint32_t)min_u64(offset, chunk->len), part = (uint32_t)min_u64(chunk->len - skipped, len);

		memcpy(to, chunk->bytes + skipped, part);
		to += part;
		offset -= skipped;
		len -= part;
	}
}

/* A packet with bytes [offset, offset + len) of the queue, or fewer. Few are copied behind the headers: cheaper than a fragment, for the device, too. */
static struct net_packet *take_payload(struct tcp_connection *tcp, uint32_t offset, uint32_t len)
{
	bool is_small = len <= TCP_COPIED_MAX;
	struct net_packet *packet = net_packet_new(tcp->stack, NET_HEAD_ROOM, is_small ? len : 0, is_small ? 0 : (unsigned)min_u64(len / 1024 + 3, NET_FRAGMENTS_MAX));

	if (!packet)
		return NULL;
	if (is_small)
		copy_payload(tcp, offset, net_packet_append(packet, len), len);
	else
		(void)add_payload(tcp, packet, offset, len);
	return packet;
}

static uint16_t window_to_tell(struct tcp_connection *tcp)
{
	uint32_t window = tcp_receive_window(tcp), scale = tcp->receive.scale, told = window >> scale;

	if (seq_before(tcp->receive.next + (told << scale), tcp->receive.edge) && told < 65535)
		told++; /* rounding must not draw the edge back */
	tcp->receive.edge = seq_max(tcp->receive.edge, tcp->receive.next + (told << scale));
	return (uint16_t)told;
}

static void note_ack_sent(struct tcp_connection *tcp)
{
	tcp->receive.acked = tcp->receive.next;
	tcp->receive.must_ack = false;
	tcp->receive.unacked_full = 0;
	tcp->ack_at_ns = 0;
}

/* Flags, options and window that every segment of a synchronised connection has; takes the payload. */
static int send_segment(struct tcp_connection *tcp, uint32_t seq, uint8_t flags, struct net_packet *payload, bool is_new)
{
	struct tcp_option_values values = {.has_timestamp = tcp->ts.is_on, .ts_value = tcp_clock(tcp->stack) + tcp->ts.offset, .ts_echo = tcp->ts.recent};
	uint32_t len = payload ? payload->len : 0, per_segment = tcp_payload_max(tcp);
	struct tcp_out out = {.seq = seq, .ack = tcp->receive.next, .flags = flags | TCP_ACK, .window = window_to_tell(tcp)};
	struct tcp_range sacks[4];
	uint8_t options[TCP_OPTIONS_MAX];

	if (tcp->has_sack && !payload) {
		values.sack = sacks;
		values.nr_sacks = tcp_sack_blocks(tcp, sacks, tcp->ts.is_on ? 3 : 4);
	}
	if (tcp->ecn.is_on && tcp->ecn.echo)
		out.flags |= TCP_ECE;
	if (tcp->ecn.is_on && tcp->ecn.send_cwr && is_new && len) {
		out.flags |= TCP_CWR;
		tcp->ecn.send_cwr = false;
	}
	if (tcp->send.has_urgent && seq_before(seq, tcp->send.urgent)) {
		out.flags |= TCP_URG;
		out.urgent = (uint16_t)min_u64(tcp->send.urgent - seq, 65535);
	}
	out.options = options;
	out.options_len = tcp_options_put(options, &values);
	/* ECT(0) on new data only (RFC 3168 §6.1.4, §6.1.5). */
	tcp->flow.traffic_class = (uint8_t)(tcp->setting[TCP_SET_TRAFFIC_CLASS] & ~3ull) | (tcp->ecn.is_on && is_new && len ? 2 : 0);
	note_ack_sent(tcp);
	return tcp_segment_send(tcp->stack, &tcp->flow, tcp->local_port, tcp->remote_port, &out, payload, len > per_segment ? (uint16_t)per_segment : 0);
}

/*
 * The sequence number of a segment without data. A peer that has taken its window back drops what lies beyond it (RFC 9293 §3.8.6), a reset too: it
 * would wait for ever. A window told in units of its scale may be short by less than one; a FIN may be one behind it.
 */
static uint32_t seq_in_window(const struct tcp_connection *tcp)
{
	uint32_t end = tcp->send.una + tcp->send.window;
	bool is_synchronised = tcp->state != TCP_SYN_SENT && tcp->state != TCP_SYN_RECEIVED;

	return is_synchronised && seq_before(end + (1u << tcp->send.scale), tcp->send.next) ? end : tcp->send.next;
}

void tcp_send_ack(struct tcp_connection *tcp)
{
	(void)send_segment(tcp, seq_in_window(tcp), 0, NULL, false);
}

/* A sequence number that is acknowledged already makes the peer answer, with its window (RFC 9293 §3.8.4, §3.8.6.1). */
void tcp_send_keep_alive(struct tcp_connection *tcp)
{
	(void)send_segment(tcp, tcp->send.una - 1, 0, NULL, false);
}

void tcp_send_probe(struct tcp_connection *tcp)
{
	net_count(tcp->stack, NET_COUNT_TCP_PROBE);
	(void)send_segment(tcp, tcp->send.una - 1, 0, NULL, false);
}

void tcp_send_reset(struct tcp_connection *tcp)
{
	net_count(tcp->stack, NET_COUNT_TCP_RESET_OUT);
	(void)send_segment(tcp, seq_in_window(tcp), TCP_RST, NULL, false);
}

/* The SYN, or SYN and ACK of a simultaneous open (RFC 9293 §3.5, figure 8). */
int tcp_send_syn(struct tcp_connection *tcp)
{
	bool is_answer = tcp->state == TCP_SYN_RECEIVED;
	const struct net_network *network = net_network_of(tcp->stack, &tcp->flow.remote);
	struct tcp_option_values values = {
		.sack_permitted = !is_answer || tcp->has_sack, .has_scale = !is_answer || tcp->has_scale, .scale = tcp->receive.scale,
		.has_timestamp = !is_answer || tcp->ts.is_on, .ts_value = tcp_clock(tcp->stack) + tcp->ts.offset, .ts_echo = tcp->ts.recent,
	};
	uint8_t options[TCP_OPTIONS_MAX];
	struct tcp_out out = {.seq = tcp->send.iss, .ack = tcp->receive.next, .flags = TCP_SYN | (is_answer ? TCP_ACK : 0), .options = options,
			      .window = (uint16_t)min_u64(tcp->setting[TCP_SET_RECEIVE_BUFFER], 65535)};

	values.mss = (uint16_t)min_u64(tcp->flow.mtu - network->header_len - TCP_HEADER, 65535);
	if (tcp->setting[TCP_SET_MSS_MAX])
		values.mss = (uint16_t)min_u64(values.mss, tcp->setting[TCP_SET_MSS_MAX]);
	if (!is_answer && tcp->setting[TCP_SET_ECN] == 1 && tcp->backoff == 0)
		out.flags |= TCP_ECE | TCP_CWR; /* RFC 3168 §6.1.1; without it again if nobody answers */
	out.options_len = tcp_options_put(options, &values);
	return tcp_segment_send(tcp->stack, &tcp->flow, tcp->local_port, tcp->remote_port, &out, NULL, 0);
}

static uint32_t segment_max(const struct tcp_connection *tcp)
{
	const struct net_interface *interface = tcp->flow.interface;
	const struct net_network *network = net_network_of(tcp->stack, &tcp->flow.remote);
	uint32_t payload = tcp_payload_max(tcp), most = interface->segment_max ? interface->segment_max : TSO_MAX;

	if (!(interface->offloads & network->tso_offload) || most < payload || tcp->send.has_urgent || (tcp->ecn.send_cwr && !(interface->offloads & NET_OFFLOAD_TSO_ECN)))
		return payload;
	return most - most % payload;
}

/* Sends bytes from seq on, and the FIN if it is behind them; how many sequence numbers, 0: no memory or no way. */
static uint32_t send_bytes(struct tcp_connection *tcp, uint32_t seq, uint32_t len, bool is_new)
{
	uint32_t end = tcp_fin_seq(tcp), from_queue = seq_before(seq, end) ? (uint32_t)min_u64(len, end - seq) : 0, added = 0;
	struct net_packet *packet = NULL;
	uint8_t flags = 0;
	int error;

	if (from_queue) {
		packet = take_payload(tcp, seq - tcp->send.queue_seq, from_queue);
		if (!packet)
			return 0;
		added = packet->len;
		if (seq + added == end || added < from_queue)
			flags |= TCP_PSH;
	}
	if (tcp->send.fin_wanted && seq + added == end && len > added)
		flags |= TCP_FIN;
	error = send_segment(tcp, seq, flags, packet, is_new);
	if (error == -ENOBUFS)
		return 0; /* as if it had not been tried: the device's queue is full, which is no sign of the path */
	if (error == -EMSGSIZE)
		tcp_set_mss(tcp);
	return added + !!(flags & TCP_FIN);
}

uint32_t tcp_send_again(struct tcp_connection *tcp, uint32_t seq, uint32_t len)
{
	uint32_t sent = send_bytes(tcp, seq, len, false);

	if (!sent)
		return 0;
	tcp->is_timed = tcp->is_timed && seq_before(tcp->timed_seq, seq); /* Karn: RFC 6298 §3 */
	tcp->nr_retransmits++;
	net_count(tcp->stack, NET_COUNT_TCP_RETRANSMIT);
	return sent;
}

static void retransmit_lost(struct tcp_connection *tcp)
{
	uint32_t payload = tcp_payload_max(tcp), sent;
	struct tcp_range hole;

	while (tcp_next_hole(tcp, &hole)) {
		uint32_t pipe = tcp_pipe(tcp), len = (uint32_t)min_u64(hole.end - hole.start, payload);

		/* The oldest goes at once: RFC 6675 §5 (4.3), RFC 6582 §3.2 step 3. */
		if (hole.start != tcp->send.una && pipe + len > tcp->congestion.cwnd)
			return;
		sent = tcp_send_again(tcp, hole.start, len);
		if (!sent)
			return;
		tcp->retransmitted_to = hole.start + sent;
		tcp_retransmit_start(tcp);
	}
}

/* May a segment below the full size go? (Nagle, RFC 9293 §3.7.4, in Minshall's form: only one such may be unanswered; CORK; §3.8.6.2.1) */
static bool small_may_go(struct tcp_connection *tcp, uint32_t len, bool is_last)
{
	if ((is_last && tcp->send.fin_wanted) || tcp->send.is_pressed)
		return true;
	if (!is_last)
		return len >= tcp->send.max_window / 2;
	if (tcp->setting[TCP_SET_CORK] || tcp->send.more) {
		if (!tcp->cork_at_ns)
			tcp->cork_at_ns = tcp->stack->now_ns + TCP_CORK_TIME;
		return tcp->cork_at_ns <= tcp->stack->now_ns;
	}
	return tcp->setting[TCP_SET_NO_DELAY] || !seq_before(tcp->send.una, tcp->send.small_end) || tcp->send.next == tcp->send.una;
}

/* How many sequence numbers the next new segment has; 0: nothing may go. */
static uint32_t next_new(struct tcp_connection *tcp)
{
	uint32_t next = tcp->send.next, end = tcp_fin_seq(tcp), payload = tcp_payload_max(tcp), pipe = tcp_pipe(tcp);
	uint32_t edge = tcp->send.una + tcp->send.window, left, len;

	if (tcp_fin_is_sent(tcp))
		return 0;
	left = end - next;
	len = (uint32_t)min_u64(left, segment_max(tcp));
	len = seq_before(next, edge) ? (uint32_t)min_u64(len, edge - next) : 0;
	if (len < left || !tcp->send.fin_wanted) {
		if (pipe >= tcp->congestion.cwnd)
			return 0;
		if (tcp->congestion.cwnd - pipe < len)
			len = (uint32_t)max_u64(tcp->congestion.cwnd - pipe, min_u64(len, payload));
	} else if (len && pipe && pipe + len > tcp->congestion.cwnd) {
		return 0;
	}
	if (len > payload && len < left)
		len -= len % payload;
	if (len < payload && len < left && !small_may_go(tcp, len, false))
		return 0;
	if (len && len == left && len % payload && len < payload && !small_may_go(tcp, len, true))
		return 0;
	return len + (len == left && tcp->send.fin_wanted);
}

/* After a rest the window says nothing of the path any more (RFC 5681 §4.1). */
static void restart_after_rest(struct tcp_connection *tcp)
{
	uint32_t first = tcp_first_window(tcp);

	if (tcp->send.una != tcp->send.next || tcp->stack->now_ns - tcp->send.sent_at_ns <= tcp->rto_ns || tcp->congestion.cwnd <= first || tcp->is_in_timeout)
		return;
	tcp->congestion.ssthresh = (uint32_t)max_u64(tcp->congestion.ssthresh, tcp->congestion.cwnd * 3ull / 4);
	tcp->congestion.cwnd = first;
	if (tcp->congestion_ops->timeout)
		tcp->congestion_ops->timeout(&tcp->congestion);
}

/* The next new bytes; how many, 0: they cannot go now. */
static uint32_t send_next(struct tcp_connection *tcp, uint32_t len)
{
	uint32_t seq = tcp->send.next, sent;

	tcp->send.next = seq + len; /* before, so that what it sends is within the window of what was sent */
	sent = send_bytes(tcp, seq, len, true);
	tcp->send.next = seq + sent;
	if (!sent)
		return 0;
	if (!tcp->is_timed) {
		tcp->is_timed = true;
		tcp->timed_seq = seq;
		tcp->timed_at_ns = tcp->stack->now_ns;
	}
	if (!tcp->retransmit_at_ns)
		tcp_retransmit_start(tcp);
	return sent;
}

static void send_new(struct tcp_connection *tcp)
{
	uint32_t len, sent;

	restart_after_rest(tcp);
	while ((len = next_new(tcp)) != 0) {
		sent = send_next(tcp, len);
		if (!sent)
			return;
		if (tcp->stack->now_ns - tcp->receive.came_at_ns < TCP_DELAYED_ACK) /* an answer: the next one can carry its acknowledgment, too */
			tcp->receive.quick = 0;
		tcp->send.sent_at_ns = tcp->stack->now_ns;
		if (sent < tcp_payload_max(tcp))
			tcp->send.small_end = tcp->send.next;
		tcp->cork_at_ns = 0;
		tcp_tail_start(tcp);
	}
}

uint32_t tcp_send_one_new(struct tcp_connection *tcp)
{
	uint32_t next = tcp->send.next, edge = tcp->send.una + tcp->send.window, len = (uint32_t)min_u64(tcp_fin_seq(tcp) - next, tcp_payload_max(tcp));

	if (tcp_fin_is_sent(tcp) || !seq_before(next, edge))
		return 0;
	len = (uint32_t)min_u64(len, edge - next);
	return len ? send_next(tcp, len) : 0;
}

/* The window is closed to what waits, and nothing is on its way that would bring an answer (RFC 9293 §3.8.6.1). */
static void check_persist(struct tcp_connection *tcp)
{
	bool waits = !tcp_fin_is_sent(tcp) && (tcp->send.queued || tcp->send.fin_wanted) && tcp->send.una == tcp->send.next;

	if (!waits || tcp->cork_at_ns) {
		tcp->persist_at_ns = 0;
		tcp->nr_probes = waits ? tcp->nr_probes : 0;
	} else if (!tcp->persist_at_ns) {
		tcp->persist_at_ns = tcp->stack->now_ns + min_u64(tcp->rto_ns << min_u64(tcp->nr_probes, 10), TCP_RTO_MAX);
	}
}

/* The owner has read so much that the peer should know, as it may soon wait for it: with room enough it learns with the next acknowledgment. */
static bool window_has_grown(const struct tcp_connection *tcp)
{
	uint32_t current = tcp->receive.edge - tcp->receive.next, most = tcp->setting[TCP_SET_RECEIVE_BUFFER], now;

	most = (uint32_t)min_u64(most, 65535u << tcp->receive.scale); /* that the header can tell */
	if (current > most / 2)
		return false;
	now = tcp_receive_window(tcp);
	return now > current && (now - current >= 2 * tcp_payload_max(tcp) || now - current >= most / 2);
}

static bool has_something_to_send(const struct tcp_connection *tcp)
{
	return tcp->send.next != tcp_fin_seq(tcp) + tcp->send.fin_wanted || seq_before(seq_max(tcp->send.una, tcp->retransmitted_to), tcp->lost_to);
}

/* A new way may have another MTU. */
static bool find_way(struct tcp_connection *tcp)
{
	if (net_flow_is_routed(tcp->stack, &tcp->flow))
		return true;
	if (net_network_of(tcp->stack, &tcp->flow.remote)->route(tcp->stack, &tcp->flow))
		return false;
	tcp_set_mss(tcp);
	return true;
}

void tcp_output(struct tcp_connection *tcp)
{
	if (tcp->state < TCP_ESTABLISHED || tcp->state == TCP_TIME_WAIT) {
		tcp_timer_update(tcp);
		return;
	}
	if (has_something_to_send(tcp) && find_way(tcp)) {
		retransmit_lost(tcp);
		send_new(tcp);
	}
	if (tcp->receive.must_ack || window_has_grown(tcp))
		tcp_send_ack(tcp);
	check_persist(tcp);
	tcp_timer_update(tcp);
}

/* The owner has read: the peer learns of the room, if it is much. */
void tcp_window_update(struct tcp_connection *tcp)
{
	if (tcp->state >= TCP_ESTABLISHED && tcp->state != TCP_TIME_WAIT && window_has_grown(tcp))
		tcp_send_ack(tcp);
}
