/* SPDX-License-Identifier: BSD-3-Clause */
/* dory kill */
#include "cli/instance_names.h"
#include "cli/signal_name.h"

static struct kill_values {
	const char *signal;
} values;

static const struct option options[] = {
	OPTION(struct kill_values, signal, OPTION_TEXT, "signal", 's', "SIGNAL", "send this to the program instead of ending the machine"),
	{0},
};

static int64_t number;

static int kill_one(const struct invocation *invocation, const struct dory_config *config, const char *name, struct dory_error *err)
{
	struct dory_end end;

	if (number)
		return dory_signal(config->root, name, (int)number, err);
	if (dory_kill(config->root, name, &end, err) < 0)
		return -1;
	if (end.was_running)
		return 0;
	return error_set(err, DORY_ERROR_CONFLICT, "the instance %s does not run", name);
}

static int kill_all(struct invocation *invocation)
{
	struct dory_error err;

	if (values.signal && signal_parse(values.signal, &number, &err) < 0)
		return verb_fail(invocation, &err);
	return for_each_instance(invocation, "kill", kill_one);
}

const struct verb verb_kill = {
	.name = "kill",
	.operands = "INSTANCE...",
	.summary = "End the machines of instances at once, or signal their programs",
	.options = options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = kill_all,
	.values = &values,
};
