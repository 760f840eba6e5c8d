/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the peer has told of by SACK, and what follows from it (RFC 6675): which bytes are lost, how many are on their way, which go next.
 *
 *	una          retransmitted_to        lost_to                    next
 *	 |  lost, sent again  |  lost, to be sent  |  sacked or on their way  |
 */
#include "kernel/net/tcp/internal.h"

#define DUPLICATE_THRESHOLD 3

void tcp_sacked_forget(struct tcp_connection *tcp)
{
	tcp->nr_sacked = 0;
}

/* Joins [start, end) with the ranges that it touches. */
static bool insert_range(struct tcp_connection *tcp, uint32_t start, uint32_t end)
{
	struct tcp_range *r = tcp->sacked;
	unsigned first = 0, last;

	while (first < tcp->nr_sacked && seq_before(r[first].end, start))
		first++;
	for (last = first; last < tcp->nr_sacked && seq_up_to(r[last].start, end); last++) {
		start = seq_min(start, r[last].start);
		end = seq_max(end, r[last].end);
	}
	if (first == last) {
		if (tcp->nr_sacked == TCP_RANGES_MAX)
			return false;
		memmove(r + first + 1, r + first, (tcp->nr_sacked - first) * sizeof(*r));
		tcp->nr_sacked++;
	} else {
		memmove(r + first + 1, r + last, (tcp->nr_sacked - last) * sizeof(*r));
		tcp->nr_sacked -= last - first - 1;
	}
	r[first] = (struct tcp_range){start, end};
	return true;
}

static uint32_t sacked_in(const struct tcp_connection *tcp, uint32_t start, uint32_t end)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < tcp->nr_sacked; i++) {
		uint32_t a = seq_max(start, tcp->sacked[i].start), b = seq_min(end, tcp->sacked[i].end);

		if (seq_before(a, b))
			sum += b - a;
	}
	return sum;
}

/* True if it tells something new. Ranges of what was never sent, or is acknowledged (RFC 2883's duplicates), are left alone. */
bool tcp_sacked_add(struct tcp_connection *tcp, uint32_t start, uint32_t end)
{
	if (!seq_before(start, end) || seq_up_to(start, tcp->send.una) || seq_before(tcp->send.next, end))
		return false;
	if (!tcp->sacked)
		tcp->sacked = net_alloc(tcp->stack, TCP_RANGES_MAX * sizeof(*tcp->sacked));
	if (!tcp->sacked || sacked_in(tcp, start, end) == end - start)
		return false;
	return insert_range(tcp, start, end);
}

/* una has moved. A range that begins there should have been acknowledged: the peer took back what it told (RFC 2018 §8). */
void tcp_sacked_advance(struct tcp_connection *tcp)
{
	unsigned gone = 0;

	while (gone < tcp->nr_sacked && seq_up_to(tcp->sacked[gone].end, tcp->send.una))
		gone++;
	tcp->nr_sacked -= gone;
	if (gone)
		memmove(tcp->sacked, tcp->sacked + gone, tcp->nr_sacked * sizeof(*tcp->sacked));
	if (tcp->nr_sacked && seq_up_to(tcp->sacked[0].start, tcp->send.una))
		tcp_sacked_forget(tcp);
}

/* Lost is what has three segments, or three separate ranges, sacked above it (RFC 6675 §4, IsLost). */
void tcp_find_lost(struct tcp_connection *tcp)
{
	uint32_t payload = tcp_payload_max(tcp), above = 0, edge = tcp->send.una;

	if (!tcp->has_sack) {
		if (tcp->nr_duplicate_acks >= DUPLICATE_THRESHOLD)
			edge = seq_min(tcp->send.una + payload, tcp->send.next);
	}
	for (unsigned i = tcp->nr_sacked; i-- > 0;) {
		above += tcp->sacked[i].end - tcp->sacked[i].start;
		if (above > (DUPLICATE_THRESHOLD - 1) * payload || tcp->nr_sacked - i >= DUPLICATE_THRESHOLD) {
			edge = tcp->sacked[i].start;
			break;
		}
	}
	if (tcp_tail_tells_loss(tcp))
		edge = seq_max(edge, tcp->sacked[tcp->nr_sacked - 1].start);
	tcp->lost_to = seq_max(seq_max(tcp->lost_to, tcp->send.una), edge);
}

uint32_t tcp_pipe(const struct tcp_connection *tcp)
{
	uint32_t una = tcp->send.una, total = tcp->send.next - una, start = seq_max(una, tcp->retransmitted_to);

	if (!tcp->has_sack)
		total -= (uint32_t)min_u64(total, (uint64_t)tcp->nr_duplicate_acks * tcp_payload_max(tcp));
	total -= sacked_in(tcp, una, tcp->send.next);
	if (seq_before(start, tcp->lost_to)) {
		uint32_t waiting = tcp->lost_to - start - sacked_in(tcp, start, tcp->lost_to);

		total -= (uint32_t)min_u64(total, waiting);
	}
	return total;
}

bool tcp_next_hole(const struct tcp_connection *tcp, struct tcp_range *hole)
{
	uint32_t start = seq_max(tcp->send.una, tcp->retransmitted_to), end = tcp->lost_to;

	for (unsigned i = 0; i < tcp->nr_sacked; i++) {
		if (seq_up_to(tcp->sacked[i].end, start))
			continue;
		if (seq_before(start, tcp->sacked[i].start)) {
			end = seq_min(end, tcp->sacked[i].start);
			break;
		}
		start = tcp->sacked[i].end;
	}
	*hole = (struct tcp_range){start, end};
	return seq_before(start, end);
}
