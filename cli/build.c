/* SPDX-License-Identifier: BSD-3-Clause */
/* dory build */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/build.h"

static struct build_values {
	struct settings_options settings;
	const char *file, *platform, *memory;
} values;

#define BUILD_OPTION(member, kind, name, letter, argument, help) OPTION(struct build_values, member, kind, name, letter, argument, help)

static const struct option options[] = {
	BUILD_OPTION(file, OPTION_TEXT, "file", 'f', "FILE", "the Capstanfile (default: Capstanfile)"),
	BUILD_OPTION(platform, OPTION_TEXT, "platform", 'p', "NAME", "taken for Capstan's sake; means nothing here"),
	BUILD_OPTION(memory, OPTION_TEXT, "mem", 'm', "SIZE", "taken for Capstan's sake; means nothing here"),
	ARCHIVE_OPTIONS(struct build_values, settings),
	{0},
};

/* The image is called as this folder, if nothing else is said. */
static int build_named(struct invocation *invocation, const char *name)
{
	struct dory_build build = {.image = name, .file = values.file ? values.file : "Capstanfile", .refresh = settings_refresh(&values.settings)};
	struct dory_config config;
	struct dory_error err;
	int status = 0;

	if (settings_load(&config, &values.settings, &err) < 0)
		return verb_fail(invocation, &err);
	if (!config.quiet) {
		printf("Building %s...\n", name);
		fflush(stdout);
	}
	if (dory_build_image(&config, &build, &err) < 0)
		status = verb_fail(invocation, &err);
	config_release(&config);
	return status;
}

int build_work(struct invocation *invocation)
{
	const struct word_list *operands = &invocation->words.operands;
	char folder[PATH_MAX];
	const char *slash;

	if (operands->count > 1)
		return verb_misuse(invocation, "'%s' is one word too many", operands->words[1]);
	if (operands->count == 1)
		return build_named(invocation, operands->words[0]);
	slash = getcwd(folder, sizeof(folder)) ? strrchr(folder, '/') : NULL;
	if (!slash || !slash[1])
		return verb_misuse(invocation, "say how the image is to be called");
	return build_named(invocation, slash + 1);
}

const struct verb verb_build = {
	.name = "build",
	.operands = "[IMAGE]",
	.summary = "Build an image after a Capstanfile",
	.details = "Runs the Capstanfile's build command in this folder, then composes the image of its base, ROOTFS and files.\n"
		   "Without IMAGE the image is called as this folder is.",
	.options = options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.values = &values,
};
