/* SPDX-License-Identifier: BSD-3-Clause */
/* The ways to an end: shutdown, close, abort (RFC 9293 §3.10.4, §3.10.5). */
#include "kernel/net/tcp/internal.h"

static void send_fin(struct tcp_connection *tcp)
{
	tcp->send.is_shut = true;
	if (tcp->send.fin_wanted)
		return;
	tcp->send.fin_wanted = true;
	if (tcp->state == TCP_ESTABLISHED)
		tcp->state = TCP_FIN_WAIT_1;
	else if (tcp->state == TCP_CLOSE_WAIT)
		tcp->state = TCP_LAST_ACK;
	tcp_output(tcp);
}

int tcp_shutdown(struct tcp_connection *tcp, bool reading, bool writing)
{
	if (tcp->state == TCP_CLOSED || tcp->state == TCP_LISTEN)
		return -ENOTCONN;
	if (tcp->state == TCP_SYN_SENT) {
		tcp_done(tcp, 0);
		return 0;
	}
	if (reading)
		tcp->receive.is_shut = true;
	if (writing)
		send_fin(tcp);
	tcp_tell(tcp, (reading ? TCP_READABLE | TCP_READ_CLOSED : 0) | (writing ? TCP_WRITABLE : 0));
	return 0;
}

void tcp_abort(struct tcp_connection *tcp)
{
	tcp_reset_and_done(tcp, ECONNABORTED);
}

static void let_go(struct tcp_connection *tcp)
{
	switch (tcp->state) {
	case TCP_LISTEN:
		tcp_listener_free(tcp);
		tcp_done(tcp, 0);
		return;
	case TCP_CLOSED:
	case TCP_SYN_SENT:
	case TCP_TIME_WAIT:
		tcp_done(tcp, 0);
		return;
	default:
		break;
	}
	/* RFC 2525 §2.17: data that was not read is lost, and the peer must learn of it. */
	if (tcp->receive.queued || tcp->setting[TCP_SET_LINGER_ABORT]) {
		tcp_reset_and_done(tcp, 0);
		return;
	}
	if (!tcp_memory_may_be_orphan(tcp)) {
		net_count(tcp->stack, NET_COUNT_TCP_ORPHAN_REFUSED);
		tcp_reset_and_done(tcp, 0);
		return;
	}
	tcp->is_orphan = true;
	tcp->tcp_stack->nr_orphans++;
	send_fin(tcp);
	if (tcp->state == TCP_FIN_WAIT_2) {
		tcp->end_at_ns = tcp->stack->now_ns + tcp->stack->tuning->tcp_fin_timeout * NET_SECOND;
		tcp_timer_update(tcp);
	}
}

void tcp_close(struct tcp_connection *tcp)
{
	tcp_set_owner(tcp, NULL, NULL);
	tcp->is_owned = false;
	let_go(tcp);
}

bool tcp_is_sent(const struct tcp_connection *tcp)
{
	return tcp->state == TCP_CLOSED || tcp->state == TCP_TIME_WAIT || tcp->state == TCP_FIN_WAIT_2 || tcp->state == TCP_LISTEN ||
	       (!tcp->send.queued && !tcp->send.fin_wanted);
}
