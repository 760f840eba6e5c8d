/* SPDX-License-Identifier: BSD-3-Clause */
/* dory version */
#include <stdio.h>
#include "cli/command.h"

static struct version_values {
	bool json;
} values;

static const struct option options[] = {
	OPTION(struct version_values, json, OPTION_FLAG, "json", 0, NULL, "as JSON"),
	{0},
};

static int version(struct invocation *invocation)
{
	if (invocation->words.operands.count > 0)
		return verb_misuse(invocation, "'%s' is one word too many", invocation->words.operands.words[0]);
	printf(values.json ? "{\"version\": \"%s\"}\n" : "dory %s\n", DORY_VERSION);
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
