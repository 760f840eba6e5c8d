/* SPDX-License-Identifier: BSD-3-Clause */
/* package.yaml and doc.yaml: what is read, what is refused and where, and what is written. */
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/manifest/doc_manifest.h"
#include "dory/manifest/document.h"
#include "dory/manifest/package_manifest.h"
#include "dory/manifest/requirement.h"
#include "tests/unit/test.h"

static struct dory_error err;
static struct package_manifest manifest;

static int parse(const char *text)
{
	return package_manifest_parse("package.yaml", text, strlen(text), true, &manifest, &err);
}

#define HEAD "name: a\ntitle: A\nauthor: me\n"

TEST(a_manifest_is_read)
{
	CHECK_EQ(parse(HEAD "version: 0.10\nrequire:\n- b\n- node >= 18\n- deb:nodejs | node\nbinary: {app: /app}\n"
			    "created: 2017-09-14 18:08\nplatform: Ubuntu-14.04\n"), 0);
	CHECK(!strcmp(manifest.name, "a") && !strcmp(manifest.version, "0.10") && !strcmp(manifest.platform, "Ubuntu-14.04"));
	CHECK_EQ(manifest.require.count, 3);
	CHECK(!strcmp(manifest.require.items[1], "node >= 18") && !strcmp(manifest.binary.items[0], "app=/app"));
	package_manifest_release(&manifest);
}

TEST(what_is_written_reads_as_capstans)
{
	char *text;

	CHECK_EQ(parse("title: Package A\nname: pkg.a\nauthor: me\nversion: 1.2.3\nrequire: [pkg.b]\n"
		       "created: \"2026-11-21T01:46:22Z\"\nplatform: Ubuntu-14.04\n"), 0);
	text = package_manifest_print(&manifest);
	CHECK(!strcmp(text, "name: pkg.a\ntitle: Package A\nauthor: me\nversion: 1.2.3\nrequire:\n- pkg.b\n"
			    "created: \"2026-11-21T01:46:22Z\"\nplatform: Ubuntu-14.04\n"));
	free(text);
	package_manifest_release(&manifest);
	CHECK_EQ(parse(HEAD "version: 0.1\n"), 0);
	text = package_manifest_print(&manifest);
	CHECK(!strcmp(text, "name: a\ntitle: A\nauthor: me\nversion: \"0.1\"\ncreated: N/A\n"));
	free(text);
	package_manifest_release(&manifest);
}

TEST(mappings_are_merged)
{
	CHECK_EQ(parse("<<: {name: x, title: t, author: me}\nname: a\n"), 0);
	CHECK(!strcmp(manifest.name, "a") && !strcmp(manifest.title, "t"));
	package_manifest_release(&manifest);
	CHECK_EQ(parse("binary: &b {one: /1, two: /2}\nbinary:\n  <<: [{one: /first}, *b]\n  three: /3\n" HEAD), 0);
	CHECK_EQ(manifest.binary.count, 3);
	CHECK(text_list_has(&manifest.binary, "one=/first") && text_list_has(&manifest.binary, "two=/2") && text_list_has(&manifest.binary, "three=/3"));
	package_manifest_release(&manifest);
	CHECK_EQ(parse(HEAD "'<<': x\n"), 0); /* quoted it is a key like others */
	package_manifest_release(&manifest);
	CHECK_EQ(parse(HEAD "<<: x\n"), -1);
	CHECK(strstr(err.message, "line 4, column 5: behind << KEY: VALUE is expected, or a list of such, not a value") != NULL);
	CHECK_EQ(parse(HEAD "<<: [{version: 1}, [x]]\n"), -1);
	CHECK_EQ(parse(HEAD "binary: &b {<<: *b}\n"), -1); /* into itself */
}

TEST(times_are_those_of_capstan)
{
	static const struct {
		const char *written, *shown;
	} times[] = {{"2017-09-14T18:08:16+02:00", "2017-09-14 18:08"}, {"2017-09-14T18:08:16.123Z", "2017-09-14 18:08"},
		{"2017-09-14 18:08", "2017-09-14 18:08"}, {"", "N/A"}, {"yesterday", "N/A"}, {"2017-09-14", "N/A"}};

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		char *text = package_created_text(times[i].written);

		CHECK(!strcmp(text, times[i].shown));
		free(text);
	}
}

TEST(what_must_be_there)
{
	CHECK_EQ(parse("title: A\nauthor: me\n"), -1);
	CHECK(strstr(err.message, "'name' must be provided"));
	CHECK_EQ(parse("name: A\nauthor: me\n"), -1);
	CHECK(strstr(err.message, "'title' must be provided"));
	CHECK_EQ(parse(""), -1);
	CHECK_EQ(parse("name: a\ntitle: ~\nauthor: me\n"), -1);
}

