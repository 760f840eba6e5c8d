/* SPDX-License-Identifier: BSD-3-Clause */
/* Restart policies. */
#include "dory/supervisor/restart.h"
#include <string.h>
#include "tests/unit/test.h"

static struct restart_policy policy(const char *text)
{
	struct restart_policy policy;
	struct dory_error err;

	if (restart_parse(text, &policy, &err) < 0)
		policy.most = 999999;
	return policy;
}

TEST(words)
{
	static const char *const bad[] = {"", "maybe", "on-failure:", "on-failure:0", "on-failure:x", "on-failure:-1", "on-failure:3x", "always:3", "No"};
	struct restart_policy parsed;
	struct dory_error err;

	CHECK_EQ(policy(NULL).when, RESTART_NEVER);
	CHECK_EQ(policy("no").when, RESTART_NEVER);
	CHECK_EQ(policy("always").when, RESTART_ALWAYS);
	CHECK_EQ(policy("unless-stopped").when, RESTART_UNLESS_STOPPED);
	CHECK(policy("on-failure").when == RESTART_ON_FAILURE && policy("on-failure").most == 0);
	CHECK(policy("on-failure:3").when == RESTART_ON_FAILURE && policy("on-failure:3").most == 3);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(restart_parse(bad[i], &parsed, &err), -1);
		CHECK(err.kind == DORY_ERROR_USAGE && strstr(err.hint, "unless-stopped"));
	}
}

TEST(who_is_started_again)
{
	static const struct {
		const char *policy;
		bool has_failed;
		unsigned in_a_row;
		bool is_due;
	} cases[] = {{"no", true, 0, false}, {"no", false, 0, false}, {"always", false, 1000, true}, {"always", true, 0, true},
		{"unless-stopped", false, 5, true}, {"on-failure", false, 0, false}, {"on-failure", true, 1000, true}, {"on-failure:3", true, 2, true},
		{"on-failure:3", true, 3, false}, {"on-failure:3", false, 0, false}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct restart_policy p = policy(cases[i].policy);

		CHECK_EQ(restart_is_due(&p, cases[i].has_failed, cases[i].in_a_row), cases[i].is_due);
	}
}

TEST(who_is_started_with_the_computer)
{
	static const struct {
		const char *policy;
		bool was_stopped, was_running, is_due;
	} cases[] = {{"no", false, true, false}, {"always", true, false, true}, {"always", false, true, true}, {"unless-stopped", true, false, false},
		{"unless-stopped", false, true, true}, {"on-failure", false, true, true}, {"on-failure", false, false, false}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct restart_policy p = policy(cases[i].policy);

		CHECK_EQ(restart_is_due_at_boot(&p, cases[i].was_stopped, cases[i].was_running), cases[i].is_due);
	}
}

TEST(delays_grow_to_a_minute)
{
	CHECK_EQ(restart_delay_ms(0), 100);
	CHECK_EQ(restart_delay_ms(1), 200);
	CHECK_EQ(restart_delay_ms(5), 3200);
	CHECK_EQ(restart_delay_ms(10), 60000);
	CHECK_EQ(restart_delay_ms(UINT32_MAX), 60000);
}

TEST_MAIN()
