/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unit tests: TEST(name) { CHECK(...); } registers a test; TEST_MAIN() runs all that were linked and prints a line each,
 * "ok NAME" or "FAIL NAME", for tests/run to count. A failed check ends its test. A seed given as argument replays a model test.
 */
#pragma once
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/linkerset.h"

struct test {
	const char *name;
	void (*run)(void);
};

LINKER_SET_DECLARE(test, struct test);
static jmp_buf test_failed;
static uint64_t test_seed = 1;

#define TEST(n)                                                                                                     \
	static void test_run_##n(void);                                                                             \
	LINKER_SET_MEMBER(test, struct test, n) = {.name = #n, .run = test_run_##n};                                \
	static void test_run_##n(void)

#define CHECK(cond)                                                                                                 \
	do {                                                                                                        \
		if (!(cond)) {                                                                                      \
			printf("# %s:%d: %s (seed %llu)\n", __FILE__, __LINE__, #cond, (unsigned long long)test_seed); \
			longjmp(test_failed, 1);                                                                    \
		}                                                                                                   \
	} while (0)

#define CHECK_EQ(a, b)                                                                                              \
	do {                                                                                                        \
		long long check_a = (long long)(a), check_b = (long long)(b);                                       \
		if (check_a != check_b) {                                                                           \
			printf("# %s:%d: %s is %lld, not %lld (%s) (seed %llu)\n", __FILE__, __LINE__, #a, check_a, \
			    check_b, #b, (unsigned long long)test_seed);                                            \
			longjmp(test_failed, 1);                                                                    \
		}                                                                                                   \
	} while (0)

/* A repeatable random number (xorshift64*). */
static inline uint64_t test_random(void)
{
	static uint64_t state;

	if (!state)
		state = test_seed * 0x9e3779b97f4a7c15u + 1;
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1du;
}

/* One that is less than `n`. */
static inline unsigned test_below(uint64_t n)
{
	return (unsigned)(test_random() % n);
}

static inline int test_main(int argc, char **argv)
{
	int failed = 0;

	if (argc > 1)
		test_seed = strtoull(argv[1], NULL, 0);
	for (const struct test *const *t = LINKER_SET_BEGIN(test); t < LINKER_SET_END(test); t++) {
		if (setjmp(test_failed) == 0) {
			(*t)->run();
			printf("ok %s\n", (*t)->name);
		} else {
			printf("FAIL %s\n", (*t)->name);
			failed++;
		}
		fflush(stdout);
	}
	return failed != 0;
}

#define TEST_MAIN()                                                                                                 \
	int main(int argc, char **argv)                                                                             \
	{                                                                                                           \
		return test_main(argc, argv);                                                                       \
	}
