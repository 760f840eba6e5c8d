/* SPDX-License-Identifier: BSD-3-Clause */
/* A segment arrives: the checks and steps of RFC 9293 §3.10.7 in their order, with those of RFC 5961 and RFC 7323 (PAWS). */
#include "kernel/net/tcp/internal.h"

#define PAWS_AGE (24ull * 24 * 3600 * NET_SECOND) /* RFC 7323 §5.5 */

/* Limited, as they could be made to serve an attack (RFC 5961 §7); nobody can count on the limit, or it would tell of other connections. */
bool tcp_may_challenge(struct tcp_stack *ts)
{
	uint64_t second = ts->stack->now_ns / NET_SECOND;

	if (second != ts->challenge_second) {
		ts->challenge_second = second;
		ts->challenges_left = TCP_CHALLENGES_PER_SECOND / 2 + (unsigned)(ts->stack->environment->random() % TCP_CHALLENGES_PER_SECOND);
	}
	if (!ts->challenges_left) {
		net_count(ts->stack, NET_COUNT_TCP_CHALLENGE_LIMITED);
		return false;
	}
	ts->challenges_left--;
	net_count(ts->stack, NET_COUNT_TCP_CHALLENGE);
	return true;
}

/* Few of one connection, so that two ends do not answer each other for ever. */
void tcp_challenge(struct tcp_connection *tcp)
{
	uint32_t second = (uint32_t)(tcp->stack->now_ns / NET_SECOND);

	if (second != tcp->challenge_second) {
		tcp->challenge_second = second;
		tcp->nr_challenges = 0;
	}
	if (tcp->nr_challenges >= TCP_CHALLENGES_OF_ONE) {
		net_count(tcp->stack, NET_COUNT_TCP_CHALLENGE_LIMITED);
		return;
	}
	tcp->nr_challenges++;
	if (tcp_may_challenge(tcp->tcp_stack))
		tcp_send_ack(tcp);
}

/* What both SYNs said. */
static void take_syn_options(struct tcp_connection *tcp, const struct tcp_segment *s)
{
	tcp->send.peer_mss = s->has_mss ? s->mss : TCP_MSS_DEFAULT;
	tcp->has_scale = s->has_scale;
	tcp->send.scale = s->has_scale ? s->scale : 0;
	if (!s->has_scale)
		tcp->receive.scale = 0;
	tcp->has_sack = s->sack_permitted;
	tcp->ts.is_on = s->has_timestamp;
	tcp->ts.recent = s->ts_value;
	tcp->ts.recent_at_ns = tcp->stack->now_ns;
	tcp->receive.irs = s->seq;
	tcp->receive.next = tcp->receive.acked = s->seq + 1;
	tcp->receive.edge = tcp->receive.next + (uint32_t)min_u64(tcp->setting[TCP_SET_RECEIVE_BUFFER], 65535);
	tcp->send.window = tcp->send.max_window = s->window; /* of a SYN: never scaled (RFC 7323 §2.2) */
	tcp->send.wl1 = s->seq;
	tcp->send.wl2 = s->ack;
	tcp_set_mss(tcp);
}

/* RFC 9293 §3.10.7.3 */
static void arrives_in_syn_sent(struct tcp_connection *tcp, const struct net_flow *flow, struct tcp_segment *s)
{
	bool has_good_ack = s->flags & TCP_ACK && s->ack == tcp->send.next;

	if (s->flags & TCP_ACK && !has_good_ack) {
		tcp_send_reset_for(tcp->stack, flow, s);
		return;
	}
	if (s->flags & TCP_RST) {
		if (has_good_ack)
			tcp_done(tcp, ECONNREFUSED);
		return;
	}
	if (!(s->flags & TCP_SYN))
		return;
	take_syn_options(tcp, s);
	if (!has_good_ack) { /* simultaneous open */
		tcp->state = TCP_SYN_RECEIVED;
		tcp->ecn.is_on = false;
		tcp_retransmit_start(tcp);
		(void)tcp_send_syn(tcp);
		tcp_timer_update(tcp);
		return;
	}
	tcp->ecn.is_on = tcp->setting[TCP_SET_ECN] == 1 && (s->flags & (TCP_ECE | TCP_CWR)) == TCP_ECE;
	tcp->send.una = s->ack;
	if (!tcp->backoff)
		tcp_measure_rtt(tcp, tcp->stack->now_ns - tcp->timed_at_ns);
	tcp_established(tcp);
	tcp->receive.must_ack = true;
	tcp_tell(tcp, TCP_CONNECTED | TCP_WRITABLE);
	tcp_output(tcp);
}

