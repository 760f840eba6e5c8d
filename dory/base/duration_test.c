/* SPDX-License-Identifier: BSD-3-Clause */
/* Spans of time, good and bad. */
#include "dory/base/duration.h"
#include "tests/unit/test.h"

TEST(units)
{
	static const struct {
		const char *text;
		int64_t milliseconds;
	} cases[] = {{"0", 0}, {"500ms", 500}, {"10", 10000}, {"10s", 10000}, {"1m", 60000}, {"2h", 7200000}, {"365d", 31536000000}};
	int64_t milliseconds;
	struct dory_error err;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CHECK_EQ(duration_parse(cases[i].text, &milliseconds, &err), 0);
		CHECK_EQ(milliseconds, cases[i].milliseconds);
	}
}

TEST(mistakes)
{
	static const char *const texts[] = {"", "s", "-1s", " 1s", "1 s", "1.5s", "1w", "366d", "99999999999999999999s", "1s2"};
	int64_t milliseconds = 7;
	struct dory_error err;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		CHECK_EQ(duration_parse(texts[i], &milliseconds, &err), -1);
		CHECK(err.kind == DORY_ERROR_USAGE && milliseconds == 7);
	}
}

TEST_MAIN()
