/* SPDX-License-Identifier: BSD-3-Clause */
/* dory rename */
#include "cli/command.h"

static const struct option options[] = {{0}};

static int rename_instance(struct invocation *invocation)
{
	const struct word_list *names = &invocation->words.operands;
	struct dory_config config;
	struct dory_error err;
	int status = 0;

	if (names->count < 2)
		return verb_misuse(invocation, "say which instance to rename, and how");
	if (names->count > 2)
		return verb_misuse(invocation, "'%s' is one word too many", names->words[2]);
	if (config_load(&config, &err) < 0)
		return verb_fail(invocation, &err);
	if (instance_rename(config.root, names->words[0], names->words[1], &err) < 0)
		status = verb_fail(invocation, &err);
	config_release(&config);
	return status;
}

const struct verb verb_rename = {
	.name = "rename",
	.operands = "INSTANCE NAME",
	.summary = "Give an instance another name",
	.details = "One that runs goes on under its new name; on networks it keeps the old one until it is started again.",
	.options = options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = rename_instance,
};
