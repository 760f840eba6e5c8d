/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One timer for all deadlines of a connection. It is set anew only when a deadline comes before it; one that has moved on since costs a look when the timer
 * fires, which is cheaper than moving the timer with every segment.
 */
#include "kernel/net/tcp/internal.h"

static uint64_t sooner(uint64_t at, uint64_t deadline)
{
	return deadline && deadline < at ? deadline : at;
}

void tcp_timer_update(struct tcp_connection *tcp)
{
	uint64_t at = sooner(NET_NEVER, tcp->retransmit_at_ns);

	at = sooner(at, tcp->tail.at_ns);
	at = sooner(at, tcp->ack_at_ns);
	at = sooner(at, tcp->persist_at_ns);
	at = sooner(at, tcp->keep_at_ns);
	at = sooner(at, tcp->end_at_ns);
	at = sooner(at, tcp->cork_at_ns);
	if (at == NET_NEVER)
		net_timer_cancel(tcp->stack, &tcp->timer);
	else if (!tcp->timer.is_set || at < tcp->timer.at_ns)
		net_timer_set(tcp->stack, &tcp->timer, at);
}

void tcp_retransmit_start(struct tcp_connection *tcp)
{
	tcp->retransmit_at_ns = tcp->stack->now_ns + min_u64(tcp->rto_ns << min_u64(tcp->backoff, 16), TCP_RTO_MAX);
	if (!tcp->first_unanswered_ns)
		tcp->first_unanswered_ns = max_u64(tcp->stack->now_ns, 1);
}

void tcp_keep_alive_start(struct tcp_connection *tcp)
{
	tcp->nr_keep_alives = 0;
	tcp->keep_at_ns = tcp->setting[TCP_SET_KEEP_ALIVE] ? tcp->stack->now_ns + tcp_setting_ns(tcp, TCP_SET_KEEP_IDLE_NS) : 0;
}

static bool user_timeout_is_over(const struct tcp_connection *tcp)
{
	uint64_t limit = tcp_setting_ns(tcp, TCP_SET_USER_TIMEOUT_NS);

	return limit && tcp->first_unanswered_ns && tcp->stack->now_ns - tcp->first_unanswered_ns >= limit;
}

static void give_up(struct tcp_connection *tcp)
{
	tcp_done(tcp, tcp->soft_error ? tcp->soft_error : ETIMEDOUT);
}

static void resend_syn(struct tcp_connection *tcp)
{
	if (tcp->backoff >= tcp->setting[TCP_SET_SYN_RETRIES] || user_timeout_is_over(tcp)) {
		give_up(tcp);
		return;
	}
	tcp->backoff++;
	tcp->is_timed = false;
	tcp_retransmit_start(tcp);
	if (tcp_send_syn(tcp) == -EHOSTUNREACH)
		tcp_done(tcp, EHOSTUNREACH);
}

/* RFC 6298 §5.4-5.7; RFC 5681 §3.1: the window is one segment, all that is not sacked is lost. */
static void time_out(struct tcp_connection *tcp)
{
	unsigned retries = tcp->is_owned || tcp->is_ready ? tcp->stack->tuning->tcp_retries : TCP_ORPHAN_RETRIES;

	net_count(tcp->stack, NET_COUNT_TCP_TIMEOUT);
	if (tcp->state == TCP_SYN_SENT || tcp->state == TCP_SYN_RECEIVED) {
		resend_syn(tcp);
		return;
	}
	if (tcp->backoff >= retries || user_timeout_is_over(tcp)) {
		give_up(tcp);
		return;
	}
	tcp_spurious_start(tcp);
	if (!tcp->backoff)
		tcp_congestion_reduce(tcp);
	if (tcp->congestion_ops->timeout)
		tcp->congestion_ops->timeout(&tcp->congestion);
	tcp->backoff++;
	tcp->congestion.cwnd = tcp_payload_max(tcp);
	tcp->is_recovering = false;
	tcp->is_in_timeout = true;
	tcp->nr_duplicate_acks = 0;
	tcp->tail.is_out = false;
	tcp->tail.at_ns = 0;
	tcp->recover = tcp->lost_to = tcp->send.next;
	tcp->retransmitted_to = tcp->send.una;
	if (tcp->backoff > 2)
		tcp_sacked_forget(tcp); /* what was told does not help: perhaps it is no longer true */
	tcp->is_timed = false;
	tcp_retransmit_start(tcp);
	tcp_output(tcp);
}

