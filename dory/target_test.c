/* SPDX-License-Identifier: BSD-3-Clause */
/* What words name, the names of images, and the packages of interpreters. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dory/parts.h"
#include "tests/unit/test.h"

static struct dory_target target_of(const char *word, const char *with)
{
	struct dory_target target;
	struct dory_error err;

	if (dory_target_init(&target, word, false, &with, with != NULL, &err) < 0)
		return (struct dory_target){.kind = (enum dory_target_kind) - 1};
	return target;
}

static bool is_kind(const char *word, const char *with, int kind)
{
	struct dory_target target = target_of(word, with);
	bool is_same = (int)target.kind == kind;

	if ((int)target.kind != -1)
		dory_target_release(&target);
	return is_same;
}

TEST(what_words_name)
{
	CHECK(is_kind("deb:sqlite3", NULL, DORY_TARGET_DEBIAN));
	CHECK(is_kind("deb:libstdc++6=12.2.0-14", NULL, DORY_TARGET_DEBIAN));
	CHECK(is_kind("web", NULL, DORY_TARGET_IMAGE));
	CHECK(is_kind("team/web", NULL, DORY_TARGET_IMAGE));
	CHECK(is_kind("./nothing-here", NULL, DORY_TARGET_FILE));
	CHECK(is_kind("/bin/sh", NULL, DORY_TARGET_FILE));
	CHECK(is_kind("build/VERSION", NULL, DORY_TARGET_FILE)); /* tests run at the root of the tree */
	CHECK(is_kind("./script", "deb:python3", DORY_TARGET_FILE));
}

static void write_file(const char *path, const char *bytes, size_t length, off_t at)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && pwrite(fd, bytes, length, at) == (ssize_t)length && ftruncate(fd, 4096) == 0);
	close(fd);
}

TEST(what_files_are)
{
	char path[] = "/tmp/dory-target-XXXXXX.jar", link[64];
	int fd = mkstemps(path, 4);
	struct dory_target target;

	CHECK(fd >= 0);
	close(fd);
	CHECK(is_kind(path, NULL, DORY_TARGET_FILE));
	target = target_of(path, NULL);
	CHECK(target_is_jar(&target) && target.package_count == 1 && strcmp(target.packages[0], "default-jre-headless") == 0);
	dory_target_release(&target);
	target = target_of(path, "deb:openjdk-17-jre-headless");
	CHECK(target.package_count == 1 && strcmp(target.packages[0], "openjdk-17-jre-headless") == 0);
	dory_target_release(&target);
	write_file(path, "\x55\xaa", 2, 510);
	CHECK(is_kind(path, NULL, DORY_TARGET_DISK));
	write_file(path, "#!/bin/sh\n", 10, 0); /* a script is one, whatever its bytes are */
	CHECK(is_kind(path, NULL, DORY_TARGET_FILE));
	write_file(path, "QFI\xfb", 4, 0);
	CHECK(is_kind(path, NULL, DORY_TARGET_DISK));
	CHECK(is_kind(path, "deb:bash", -1));
	snprintf(link, sizeof(link), "%s.link", path);
	CHECK_EQ(symlink(path, link), 0);
	CHECK(is_kind(link, NULL, DORY_TARGET_DISK));
	unlink(link);
	unlink(path);
	CHECK(is_kind(path, NULL, DORY_TARGET_FILE));
}

TEST(what_is_refused)
{
	CHECK(is_kind("deb:", NULL, -1));
	CHECK(is_kind("deb:Not A Package", NULL, -1));
	CHECK(is_kind("deb:../../etc", NULL, -1));
	CHECK(is_kind("deb:x=", NULL, -1));
	CHECK(is_kind("web", "deb:curl", -1));
	CHECK(is_kind("./script", "deb:UPPER", -1));
}

TEST(image_names)
{
	struct dory_target a = target_of("deb:sqlite3", NULL), b = target_of("deb:sqlite3=3.40.1-2", NULL),
			   c = target_of("deb:sqlite3", "deb:curl"), d = target_of("deb:libstdc++6", NULL);
	struct dory_error err;

	CHECK(strncmp(a.image_name, "deb/sqlite3-", 12) == 0 && strlen(a.image_name) == 20);
	CHECK(strncmp(b.image_name, "deb/sqlite3-", 12) == 0);
	CHECK(strcmp(a.image_name, b.image_name) != 0 && strcmp(a.image_name, c.image_name) != 0);
	CHECK_EQ(image_name_check(a.image_name, &err), 0);
	CHECK_EQ(image_name_check(d.image_name, &err), 0);
	dory_target_release(&a);
	dory_target_release(&b);
	dory_target_release(&c);
	dory_target_release(&d);
}

TEST(packages_of_interpreters)
{
	static const char *const cases[][2] = {{"/usr/bin/python3", "python3"}, {"/bin/sh", "dash"},
		{"/usr/bin/perl", "perl"}, {"node", "nodejs"}, {"/bin/bash", "bash"}, {"/usr/bin/env", "coreutils"}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *package = interpreter_package(cases[i][0]);

		CHECK(strcmp(package, cases[i][1]) == 0);
		free(package);
	}
}

/* The command for a script with this first line, joined; returns owned. */
static char *command_for(const char *first_line)
{
	char path[] = "/tmp/dory-script-XXXXXX", *joined = NULL;
	struct elf_file file = {.host_path = path, .guest_path = (char[]){"/s"}};
	struct elf_closure closure = {.files = &file, .count = 1, .is_script = true};
	struct command_line command = {0};
	struct dory_error err;
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, first_line, strlen(first_line)) < 0)
		return NULL;
	close(fd);
	if (script_command(&closure, &command, &err) == 0)
		joined = command_line_join(&command);
	command_line_release(&command);
	unlink(path);
	return joined;
}

TEST(commands_of_scripts)
{
	static const char *const cases[][2] = {{"#!/bin/sh\nx", "/bin/sh /s"},
		{"#! /usr/bin/perl -w -T \n", "/usr/bin/perl '-w -T' /s"}, {"#!/usr/bin/env python3\r\n", "python3 /s"},
		{"#!/usr/bin/env -S node --x y\n", "node --x y /s"}, {"#!\n", NULL}, {"", NULL},
		{"#!/usr/bin/env -i x\n", NULL}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *command = command_for(cases[i][0]);
		bool is_same = command && cases[i][1] ? strcmp(command, cases[i][1]) == 0 : command == cases[i][1];

		free(command);
		CHECK(is_same);
	}
}
TEST_MAIN()
