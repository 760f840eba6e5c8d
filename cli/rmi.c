/* SPDX-License-Identifier: BSD-3-Clause */
/* dory rmi */
#include <stdio.h>
#include "cli/command.h"

static const struct option options[] = {{0}};

static int rmi(struct invocation *invocation)
{
	const struct word_list *names = &invocation->words.operands;
	struct dory_config config;
	struct dory_error err;
	int status = 0;

	if (names->count == 0)
		return verb_misuse(invocation, "say which image to remove");
	if (config_load(&config, &err) < 0)
		return verb_fail(invocation, &err);
	for (size_t i = 0; i < names->count; i++) {
		if (is_capstan(invocation))
			printf("Removing %s...\n", names->words[i]);
		if (image_name_check(names->words[i], &err) < 0 || image_remove(config.root, names->words[i], &err) < 0)
			status = verb_fail(invocation, &err);
	}
	config_release(&config);
	return status;
}

const struct verb verb_rmi = {
	.name = "rmi",
	.operands = "IMAGE...",
	.summary = "Remove images",
	.options = options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = rmi,
};
