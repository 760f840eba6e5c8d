/* SPDX-License-Identifier: BSD-3-Clause */
/* Pieces under way at the same time: order, failure on either side, and that a failure holds nobody up. */
#include "dory/package/press.h"
#include <errno.h>
#include <sched.h>
#include <string.h>
#include "tests/unit/test.h"

enum { TOTAL = 21 << 20, FAILS_AFTER = 5 << 20 };

struct work {
	int squeeze_failure, take_failure;
	size_t taken, calls_after_failure;
	bool is_in_order, has_failed;
};

static unsigned char pattern(size_t at)
{
	return (unsigned char)(at * 31 + (at >> 11));
}

/* Each byte becomes its complement; some pieces take longer than those behind them. */
static int squeeze(void *context, const void *bytes, size_t size, struct text_buffer *out)
{
	const struct work *work = context;
	const unsigned char *p = bytes;
	char *squeezed = malloc(size);

	for (size_t i = 0; i < size; i++)
		squeezed[i] = (char)~p[i];
	for (int i = 0; i < p[0] % 64; i++)
		sched_yield();
	text_append(out, squeezed, size);
	free(squeezed);
	return work->squeeze_failure;
}

static int take(void *context, const void *bytes, size_t size)
{
	struct work *work = context;
	const unsigned char *p = bytes;

	work->calls_after_failure += work->has_failed;
	for (size_t i = 0; i < size; i++)
		work->is_in_order &= p[i] == (unsigned char)~pattern(work->taken++);
	work->has_failed = work->take_failure && work->taken > FAILS_AFTER;
	return work->has_failed ? work->take_failure : 0;
}

/* In parts of any size, up to three pieces; the first failure that is told. */
static int put_all(struct press *press)
{
	static unsigned char part[3 << 20];

	for (size_t done = 0; done < TOTAL;) {
		size_t n = min_u64(1 + test_random() % sizeof(part), TOTAL - done);
		int failure;

		for (size_t i = 0; i < n; i++)
			part[i] = pattern(done + i);
		failure = press_put(press, part, n);
		if (failure)
			return failure;
		done += n;
	}
	return 0;
}

TEST(all_comes_out_in_order)
{
	struct work work = {.is_in_order = true};
	struct press *press = press_start(squeeze, take, &work);

	CHECK(press != NULL);
	CHECK_EQ(put_all(press), 0);
	CHECK_EQ(press_finish(press), 0);
	CHECK_EQ(work.taken, TOTAL);
	CHECK(work.is_in_order);
}

TEST(nothing_ends)
{
	struct work work = {0};
	struct press *press = press_start(squeeze, take, &work);

	CHECK(press != NULL);
	CHECK_EQ(press_finish(press), 0);
	CHECK_EQ(work.taken, 0);
}

TEST(failures_of_either_side_reach_who_puts)
{
	for (int side = 0; side < 2; side++) {
		struct work work = {.is_in_order = true};
		struct press *press;

		*(side ? &work.squeeze_failure : &work.take_failure) = ENOSPC;
		press = press_start(squeeze, take, &work);
		CHECK(press != NULL);
		CHECK_EQ(put_all(press), ENOSPC);
		CHECK_EQ(press_put(press, "x", 1), ENOSPC);
		CHECK_EQ(press_finish(press), ENOSPC);
		CHECK(work.taken < TOTAL);
		CHECK_EQ(work.calls_after_failure, 0);
	}
}

TEST_MAIN()
