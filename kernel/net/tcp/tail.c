/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tail loss probe (RFC 8985 §7): when the last segments of a flight are lost, nothing behind them makes the peer tell. After two round trips without an
 * answer one more segment goes, and what the peer says of it begins recovery, long before the retransmission timeout would.
 */
#include "kernel/net/tcp/internal.h"

#define TAIL_TIME_MIN (10 * NET_MILLISECOND)

static bool may_probe(const struct tcp_connection *tcp)
{
	return tcp->has_sack && !tcp->is_recovering && !tcp->is_in_timeout && !tcp->tail.is_out && !tcp->nr_sacked && tcp->srtt_ns && tcp->send.una != tcp->send.next;
}

/* §7.2. A single segment's acknowledgment may be delayed by the peer. */
void tcp_tail_start(struct tcp_connection *tcp)
{
	bool is_single = tcp->send.next - tcp->send.una <= tcp_payload_max(tcp);
	uint64_t time = max_u64(2 * tcp->srtt_ns, TAIL_TIME_MIN) + (is_single ? TCP_RTO_MIN : 0), at = tcp->stack->now_ns + time;

	tcp->tail.at_ns = may_probe(tcp) && at < tcp->retransmit_at_ns ? at : 0;
}

/* §7.3: a new segment if there is one, otherwise the last again. */
void tcp_tail_probe(struct tcp_connection *tcp)
{
	uint32_t len = (uint32_t)min_u64(tcp->send.next - tcp->send.una, tcp_payload_max(tcp)), before = tcp->send.next;

	if (!may_probe(tcp))
		return;
	tcp->tail.is_out = true;
	tcp->tail.is_again = !tcp_send_one_new(tcp);
	if (tcp->tail.is_again && !tcp_send_again(tcp, before - len, len))
		tcp->tail.is_out = false;
	tcp->tail.end = tcp->send.next;
	net_count(tcp->stack, NET_COUNT_TCP_TAIL_PROBE);
	tcp_retransmit_start(tcp);
}

/* §7.4: what the acknowledgment tells of the probe. A loss that the probe itself has repaired is a sign of congestion all the same. */
void tcp_tail_acked(struct tcp_connection *tcp, const struct tcp_segment *s)
{
	bool is_dsack = s->nr_sacks && seq_up_to(s->sack[0].end, s->ack);

	if (!tcp->tail.is_out || seq_before(s->ack, tcp->tail.end))
		return;
	if (tcp->tail.is_again && !is_dsack && s->ack == tcp->tail.end && (s->ack != tcp->send.una || s->nr_sacks || s->len))
		return; /* not told yet */
	tcp->tail.is_out = false;
	if (tcp->tail.is_again && !is_dsack && s->ack != tcp->tail.end) {
		tcp_congestion_reduce(tcp);
		tcp->congestion.cwnd = tcp->congestion.ssthresh;
	}
}

/* The probe has arrived, and what went two round trips before it has not: that is lost. */
bool tcp_tail_tells_loss(const struct tcp_connection *tcp)
{
	return tcp->tail.is_out && tcp->nr_sacked && tcp->sacked[tcp->nr_sacked - 1].end == tcp->tail.end;
}
