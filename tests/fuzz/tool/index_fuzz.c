/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Damaged indices of repositories: ours, and the lists of buckets. Reading one ends, stays inside the text, and yields packages whose names and files
 * can be used as they are. LLVMFuzzerTestOneInput takes a text; the tests damage good ones, by a seed.
 */
#include <stdlib.h>
#include <string.h>
#include "dory/hub/layout.h"
#include "dory/manifest/requirement.h"
#include "tests/fuzz/tool/damage.h"

enum { ROUNDS = 3000 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct dory_error err;

static void check_entry(const struct package_entry *entry)
{
	struct dory_error ignored;

	if (package_name_check(entry->manifest.name, &ignored) < 0 || package_version_check(entry->manifest.version, &ignored) < 0)
		abort();
	if (*entry->stem == '/' || strncmp(entry->stem, "file:", 5) == 0 || strcmp(entry->stem, "..") == 0 || strncmp(entry->stem, "../", 3) == 0 ||
		strstr(entry->stem, "/../"))
		abort();
}

static void read_index(const char *text, size_t len)
{
	static const char digest[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	const struct package_manifest more = {.name = (char *)"more", .title = (char *)"", .author = (char *)"", .version = (char *)"1", .created = (char *)"",
		.platform = (char *)"", .architecture = (char *)"", .sha256 = (char *)""};
	struct package_list list = {0};
	bool is_there;
	char *changed;

	hub_index_serial(text, len);
	if (hub_index_parse("index", text, len, NULL, &list, &err) < 0)
		return;
	for (size_t i = 0; i < list.count; i++)
		check_entry(&list.entries[i]);
	package_list_release(&list);
	if (hub_index_extend(text, len, &more, "more.dory", 1, digest, &changed, &is_there, &err) < 0)
		return;
	if (changed && hub_index_parse("index", changed, strlen(changed), NULL, &list, &err) < 0)
		abort(); /* what was written cannot be read */
	if (changed)
		package_list_release(&list);
	free(changed);
}

static void read_page(const char *text, size_t len)
{
	struct text_list keys = {0};
	char *next;

	if (hub_capstan_read_page("bucket", text, len, &keys, &next, &err) == 0)
		free(next);
	text_list_release(&keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = calloc(1, len + 1);

	if (!text)
		abort();
	memcpy(text, bytes, len);
	read_index(text, len);
	read_page(text, len);
	free(text);
	return 0;
}

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char *const good[] = {
	"{\"format\": \"dory-packages 1\", \"serial\": 7, \"packages\": [{\"name\": \"x\", \"version\": \"1\", \"file\": \"p/x.dory\", \"sha256\": \"" DIGEST "\"}]}",
	"{\"format\": \"dory-packages 1\", \"packages\": [{\"name\": \"x\", \"file\": \"p/x.dory\", \"size\": 7, \"require\": [\"a >= 1\"]}]}",
	"{\"format\": \"dory-packages 1\", \"packages\": [{\"name\": \"x\", \"file\": \"http://h/x.mpm\"}, {\"name\": \"../x\", \"file\": \"../a\"}]}",
	"<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>true</IsTruncated><NextMarker>m</NextMarker><Contents><Key>p/a.yaml</Key></Contents></ListBucketResult>",
};

static const char *const pieces[] = {"\"", "{", "}", "[", "]", ",", ":", "\\u0000", "\\", "-1", "1e999", "null", "../", "/", "file:///", "<", ">", "&a;", "<Key>", "</Key>",
	"<![CDATA[", "<!DOCTYPE x [<!ENTITY a \"aa\">]>", "\xff", "\xc3\xa9"};

TEST(good_ones_are_read)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		LLVMFuzzerTestOneInput((const uint8_t *)good[i], strlen(good[i]));
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
}

TEST(damaged_ones_end)
{
	char text[2048];

	(void)!freopen("/dev/null", "w", stderr); /* what is left out is told */
	for (unsigned round = 0; round < ROUNDS; round++) {
		const char *from = good[test_below(ARRAY_SIZE(good))];
		size_t len = strlen(from);

		memcpy(text, from, len);
		len = damage_text(text, len, sizeof(text), pieces, ARRAY_SIZE(pieces));
		LLVMFuzzerTestOneInput((const uint8_t *)text, test_below(4) ? len : test_below(len + 1));
	}
}

TEST(deep_nesting_ends)
{
	enum { DEPTH = 200000 };
	char *text = malloc(DEPTH);

	CHECK(text != NULL);
	for (unsigned i = 0; i < 3; i++) {
		memset(text, "[{<"[i], DEPTH);
		LLVMFuzzerTestOneInput((const uint8_t *)text, DEPTH);
	}
	free(text);
}

TEST_MAIN()