/* RFC 9293 §3.4, table 6, against the window that was told. */
static bool is_acceptable(const struct tcp_connection *tcp, const struct tcp_segment *s)
{
	uint32_t len = s->len + !!(s->flags & TCP_SYN) + !!(s->flags & TCP_FIN), next = tcp->receive.next, window = tcp->receive.edge - next;

	if (!window)
		return s->seq == next && !len;
	if (!len)
		return s->seq - next < window || s->seq - next == window;
	return s->seq - next < window || s->seq + len - 1 - next < window;
}

/* Older than what came before: of a former connection, or of the sequence numbers' last time round (RFC 7323 §5.3). */
static bool fails_paws(const struct tcp_connection *tcp, const struct tcp_segment *s)
{
	return tcp->ts.is_on && s->has_timestamp && !(s->flags & TCP_RST) && seq_before(s->ts_value, tcp->ts.recent) &&
	       tcp->stack->now_ns - tcp->ts.recent_at_ns < PAWS_AGE;
}

/* RFC 7323 §4.3 */
static void take_timestamp(struct tcp_connection *tcp, const struct tcp_segment *s)
{
	if (!tcp->ts.is_on || !s->has_timestamp || seq_before(tcp->receive.acked, s->seq) || seq_before(s->ts_value, tcp->ts.recent))
		return;
	tcp->ts.recent = s->ts_value;
	tcp->ts.recent_at_ns = tcp->stack->now_ns;
}

/* RFC 5961 §3.2: only the exact number resets; others in the window are asked whether they mean it. */
static void take_reset(struct tcp_connection *tcp, const struct tcp_segment *s)
{
	net_count(tcp->stack, NET_COUNT_TCP_RESET_IN);
	if (s->seq != tcp->receive.next) {
		tcp_challenge(tcp);
		return;
	}
	if (tcp->state == TCP_CLOSING || tcp->state == TCP_LAST_ACK)
		tcp_done(tcp, 0);
	else
		tcp_done(tcp, tcp->state == TCP_CLOSE_WAIT ? EPIPE : tcp->state == TCP_SYN_RECEIVED ? ECONNREFUSED : ECONNRESET);
}

/* Data that come again, as our acknowledgment was lost, are answered each time; what has none is perhaps such an answer itself. */
static void answer_unacceptable(struct tcp_connection *tcp, const struct tcp_segment *s)
{
	if (!s->len || s->flags & TCP_SYN) {
		tcp_challenge(tcp);
		return;
	}
	if (seq_before(s->seq, tcp->receive.next))
		tcp_note_duplicate(tcp, s->seq, seq_min(s->seq + s->len, tcp->receive.next));
	tcp_send_ack(tcp);
}

/* First to fourth of RFC 9293 §3.10.7.4; false: the segment is done with. */
static bool passes(struct tcp_connection *tcp, struct tcp_segment *s)
{
	if (tcp->state == TCP_SYN_RECEIVED && s->flags & TCP_SYN && s->seq == tcp->receive.irs) { /* the answer of a simultaneous open */
		s->flags &= (uint8_t)~TCP_SYN;
		s->seq++;
	}
	if (fails_paws(tcp, s)) {
		net_count(tcp->stack, NET_COUNT_TCP_PAWS);
		tcp_challenge(tcp);
		return false;
	}
	if (!is_acceptable(tcp, s)) {
		net_count(tcp->stack, NET_COUNT_TCP_OUT_OF_WINDOW);
		if (s->flags & TCP_RST)
			return false;
		answer_unacceptable(tcp, s);
		/* A probe of our closed window: its acknowledgment counts all the same (RFC 9293 §3.10.7.4). */
		if (tcp->receive.edge == tcp->receive.next && s->seq == tcp->receive.next && (s->flags & (TCP_SYN | TCP_ACK)) == TCP_ACK)
			(void)tcp_process_ack(tcp, s);
		return false;
	}
	if (s->flags & TCP_RST) {
		take_reset(tcp, s);
		return false;
	}
	if (s->flags & TCP_SYN) { /* RFC 5961 §4.2 */
		tcp_challenge(tcp);
		return false;
	}
	take_timestamp(tcp, s);
	return s->flags & TCP_ACK;
}

