/* SPDX-License-Identifier: BSD-3-Clause */
/* Closures of programs that every machine has, and of copies of them with something wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/file.h"
#include "dory/base/text.h"
#include "dory/compose/compose.h"
#include "tests/unit/test.h"

static struct dory_error err;
static struct elf_closure closure;

static bool has_file(const char *end)
{
	for (size_t i = 0; i < closure.count; i++) {
		size_t length = strlen(closure.files[i].guest_path);

		if (length >= strlen(end) && !strcmp(closure.files[i].guest_path + length - strlen(end), end))
			return true;
	}
	return false;
}

/* A file of these bytes; returns its path, owned. */
static char *make_file(const void *bytes, size_t length, mode_t mode)
{
	char *path = text_copy("/tmp/dory-closure-XXXXXX");

	close(mkstemp(path));
	CHECK_EQ(file_replace(path, bytes, length, &err), 0);
	chmod(path, mode);
	return path;
}

static void remove_file(char *path)
{
	unlink(path);
	free(path);
}

TEST(a_dynamic_program_has_loader_and_library)
{
	CHECK_EQ(elf_closure_find("/usr/bin/env", &closure, &err), 0);
	CHECK(!closure.is_script);
	CHECK(!strcmp(closure.files[0].guest_path, "/usr/bin/env"));
	CHECK(!strcmp(closure.interpreter, "/lib64/ld-linux-x86-64.so.2"));
	CHECK(has_file("/ld-linux-x86-64.so.2") && has_file("/libc.so.6"));
	elf_closure_release(&closure);
}

TEST(a_missing_library_is_named)
{
	char *bytes, *at, *path;
	size_t length;

	CHECK_EQ(file_read("/usr/bin/env", 1 << 24, &bytes, &length, &err), 0);
	at = memmem(bytes, length, "\0libc.so.6", 11);
	CHECK(at != NULL);
	memcpy(at + 1, "libQ.so.6", 9);
	path = make_file(bytes, length, 0755);
	CHECK_EQ(elf_closure_find(path, &closure, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_NOT_FOUND);
	CHECK(strstr(err.message, "libQ.so.6"));
	remove_file(path);
	free(bytes);
}

TEST(another_architecture_and_other_files_are_refused)
{
	char *bytes, *path;
	size_t length;

	CHECK_EQ(file_read("/usr/bin/env", 1 << 24, &bytes, &length, &err), 0);
	bytes[18] = (char)183;
	path = make_file(bytes, length, 0755);
	CHECK_EQ(elf_closure_find(path, &closure, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_NOT_EXECUTABLE);
	CHECK(strstr(err.message, "architecture"));
	remove_file(path);
	free(bytes);
	path = make_file("hello\n", 6, 0755);
	CHECK_EQ(elf_closure_find(path, &closure, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_NOT_EXECUTABLE);
	remove_file(path);
	path = make_file("", 0, 0755);
	CHECK_EQ(elf_closure_find(path, &closure, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_NOT_EXECUTABLE);
	remove_file(path);
	CHECK_EQ(elf_closure_find("/tmp", &closure, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_NOT_EXECUTABLE);
	CHECK_EQ(elf_closure_find("/tmp/there/is/nothing", &closure, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_NOT_FOUND);
}

static void check_script(const char *text, const char *interpreter)
{
	char *path = make_file(text, strlen(text), 0755);

	CHECK_EQ(elf_closure_find(path, &closure, &err), 0);
	CHECK(closure.is_script && closure.count == 1);
	CHECK(!strcmp(closure.interpreter, interpreter));
	elf_closure_release(&closure);
	remove_file(path);
}

TEST(scripts_name_their_interpreter)
{
	char *path;

	check_script("#!/bin/sh\necho", "/bin/sh");
	check_script("#! /usr/bin/python3 -u\n", "/usr/bin/python3");
	check_script("#!/usr/bin/env python3\n", "python3");
	check_script("#!/usr/bin/env -S A=b node --x", "node");
	path = make_file("#!\n", 3, 0755);
	CHECK_EQ(elf_closure_find(path, &closure, &err), -1);
	CHECK_EQ(err.kind, DORY_ERROR_NOT_EXECUTABLE);
	remove_file(path);
}

TEST(damaged_programs_are_survived)
{
	char *bytes, *copy;
	size_t length;

	CHECK_EQ(file_read("/usr/bin/env", 1 << 24, &bytes, &length, &err), 0);
	copy = malloc(length);
	for (int round = 0; round < 150; round++) {
		size_t cut = round % 3 ? length : test_random() % length;
		char *path;

		memcpy(copy, bytes, length);
		for (int i = 0; i < 8; i++)
			copy[test_random() % (i % 2 ? 1024 : length)] = (char)test_random();
		path = make_file(copy, cut, 0755);
		if (elf_closure_find(path, &closure, &err) == 0)
			elf_closure_release(&closure);
		remove_file(path);
	}
	free(copy);
	free(bytes);
}

TEST_MAIN()
