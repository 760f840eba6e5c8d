/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What queues take, of all connections together, has a limit (stack->memory_limit). Beyond it a connection has just so much that it goes on: its window does not
 * grow, what is out of order is dropped, and writers wait.
 */
#include "kernel/net/tcp/internal.h"

#define ALWAYS_ALLOWED 4096u /* bytes in each direction of a connection */

void tcp_memory_update(struct tcp_connection *tcp)
{
	uint32_t now = tcp->send.queued + tcp->receive.queued + tcp->receive.out_of_order + tcp->receive.nr_packets * TCP_PACKET_OVERHEAD;

	tcp->stack->memory += now;
	tcp->stack->memory -= tcp->memory;
	tcp->memory = now;
}

bool tcp_memory_may_send(const struct tcp_connection *tcp)
{
	return !net_memory_is_short(tcp->stack) || tcp->send.queued < ALWAYS_ALLOWED;
}

bool tcp_memory_may_receive(const struct tcp_connection *tcp)
{
	return !net_memory_is_short(tcp->stack) || tcp->receive.queued + tcp->receive.out_of_order < ALWAYS_ALLOWED;
}

/*
 * What an orphan holds is counted already and only becomes less; a reset loses what the program has sent. So it is the last resort: well beyond
 * the limit, which writers never reach by themselves.
 */
bool tcp_memory_may_be_orphan(const struct tcp_connection *tcp)
{
	const struct net_stack *stack = tcp->stack;
	bool is_exhausted = stack->memory_limit && stack->memory / 2 >= stack->memory_limit;

	return tcp->tcp_stack->nr_orphans < TCP_ORPHANS_MAX && (!is_exhausted || tcp->send.queued <= ALWAYS_ALLOWED);
}