static void keep_alive(struct tcp_connection *tcp)
{
	uint64_t idle = tcp->stack->now_ns - tcp->last_heard_ns, user_timeout = tcp_setting_ns(tcp, TCP_SET_USER_TIMEOUT_NS); /* goes before the count (tcp(7)) */

	if (!tcp->setting[TCP_SET_KEEP_ALIVE] || tcp->state < TCP_ESTABLISHED)
		return;
	if (tcp->send.una != tcp->send.next || idle < tcp_setting_ns(tcp, TCP_SET_KEEP_IDLE_NS)) { /* heard of, or the retransmission will tell */
		tcp->nr_keep_alives = 0;
		tcp->keep_at_ns = max_u64(tcp->last_heard_ns + tcp_setting_ns(tcp, TCP_SET_KEEP_IDLE_NS), tcp->stack->now_ns + NET_MILLISECOND);
		return;
	}
	if (user_timeout ? tcp->nr_keep_alives && idle >= user_timeout : tcp->nr_keep_alives >= tcp->setting[TCP_SET_KEEP_COUNT]) {
		tcp_reset_and_done(tcp, ETIMEDOUT);
		return;
	}
	tcp->nr_keep_alives++;
	net_count(tcp->stack, NET_COUNT_TCP_KEEP_ALIVE);
	tcp_send_keep_alive(tcp);
	tcp->keep_at_ns = tcp->stack->now_ns + tcp_setting_ns(tcp, TCP_SET_KEEP_INTERVAL_NS);
}

/*
 * The peer lives as long as it answers; then the window may stay closed for ever (RFC 9293 §3.8.6.1). If it is open, but for less than is worthwhile, what fits
 * goes now (§3.8.6.2.1: the override).
 */
static void probe(struct tcp_connection *tcp)
{
	if (tcp->send.window) {
		tcp->send.is_pressed = true;
		tcp_output(tcp);
		tcp->send.is_pressed = false;
		return;
	}
	tcp->nr_probes++;
	if (tcp->nr_unheard_probes++ >= tcp->stack->tuning->tcp_retries || (!tcp->is_owned && tcp->nr_probes > TCP_ORPHAN_RETRIES) || user_timeout_is_over(tcp)) {
		give_up(tcp);
		return;
	}
	if (!tcp->first_unanswered_ns)
		tcp->first_unanswered_ns = tcp->stack->now_ns;
	tcp_send_probe(tcp);
	tcp_output(tcp);
}

/* What was held back goes; if it cannot, as the window is closed, that is what it waits for from now on. */
static void uncork(struct tcp_connection *tcp)
{
	tcp_output(tcp);
	if (!tcp->cork_at_ns)
		return;
	tcp->cork_at_ns = 0;
	tcp_output(tcp);
}

static bool is_due(struct tcp_connection *tcp, uint64_t *deadline)
{
	if (!*deadline || *deadline > tcp->stack->now_ns || tcp->state == TCP_CLOSED)
		return false;
	*deadline = 0;
	return true;
}

void tcp_timer_fire(struct net_timer *timer)
{
	struct tcp_connection *tcp = container_of(timer, struct tcp_connection, timer);

	if (is_due(tcp, &tcp->end_at_ns)) {
		tcp_done(tcp, 0);
		return;
	}
	if (is_due(tcp, &tcp->ack_at_ns))
		tcp_send_ack(tcp);
	if (tcp->cork_at_ns && tcp->cork_at_ns <= tcp->stack->now_ns)
		uncork(tcp);
	if (is_due(tcp, &tcp->tail.at_ns))
		tcp_tail_probe(tcp);
	if (is_due(tcp, &tcp->retransmit_at_ns))
		time_out(tcp);
	if (is_due(tcp, &tcp->persist_at_ns))
		probe(tcp);
	if (is_due(tcp, &tcp->keep_at_ns))
		keep_alive(tcp);
	if (tcp->state != TCP_CLOSED)
		tcp_timer_update(tcp);
}
