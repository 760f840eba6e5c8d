/* SPDX-License-Identifier: BSD-3-Clause */
/* A token bucket, for answers that strangers may cause (RFC 1812 §4.3.2.8, RFC 4443 §2.4 (f)). */
#pragma once
#include "kernel/net/core/net.h"

struct net_limit {
	uint64_t tokens, at_ns; /* at 0: never used, full */
};

/* May one more be sent now? Takes a token if so. */
static inline bool net_limit_take(const struct net_stack *stack, struct net_limit *limit, unsigned per_second, unsigned at_once)
{
	uint64_t now = stack->now_ns, gained = (now - limit->at_ns) / (NET_SECOND / per_second);

	if (gained || !limit->at_ns) {
		limit->tokens = limit->at_ns ? min_u64(limit->tokens + gained, at_once) : at_once;
		limit->at_ns = now ? now : 1;
	}
	if (!limit->tokens)
		return false;
	limit->tokens--;
	return true;
}
