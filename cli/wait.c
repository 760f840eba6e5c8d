/* SPDX-License-Identifier: BSD-3-Clause */
/* dory wait */
#include <stdio.h>
#include "cli/instance_names.h"

static const struct option options[] = {{0}};

static int wait_one(const struct invocation *invocation, const struct dory_config *config, const char *name, struct dory_error *err)
{
	struct dory_end end;

	if (dory_wait(config->root, name, &end, err) < 0)
		return -1;
	if (end.exit_status < 0)
		return error_set(err, DORY_ERROR_NOT_FOUND, "how the program of %s ended is not known: %s", name, end.text[0] ? end.text : "it was removed");
	printf("%lld\n", (long long)end.exit_status);
	fflush(stdout);
	return 0;
}

static int wait_all(struct invocation *invocation)
{
	return for_each_instance(invocation, "wait for", wait_one);
}

const struct verb verb_wait = {
	.name = "wait",
	.operands = "INSTANCE...",
	.summary = "Wait until instances have ended, and print their exit statuses",
	.options = options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = wait_all,
};
