/* SPDX-License-Identifier: BSD-3-Clause */
/* Packages of ours and Debian's in one pool: what is chosen of both, and what is said if it cannot be. */
#include <stdio.h>
#include "dory/resolution/archive_for_test.h"
#include "dory/resolution/list_for_test.h"

static struct dory_error err;
static struct test_archive archive;
static struct package_list made;
static struct text_list locked;
static char *choice, *order; /* of the last resolution: its choice, and Debian's packages as they stand */

static void make(const char *name, const char *version, const char *more)
{
	test_list_add(&made, name, version, more);
}

static void start(void)
{
	test_archive_add(&archive, "base-files", "12", "");
	test_archive_add(&archive, "libc6", "2.36", "Depends: libgcc-s1\n");
	test_archive_add(&archive, "libgcc-s1", "12", "Depends: libc6\n"); /* a circle */
	test_archive_add(&archive, "node", "16", "Depends: libc6\n");
	test_archive_add(&archive, "node", "18", "Depends: libc6\n");
	test_archive_add(&archive, "node", "20", "Depends: libc6 (>= 2), libnode\n");
	test_archive_add(&archive, "libnode", "20", "");
	test_archive_add(&archive, "one", "1", "Conflicts: two\nDepends: left\n");
	test_archive_add(&archive, "two", "2", "Depends: right\n");
	test_archive_add(&archive, "three", "3", "");
	test_archive_add(&archive, "left", "1", "Depends: shared (>= 1)\n"); /* a diamond */
	test_archive_add(&archive, "right", "1", "Depends: shared (<< 9)\n");
	test_archive_add(&archive, "shared", "1", "");
	test_archive_add(&archive, "deep", "1", "Depends: deeper\n");
	test_archive_add(&archive, "deeper", "1", "Depends: two\n");
	test_archive_add(&archive, "postbox", "1", "Provides: post\nConflicts: post\n");
	test_archive_add(&archive, "pigeon", "1", "Provides: post\nConflicts: post\n");
	test_archive_add(&archive, "letter", "1", "Depends: post\n");
	test_archive_add(&archive, "old-clock", "1", "Provides: clock (= 3)\n");
	test_archive_add(&archive, "adduser", "3", "Depends: passwd\n");
	test_archive_add(&archive, "passwd", "4", "");
	test_archive_add(&archive, "server", "1", "Depends: adduser\n");
	test_archive_add(&archive, "bash", "5", "");
	test_archive_add(&archive, "coreutils", "9", "");
	test_archive_add(&archive, "foreign", "1", "Architecture: arm64\n");
	test_archive_add(&archive, "hollow", "1", "Depends: nothing-at-all\n");
	test_archive_add(&archive, "bottom", "1", "Conflicts: three\n");
	for (int i = 0; i < 20; i++) { /* a long way down, with circles */
		char *name = text_format("step%d", i), *next = i < 19 ? text_format("step%d", i + 1) : text_copy("bottom");
		char *fields = text_format("Depends: %s, step%d\n", next, i / 2);

		test_archive_add(&archive, name, "1", fields);
		test_archive_add(&archive, name, "2", fields);
		free(fields);
		free(next);
		free(name);
	}
	test_archive_start(&archive);
}

static void end(void)
{
	package_list_release(&made);
	text_list_release(&locked);
	test_archive_end(&archive);
	text_replace(&choice, NULL);
	text_replace(&order, NULL);
}

/* "OURS=VERSION ... | DEBIAN=VERSION ..." without base-files and in order of name, or "-". */
static char *print(const struct resolution *resolution)
{
	struct text_list debian = {0};
	struct text_buffer text = {0};
	char *names;

	for (size_t i = 0; i < resolution->count; i++)
		text_append_format(&text, "%s=%s ", resolution->packages[i].entry->manifest.name, resolution->packages[i].entry->manifest.version);
	text_replace(&order, text_copy(""));
	for (size_t i = 0; i < resolution->set.count; i++)
		text_replace(&order, text_format("%s %s", order, resolution->set.packages[i].name));
	for (size_t i = 0; i < resolution->set.count; i++)
		if (strcmp(resolution->set.packages[i].name, "base-files") != 0)
			text_list_take(&debian, text_format("%s=%s", resolution->set.packages[i].name, resolution->set.packages[i].version));
	text_list_sort(&debian);
	names = text_list_join(&debian, " ");
	text_append_format(&text, "| %s", names);
	free(names);
	text_list_release(&debian);
	return text.text;
}

