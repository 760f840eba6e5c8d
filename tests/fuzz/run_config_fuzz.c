/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Damaged run configurations: the parser, which the kernel and init use, stays inside the text and either says what is wrong or yields whole strings.
 * LLVMFuzzerTestOneInput takes a configuration's text (build with -fsanitize=fuzzer to search on); the tests damage a good one, by a seed.
 */
#include <string.h>
#include "lib/run_config.h"
#include "tests/unit/test.h"

enum { ROUNDS = 20000, ALLOCATIONS_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static volatile unsigned sink;
static void *allocations[ALLOCATIONS_MAX];
static unsigned nr_allocations, allocations_allowed = ALLOCATIONS_MAX;

/* All goes with the round. */
static void *allocate(size_t size)
{
	void *memory;

	if (nr_allocations == allocations_allowed)
		return NULL;
	memory = malloc(size ? size : 1);
	if (!memory || nr_allocations == ALLOCATIONS_MAX)
		abort();
	return allocations[nr_allocations++] = memory;
}

static void free_all(void)
{
	while (nr_allocations)
		free(allocations[--nr_allocations]);
}

static void read_list(const struct run_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		sink += (unsigned)strlen(list->items[i]);
	if (list->count && list->items[list->count])
		abort(); /* not terminated */
}

static void read_config(const struct run_config *config)
{
	const char *const single[] = {config->cwd, config->host, config->user, config->stdio, config->winsize, run_config_environment(config, "A")};

	read_list(&config->arguments);
	read_list(&config->environment);
	read_list(&config->mounts);
	for (size_t i = 0; i < config->separators.count; i++)
		sink += (unsigned)strlen(config->separators.items[i]) + (unsigned)config->separator_at[i];
	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		sink += single[i] ? (unsigned)strlen(single[i]) : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct run_config config = {.allocate = allocate}, alone = {.allocate = allocate};
	char *first = calloc(1, len + 1), *second = calloc(1, len + 1), *third = calloc(1, len + 1); /* a NUL behind, as file_read gives */

	memcpy(first, bytes, len);
	memcpy(second, bytes, len);
	memcpy(third, bytes, len);
	if (!run_config_read(&config, first, len, false) && !run_config_read(&config, second, len, true))
		read_config(&config);
	if (!run_config_read(&alone, third, len, true))
		read_config(&alone);
	free_all();
	free(first);
	free(second);
	free(third);
	return 0;
}

static const char good[] =
    "dory-run 1\narg 4 /bin\narg 0 \nnext 1 ;\narg 3 a b\nnext 1 &\narg 2 \n\n\nenv 3 A=1\nenv 3 A=2\nenv 1 B\nmount 5 /data\ncwd 1 /\nhost 4 dory\nuser 4 root\nstdio 3 tty\nwinsize 5 24 80\n";

TEST(good_one_is_read)
{
	struct run_config config = {.allocate = allocate};
	char text[sizeof(good)];

	memcpy(text, good, sizeof(good));
	CHECK(!run_config_read(&config, text, sizeof(good) - 1, false));
	CHECK_EQ(config.arguments.count, 4);
	CHECK_EQ(strcmp(run_config_environment(&config, "A"), "2"), 0);
	free_all();
}

TEST(an_override_takes_variables_away)
{
	struct run_config config = {.allocate = allocate};
	char text[] = "dory-run 1\nenv 3 A=1\nenv 4 AB=2\nenv 3 C=3\n", override[] = "dory-run 1\nunset 1 A\nunset 1 X\nenv 3 D=4\n";

	CHECK(!run_config_read(&config, text, sizeof(text) - 1, false));
	CHECK(!run_config_read(&config, override, sizeof(override) - 1, true));
	CHECK_EQ(config.environment.count, 3);
	CHECK(!run_config_environment(&config, "A") && !config.environment.items[3]);
	CHECK_EQ(strcmp(run_config_environment(&config, "AB"), "2"), 0);
	free_all();
}

TEST(an_override_may_hold_the_image)
{
	struct run_config config = {.allocate = allocate};
	char override[] = "dory-run 1\nimage 27 dory-run 1\narg 1 p\ncwd 1 /\n\nenv 3 A=1\n", both[] = "dory-run 1\nimage 19 dory-run 1\narg 1 p\n\narg 1 q\n";
	char nested[] = "dory-run 1\nimage 32 dory-run 1\nimage 11 dory-run 1\n\n\n";

	CHECK(run_config_holds_image(override, sizeof(override) - 1) && !run_config_holds_image(good, sizeof(good) - 1));
	CHECK(!run_config_read(&config, override, sizeof(override) - 1, true));
	CHECK(config.arguments.count == 1 && !strcmp(config.arguments.items[0], "p") && !strcmp(config.cwd, "/"));
	config = (struct run_config){.allocate = allocate};
	CHECK(!run_config_read(&config, both, sizeof(both) - 1, true));
	CHECK(config.arguments.count == 1 && !strcmp(config.arguments.items[0], "q"));
	config = (struct run_config){.allocate = allocate};
	CHECK(run_config_read(&config, nested, sizeof(nested) - 1, true) != NULL); /* an image holds no image */
	free_all();
}

/* Without memory the parser says so, whichever allocation fails. */
TEST(no_memory)
{
	struct run_config config;
	char text[sizeof(good)];

	for (allocations_allowed = 0;; allocations_allowed++) {
		const char *why;

		config = (struct run_config){.allocate = allocate};
		memcpy(text, good, sizeof(good));
		why = run_config_read(&config, text, sizeof(good) - 1, false);
		free_all();
		if (!why)
			break;
		CHECK(strstr(why, "memory") != NULL);
	}
	CHECK(allocations_allowed > 3);
	allocations_allowed = ALLOCATIONS_MAX;
}

TEST(damaged)
{
	static const char *const pieces[] = {"18446744073709551615", "18446744073709551616", "-1", " ", "\n", "0", "99999", "arg ", "next 1 ;\n", "env 0 \n", "env 1 =\n", "unset 1 A\n", "image 11 dory-run 1\n\n", "\0"};

	for (unsigned round = 0; round < ROUNDS; round++) {
		char text[2 * sizeof(good)];
		size_t len = sizeof(good) - 1;

		memcpy(text, good, len);
		for (unsigned count = 1 + test_below(4); count--;) {
			const char *piece = pieces[test_below(sizeof(pieces) / sizeof(pieces[0]))];
			size_t at = 11 + test_below(len - 11), piece_len = piece[0] ? strlen(piece) : 1;

			if (test_below(2)) {
				text[at] = (char)test_random();
			} else if (len + piece_len < sizeof(text)) {
				memmove(text + at + piece_len, text + at, len - at);
				memcpy(text + at, piece, piece_len);
				len += piece_len;
			}
		}
		LLVMFuzzerTestOneInput((const uint8_t *)text, test_below(4) ? len : test_below(len));
	}
}

TEST(cut_short)
{
	for (size_t len = 0; len < sizeof(good); len++)
		LLVMFuzzerTestOneInput((const uint8_t *)good, len);
}

TEST_MAIN()
