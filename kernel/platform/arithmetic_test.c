/* SPDX-License-Identifier: BSD-3-Clause */
/* Products that do not fit in 64 bits, and quotients that do not. */
#include "kernel/platform/arithmetic.h"
#include "tests/unit/test.h"

TEST(multiply_divide_keeps_all_bits)
{
	CHECK(multiply_divide(7, 6, 5) == 8);
	CHECK(multiply_divide(UINT64_MAX, 1000000000, 1000000000) == UINT64_MAX);
	CHECK(multiply_divide(1ull << 63, 6, 3ull << 62) == 1ull << 2);
}

TEST(multiply_divide_stops_at_the_largest)
{
	/* A timer of one count that expired seconds late, as clock.c measures its rate. */
	CHECK(multiply_divide(60000000000ull, 1000000000, 1) == UINT64_MAX);
	CHECK(multiply_divide(UINT64_MAX, UINT64_MAX, UINT64_MAX - 1) == UINT64_MAX);
	CHECK(multiply_divide(1, 1, 0) == UINT64_MAX);
}
TEST_MAIN()
