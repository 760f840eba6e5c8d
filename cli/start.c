/* SPDX-License-Identifier: BSD-3-Clause */
/* dory start, dory restart */
#include <stdio.h>
#include "cli/instance_names.h"
#include "dory/base/duration.h"
#include "dory/supervisor/restart.h"

static struct start_values {
	bool after_boot;
	const char *time;
} values;

static const struct option options[] = {
	OPTION(struct start_values, after_boot, OPTION_FLAG, "after-boot", 0, NULL, "those whose restart policy wants it; for @reboot in crontab(5)"),
	{0},
}, restart_options[] = {
	OPTION(struct start_values, time, OPTION_TEXT, "time", 't', "TIME", "how long the program may take to end (default: 10s); 0: none"),
	{0},
};

static int64_t grace_ms = 10000;

/* Detached from now on, whoever created it. */
static int start_one(const struct invocation *invocation, const struct dory_config *config, const char *name, struct dory_error *err)
{
	struct instance_place place;
	struct instance instance;
	int status, result = 0;

	if (instance_take(config->root, name, &instance, &place, err) < 0)
		return -1;
	if (!instance.spec.is_detached) {
		instance.spec.is_detached = true;
		result = instance_spec_write(instance.directory, &instance.spec, true, err);
	}
	if (result == 0)
		result = launch_instance(invocation, config, name, &place, &status, err);
	instance_place_close(&place);
	instance_release(&instance);
	return result;
}

static bool is_due(const struct instance *instance)
{
	struct restart_policy policy;
	struct dory_error ignored;

	return !instance_status_is_live(instance->state.status) && restart_parse(instance->spec.restart, &policy, &ignored) == 0 &&
	       restart_is_due_at_boot(&policy, instance->state.is_stop_wanted, instance->state.status == STATUS_LOST);
}

static int start_after_boot(const struct invocation *invocation)
{
	struct instance *instances;
	struct dory_config config;
	struct dory_error err;
	size_t count;
	int status = 0;

	if (config_load(&config, &err) < 0)
		return verb_fail(invocation, &err);
	if (instance_list(config.root, &instances, &count, &err) < 0) {
		status = verb_fail(invocation, &err);
	} else {
		for (size_t i = 0; i < count; i++) {
			if (is_due(&instances[i]) && start_one(invocation, &config, instances[i].name, &err) < 0)
				status = verb_fail(invocation, &err);
		}
		instance_list_free(instances, count);
	}
	config_release(&config);
	return status;
}

static int start(struct invocation *invocation)
{
	if (!values.after_boot)
		return for_each_instance(invocation, "start", start_one);
	if (invocation->words.operands.count > 0)
		return verb_misuse(invocation, "--after-boot chooses the instances by itself");
	return start_after_boot(invocation);
}

static int restart_one(const struct invocation *invocation, const struct dory_config *config, const char *name, struct dory_error *err)
{
	struct dory_end end;

	if (dory_stop(config->root, name, grace_ms, &end, err) < 0)
		return -1;
	return start_one(invocation, config, name, err);
}

static int restart(struct invocation *invocation)
{
	struct dory_error err;

	if (values.time && duration_parse(values.time, &grace_ms, &err) < 0)
		return verb_fail(invocation, &err);
	return for_each_instance(invocation, "restart", restart_one);
}

const struct verb verb_start = {
	.name = "start",
	.operands = "INSTANCE...",
	.summary = "Start instances again that have ended",
	.options = options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = start,
	.values = &values,
};

const struct verb verb_restart = {
	.name = "restart",
	.operands = "INSTANCE...",
	.summary = "Stop instances and start them again",
	.options = restart_options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = restart,
	.values = &values,
};