/* Our FIN is acknowledged: where to from here. */
static void take_fin_acked(struct tcp_connection *tcp)
{
	if (!tcp->send.fin_wanted || tcp->send.una != tcp_fin_seq(tcp) + 1)
		return;
	if (tcp->state == TCP_FIN_WAIT_1) {
		tcp->state = TCP_FIN_WAIT_2;
		if (!tcp->is_owned)
			tcp->end_at_ns = tcp->stack->now_ns + tcp->stack->tuning->tcp_fin_timeout * NET_SECOND;
		tcp_tell(tcp, TCP_WRITABLE);
	} else if (tcp->state == TCP_CLOSING) {
		tcp_enter_time_wait(tcp);
	} else if (tcp->state == TCP_LAST_ACK) {
		tcp_done(tcp, 0);
	}
}

/* Sixth: as Linux, the pointer is behind the urgent byte, which is the last one (tcp(7), tcp_stdurg off). */
static void take_urgent(struct tcp_connection *tcp, const struct tcp_segment *s, const struct net_packet *packet)
{
	uint32_t seq = s->seq + s->urgent - 1;
	bool is_new;

	if (!(s->flags & TCP_URG) || !s->urgent || seq_before(seq, tcp->receive.next) || s->urgent > 65535)
		return;
	is_new = !tcp->receive.has_urgent || seq_before(tcp->receive.urgent, seq);
	if (is_new) {
		tcp->receive.has_urgent = true;
		tcp->receive.urgent = seq;
		tcp->receive.urgent_ready = tcp->receive.urgent_read = tcp->receive.urgent_passed = false;
	}
	if (seq == tcp->receive.urgent && !tcp->receive.urgent_ready) {
		tcp->receive.urgent_ready = net_packet_copy(packet, s->urgent - 1u, &tcp->receive.urgent_byte, 1);
		is_new |= tcp->receive.urgent_ready;
	}
	if (is_new) /* that it will come is news (SIGURG), and so is that it came (POLLPRI) */
		tcp_tell(tcp, TCP_URGENT);
}

/* RFC 3168 §6.1.3 */
static void take_congestion_mark(struct tcp_connection *tcp, const struct tcp_segment *s)
{
	if (!tcp->ecn.is_on)
		return;
	if (s->flags & TCP_CWR)
		tcp->ecn.echo = false;
	if (s->is_ce) {
		tcp->ecn.echo = true;
		tcp->receive.must_ack = true;
	}
}

static bool may_receive(const struct tcp_connection *tcp)
{
	return tcp->state == TCP_ESTABLISHED || tcp->state == TCP_FIN_WAIT_1 || tcp->state == TCP_FIN_WAIT_2;
}

/* Eighth: the FIN, if all before it is there; otherwise it is remembered. */
static void take_fin(struct tcp_connection *tcp, const struct tcp_segment *s, uint32_t end)
{
	if (s->flags & TCP_FIN && may_receive(tcp) && !tcp->receive.has_fin) {
		tcp->receive.has_fin = true;
		tcp->receive.fin_seq = end;
	}
	if (!tcp->receive.has_fin || tcp->receive.next != tcp->receive.fin_seq || !may_receive(tcp))
		return;
	tcp->receive.next++;
	tcp->receive.edge = seq_max(tcp->receive.edge, tcp->receive.next);
	tcp->receive.must_ack = true;
	if (tcp->state == TCP_ESTABLISHED)
		tcp->state = TCP_CLOSE_WAIT;
	else if (tcp->state == TCP_FIN_WAIT_1)
		tcp->state = TCP_CLOSING;
	else
		tcp_enter_time_wait(tcp);
	tcp_tell(tcp, TCP_READABLE | TCP_READ_CLOSED | (tcp->state == TCP_CLOSE_WAIT ? 0 : TCP_HANGUP));
}

