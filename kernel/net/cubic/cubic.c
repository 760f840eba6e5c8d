/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CUBIC in whole numbers: times in milliseconds, windows in bytes. W(t) = C (t - K)^3 + W_max with C = 0.4 segments/s^3 and K = cbrt(W_max (1 - beta) / C),
 * beta = 0.7 (RFC 9438 §4.2).
 */
#include "kernel/net/core/library.h"
#include "kernel/net/cubic/cubic.h"

struct cubic {
	uint64_t epoch_ns; /* start of this stage; 0: not begun */
	uint64_t k_ms;
	uint32_t w_max, w_est; /* w_est: what Reno would have (§4.3) */
	uint32_t counted, est_counted; /* bytes acknowledged since the windows last grew */
	uint32_t before; /* W_max of the reduction before */
};
_Static_assert(sizeof(struct cubic) <= TCP_CONGESTION_STATE * sizeof(uint64_t), "the state holds it");

static struct cubic *cubic_of(struct tcp_congestion *c)
{
	return (struct cubic *)c->state;
}

static uint64_t cube_root(uint64_t x)
{
	uint64_t low = 0, high = 2642245; /* of 2^64 */

	while (low < high) {
		uint64_t middle = (low + high + 1) / 2;

		if (middle * middle * middle <= x)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

static void start(struct tcp_congestion *c)
{
	*cubic_of(c) = (struct cubic){0};
}

/* K in ms: cbrt((w_max - cwnd) / mss / 0.4) s, so that K^3 = segments * 2.5e9 ms^3. */
static void begin_epoch(struct tcp_congestion *c, struct cubic *q)
{
	q->epoch_ns = c->now_ns ? c->now_ns : 1;
	q->w_est = c->cwnd;
	q->counted = q->est_counted = 0;
	if (q->w_max <= c->cwnd) {
		q->k_ms = 0;
		q->w_max = c->cwnd;
	} else {
		q->k_ms = cube_root((uint64_t)(q->w_max - c->cwnd) * 1000 / c->mss * 2500000);
	}
}

/* W(t), and not more than 1.5 cwnd (§4.4). */
static uint32_t target(const struct tcp_congestion *c, const struct cubic *q)
{
	uint64_t t_ms = (c->now_ns - q->epoch_ns + c->rtt_ns) / NET_MILLISECOND;
	uint64_t d = min_u64(t_ms > q->k_ms ? t_ms - q->k_ms : q->k_ms - t_ms, 100000);
	uint64_t delta = d * d * d / 2500000 * c->mss / 1000, w;

	w = t_ms > q->k_ms ? q->w_max + delta : q->w_max - min_u64(delta, q->w_max);
	return (uint32_t)min_u64(max_u64(w, c->cwnd), c->cwnd + c->cwnd / 2ull);
}

/* §4.3: alpha = 3 (1 - beta) / (1 + beta) = 9 / 17 segment each round trip, and one once it is where the loss was. */
static void grow_reno_estimate(struct tcp_congestion *c, struct cubic *q, uint32_t bytes)
{
	uint64_t grown;

	q->est_counted += (uint32_t)min_u64(bytes, UINT32_MAX - q->est_counted);
	grown = (uint64_t)q->est_counted * c->mss / c->cwnd;
	if (q->w_est < q->w_max)
		grown = grown * 9 / 17;
	if (grown) {
		q->w_est += (uint32_t)grown;
		q->est_counted = 0;
	}
}

static void acked(struct tcp_congestion *c, uint32_t bytes)
{
	struct cubic *q = cubic_of(c);
	uint32_t to, step;

	tcp_slow_start(c, &bytes);
	if (!bytes)
		return;
	if (!q->epoch_ns)
		begin_epoch(c, q);
	grow_reno_estimate(c, q, bytes);
	to = target(c, q);
	q->counted += bytes;
	step = (uint32_t)((uint64_t)(to - c->cwnd) * q->counted / c->cwnd);
	if (step) {
		c->cwnd += step;
		q->counted = 0;
	}
	if (q->w_est > c->cwnd)
		c->cwnd = q->w_est;
}

/* §4.6, and §4.7: who finds less than before gives way. */
static uint32_t reduce(struct tcp_congestion *c, uint32_t in_flight)
{
	struct cubic *q = cubic_of(c);
	uint32_t w = (uint32_t)min_u64(c->cwnd, max_u64(in_flight, 2 * c->mss));

	q->epoch_ns = 0;
	q->w_max = w < q->before ? (uint32_t)(w * 17ull / 20) : w;
	q->before = w;
	return (uint32_t)max_u64(w * 7ull / 10, 2ull * c->mss);
}

static void timeout(struct tcp_congestion *c)
{
	cubic_of(c)->epoch_ns = 0;
}

static const struct tcp_congestion_ops cubic = {.name = "cubic", .start = start, .acked = acked, .reduce = reduce, .timeout = timeout};

int cubic_init(struct net_stack *stack)
{
	return tcp_congestion_add(stack, &cubic);
}

NET_LIBRARY(cubic) = {.name = "cubic", .order = NET_ORDER_CONGESTION, .init = cubic_init};
