/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SYN cookies (RFC 4987 §3.6): when the queue is full, what would be remembered travels in our sequence number, and what does not fit there in the timestamp.
 *
 *	iss: time in minutes 5 bits | index of the MSS 3 bits | keyed hash 24 bits
 *	timestamp: ... | ECN 1 bit | SACK 1 bit | window scale 4 bits, 15: none
 */
#include "kernel/net/tcp/internal.h"

#define COOKIE_PERIOD (64 * NET_SECOND)

static const uint16_t cookie_mss[8] = {216, 536, 1024, 1220, 1360, 1440, 1460, 8960};

static uint32_t cookie_hash(struct net_stack *stack, const struct tcp_request *r, uint32_t top)
{
	return (uint32_t)tcp_tuple_hash(stack, &r->flow, r->local_port, r->remote_port, (uint64_t)r->irs << 32 | top << 8 | 3) & 0xffffff;
}

uint32_t tcp_cookie_make(struct net_stack *stack, struct tcp_request *request)
{
	uint32_t index = ARRAY_SIZE(cookie_mss) - 1, top;

	while (index && cookie_mss[index] > request->mss)
		index--;
	top = (uint32_t)(stack->now_ns / COOKIE_PERIOD & 31) << 3 | index;
	return top << 24 | cookie_hash(stack, request, top);
}

/* Is the acknowledgment one of a cookie of this or the last period? Fills the request. */
bool tcp_cookie_check(struct net_stack *stack, const struct tcp_segment *segment, struct tcp_request *request)
{
	uint32_t cookie = segment->ack - 1, top = cookie >> 24, age, bits;

	request->irs = segment->seq - 1;
	request->iss = cookie;
	age = (uint32_t)(stack->now_ns / COOKIE_PERIOD - (top >> 3)) & 31;
	if (age > 1 || (cookie & 0xffffff) != cookie_hash(stack, request, top))
		return false;
	request->mss = cookie_mss[top & 7];
	if (!segment->has_timestamp)
		return true;
	bits = segment->ts_echo - request->ts_offset;
	request->has_timestamps = true;
	request->ts_recent = segment->ts_value;
	request->has_scale = (bits & 15) != 15;
	request->scale = request->has_scale ? bits & 15 : 0;
	request->has_sack = bits >> 4 & 1;
	request->has_ecn = bits >> 5 & 1;
	return true;
}
