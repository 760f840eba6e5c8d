/* SPDX-License-Identifier: BSD-3-Clause */
/* The cache is found good by ldconfig itself, and a damaged one does no harm. */
#include "dory/compose/loader_cache.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/child.h"
#include "dory/base/file.h"
#include "tests/unit/test.h"

static void *make(size_t *length)
{
	struct loader_cache_entry entries[] = {{"libz.so.1", "/lib/libz.so.1"}, {"liba.so.9", "/lib/liba.so.9"},
		{"liba.so.10", "/lib/liba.so.10"}, {"libc.so.6", "/lib/x/libc.so.6"},
		{"ld-linux-x86-64.so.2", "/lib/ld"}};

	return loader_cache_make(entries, ARRAY_SIZE(entries), length);
}

TEST(what_was_put_in_is_found)
{
	size_t length;
	void *cache = make(&length);

	CHECK(!strcmp(loader_cache_find(cache, length, "libc.so.6"), "/lib/x/libc.so.6"));
	CHECK(!strcmp(loader_cache_find(cache, length, "liba.so.10"), "/lib/liba.so.10"));
	CHECK(!loader_cache_find(cache, length, "libb.so"));
	free(cache);
}

TEST(ldconfig_reads_it)
{
	char path[] = "/tmp/dory-cache-XXXXXX";
	const char *argv[] = {"/sbin/ldconfig", "-p", "-C", path, NULL};
	struct child_result result;
	struct dory_error err;
	size_t length;
	void *cache = make(&length);

	close(mkstemp(path));
	CHECK_EQ(file_replace(path, cache, length, &err), 0);
	CHECK_EQ(child_run(argv, &result, &err), 0);
	unlink(path);
	CHECK_EQ(result.status, 0);
	CHECK(strstr(result.output, "5 libs found"));
	CHECK(strstr(result.output, "libz.so.1 (libc6,x86-64) => /lib/libz.so.1"));
	/* descending, numbers by value: the loader's binary search depends on it */
	CHECK(strstr(result.output, "liba.so.10 ") < strstr(result.output, "liba.so.9 "));
	CHECK(strstr(result.output, "libz.so.1 ") < strstr(result.output, "libc.so.6 "));
	child_result_release(&result);
	free(cache);
}

TEST(damage_is_survived)
{
	size_t length;
	uint8_t *cache = make(&length);

	for (int round = 0; round < 5000; round++) {
		size_t cut = test_random() % (length + 1);
		uint8_t *copy = malloc(cut + 1);
		const char *found;

		memcpy(copy, cache, cut);
		for (int i = 0; i < 3 && cut > 24; i++)
			copy[20 + test_random() % (cut - 20)] = (uint8_t)test_random();
		found = loader_cache_find(copy, cut, "libc.so.6");
		CHECK(!found || strlen(found) <= cut);
		free(copy);
	}
	free(cache);
}

TEST_MAIN()
