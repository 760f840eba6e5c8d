/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Python's modules in compiled form (.pyc), which py3compile(1) makes when a package is installed: without them a program compiles all that it imports at
 * each start. They are made by this machine's Python of the same version, which only compiles and executes nothing of the package. Each names the time
 * and size of its source, so that it counts for no other.
 */
#pragma once
#include "dory/base/error.h"

struct package;

struct bytecode_version {
	unsigned major, minor; /* 0: none */
};

/* From the name of the package that holds the interpreter, "python3.11-minimal". False: it is another package. */
bool bytecode_version_of(const char *package, struct bytecode_version *version);
/* A package of the compiled forms of that one's modules: NULL if it has none, or this machine has no such Python. */
int bytecode_package(
	struct package *package, const struct bytecode_version *version, struct package **compiled, struct dory_error *err) must_check;
