/* SPDX-License-Identifier: BSD-3-Clause */
/* dory version */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include "cli/image.h"
#include "dory/compose/compose.h"

#define DEBIAN_ARCHITECTURE "amd64"

static struct version_values {
	bool json;
} values;

static const struct option options[] = {
	OPTION(struct version_values, json, OPTION_FLAG, "json", 0, NULL, "as JSON"),
	{0},
};

static void print_json(void)
{
	char *composer = composer_find(), *kernel = NULL;
	struct dory_error ignored;
	json_t *object = json_pack("{s:s, s:s, s:i, s:s?}", "version", DORY_VERSION, "architecture", DEBIAN_ARCHITECTURE, "image_format",
		COMPOSE_FORMAT_VERSION, "composer", composer);

	if (dory_kernel_find(NULL, &kernel, &ignored) == 0)
		json_object_set_new(object, "kernel", json_string(kernel));
	print_json_value(object);
	free(composer);
	free(kernel);
}

static int version(struct invocation *invocation)
{
	if (invocation->words.operands.count > 0)
		return verb_misuse(invocation, "'%s' is one word too many", invocation->words.operands.words[0]);
	if (values.json)
		print_json();
	else
		printf("%s %s\n", is_capstan(invocation) ? "capstan version" : "dory", DORY_VERSION);
	return 0;
}

const struct verb verb_version = {
	.name = "version",
	.operands = "",
	.summary = "Print the version",
	.options = options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = version,
	.values = &values,
};
