/* SPDX-License-Identifier: BSD-3-Clause */
/* The few compiler attributes that the house uses, and what every file wants. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define must_check     __attribute__((warn_unused_result))
#define printf_like(f, a) __attribute__((format(printf, f, a)))
#define aligned_to(n)  __attribute__((aligned(n)))
#define within_page(n) __attribute__((aligned(n))) /* a function of at most n bytes, a power of two: under QEMU's emulator, a loop over a page's end is slow */
#define packed_struct  __attribute__((packed))
#define noreturn_fn    __attribute__((noreturn))
#define out_of_line    __attribute__((noinline)) /* code for many places that run seldom: each copy costs the start time */
#define ARRAY_SIZE(a)  (sizeof(a) / sizeof((a)[0]))
#define likely(x)      __builtin_expect(!!(x), 1)
#define unlikely(x)    __builtin_expect(!!(x), 0)

static inline uint64_t align_down(uint64_t x, uint64_t power_of_two)
{
	return x & ~(power_of_two - 1);
}

static inline uint64_t align_up(uint64_t x, uint64_t power_of_two)
{
	return (x + power_of_two - 1) & ~(power_of_two - 1);
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}
