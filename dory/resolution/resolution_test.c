/* SPDX-License-Identifier: BSD-3-Clause */
/* Which packages are chosen, in which order, and what is said if none can be: without Debian's archive. */
#include <stdlib.h>
#include <string.h>
#include "dory/resolution/list_for_test.h"

static struct dory_error err;

/* Packages that exist only in the list. */
static struct package_list made;

static void make(const char *name, const char *version, const char *more)
{
	test_list_add(&made, name, version, more);
}

/* The names in order, Debian's packages behind "|"; owned. */
static char *resolve(const char *require)
{
	struct package_manifest app = test_project(require);
	struct resolution resolution;
	struct text_buffer names = {0};
	struct resolve_request request = {.root = &app, .available = &made, .architecture = "amd64"};
	char *debian;

	if (package_resolve(&request, &resolution, NULL, &err) < 0) {
		package_manifest_release(&app);
		return text_copy("-");
	}
	for (size_t i = 0; i < resolution.count; i++)
		text_append_format(&names, "%s%s", i ? " " : "", resolution.packages[i].entry->manifest.name),
			text_append_format(&names, "%s%s", *resolution.packages[i].entry->manifest.version ? "=" : "", resolution.packages[i].entry->manifest.version);
	debian = text_list_join(&resolution.debian, ", ");
	if (*debian)
		text_append_format(&names, "|%s", debian);
	free(debian);
	resolution_release(&resolution);
	package_manifest_release(&app);
	return names.text ? names.text : text_copy("");
}

static bool resolves(const char *require, const char *wanted)
{
	char *got;
	bool is_same;

	err = (struct dory_error){0};
	got = resolve(require);
	is_same = strcmp(got, wanted) == 0;
	if (!is_same)
		printf("# %s: %s (%s)\n", require, got, err.message);
	free(got);
	return is_same;
}

TEST(dependencies_stand_before_what_needs_them)
{
	make("c", "", "");
	make("a", "", "require: [c]\n");
	make("b", "", "require: [c]\n");
	make("x", "", "require: [y]\n");
	make("y", "", "require: [z]\n");
	make("z", "", "require: [x]\n");
	CHECK(resolves("'a','b'", "c a b")); /* a diamond */
	CHECK(resolves("'c','b','a'", "c b a"));
	CHECK(resolves("x", "z y x")); /* a circle */
	CHECK(resolves("y, a", "x z y c a"));
	CHECK(resolves("", ""));
	package_list_release(&made);
}

TEST(versions_and_alternatives)
{
	make("node", "16.0", "");
	make("node", "18.2", "");
	make("node", "9.1", "");
	make("old", "1", "require: ['node < 18']\n");
	make("new", "1", "require: ['node >= 18']\n");
	make("lib", "1", "provides: ['api = 3']\n");
	make("lib2", "1", "conflicts: [lib]\n");
	make("foreign", "1", "architecture: arm64\n");
	CHECK(resolves("node", "node=18.2"));
	CHECK(resolves("node < 18", "node=16.0"));
	CHECK(resolves("old", "node=16.0 old=1"));
	CHECK(resolves("new", "node=18.2 new=1"));
	CHECK(resolves("api >= 2", "lib=1"));
	CHECK(resolves("none | node >= 18", "node=18.2"));
	CHECK(resolves("node = 9.1 | deb:nodejs", "node=9.1"));
	CHECK(resolves("deb:nodejs | node = 9.1", "|nodejs"));
	CHECK(resolves("lib | foreign", "lib=1"));
	CHECK(resolves("foreign | lib", "lib=1"));
	CHECK(resolves("lib2 | lib", "lib2=1"));
	CHECK(resolves("lib | lib2", "lib=1"));
	CHECK(resolves("node > 20 | deb:nodejs >= 18", "|nodejs >= 18"));
	CHECK(resolves("deb:redis-server, 'deb:nodejs'", "|nodejs, redis-server"));
	CHECK(resolves("old, new", "-"));
	CHECK(strstr(err.message, "new 1 requires node >= 18") && strstr(err.message, "old 1 requires node < 18"));
	CHECK_EQ(err.kind, DORY_ERROR_CONFLICT);
	CHECK(resolves("lib, lib2", "-"));
	CHECK(resolves("node > 20", "-"));
	CHECK(strstr(err.message, "app requires node > 20, which nobody has (there is 16.0, 18.2, 9.1)"));
	CHECK(!strstr(err.hint, "Did you mean")); /* the name is right */
	CHECK(resolves("nodee", "-"));
	CHECK(strstr(err.message, "app requires nodee, which nobody has") && strstr(err.hint, "node"));
	CHECK(resolves("foreign", "-"));
	CHECK(resolves("node-4.4.5, osv.bootstrap, python-2.7", "|nodejs, python3"));
	package_list_release(&made);
}

TEST_MAIN()
