/* SPDX-License-Identifier: BSD-3-Clause */
/* a * b / c without loss in between; the result must fit in 64 bits. */
#pragma once
#include "lib/attr.h"

static inline uint64_t multiply_divide(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t low, high;

	__asm__("mulq %3; divq %4" : "=&a"(low), "=&d"(high) : "0"(a), "r"(b), "r"(c) : "cc");
	return low;
}
