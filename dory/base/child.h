/* SPDX-License-Identifier: BSD-3-Clause */
/* Running a program and reading what it prints. */
#pragma once
#include "dory/base/error.h"

struct child_result {
	int status;	/* exit status; 128 + N after signal N */
	char *output;	/* what it wrote to stdout, at most a mebibyte, NUL-terminated; owned */
	size_t length;
};

/*
 * Runs argv[0] (searched in PATH) to its end, with stdin and stderr from and to /dev/null. NOT_FOUND if there is no such program.
 */
int child_run(const char *const *argv, struct child_result *result, struct dory_error *err) must_check;

/*
 * The same with open files: its stdin and stdout, and one more that it has under number 3. Its exit status, or 128 + N after signal N; -1 with NOT_FOUND
 * if there is no such program.
 */
int child_run_on_files(const char *const *argv, int in, int out, int third, struct dory_error *err) must_check;
void child_result_release(struct child_result *result);
