/* SPDX-License-Identifier: BSD-3-Clause */
/* What an acknowledgment tells: progress, the window, losses, the round-trip time (RFC 9293 §3.10.7.4 fifth, RFC 5681, RFC 6298, RFC 6582, RFC 6675). */
#include "kernel/net/tcp/internal.h"

/* RFC 6298 §2. */
void tcp_measure_rtt(struct tcp_connection *tcp, uint64_t rtt_ns)
{
	if (!tcp->srtt_ns) {
		tcp->srtt_ns = max_u64(rtt_ns, 1);
		tcp->rttvar_ns = rtt_ns / 2;
	} else {
		uint64_t delta = rtt_ns > tcp->srtt_ns ? rtt_ns - tcp->srtt_ns : tcp->srtt_ns - rtt_ns;

		tcp->rttvar_ns = tcp->rttvar_ns - tcp->rttvar_ns / 4 + delta / 4;
		tcp->srtt_ns = max_u64(tcp->srtt_ns - tcp->srtt_ns / 8 + rtt_ns / 8, 1);
	}
	/* The variation counts for the least time at least, as in Linux: a steady path may still hold an ACK back. */
	tcp->rto_ns = min_u64(tcp->srtt_ns + max_u64(4 * tcp->rttvar_ns, TCP_RTO_MIN), TCP_RTO_MAX);
	tcp->congestion.rtt_ns = tcp->srtt_ns;
}

static void take_rtt(struct tcp_connection *tcp, const struct tcp_segment *segment)
{
	if (tcp->is_timed && seq_before(tcp->timed_seq, segment->ack)) {
		tcp->is_timed = false;
		tcp_measure_rtt(tcp, tcp->stack->now_ns - tcp->timed_at_ns);
	} else if (tcp->ts.is_on && segment->has_timestamp && segment->ts_echo && tcp->backoff) {
		uint32_t ms = tcp_clock(tcp->stack) + tcp->ts.offset - segment->ts_echo;

		if (ms < 600000) /* RFC 7323 §4: also of what was sent again */
			tcp_measure_rtt(tcp, ms * NET_MILLISECOND);
	}
}

static void enter_recovery(struct tcp_connection *tcp)
{
	tcp->is_recovering = true;
	tcp->tail.is_out = false;
	tcp->tail.at_ns = 0;
	tcp->recover = tcp->send.next;
	tcp->retransmitted_to = tcp->send.una;
	tcp_congestion_reduce(tcp);
	tcp->congestion.cwnd = tcp->congestion.ssthresh;
	net_count(tcp->stack, NET_COUNT_TCP_FAST_RETRANSMIT);
}

static void leave_recovery(struct tcp_connection *tcp)
{
	if (tcp->is_recovering)
		tcp->congestion.cwnd = tcp->congestion.ssthresh;
	tcp->is_recovering = tcp->is_in_timeout = false;
	tcp->spurious.step = TCP_SPURIOUS_NOT;
	tcp->nr_duplicate_acks = 0;
	tcp->lost_to = tcp->retransmitted_to = tcp->send.una;
}

/* Without SACK a partial acknowledgment tells that the next segment is lost too (RFC 6582 §3.2). */
static void take_partial(struct tcp_connection *tcp, uint32_t acked)
{
	uint32_t payload = tcp_payload_max(tcp), segments = (acked + payload - 1) / payload;

	if (tcp->has_sack || !tcp->is_recovering)
		return;
	tcp->nr_duplicate_acks -= (uint32_t)min_u64(tcp->nr_duplicate_acks, segments);
	tcp->lost_to = seq_max(tcp->lost_to, seq_min(tcp->send.una + payload, tcp->send.next));
}

static void take_progress(struct tcp_connection *tcp, const struct tcp_segment *segment)
{
	uint32_t acked = segment->ack - tcp->send.una, data = seq_min(segment->ack, tcp_fin_seq(tcp)) - tcp->send.queue_seq;
	bool was_recovering = tcp->is_recovering, was_limited = tcp->send.next - tcp->send.una + tcp_payload_max(tcp) > tcp->congestion.cwnd;

	take_rtt(tcp, segment);
	tcp_queue_drop(tcp, data);
	tcp_memory_update(tcp);
	tcp->send.una = segment->ack;
	tcp->bytes_acked += data;
	tcp->backoff = tcp->nr_probes = 0;
	tcp->first_unanswered_ns = 0;
	tcp->soft_error = 0;
	if (tcp->send.has_urgent && seq_up_to(tcp->send.urgent, tcp->send.una))
		tcp->send.has_urgent = false;
	tcp_sacked_advance(tcp);
	tcp_spurious_progress(tcp);
	if ((tcp->is_recovering || tcp->is_in_timeout) && !seq_before(tcp->send.una, tcp->recover))
		leave_recovery(tcp);
	take_partial(tcp, acked);
	if (!was_recovering) {
		if (!tcp->is_in_timeout)
			tcp->nr_duplicate_acks = 0;
		if (was_limited || tcp->is_in_timeout)
			tcp_congestion_acked(tcp, acked);
	}
	if (tcp->send.una == tcp->send.next)
		tcp->retransmit_at_ns = tcp->tail.at_ns = 0;
	else
		tcp_retransmit_start(tcp);
	if (tcp_is_writable(tcp)) /* each time: the room may be what others made, when memory was short, of which nobody was told */
		tcp_tell(tcp, TCP_WRITABLE);
}

