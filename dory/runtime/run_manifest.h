/* SPDX-License-Identifier: BSD-3-Clause */
/* meta/run.yaml: the runtime and its configuration sets. */
#pragma once
#include "dory/runtime/runtime.h"

struct run_set {
	char *name;
	struct text_list environment;  /* "NAME=VALUE" in order of name, each name once */
	char *base_package, *base_set; /* NULL: none */
	/* The runtimes' own keys; NULL or empty where nothing was given. */
	char *bootcmd, *main, *xms, *xmx;
	struct text_list args, runtime_args, classpath;
	bool is_shell;
};

struct run_manifest {
	const struct runtime *runtime;
	struct run_set *sets; /* in the order of the file */
	size_t count;
	char *default_sets; /* "a" or "a, b"; "" if none is named */
};

/* Text of the file `name`. Error: FORMAT with file, line and column. */
int run_manifest_parse(const char *name, const char *text, size_t length, bool is_quiet, struct run_manifest *manifest,
	struct dory_error *err) must_check;
void run_manifest_release(struct run_manifest *manifest);
const struct run_set *run_manifest_set(const struct run_manifest *manifest, const char *name); /* NULL: none */

/* The names in "a, b"; adds them. */
void run_sets_split(const char *names, struct text_list *list);

/* A package that Dory knows without having it: Capstan's runtimes, which Debian's packages stand for, and OSv's own. */
struct builtin_package {
	const char *pattern; /* "node-*" */
	const char *debian;  /* NULL: nothing is needed for it */
	const char *runtime; /* whose base it has; NULL: none */
};
const struct builtin_package *builtin_package_find(const char *name);
/* Its run.yaml; NULL if it has none. */
const struct run_manifest *builtin_run_manifest(const struct builtin_package *builtin);
/* The built-in base of a runtime; NULL if it has none. */
const struct run_set *builtin_base(const struct runtime *runtime);
