/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Damaged manifests: package.yaml, run.yaml, doc.yaml, ignore files, requirements. The parsers stay inside the text, end, and either say what is
 * wrong or yield what can be written and read again. LLVMFuzzerTestOneInput takes a text; the tests damage good ones, by a seed.
 */
#include <stdlib.h>
#include <string.h>
#include "dory/manifest/capstanfile.h"
#include "dory/manifest/doc_manifest.h"
#include "dory/manifest/ignore.h"
#include "dory/manifest/package_manifest.h"
#include "dory/manifest/requirement.h"
#include "dory/runtime/boot.h"
#include "tests/fuzz/tool/damage.h"

enum { ROUNDS = 4000 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct dory_error err;

static void read_package(const char *text, size_t len)
{
	struct package_manifest manifest, again;
	char *printed;

	if (package_manifest_parse("m", text, len, true, &manifest, &err) < 0)
		return;
	printed = package_manifest_print(&manifest);
	if (package_manifest_parse("m", printed, strlen(printed), true, &again, &err) < 0) {
		printf("# what was written cannot be read: %s\n%s\n", err.message, printed);
		abort();
	}
	if (strcmp(manifest.name, again.name) != 0 || strcmp(manifest.version, again.version) != 0 || manifest.require.count != again.require.count)
		abort();
	package_manifest_release(&manifest);
	package_manifest_release(&again);
	free(printed);
}

static const struct run_manifest *find_none(void *context, const char *package)
{
	return context;
}

/* The manifest stands for every package, so that bases lead back to it. */
static void run_set(struct run_manifest *manifest, const struct run_set *set)
{
	const struct boot_packages packages = {.find = find_none, .context = manifest};
	struct text_list names = {0}, environment = {0};
	struct boot_sets sets = {.count = 1}, copy;
	struct command_line command = {0};
	struct boot_set boot;
	char *json, *capstan;

	if (boot_set_make(manifest, set, &packages, &boot, &err) < 0)
		return;
	sets.sets = &boot;
	capstan = boot_set_capstan(&boot);
	text_list_add(&names, boot.name);
	json = boot_sets_to_json(&sets);
	if (boot_command(&sets, &names, NULL, 0, &command, &environment, &err) == 0 && command.count == 0)
		abort();
	if (json && boot_sets_from_json(json, &copy, &err) == 0)
		boot_sets_release(&copy);
	command_line_release(&command);
	text_list_release(&names);
	text_list_release(&environment);
	boot_set_release(&boot);
	free(capstan);
	free(json);
}

static void read_run(const char *text, size_t len)
{
	struct run_manifest manifest;

	if (run_manifest_parse("m", text, len, true, &manifest, &err) < 0)
		return;
	for (size_t i = 0; i < manifest.count; i++)
		run_set(&manifest, &manifest.sets[i]);
	run_manifest_release(&manifest);
}

static void read_doc(const char *text, size_t len)
{
	struct doc_manifest manifest;

	if (doc_manifest_parse("m", text, len, true, &manifest, &err) == 0)
		doc_manifest_release(&manifest);
}

static void read_capstanfile(const char *text, size_t len)
{
	struct capstanfile file;

	if (capstanfile_parse("m", text, len, true, &file, &err) < 0)
		return;
	if (!file.command || !*file.command)
		abort();
	for (size_t i = 0; i < file.count; i++) {
		if (file.files[i].guest[0] != '/' || strstr(file.files[i].guest, "/../") || !*file.files[i].host)
			abort();
	}
	capstanfile_release(&file);
}

static void read_lines(const char *text)
{
	struct requirement requirement;
	struct ignore_rules rules;

	if (ignore_parse("m", text, &rules, &err) == 0) {
		ignore_matches(&rules, "/some/path/that/is/long/enough.txt");
		ignore_release(&rules);
	}
	if (requirement_parse(text, &requirement, &err) == 0) {
		char *printed = requirement_print(&requirement);
		struct requirement again;

		if (requirement_parse(printed, &again, &err) < 0)
			abort();
		requirement_release(&again);
		requirement_release(&requirement);
		free(printed);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = calloc(1, len + 1);

	if (!text)
		abort();
	memcpy(text, bytes, len);
	read_package(text, len);
	read_run(text, len);
	read_doc(text, len);
	read_capstanfile(text, len);
	read_lines(text);
	free(text);
	return 0;
}

static const char *const good[] = {
	"name: web\ntitle: \"A: title\"\nauthor: me\nversion: 1.10\nrequire:\n- a\n- b >= 1.2 | deb:c\nbinary: {x: /y}\ncreated: 2017-09-14 18:08\n",
	"runtime: node\nconfig_set:\n  a:\n    main: /m.js\n    args: [x, 'y z']\n    env: {PORT: 8000, Y: '$X'}\n  b:\n    base: \"p:a\"\nconfig_set_default: a, b\n",
	"runtime: native\nconfig_set:\n  a: &x\n    bootcmd: /a ${B:+-c $B} '$C' \\$D \"e f\"; /g &! /h\n    env: &e {B: 1}\n  b: *x\n",
	"runtime: java\nconfig_set:\n  a: {main: a.jar, jvm_args: [-Da=b], classpath: [/x], xms: 1m}\n",
	"purpose: p\nlimits: [a]\nconfig_set:\n  a:\n    purpose: q\n    parameters: {P: text, Q: {required: yes, default: 1}}\n",
	"base: cloudius/osv-base\ncmdline: /tools/hello.so -x\nbuild: make all\nfiles:\n  /tools/hello.so: build/&\n  /etc/x: 'a b'\nrootfs: R\n",
	"base: [deb:a, b/c]\ncmdline: \"--env=A=1 /a\"\nfiles: {/a: &a b, /../c: *a}\nrpm-base: {name: x}\n",
	"# comment\n/doc\n/**/*.md\n/a/*\n",
	"node >= 18 | deb:nodejs = 18.20.4+dfsg-1~deb12u1",
};

static const char *const pieces[] = {"\n", ": ", "- ", "[", "]", "{", "}", "&a ", "*a", "\"", "'", "\xff", "\xc3\xa9", "!!binary ", "? ", "<<: *x", "$", "${", ":+", "|", ">", "\t",
	"../", "~", "config_set:", "base: p:a\n"};

TEST(good_ones_are_read)
{
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		LLVMFuzzerTestOneInput((const uint8_t *)good[i], strlen(good[i]));
	CHECK_EQ(LLVMFuzzerTestOneInput((const uint8_t *)"", 0), 0);
}

TEST(damaged_ones_end)
{
	char text[2048];

	for (unsigned round = 0; round < ROUNDS; round++) {
		const char *from = good[test_below(ARRAY_SIZE(good))];
		size_t len = strlen(from);

		memcpy(text, from, len);
		LLVMFuzzerTestOneInput((const uint8_t *)text, damage_text(text, len, sizeof(text), pieces, ARRAY_SIZE(pieces)));
	}
}

TEST(deep_nesting_ends)
{
	enum { DEPTH = 100000 };
	char *text = malloc(DEPTH + 16);

	CHECK(text != NULL);
	memcpy(text, "name: ", 6);
	memset(text + 6, '[', DEPTH);
	LLVMFuzzerTestOneInput((const uint8_t *)text, DEPTH + 6);
	free(text);
}

TEST_MAIN()
