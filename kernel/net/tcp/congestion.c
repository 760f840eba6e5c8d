/* SPDX-License-Identifier: BSD-3-Clause */
/* Congestion controls: the choice among those registered, and New Reno (RFC 5681, RFC 6582), which is always there. */
#include "kernel/net/tcp/internal.h"

/* RFC 5681 §3.1 with appropriate byte counting (RFC 3465). Bytes beyond ssthresh are left to congestion avoidance. */
void tcp_slow_start(struct tcp_congestion *c, uint32_t *bytes)
{
	uint32_t room = c->cwnd < c->ssthresh ? c->ssthresh - c->cwnd : 0, used = (uint32_t)min_u64(*bytes, room);

	c->cwnd += used;
	*bytes -= used;
}

static void reno_acked(struct tcp_congestion *c, uint32_t bytes)
{
	tcp_slow_start(c, &bytes);
	c->state[0] += bytes;
	if (c->state[0] >= c->cwnd) { /* one segment each round trip */
		c->state[0] -= c->cwnd;
		c->cwnd += c->mss;
	}
}

uint32_t tcp_reno_reduce(struct tcp_congestion *c, uint32_t in_flight)
{
	return (uint32_t)max_u64(in_flight / 2, 2ull * c->mss);
}

static void reno_start(struct tcp_congestion *c)
{
	c->state[0] = 0;
}

static const struct tcp_congestion_ops new_reno = {.name = "reno", .start = reno_start, .acked = reno_acked, .reduce = tcp_reno_reduce};

int tcp_congestion_add(struct net_stack *stack, const struct tcp_congestion_ops *ops)
{
	struct tcp_stack *ts = tcp_of(stack);

	if (ts->nr_congestions == ARRAY_SIZE(ts->congestions))
		return -ENOSPC;
	ts->congestions[ts->nr_congestions++] = ops;
	ts->usual_congestion = ops;
	return 0;
}

static const struct tcp_congestion_ops *find(const struct tcp_stack *ts, const char *name, size_t len)
{
	if (len == 4 && memcmp(name, "reno", 4) == 0)
		return &new_reno;
	for (unsigned i = 0; i < ts->nr_congestions; i++)
		if (strlen(ts->congestions[i]->name) == len && memcmp(ts->congestions[i]->name, name, len) == 0)
			return ts->congestions[i];
	return NULL;
}

int tcp_set_usual_congestion(struct net_stack *stack, const char *name, size_t len)
{
	const struct tcp_congestion_ops *ops = find(tcp_of(stack), name, len);

	if (!ops)
		return -ENOENT;
	tcp_of(stack)->usual_congestion = ops;
	return 0;
}

static const struct tcp_congestion_ops *usual(const struct tcp_stack *ts)
{
	return ts->usual_congestion ? ts->usual_congestion : &new_reno;
}

const char *tcp_usual_congestion(struct net_stack *stack)
{
	return usual(tcp_of(stack))->name;
}

const char *tcp_congestion_name(struct net_stack *stack, unsigned i)
{
	const struct tcp_stack *ts = tcp_of(stack);

	return i < ts->nr_congestions ? ts->congestions[i]->name : i == ts->nr_congestions ? new_reno.name : NULL;
}

static void take_ops(struct tcp_connection *tcp, const struct tcp_congestion_ops *ops)
{
	tcp->congestion_ops = ops;
	memset(tcp->congestion.state, 0, sizeof(tcp->congestion.state));
	ops->start(&tcp->congestion);
}

int tcp_set_congestion(struct tcp_connection *tcp, const char *name, size_t len)
{
	const struct tcp_congestion_ops *ops = find(tcp->tcp_stack, name, len);

	if (!ops)
		return -ENOENT;
	take_ops(tcp, ops);
	return 0;
}

/* RFC 6928 §2 */
uint32_t tcp_first_window(const struct tcp_connection *tcp)
{
	uint32_t mss = tcp_payload_max(tcp);

	return (uint32_t)min_u64(TCP_WINDOW_FIRST * mss, max_u64(2 * mss, 14600));
}

void tcp_congestion_start(struct tcp_connection *tcp)
{
	struct tcp_stack *ts = tcp->tcp_stack;
	uint32_t mss = tcp_payload_max(tcp);

	tcp->congestion.mss = mss;
	tcp->congestion.cwnd = tcp_first_window(tcp);
	tcp->congestion.ssthresh = UINT32_MAX / 2;
	if (!tcp->congestion_ops)
		tcp->congestion_ops = usual(ts);
	take_ops(tcp, tcp->congestion_ops);
}

void tcp_congestion_acked(struct tcp_connection *tcp, uint32_t bytes)
{
	uint64_t buffer;

	tcp->congestion.now_ns = tcp->stack->now_ns;
	tcp->congestion.mss = tcp_payload_max(tcp);
	tcp->congestion_ops->acked(&tcp->congestion, bytes);
	tcp->congestion.cwnd = (uint32_t)min_u64(tcp->congestion.cwnd, 1u << 30);
	/* The buffer grows with the window, or it would be what limits. */
	buffer = min_u64(2ull * tcp->congestion.cwnd, tcp->stack->tuning->tcp_send_buffer[2]);
	if (buffer > tcp->setting[TCP_SET_SEND_BUFFER] && !tcp->send.is_sized)
		tcp->setting[TCP_SET_SEND_BUFFER] = (uint32_t)buffer;
}

void tcp_congestion_reduce(struct tcp_connection *tcp)
{
	tcp->congestion.now_ns = tcp->stack->now_ns;
	tcp->congestion.mss = tcp_payload_max(tcp);
	tcp->congestion.ssthresh = tcp->congestion_ops->reduce(&tcp->congestion, tcp->send.next - tcp->send.una);
}