TEST(errors_say_where_and_what)
{
	static const struct {
		const char *text, *message, *hint;
	} bad[] = {
		{HEAD "require: b\n", "line 4, column 10: a list is expected", ""},
		{HEAD "requires: [b]\n", "line 4, column 1: there is no key 'requires'", "'require'"},
		{"nmae: a\n", "no key 'nmae'", "'name'"},
		{"Name: a\n", "no key 'Name'", "'name'"},
		{HEAD "require:\n- b\n- c >>\n", "line 6, column 3: \"c >>\" is not a requirement", "NAME >= VERSION"},
		{HEAD "title: [a]\n", "line 4, column 8: one value is expected here, not a list", ""},
		{"name: ../a\ntitle: A\nauthor: me\n", "cannot be the name", "letters"},
		{HEAD "version: 1/2\n", "cannot be a version", ""},
		{HEAD "size: -1\n", "line 4, column 7: a number of bytes is expected", ""},
		{HEAD "size: 1000000000000000000\n", "a number of bytes is expected", ""},
		{"name: [a\n", "line 2, column 1", ""},
		{"- a\n", "KEY: VALUE is expected here, not a list", ""},
		{"name: \xff\xfe\n", "not a text in UTF-8", ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		err = (struct dory_error){0};
		CHECK_EQ(parse(bad[i].text), -1);
		if (!strstr(err.message, bad[i].message) || !strstr(err.hint, bad[i].hint))
			printf("# %s | %s\n", err.message, err.hint);
		CHECK(strstr(err.message, bad[i].message) && strstr(err.hint, bad[i].hint));
		CHECK_EQ(err.kind, DORY_ERROR_FORMAT);
	}
}

TEST(what_is_no_text_is_printed_as_text)
{
	/* Cut short, longer than need be, half of a UTF-16 pair, beyond Unicode, no beginning; and characters of each length. */
	static const struct {
		const char *title, *printed;
	} titles[] = {{"a\xc3", "a?"}, {"\xc0\x80", "??"}, {"\xe0\x80\x80", "???"}, {"\xf0\x80\x80\x80", "????"}, {"\xed\xa0\x80", "???"},
		{"\xf4\x90\x80\x80", "????"}, {"\x80", "?"}, {"\xff", "?"}, {"\xc3\xa9\xe2\x82\xac", "\xc3\xa9\xe2\x82\xac"},
		{"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"}};

	for (size_t i = 0; i < ARRAY_SIZE(titles); i++) {
		char *text;

		package_manifest_default(&manifest);
		text_replace(&manifest.title, text_copy(titles[i].title));
		text = package_manifest_print(&manifest);
		package_manifest_release(&manifest);
		CHECK_EQ(package_manifest_parse("f", text, strlen(text), true, &manifest, &err), 0);
		CHECK(!strcmp(manifest.title, titles[i].printed));
		package_manifest_release(&manifest);
		free(text);
	}
}

TEST(unknown_keys_that_resemble_none_are_skipped_and_doubles_count_last)
{
	CHECK_EQ(parse(HEAD "homepage: x\nname: b\n"), 0);
	CHECK(!strcmp(manifest.name, "b"));
	package_manifest_release(&manifest);
}

TEST(laughs_by_the_billion_end)
{
	struct text_buffer text = {0};

	text_append_format(&text, "%srequire: &l\n", HEAD);
	for (int i = 0; i < 600; i++)
		text_append_format(&text, "- a\n");
	for (int i = 0; i < 600; i++)
		text_append_format(&text, "require: *l\n");
	CHECK_EQ(parse(text.text), -1);
	CHECK(strstr(err.message, "says too much"));
	memset(text.text, '[', text.length);
	CHECK_EQ(parse(text.text), -1);
	CHECK(strstr(err.message, "brackets"));
	free(text.text);
}

TEST(requirements_are_taken_apart)
{
	struct requirement requirement;
	char *text;

	CHECK_EQ(requirement_parse("node>=18|deb:nodejs = 18.20.4+dfsg-1~deb12u1 | x", &requirement, &err), 0);
	CHECK_EQ(requirement.count, 3);
	CHECK(requirement.alternatives[0].operator == REQUIREMENT_GREATER_EQUAL && requirement.alternatives[1].is_debian);
	text = requirement_print(&requirement);
	CHECK(!strcmp(text, "node >= 18 | deb:nodejs = 18.20.4+dfsg-1~deb12u1 | x"));
	free(text);
	requirement_release(&requirement);
	CHECK_EQ(requirement_parse("", &requirement, &err), -1);
	CHECK_EQ(requirement_parse("a b", &requirement, &err), -1);
	CHECK_EQ(requirement_parse("a |", &requirement, &err), -1);
	CHECK_EQ(requirement_parse("a >= ", &requirement, &err), -1);
	CHECK_EQ(requirement_parse("../a", &requirement, &err), -1);
}

TEST(scalars_that_yaml_changes)
{
	static const char *const changed[] = {"Y", "yes", "on", "1.10", "010", "0x10", "1e3", "1_000", ".5", "~", "NO"};
	static const char *const kept[] = {"12:30:45", "2018-01-01", "8000", "0.5", "1.2.3", "true", "a", "", "-7", "0", "10"};

	for (size_t i = 0; i < ARRAY_SIZE(changed); i++)
		CHECK(scalar_changes(changed[i]));
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		CHECK(!scalar_changes(kept[i]));
	CHECK(scalar_is_typed("0.1") && scalar_is_typed("2018-01-01") && !scalar_is_typed("1.2.3"));
}

TEST(documentation_is_read)
{
	static const char text[] = "purpose: serves pages\nlimits: [no TLS]\nconfig_set:\n  web:\n    purpose: serves\n"
				   "    parameters:\n      PORT: where it listens\n      ROOT: {purpose: files, required: true, default: /srv}\n";
	struct doc_manifest doc;

	CHECK_EQ(doc_manifest_parse("doc.yaml", text, strlen(text), true, &doc, &err), 0);
	CHECK(doc.count == 1 && doc.sets[0].count == 2 && doc.sets[0].parameters[1].is_required);
	CHECK(!strcmp(doc.sets[0].parameters[0].purpose, "where it listens"));
	doc_manifest_release(&doc);
	CHECK_EQ(doc_manifest_parse("doc.yaml", "config_sets: {}\n", 16, true, &doc, &err), -1);
	CHECK(strstr(err.hint, "config_set"));
}

TEST_MAIN()
