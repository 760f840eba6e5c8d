/* SPDX-License-Identifier: BSD-3-Clause */
/* Words of a command line. */
#include "kernel/platform/boot_option.h"
#include "kernel/platform/platform.h"
#include <string.h>
#include "tests/unit/test.h"

TEST(words_and_keys)
{
	char text[16];

	boot_option_init("log=7  strace root=/dev/vdb\ttime=12");
	CHECK(boot_option("log=", text, sizeof(text)) && !strcmp(text, "7"));
	CHECK(boot_option("strace", text, sizeof(text)) && !strcmp(text, ""));
	CHECK(boot_option("root=", text, sizeof(text)) && !strcmp(text, "/dev/vdb"));
	CHECK(boot_option("time=", text, sizeof(text)) && !strcmp(text, "12"));
	CHECK(!boot_option("trace", text, sizeof(text)));
	CHECK(!boot_option("stra", text, sizeof(text)));
	CHECK(!boot_option("bootchart", text, sizeof(text)));
}

TEST(long_values_are_cut)
{
	char text[4];

	boot_option_init("root=/dev/vda");
	CHECK(boot_option("root=", text, sizeof(text)) && !strcmp(text, "/de"));
}

TEST(repeated_keys)
{
	const char *first, *second;

	boot_option_init("d=1 x d=22 d=");
	first = boot_option_next("d=", NULL);
	CHECK(first && *first == '1');
	second = boot_option_next("d=", first);
	CHECK(second && !strncmp(second, "22", 2));
	second = boot_option_next("d=", second);
	CHECK(second && !*second);
	CHECK(!boot_option_next("d=", second));
}

TEST(nothing)
{
	char text[4];

	boot_option_init("");
	CHECK(!boot_option("log=", text, sizeof(text)));
}

TEST_MAIN()
