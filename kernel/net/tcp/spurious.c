/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Was a retransmission timeout needless, as nothing was lost but only late (F-RTO, RFC 5682 §2.1)? When what was sent again is acknowledged, two new segments go
 * instead of more old ones. If the next acknowledgment moves on, it is of originals that were on their way: all is as before the timeout. If it is a
 * duplicate, the peer misses what was sent then, and recovery by retransmission goes on.
 */
#include "kernel/net/tcp/internal.h"

/* Before the window is reduced. Not if a loss is being repaired already: then acknowledgments may be of that. */
void tcp_spurious_start(struct tcp_connection *tcp)
{
	bool is_first = !tcp->is_in_timeout && !tcp->is_recovering && !tcp->backoff;

	tcp->spurious.step = is_first ? TCP_SPURIOUS_SENT_AGAIN : TCP_SPURIOUS_NOT;
	tcp->spurious.cwnd = tcp->congestion.cwnd;
	tcp->spurious.ssthresh = tcp->congestion.ssthresh;
}

static void go_on_retransmitting(struct tcp_connection *tcp)
{
	tcp->spurious.step = TCP_SPURIOUS_NOT;
	tcp->lost_to = tcp->recover;
	tcp->retransmitted_to = tcp->send.una;
}

/* §2.1 step 2b: nothing goes again for now. Without anything new to send it cannot be told, and recovery goes on. */
static void send_new_ones(struct tcp_connection *tcp)
{
	if (!tcp_send_one_new(tcp)) {
		go_on_retransmitting(tcp);
		return;
	}
	(void)tcp_send_one_new(tcp);
	tcp->lost_to = tcp->retransmitted_to = tcp->send.una;
	tcp->spurious.step = TCP_SPURIOUS_NEW_SENT;
}

/* §2.1 step 3b, and the response of RFC 4015 §3.2: what was reduced is as it was. */
static void undo(struct tcp_connection *tcp)
{
	tcp->spurious.step = TCP_SPURIOUS_NOT;
	tcp->is_in_timeout = false;
	tcp->nr_duplicate_acks = 0;
	tcp->recover = tcp->lost_to = tcp->retransmitted_to = tcp->send.una;
	tcp->congestion.cwnd = (uint32_t)max_u64(tcp->congestion.cwnd, tcp->spurious.cwnd);
	tcp->congestion.ssthresh = tcp->spurious.ssthresh;
	net_count(tcp->stack, NET_COUNT_TCP_SPURIOUS_TIMEOUT);
}

/* una has moved. */
void tcp_spurious_progress(struct tcp_connection *tcp)
{
	if (tcp->spurious.step == TCP_SPURIOUS_NOT)
		return;
	if (!seq_before(tcp->send.una, tcp->recover) || seq_before(tcp->send.una, tcp->retransmitted_to)) /* step 2a: all, or not even what went again */
		tcp->spurious.step = TCP_SPURIOUS_NOT;
	else if (tcp->spurious.step == TCP_SPURIOUS_SENT_AGAIN)
		send_new_ones(tcp);
	else
		undo(tcp);
}

/* Steps 2a and 3a. */
void tcp_spurious_duplicate(struct tcp_connection *tcp)
{
	if (tcp->spurious.step == TCP_SPURIOUS_NEW_SENT) {
		go_on_retransmitting(tcp);
		tcp->congestion.cwnd = (uint32_t)min_u64(tcp->congestion.cwnd, 3ull * tcp_payload_max(tcp));
	}
	tcp->spurious.step = TCP_SPURIOUS_NOT;
}