static char *resolve(const char *require, bool with_archive)
{
	struct package_manifest app = test_project(require);
	char *printed;
	struct resolution resolution;
	struct resolve_request request = {.root = &app, .available = &made, .architecture = "amd64", .locked = &locked,
		.archive = with_archive ? &archive.config : NULL};

	err = (struct dory_error){0};
	if (package_resolve(&request, &resolution, NULL, &err) < 0) {
		package_manifest_release(&app);
		return text_copy("-");
	}
	printed = print(&resolution);
	text_replace(&choice, text_copy(resolution.choice));
	resolution_release(&resolution);
	package_manifest_release(&app);
	return printed;
}

static bool resolves(const char *require, const char *wanted)
{
	char *got = resolve(require, true), *again = resolve(require, true);
	bool is_same = strcmp(got, wanted) == 0 && strcmp(got, again) == 0;

	if (!is_same)
		printf("# %s: %s, and again %s (%s)\n", require, got, again, err.message);
	free(again);
	free(got);
	return is_same;
}

static bool fails(const char *require, enum dory_error_kind kind, const char *message)
{
	static const char beginning[] = "what is required cannot be had: ";
	char *got = resolve(require, true);
	bool is_same = strcmp(got, "-") == 0 && err.kind == kind && strncmp(err.message, beginning, strlen(beginning)) == 0 &&
		       strcmp(err.message + strlen(beginning), message) == 0;

	if (!is_same)
		printf("# %s: %s, kind %d: %s\n", require, got, err.kind, err.message);
	free(got);
	return is_same;
}

TEST(the_archives_versions_are_chosen_with_ours)
{
	start();
	make("node", "1", "require: ['deb:node >= 18']\n"); /* ours and Debian's of one name */
	make("old", "1", "require: ['deb:node < 18']\n");
	make("new", "1", "require: ['deb:node > 18']\n");
	CHECK(resolves("deb:node", "| libc6=2.36 libgcc-s1=12 libnode=20 node=20"));
	CHECK(resolves("deb:node = 18", "| libc6=2.36 libgcc-s1=12 node=18"));
	CHECK(resolves("old", "old=1 | libc6=2.36 libgcc-s1=12 node=16"));
	CHECK(resolves("node", "node=1 | libc6=2.36 libgcc-s1=12 libnode=20 node=20"));
	CHECK(resolves("node, 'deb:node < 20'", "node=1 | libc6=2.36 libgcc-s1=12 node=18"));
	CHECK(resolves("", "| "));
	CHECK(fails("old, new", DORY_ERROR_CONFLICT,
		"app requires old; old 1 requires deb:node < 18; app requires new; new 1 requires deb:node > 18; an image holds one version of deb:node"));
	CHECK(fails("'deb:node > 20'", DORY_ERROR_NOT_FOUND,
		"app requires deb:node > 20, which Debian's archive does not have (there is 16, 18, 20)"));
	end();
}

