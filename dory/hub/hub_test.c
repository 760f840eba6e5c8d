/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of repositories, keys, indices. The network's part is tested from outside (tests/cli/repo.test). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/base/text_list.h"
#include "dory/hub/index.h"
#include "dory/hub/key.h"
#include "dory/hub/layout.h"
#include "tests/unit/test.h"

static char *make_root(void)
{
	static char root[64];

	strcpy(root, "/tmp/hub-test.XXXXXX");
	return mkdtemp(root);
}

static void remove_root(const char *root)
{
	struct dory_error err;

	CHECK(file_remove_tree(root, &err) == 0);
}

TEST(list)
{
	const char *root = make_root();
	struct hub a = {.name = (char *)"a", .url = (char *)"https://x/p", .layout = &hub_layout_dory, .key = NULL}, b = a;
	struct hub_list found;
	struct dory_error err;

	b.name = (char *)"b";
	b.layout = &hub_layout_capstan;
	b.key = (char *)"00";
	CHECK(hub_list_read(root, &found, &err) == 0 && found.count == 0);
	CHECK(hub_add(root, &a, &err) == 0 && hub_add(root, &b, &err) == 0);
	CHECK(hub_add(root, &a, &err) < 0 && err.kind == DORY_ERROR_CONFLICT);
	CHECK(hub_list_read(root, &found, &err) == 0 && found.count == 2);
	CHECK(!strcmp(found.hubs[1].name, "b") && found.hubs[1].layout == &hub_layout_capstan && !found.hubs[0].key && !strcmp(found.hubs[1].key, "00"));
	hub_list_release(&found);
	CHECK(hub_remove(root, "c", &err) < 0 && err.kind == DORY_ERROR_NOT_FOUND);
	CHECK(hub_remove(root, "a", &err) == 0);
	CHECK(hub_list_read(root, &found, &err) == 0 && found.count == 1 && hub_list_find(&found, "b") && !hub_list_find(&found, "a"));
	hub_list_release(&found);
	remove_root(root);
}

TEST(names_and_urls)
{
	struct dory_error err;

	CHECK(hub_check("main", "https://example.org/p", &err) == 0 && hub_check("a.b-c_1", "file:///p", &err) == 0);
	CHECK(hub_check("", "https://x", &err) < 0 && hub_check("../x", "https://x", &err) < 0 && hub_check("a/b", "https://x", &err) < 0);
	CHECK(hub_check("a", "ftp://x", &err) < 0 && hub_check("a", "https://", &err) < 0 && hub_check("a", "https://x?y", &err) < 0 &&
	      hub_check("a", "x", &err) < 0);
}

TEST(damaged_list)
{
	const char *root = make_root();
	char *path = text_format("%s/repositories.json", root);
	struct hub_list found;
	struct dory_error err;

	CHECK(file_replace(path, "[{\"name\": \"a\"}]", 15, &err) == 0);
	CHECK(hub_list_read(root, &found, &err) < 0 && err.kind == DORY_ERROR_FORMAT && found.count == 0);
	CHECK(file_replace(path, "{", 1, &err) == 0);
	CHECK(hub_list_read(root, &found, &err) < 0 && err.kind == DORY_ERROR_FORMAT);
	free(path);
	remove_root(root);
}

TEST(keys)
{
	const char *root = make_root();
	char *path = text_format("%s/key", root), key[HUB_KEY_TEXT_SIZE], again[HUB_KEY_TEXT_SIZE], signature[HUB_SIGNATURE_TEXT_SIZE + 1], parsed[HUB_KEY_TEXT_SIZE];
	struct dory_error err;

	CHECK(hub_key_generate(path, key, &err) == 0 && strlen(key) == 64);
	CHECK(hub_key_generate(path, again, &err) < 0 && err.kind == DORY_ERROR_CONFLICT);
	CHECK(hub_key_sign(path, "text", 4, signature, again, &err) == 0 && !strcmp(key, again));
	CHECK(hub_key_verifies(key, "text", 4, signature));
	strcat(signature, "\n");
	CHECK(hub_key_verifies(key, "text", 4, signature) && !hub_key_verifies(key, "texT", 4, signature) && !hub_key_verifies(key, "text", 3, signature));
	signature[5] = signature[5] == '0' ? '1' : '0';
	CHECK(!hub_key_verifies(key, "text", 4, signature) && !hub_key_verifies(key, "text", 4, "") && !hub_key_verifies("00", "text", 4, signature));
	CHECK(hub_key_parse("ed25519:", parsed, &err) < 0 && hub_key_parse(key, parsed, &err) == 0 && !strcmp(key, parsed));
	CHECK(hub_key_sign("/nowhere/key", "t", 1, signature, key, &err) < 0 && err.kind == DORY_ERROR_NOT_FOUND);
	free(path);
	remove_root(root);
}

