/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps beside each other: order, failure, and that a failed step holds nobody up. */
#include "dory/package/stage.h"
#include <errno.h>
#include <string.h>
#include "tests/unit/test.h"

enum { TOTAL = 5 << 20, FAILS_AFTER = 1 << 20 };

struct sink {
	size_t taken, calls_after_failure;
	int failure;
	bool is_in_order, has_failed;
};

static unsigned char pattern(size_t at)
{
	return (unsigned char)(at * 31 + (at >> 11));
}

static int take(void *context, const void *bytes, size_t size)
{
	struct sink *sink = context;
	const unsigned char *p = bytes;

	if (sink->has_failed)
		sink->calls_after_failure++;
	for (size_t i = 0; i < size; i++)
		sink->is_in_order &= p[i] == pattern(sink->taken++);
	sink->has_failed = sink->failure && sink->taken > FAILS_AFTER;
	return sink->has_failed ? sink->failure : 0;
}

/* Pieces of any size, up to three blocks; the first failure that is told. */
static int put_all(struct stage *stage)
{
	static unsigned char piece[3 << 17];

	for (size_t done = 0; done < TOTAL;) {
		size_t n = min_u64(1 + test_random() % sizeof(piece), TOTAL - done);
		int failure;

		for (size_t i = 0; i < n; i++)
			piece[i] = pattern(done + i);
		failure = stage_put(stage, piece, n);
		if (failure)
			return failure;
		done += n;
	}
	return 0;
}

TEST(stage_takes_all_in_order)
{
	struct sink sink = {.is_in_order = true};
	struct stage *stage = stage_start(take, &sink);

	CHECK(stage != NULL);
	CHECK_EQ(put_all(stage), 0);
	CHECK_EQ(stage_finish(stage), 0);
	CHECK_EQ(sink.taken, TOTAL);
	CHECK(sink.is_in_order);
}

TEST(stage_of_nothing_ends)
{
	struct sink sink = {0};
	struct stage *stage = stage_start(take, &sink);

	CHECK(stage != NULL);
	CHECK_EQ(stage_finish(stage), 0);
	CHECK_EQ(sink.taken, 0);
}

TEST(stage_failure_reaches_who_puts)
{
	struct sink sink = {.failure = ENOSPC, .is_in_order = true};
	struct stage *stage = stage_start(take, &sink);

	CHECK(stage != NULL);
	CHECK_EQ(put_all(stage), ENOSPC);
	CHECK_EQ(stage_put(stage, "x", 1), ENOSPC);
	CHECK_EQ(stage_finish(stage), ENOSPC);
	CHECK(sink.taken < TOTAL);
	CHECK_EQ(sink.calls_after_failure, 0);
}

TEST_MAIN()