TEST(contradictions_are_found_wherever_they_lie)
{
	start();
	make("a", "1", "require: ['deb:one']\n");
	make("b", "1", "require: ['deb:two']\n");
	make("c", "1", "require: ['deb:deep']\n");
	make("d", "1", "conflicts: ['deb:shared']\n");
	CHECK(resolves("a", "a=1 | left=1 one=1 shared=1"));
	CHECK(resolves("b, c", "b=1 c=1 | deep=1 deeper=1 right=1 shared=1 two=2"));
	CHECK(fails("a, b", DORY_ERROR_CONFLICT,
		"app requires a; a 1 requires deb:one; app requires b; b 1 requires deb:two; deb:one 1 cannot be together with deb:two 2"));
	CHECK(fails("a, c", DORY_ERROR_CONFLICT,
		"app requires a; a 1 requires deb:one; app requires c; c 1 requires deb:deep; deb:deep 1 requires deb:deeper; "
		"deb:deeper 1 requires deb:two; deb:one 1 cannot be together with deb:two 2"));
	CHECK(fails("d, b", DORY_ERROR_CONFLICT,
		"app requires d; app requires b; b 1 requires deb:two; deb:two 2 requires deb:right; deb:right 1 requires deb:shared < 9; "
		"d 1 cannot be together with deb:shared 1"));
	CHECK(fails("deb:hollow", DORY_ERROR_CONFLICT, "app requires deb:hollow; deb:hollow 1 requires deb:nothing-at-all, which nobody has"));
	end();
}

TEST(of_a_long_way_both_ends_are_told)
{
	start();
	CHECK(resolves("deb:bottom", "| bottom=1"));
	CHECK(fails("'deb:step0', 'deb:three'", DORY_ERROR_CONFLICT,
		"app requires deb:step0; deb:step0 2 requires deb:step1; deb:step1 2 requires deb:step2; ...; "
		"deb:step17 2 requires deb:step18; deb:step18 2 requires deb:step19; deb:step19 2 requires deb:bottom; "
		"app requires deb:three; deb:bottom 1 cannot be together with deb:three 3"));
	end();
}

/* Neither half alone would find these: the one chooses what the other cannot have. */
TEST(ours_give_way_to_debians)
{
	start();
	make("tool", "1", "");
	make("tool", "2", "require: ['deb:two']\n");
	make("tool", "3", "require: ['deb:no-such']\n");
	make("way", "1", "require: ['deb:two | deb:three']\n");
	make("lib", "1", "");
	CHECK(resolves("tool", "tool=2 | right=1 shared=1 two=2"));
	CHECK(resolves("tool, 'deb:one'", "tool=1 | left=1 one=1 shared=1"));
	CHECK(resolves("way", "way=1 | right=1 shared=1 two=2"));
	CHECK(resolves("way, 'deb:one'", "way=1 | left=1 one=1 shared=1 three=3"));
	CHECK(resolves("deb:no-such | deb:node >= 99 | lib", "lib=1 | "));
	CHECK(resolves("deb:no-such | deb:node >= 99 | deb:three | lib", "| three=3"));
	CHECK(resolves("lib | deb:three", "lib=1 | "));
	CHECK(resolves("deb:hollow | deb:three | lib", "| three=3"));
	CHECK(resolves("none | deb:two | deb:three, 'deb:one'", "| left=1 one=1 shared=1 three=3"));
	end();
}

TEST(the_nearest_wish_counts)
{
	start();
	make("x", "1", "");
	make("y", "1", "");
	make("wants-x", "1", "require: ['x | y | deb:three']\n");
	make("wants-y", "1", "require: ['y | x']\n");
	make("wants-three", "1", "require: ['deb:three | y | x']\n");
	make("nobody-asks", "1", "require: ['y | x | deb:three']\n"); /* says nothing here */
	CHECK(resolves("wants-x", "x=1 wants-x=1 | "));
	CHECK(resolves("wants-y", "y=1 wants-y=1 | "));
	CHECK(resolves("wants-three", "wants-three=1 | three=3"));
	CHECK(resolves("y | x, wants-x", "y=1 wants-x=1 | "));
	CHECK(resolves("wants-x, x | y", "x=1 wants-x=1 | "));
	end();
}

