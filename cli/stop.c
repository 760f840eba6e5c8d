/* SPDX-License-Identifier: BSD-3-Clause */
/* dory stop */
#include "cli/instance_names.h"
#include "dory/base/duration.h"

static struct stop_values {
	const char *time;
} values;

static const struct option options[] = {
	OPTION(struct stop_values, time, OPTION_TEXT, "time", 't', "TIME", "how long the program may take (default: 10s); 0: none"),
	{0},
};

static int64_t grace_ms = 10000;

static int stop_one(const struct invocation *invocation, const struct dory_config *config, const char *name, struct dory_error *err)
{
	struct dory_end end;

	if (dory_stop(config->root, name, grace_ms, &end, err) < 0)
		return -1;
	say_as_capstan(invocation, "Stopped", name);
	return 0;
}

static int stop(struct invocation *invocation)
{
	struct dory_error err;

	if (values.time && duration_parse(values.time, &grace_ms, &err) < 0)
		return verb_fail(invocation, &err);
	return for_each_instance(invocation, "stop", stop_one);
}

const struct verb verb_stop = {
	.name = "stop",
	.operands = "INSTANCE...",
	.summary = "Ask instances to end",
	.details = "The program gets SIGTERM (or what `dory run --stop-signal` said); if it has not ended in time, the machine is ended.\n"
		   "It is not started again by a restart policy.",
	.options = options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = stop,
	.values = &values,
};
