/* SPDX-License-Identifier: BSD-3-Clause */
/* a * b / c without loss in between; UINT64_MAX where the result does not fit in 64 bits. */
#pragma once
#include "lib/attr.h"

static inline uint64_t multiply_divide(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t low, high;

	__asm__("mulq %3" : "=a"(low), "=d"(high) : "0"(a), "r"(b) : "cc");
	if (unlikely(high >= c))
		return UINT64_MAX;
	__asm__("divq %2" : "+a"(low), "+d"(high) : "r"(c) : "cc");
	return low;
}