/* Seventh; takes the packet. Data that nobody can read any more resets (RFC 9293 §3.6.1). */
static bool take_payload(struct tcp_connection *tcp, struct tcp_segment *s, struct net_packet *packet)
{
	if (!packet->len || !may_receive(tcp)) {
		net_packet_free(packet);
		return true;
	}
	if ((!tcp->is_owned && !tcp->is_ready) && seq_before(tcp->receive.next, s->seq + s->len)) {
		net_drop(packet, NET_COUNT_TCP_AFTER_CLOSE);
		tcp_reset_and_done(tcp, ECONNRESET);
		return false;
	}
	tcp_queue_payload(tcp, s, packet);
	tcp_memory_update(tcp);
	return true;
}

static bool simultaneous_open_is_done(struct tcp_connection *tcp, const struct tcp_segment *s)
{
	if (!seq_before(tcp->send.una, s->ack) || seq_before(tcp->send.next, s->ack)) {
		tcp_send_reset_for(tcp->stack, &tcp->flow, s);
		return false;
	}
	tcp->send.una = s->ack;
	tcp->send.window = (uint32_t)s->window << tcp->send.scale;
	tcp->send.wl1 = s->seq;
	tcp->send.wl2 = s->ack;
	tcp_established(tcp);
	tcp_tell(tcp, TCP_CONNECTED | TCP_WRITABLE);
	return true;
}

/* The connection is synchronised, or of a simultaneous open. Takes the packet, whose TCP header is pulled. */
void tcp_segment_arrives(struct tcp_connection *tcp, struct tcp_segment *s, struct net_packet *packet)
{
	bool goes_on = passes(tcp, s);
	uint32_t end = s->seq + s->len;

	if (goes_on && tcp->state == TCP_SYN_RECEIVED)
		goes_on = simultaneous_open_is_done(tcp, s);
	if (!goes_on || !tcp_process_ack(tcp, s)) {
		net_packet_free(packet);
		if (tcp->state != TCP_CLOSED)
			tcp_output(tcp);
		return;
	}
	tcp->last_heard_ns = tcp->stack->now_ns;
	tcp->nr_keep_alives = 0;
	take_fin_acked(tcp);
	take_congestion_mark(tcp, s);
	take_urgent(tcp, s, packet);
	if (!take_payload(tcp, s, packet))
		return;
	take_fin(tcp, s, end);
	if (tcp->state != TCP_CLOSED)
		tcp_output(tcp);
}

static void dispatch(struct tcp_stack *ts, const struct net_flow *flow, struct tcp_segment *s, struct net_packet *packet)
{
	struct tcp_connection *tcp = tcp_find(ts, flow, s->destination_port, s->source_port);

	if (tcp) {
		if (tcp->state > TCP_SYN_SENT) {
			tcp_segment_arrives(tcp, s, packet);
			return;
		}
		arrives_in_syn_sent(tcp, flow, s);
		net_packet_free(packet);
		return;
	}
	if (tcp_request_input(ts, flow, s, packet))
		return;
	if (tcp_time_wait_input(ts, flow, s)) {
		net_packet_free(packet);
		return;
	}
	tcp = tcp_find_listener(ts, flow, s);
	if (tcp) {
		tcp_listen_input(tcp, flow, s, packet);
		return;
	}
	tcp_send_reset_for(ts->stack, flow, s);
	net_drop(packet, NET_COUNT_TCP_NO_PORT);
}

void tcp_input(struct net_stack *stack, const struct net_flow *flow, struct net_packet *packet)
{
	struct tcp_segment segment;

	net_count(stack, NET_COUNT_TCP_IN);
	if (packet->flags & (NET_PACKET_BROADCAST | NET_PACKET_MULTICAST) || !tcp_segment_parse(packet, &segment) || !segment.source_port ||
	    !segment.destination_port) {
		net_drop(packet, NET_COUNT_TCP_BAD);
		return;
	}
	if (!(packet->flags & NET_PACKET_CHECKED) &&
	    checksum_fold(net_packet_sum(packet, 0, net_pseudo_sum(flow, NET_PROTOCOL_TCP, packet->len)))) {
		net_drop(packet, NET_COUNT_TCP_BAD_CHECKSUM);
		return;
	}
	net_packet_pull(packet, segment.header_len);
	dispatch(tcp_of(stack), flow, &segment, packet);
}
