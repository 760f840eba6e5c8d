/* SPDX-License-Identifier: BSD-3-Clause */
/* Paths that leave their tree. */
#include "dory/base/path.h"
#include "tests/unit/test.h"

TEST(steps_upwards_are_found)
{
	static const char *const up[] = {"..", "../a", "a/..", "a/../b", "/..", "a//..", "./.."};
	static const char *const plain[] = {"", "/", "a", "..a", "a..", "a/..b/c", "...", "/a/./b"};

	for (size_t i = 0; i < ARRAY_SIZE(up); i++)
		CHECK(path_has_parent_step(up[i]));
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		CHECK(!path_has_parent_step(plain[i]));
}

TEST(links_stay_below_the_root)
{
	static const struct {
		const char *path, *target;
		bool climbs;
	} links[] = {
		{"a", "b", false}, {"a", "..", true}, {"/a", "../b", true}, {"d/a", "..", false}, {"d/a", "../b", false}, {"d/a", "../../b", true},
		{"/etc/mnttab", "../proc/mounts", false}, {"a", "/etc/passwd", false}, {"d/a", "/../x", true}, {"d/a", "b/../../..", true},
		{"d/e/f", "x/../../../y", false}, {"d/e/f", "../../../y", true}, {"./d/a", "../b", false}, {"a", "./../b", true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		CHECK_EQ(path_link_climbs_out(links[i].path, links[i].target), links[i].climbs);
}

TEST_MAIN()
