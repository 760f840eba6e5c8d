/* SPDX-License-Identifier: BSD-3-Clause */
/* dory runtime */
#include "dory/runtime/runtime.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/package.h"
#include "dory/base/file.h"
#include "dory/base/text.h"

#define VALUE(member, kind, name, letter, argument, help)                                                              \
	OPTION(struct package_values, member, kind, name, letter, argument, help)

static const struct option no_options[] = {{0}};
static const struct option preview_options[] = {
	VALUE(runtime, OPTION_TEXT, "runtime", 'r', "RUNTIME", "the runtime: native, node, java, python, go"),
	VALUE(plain, OPTION_FLAG, "plain", 0, NULL, "without comments"),
	{0},
};
static const struct option init_options[] = {
	VALUE(runtime, OPTION_TEXT, "runtime", 'r', "RUNTIME", "the runtime: native, node, java, python, go"),
	VALUE(plain, OPTION_FLAG, "plain", 0, NULL, "without comments"),
	VALUE(force, OPTION_FLAG, "force", 'f', NULL, "replace a meta/run.yaml that is there"),
	{0},
};

static int list(struct invocation *invocation)
{
	printf("%-20s%-50s%s\n", "RUNTIME", "DESCRIPTION", "DEPENDENCIES");
	for (const struct runtime *const *r = runtimes; *r; r++)
		printf("%-20s%-50s[%s%s]\n", (*r)->name, (*r)->description, (*r)->debian ? "deb:" : "", (*r)->debian ? (*r)->debian : "");
	return 0;
}

static int preview(struct invocation *invocation)
{
	static const char line[] = "--------------------------------------";
	const struct runtime *runtime;
	struct dory_error err;
	char *text;

	if (!package_values.runtime)
		return verb_misuse(invocation, "usage: %s runtime preview -r [runtime-name]", invocation->program);
	runtime = runtime_find(package_values.runtime);
	if (!runtime) {
		runtime_explain_unknown(package_values.runtime, &err);
		return verb_fail(invocation, &err);
	}
	text = runtime_stub(runtime, package_values.plain);
	printf("%s\n%s%s\n", line, text, line);
	free(text);
	return 0;
}

int runtime_write_stub(const char *directory, const char *name, bool is_plain, bool force, struct dory_error *err)
{
	const struct runtime *runtime = runtime_find(name);
	char *path = text_format("%s/meta/run.yaml", directory), *meta = text_format("%s/meta", directory), *text = NULL;
	int result;

	if (!runtime) {
		result = runtime_explain_unknown(name, err);
	} else if (access(meta, F_OK) < 0) {
		error_set(err, DORY_ERROR_NOT_FOUND, "Not a valid package: there is no folder meta in %s", directory);
		result = error_hint(err, "`dory package init` makes one.");
	} else if (!force && access(path, F_OK) == 0) {
		result = error_set(err, DORY_ERROR_CONFLICT, "meta/run.yaml already exists, use --force to override it");
	} else {
		text = runtime_stub(runtime, is_plain);
		result = file_replace(path, text, strlen(text), err);
	}
	free(text);
	free(meta);
	free(path);
	return result;
}

static int init(struct invocation *invocation)
{
	struct dory_error err;

	if (!package_values.runtime)
		return verb_misuse(invocation, "usage: %s runtime init -r [runtime-name]", invocation->program);
	if (runtime_write_stub(".", package_values.runtime, package_values.plain, package_values.force, &err) < 0)
		return verb_fail(invocation, &err);
	return 0;
}

#define VERB(word, summary_, options_)                                                                                 \
	static const struct verb verb_runtime_##word = {.name = "runtime " #word,                                      \
		.operands = "",                                                                                        \
		.summary = summary_,                                                                                   \
		.options = options_,                                                                                   \
		.misuse_status = EXIT_MISUSED,                                                                         \
		.failure_status = EXIT_FAILED,                                                                         \
		.run = word,                                                                                           \
		.values = &package_values}

VERB(list, "List the runtimes", no_options);
VERB(preview, "Print the meta/run.yaml of a runtime to start from", preview_options);
VERB(init, "Write it to meta/run.yaml of the project in this directory", init_options);

static const struct verb *const family[] = {&verb_runtime_list, &verb_runtime_preview, &verb_runtime_init, NULL};

const struct verb verb_runtime = {
	.name = "runtime",
	.operands = "VERB",
	.summary = "Kinds of programs that run.yaml describes",
	.options = no_options,
	.actions = family,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
};