/* RFC 8032 §7.1, test 2. */
TEST(known_signature)
{
	CHECK(hub_key_verifies("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "\x72", 1,
		"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"));
}

static int parse(const char *text, struct package_list *list)
{
	struct dory_error err;

	*list = (struct package_list){0};
	return hub_index_parse("test", text, strlen(text), NULL, list, &err);
}

#define INDEX(entry) "{\"format\": \"dory-packages 1\", \"packages\": [" entry "]}"
#define DIGEST	     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

TEST(index_round_trip)
{
	struct package_manifest m = {.name = (char *)"n", .title = (char *)"t", .author = (char *)"a", .version = (char *)"1.2", .created = (char *)"", .platform = (char *)"", .architecture = (char *)"", .sha256 = (char *)""};
	struct hub_index *index = hub_index_new();
	struct package_list list;
	char *text;

	text_list_add(&m.require, "node >= 18");
	hub_index_add(index, &m, "packages/n.dory", 7, DIGEST);
	hub_index_add(index, &m, "https://x/n.mpm", 0, NULL);
	text = hub_index_finish(index, NULL);
	CHECK(parse(text, &list) == 0 && list.count == 2);
	CHECK(!strcmp(list.entries[0].manifest.sha256, DIGEST) && list.entries[0].manifest.size == 7 && !strcmp(list.entries[0].stem, "packages/n.dory"));
	CHECK(list.entries[0].manifest.require.count == 1 && !*list.entries[1].manifest.sha256 && !list.entries[1].path);
	package_list_release(&list);
	text_list_release(&m.require);
	free(text);
}

TEST(hostile_indices)
{
	static const char *const bad[] = {"", "[]", "{}", "{\"format\": \"dory-packages 2\", \"packages\": []}", "{\"format\": \"dory-packages 1\"}"};
	static const char *const unsound[] = {
		INDEX("{\"name\": \"../x\", \"file\": \"a\"}"), INDEX("{\"name\": \"x\", \"file\": \"../a\"}"), INDEX("{\"name\": \"x\", \"file\": \"/etc/passwd\"}"),
		INDEX("{\"name\": \"x\", \"file\": \"file:///etc/passwd\"}"), INDEX("{\"name\": \"x\"}"), INDEX("7"), INDEX("{\"name\": \"x\", \"file\": \"a\", \"sha256\": \"12\"}"),
		INDEX("{\"name\": \"x\", \"file\": \"a\", \"size\": -1}"), INDEX("{\"name\": \"x\", \"file\": \"a\", \"require\": [\"a >\"]}"),
		INDEX("{\"name\": \"x\", \"file\": \"a\", \"require\": [7]}"), INDEX("{\"name\": \"x\", \"file\": \"a?b\"}")};
	struct package_list list;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(parse(bad[i], &list) < 0 && list.count == 0);
	for (size_t i = 0; i < ARRAY_SIZE(unsound); i++) {
		CHECK(parse(unsound[i], &list) == 0 && list.count == 0);
		package_list_release(&list);
	}
}

#define BUCKET(inner) "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3\">" inner "</ListBucketResult>"

TEST(bucket)
{
	static const char first[] = BUCKET("<IsTruncated>true</IsTruncated><Contents><Key>packages/a&amp;b.yaml</Key><Size>3</Size></Contents>");
	static const char laughs[] = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]><ListBucketResult><Key>&b;</Key></ListBucketResult>";
	struct text_list keys = {0};
	struct dory_error err;
	char *next;

	CHECK(hub_capstan_read_page("u", first, strlen(first), &keys, &next, &err) == 0 && keys.count == 1);
	CHECK(!strcmp(keys.items[0], "packages/a&b.yaml") && next && !strcmp(next, keys.items[0]));
	free(next);
	CHECK(hub_capstan_read_page("u", laughs, strlen(laughs), &keys, &next, &err) < 0 && err.kind == DORY_ERROR_FORMAT);
	CHECK(hub_capstan_read_page("u", "<html/>", 7, &keys, &next, &err) < 0 && hub_capstan_read_page("u", "", 0, &keys, &next, &err) < 0);
	text_list_release(&keys);
}

TEST_MAIN()