TEST(who_provides_what)
{
	start();
	make("our-post", "1", "provides: ['deb:post = 7']\n");
	make("stamp", "1", "require: ['deb:letter']\n");
	CHECK(resolves("our-post, stamp", "our-post=1 stamp=1 | letter=1"));
	CHECK(resolves("deb:post > 5", "our-post=1 | "));
	CHECK(fails("deb:post > 8", DORY_ERROR_NOT_FOUND,
		"app requires deb:post > 8, which is not one package of Debian's (it is provided by postbox, pigeon)"));
	CHECK(resolves("deb:clock", "| old-clock=1"));
	CHECK(resolves("deb:clock >= 2", "| old-clock=1"));
	CHECK(fails("deb:nod", DORY_ERROR_NOT_FOUND, "app requires deb:nod, which Debian's archive does not have"));
	CHECK(strstr(err.hint, "Did you mean node"));
	CHECK(fails("deb:foreign", DORY_ERROR_NOT_FOUND, "app requires deb:foreign, which Debian's archive does not have"));
	CHECK(fails("deb:no-a | deb:no-b", DORY_ERROR_NOT_FOUND,
		"app requires deb:no-a | deb:no-b; Debian's archive does not have deb:no-a; Debian's archive does not have deb:no-b"));
	CHECK(fails("python >= 9", DORY_ERROR_NOT_FOUND, "app requires python >= 9; Debian's archive does not have deb:python3 >= 9"));
	end();
}

TEST(what_only_scripts_need_comes_if_it_is_asked_for)
{
	start();
	CHECK(resolves("deb:server", "| server=1"));
	CHECK(resolves("'deb:server', 'deb:adduser'", "| adduser=3 passwd=4 server=1"));
	CHECK(resolves("deb:bash", "| bash=5 coreutils=9"));
	CHECK(resolves("deb:passwd | deb:bash", "| passwd=4"));
	end();
}

TEST(a_lock_holds)
{
	char *before;

	start();
	make("own", "1", "require: ['deb:node']\n");
	text_list_add(&locked, "node = 16");
	text_list_add(&locked, "libc6 = 2.36");
	text_list_add(&locked, "bash = 5"); /* came as somebody's need: brings no more than itself */
	CHECK(resolves("own", "own=1 | bash=5 libc6=2.36 libgcc-s1=12 node=16"));
	CHECK(resolves("'deb:bash', own", "own=1 | bash=5 coreutils=9 libc6=2.36 libgcc-s1=12 node=16"));
	text_list_release(&locked);
	CHECK(resolves("'deb:node < 18', 'deb:one'", "| left=1 libc6=2.36 libgcc-s1=12 node=16 one=1 shared=1"));
	before = text_copy(order);
	text_list_add(&locked, "node = 16");
	text_list_add(&locked, "shared = 1");
	text_list_add(&locked, "left = 1");
	CHECK(resolves("own, 'deb:one'", "own=1 | left=1 libc6=2.36 libgcc-s1=12 node=16 one=1 shared=1"));
	CHECK(strcmp(before, order) == 0); /* an image is the same with its lock and without */
	CHECK(strstr(order, " shared") < strstr(order, " left") && strstr(order, " left") < strstr(order, " one"));
	free(before);
	CHECK(fails("'deb:node > 16'", DORY_ERROR_CONFLICT,
		"app requires deb:node > 16; dory.lock requires deb:node = 16; an image holds one version of deb:node"));
	text_list_add(&locked, "three = 4");
	CHECK(fails("own", DORY_ERROR_NOT_FOUND, "dory.lock requires deb:three = 4, which Debian's archive does not have (there is 3)"));
	end();
}