/* RFC 5681 §2: nothing new in it, while something is on its way. */
static bool is_duplicate(const struct tcp_connection *tcp, const struct tcp_segment *segment, uint32_t window)
{
	return segment->ack == tcp->send.una && tcp->send.next != tcp->send.una && !segment->len && window == tcp->send.window &&
	       !(segment->flags & (TCP_SYN | TCP_FIN));
}

static void take_duplicate(struct tcp_connection *tcp)
{
	tcp->nr_duplicate_acks++;
	tcp_spurious_duplicate(tcp);
}

static bool take_sacks(struct tcp_connection *tcp, const struct tcp_segment *segment)
{
	bool is_new = false;

	if (!tcp->has_sack)
		return false;
	for (unsigned i = 0; i < segment->nr_sacks; i++)
		is_new |= tcp_sacked_add(tcp, segment->sack[i].start, segment->sack[i].end);
	return is_new;
}

static void look_for_loss(struct tcp_connection *tcp)
{
	tcp_find_lost(tcp);
	if (!tcp->is_recovering && !tcp->is_in_timeout && seq_before(tcp->send.una, tcp->lost_to))
		enter_recovery(tcp);
}

/* Only a newer segment changes the window (RFC 9293 §3.10.7.4). */
static void take_window(struct tcp_connection *tcp, const struct tcp_segment *segment, uint32_t window)
{
	if (!(seq_before(tcp->send.wl1, segment->seq) || (tcp->send.wl1 == segment->seq && seq_up_to(tcp->send.wl2, segment->ack))))
		return;
	if (window != tcp->send.window)
		tcp->persist_at_ns = 0;
	if (window && !tcp->send.window && tcp->send.una == tcp->send.next)
		tcp->first_unanswered_ns = 0;
	tcp->nr_probes = window ? 0 : tcp->nr_probes;
	tcp->send.window = window;
	tcp->send.wl1 = segment->seq;
	tcp->send.wl2 = segment->ack;
	tcp->send.max_window = (uint32_t)max_u64(tcp->send.max_window, window);
}

/* RFC 3168 §6.1.2: once a window. */
static void take_ecn(struct tcp_connection *tcp, const struct tcp_segment *segment)
{
	if (!tcp->ecn.is_on || !(segment->flags & TCP_ECE) || seq_before(segment->ack, tcp->ecn.reduced_until) || tcp->is_recovering || tcp->is_in_timeout)
		return;
	tcp_congestion_reduce(tcp);
	tcp->congestion.cwnd = tcp->congestion.ssthresh;
	tcp->ecn.send_cwr = true;
	tcp->ecn.reduced_until = tcp->send.next;
	net_count(tcp->stack, NET_COUNT_TCP_ECN_REDUCED);
}

/* False: the segment is to be dropped. */
bool tcp_process_ack(struct tcp_connection *tcp, const struct tcp_segment *segment)
{
	uint32_t window = (uint32_t)segment->window << tcp->send.scale, ack = segment->ack;
	bool is_duplicate_ack;

	/* Neither of the future nor too old (RFC 5961 §5.2). */
	if (seq_before(tcp->send.next, ack) || seq_before(ack, tcp->send.una - (uint32_t)max_u64(tcp->send.max_window, 65535))) {
		net_count(tcp->stack, NET_COUNT_TCP_BAD_ACK);
		tcp_challenge(tcp);
		return false;
	}
	tcp->nr_unheard_probes = 0;
	is_duplicate_ack = is_duplicate(tcp, segment, window);
	if (seq_before(ack, tcp->send.una))
		return true;
	is_duplicate_ack = take_sacks(tcp, segment) || (is_duplicate_ack && !tcp->has_sack);
	take_window(tcp, segment, window);
	tcp_tail_acked(tcp, segment);
	if (seq_before(tcp->send.una, ack))
		take_progress(tcp, segment);
	else if (is_duplicate_ack)
		take_duplicate(tcp);
	if (tcp->send.una != tcp->send.next)
		tcp_tail_start(tcp);
	take_ecn(tcp, segment);
	if (is_duplicate_ack || tcp->nr_sacked)
		look_for_loss(tcp);
	return true;
}