/* What was resolved once is answered again without the archive. */
TEST(a_choice_is_taken_again)
{
	static const char *const damaged[] = {"", "0", "x =", "= 9", "7 =", "0 = 0 x", "1 2"};
	struct package_manifest app = test_project("tool, 'deb:no-such | deb:one'");
	struct resolution resolution;
	struct resolve_request request = {.root = &app, .available = &made, .architecture = "amd64", .locked = &locked};
	char *debian;

	start();
	make("tool", "1", "require: [lib]\n");
	make("tool", "2", "require: [lib, 'deb:two']\n");
	make("lib", "1", "");
	CHECK(resolves("tool, 'deb:no-such | deb:one'", "lib=1 tool=1 | left=1 one=1 shared=1"));
	request.choice = choice;
	CHECK_EQ(package_resolve(&request, &resolution, NULL, &err), 0);
	CHECK_EQ(resolution.count, 2);
	CHECK(resolution.packages[0].entry == &made.entries[2] && resolution.packages[1].entry == &made.entries[0]);
	debian = text_list_join(&resolution.debian, ",");
	CHECK(!strcmp(debian, "one") && !strcmp(resolution.choice, choice));
	free(debian);
	resolution_release(&resolution);
	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		request.choice = damaged[i];
		CHECK_EQ(package_resolve(&request, &resolution, NULL, &err), -1);
		CHECK_EQ(err.kind, DORY_ERROR_FORMAT);
	}
	package_manifest_release(&app);
	end();
}

TEST(who_needs_what_of_debians_is_told)
{
	struct package_manifest app = test_project("'deb:deep', 'deb:right', 'deb:server', 'deb:adduser'");
	struct resolution resolution;
	struct resolve_request request = {.root = &app, .available = &made, .architecture = "amd64", .archive = &archive.config};
	struct text_buffer told = {0};

	start();
	CHECK_EQ(package_resolve(&request, &resolution, NULL, &err), 0);
	for (size_t i = 0; i < resolution.set.count; i++) {
		char *needed_by = text_list_join(&resolution.set.packages[i].needed_by, ",");

		text_append_format(&told, "%s<%s ", resolution.set.packages[i].name, needed_by);
		free(needed_by);
	}
	CHECK(strstr(told.text, "shared<right ") && strstr(told.text, "right<two ") && strstr(told.text, "two<deeper ") &&
		strstr(told.text, "deep< ") && strstr(told.text, "base-files< ") && strstr(told.text, "adduser<server "));
	free(told.text);
	resolution_release(&resolution);
	package_manifest_release(&app);
	end();
}

/* Of one version in two repositories the one that is asked first has it; a newer one in the second counts. */
TEST(repositories_are_asked_in_order)
{
	struct package_source sources[2] = {{.name = "here"}, {.name = "there"}};
	struct package_manifest app = test_project("same, newer");
	struct resolution resolution;
	struct resolve_request request = {.root = &app, .available = &made, .architecture = "amd64"};

	make("newer", "1", "");
	make("same", "1", "");
	make("newer", "2", "");
	make("same", "1", "");
	for (size_t i = 0; i < made.count; i++)
		made.entries[i].source = &sources[i / 2];
	CHECK_EQ(package_resolve(&request, &resolution, NULL, &err), 0);
	CHECK(resolution.count == 2 && resolution.packages[0].entry == &made.entries[1] && resolution.packages[1].entry == &made.entries[2]);
	resolution_release(&resolution);
	package_manifest_release(&app);
	package_list_release(&made);
}

TEST(without_lists_nothing_is_asked)
{
	struct package_manifest app = test_project("'deb:one'");
	struct resolution resolution;
	struct resolve_request request = {.root = &app, .available = &made, .architecture = "amd64", .archive = &archive.config,
		.refresh = DEBIAN_OFFLINE};
	char *gone;

	start();
	gone = text_format("%s/cache", archive.root);
	CHECK_EQ(package_resolve(&request, &resolution, NULL, &err), 0);
	CHECK_EQ(resolution.set.count, 4);
	resolution_release(&resolution);
	CHECK_EQ(file_remove_tree(gone, &err), 0);
	CHECK_EQ(package_resolve(&request, &resolution, NULL, &err), -1);
	CHECK(err.kind == DORY_ERROR_NOT_FOUND && strstr(err.hint, "--offline"));
	request.archive = NULL; /* it may have it, or not */
	CHECK_EQ(package_resolve(&request, &resolution, NULL, &err), 0);
	CHECK(resolution.debian.count == 1 && !strcmp(resolution.debian.items[0], "one"));
	resolution_release(&resolution);
	package_manifest_release(&app);
	free(gone);
	end();
}

TEST_MAIN()
